"""Trackbook finds what notebooks fit and measure, which an independent judge listed in a kernel without it."""

from __future__ import annotations

import json
import os
from collections.abc import Callable

import pytest

from tests.forks import forks

from .found import Tally, excess_models, read_found, tally_fits, tally_metrics, tally_searches
from .harness import Pair
from .notebook import Notebook, read_corpus

ENOUGH = 0.98
Recorded = Callable[[Notebook], Pair]


@pytest.mark.parametrize(
    "notebook", [item for item in read_corpus() if not item.is_reevaluated], ids=lambda notebook: notebook.name
)
def test_no_run_has_a_model_that_nobody_fitted(notebook: Notebook, recorded: Recorded) -> None:
    pair = recorded(notebook)

    found = read_found(pair.store)

    assert excess_models(notebook, pair.plain.calls, found) == []


@pytest.mark.parametrize("tally_of", [tally_fits, tally_metrics, tally_searches], ids=["fits", "metrics", "searches"])
def test_nearly_everything_is_found(tally_of: Callable[..., Tally], recorded: Recorded) -> None:
    total = Tally()

    for notebook in read_corpus():
        pair = recorded(notebook)
        total.add(tally_of(notebook, pair.plain.calls, read_found(pair.store)))

    print(
        f"{total.expected - len(total.misses)} of {total.expected} found ({total.share:.1%})", *total.misses, sep="\n"
    )
    assert total.share >= ENOUGH, "\n".join(total.misses)


def test_command_line_lists_the_runs_of_the_store(recorded: Recorded) -> None:
    notebook = next(notebook for notebook in read_corpus() if notebook.name == "compare_classifiers_loop")
    pair = recorded(notebook)

    here = {**os.environ, "TRACKBOOK_STORE": str(pair.store)}
    listing = forks.run("-m", "trackbook", "runs", "--all", "--json", environment=here)

    assert listing.returncode == 0, listing.stderr
    runs = json.loads(listing.stdout)
    fitted = {model["class"].rpartition(".")[2] for run in runs for model in run["models"]}
    assert len(runs) == read_found(pair.store).runs
    assert fitted == {call["name"] for call in pair.plain.calls if call["kind"] == "fit"}
