"""Takes pictures of every view of the panel, light and dark, into ``.screenshots``, and prints where they are.

What is shown is real: the example notebook run in JupyterLab, and work of every other kind done beside it.
"""

from __future__ import annotations

import shutil
import sys
import tempfile
from collections.abc import Iterator
from pathlib import Path

from playwright.sync_api import Browser, Page

ROOT = Path(__file__).resolve().parents[2]
sys.path.insert(0, str(ROOT))
from tests.browser import views  # noqa: E402
from tests.browser.installed import install  # noqa: E402
from tests.browser.lab import Lab, browsing, run_all, started  # noqa: E402
from tests.browser.stores import make_many  # noqa: E402
from tests.browser.views import View  # noqa: E402
from tests.browser.work import Work, do_work  # noqa: E402

PICTURES = ROOT / ".screenshots"
THEMES = {"light": "JupyterLab Light", "dark": "JupyterLab Dark"}
_NOTEBOOK = "01_first_run.ipynb"


def take_all() -> None:
    """Start JupyterLab with work in it, and take all pictures."""
    shutil.rmtree(PICTURES, ignore_errors=True)
    with tempfile.TemporaryDirectory() as folder:
        root, home = Path(folder, "root"), Path(folder, "home")
        (root / "first").mkdir(parents=True)
        home.mkdir()
        shutil.copy(ROOT / "example_notebooks" / _NOTEBOOK, root / "first" / _NOTEBOOK)
        make_many(root / "many")
        with started(install(Path(folder)), home, root) as lab, browsing() as browser:
            work = do_work(lab)
            _run_notebook(lab, browser)
            for theme in THEMES:
                take(lab, browser, work, theme)


def take(lab: Lab, browser: Browser, work: Work, theme: str) -> None:
    """Take the pictures in one theme."""
    PICTURES.mkdir(exist_ok=True)
    page = browser.new_page(viewport={"width": 1400, "height": 900})
    for at, shown in ((work.at, _views(work)), (f"first/{_NOTEBOOK}", _at_work()), ("many/many.ipynb", _many())):
        lab.open(page, at, theme=THEMES[theme])
        for view in shown:
            view.show(page)
            path = PICTURES / f"{view.name}-{theme}.png"
            page.screenshot(path=path)
            print(path)
    page.close()


def _views(work: Work) -> Iterator[View]:
    yield from views.every_view(work)


def _at_work() -> Iterator[View]:
    yield View("notebook", lambda page: _beside_notebook(page))
    yield View("notebook-query-mistake", _mistaken)


def _many() -> Iterator[View]:
    yield View("panel-many", lambda page: _wide(page))


def _beside_notebook(page: Page) -> None:
    views.show_panel(page)
    page.locator(".jp-WindowedPanel-outer:visible").evaluate("each => each.scrollTo(0, 900)")


def _mistaken(page: Page) -> None:
    query = views.panel(page).get_by_role("combobox", name="Query of runs")
    query.fill("metrics.acuracy > 0.9")
    query.press("Enter")
    views.panel(page).get_by_role("alert").wait_for()


def _wide(page: Page) -> None:
    views.show_panel(page)
    views.widen(page, 700)
    views.settle(page)


def _run_notebook(lab: Lab, browser: Browser) -> None:
    page = browser.new_page()
    lab.open(page, f"first/{_NOTEBOOK}")
    run_all(page)
    page.close()


if __name__ == "__main__":
    take_all()
