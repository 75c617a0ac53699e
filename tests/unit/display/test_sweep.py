"""A sweep as people see it: lines, the table on a terminal, and what it came to."""

from __future__ import annotations

import io
import re
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path

import pytest
from rich.console import Console
from trackbook import clock
from trackbook.display.shown import Look
from trackbook.display.sweep import progress_lines, show_sweep
from trackbook.display.sweep_progress import LiveTable, line_watch, live_watch
from trackbook.display.sweep_words import error_of
from trackbook.pipelines.sweeps.outcome import Outcome, Progress
from trackbook.pipelines.sweeps.space import Choices, Integers, Space
from trackbook.pipelines.sweeps.spec import Sampler, Sweep
from trackbook.pipelines.sweeps.trials import Trial, TrialStatus

SPACE: Space = {"kind": Choices(values=("gini", "<b>entropy</b>")), "depth": Integers(low=2, high=8)}
AT = datetime(2026, 11, 22, 4, 12, tzinfo=UTC)
REMARK = "train.ipynb has changed since sweep-calm-owl began."


def trial(number: int, value: float | None = None, status: TrialStatus = TrialStatus.FINISHED) -> Trial:
    params = {"kind": SPACE["kind"].values[number % 2], "depth": number}  # type: ignore[union-attr]
    return Trial(number=number, params=params, status=status, value=value, run_name=f"run-{number}")


def progress(*trials: Trial, **values: object) -> Progress:
    known = {"run_id": "r", "run_name": "sweep-calm-owl", "metric": "test.accuracy", "is_maximized": True}
    return Progress(**{**known, "trials": trials, "planned": 10, "cells": {}, **values})  # type: ignore[arg-type]


def outcome(*trials: Trial, **values: object) -> Outcome:
    sweep = Sweep(notebook=Path("train.ipynb"), metric="accuracy", is_maximized=True, params={"depth": "2..8"})
    known = {"run_id": "0trn4a6b", "run_name": "sweep-calm-owl", "metric": "test.accuracy", "planned": len(trials)}
    parts = {"sweep": sweep, "space": SPACE, "sampler": Sampler.GRID, "started_at": AT, "finished_at": AT}
    return Outcome(**{**known, **parts, "trials": trials, **values})  # type: ignore[arg-type]


RUNNING = progress(
    *(trial(1, 0.9), trial(2, 0.8), trial(3, status=TrialStatus.FAILED), trial(4, status=TrialStatus.RUNNING)),
    cells={4: (3, 9)},
    latest={4: 0.75},
    remark=REMARK,
)


def test_a_line_is_written_for_each_trial_that_ends_after_what_a_person_has_to_know_first():
    lines: list[str] = []
    watch = line_watch(lines.append)

    watch(progress(trial(1, 0.9), remark=REMARK))
    watch(RUNNING)
    watch(progress(*RUNNING.trials, trial(11, 0.95), remark=REMARK))

    assert lines == [
        REMARK,
        "trial 2 of 10: test.accuracy 0.8  kind=gini depth=2",
        "trial 3 of 10 failed: failed  kind=<b>entropy</b> depth=3",
        "trial 11: test.accuracy 0.95 (best so far)  kind=<b>entropy</b> depth=11",
    ]


def test_in_a_cell_it_is_said_how_far_it_is():
    assert progress_lines(RUNNING) == [
        REMARK,
        "3 of 10 trials, 1 failed",
        "best test.accuracy 0.9: kind=<b>entropy</b> depth=1 (trial 1)",
        "  trial 4: cell 3 of 9  kind=gini depth=4",
    ]


@pytest.fixture
def console() -> Console:
    return Console(file=io.StringIO(), force_terminal=True, width=60, height=12, color_system=None)


def drawn(table: LiveTable, console: Console) -> list[str]:
    with console.capture() as capture:
        console.print(table.drawn())
    return [line.rstrip() for line in capture.get().splitlines()]


def test_the_table_tells_what_is_best_where_trials_are_and_how_long_it_takes(console, monkeypatch):
    now = 100.0
    monkeypatch.setattr(clock, "monotonic", lambda: now)
    table = LiveTable(console)
    table(progress(trial(4, status=TrialStatus.RUNNING)))
    now = 130.0
    table(RUNNING)
    now = 135.0

    assert drawn(table, console) == [
        "3 of 10 trials, 1 failed  35 s, about 1 min 5 s left",
        "best test.accuracy 0.9: kind=<b>entropy</b> depth=1 (trial …",
        "▸ trial 4  cell 3 of 9  35 s  0.75  kind=gini depth=4",
    ]


def test_the_table_fits_the_terminal(console):
    table = LiveTable(console)

    starting = drawn(table, console)
    table(progress(*(trial(number, status=TrialStatus.RUNNING) for number in range(1, 65)), planned=64))

    assert starting == ["The sweep starts …"]
    assert len(drawn(table, console)) <= console.height
    assert drawn(table, console)[-1].split() == ["…", "and", "56", "more"]


def test_on_a_terminal_trials_that_have_ended_stay_and_the_table_goes(console):
    with live_watch(console) as watch:
        watch(progress(trial(1, 0.9)))
        watch(RUNNING)

    shown = console.file.getvalue()  # type: ignore[attr-defined]
    assert f"{REMARK}\n" in shown.replace("\r", "")
    assert "trial 2 of 10: test.accuracy 0.8  kind=gini depth=2" in shown


def test_the_page_has_a_picture_and_the_remark_and_says_when_a_seed_is_not_enough():
    sweep = replace(outcome().sweep, seed=3, jobs=2, sampler=Sampler.TPE)
    found = show_sweep(outcome(trial(1, 0.9), trial(2, 0.8), sweep=sweep, sampler=Sampler.TPE, remark=REMARK))

    assert REMARK in found.text
    assert "only with --jobs 1 does a seed give the same trials" in found.text
    (image,) = re.findall(r'<img src="data:image/svg\+xml;base64,[^>]*>', found.html)
    assert "max-width:100%" in image
    assert "<b>entropy</b>" not in found.html


@pytest.mark.parametrize(("jobs", "sampler"), [(1, Sampler.TPE), (2, Sampler.RANDOM)])
def test_where_a_seed_is_enough_nothing_is_said(jobs, sampler):
    sweep = replace(outcome().sweep, seed=3, jobs=jobs, sampler=sampler)

    assert "--jobs 1" not in show_sweep(outcome(trial(1, 0.9), sweep=sweep, sampler=sampler)).text


def test_the_command_that_makes_the_best_again_can_be_copied_from_a_narrow_terminal():
    command = "trackbook step /home/jo/projects/flowers/notebooks/train.ipynb -p kind gini -p depth 2"

    shown = show_sweep(outcome(trial(1, 0.9)), Look(width=40), again=command)

    assert command in str(shown).split("\n")


FITS_FAILED = """
All the 5 fits failed.
It is very likely that your model is misconfigured.

Below are more details about the failures:
--------------------------------------------------------------------------------
5 fits failed with the following error:
Traceback (most recent call last):
  File "base.py", line 1365, in wrapper
    validate_parameter_constraints(
sklearn.utils._param_validation.InvalidParameterError: The 'n_neighbors' parameter must be at least 1. Got 0 instead.
"""


@pytest.mark.parametrize(
    ("message", "told"),
    [
        (
            FITS_FAILED,
            "All the 5 fits failed. InvalidParameterError: The 'n_neighbors' parameter must be at least 1. Go",
        ),
        ("Input X contains NaN.\nKNeighborsClassifier does not accept\nmissing values", "Input X contains NaN. (cell"),
        ("Missing keys:\n\tfc.weight\n\tfc.bias", "Missing keys: fc.weight (cell"),
        ("Caught it.\nOriginal Traceback (most recent call last):\n  it was\nodd", "Caught it. odd (cell"),
        ("", "ValueError (cell 3)"),
    ],
)
def test_an_error_of_a_trial_is_one_line_that_tells_the_cause(message, told):
    failed = replace(trial(1, status=TrialStatus.FAILED), error="ValueError", message=message, failed_cell=3)

    found = error_of(failed)

    assert told in found
    assert "⏎" not in found


def test_trials_with_the_same_error_are_told_together_with_what_they_share():
    failed = [replace(trial(n, status=TrialStatus.FAILED), error="ValueError", message="bad") for n in (2, 4, 6)]
    other = replace(trial(3, status=TrialStatus.FAILED), error="KeyError", message="worse")

    shown = show_sweep(outcome(trial(1, 0.9), *failed, other), Look(width=120)).text

    assert "4 trials failed" in shown
    assert shown.count("ValueError: bad") == 1
    (line,) = [each for each in shown.splitlines() if "ValueError: bad" in each]
    assert "2, 4, 6" in line
    assert "kind=gini" in line
    assert "depth" not in line
