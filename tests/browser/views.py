"""All views of the panel, each with how to get there; what is asked for is waited for, never a while."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from functools import partial
from typing import Any

from playwright.sync_api import Locator, Page, expect

from .lab import command, until
from .work import Work

RUN_PARTS = ("Summary", "Metrics", "Why", "Data", "Model", "Cells", "Artifacts", "Resources", "Environment")
COMPARE_PARTS = ("Table", "Curves", "Scatter", "Parallel", "Code", "Data", "Environment")
DATASET_PARTS = ("Columns", "Versions", "Changes", "Runs")
PANEL_TABS = ("Runs", "Models", "Data", "Pipelines")


@dataclass(frozen=True, slots=True)
class View:
    """Something that a person looks at. `show` gets there, from anywhere in a JupyterLab."""

    name: str
    show: Callable[[Page], object]


def panel(page: Page) -> Locator:
    """Return the side panel."""
    return page.get_by_role("region", name="Trackbook")


def show_panel(page: Page, tab: str = "Runs") -> Locator:
    """Show a tab of the side panel, with what is in it."""
    command(page, "trackbook:open", {"tab": tab.lower()})
    expect(panel(page).get_by_role("tab", name=tab, exact=True)).to_have_attribute("aria-selected", "true")
    settle(page)
    return panel(page)


def run_list(page: Page) -> Locator:
    """Return the list of runs."""
    return panel(page).get_by_role("treegrid", name="Runs")


def rows(table: Locator) -> Locator:
    """Return the rows of a table that are in the page, without its header's and those still to come."""
    return table.locator("[role=row]:not([aria-busy=true]):has([role=gridcell])")


def show_run(page: Page, run: str, at: str, part: str = "Summary") -> None:
    """Open a run, and one of its parts."""
    command(page, "trackbook:open-run", {"run": run, "at": at})
    _choose(page, "Parts of the run", part)


def show_comparison(page: Page, runs: tuple[str, ...], at: str, part: str = "Table") -> None:
    """Compare runs, and look at one part of that."""
    command(page, "trackbook:open-compare", {"runs": list(runs), "at": at})
    _choose(page, "Parts of the comparison", part)


def show_dataset(page: Page, name: str, at: str, part: str = "Columns") -> None:
    """Open a dataset, and one of its parts."""
    command(page, "trackbook:open-dataset", {"name": name, "at": at})
    _choose(page, f"About {name}", part)


def run_views(run: str, at: str, name: str = "run") -> Iterator[View]:
    """Return the parts of a run."""
    for part in RUN_PARTS:
        yield View(f"{name}-{part.lower()}", partial(show_run, run=run, at=at, part=part))


def comparison_views(runs: tuple[str, ...], at: str) -> Iterator[View]:
    """Return the parts of a comparison."""
    for part in COMPARE_PARTS:
        yield View(f"compare-{part.lower()}", partial(show_comparison, runs=runs, at=at, part=part))


def dataset_views(name: str, at: str) -> Iterator[View]:
    """Return the parts of a dataset."""
    for part in DATASET_PARTS:
        yield View(f"dataset-{part.lower()}", partial(show_dataset, name=name, at=at, part=part))


def panel_views() -> Iterator[View]:
    """Return the tabs of the side panel."""
    for tab in PANEL_TABS:
        yield View(f"panel-{tab.lower()}", partial(show_panel, tab=tab))


def opened(name: str, kind: str, **arguments: Any) -> View:
    """Return a view that has no parts."""

    def show(page: Page) -> None:
        command(page, f"trackbook:open-{kind}", arguments)
        settle(page)

    return View(name, show)


def every_view(work: Work) -> Iterator[View]:
    """Return all views of work."""
    yield from panel_views()
    yield from run_views(work.second, work.at)
    for part in ("Summary", "Metrics", "Artifacts"):
        yield View(f"curves-{part.lower()}", partial(show_run, run=work.curves[0], at=work.at, part=part))
    yield from comparison_views((work.first, work.second), work.at)
    yield View("compare-learners", partial(show_comparison, runs=work.curves, at=work.at, part="Curves"))
    yield from dataset_views("customers", work.at)
    yield opened("model", "model", run=work.second, model=work.model, at=work.at)
    yield opened("pipeline", "pipeline", run=work.pipeline, at=work.at)


def widen(page: Page, width: int) -> None:
    """Drag the edge of the side panel."""
    edge = page.locator("#jp-main-split-panel > .lm-SplitPanel-handle").first
    box, side = edge.bounding_box(), panel(page).bounding_box()
    assert box is not None
    assert side is not None
    page.mouse.move(box["x"] + box["width"] / 2, 400)
    page.mouse.down()
    page.mouse.move(side["x"] + width, 400, steps=4)
    page.mouse.up()


def settle(page: Page) -> None:
    """Wait until nothing that is shown is still to come, and charts are drawn."""
    until(lambda: page.evaluate(_STILL_TO_COME) == [], "all of what is shown")


def _choose(page: Page, tabs: str, part: str) -> None:
    tab = page.get_by_role("tablist", name=tabs, exact=True).get_by_role("tab", name=part)
    until(tab.is_visible, f"{part} of {tabs}")
    tab.click()
    expect(tab).to_have_attribute("aria-selected", "true")
    settle(page)


_STILL_TO_COME = """() => new Promise(done => requestAnimationFrame(() => requestAnimationFrame(() => {
  const shown = selector => [...document.querySelectorAll(selector)].filter(each => each.checkVisibility());
  const busy = shown('.tb-Panel [aria-busy=true], .tb-View [aria-busy=true]');
  const undrawn = shown('.tb-Chart').filter(each => !each.querySelector('svg, canvas, .tb-Message'));
  done([...busy, ...undrawn].map(each => each.outerHTML.slice(0, 200)));
})))"""
