"""A schema of pandera for a table, as Python code: where a person who has none begins."""

from __future__ import annotations

import json
import math
from importlib import import_module
from typing import Any

from trackbook.errors import InvalidValueError
from trackbook.tracking.schemas import pandera


def infer_text(table: Any, about: str) -> str:
    """Return Python code with a schema that a table meets, by pandera's inference: a start, to be made stricter.

    Parameters
    ----------
    table
        A pandas DataFrame.
    about
        What it was inferred from.

    Raises
    ------
    InvalidValueError
        If it is no DataFrame, or its columns have no names of their own.
    """
    pandera()
    pandas_schemas = import_module("pandera.pandas")
    columns = getattr(table, "columns", None)
    if columns is None or type(table).__module__.partition(".")[0] != "pandas":
        raise InvalidValueError(f"A schema is inferred from a pandas DataFrame, not from a {type(table).__name__}.")
    if columns.nlevels > 1 or not columns.is_unique:
        raise InvalidValueError("A schema can't be inferred where column names repeat or have levels. Rename them.")
    lines = [_column_line(label, table[[label]], pandas_schemas) for label in columns]
    times = [name for name in ("Timedelta", "Timestamp") if any(f"{name}(" in line for line in lines)]
    head = f'"""What {about} is like, as pandera infers it. A start: loosen what is chance, add what must hold."""'
    body = ["schema = pa.DataFrameSchema(", "    {", *lines, "    }", ")"]
    imports = ["import pandera.pandas as pa", *([f"from pandas import {', '.join(times)}"] if times else [])]
    return "\n".join([head, "", *imports, "", *body, ""])


def _column_line(label: Any, table: Any, schemas: Any) -> str:
    column, values = _inferred(table, label, schemas), table[label]
    known = [str(values.dtype), *([str(column.dtype)] if column is not None and column.dtype is not None else [])]
    dtype = next((each for each in known if _is_met(schemas, label, each, table)), None)
    found = [text for check in getattr(column, "checks", None) or () if (text := _check_text(check, values))]
    parts = [_literal(dtype), *([f"[{', '.join(found)}]"] if found else [])]
    parts += ["nullable=True"] if bool(values.isna().any()) else []
    return f"        {_literal(label)}: pa.Column({', '.join(parts)}),"


def _inferred(table: Any, label: object, schemas: Any) -> Any:
    """Return what pandera makes of a column, None where that is nothing: of complex numbers, of no rows."""
    try:
        return schemas.infer_schema(table).columns[label]
    except Exception:  # noqa: BLE001  whatever of the table it does not know, its dtype is known
        return None


def _is_met(schemas: Any, label: object, dtype: str, table: Any) -> bool:
    """Return whether a column is of the dtype that a text names: not every dtype has a text that names it."""
    try:
        schemas.DataFrameSchema({label: schemas.Column(dtype, nullable=True)}).validate(table.iloc[:1], lazy=True)
    except Exception:  # noqa: BLE001  whatever is wrong with it, the text is no use
        return False
    return True


def _check_text(check: Any, values: Any) -> str | None:
    """Return the code of a check that was inferred; bounds of integers are taken from the values, to the last digit."""
    is_exact = getattr(values.dtype, "kind", "") in "iu"
    match check.name:
        case "greater_than_or_equal_to":
            return f"pa.Check.ge({_literal(values.min() if is_exact else check.statistics['min_value'])})"
        case "less_than_or_equal_to":
            return f"pa.Check.le({_literal(values.max() if is_exact else check.statistics['max_value'])})"
        case "isin":
            return f"pa.Check.isin([{', '.join(map(_literal, check.statistics['allowed_values']))}])"
    return None


def _literal(value: Any) -> str:
    plain = value.item() if type(value).__module__ == "numpy" else value
    if isinstance(plain, str):
        return json.dumps(plain, ensure_ascii=False)
    return f'float("{plain}")' if isinstance(plain, float) and not math.isfinite(plain) else repr(plain)
