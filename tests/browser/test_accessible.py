"""Every view, light and dark, as axe-core looks at it: nobody is shut out."""

from __future__ import annotations

from typing import Any

import pytest
from playwright.sync_api import Page

from .installed import ROOT
from .lab import Lab
from .views import every_view
from .work import Work

_AXE = ROOT / "extension" / "node_modules" / "axe-core" / "axe.min.js"
_CHECK = """() => {
  const parts = ['.tb-Panel', '.tb-View', '.tb-Switch', '.tb-CellMetrics', '.tb-StatusRun'];
  const include = parts.filter(each => document.querySelector(each)).map(each => [each]);
  return axe.run({include}).then(({violations, passes}) => [violations, passes.length]);
}"""


@pytest.mark.parametrize("theme", ["JupyterLab Light", "JupyterLab Dark"])
def test_axe_finds_nothing_serious(lab: Lab, work: Work, page: Page, theme: str) -> None:
    lab.open(page, work.at, theme=theme)
    page.add_script_tag(path=_AXE)
    found: dict[str, list[str]] = {}

    for view in every_view(work):
        view.show(page)
        violations, passed = page.evaluate(_CHECK)
        assert passed > 5, view.name
        for violation in violations:
            if violation["impact"] in ("serious", "critical"):
                found.setdefault(_told(violation), []).append(view.name)

    assert found == {}


def _told(violation: dict[str, Any]) -> str:
    return f"{violation['id']}: {violation['help']} {violation['nodes'][0]['html'][:200]}"
