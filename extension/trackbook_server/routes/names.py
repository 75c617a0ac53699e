"""Names in queries: lists with commas between them, and the fields of runs as one text."""

from __future__ import annotations

import csv

from trackbook.errors import InvalidValueError


def listed(text: str) -> list[str]:
    """Return the names in a list with commas between them; one that has a comma stands in double quotes, as in CSV.

    >>> listed('params.C, "metrics.a,b",params.C')
    ['params.C', 'metrics.a,b']

    Raises
    ------
    InvalidValueError
        If a quote is left open.
    """
    try:
        found = next(csv.reader([text], skipinitialspace=True, strict=True), [])
    except csv.Error:
        raise InvalidValueError(
            f"{text!r} is no list of names. Put commas between them, and a name with a comma in double quotes."
        ) from None
    return list(dict.fromkeys(name.strip() for name in found if name.strip()))
