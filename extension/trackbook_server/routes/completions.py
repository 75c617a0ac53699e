"""What can stand at a place of a query."""

from __future__ import annotations

from collections.abc import Mapping, Sequence, Set
from functools import cache
from typing import Annotated

from msgspec import UNSET, Meta, Struct, UnsetType, field
from trackbook.records.query import NameKind
from trackbook.store.contract import RunFilter, Store
from trackbook.tracking.query_completion import complete
from trackbook.tracking.query_names import RUN_FIELDS, FieldKind, Names, all_fields, kind_of, run_field

from trackbook_server.route import Asked, At, Operation, Route

_MOST_RUNS = 100  # of an experiment, whose names come first
_KEYWORDS = frozenset({"and", "or", "order by", "by", "limit", "asc", "desc", "not", "has", "null", "not null"})
_OPERATORS = frozenset(
    {"=", "!=", ">", ">=", "<", "<=", "~", "between", "in", "not in", "like", "ilike", "not like"}
    | {"is null", "is not null"}
)


class CompletionsQuery(At, kw_only=True):
    """The query as it is written, and how many of its characters stand before the cursor; all if not said.

    The names of `experiment` come before others.
    """

    query: str = ""
    position: Annotated[int, Meta(ge=0)] | UnsetType = UNSET
    experiment: str = ""


class Option(Struct, kw_only=True):
    """A word that can stand there.

    `kind` is ``field``, ``operator``, ``keyword`` or ``value``; `detail` says of what kind the values of a field are.
    """

    text: str
    kind: str
    detail: str


class Completions(Struct, kw_only=True):
    """What the characters `from` to `to` can become, the likeliest first."""

    start: int = field(name="from")
    end: int = field(name="to")
    options: list[Option]


def list_completions(asked: Asked) -> Completions:
    """Return what can stand at a place of a query."""
    query: CompletionsQuery = asked.query
    position = len(query.query) if query.position is UNSET else min(query.position, len(query.query))
    with asked.project.store.frozen() as still:
        near = _near(still, query.experiment) if query.experiment else {}
        found = complete(query.query, position, _names(still, near))
    first = {*all_fields(lambda kind: sorted(near.get(kind, ())))} - {*RUN_FIELDS}
    words = sorted(found.words, key=lambda word: word not in first)
    return Completions(start=found.start, end=found.end, options=[_option(word) for word in words])


def _near(store: Store, experiment: str) -> dict[NameKind, set[str]]:
    """Return the names that an experiment has lately used."""
    details = store.runs(RunFilter(experiment=experiment, limit=_MOST_RUNS))
    return {
        NameKind.METRICS: {key for each in details for key in each.metrics},
        NameKind.PARAMS: {key for each in details for key in each.params},
        NameKind.TAGS: {key for each in details for key in each.tags},
    }


def _names(store: Store, near: Mapping[NameKind, Set[str]]) -> Names:
    """Return what gives the names of a kind, those that are near first."""

    @cache
    def names(kind: NameKind) -> Sequence[str]:
        return sorted(store.names(kind), key=lambda name: name not in near.get(kind, ()))

    return names


def _option(word: str) -> Option:
    if word in _KEYWORDS:
        return Option(text=word, kind="keyword", detail="")
    if word in _OPERATORS:
        return Option(text=word, kind="operator", detail="")
    kind = _kind_of_field(word)
    return Option(text=word, kind="field" if kind else "value", detail=kind)


def _kind_of_field(word: str) -> str:
    """Return of which kind the values of a field are, nothing where the word is no field."""
    scope, dot, _ = word.partition(".")
    if dot and scope in ("metrics", "params", "tags"):
        return {"metrics": FieldKind.NUMBER, "params": FieldKind.PARAM, "tags": FieldKind.TEXT}[scope]
    found = run_field(word) if word in RUN_FIELDS else None
    return kind_of(found) if found else ""


ROUTES = (
    Route(
        path="/completions",
        operations={
            "GET": Operation(
                act=list_completions,
                summary="List what can stand at a place of a query",
                query=CompletionsQuery,
                answer=Completions,
            )
        },
    ),
)
