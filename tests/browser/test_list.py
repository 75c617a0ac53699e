"""The list of runs where there are many of them, by keyboard alone, and where nobody sees it."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace

import pytest
from playwright.sync_api import Page, expect
from trackbook.records import RunStatus
from trackbook.store.contract import Batch, RunChange, RunFilter
from trackbook.store.location import open_store

from .lab import Lab, command, until
from .views import panel, rows, run_list, show_panel

_MOST_IN_PAGE = 120


def test_ten_thousand_runs_are_scrolled_and_sorted(lab: Lab, many: str, page: Page) -> None:
    lab.open(page, many)
    show_panel(page)
    table = run_list(page)

    expect(panel(page)).to_contain_text("10,000 runs")
    expect(rows(table).first).to_contain_text("run-9999")
    assert rows(table).count() < _MOST_IN_PAGE

    table.press("End")
    expect(rows(table).last).to_contain_text("run-0")
    assert rows(table).count() < _MOST_IN_PAGE

    table.get_by_role("columnheader", name="accuracy").get_by_role("button").click()
    expect(rows(table).first).to_contain_text("run-4321")
    expect(table.get_by_role("columnheader", name="accuracy")).to_have_attribute("aria-sort", "descending")
    rows(table).first.hover()
    page.mouse.wheel(0, 120_000)
    expect(rows(table).filter(has_text="run-4321")).to_have_count(0)
    until(lambda: rows(table).count() > 5, "rows in the middle")
    assert rows(table).count() < _MOST_IN_PAGE


def test_a_run_is_found_opened_and_closed_by_keyboard_alone(lab: Lab, many: str, page: Page) -> None:
    lab.open(page, many)
    page.keyboard.press("Alt+Shift+T")
    expect(panel(page)).to_be_visible()
    expect(rows(run_list(page)).first).to_contain_text("run-9999")

    _tab_to(page, run_list(page).evaluate("each => each.id || (each.id = 'the-list')"))
    for _ in range(3):
        page.keyboard.press("ArrowDown")
    page.keyboard.press("Enter")

    main = page.get_by_role("main")
    expect(main.get_by_role("heading", name="run-9996")).to_be_visible()
    page.keyboard.press("Alt+W")
    expect(main.get_by_role("heading", name="run-9996")).to_have_count(0)


def _tab_to(page: Page, wanted: str, most: int = 40) -> None:
    for _ in range(most):
        if page.evaluate("() => document.activeElement.id") == wanted:
            return
        page.keyboard.press("Tab")
    pytest.fail(f"the list is not reached by {most} times Tab")


def test_hidden_panel_asks_nothing(lab: Lab, many: str, new_page: Callable[[], Page]) -> None:
    hidden, shown = new_page(), new_page()
    for page in (hidden, shown):
        lab.open(page, many)
        show_panel(page)
        command(page, "docmanager:save")
        command(page, "application:close")
        expect(page.get_by_role("main").get_by_role("tab", name="many.ipynb")).to_have_count(0)
        expect(rows(run_list(page)).filter(has_text="run-9999")).to_have_count(1)
    command(hidden, "application:toggle-left-area")
    expect(panel(hidden)).to_have_count(0)
    asked: list[str] = []
    hidden.on("request", lambda each: asked.append(each.url))
    hidden.on("websocket", lambda each: asked.append(each.url))

    _rename(lab, "run-9999", "renamed")
    expect(rows(run_list(shown)).filter(has_text="renamed")).to_have_count(1)
    assert [each for each in asked if "/trackbook/" in each] == []

    command(hidden, "application:toggle-left-area")
    expect(rows(run_list(hidden)).filter(has_text="renamed")).to_have_count(1)
    assert [each for each in asked if "/trackbook/" in each] != []
    _rename(lab, "renamed", "run-9999")


def _rename(lab: Lab, name: str, new: str) -> None:
    store = open_store(lab.root / "many" / ".trackbook", create=False)
    (found,) = store.runs(RunFilter(name=name))
    assert found.run.status is not RunStatus.RUNNING
    store.write(Batch(runs=[RunChange(run_id=found.run.run_id, run=replace(found.run, name=new))]))
    store.close()
