"""A store full of scripts: all of it is shown as text, and nothing of it runs or asks anybody."""

from __future__ import annotations

from collections.abc import Iterator

from playwright.sync_api import Page, expect

from .hostile import PAYLOADS
from .lab import Lab
from .views import (
    View,
    comparison_views,
    dataset_views,
    opened,
    panel,
    panel_views,
    run_list,
    run_views,
    settle,
    show_panel,
    widen,
)
from .work import runs_of


def test_nothing_in_a_store_runs_in_the_page(lab: Lab, hostile: str, page: Page) -> None:
    harm: list[str] = []
    page.route(lambda url: not url.startswith(lab.url), lambda route: route.abort())
    page.on("dialog", lambda dialog: (harm.append(dialog.message), dialog.dismiss()))
    page.on("request", lambda each: harm.append(each.url) if _leaves(each.url, lab) else None)
    page.on("popup", lambda each: harm.append(each.url))
    lab.open(page, hostile)
    _show_all_runs(page)

    for view in _views(lab, hostile):
        view.show(page)
        settle(page)
        assert page.evaluate("() => window.hacked === undefined"), view.name

    assert harm == []
    assert page.url.startswith(lab.url)


def _leaves(url: str, lab: Lab) -> bool:
    return not url.startswith((lab.url, "data:", "blob:", "about:"))


def test_what_looks_like_markup_is_shown_as_text(lab: Lab, hostile: str, page: Page) -> None:
    lab.open(page, hostile)

    _show_all_runs(page)

    expect(run_list(page).get_by_role("button", name=PAYLOADS[0], exact=True)).to_have_text(PAYLOADS[0])
    expect(panel(page).locator("script, img, iframe")).to_have_count(0)


def _show_all_runs(page: Page) -> None:
    show_panel(page).get_by_role("combobox", name="Experiment").select_option("all")
    expect(run_list(page).get_by_role("button", name=PAYLOADS[1], exact=True)).to_have_text(PAYLOADS[1])
    widen(page, 900)


def _views(lab: Lab, at: str) -> Iterator[View]:
    runs = runs_of(lab, at)
    by_hand = [run for run in runs if run["experiment"] == PAYLOADS[2]]
    executed = next(run for run in runs if run["experiment"] == "hostile" and run["parent_id"])
    status, models = lab.ask(f"models?at={at}")
    assert status == 200, models
    status, datasets = lab.ask(f"datasets?at={at}")
    assert status == 200, datasets
    status, pipelines = lab.ask(f"pipelines?at={at}")
    assert status == 200, pipelines
    (pipeline,) = pipelines["pipelines"]
    assert len(by_hand) == 2
    assert all(PAYLOADS[2] in run["note"] for run in by_hand)
    assert pipeline["name"] == PAYLOADS[3]
    yield from panel_views()
    yield from run_views(by_hand[0]["run_id"], at, "by-hand")
    yield from run_views(executed["run_id"], at, "executed")
    yield from comparison_views((by_hand[0]["run_id"], by_hand[1]["run_id"], executed["run_id"]), at)
    yield from dataset_views(datasets["datasets"][0]["name"], at)
    (model,) = models["models"]
    yield opened("model", "model", run=model["run_id"], model=model["model_id"], at=at)
    yield opened("pipeline", "pipeline", run=pipeline["runs"][0]["run_id"], at=at)
