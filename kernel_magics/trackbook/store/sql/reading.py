"""Rows to records: listings take the same few queries for one run and for a thousand."""

from __future__ import annotations

import sqlite3
from collections import defaultdict
from collections.abc import Callable, Collection, Iterable, Mapping, Sequence
from dataclasses import replace
from functools import cache, partial
from operator import itemgetter
from typing import Any, TypeVar

from trackbook import clock
from trackbook.records import Execution, JsonValue, MetricPoint, Origin, Outcome, RunDetail, RunStatus, Session
from trackbook.store import rules
from trackbook.store.contract import RunFilter
from trackbook.store.sql import rows, statements
from trackbook.store.sql.compiled import Question
from trackbook.store.sql.filters import shape_of, values_of
from trackbook.store.sql.latest import LatestMetrics
from trackbook.store.sql.parameters import ids, numbers
from trackbook.store.sql.texts import Texts, stored

T = TypeVar("T")


def runs(connection: sqlite3.Connection, texts: Texts, where: RunFilter) -> list[RunDetail]:
    """Return the runs of a filter with all that hangs on them."""
    found = _found(connection, texts, where)
    if not found:
        return []
    listed = [(row.number, rows.run_of(row)) for row in found]
    gone = _gone(connection, texts, {run.session_id for _, run in listed if run.status is RunStatus.RUNNING})
    read = _Hanging(connection, texts, [number for number, _ in listed])
    fields = where.fields
    params, tags, metrics = read.params(fields.params), read.tags(fields.tags), read.metrics(fields.metrics)
    datasets, models = read.lists(statements.DATASETS, rows.dataset_of), read.lists(statements.MODELS, rows.model_of)
    artifacts = read.lists(statements.ARTIFACTS, rows.artifact_of)
    modules = read.lists(statements.MODULES, rows.module_of)
    executions = read.lists(statements.RUN_EXECUTIONS, lambda row: str(row.execution_id))
    return [
        RunDetail(
            run=rules.as_read(run, run.session_id in gone),
            params=params[number],
            metrics=LatestMetrics(metrics[number]),
            tags=tags[number],
            datasets=tuple(datasets[number]),
            models=tuple(models[number]),
            artifacts=tuple(artifacts[number]),
            modules=tuple(modules[number]),
            execution_ids=tuple(executions[number]),
        )
        for number, run in listed
    ]


def _found(connection: sqlite3.Connection, texts: Texts, where: RunFilter) -> list[Any]:
    if where.query is None:
        return _named(connection, texts, _question(statements.PAGES, where, "page"), values_of(where))
    from trackbook.store.sql import asked

    question, found = asked.page(connection, where, partial(_gone, connection, texts))
    return question.named(texts.whole(found, question.texts))


def _question(usual: Mapping[str, Question], where: RunFilter, what: str) -> Question:
    """Return the statement of a filter; only an unusual one has to be made."""
    shape = shape_of(where)
    if shape.name in usual:
        return usual[shape.name]
    from trackbook.store.sql import listing

    return listing.page(shape) if what == "page" else listing.count(shape)


class _Hanging:
    """What hangs on some runs, by run, in the order in which it was first written."""

    def __init__(self, connection: sqlite3.Connection, texts: Texts, run_numbers: Sequence[int]) -> None:
        self._connection = connection
        self._texts = texts
        self._run_numbers = run_numbers
        self._wanted = {"ids": numbers(run_numbers)}

    def _rows(self, question: Question, keys: Collection[str] | None = None) -> list[tuple[Any, ...]]:
        if keys is None:
            found = question.ask(self._connection, self._wanted)
        else:
            found = _of_keys(question).ask(self._connection, {**self._wanted, "keys": ids(keys)}) if keys else []
        found.sort(key=_place)
        return self._texts.whole(found, question.texts)

    def lists(self, question: Question, record_of: Callable[[Any], T]) -> dict[int, list[T]]:
        found: dict[int, list[T]] = defaultdict(list)
        for row in question.named(self._rows(question)):
            found[row.run_number].append(record_of(row))
        return found

    def params(self, keys: Collection[str] | None = None) -> dict[int, dict[str, JsonValue]]:
        found: dict[int, dict[str, JsonValue]] = {number: {} for number in self._run_numbers}
        for number, _, key, text in self._rows(statements.PARAMS, keys):
            found[number][key] = rows.param_of(text)
        return found

    def tags(self, keys: Collection[str] | None = None) -> dict[int, dict[str, str]]:
        found: dict[int, dict[str, str]] = {number: {} for number in self._run_numbers}
        for number, _, key, text in self._rows(statements.TAGS, keys):
            found[number][key] = text
        return found

    def metrics(self, keys: Collection[str] | None = None) -> dict[int, dict[str, tuple[Any, ...]]]:
        found: dict[int, dict[str, tuple[Any, ...]]] = {number: {} for number in self._run_numbers}
        for row in self._rows(statements.LATEST, keys):
            found[row[0]][row[2]] = row
        return found


_place = itemgetter(1)


@cache
def _of_keys(question: Question) -> Question:
    """Return a statement about what hangs on runs, for some of the keys alone."""
    sql = f'{question.sql} AND keys."key" IN (SELECT value FROM json_each(:keys))'
    return Question(sql, " ".join(question.columns), question.texts, question.given)


def _named(
    connection: sqlite3.Connection, texts: Texts, question: Question, values: dict[str, Any] | None = None
) -> list[Any]:
    return question.named(texts.whole(question.ask(connection, values), question.texts))


def count_runs(connection: sqlite3.Connection, texts: Texts, where: RunFilter) -> int:
    """Return how many runs a filter has."""
    if where.query is not None:
        from trackbook.store.sql import asked

        return asked.count(connection, where, partial(_gone, connection, texts))
    question = _question(statements.COUNTS, replace(where, oldest_first=False), "count")
    ((count,),) = question.ask(connection, values_of(where))
    return int(count)


def metric_history(connection: sqlite3.Connection, texts: Texts, run_id: str, key: str) -> list[MetricPoint]:
    """Return every point of a metric, by step, then time: the latest is the last of all."""
    asked = {"run": stored(run_id), "key": stored(key)}
    found: list[Any] = statements.HISTORY.ask(connection, asked) + statements.LATEST_OF_KEY.ask(connection, asked)
    return [rows.point_of(key, *row) for row in texts.whole(found, statements.HISTORY.texts)]


def origins(connection: sqlite3.Connection, texts: Texts, run_id: str) -> list[Origin]:
    """Return which statements made a run's metrics and models."""
    found = statements.RUN_NUMBER.ask(connection, {"run": stored(run_id)})
    listed = _Hanging(connection, texts, [number for (number,) in found]).lists(statements.ORIGINS, rows.origin_of)
    return [origin for origins in listed.values() for origin in origins]


def executions(
    connection: sqlite3.Connection,
    texts: Texts,
    execution_ids: Sequence[str] | None,
    session_id: str | None,
    run_id: str | None,
) -> list[Execution]:
    """Return executions in the order in which they started, with the ids of their runs."""
    given = {"ids": execution_ids, "run": run_id, "session": session_id}
    question = statements.EXECUTIONS[" ".join(name for name, value in given.items() if value is not None)]
    asked: dict[str, Any] = {"session": stored(session_id or ""), "run": stored(run_id or "")}
    found = _named(connection, texts, question, asked | {"ids": ids(execution_ids or ())})
    gone = _gone(connection, texts, {row.session_id for row in found if row.outcome == Outcome.RUNNING})
    run_ids = _run_ids(connection, texts, [row.execution_id for row in found])
    return [
        rules.execution_as_read(rows.execution_of(row, tuple(run_ids[row.execution_id])), row.session_id in gone)
        for row in found
    ]


def _run_ids(connection: sqlite3.Connection, texts: Texts, execution_ids: Sequence[str]) -> dict[str, list[str]]:
    found: dict[str, list[str]] = defaultdict(list)
    for row in _named(connection, texts, statements.RUNS_OF_EXECUTIONS, {"ids": ids(execution_ids)}):
        found[row.execution_id].append(row.run_id)
    return found


def sessions(connection: sqlite3.Connection, texts: Texts, session_ids: Sequence[str] | None) -> list[Session]:
    """Return sessions, oldest first."""
    question = statements.SESSIONS if session_ids is None else statements.SESSIONS_BY_ID
    asked = {} if session_ids is None else {"ids": ids(session_ids)}
    return [rows.session_of(row) for row in _named(connection, texts, question, asked)]


def _gone(connection: sqlite3.Connection, texts: Texts, session_ids: Iterable[str]) -> set[str]:
    """Return which of some sessions can't finish anything any more."""
    wanted = list(session_ids)
    if not wanted:
        return set()
    now = clock.now()
    return {session.session_id for session in sessions(connection, texts, wanted) if rules.is_gone(session, now)}
