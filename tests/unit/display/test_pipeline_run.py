"""Pipelines that run, as lines, as a live table, and on the page at the end."""

from __future__ import annotations

import io
import json
from dataclasses import replace
from datetime import UTC, datetime
from html.parser import HTMLParser
from pathlib import Path
from typing import Any

import pytest
from rich.console import Console
from trackbook.display.pipeline_nothing import nothing_text
from trackbook.display.pipeline_outcome import outcome_payload, show_outcome
from trackbook.display.pipeline_progress import Lines, LiveTable, metrics_text, telling
from trackbook.display.pipeline_report import report_page
from trackbook.display.pipeline_steps import show_status, status_payload
from trackbook.display.shown import Look
from trackbook.pipelines.graph.spec import Pipeline, Step
from trackbook.pipelines.graph.standing import Standing
from trackbook.pipelines.running.progress import Phase, PipelineOutcome, StepFailure, StepProgress
from trackbook.records import Failure, Run, RunDetail, RunStatus

AT = datetime(2026, 11, 21, 12, 0, 0, tzinfo=UTC)
FAILURE = StepFailure(
    error="ValueError", message="no <data>", cell=3, line=2, code="fit(x < 3)", traceback="Traceback ..."
)


def step(name: str, phase: Phase, **values: object) -> StepProgress:
    return StepProgress(step=Step(name=name, notebook=Path("n.ipynb")), phase=phase, **values)  # type: ignore[arg-type]


def outcome(*steps: StepProgress, **values: object) -> PipelineOutcome:
    return PipelineOutcome(
        **{"name": "churn", "steps": steps, "started_at": AT, "seconds": 10.0, "run_id": "0trn4a6bpev2htd9aec7q1"}  # type: ignore[arg-type]
        | values
    )


def lines_of(*changes: StepProgress, seconds: list[float] | None = None) -> list[str]:
    stream = io.StringIO()
    times = iter(seconds or [])
    lines = Lines(stream, lambda: next(times, 0.0))
    for change in changes:
        lines(change)
    return stream.getvalue().splitlines()


def test_each_change_is_one_line() -> None:
    running = step("train", Phase.RUNNING, reason="code changed", attempt=1)
    metrics = {"loss": 0.25, "test.accuracy": 0.9}

    found = lines_of(
        step("train", Phase.WAITING, reason="code changed"),
        running,
        replace(running, metrics={"loss": 0.5}),
        step("train", Phase.RETRYING, reason="OSError; again in 2 s", attempt=1),
        replace(running, attempt=2, attempts=3),
        step("train", Phase.FINISHED, attempt=2, seconds=12.0, metrics=metrics),
        step("a", Phase.SKIPPED, reason="up to date"),
        step("b", Phase.FAILED, failure=FAILURE),
        step("c", Phase.BLOCKED, reason="blocked by b"),
        step("d", Phase.STOPPED, reason="not started"),
        step("e", Phase.SKIPPED, reason="not asked for"),
    )

    assert found == [
        "train: runs (code changed)",
        "train: retrying (OSError; again in 2 s)",
        "train: runs, try 2 of 3 (code changed)",
        "train: finished in 12 s, test.accuracy 0.9, loss 0.25",
        "a: skipped (up to date)",
        "b: failed: cell 3, line 2: ValueError: no <data>",
        "c: blocked by b",
        "d: not started",
    ]


def test_step_that_takes_long_tells_its_cell_now_and_then() -> None:
    running = step("train", Phase.RUNNING, reason="never run", attempt=1)
    cells = [replace(running, cell=number, cells=9) for number in (1, 2, 3)]

    found = lines_of(running, *cells, seconds=[0.0, 0.0, 1.0, 4.0, 6.0, 6.0])

    assert found == ["train: runs (never run)", "train: cell 3 of 9"]


def drawn(table: LiveTable, console: Console) -> list[str]:
    console.print(table.drawn())
    file = console.file
    assert isinstance(file, io.StringIO)
    return [line.rstrip() for line in file.getvalue().splitlines()]


def test_live_table_has_a_row_for_each_step_and_a_total() -> None:
    console = Console(file=io.StringIO(), width=100, height=30)
    table = LiveTable(console, ["prepare", "train", "report"])
    table(step("prepare", Phase.FINISHED, seconds=3.0))
    table(step("train", Phase.RUNNING, cell=3, cells=9, metrics={"accuracy": 0.9}))
    table(step("report", Phase.WAITING))
    table.say("Stopping.")

    rows = drawn(table, console)

    assert rows[0].split() == ["✓", "prepare", "finished", "3.0", "s"]
    assert rows[1].split() == ["▸", "train", "cell", "3", "of", "9", "accuracy", "0.9"]
    assert rows[3].startswith("1 waiting, 1 running, 1 finished, ")
    assert rows[4] == "Stopping."


def test_live_table_that_is_too_long_shows_what_runs_and_counts_the_rest() -> None:
    console = Console(file=io.StringIO(), width=100, height=10)
    names = [f"step{number}" for number in range(100)]
    table = LiveTable(console, names)
    for number, name in enumerate(names):
        table(step(name, Phase.FINISHED if number < 50 else Phase.RUNNING if number == 50 else Phase.WAITING))
    table(step("step7", Phase.FAILED, failure=FAILURE))

    rows = drawn(table, console)

    assert len(rows) <= 10
    assert any("step50" in row for row in rows)
    assert any("step7 " in row and "ValueError" in row for row in rows)
    assert rows[-1].endswith(f"; {100 - len(rows) + 1} more not shown")


def test_narrow_live_table_keeps_names_and_times() -> None:
    console = Console(file=io.StringIO(), width=60, height=20)
    names = ["train[kind=ridge,C=1]", "train[kind=ridge,C=10]"]
    table = LiveTable(console, names)
    table(step(names[0], Phase.FINISHED, seconds=12.5, metrics={"train.accuracy": 0.91, "test.accuracy": 0.89}))
    table(step(names[1], Phase.FAILED, seconds=3.0, failure=FAILURE))

    rows = drawn(table, console)

    assert len(rows) == 3
    assert rows[0].startswith("✓ train[kind=ridge,C=1] ")
    assert rows[1].startswith("✗ train[kind=ridge,C=10] ")
    assert (" 12 s " in rows[0], " 3.0 s" in rows[1]) == (True, True)


def test_outcome_tells_the_error_the_line_and_how_to_go_on() -> None:
    failed = step("train", Phase.FAILED, failure=FAILURE, run_id="0trn5w3zamrj1nbw10esqr", attempt=1)

    text = show_outcome(outcome(failed), Look(), again="trackbook pipeline resume").text

    assert "churn  ✗ failed  1 failed  10 s" in text
    assert "train failed in cell 3, line 2 of n.ipynb\n    fit(x < 3)\nValueError: no <data>" in text
    assert "trackbook show 0trn5w3z" in text
    assert "Go on from here with: trackbook pipeline resume" in text


def test_failure_outside_of_cells_names_the_notebook() -> None:
    failed = step("train", Phase.FAILED, failure=StepFailure(error="NoSuchKernel", message="No 'julia'."), attempt=1)

    text = show_outcome(outcome(failed), Look()).text

    assert "train failed: n.ipynb\nNoSuchKernel: No 'julia'." in text


def test_outcome_with_nothing_to_do_is_one_line() -> None:
    skipped = [step(name, Phase.SKIPPED, reason="up to date") for name in "ab"]

    assert nothing_text(outcome(*skipped)) == "✓ churn: nothing to do, all 2 steps are up to date."


def test_payload_has_the_datasets_and_the_error_of_each_step() -> None:
    failed = step("train", Phase.FAILED, failure=FAILURE, reads=("raw@1",), metrics={"loss": float("nan")})

    (payload,) = outcome_payload(outcome(failed, is_stopped=False))["steps"]  # type: ignore[misc]

    assert isinstance(payload, dict)
    assert (payload["state"], payload["reads"], payload["metrics"]) == ("failed", ["raw@1"], {"loss": "NaN"})
    assert payload["error"] == {
        "type": "ValueError",
        "message": "no <data>",
        "cell": 3,
        "line": 2,
        "code": "fit(x < 3)",
    }


class Page(HTMLParser):
    """Collects what a page links to, and whether its elements are closed in their order."""

    def __init__(self, page: str) -> None:
        super().__init__()
        self.open: list[str] = []
        self.targets: list[str] = []
        self.ids: list[str] = []
        self.feed(page)

    def handle_starttag(self, tag: str, attributes: list[tuple[str, str | None]]) -> None:
        found = dict(attributes)
        self.targets += [found["href"]] if found.get("href") else []
        self.ids += [found["id"]] if found.get("id") else []
        if tag not in ("meta", "br"):
            self.open.append(tag)

    def handle_endtag(self, tag: str) -> None:
        assert self.open.pop() == tag


def test_page_is_whole_and_safe_whatever_steps_are_called(tmp_path: Path) -> None:
    output = tmp_path / "run" / 'tr "x".ipynb'
    output.parent.mkdir()
    output.touch()
    name = '<b>"train"[C=1]'
    failed = step(name, Phase.FAILED, failure=FAILURE, output=output, attempt=1, started_at=AT, seconds=20.0)

    text = report_page(outcome(failed, step("a", Phase.SKIPPED, reason="up to date")), output.parent)
    page = Page(text)

    assert page.open == []
    assert "tr%20%22x%22.ipynb" in page.targets
    assert {target[1:] for target in page.targets if target.startswith("#")} == {*page.ids}
    assert "<b>" not in text
    assert "no &lt;data&gt;" in text
    assert "prefers-color-scheme: dark" in text


def test_credentials_are_neither_on_the_page_nor_in_the_document(tmp_path: Path) -> None:
    secret = "ghp_" + "a1B2c3D4e5F6" * 3
    failed = step("load", Phase.FINISHED, reason=f"params changed: key {secret}")
    failed = replace(failed, step=replace(failed.step, params={"api_key": secret, "rows": 3}))

    page = report_page(outcome(failed), tmp_path)
    document = json.dumps(outcome_payload(outcome(failed)))

    assert secret not in page + document
    assert "[secret]" in page
    assert '"rows": 3' in document


def test_the_metrics_that_say_most_come_first_and_their_parts_not_at_all():
    metrics = {"rows": 9.0, "m[0,1]": 3.0, "test.f1": 0.8, "test.f1.low": 0.7, "cv.f1": 0.6, "cv.f1.std": 0.1}

    assert telling(metrics) == ["test.f1", "rows", "cv.f1"]
    assert telling({"m[0,1]": 3.0}) == ["m[0,1]"]
    assert metrics_text(metrics) == "test.f1 0.8, rows 9"


@pytest.mark.parametrize(
    ("failure", "word"),
    [(Failure(type="KeyboardInterrupt", message=""), "■ stopped"), (None, "⊘ killed")],
)
def test_status_tells_a_step_that_was_stopped_from_one_whose_process_vanished(
    failure: Failure | None, word: str
) -> None:
    run = Run(
        run_id="0trn5w3zamrj1nbw10esqr",
        session_id="0trn5w3zamrj1nbw10esqs",
        experiment="churn",
        name="train",
        status=RunStatus.KILLED,
        started_at=AT,
        failure=failure,
    )
    train = Step(name="train", notebook=Path("n.ipynb"))
    stopped = Standing(step=train, detail=RunDetail(run=run), metrics={})

    text = show_status(Pipeline(name="churn", folder=Path(), steps=(train,)), [stopped], Look()).text

    document: Any = status_payload([stopped])[0]
    assert f"{word}  " in text
    assert "KeyboardInterrupt" not in text
    assert document["is_stopped"] is (failure is not None)
    assert document["error"] == (failure.type if failure is not None else None)


def test_report_keeps_each_metric_on_a_line_and_says_how_often_a_step_was_tried(tmp_path: Path) -> None:
    tried = step("train", Phase.FINISHED, reason="never run", attempt=3, attempts=4, metrics={"test.accuracy": 0.9})

    page = report_page(outcome(replace(tried, publishes=("model@1",))), tmp_path)

    assert '<span class="kept">test.accuracy 0.9</span>' in page
    assert '→&nbsp;<span class="kept">model@1</span>' in page
    assert "never run (3 tries)" in page
