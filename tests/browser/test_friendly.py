"""What the panel says where there is nothing to show: what is so, and what to do."""

from __future__ import annotations

from pathlib import Path

from playwright.sync_api import Page, expect

from .lab import Lab, started
from .views import PANEL_TABS, panel, show_panel

_NO_EXTENSION = '--ServerApp.jpserver_extensions={"trackbook_server": False}'


def test_panel_of_a_folder_without_a_store_says_how_to_begin(lab: Lab, page: Page) -> None:
    lab.open(page)

    for tab in PANEL_TABS:
        shown = show_panel(page, tab)

        expect(shown).to_contain_text("%load_ext trackbook")
        expect(shown.get_by_role("alert")).to_have_count(0)


def test_panel_before_a_server_without_the_extension_says_what_to_install(
    commands: Path, tmp_path: Path, page: Page
) -> None:
    for name in ("root", "home"):
        (tmp_path / name).mkdir()
    with started(commands, tmp_path / "home", tmp_path / "root", _NO_EXTENSION) as lab:
        lab.open(page)

        for tab in PANEL_TABS:
            show_panel(page, tab)

            alert = panel(page).get_by_role("alert")
            expect(alert).to_contain_text("This Jupyter server does not know Trackbook. Install trackbook")
        page.close()  # before its server ends, which JupyterLab itself would complain of
