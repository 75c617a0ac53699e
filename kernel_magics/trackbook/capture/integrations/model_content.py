"""A hash of what a model holds, the same for a copy of it and for one that was saved and loaded.

Neither pickles nor `capture.marks` will do: they also tell which parts are the same object, and a copy has other ones.
"""

from __future__ import annotations

import sys
from collections.abc import Callable
from typing import Any

from trackbook.capture.fingerprint import fingerprint
from trackbook.capture.tables import is_table

_DEEPEST = 40
_contents: dict[int, Callable[[Any], object]] = {}  # by the id of a class, past its metaclass


def set_content(kind: type, content: Callable[[Any], object]) -> None:
    """Have `content` say what models of exactly this class hold, where their attributes don't (pointers into C)."""
    _contents[id(kind)] = content


def model_content(model: object) -> str:
    """Return a hash of a model's class and attributes, by value."""
    from xxhash import xxh3_128

    hasher = xxh3_128()
    _feed(hasher, model, 0)
    digest: str = hasher.hexdigest()
    return digest


def _feed(hasher: Any, value: Any, depth: int) -> None:
    if depth > _DEEPEST:
        raise RecursionError("a model that contains itself")
    kind = type(value)
    hasher.update(f"<{kind.__module__}.{kind.__qualname__}>".encode())
    content = _contents.get(id(kind))
    if content is not None:
        _feed(hasher, content(value), depth + 1)
    elif value is None or isinstance(value, bool | int | float | complex | str | bytes):
        hasher.update(repr(value).encode("utf-8", "surrogatepass"))
    elif isinstance(value, dict):
        for key in sorted(value, key=repr):
            hasher.update(repr(key).encode("utf-8", "surrogatepass"))
            _feed(hasher, value[key], depth + 1)
    elif isinstance(value, list | tuple) or _is_object_array(value):
        for item in value:
            _feed(hasher, item, depth + 1)
    elif isinstance(value, set | frozenset):
        hasher.update(repr(sorted(map(repr, value))).encode("utf-8", "surrogatepass"))
    elif is_table(value):
        hasher.update((fingerprint(value) or repr(value)).encode())
    elif hasattr(value, "__qualname__"):
        hasher.update(f"{value.__module__}.{value.__qualname__}".encode())
    elif isinstance(getattr(value, "__dict__", None), dict) and value.__dict__:
        _feed(hasher, value.__dict__, depth + 1)
    else:  # an extension type, such as a fitted tree
        for part in value.__reduce_ex__(2)[1:3]:
            _feed(hasher, part, depth + 1)


def _is_object_array(value: Any) -> bool:
    numpy = sys.modules.get("numpy")
    return numpy is not None and isinstance(value, numpy.ndarray) and value.dtype == object
