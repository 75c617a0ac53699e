"""Hidden state of a session: which cells read what the notebook no longer makes, and what that says of their runs.

A cell is known by the id that the front end gives it, else by its text; where the notebook's file has that text more
than once, by which of them it must be when they run in order. The order of cells is the file's, as last saved: without
a file, or for a cell that was never saved, nothing is said about order. Code counts as edited, and a cell as deleted,
only by a file that was saved after the cell ran.
"""

from __future__ import annotations

from collections.abc import Collection, Hashable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from types import FunctionType, ModuleType

from trackbook.capture.cell import CapturedCell, CellCapture
from trackbook.capture.notebook import saved_notebook
from trackbook.capture.ownership import class_mro
from trackbook.capture.secrets import redact
from trackbook.capture.state import generator_mark
from trackbook.errors import NotFoundError
from trackbook.lineage.stale_facts import Finding, Ran, StaleCell
from trackbook.lineage.staleness import Staleness
from trackbook.records import (
    Execution,
    HiddenRead,
    HiddenReason,
    Outcome,
    Run,
    Session,
    Source,
    Statement,
    Verdict,
)
from trackbook.store.contract import Store
from trackbook.tracking.find import find_session
from trackbook.tracking.generators import NAMES as GENERATORS
from trackbook.tracking.generators import Generators
from trackbook.tracking.notebook_cells import Cells, PythonCode

_PLAIN = frozenset({bool, int, float, complex, str, bytes, type(None)})
_LONGEST_PLAIN = 10_000
_LONGEST_LINE = 80
_RANKS = {None: -1, Verdict.CLEAN: 0, Verdict.UNORDERED: 1, Verdict.STALE: 2}


@dataclass(frozen=True, slots=True, kw_only=True)
class StaleReport:
    """The cells of a session to run again, in the order in which to run them.

    `executions` holds the execution of each id that the cells name. `places` count the notebook's code cells from 1.
    """

    cells: tuple[StaleCell, ...]
    executions: Mapping[str, Execution]
    places: Mapping[str, int]
    notebook: str | None = None


class HiddenState:
    """What a running session knows of its hidden state.

    Parameters
    ----------
    notebook
        The notebook's file, if there is one.
    variables
        The namespace.
    capture
        Tells what values are known by.
    """

    def __init__(self, notebook: Path | None, variables: Mapping[str, object], capture: CellCapture) -> None:
        self._notebook = notebook
        self._variables = variables
        self._capture = capture
        self._staleness = Staleness(PythonCode())
        self._cells = Cells()
        self._generators = Generators()
        self._cell = ""
        self._counts: dict[str, str] = {}
        self._unsure: set[str] = set()

    def begin(self, source: str, cell_id: str | None) -> None:
        """A cell is about to run; the namespace is still what it was."""
        if self._notebook is not None:
            self._refresh()
        had_ids = self._cells.has_ids
        self._cell = self._cells.key(source, cell_id)
        if self._cells.has_ids != had_ids:
            self._staleness.look_at(self._cells.saved())
        before = self._staleness.knows(self._cell)
        if before is not None:
            for name in before.writes:
                if self._is_worth_marking(before, name):
                    self._tell(name, self._capture.mark(name))

    def note_marks(self) -> None:
        """Take what the capture has found of the values that the cell, which has not begun yet, may change."""
        for name, mark in self._capture.marks_before().items():
            self._tell(name, mark)

    def _tell(self, name: str, mark: bytes | None) -> None:
        writer = self._staleness.last_writer(name)
        if writer is not None and mark is not None and not _is_own_kind(self._variables.get(name)):
            self._staleness.tell_version(writer, name, mark)

    def _is_worth_marking(self, before: Ran, name: str) -> bool:
        known = self._staleness
        is_left = known.is_current(before.execution_id, name) and name in self._variables
        return is_left and known.was_read(name) and not known.has_version(before.execution_id, name)

    def end(
        self,
        cell: CapturedCell,
        execution_id: str,
        count: int,
        statements: Sequence[Statement],
        known: Collection[str],
    ) -> tuple[HiddenRead, ...]:
        """The cell has ended; return what it read that the notebook doesn't show.

        Parameters
        ----------
        count
            Its prompt number.
        known
            The names of which it was known before the cell what made them.
        """
        before = self._staleness.knows(self._cell)
        versions = dict(self._versions(cell.change.writes, before))
        drawn = frozenset[str]()
        if cell.change.state:
            statements, drawn = self._generators.follow(execution_id, cell.source, statements, cell.change.state)
            versions.update((name, generator_mark(each)) for each, name in GENERATORS.items() if name in drawn)
        ran = Ran(
            execution_id=execution_id,
            cell=self._cell,
            source=cell.source,
            statements=statements,
            writes=drawn.union(cell.change.writes),
            versions=versions,
            anew=self._fitted(cell) if before is not None else frozenset(),
            is_repeatable=not cell.change.state,
            place=self._cells.place(self._cell, cell.source),
        )
        self._staleness.add(ran)
        self._counts[execution_id] = str(count)
        self._cells.ran(self._cell, cell.source, cell.started_at.timestamp())
        if any(name not in known and not _is_library(self._variables.get(name)) for name in cell.change.reads):
            self._unsure.add(execution_id)
        return tuple(finding.read for finding in self._staleness.hidden_in(execution_id))

    def _versions(self, names: Iterable[str], before: Ran | None) -> Iterable[tuple[str, Hashable]]:
        """Yield what values are known by: plain ones by themselves, of a cell that ran again others by their marks."""
        for name in names:
            value = self._variables.get(name)
            kind = type(value)
            if kind in _PLAIN and (kind not in (str, bytes) or len(value) < _LONGEST_PLAIN):  # type: ignore[arg-type]  # text, as was just asked
                yield name, (kind.__name__, repr(value))
            elif kind is ModuleType:
                yield name, ("module", id(value))
            elif before is not None and self._staleness.has_version(before.execution_id, name):
                mark = None if _is_own_kind(value) else self._capture.mark(name)
                if mark is not None:
                    yield name, mark

    def _fitted(self, cell: CapturedCell) -> frozenset[str]:
        """Return the names of estimators that the cell fitted: a fit begins anew, unless it was told otherwise."""
        return frozenset(name for name in cell.change.writes if _begins_anew(self._variables.get(name), name, cell))

    def _refresh(self) -> None:
        saved = saved_notebook(self._notebook) if self._notebook is not None else None
        if saved is not None and self._cells.look_at(saved):
            self._staleness.look_at(self._cells.saved())

    # Runs

    def judge(self, run: Run, places: Iterable[Source]) -> Run:
        """Return a run with its verdict, after something of it happened at some statements.

        It may become worse, never better.
        """
        start = [(place, None) for place in places]
        if not start:
            return run
        return judged(run, self._staleness.hidden(start), self._staleness, self._counts, self._is_sure(start))

    def _is_sure(self, start: Iterable[tuple[Source, None]]) -> bool:
        if not self._unsure:
            return True
        reached = self._staleness.reached(source for source, _ in start)
        return self._unsure.isdisjoint(source.execution_id for source in reached)

    def statements_behind(self, places: Iterable[Source]) -> Iterator[str]:
        """Yield the code of some statements and of those that flowed into them."""
        for source in self._staleness.reached(places):
            ran = self._staleness.ran(source.execution_id)
            if ran is not None and source.statement < len(ran.statements):
                statement = ran.statements[source.statement]
                lines = ran.source.split("\n")[statement.line - 1 : statement.end_line]
                yield "\n".join(lines)

    def report(self, executions: Iterable[Execution]) -> StaleReport:
        """Return the cells to run again, by the notebook as it is saved now."""
        self._refresh()
        return _report(self._staleness, self._cells, executions, self._notebook)


def stale_of(session: Session, executions: Sequence[Execution]) -> StaleReport:
    """Return the cells of a session to run again, from what the store has of it.

    A value that the same code made of the same values is taken for the same; what a cell read is judged by the
    notebook's file as it is now, if it is still there.
    """
    path = Path(session.notebook) if session.notebook else None
    saved = saved_notebook(path) if path is not None else None
    cells, staleness, generators = Cells(redact), Staleness(PythonCode()), Generators()
    if saved is not None:
        cells.look_at(saved)
    for execution in executions:
        if execution.outcome is Outcome.RUNNING:
            continue
        cell = cells.key(execution.source, execution.cell_id)
        place = cells.place(cell, execution.source)
        staleness.add(replace(_with_generators(_ran(execution, cell), execution, generators), place=place))
        cells.ran(cell, execution.source, execution.started_at.timestamp())
    staleness.look_at(cells.saved())
    return _report(staleness, cells, executions, path)


def session_of(store: Store, notebook: str | None, reference: str | None) -> Session:
    """Return the session that is meant: by its id or the beginning of one, else the newest (of a notebook).

    Raises
    ------
    NotFoundError, AmbiguousError
        If there is none, or more than one.
    """
    if reference is not None or notebook is None:
        return find_session(store, reference or "latest")
    path = str(Path(notebook).resolve())
    sessions = [each for each in store.sessions() if each.notebook and str(Path(each.notebook).resolve()) == path]
    if not sessions:
        raise NotFoundError(f"No session of '{notebook}' in {store.location}. Run it with %load_ext trackbook first.")
    return sessions[-1]


def _ran(execution: Execution, cell: str) -> Ran:
    literals: dict[str, Hashable] = {}
    for statement in execution.statements:
        for name in statement.writes:
            literals.pop(name, None)
        literals.update((name, repr(value)) for name, value in statement.literals.items() if not statement.reads)
    writes = frozenset(execution.writes)
    return Ran(
        execution_id=execution.execution_id,
        cell=cell,
        source=execution.source,
        statements=execution.statements,
        writes=writes,
        versions={name: value for name, value in literals.items() if name in writes},
        anew=frozenset(name for name in writes if _is_fit_of(name, execution.source)),
        is_repeatable=not execution.state,
    )


def _with_generators(ran: Ran, execution: Execution, generators: Generators) -> Ran:
    statements, drawn = generators.follow(ran.execution_id, ran.source, ran.statements, execution.state)
    return replace(ran, statements=statements, writes=ran.writes | drawn) if drawn else ran


def _report(staleness: Staleness, cells: Cells, executions: Iterable[Execution], notebook: Path | None) -> StaleReport:
    stale = tuple(
        replace(cell, unrun=redact(cell.unrun)) if cell.unrun is not None else cell for cell in staleness.stale_cells()
    )
    wanted = {cell.execution_id for cell in stale}
    for cell in stale:
        for finding in cell.findings:
            wanted |= {finding.reader_id, finding.read.source.execution_id, finding.instead or ""}
    return StaleReport(
        cells=stale,
        executions={each.execution_id: each for each in executions if each.execution_id in wanted},
        places={cell: place + 1 for cell, place in cells.positions().items()},
        notebook=str(notebook) if notebook is not None else None,
    )


def judged(
    run: Run, findings: Sequence[Finding], staleness: Staleness, counts: Mapping[str, str], is_sure: bool
) -> Run:
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


def _is_own_kind(value: object) -> bool:
    """Return whether a value is of a class of the notebook's: its mark tells only that the class was made again."""
    kind = value if isinstance(value, type) else type(value)
    return kind.__module__ == "__main__"


def _is_library(value: object) -> bool:
    """Return whether a value is a part of a library (or there is none): where that comes from is plain to see."""
    if value is None or isinstance(value, ModuleType):
        return True
    return isinstance(value, FunctionType | type) and value.__module__ != "__main__"


def _begins_anew(value: object, name: str, cell: CapturedCell) -> bool:
    is_estimator = any(
        base.__name__ == "BaseEstimator" and base.__module__.partition(".")[0] == "sklearn"
        for base in class_mro(type(value))
    )
    if not is_estimator or getattr(value, "__dict__", {}).get("warm_start"):
        return False
    return _is_fit_of(name, cell.source)


def _is_fit_of(name: str, source: str) -> bool:
    """Return whether a cell fits the model of that name, and trains none of it further."""
    return f"{name}.fit" in source and f"{name}.partial_fit" not in source
