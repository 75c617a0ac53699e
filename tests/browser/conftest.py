"""A JupyterLab with Trackbook's wheel in it, and pages in front of it."""

from __future__ import annotations

import shutil
from collections.abc import Iterator
from pathlib import Path

import pytest
from playwright.sync_api import Browser, Page

from .installed import ROOT, install
from .lab import SECONDS, Lab, browsing, started


@pytest.fixture(scope="session")
def commands(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The folder of the commands of an environment into which the wheel was installed."""
    return install(tmp_path_factory.mktemp("installed"))


@pytest.fixture(scope="session")
def browser() -> Iterator[Browser]:
    """One browser for all tests."""
    with browsing() as found:
        yield found


@pytest.fixture(scope="module")
def lab(commands: Path, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Lab]:
    """A JupyterLab on a folder with the example notebooks."""
    root = tmp_path_factory.mktemp("work")
    for name in ("01_first_run.ipynb",):
        shutil.copy(ROOT / "example_notebooks" / name, root / name)
    with started(commands, tmp_path_factory.mktemp("lab"), root) as found:
        yield found


@pytest.fixture
def page(browser: Browser) -> Iterator[Page]:
    """A page of its own, which must not have told of an error of ours when the test ends."""
    context = browser.new_context(viewport={"width": 1400, "height": 900})
    context.set_default_timeout(SECONDS * 1000 / 4)
    found = context.new_page()
    errors: list[str] = []
    found.on("pageerror", lambda error: errors.append(str(error)))
    yield found
    context.close()
    assert errors == []
