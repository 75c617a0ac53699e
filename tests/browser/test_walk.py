"""What a person does in the first quarter of an hour, in one go: from the example notebook to the dark theme."""

from __future__ import annotations

import shutil

from playwright.sync_api import Page, expect

from .installed import ROOT
from .lab import SECONDS, Lab, command, run_all, until, write_cell
from .views import panel, rows, run_list, show_panel

_NOTEBOOK = "01_first_run.ipynb"
_PARAM_CELL = 11
_LAST_QUERY = "params.C > 0.5 order by params.C desc"
_SOON = 5_000
"""Milliseconds within which runs are seen: well under one on a machine that does nothing else."""


def test_first_quarter_of_an_hour(lab: Lab, page: Page) -> None:
    (lab.root / "walk").mkdir()
    shutil.copy(ROOT / "example_notebooks" / _NOTEBOOK, lab.root / "walk" / _NOTEBOOK)
    lab.open(page, f"walk/{_NOTEBOOK}")
    expect(show_panel(page)).to_contain_text("%load_ext trackbook")

    _runs_appear(page)
    _queries(page)
    _compares(page)
    _lands_in_the_cell(page)
    _writes_a_note(page)
    _finds_all_after_a_reload(lab, page)
    _turns_dark(page)


def _runs_appear(page: Page) -> None:
    run_all(page)
    expect(rows(run_list(page))).to_have_count(2, timeout=_SOON)

    write_cell(page, _PARAM_CELL, "C = 5.0", runs=2)

    expect(rows(run_list(page))).to_have_count(3, timeout=_SOON)


def _query(page: Page, text: str) -> None:
    box = panel(page).get_by_role("combobox", name="Query of runs")
    box.fill(text)
    box.press("Enter")


def _queries(page: Page) -> None:
    _query(page, "params.C = 0.01")
    expect(rows(run_list(page))).to_have_count(1)

    _query(page, "params.D = 1")
    expect(panel(page).get_by_role("alert")).to_contain_text("No run has a param 'D'")

    _query(page, _LAST_QUERY)
    expect(rows(run_list(page))).to_have_count(2)
    expect(panel(page).get_by_role("alert")).to_have_count(0)


def _compares(page: Page) -> None:
    both = rows(run_list(page))
    both.nth(0).get_by_role("gridcell").last.click()
    both.nth(1).get_by_role("gridcell").last.click(modifiers=["Control"])
    panel(page).get_by_role("button", name="Compare 2").click()

    expect(page.get_by_role("tablist", name="Parts of the comparison")).to_be_visible()
    row = page.get_by_role("row").filter(has=page.get_by_role("rowheader", name="C", exact=True))
    expect(row.get_by_role("cell")).to_have_text(["5", "1"])


def _lands_in_the_cell(page: Page) -> None:
    rows(run_list(page)).first.get_by_role("gridcell").first.get_by_role("button").last.click()
    page.get_by_role("tablist", name="Parts of the run").get_by_role("tab", name="Why").click()
    line = page.get_by_role("treeitem").filter(has_text="C = 5.0")
    line.first.click()

    shown = "() => window.jupyterapp.shell.currentWidget.content?.activeCell?.model.id"
    until(lambda: page.evaluate(shown) == "cell-11", "the cell that C was set in")
    expect(page.locator(".jp-Notebook .jp-mod-active .cm-content")).to_be_focused()


def _writes_a_note(page: Page) -> None:
    rows(run_list(page)).first.get_by_role("gridcell").first.get_by_role("button").last.click()
    page.get_by_role("tablist", name="Parts of the run").get_by_role("tab", name="Summary").click()
    page.get_by_role("button", name="Note: ").click()
    page.get_by_role("textbox", name="Note").fill("This one, *not* the others")
    page.get_by_role("textbox", name="Note").press("Control+Enter")

    expect(page.get_by_role("button", name="Note: This one, *not* the others")).to_be_visible()


def _finds_all_after_a_reload(lab: Lab, page: Page) -> None:
    run = page.evaluate("() => window.jupyterapp.shell.currentWidget.id")
    command(page, "docmanager:save-all")
    kept = (run.replace("trackbook-run-", "trackbook-run:"), "trackbook-compare:", _LAST_QUERY)
    until(lambda: all(each in lab.workspace() for each in kept), "what is kept over a reload")

    lab.open(page, is_fresh=False)

    expect(page.get_by_role("button", name="Note: This one, *not* the others")).to_be_visible(timeout=SECONDS * 1000)
    expect(page.get_by_role("main").get_by_role("tab", name="Compare 2 runs")).to_be_visible()
    expect(panel(page).get_by_role("tab", name="Runs")).to_have_attribute("aria-selected", "true")
    query = panel(page).get_by_role("combobox", name="Query of runs")
    expect(query).to_have_value(_LAST_QUERY)
    expect(rows(run_list(page))).to_have_count(2)


def _turns_dark(page: Page) -> None:
    command(page, "apputils:change-theme", {"theme": "JupyterLab Dark"})

    for shown in (panel(page), page.get_by_role("tabpanel").filter(has=page.get_by_text("This one"))):
        until(lambda shown=shown: _lightness(shown.first, "backgroundColor") < 0.3, "a dark ground")
        assert _lightness(shown.first, "color") > 0.6


def _lightness(shown: object, of: str) -> float:
    found: list[float] = shown.evaluate(_LIGHTNESS, of)  # type: ignore[attr-defined]
    return sum(found[:3]) / (3 * 255)


_LIGHTNESS = """(each, of) => {
  for (let node = each; node; node = node.parentElement) {
    const found = getComputedStyle(node)[of].match(/[\\d.]+/g).map(Number);
    if (found.length === 3 || found[3] > 0) {
      return found;
    }
  }
  return [255, 255, 255];
}"""
