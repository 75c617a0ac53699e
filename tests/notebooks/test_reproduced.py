"""Small notebooks as people write them are reproduced: exactly, or with the source of chance by its name.

The second line of a notebook says which verdict is true where it isn't ``exact``, and what it has to name.
"""

from __future__ import annotations

from contextlib import closing
from pathlib import Path

import pytest
from trackbook.pipelines.reproducing.reproduce import reproduce
from trackbook.store.location import open_store

from .harness import Workshop
from .notebook import Notebook, parse_notebook
from .remade import last_run

SMALL = [
    parse_notebook(path.stem, path.read_text(encoding="utf-8"))
    for path in sorted((Path(__file__).parent / "reproduced").glob("*.py"))
]


@pytest.mark.parametrize("notebook", SMALL, ids=lambda notebook: notebook.name)
def test_notebook_is_reproduced_and_its_verdict_is_true(
    notebook: Notebook, workshop: Workshop, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.delenv("PYTHONHASHSEED", raising=False)
    monkeypatch.setenv("OMP_NUM_THREADS", "1")
    verdict, _, told = (notebook.title.partition("\n# ")[2] or "exact: came out the same").partition(": ")
    recording = workshop.record(notebook, is_tracked=True)
    assert [cell.error for cell in recording.cells if cell.error] == []

    with closing(open_store(workshop.root / notebook.name / "store", create=False)) as store:
        run = last_run(store)
        assert run is not None
        found = reproduce(store, run)

    assert (found.verdict, found.reason) == (verdict, found.reason)
    assert told in found.reason
    if verdict == "exact":
        assert {each.key.rpartition(": ")[2] for each in found.comparisons} >= run.metrics.keys()
