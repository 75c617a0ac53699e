"""What a person logs by hand, checked at the door: metrics, steps, params and files."""

from __future__ import annotations

import mimetypes
import operator
import os
import reprlib
from collections.abc import Mapping
from math import prod
from pathlib import Path

from trackbook.errors import InvalidValueError
from trackbook.records import JsonValue, json_value
from trackbook.tracking.annotate import check_key

LAST_STEP = 2**63 - 1


def checked_metrics(metrics: Mapping[str, object]) -> dict[str, float | int]:
    """Return metrics as numbers.

    Raises
    ------
    InvalidValueError
        If a name or a value is none.
    """
    return {check_key(key, "metric"): metric_number(key, value) for key, value in metrics.items()}


def metric_number(key: str, value: object) -> float | int:
    """Return a number as a metric keeps it: numpy's and torch's scalars too, booleans not."""
    if type(value) is float or type(value) is int:
        return value
    number: object
    try:
        number = json_value(value)
    except InvalidValueError:
        number = _only_element(value)
    if isinstance(number, bool) or not isinstance(number, int | float):
        raise InvalidValueError(
            f"The metric '{key}' needs a number, not {type(value).__name__}: {reprlib.repr(value)}."
        )
    return number


def _only_element(value: object) -> object:
    """Return the number in an array, series or tensor of one element, None if it is no such thing."""
    item, shape = getattr(value, "item", None), getattr(value, "shape", None)
    return item() if callable(item) and isinstance(shape, tuple) and prod(shape) == 1 else None


def checked_step(step: object) -> int | None:
    """Return a step as an int, None for the next one.

    Raises
    ------
    InvalidValueError
        If it is no whole number within 64 bits.
    """
    if step is None or (type(step) is int and 0 <= step <= LAST_STEP):  # nearly always
        return step
    try:
        number = operator.index(step)  # type: ignore[arg-type]  # what is no index is refused here
    except TypeError:
        raise InvalidValueError(f"A step is a whole number, not {reprlib.repr(step)}. Count steps from 0.") from None
    if not -LAST_STEP - 1 <= number <= LAST_STEP:
        raise InvalidValueError(f"Step {reprlib.repr(number)} is beyond 64 bits. Count steps from 0.")
    return number


def checked_params(params: Mapping[str, object]) -> dict[str, JsonValue]:
    """Return params as JSON values.

    Raises
    ------
    InvalidValueError
        If a name is none or a value has no JSON form.
    """
    return {check_key(key, "param"): json_value(value) for key, value in params.items()}


def checked_tags(tags: Mapping[str, object]) -> dict[str, str | None]:
    """Return tags as texts; None stays None, which takes a tag away.

    Raises
    ------
    InvalidValueError
        If a name is none.
    """
    return {check_key(key): None if value is None else str(value) for key, value in tags.items()}


def artifact_content(path: str | os.PathLike[str], name: str | None) -> tuple[str, bytes, str]:
    """Return the name, content and media type of a file that is to be kept.

    Raises
    ------
    InvalidValueError
        If there is no such file, or it can't be read.
    """
    file = Path(path)
    if file.is_dir():
        raise InvalidValueError(f"'{file}' is a folder. Log its files one by one, or pack them first.")
    kept = (name or file.name).replace("\\", "/").strip("/")
    if any(part in ("", ".", "..") for part in kept.split("/")) or not kept.isprintable():
        raise InvalidValueError(f"'{name or file.name}' is no name for an artifact. Give one like 'plots/roc.png'.")
    try:
        return kept, file.read_bytes(), mimetypes.guess_type(kept)[0] or "application/octet-stream"
    except (OSError, ValueError) as error:
        reason = getattr(error, "strerror", None) or error
        raise InvalidValueError(f"The file '{file}' can't be read: {reason}.") from None
