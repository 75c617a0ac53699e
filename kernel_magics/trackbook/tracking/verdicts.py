"""What hidden reads mean for a run: its verdict, and the reason in one sentence."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import replace

from trackbook.capture.secrets import redact
from trackbook.lineage.stale_facts import Finding
from trackbook.records import Execution, HiddenReason, Run, Verdict, dataset_key, is_dataset_key, is_file_key
from trackbook.tracking.generators import NAMES as GENERATORS

HIDDEN_REPETITION = "repeated_hidden"
"""The tag that says what the last repetition of a run read that the notebook doesn't show."""
_LONGEST_LINE = 80
_RANKS = {None: -1, Verdict.CLEAN: 0, Verdict.UNORDERED: 1, Verdict.STALE: 2}


def judged(run: Run, findings: Sequence[Finding], counts: Mapping[str, str], is_sure: bool) -> Run:
    """Return a run with the verdict that findings mean, if it is worse than the one that it has."""
    worst = min(findings, key=lambda finding: finding.read.reason is HiddenReason.ORDER, default=None)
    if worst is None:
        return replace(run, verdict=Verdict.CLEAN) if is_sure and run.verdict is None else run
    verdict = Verdict.UNORDERED if worst.read.reason is HiddenReason.ORDER else Verdict.STALE
    if _RANKS[verdict] <= _RANKS[run.verdict]:
        return run
    return replace(run, verdict=verdict, verdict_reason=reason_sentence(worst, counts))


def family_verdicts(runs: Sequence[Run]) -> list[Run]:
    """Return with a verdict those of some runs that have none of their own: a group's is its worst, a child's its
    parent's."""
    told = {run.run_id: run for run in runs if run.verdict is not None}
    found = []
    for run in runs:
        if run.verdict is not None:
            continue
        children = [other for other in told.values() if other.parent_id == run.run_id]
        parent = told.get(run.parent_id or "")
        worst = max(children, key=lambda other: _RANKS[other.verdict], default=parent)
        if worst is not None:
            found.append(replace(run, verdict=worst.verdict, verdict_reason=worst.verdict_reason))
    return found


def reason_sentence(finding: Finding, counts: Mapping[str, str]) -> str:
    """Return why a value was not the notebook's, in one sentence.

    Parameters
    ----------
    counts
        The prompt numbers of executions by their ids.
    """
    read = finding.read
    reader, maker = _prompt(finding.reader_id, counts), _prompt(read.source.execution_id, counts)
    instead = _prompt(finding.instead, counts) if finding.instead else ""
    is_drawn = read.name in GENERATORS.values()
    did, made = ("drew from", "left") if is_drawn else ("read", "made")
    told = f"Cell {reader} {did} {read.name} as cell {maker} {made} it"
    match read.reason:
        case HiddenReason.RERUN if is_drawn and finding.instead == finding.reader_id:
            return f"Cell {reader} drew from {read.name} after it had drawn from it once more, when it ran as {maker}."
        case HiddenReason.RERUN if finding.instead == finding.reader_id:
            return f"Cell {reader} changed {read.name} once more, as it had when it ran as {maker}."
        case HiddenReason.RERUN:
            return f"{told}, before that cell was run again as {instead}."
        case HiddenReason.EDITED if instead:
            return f"{told}, which was edited and run again as {instead}, and makes it no longer."
        case HiddenReason.EDITED:
            return f"{told}, which was edited since."
        case HiddenReason.DELETED:
            return f"{told}, which is no longer in the notebook."
        case HiddenReason.SKIPPED if finding.unrun is not None:
            code = _line_of(read.name, redact(finding.unrun))
            return f"{told}; the cell between them that changes it has not run in this session: '{code}'."
        case HiddenReason.SKIPPED:
            return f"{told}, without cell {instead} between them, which makes another one."
        case HiddenReason.RELOADED:
            return f"Cell {reader} used {read.name} as it was before it was edited and loaded again."
        case HiddenReason.CHANGED if is_dataset_key(read.name):
            label = read.name.removeprefix(dataset_key(""))
            return f"Cell {reader} loaded {label} as the latest of its dataset; a newer version was published since."
        case HiddenReason.CHANGED if is_file_key(read.name):
            return f"Cell {reader} read {read.name} as it was before it changed on disk."
        case HiddenReason.CHANGED:
            told = f"Cell {reader} used {read.name} as it was before its file was edited"
            return f"{told}." if read.name.startswith("script") else f"{told}: load it again, then run the cell."
        case _:
            return f"{told}, which stands below it in the notebook."


def _line_of(name: str, source: str) -> str:
    """Return the first line of some code that mentions a name, not too long."""
    lines = [line.strip() for line in source.splitlines()]
    line = next((line for line in lines if name in line and not line.startswith("#")), lines[0])
    return line if len(line) <= _LONGEST_LINE else f"{line[: _LONGEST_LINE - 1]}…"


def _prompt(execution_id: str | None, counts: Mapping[str, str]) -> str:
    return f"[{counts.get(execution_id or '', '?')}]"


def counts_of(executions: Iterable[Execution]) -> dict[str, str]:
    """Return the prompt numbers of executions by their ids."""
    return {each.execution_id: str(each.count if each.count is not None else each.index) for each in executions}
