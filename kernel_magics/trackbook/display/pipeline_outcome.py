"""How a pipeline came out: what failed and where, and where everything is; as text and as JSON."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator
from pathlib import Path

from trackbook.capture.secrets import redact, redact_shown, redact_value
from trackbook.display import format as fmt
from trackbook.display.blocks import Block, Cell, Sentence, Title, Tone, Verbatim, facts
from trackbook.display.shown import Look, Shown, shown
from trackbook.pipelines.running.progress import Phase, PipelineOutcome, StepFailure, StepProgress
from trackbook.records import JsonValue, strict
from trackbook.tracking.find import short_id

_TONES = {"finished": Tone.GOOD, "failed": Tone.BAD, "stopped": Tone.BUSY}
_SYMBOLS = {"finished": "✓", "failed": "✗", "stopped": "■"}
_ORDER = (
    Phase.FINISHED,
    Phase.SKIPPED,
    Phase.FAILED,
    Phase.BLOCKED,
    Phase.STOPPED,
    Phase.RETRYING,
    Phase.WAITING,
)


def show_outcome(outcome: PipelineOutcome, look: Look, *, report: Path | None = None, again: str = "") -> Shown:
    """Show how a pipeline came out.

    Parameters
    ----------
    report
        The page with everything.
    again
        What to type to go on with what did not succeed.
    """
    return shown(_blocks(outcome, look, report, again), look)


def _blocks(outcome: PipelineOutcome, look: Look, report: Path | None, again: str) -> Iterator[Block]:
    yield Title(
        cells=(
            Cell(text=fmt.one_line(outcome.name), is_strong=True),
            Cell(text=outcome.word, symbol=_SYMBOLS[outcome.word], tone=_TONES[outcome.word]),
            Cell(text=counted(outcome), tone=Tone.QUIET),
            Cell(text=fmt.duration(outcome.seconds), tone=Tone.QUIET),
        )
    )
    for step in outcome.failed:
        yield from _failure(step, look)
    for step, warning in warnings_of(outcome):
        yield Sentence(text=f"! {fmt.one_line(step.name)}: {fmt.one_line(warning)}", tone=Tone.BUSY)
    if outcome.fault:
        yield Sentence(text=f"It could not go on: {fmt.one_line(outcome.fault)}", tone=Tone.BAD)
    rows = [
        ("run", Cell(text=short_id(outcome.run_id or ""))),
        ("notebooks", Cell(text=shown_path(outcome.folder) if outcome.folder else "")),
        ("report", Cell(text=shown_path(report) if report else "")),
    ]
    yield facts(rows)
    if not outcome.is_successful and again:
        yield Sentence(text=f"Go on from here with: {again}")


def _failure(step: StepProgress, look: Look) -> Iterator[Block]:
    failure = step.failure
    if failure is None:
        return
    where = f" in cell {failure.cell}" if failure.cell is not None else ""
    where += f", line {failure.line}" if failure.line is not None else ""
    where = f"{where} of {step.step.notebook}" if where else f": {step.step.notebook}"
    yield Sentence(text=f"✗ {fmt.one_line(step.name)} failed{where}", tone=Tone.BAD)
    code = f"    {failure.code}\n" if failure.code else ""
    yield Verbatim(text=fmt.lines(f"{code}{failure.summary}"))
    if step.run_id is not None:
        yield Sentence(text=f"See {look.command} show {short_id(step.run_id)}", tone=Tone.QUIET)


def warnings_of(outcome: PipelineOutcome) -> Iterator[tuple[StepProgress, str]]:
    """Yield what the steps had to say to the person, without credentials."""
    for step in outcome.steps:
        for warning in step.warnings:
            yield step, redact_shown(warning)


def counted(outcome: PipelineOutcome) -> str:
    """Return how many steps came out how: ``3 finished, 1 failed``."""
    counts = Counter(step.phase for step in outcome.steps if step.is_asked)
    return ", ".join(f"{counts[state]} {state.value}" for state in _ORDER if counts[state])


def shown_path(path: Path) -> str:
    """Return a path as a person would type it here."""
    try:
        return str(path.relative_to(Path.cwd()))
    except ValueError:
        return str(path)


def outcome_payload(outcome: PipelineOutcome, *, report: Path | None = None) -> dict[str, JsonValue]:
    """Return how a pipeline came out as strict JSON.

    Returns
    -------
    ``pipeline``, ``status`` (``finished``, ``failed`` or ``stopped``), ``run_id`` (null if nothing had to run),
    ``started_at``, ``seconds``, ``fault``, ``folder``, ``report`` and ``steps``.
    """
    return {
        "pipeline": outcome.name,
        "status": outcome.word,
        "run_id": outcome.run_id,
        "started_at": outcome.started_at.isoformat(),
        "seconds": outcome.seconds,
        "fault": outcome.fault,
        "folder": str(outcome.folder) if outcome.folder else None,
        "report": str(report) if report else None,
        "steps": [step_payload(step) for step in outcome.steps],
    }


def step_payload(step: StepProgress) -> dict[str, JsonValue]:
    """Return how a step came out as strict JSON."""
    return {
        "name": step.name,
        "notebook": str(step.step.notebook),
        "needs": list(step.needs),
        "state": step.phase.value,
        "reason": redact(step.reason),
        "params": strict(shown_params(step)),
        "attempts": step.attempt,
        "started_at": step.started_at.isoformat() if step.started_at else None,
        "seconds": step.seconds,
        "metrics": strict(dict(step.metrics)),
        "reads": list(step.reads),
        "publishes": list(step.publishes),
        "run_id": step.run_id,
        "output": str(step.output) if step.output and step.attempt else None,
        "warnings": [redact_shown(warning) for warning in step.warnings],
        "error": _error(step.failure) if step.failure and step.phase is not Phase.FINISHED else None,
    }


def shown_params(step: StepProgress) -> dict[str, JsonValue]:
    """Return a step's params, ``[secret]`` in place of credentials."""
    return {name: redact_value(name, value) for name, value in step.step.params.items()}


def _error(failure: StepFailure) -> JsonValue:
    return {
        "type": failure.error,
        "message": failure.message,
        "cell": failure.cell,
        "line": failure.line,
        "code": failure.code,
    }
