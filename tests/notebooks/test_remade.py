"""The slice of a run, run alone, gives the run's very numbers: held on the whole corpus, exceptions by name."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import closing

import pytest
from trackbook.store.location import open_store

from .harness import Pair
from .notebook import Notebook, read_corpus
from .remade import Slicer, last_run

OTHERWISE = {
    "pca_denoise": "its last run compares with an NMF that has no seed",
    "unseeded_entropy": "it draws fresh entropy each time",
    "unseeded_forest": "its split and its forest have no seed",
}
"""The notebooks whose last run can't come out the same from its slice, and why; the slice says so itself."""


@pytest.fixture(scope="module")
def slicer(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Slicer]:
    found = Slicer(tmp_path_factory.mktemp("slices"))
    yield found
    found.close()


@pytest.mark.parametrize("notebook", read_corpus(), ids=lambda notebook: notebook.name)
def test_slice_of_the_last_run_gives_its_numbers(
    notebook: Notebook, recorded: Callable[[Notebook], Pair], slicer: Slicer
) -> None:
    with closing(open_store(recorded(notebook).store, create=False)) as store:
        run = last_run(store)
        if run is None:
            pytest.skip("nothing that it measures belongs to a run")
        found = slicer.remake(store, run)

    assert found.said == ""
    if notebook.name in OTHERWISE:
        assert any("without a seed" in note for note in found.notes)
    else:
        assert found.missing == ()
