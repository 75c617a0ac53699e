"""What can be asked about a run: the fields, the names that a store knows, and the nearest of them to a mistake."""

from __future__ import annotations

import difflib
from collections.abc import Callable, Iterable, Iterator, Sequence
from enum import StrEnum, auto
from typing import TypeAlias

from trackbook.records import RunStatus, Verdict
from trackbook.records.query import Field, NameKind, Scope

Names: TypeAlias = Callable[[NameKind], Sequence[str]]


class FieldKind(StrEnum):
    """What a field's values are. A PARAM is whatever JSON holds, a CHOICE one of a few words."""

    NUMBER = auto()
    TEXT = auto()
    CHOICE = auto()
    TIME = auto()
    PARAM = auto()


RUN_FIELDS = {
    "name": FieldKind.TEXT,
    "run_id": FieldKind.TEXT,
    "experiment": FieldKind.TEXT,
    "status": FieldKind.CHOICE,
    "verdict": FieldKind.CHOICE,
    "model": FieldKind.TEXT,
    "dataset": FieldKind.TEXT,
    "notebook": FieldKind.TEXT,
    "user": FieldKind.TEXT,
    "session": FieldKind.TEXT,
    "parent": FieldKind.TEXT,
    "note": FieldKind.TEXT,
    "started_at": FieldKind.TIME,
    "finished_at": FieldKind.TIME,
    "seconds": FieldKind.NUMBER,
}
CHOICES = {"status": [each.value for each in RunStatus], "verdict": [each.value for each in Verdict]}
_STOPPED = "stopped"  # the word of `Run.word` that is no status
SEVERAL = frozenset({"model", "dataset"})  # a run may have more than one, so runs can't be put in order by them
_SYNONYMS = {
    "id": "run_id",
    "run_name": "name",
    "created_at": "started_at",
    "start_time": "started_at",
    "end_time": "finished_at",
    "duration": "seconds",
    "user_id": "user",
    "parent_id": "parent",
    "session_id": "session",
}
SCOPES = {
    "metrics": Scope.METRICS,
    "metric": Scope.METRICS,
    "params": Scope.PARAMS,
    "param": Scope.PARAMS,
    "parameters": Scope.PARAMS,
    "parameter": Scope.PARAMS,
    "tags": Scope.TAGS,
    "tag": Scope.TAGS,
    "attributes": Scope.RUN,
    "attribute": Scope.RUN,
    "attr": Scope.RUN,
    "run": Scope.RUN,
}
_ROLES = ("test", "validation")
_KINDS = {Scope.METRICS: NameKind.METRICS, Scope.PARAMS: NameKind.PARAMS, Scope.TAGS: NameKind.TAGS}
_NOUNS = {Scope.METRICS: "metric", Scope.PARAMS: "param", Scope.TAGS: "tag"}
_MOST_LISTED = 5
_NEAR, _VERY_NEAR = 0.6, 0.75  # as difflib measures it, 1 is equal


def no_names(_: NameKind) -> Sequence[str]:
    """Return nothing: what a query is read with where no store is at hand; every name may exist then."""
    return ()


def kind_of(field: Field) -> FieldKind:
    """Return what the values of a field are."""
    if field.scope is Scope.RUN:
        return RUN_FIELDS[field.key]
    return {Scope.METRICS: FieldKind.NUMBER, Scope.PARAMS: FieldKind.PARAM, Scope.TAGS: FieldKind.TEXT}[field.scope]


def run_field(word: str) -> Field | None:
    """Return the field of the run itself that a word names."""
    key = _SYNONYMS.get(word.lower(), word.lower())
    return Field(scope=Scope.RUN, key=key) if key in RUN_FIELDS else None


def metric_keys(key: str, known: Sequence[str]) -> tuple[str, ...]:
    """Return the metrics that a key means; the first that a run has counts: itself, else on test, on validation data.

    Where no run of the store has any of these, the only metric that ends so is meant (``train.accuracy``); of several
    none, since nobody could say which.

    >>> metric_keys("accuracy", ["test.accuracy", "train.accuracy"])
    ('test.accuracy',)
    """
    wanted = (key, *(f"{role}.{key}" for role in _ROLES))
    found = tuple(each for each in wanted if each in known)
    if found:
        return found
    endings = tuple(each for each in known if each.endswith(f".{key}"))
    return endings if len(endings) == 1 else ()


def resolved(field: Field, names: Names) -> Field | None:
    """Return a field with the keys to look under; None where no run of the store has what it names.

    A tag that nobody has set yet is no mistake, unless there is one that is all but the same.
    """
    if field.scope is Scope.RUN:
        return field
    known = names(_KINDS[field.scope])
    if not known:
        return field
    if field.scope is Scope.METRICS:
        keys = metric_keys(field.key, known)
        return Field(scope=field.scope, key=field.key, keys=() if keys == (field.key,) else keys) if keys else None
    if field.key in known or (field.scope is Scope.TAGS and not _near(field.key, known, (_VERY_NEAR,))):
        return field
    return None


def no_such_key(field: Field, names: Names) -> str:
    """Return what to say of a metric, param or tag that no run has."""
    known = names(_KINDS[field.scope])
    noun = _NOUNS[field.scope]
    endings = [each for each in known if each.endswith((f".{field.key}", f"__{field.key}"))]
    if len(endings) > 1 and field.scope is Scope.METRICS:
        return f"'{field.key}' could be {_listed(field.scope, endings, 'or')}. Give the whole key"
    near = endings or _near(field.key, [*_short(known), *known] if field.scope is Scope.METRICS else known)
    return f"No run has a {noun} '{field.key}'. " + (
        f"Did you mean {_listed(field.scope, near, 'or')}?" if near else f"There are {_listed(field.scope, known)}"
    )


def no_such_field(word: str, names: Names) -> str:
    """Return what to say of a word that names no field."""
    key = word.partition(".")[2] or word
    fields = list(all_fields(names))
    same = [each for each in fields if each.partition(".")[2].lower() in (key.lower(), word.lower())]
    near = same or _near(word, fields)
    if not same and word in names(NameKind.EXPERIMENT):
        return f"'{word}' is an experiment. Write experiment = {word}"
    if near:
        return f"There is no field '{word}'. Did you mean {_joined(near[:3], 'or')}?"
    known = _joined(["metrics.KEY", "params.KEY", "tags.KEY", *RUN_FIELDS], "and")
    return f"There is no field '{word}'. There are {known}"


def no_such_choice(field: Field, word: str) -> str:
    """Return what to say of a word that is none of a field's few."""
    if field.key == "status" and word.lower() == _STOPPED:
        return f"What was {_STOPPED} is one of the runs with status = killed"
    choices = CHOICES[field.key]
    near = _near(word, choices)
    return f"There is no {field.key} '{word}'. " + (
        f"Did you mean {_joined(near[:1], 'or')}?" if near else f"It is one of {_joined(choices, 'and')}"
    )


def all_fields(names: Names) -> Iterator[str]:
    """Yield every field, as it is written: those of the store's runs first, metrics also by their short names."""
    for scope, kind in _KINDS.items():
        known = names(kind)
        keys = [*_short(known), *known] if scope is Scope.METRICS else known
        yield from (str(Field(scope=scope, key=key)) for key in dict.fromkeys(keys))
    yield from RUN_FIELDS


def _short(metrics: Sequence[str]) -> list[str]:
    return [key.removeprefix(f"{role}.") for role in _ROLES for key in metrics if key.startswith(f"{role}.")]


def _near(word: str, known: Iterable[str], cutoffs: Sequence[float] = (_VERY_NEAR, _NEAR)) -> list[str]:
    """Return the names nearest to a word, or to the last part of which it is near; upper and lower case are one."""
    spoken: dict[str, str] = {}
    for name in known:
        spoken.setdefault(name.rpartition(".")[2].lower(), name)
    spoken |= {name.lower(): name for name in known}
    found = (difflib.get_close_matches(word.lower(), list(spoken), n=3, cutoff=cutoff) for cutoff in cutoffs)
    return list(dict.fromkeys(spoken[each] for each in next(filter(None, found), [])))


def _listed(scope: Scope, keys: Sequence[str], word: str = "and") -> str:
    written = [str(Field(scope=scope, key=key)) for key in keys[:_MOST_LISTED]]
    more = len(keys) - len(written)
    return _joined([*written, f"{more} more"] if more else written, word)


def _joined(words: Sequence[str], word: str) -> str:
    return words[0] if len(words) == 1 else f"{', '.join(words[:-1])} {word} {words[-1]}"
