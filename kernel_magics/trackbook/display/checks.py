"""Quality checks: what one found, and the list of them."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from trackbook.display import cells
from trackbook.display import format as fmt
from trackbook.display.blocks import Block, Cell, Column, Sentence, Table, Title, Tone
from trackbook.display.shown import Look, Shown, shown
from trackbook.records import Check, JsonValue, strict
from trackbook.tracking.checks import broken_rules, failing_rows

MOST_ROWS = 50
_MOST_SHOWN = 5
_MOST_RULES = 10
_WIDEST = 60


def sentence_of(check: Check) -> str:
    """Return what a check found in one sentence."""
    what = f"Check {fmt.one_line(check.name)} of {fmt.one_line(check.table)}"
    if check.is_passed:
        return f"{what} passed."
    rules = [_rule(each) for each in broken_rules(check)]
    return f"{what} failed: {_count(check)}. {'; '.join(rules[:3])}{'; …' if len(rules) > 3 else ''}"


def _count(check: Check) -> str:
    return fmt.plural(check.failures, "failure")


def _rule(rule: Mapping[str, JsonValue]) -> str:
    column = rule.get("column")
    where = f"{fmt.one_line(str(column))}: " if column is not None else ""
    found = [fmt.shortened(fmt.one_line(str(each)), _WIDEST) for each in _listed(rule.get("found"))]
    told = f" ({', '.join(found)})" if found else ""
    return f"{where}{fmt.one_line(str(rule['rule']))}{_times(rule)}{told}"


def _times(rule: Mapping[str, JsonValue]) -> str:
    count = rule.get("count")
    return f" in {fmt.plural(count, 'row')}" if isinstance(count, int) else ""


def _listed(value: JsonValue) -> list[JsonValue]:
    return value if isinstance(value, list) else []


def show_check(check: Check, look: Look | None = None) -> Shown:
    """Show what a check found: the rules that were broken, and some of the rows."""
    look = look or Look()
    blocks: list[Block] = [Title(cells=(Cell(text=fmt.one_line(f"{check.name} of {check.table}")), _verdict(check)))]
    if check.is_passed:
        return shown(blocks, look)
    rules = broken_rules(check)
    blocks.append(_rules(rules))
    rows = failing_rows(check)
    if rows:
        blocks.append(_rows(rows))
    return shown(blocks, look)


def _verdict(check: Check) -> Cell:
    if check.is_passed:
        return Cell(text="passed", symbol="✓", tone=Tone.GOOD)
    return Cell(text="failed", symbol="✗", tone=Tone.BAD, aside=_count(check))


def _rules(rules: Sequence[Mapping[str, JsonValue]]) -> Table:
    columns = (
        Column(title="Column", is_kept=True),
        Column(title="Rule", is_kept=True, folds=True),
        Column(title="Rows", is_number=True, is_kept=True),
        Column(title="Found", folds=True),
    )
    rest = len(rules) - _MOST_RULES
    return Table(
        columns=columns,
        rows=tuple(_rule_row(each) for each in rules[:_MOST_RULES]),
        more=f"… {fmt.plural(rest, 'more rule')}" if rest > 0 else "",
    )


def _rule_row(rule: Mapping[str, JsonValue]) -> tuple[Cell, ...]:
    column, count = rule.get("column"), rule.get("count")
    found = ", ".join(fmt.one_line(str(each)) for each in _listed(rule.get("found")))
    return (
        Cell(text=fmt.one_line(str(column))) if column is not None else Cell(text="(the table)", tone=Tone.QUIET),
        Cell(text=fmt.one_line(str(rule["rule"]))),
        Cell(text=f"{count:,}") if isinstance(count, int) else cells.NOTHING,
        cells.text(found, width=_WIDEST),
    )


def _rows(rows: Sequence[Mapping[str, JsonValue]]) -> Table:
    """Return some failing rows with those of their values that fit."""
    listed = rows[:_MOST_SHOWN]
    names = list(dict.fromkeys(name for row in listed for name in _failed_names(row)))
    others = list(dict.fromkeys(name for row in listed for name in _values(row)))
    kept = list(dict.fromkeys([*names, *others]))[:8]
    columns = (Column(title="Row", is_number=True, is_kept=True), *(Column(title=name) for name in kept))
    return Table(
        columns=columns,
        rows=tuple((_place(row), *(_cell(row, name) for name in kept)) for row in listed),
        heading="Failing rows, for instance",
        is_brief=True,
    )


def _place(row: Mapping[str, JsonValue]) -> Cell:
    index = row.get("index")
    return Cell(text=str(row["row"]), aside="" if index == row["row"] else fmt.one_line(str(index)))


def _values(row: Mapping[str, JsonValue]) -> Mapping[str, JsonValue]:
    values = row.get("values")
    return values if isinstance(values, dict) else {}


def _failed_names(row: Mapping[str, JsonValue]) -> list[str]:
    failed = [str(each).partition(": ")[0] for each in _listed(row.get("failed"))]
    return [name for name in failed if name in _values(row)]


def _cell(row: Mapping[str, JsonValue], name: str) -> Cell:
    values = _values(row)
    is_failed = name in _failed_names(row)
    value = values.get(name)
    text = "missing" if value is None or value != value else fmt.value(value)
    return Cell(text=fmt.shortened(text, 28), tone=Tone.BAD if is_failed else Tone.PLAIN, symbol="")


def show_checks(checks: Sequence[Check], look: Look | None = None, *, heading: str = "") -> Shown:
    """Show checks, the newest first."""
    look = look or Look()
    if not checks:
        nothing = "No table was checked. Check one: trackbook.check(table, 'schema.py:Customers')"
        return shown([Sentence(text=nothing, tone=Tone.QUIET)], look)
    return shown([checks_table(checks, look, heading=heading)], look)


def checks_table(checks: Sequence[Check], look: Look, *, heading: str = "Checks") -> Table:
    """Return checks as a table, the newest first."""
    columns = (
        Column(title="Check", is_kept=True),
        Column(title="Table", is_kept=True),
        Column(title="Result", is_kept=True),
        Column(title="Broken", folds=True),
        Column(title="When", rank=2),
    )
    newest = list(reversed(checks))[:MOST_ROWS]
    rest = len(checks) - len(newest)
    return Table(
        columns=columns,
        rows=tuple(_check_row(each, look) for each in newest),
        heading=heading,
        more=f"… {fmt.plural(rest, 'earlier check')}" if rest else "",
    )


def _check_row(check: Check, look: Look) -> tuple[Cell, ...]:
    rules = "; ".join(_rule(each) for each in broken_rules(check))
    return (
        cells.text(check.name),
        cells.text(check.table),
        _verdict(check),
        cells.text(rules, width=_WIDEST),
        cells.when(check.at, look.now),
    )


def check_payload(check: Check) -> dict[str, JsonValue]:
    """Return a check as JSON values."""
    return {
        "check_id": check.check_id,
        "name": check.name,
        "table": check.table,
        "at": check.at.isoformat(),
        "passed": check.is_passed,
        "failures": check.failures,
        "broken": strict(list(broken_rules(check))),
        "rows": strict(list(failing_rows(check))),
        "schema": check.schema_name,
        "schema_digest": check.schema_digest,
        "snapshot_id": check.snapshot_id,
        "session_id": check.session_id,
        "execution_id": check.execution_id,
        "run_id": check.run_id,
    }
