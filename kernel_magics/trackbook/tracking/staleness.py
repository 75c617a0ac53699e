"""Hidden state of a session: which cells read what the notebook no longer makes, and what that says of their runs.

A cell is known by the id that the front end gives it, else by its text; where the notebook's file has that text more
than once, by which of them it must be when they run in order. The order of cells is the file's, as last saved: without
a file, or for a cell that was never saved, nothing is said about order. Code counts as edited, and a cell as deleted,
only by a file that was saved after the cell ran.
"""

from __future__ import annotations

from collections.abc import Collection, Hashable, Iterable, Iterator, Mapping, Sequence
from dataclasses import replace
from pathlib import Path
from types import FunctionType, ModuleType

from trackbook import clock
from trackbook.capture.cell import CapturedCell, CellCapture
from trackbook.capture.modules import OwnModules
from trackbook.capture.notebook import saved_notebook
from trackbook.capture.ownership import class_mro
from trackbook.capture.state import generator_mark
from trackbook.lineage.stale_facts import Ran
from trackbook.lineage.staleness import Staleness
from trackbook.records import (
    Execution,
    FileRead,
    HiddenRead,
    Run,
    Source,
    Statement,
    file_key,
    is_file_key,
)
from trackbook.tracking.files import Ended, Files, shown_path, with_written, written_files
from trackbook.tracking.generators import NAMES as GENERATORS
from trackbook.tracking.generators import Generators
from trackbook.tracking.notebook_cells import Cells, PythonCode, is_fit_of
from trackbook.tracking.stale_report import StaleReport, report_of
from trackbook.tracking.surroundings import AllStates, FileStates, ModuleStates, Newer
from trackbook.tracking.verdicts import judged

_PLAIN = frozenset({bool, int, float, complex, str, bytes, type(None)})
_LONGEST_PLAIN = 10_000


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
        self._file = str(notebook) if notebook is not None else None
        self._variables = variables
        self._capture = capture
        self._staleness = Staleness(PythonCode())
        self._cells = Cells()
        self._generators = Generators()
        self._files = Files()
        self._states = AllStates(FileStates(self._staleness.is_written_from_here_on))
        self._staleness.surroundings = self._states
        self._ended_at: dict[str, float] = {}
        self._cell = ""
        self._counts: dict[str, str] = {}
        self._unsure: set[str] = set()

    def begin(self, source: str, cell_id: str | None) -> None:
        """A cell is about to run; the namespace is still what it was."""
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

    def watch_modules(self, own: OwnModules) -> None:
        """Look at the project's own modules, too."""
        self._states.modules = ModuleStates(own, self._variables, self._code_of)

    def watch_datasets(self, has_newer: Newer) -> None:
        """Look at the datasets of which the latest version was loaded, too."""
        self._states.files.has_newer = has_newer

    def _with_writers(self, ended: Ended) -> Sequence[Statement]:
        """Return the statements of a cell that has ended with the cells that wrote the files which they read."""
        linked = self._files.add(ended)
        if linked is ended.statements:
            return linked
        linked = [self._without_own(statement, ended.execution_id) for statement in linked]
        self._states.files.add(ended.execution_id, linked, ended.ended)
        return linked

    def _without_own(self, statement: Statement, execution_id: str) -> Statement:
        """Return a statement without the files that earlier runs of its own cell wrote: it may do without them."""
        reads = {}
        for name, sources in statement.reads.items():
            makers = {source.execution_id for source in sources} - {execution_id} if is_file_key(name) else set()
            ran = self._staleness.ran(next(iter(makers), ""))
            if ran is None or ran.cell != self._cell:
                reads[name] = sources
        return replace(statement, reads=reads) if len(reads) < len(statement.reads) else statement

    def end(
        self,
        cell: CapturedCell,
        execution_id: str,
        count: int,
        statements: Sequence[Statement],
        known: Collection[str],
    ) -> tuple[tuple[Statement, ...], tuple[HiddenRead, ...]]:
        """The cell has ended; return its statements, with the cells that wrote the files which they read, and what it
        read that the notebook doesn't show.

        Parameters
        ----------
        count
            Its prompt number.
        known
            The names of which it was known before the cell what made them.
        """
        started = cell.started_at.timestamp()
        ended = Ended(execution_id, cell.source, statements, started, started + cell.seconds)
        ended.statements = linked = self._with_writers(ended)
        before = self._staleness.knows(self._cell)
        versions = dict(self._versions(cell.change.writes, before))
        self._note_writers(linked)
        written = dict[str, Sequence[Source]]()
        for file, sources in self._files.written_by(ended):
            key = file_key(shown_path(file.path))
            written[key], versions[key] = sources, file.digest
        statements = with_written(linked, written) if written else linked
        drawn = frozenset[str]()
        if cell.change.state:
            statements, drawn = self._generators.follow(execution_id, cell.source, statements, cell.change.state)
            versions.update((name, generator_mark(each)) for each, name in GENERATORS.items() if name in drawn)
        ran = Ran(
            execution_id=execution_id,
            cell=self._cell,
            source=cell.source,
            statements=statements,
            writes=drawn.union(cell.change.writes, written),
            versions=versions,
            anew=self._fitted(cell) if before is not None else frozenset(),
            is_repeatable=not cell.change.state,
            place=self._cells.place(self._cell, cell.source),
        )
        self._staleness.add(ran)
        self._ended_at[execution_id] = clock.monotonic()
        if cell.events:
            self._states.look()
        self._counts[execution_id] = str(count)
        self._cells.ran(self._cell, cell.source, started)
        for name in cell.change.reads:
            if name not in known and not _is_library(self._variables.get(name)):
                self._unsure.add(execution_id)
        hidden = self._staleness.hidden_in(execution_id)
        return tuple(linked), tuple([finding.read for finding in hidden]) if hidden else ()

    def _note_writers(self, statements: Sequence[Statement]) -> None:
        """Let the cells whose files the one that has ended read be known to have written them."""
        for statement in statements:
            for name, file in written_files(statement).items():
                self._staleness.tell_write(statement.reads[name], name, file.digest)

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
        saved = saved_notebook(self._file) if self._file is not None else None
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
        return judged(run, self._staleness.hidden(start), self._counts, self._is_sure(start))

    def _is_sure(self, start: Iterable[tuple[Source, None]]) -> bool:
        if not self._unsure:
            return True
        reached = self._staleness.reached(source for source, _ in start)
        return self._unsure.isdisjoint(source.execution_id for source in reached)

    def statements_behind(self, places: Iterable[Source]) -> Iterator[tuple[Source, str]]:
        """Yield some statements and those that flowed into them, nearest first, with their code."""
        for source in self._staleness.reached(places):
            text = self._staleness.text(source)
            if text is not None:
                yield source, text

    def files_behind(self, places: Iterable[Source]) -> Iterator[FileRead]:
        """Yield the files that some statements read and those that flowed into them; nothing flows through a module."""
        seen = dict.fromkeys(places)
        pending = list(seen)
        for source in pending:  # it grows
            ran = self._staleness.ran(source.execution_id)
            if ran is None or source.statement >= len(ran.statements):
                continue
            statement = ran.statements[source.statement]
            yield from statement.files
            for name, sources in statement.reads.items():
                if not isinstance(self._variables.get(name), ModuleType):
                    pending += [each for each in sources if each not in seen]
                    seen.update(dict.fromkeys(sources))

    def ended_at(self, execution_id: str) -> float:
        """Return when an execution ended, by the monotonic clock; of one that has not, now."""
        return self._ended_at.get(execution_id) or clock.monotonic()

    def _code_of(self, source: Source) -> tuple[str, float]:
        return self._staleness.text(source) or "", self.ended_at(source.execution_id)

    def report(self, executions: Iterable[Execution]) -> StaleReport:
        """Return the cells to run again, by the notebook as it is saved now."""
        self._refresh()
        self._states.look()
        return report_of(self._staleness, self._cells, executions, self._notebook)


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
    return is_fit_of(name, cell.source)
