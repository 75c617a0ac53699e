"""Finds the metrics of a run by the names that its code gave them: a variable, or a key of a dict or table."""

from __future__ import annotations

from collections.abc import Collection, Iterator, Mapping, Sequence

from trackbook.lineage.code import names_given, names_stored
from trackbook.lineage.why import statement_at, text_at
from trackbook.records import Execution, Origin, OriginKind, RunDetail, Source
from trackbook.store.contract import Store


def metrics_assigned_to(store: Store, run: RunDetail, name: str) -> list[str]:
    """Return the metrics whose statement bound a name, or stored them under it in something.

    That is ``mae`` for ``mae = mean_absolute_error(...)`` and for ``results["mae"] = mean_absolute_error(...)``.
    """
    origins = [origin for origin in store.origins(run.run.run_id) if origin.kind is OriginKind.METRIC]
    executions = {each.execution_id: each for each in store.executions(ids=[o.source.execution_id for o in origins])}
    found = [origin.key for origin in origins if _binds(origin, name, executions)]
    found = found or _stored_as(store, origins, name, executions)
    return [key for key in dict.fromkeys(found) if key in run.metrics]


def _stored_as(store: Store, origins: Sequence[Origin], name: str, executions: Mapping[str, Execution]) -> list[str]:
    """Return the metrics that were stored under a key, by their statement or by a function that it called."""
    makers = {maker.execution_id for origin in origins for maker in _definitions(origin, executions)}
    defining = {each.execution_id: each for each in store.executions(ids=sorted(makers))} if makers else {}
    found = []
    for origin in origins:
        own = names_stored(text_at(executions, origin.source), name)
        inside = (names_stored(text_at(defining, each), name) for each in _definitions(origin, executions))
        given = [own if own is not None and _flowed_in(origin, executions) <= own else None, *inside]
        if any(names is not None and _measures(origin, names) for names in given):
            found.append(origin.key)
    return found


def _flowed_in(origin: Origin, executions: Mapping[str, Execution]) -> set[str]:
    """Return the names that a metric's statement read for it; those that a function read for itself are left out."""
    statement = statement_at(executions, origin.source)
    return set(origin.names).intersection(statement.reads) if statement is not None and not origin.inside else set()


def _definitions(origin: Origin, executions: Mapping[str, Execution]) -> Iterator[Source]:
    """Yield the statements that defined the functions in which a metric was measured."""
    statement = statement_at(executions, origin.source)
    for each in origin.inside if statement is not None else ():
        yield from statement.reads.get(each.function, ()) if statement is not None else ()


def _measures(origin: Origin, names: Collection[str]) -> bool:
    """Return whether a metric's function, or the one that measured it, is among some names: ``f1_score`` of ``f1``."""
    words = {word.partition("[")[0] for word in origin.key.split(".")}
    words.update(each.function for each in origin.inside)
    return any(name in words or name.removesuffix("_score") in words for name in names)


def _binds(origin: Origin, name: str, executions: Mapping[str, Execution]) -> bool:
    """Return whether a metric's statement bound a name; one that binds several at once, whether to this metric."""
    statement = statement_at(executions, origin.source)
    if statement is None or name not in statement.writes:
        return False
    given = names_given(text_at(executions, origin.source), name)
    return given is None or given.issuperset(set(origin.names).intersection(statement.reads))
