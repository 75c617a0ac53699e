"""The logger for libraries with a training loop of their own; here one stands for any of them."""

from __future__ import annotations

import pytest

from .session import Notebook, values

LIBRARY = """
import argparse
import trackbook

def fit(logger, rate=0.1, rounds=3):
    logger.log_hyperparams(argparse.Namespace(rate=rate, model={"width": 8, "kind": print}))
    for step in range(rounds):
        logger.log_metrics({"loss": 1 / (step + 1), "accuracy": step / 10}, step=step)
    logger.save()
    logger.finalize("success")
"""


def test_named_logger_starts_and_ends_a_run(nb: Notebook) -> None:
    nb.run(LIBRARY)
    nb.run("fit(trackbook.TrackbookLogger('baseline', prefix='train'))")

    run = nb.only_run()
    assert (run.run.name, run.run.status) == ("baseline", "FINISHED")
    assert {"rate": 0.1, "model.width": 8}.items() <= run.params.items()
    assert "print" in str(run.params["model.kind"])
    assert values(run) == {"train.loss": 1 / 3, "train.accuracy": 0.2}


def test_logger_without_a_name_logs_to_the_run_that_is_started(nb: Notebook) -> None:
    nb.run(LIBRARY)
    nb.run("with trackbook.start_run('mine'):\n    fit(trackbook.TrackbookLogger(), rate=0.5)")

    run = nb.only_run()
    assert (run.run.name, run.params["rate"], len(nb.history(run, "loss"))) == ("mine", 0.5, 3)


def test_logger_that_is_told_of_a_failure_ends_its_run_so(nb: Notebook) -> None:
    nb.run(LIBRARY)
    nb.run("logger = trackbook.TrackbookLogger('broken')\nlogger.log_metrics({'loss': 1.0})\nlogger.finalize('failed')")

    assert nb.only_run().run.status == "FAILED"


@pytest.mark.parametrize("value", ["'high'", "None", "[1, 2]"])
def test_what_is_no_number_is_refused(nb: Notebook, value: str) -> None:
    nb.run(LIBRARY)

    error = nb.fails(f"trackbook.TrackbookLogger('run').log_metrics({{'loss': {value}}})")

    assert "loss" in str(error)
