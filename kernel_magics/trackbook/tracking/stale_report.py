"""Which cells of a session to run again, with what there is to say of them; also of a session that is in the store."""

from __future__ import annotations

from collections.abc import Hashable, Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path

from trackbook.capture.notebook import saved_notebook
from trackbook.capture.secrets import redact
from trackbook.errors import NotFoundError
from trackbook.lineage.rerun import cells_to_run
from trackbook.lineage.stale_facts import Ran, StaleCell
from trackbook.lineage.staleness import Staleness
from trackbook.records import Execution, Outcome, Session
from trackbook.store.contract import Store
from trackbook.tracking.files import written_files
from trackbook.tracking.find import find_session
from trackbook.tracking.generators import Generators
from trackbook.tracking.notebook_cells import Cells, PythonCode, is_fit_of
from trackbook.tracking.surroundings import FileStates, Newer


@dataclass(frozen=True, slots=True, kw_only=True)
class StaleReport:
    """The cells of a session to run again, in the order in which to run them.

    `executions` holds the execution of each id that the cells name. `places` count the notebook's code cells from 1.
    """

    cells: tuple[StaleCell, ...]
    executions: Mapping[str, Execution]
    places: Mapping[str, int]
    notebook: str | None = None


EDITED = "It was edited since it ran."


def lacking_sentence(names: Iterable[str]) -> str:
    """Return why running a cell again does not put it right: nothing above it makes some names."""
    return f"No cell above it makes {', '.join(names)}: put one there, for running this one alone is no cure."


def stale_of(session: Session, executions: Sequence[Execution], has_newer: Newer | None = None) -> StaleReport:
    """Return the cells of a session to run again, from what the store has of it.

    A value that the same code made of the same values is taken for the same; what a cell read is judged by the
    notebook's file as it is now, if it is still there. `has_newer` tells what has become of datasets that it loaded.
    """
    path = Path(session.notebook) if session.notebook else None
    saved = saved_notebook(path) if path is not None else None
    cells, staleness, generators = Cells(redact), Staleness(PythonCode()), Generators()
    files = FileStates(staleness.is_written_from_here_on, has_newer)
    staleness.surroundings = files
    if saved is not None:
        cells.look_at(saved)
    for execution in executions:
        if execution.outcome is Outcome.RUNNING:
            continue
        cell = cells.key(execution.source, execution.cell_id)
        place = cells.place(cell, execution.source)
        staleness.add(replace(_with_generators(_ran(execution, cell), execution, generators), place=place))
        cells.ran(cell, execution.source, execution.started_at.timestamp())
        files.add(execution.execution_id, execution.statements, _end_of(execution))
        for statement in execution.statements:
            for name, file in written_files(statement).items():
                staleness.tell_write(statement.reads[name], name, file.digest)
    files.look()
    staleness.look_at(cells.saved())
    return report_of(staleness, cells, executions, path)


def _end_of(execution: Execution) -> float:
    return execution.started_at.timestamp() + (execution.seconds or 0.0)


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
        anew=frozenset(name for name in writes if is_fit_of(name, execution.source)),
        is_repeatable=not execution.changed_state,
    )


def _with_generators(ran: Ran, execution: Execution, generators: Generators) -> Ran:
    statements, drawn = generators.follow(ran.execution_id, ran.source, ran.statements, execution.state)
    return replace(ran, statements=statements, writes=ran.writes | drawn) if drawn else ran


def report_of(
    staleness: Staleness, cells: Cells, executions: Iterable[Execution], notebook: Path | None
) -> StaleReport:
    stale = tuple(
        replace(cell, unrun=redact(cell.unrun)) if cell.unrun is not None else cell for cell in cells_to_run(staleness)
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
