"""Quality checks: a table against a schema of pandera, and what of it failed."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from importlib import import_module
from itertools import islice
from typing import Any

from trackbook import clock
from trackbook.capture.fingerprint import fingerprint as fingerprint_of
from trackbook.capture.secrets import redact, redact_value
from trackbook.errors import InvalidValueError
from trackbook.records import Check, JsonValue, json_value
from trackbook.store.contract import Batch, Store
from trackbook.tracking.annotate import check_key
from trackbook.tracking.datasets import Maker
from trackbook.tracking.schemas import Schema, pandera, sentence_of

MOST_ROWS = 20
"""Failing rows that are kept with a check, and rules that failed."""
_MOST_VALUES = 30
_MOST_EXAMPLES = 3
_LONGEST_VALUE = 100
_SAME = {"pandas": ("pandas",), "polars": ("polars",), "pyarrow": ("pyarrow",)}


@dataclass(frozen=True, slots=True, kw_only=True)
class BrokenRule:
    """A rule of a schema that a table did not meet.

    `column` is None for a rule of the whole table. `rows` are the positions of the failing rows, where they are known;
    `count` is how many values failed, None where it is the table as a whole. `found` are some of the values, as text.
    """

    rule: str
    column: str | None = None
    count: int | None = None
    rows: tuple[int, ...] = ()
    found: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class Findings:
    """What a check found: the rules that were broken, in how many rows or of the whole table, and some of the rows."""

    broken: tuple[BrokenRule, ...] = ()
    failures: int = 0
    sample: tuple[JsonValue, ...] = ()


def run_check(
    store: Store, table: Any, schema: Schema, maker: Maker, *, table_name: str, name: str | None = None,
    snapshot_id: str | None = None,
) -> Check:  # fmt: skip
    """Check a table by a schema, and put on the record what was found.

    Parameters
    ----------
    table_name, name
        What the table is called, and what the check is; the latter by default as the schema.
    snapshot_id
        The snapshot that the table came from; None to look whether one has its content.

    Raises
    ------
    InvalidValueError
        If the schema can't be used on such a table.
    """
    called = check_key(name, "check") if name is not None else schema.name
    found = examine(table, schema)
    check = Check(
        check_id=clock.new_id(),
        name=called,
        table=table_name,
        at=clock.now(),
        is_passed=not found.broken,
        failures=found.failures,
        sample=(*map(_rule_json, found.broken[:MOST_ROWS]), *found.sample),
        schema_name=schema.name,
        schema_digest=store.put_object(redact(schema.text).encode("utf-8", "backslashreplace")),
        snapshot_id=snapshot_id or _snapshot_of(store, table),
        session_id=maker.session_id,
        execution_id=maker.execution_id,
        run_id=maker.run_id,
    )
    store.write(Batch(checks=(check,)))
    return check


def examine(table: Any, schema: Schema) -> Findings:
    """Return what of a table is not as a schema says; the table stays as it is.

    Raises
    ------
    InvalidValueError
        If the schema is for other tables, or can't be used.
    """
    _must_fit(table, schema)
    config, errors = import_module("pandera.config"), import_module("pandera.errors")
    depth = config.ValidationDepth.SCHEMA_AND_DATA
    try:
        with config.config_context(validation_enabled=True, validation_depth=depth):  # a check is not to be waved on
            schema.rules.validate(table, lazy=True)
    except errors.SchemaErrors as error:
        broken = list(_broken(error, table))
        rows = _rows(table, broken)
        return Findings(broken=tuple(broken), failures=_failures(broken), sample=rows)
    except Exception as error:  # a check of somebody's own may raise anything
        raise InvalidValueError(f"The schema '{schema.name}' can't be used: {sentence_of(error)}") from error
    return Findings()


def broken_rules(check: Check) -> list[Mapping[str, JsonValue]]:
    """Return the rules that a check on the record found broken."""
    return [each for each in check.sample if isinstance(each, dict) and "rule" in each]


def failing_rows(check: Check) -> list[Mapping[str, JsonValue]]:
    """Return the failing rows that are kept with a check: ``row``, ``index``, ``failed`` and ``values`` of each."""
    return [each for each in check.sample if isinstance(each, dict) and "row" in each]


def _must_fit(table: Any, schema: Schema) -> None:
    pandera()
    package = type(table).__module__.partition(".")[0]
    kind = type(table).__qualname__
    if package == "polars" and kind == "LazyFrame":
        raise InvalidValueError("A LazyFrame is a plan and holds no data. Collect it first: table.collect().")
    if package != schema.library and package in ("pandas", "polars", "pyarrow", "numpy"):
        ways = {"pandas": "pd.DataFrame(table)" if package == "numpy" else "table.to_pandas()"}
        hint = f" Give {ways[schema.library]}." if schema.library in ways else ""
        raise InvalidValueError(
            f"The schema '{schema.name}' is for tables of {schema.library}, and this is one of {package}.{hint}"
        )
    if package not in _SAME and not hasattr(table, "columns"):
        raise InvalidValueError(f"A {kind} is no table. Give a DataFrame or a Series.")


def _snapshot_of(store: Store, table: Any) -> str | None:
    """Return the snapshot that has a table's content, if one is kept: a check keeps nothing by itself."""
    from trackbook.store.tables import restore_key

    fingerprint, key = fingerprint_of(table), restore_key(table)
    known = store.find_snapshot(fingerprint, key) if fingerprint is not None and key is not None else None
    return known.snapshot_id if known is not None else None


# What failed


def _broken(error: Any, table: Any) -> Iterator[BrokenRule]:
    """Yield the rules that pandera found broken, columns before the whole."""
    found = [_broken_rule(each, table) for each in error.schema_errors]
    yield from sorted(found, key=lambda rule: rule.column is None)


def _broken_rule(error: Any, table: Any) -> BrokenRule:
    column = _column(error)
    values, labels = _failed_values(error)
    check = getattr(error.check, "error", None) or getattr(error.check, "name", None) or error.check
    rule = str(check) if check is not None else str(error.reason_code.name).lower()
    found = tuple(dict.fromkeys(_shown(column, value) for value in values))[:_MOST_EXAMPLES]
    is_of_rows = labels is not None or isinstance(_output(error, table), list)
    if not is_of_rows:
        return BrokenRule(rule=redact(rule), column=column, found=found)
    rows = _positions(error, table, labels)
    if column is None:  # its values are those of all columns, a password's among them: the rows show them by name
        return BrokenRule(rule=redact(rule), count=len(rows) or len(set(labels or ())), rows=tuple(rows))
    return BrokenRule(rule=redact(rule), column=column, count=len(rows) or len(values), rows=tuple(rows), found=found)


def _column(error: Any) -> str | None:
    """Return the column that a rule is of; one of the whole table names those that fail it only with the values."""
    schema = error.schema
    if type(schema).__name__.startswith("DataFrameSchema"):
        return None
    name = getattr(error, "column_name", None) or getattr(schema, "name", None)
    return None if name is None else str(name)


def _failed_values(error: Any) -> tuple[list[Any], list[Any] | None]:
    """Return values that failed, and the labels of their rows; None for these where the table failed as a whole."""
    cases = error.failure_cases
    if cases is None or isinstance(cases, str | int | float | bool):
        return ([] if isinstance(cases, bool) or cases is None else [cases]), None
    columns = list(getattr(cases, "columns", ()))
    if not columns:
        return [], None
    values = cases["failure_case"] if "failure_case" in columns else cases[columns[0]]
    labels = cases["index"].to_list() if "index" in columns else []
    known = [each for each in labels if each is not None and each == each]
    return values.to_list(), known or None


def _output(error: Any, table: Any) -> list[int] | None:
    """Return the positions at which a check said no, None if it did not look at each row."""
    output = error.check_output
    if hasattr(output, "columns") and "check_output" in output.columns:
        output = output["check_output"]
    if not hasattr(output, "to_numpy") or len(output) != len(table):
        return None
    said = output.to_numpy()
    if said.ndim != 1 or said.dtype != bool:
        return None
    return [int(each) for each in (~said).nonzero()[0]]


def _positions(error: Any, table: Any, labels: list[Any] | None) -> list[int]:
    """Return the positions of the rows that failed a rule; none where labels don't tell them."""
    said = _output(error, table)
    if said is not None:
        return said
    if type(table).__module__.startswith("polars"):
        return sorted({int(each) for each in labels or ()})
    reason = str(getattr(error.reason_code, "name", ""))
    if reason == "SERIES_CONTAINS_NULLS":
        values = table if getattr(table, "ndim", 1) == 1 else table[error.column_name]
        return [int(each) for each in values.isna().to_numpy().nonzero()[0]] if values.ndim == 1 else []
    index = table.index
    if labels is None or not index.is_unique or index.nlevels > 1:
        return []
    return sorted({int(each) for each in index.get_indexer(labels) if each >= 0})


def _failures(broken: Iterable[BrokenRule]) -> int:
    """Return how many rows failed, each once, with the rules of the whole table, and those whose rows nobody knows."""
    rules = list(broken)
    rows = {row for rule in rules for row in rule.rows}
    return len(rows) + sum(rule.count or 1 for rule in rules if not rule.rows)


def _rows(table: Any, broken: Sequence[BrokenRule]) -> tuple[JsonValue, ...]:
    """Return some of the failing rows, in their order, a few of each rule."""
    taken = islice(_by_turns([iter(rule.rows) for rule in broken]), MOST_ROWS)
    return tuple(_row(table, position, broken) for position in sorted(taken))


def _by_turns(sources: list[Iterator[int]]) -> Iterator[int]:
    seen: set[int] = set()
    while sources:
        for source in list(sources):
            fresh = next((each for each in source if each not in seen), None)
            if fresh is None:
                sources.remove(source)
            else:
                seen.add(fresh)
                yield fresh


def _row(table: Any, position: int, broken: Sequence[BrokenRule]) -> JsonValue:
    failed = [rule for rule in broken if position in rule.rows]
    first = [rule.column for rule in failed if rule.column is not None]
    index = getattr(table, "index", None)
    return {
        "row": position,
        "index": _value("index", index[position]) if index is not None else position,
        "failed": [f"{rule.column}: {rule.rule}" if rule.column is not None else rule.rule for rule in failed],
        "values": _values(table, position, first),
    }


def _values(table: Any, position: int, first: Sequence[str]) -> dict[str, JsonValue]:
    """Return a row's values, those that failed first, as many as are kept; credentials are left out."""
    if getattr(table, "ndim", 2) == 1:
        name = str(table.name if table.name is not None else "value")
        return {name: _value(name, table.iloc[position])}
    names = [str(column) for column in table.columns]
    order = sorted(range(len(names)), key=lambda at: names[at] not in first)[:_MOST_VALUES]
    cells = table.iloc if hasattr(table, "iloc") else table
    return {names[at]: _value(names[at], cells[position, at]) for at in sorted(order)}


def _value(name: str, value: Any) -> JsonValue:
    if value is None or type(value).__name__ in ("NAType", "NaTType"):
        return None
    try:
        plain = str(value) if isinstance(value, tuple | list | dict | set) else json_value(value)
    except InvalidValueError:
        plain = str(value)
    if isinstance(plain, str) and len(plain) > _LONGEST_VALUE:
        plain = plain[: _LONGEST_VALUE - 1] + "…"
    return redact_value(name, plain)


def _shown(column: str | None, value: Any) -> str:
    return str(_value(column or "", value))


def _rule_json(rule: BrokenRule) -> JsonValue:
    return {"rule": rule.rule, "column": rule.column, "count": rule.count, "found": list(rule.found)}
