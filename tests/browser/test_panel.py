"""The panel as a person uses it, in a browser."""

from __future__ import annotations

from playwright.sync_api import Page, expect

from .lab import Lab, command


def test_panel_of_an_empty_folder_says_how_to_begin(lab: Lab, page: Page) -> None:
    lab.open(page)

    command(page, "trackbook:open")

    panel = page.get_by_role("region", name="Trackbook")
    expect(panel).to_contain_text("%load_ext trackbook")
