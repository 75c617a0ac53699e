"""What a notebook shows of its own cells, and the switch in its toolbar."""

from __future__ import annotations

from playwright.sync_api import Locator, Page, expect

from .lab import SECONDS, Lab, command, run_all, write_cell
from .stores import save_notebook

_CELLS = (
    "%load_ext trackbook",
    "import numpy as np\nfrom sklearn.linear_model import LogisticRegression\n"
    "X = np.arange(40.0).reshape(-1, 1)\ny = X.ravel() > 20",
    "C = 0.5",
    "model = LogisticRegression(C=C).fit(X, y)\nscore = model.score(X, y)",
)


def test_marks_and_switch_of_a_notebook(lab: Lab, page: Page) -> None:
    save_notebook(lab.root / "marks" / "marks.ipynb", _CELLS)
    lab.open(page, "marks/marks.ipynb")
    expect(_switch(page)).to_contain_text("Not tracked")

    run_all(page)
    expect(_switch(page)).to_contain_text("Tracked", timeout=SECONDS * 1000)
    expect(_cell(page, 3).get_by_role("button", name="Click to open it")).to_contain_text("train.score")
    expect(page.get_by_role("img", name="Stale")).to_have_count(0)

    write_cell(page, 2, "C = 0.9")
    expect(_cell(page, 3).get_by_role("img", name="Stale: ")).to_be_visible()
    expect(page.get_by_role("img", name="Stale: ")).to_have_count(1)

    _turned_off_and_on(page)
    _switched_off_in_settings(page)


def _turned_off_and_on(page: Page) -> None:
    _switch(page).click()
    expect(_switch(page)).to_contain_text("Tracking off")
    expect(_switch(page)).to_have_attribute("aria-pressed", "false")

    _switch(page).click()
    expect(_switch(page)).to_contain_text("Tracked")
    expect(_switch(page)).to_have_attribute("aria-pressed", "true")


def _switched_off_in_settings(page: Page) -> None:
    command(page, "settingeditor:open", {"query": "Trackbook"})
    page.get_by_label("Marks in notebooks").uncheck()
    page.get_by_label("Switch in the notebook").uncheck()
    page.get_by_role("main").get_by_role("tab", name="marks.ipynb").click()

    expect(_cell(page, 3)).to_be_visible()
    expect(page.get_by_role("img", name="Stale: ")).to_have_count(0)
    expect(_switch(page)).to_have_count(0)


def _switch(page: Page) -> Locator:
    return page.get_by_role("toolbar").get_by_role("button", name="rack").filter(has_text="rack")


def _cell(page: Page, index: int) -> Locator:
    return page.locator(f".jp-Notebook .jp-Cell[data-windowed-list-index='{index}']")
