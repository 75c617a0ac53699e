"""Other names in a batch for what is outside of the code: files that lie elsewhere, datasets with other numbers."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import replace

from trackbook.records import DatasetUse, Execution, FileRead, Session, Statement
from trackbook.store.contract import Batch, RunChange

Rename = Callable[[str], str]


def renamed(batch: Batch, rename: Rename) -> Batch:
    """Return a batch with other names.

    Parameters
    ----------
    rename
        Is given the path of each file or dataset that was read, the place of each session and module, and each name
        that code read or wrote (`file_key`, `dataset_key` and plain ones), and returns what is to stand there.
    """
    return replace(
        batch,
        sessions=[_session(each, rename) for each in batch.sessions],
        executions=[_execution(each, rename) for each in batch.executions],
        runs=[_change(each, rename) for each in batch.runs],
    )


def _session(session: Session, rename: Rename) -> Session:
    notebook, folder = (rename(each) if each is not None else None for each in (session.notebook, session.folder))
    return replace(session, notebook=notebook, folder=folder)


def _execution(execution: Execution, rename: Rename) -> Execution:
    return replace(
        execution,
        reads=_each(execution.reads, rename),
        writes=_each(execution.writes, rename),
        maybe=_each(execution.maybe, rename),
        hidden=tuple(replace(each, name=rename(each.name)) for each in execution.hidden),
        statements=tuple(_statement(each, rename) for each in execution.statements),
    )


def _statement(statement: Statement, rename: Rename) -> Statement:
    return replace(
        statement,
        reads={rename(name): sources for name, sources in statement.reads.items()},
        writes=_each(statement.writes, rename),
        files=_files(statement.files, rename),
    )


def _change(change: RunChange, rename: Rename) -> RunChange:
    return replace(
        change,
        datasets=[_use(each, rename) for each in change.datasets],
        modules=[replace(each, path=rename(each.path)) for each in change.modules],
    )


def _use(use: DatasetUse, rename: Rename) -> DatasetUse:
    return replace(use, files=_files(use.files, rename))


def _files(files: Iterable[FileRead], rename: Rename) -> tuple[FileRead, ...]:
    return tuple(replace(each, path=rename(each.path)) for each in files)


def _each(names: Iterable[str], rename: Rename) -> tuple[str, ...]:
    return tuple(map(rename, names))
