"""``foreach``: one step of a file that becomes several, one for each combination of values."""

from __future__ import annotations

import itertools
from collections.abc import Iterator, Mapping, Sequence

from trackbook.pipelines.graph.keys import BadValueError
from trackbook.records import JsonValue, encode

_MOST = 10_000
_LONGEST = 40  # characters of a value in a name


def combinations(value: JsonValue) -> list[Mapping[str, JsonValue]]:
    """Return the combinations that a ``foreach`` asks for.

    A mapping of names to lists is their cross product; a list of mappings is those combinations themselves.

    Raises
    ------
    BadValueError
        If it is neither, or asks for none or for very many.
    """
    if isinstance(value, dict) and value:
        found = list(itertools.islice(_product(value), _MOST + 1))
    elif isinstance(value, list) and value and all(isinstance(each, dict) and each for each in value):
        found = [each for each in value if isinstance(each, dict)]
    else:
        raise BadValueError("takes names with lists of values, such as C: [0.1, 1], or a list of such combinations")
    bad = next((name for each in found for name in each if not name.isidentifier()), None)
    if bad is not None:
        raise BadValueError(f"has a param '{bad}', and a param must be a name as in Python")
    if len(found) > _MOST:
        raise BadValueError(f"asks for more than {_MOST:,} steps")
    return found


def _product(lists: Mapping[str, JsonValue]) -> Iterator[Mapping[str, JsonValue]]:
    for name, values in lists.items():
        if not isinstance(values, list) or not values:
            raise BadValueError(f"has no list of values for '{name}'")
    for chosen in itertools.product(*(each for each in lists.values() if isinstance(each, list))):
        yield dict(zip(lists, chosen, strict=True))


def names_of(base: str, values: Sequence[Mapping[str, JsonValue]]) -> list[str]:
    """Return a name for each combination: ``train[C=1,kind=a]``; texts are in quotes where that tells two apart."""
    plain = [f"{base}[{','.join(f'{key}={_text(value)}' for key, value in each.items())}]" for each in values]
    if len(set(plain)) == len(plain):
        return plain
    exact = [f"{base}[{','.join(f'{key}={encode(value)}' for key, value in each.items())}]" for each in values]
    return exact if len(set(exact)) == len(exact) else [f"{name}#{n}" for n, name in enumerate(exact, 1)]


def _text(value: JsonValue) -> str:
    text = value if isinstance(value, str) else encode(value)
    return text if len(text) <= _LONGEST else text[: _LONGEST - 1] + "…"


def base_of(name: str) -> str:
    """Return the name in the file of a step that ``foreach`` may have made."""
    return name.partition("[")[0]
