"""What a query means: the store in memory runs this, the statements of the SQL store have to agree with it."""

from __future__ import annotations

import math
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime
from operator import ge, gt, le, lt
from typing import Any, TypeAlias

from trackbook.records import DatasetUse, JsonValue, Model, Run, RunDetail, Session, decode, encode
from trackbook.records.query import (
    OPPOSITES,
    ORDERING,
    All,
    Comparison,
    Condition,
    Field,
    Has,
    IsNull,
    Not,
    Operand,
    Operator,
    OrderTerm,
    Scope,
    Some,
)
from trackbook.store.patterns import pattern_of
from trackbook.store.sql.values import real

PATTERNS = frozenset({Operator.LIKE, Operator.ILIKE, Operator.CONTAINS})
SHORTEST_FINGERPRINT = 6  # characters of a fingerprint's beginning that aren't taken for a name
NOTEBOOK = ".ipynb"
_PYTHON_WORDS: dict[str, JsonValue] = {"True": True, "False": False, "None": None}
_COMPARE: dict[Operator, Callable[[Any, Any], bool]] = {
    Operator.LESS: lt,
    Operator.AT_MOST: le,
    Operator.GREATER: gt,
    Operator.AT_LEAST: ge,
}


@dataclass(frozen=True, slots=True, kw_only=True)
class Subject:
    """What conditions are asked of: a run as it is given out, with its session and its parent's name."""

    detail: RunDetail
    session: Session
    parent_name: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Named:
    """What one thing can be called: any of some texts, or the beginning of an id, `shortest` characters or more."""

    texts: tuple[str, ...] = ()
    ids: tuple[str, ...] = ()
    shortest: int = 1


@dataclass(frozen=True, slots=True, kw_only=True)
class Readings:
    """The values that a param may have to be equal to a query's: JSON texts, and numbers."""

    texts: tuple[str, ...]
    numbers: tuple[float, ...]


Value: TypeAlias = "float | datetime | str | None"


def holds(condition: Condition, subject: Subject) -> bool:
    """Return whether a condition holds for a run."""
    match condition:
        case All():
            return all(holds(each, subject) for each in condition.conditions)
        case Some():
            return any(holds(each, subject) for each in condition.conditions)
        case Not():
            return not holds(condition.condition, subject)
        case Has():
            return _has(condition.field, subject)
        case IsNull():
            return not _has(condition.field, subject) or _is_none(condition.field, subject)
        case Comparison():
            return _has(condition.field, subject) and _compares(condition, subject)


def in_order(subjects: Iterable[Subject], order: Sequence[OrderTerm]) -> list[Subject]:
    """Return runs in the order of a query; ties stay as they are, and what can't be compared comes last."""
    found = list(subjects)
    for term in reversed(order):
        keys = [_order_key(term.field, subject) for subject in found]
        present = [at for at, key in enumerate(keys) if key is not None]
        present.sort(key=lambda at: keys[at], reverse=term.is_descending)  # type: ignore[arg-type,return-value]  # not None
        if term.field.scope is Scope.PARAMS:  # numbers before texts, in both directions
            present.sort(key=lambda at: keys[at][0])  # type: ignore[index]  # not None
        found = [found[at] for at in present] + [found[at] for at, key in enumerate(keys) if key is None]
    return found


def readings(value: JsonValue) -> Readings:
    """Return what a param's value may be to equal a query's.

    A quoted text also means what it is in JSON or Python: ``'0.1'`` the number, ``'True'`` the boolean, ``'[1, 2]'``
    the list. `1` and `1.0` are one number, but not within lists.
    """
    meant = [value]
    if isinstance(value, str):
        meant += _words(value)
    numbers = [number for each in meant if (number := _real(each)) is not None]
    texts = [encode(each) for each in meant if _real(each) is None]
    return Readings(texts=tuple(dict.fromkeys(texts)), numbers=tuple(numbers))


def _words(text: str) -> list[JsonValue]:
    if text in _PYTHON_WORDS:
        return [_PYTHON_WORDS[text]]
    try:
        return [decode(text)]
    except (ValueError, RecursionError):
        return []


def _real(value: JsonValue) -> float | None:
    """Return a param as a database compares it; None for what is no number."""
    return real(value) if isinstance(value, int | float) and not isinstance(value, bool) else None


def operands(value: Operand) -> tuple[Any, ...]:
    """Return the values that a comparison holds."""
    return value if isinstance(value, tuple) else (value,)


def base_of(operator: Operator) -> Operator:
    """Return the operator without its negation."""
    return OPPOSITES.get(operator, operator)


def tails(text: str, separator: str) -> list[str]:
    """Return a text and what follows each of its separators: the ways to call a path or a full class name."""
    parts = text.split(separator)
    return [separator.join(parts[at:]) for at in range(len(parts))]


def notebook_names(path: str) -> tuple[str, ...]:
    """Return what a notebook can be called: the ends of its path, with and without the file's ending."""
    names = tails(path, "/")
    return (*names, *(name.removesuffix(NOTEBOOK) for name in names if name.endswith(NOTEBOOK)))


def _has(field: Field, subject: Subject) -> bool:
    detail = subject.detail
    match field.scope:
        case Scope.METRICS:
            return _metric(field, detail) is not None
        case Scope.PARAMS:
            return field.key in detail.params
        case Scope.TAGS:
            return field.key in detail.tags
        case Scope.RUN:
            return bool(_called(field, subject)) or _measure(field, detail.run) is not None


def _is_none(field: Field, subject: Subject) -> bool:
    return field.scope is Scope.PARAMS and subject.detail.params[field.key] is None


def _compares(comparison: Comparison, subject: Subject) -> bool:
    field, detail = comparison.field, subject.detail
    if field.scope is Scope.METRICS:
        return _number_compares(comparison, _metric(field, detail) or 0.0)
    if field.scope is Scope.PARAMS:
        return _param_compares(comparison, detail.params[field.key])
    measure = _measure(field, detail.run) if field.scope is Scope.RUN else None
    if isinstance(measure, datetime):
        return _COMPARE[comparison.operator](measure, comparison.value)
    if measure is not None:
        return _number_compares(comparison, measure)
    return _text_compares(comparison, _called(field, subject))


def _number_compares(comparison: Comparison, value: float) -> bool:
    """NaN compares with nothing but ``nan``, which is equal to nothing else."""
    number, wanted = real(value), [real(each) for each in operands(comparison.value)]
    operator = base_of(comparison.operator)
    if operator in ORDERING:
        return number is not None and wanted[0] is not None and _COMPARE[operator](number, wanted[0])
    if operator is comparison.operator:
        return number in wanted
    return number is not None and number not in wanted


def _param_compares(comparison: Comparison, value: JsonValue) -> bool:
    operator = base_of(comparison.operator)
    number = _real(value)
    if operator in ORDERING:
        wanted = real(operands(comparison.value)[0])
        return number is not None and wanted is not None and _COMPARE[operator](number, wanted)
    found = any(_param_is(operator, each, value, number) for each in operands(comparison.value))
    return found is (operator is comparison.operator)


def _param_is(operator: Operator, wanted: JsonValue, value: JsonValue, number: float | None) -> bool:
    if operator in PATTERNS:
        text = encode(value)
        inner = text[1:-1] if isinstance(value, str) else text
        return pattern_of(operator, str(wanted)).matches(inner, is_json=True)
    meant = readings(wanted)
    return number in meant.numbers if number is not None else encode(value) in meant.texts


def _text_compares(comparison: Comparison, called: Sequence[Named]) -> bool:
    operator = base_of(comparison.operator)
    found = any(_is_called(operator, str(text), each) for text in operands(comparison.value) for each in called)
    return found is (operator is comparison.operator)


def _is_called(operator: Operator, text: str, named: Named) -> bool:
    if operator in PATTERNS:
        pattern = pattern_of(operator, text)
        return any(pattern.matches(each) for each in (*named.texts, *named.ids))
    is_long = len(text) >= named.shortest
    return text in named.texts or (is_long and any(each.startswith(text.lower()) for each in named.ids))


def _metric(field: Field, detail: RunDetail) -> float | None:
    return next((detail.metrics[key].value for key in field.candidates if key in detail.metrics), None)


def _measure(field: Field, run: Run) -> float | datetime | None:
    """Return a run's time or duration, None where the field is none or the run has not got that far."""
    match field.key:
        case "started_at":
            return run.started_at
        case "finished_at":
            return run.finished_at
        case "seconds":
            return (run.finished_at - run.started_at).total_seconds() if run.finished_at else None
    return None


def _called(field: Field, subject: Subject) -> list[Named]:
    """Return what a run has under a field of texts, each thing with what it can be called by."""
    if field.scope is Scope.TAGS:
        return [Named(texts=(subject.detail.tags[field.key],))] if field.key in subject.detail.tags else []
    run, session = subject.detail.run, subject.session
    match field.key:
        case "run_id":
            return [Named(ids=(run.run_id,))]
        case "session":
            return [Named(ids=(run.session_id,))]
        case "parent":
            names = (subject.parent_name,) if subject.parent_name is not None else ()
            return [Named(texts=names, ids=(run.parent_id,))] if run.parent_id else []
        case "model":
            return [_model(model) for model in subject.detail.models]
        case "dataset":
            return [_dataset(dataset) for dataset in subject.detail.datasets]
        case "notebook":
            return [Named(texts=notebook_names(session.notebook))] if session.notebook is not None else []
        case "user":
            return [Named(texts=(session.user,))]
        case "name" | "experiment" | "status" | "verdict" | "note":
            value = getattr(run, field.key)
            return [Named(texts=(str(value),))] if value is not None else []
    return []


def _model(model: Model) -> Named:
    return Named(texts=(model.name, *tails(model.class_name, ".")))


def _dataset(dataset: DatasetUse) -> Named:
    files = [name for file in dataset.files for name in tails(file.path, "/")]
    ids = (dataset.fingerprint,) if dataset.fingerprint is not None else ()
    return Named(texts=(dataset.name, *files), ids=ids, shortest=SHORTEST_FINGERPRINT)


def _order_key(field: Field, subject: Subject) -> tuple[int, Value] | None:
    """Return what a run is put in order by, None where it comes last."""
    detail = subject.detail
    if field.scope is Scope.PARAMS:
        return _param_key(detail.params.get(field.key))
    if field.scope is Scope.METRICS:
        value = _metric(field, detail)
        number = None if value is None else real(value)
        return None if number is None else (0, number)
    measure = _measure(field, detail.run) if field.scope is Scope.RUN else None
    if measure is not None:
        return 0, measure
    called = _called(field, subject)
    return (0, (*called[0].ids, *called[0].texts)[0]) if called else None


def _param_key(value: JsonValue) -> tuple[int, Value] | None:
    number = _real(value)
    if number is not None:
        return 0, number
    is_nan = isinstance(value, float) and math.isnan(value)
    return None if value is None or is_nan else (1, encode(value))
