"""What a run's page does: it makes the run again, and gives the notebook that makes it."""

from __future__ import annotations

from playwright.sync_api import Page, expect

from .lab import SECONDS, Lab, until
from .views import show_run
from .work import Work


def test_reproducing_tells_how_far_it_is_and_how_it_came_out(lab: Lab, work: Work, page: Page) -> None:
    lab.open(page, work.at)
    show_run(page, work.second, work.at)

    page.get_by_role("button", name="Reproduce", exact=True).click()

    expect(page.get_by_role("progressbar")).to_be_visible()
    expect(page.get_by_role("button", name="Stop", exact=True)).to_be_visible()
    expect(page.get_by_text("Made again: exact")).to_be_visible(timeout=SECONDS * 1000)
    expect(page.get_by_role("progressbar")).to_have_count(0)
    expect(page.get_by_role("region", name="Made again")).to_contain_text("exact")


def test_slice_opens_as_a_notebook(lab: Lab, work: Work, page: Page) -> None:
    lab.open(page, work.at)
    show_run(page, work.second, work.at)

    page.get_by_role("button", name="Slice to a notebook").click()

    path = until(lambda: page.evaluate(_PATH), "a notebook")
    source = until(lambda: page.evaluate(_SOURCE), "its cells")
    assert path.startswith("work/")
    assert path != work.at
    assert "C = 0.1" in source
    assert "slow-learner" not in source
    assert (lab.root / path).exists()


_PATH = """() => {
  const path = window.jupyterapp.shell.currentWidget?.context?.path;
  return path?.endsWith('.ipynb') ? path : null;
}"""
_SOURCE = """() => {
  const model = window.jupyterapp.shell.currentWidget.content.model;
  return model?.sharedModel.cells.map(each => each.source).join();
}"""
