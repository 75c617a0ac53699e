"""A JupyterLab with Trackbook's wheel in it, and pages in front of it."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from playwright.sync_api import Browser, Page

from .hostile import do_harm
from .installed import install
from .lab import SECONDS, Lab, browsing, started
from .stores import make_many
from .work import Work, do_work


@pytest.fixture(scope="session")
def commands(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The folder of the commands of an environment into which the wheel was installed."""
    return install(tmp_path_factory.mktemp("installed"))


@pytest.fixture(scope="session")
def browser() -> Iterator[Browser]:
    """One browser for all tests."""
    with browsing() as found:
        yield found


@pytest.fixture(scope="session")
def lab(commands: Path, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Lab]:
    """A JupyterLab on an empty folder, in which each store has a folder of its own."""
    root = tmp_path_factory.mktemp("root")
    with started(commands, tmp_path_factory.mktemp("lab"), root) as found:
        yield found


@pytest.fixture(scope="session")
def work(lab: Lab) -> Work:
    """Work of every kind, done beneath the root."""
    return do_work(lab)


@pytest.fixture(scope="session")
def many(lab: Lab) -> str:
    """The notebook, beneath the root, whose store has ten thousand runs."""
    make_many(lab.root / "many")
    return "many/many.ipynb"


@pytest.fixture(scope="session")
def hostile(lab: Lab) -> str:
    """The notebook, beneath the root, whose store is full of scripts."""
    do_harm(lab, lab.root / "hostile")
    return "hostile/look.ipynb"


@pytest.fixture
def new_page(browser: Browser) -> Iterator[Callable[[], Page]]:
    """Open a page of its own; none of them may have told of an error of ours when the test ends."""
    contexts, errors = [], []

    def open_page() -> Page:
        context = browser.new_context(viewport={"width": 1400, "height": 900})
        context.set_default_timeout(SECONDS * 1000 / 4)
        contexts.append(context)
        found = context.new_page()
        found.on("pageerror", lambda error: errors.append(str(error)))
        return found

    yield open_page
    for context in contexts:
        context.close()
    assert errors == []


@pytest.fixture
def page(new_page: Callable[[], Page]) -> Page:
    """A page of its own."""
    return new_page()
