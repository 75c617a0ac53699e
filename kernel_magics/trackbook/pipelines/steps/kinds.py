"""The types that params can have, read from annotations, and how a value becomes one of a type."""

from __future__ import annotations

import ast
import datetime
import math
import os
from collections.abc import Callable, Mapping
from contextlib import suppress
from dataclasses import dataclass

from trackbook.capture.literals import Missing, literal_value
from trackbook.errors import InvalidValueError
from trackbook.records import JsonValue, json_value

_TRUE, _FALSE = ("true", "yes", "on", "1"), ("false", "no", "off", "0")
_DIGITS = ("0", "1")
_NOTHING = ("None", "none", "null", "~")
_SAME = {
    "List": "list",
    "Sequence": "list",
    "MutableSequence": "list",
    "Iterable": "list",
    "Collection": "list",
    "Tuple": "list",
    "tuple": "list",
    "Set": "list",
    "set": "list",
    "frozenset": "list",
    "FrozenSet": "list",
    "Dict": "dict",
    "Mapping": "dict",
    "MutableMapping": "dict",
    "None": "none",
    "NoneType": "none",
    "PathLike": "path",
    "PurePath": "path",
    "Path": "path",
    "Real": "float",
    "Number": "number",
    "Integral": "int",
    "Literal": "literal",
}
_PLAIN = ("bool", "int", "float", "str", "list", "dict", "date", "datetime")
_WRAPPERS = ("Annotated", "Final", "ClassVar", "Required")
_EASIEST_LAST = ("none", "literal", "bool", "int", "float", "number", "list", "dict", "date", "datetime", "path", "str")


@dataclass(frozen=True, slots=True, kw_only=True)
class Kind:
    """A type.

    `name` is ``any``, ``none``, ``bool``, ``int``, ``float``, ``number``, ``str``, ``path``, ``date``, ``datetime``,
    ``list`` and ``dict`` (of `parts`: the items' kind, if known), ``union`` (of `parts`) or ``literal`` (`values`).
    """

    name: str
    parts: tuple[Kind, ...] = ()
    values: tuple[JsonValue, ...] = ()

    @property
    def takes_none(self) -> bool:
        """Whether None is a value of this."""
        return self.name in ("any", "none") or any(part.takes_none for part in self.parts if self.name == "union")


ANY = Kind(name="any")
NUMBER = Kind(name="number")


def kind_of_annotation(node: ast.expr) -> Kind:
    """Return the kind that an annotation stands for; ``any`` for classes that nobody can tell values of."""
    if isinstance(node, ast.Constant):
        return _kind_of_constant(node.value)
    if isinstance(node, ast.BinOp) and isinstance(node.op, ast.BitOr):
        return _union((kind_of_annotation(node.left), kind_of_annotation(node.right)))
    if isinstance(node, ast.Subscript):
        return _kind_of_subscript(_last_name(node.value), node.slice)
    name = _last_name(node)
    name = _SAME.get(name, name)
    return Kind(name=name) if name in (*_PLAIN, "none", "path", "number") else ANY


def kind_of_default(value: JsonValue) -> Kind:
    """Return the kind of a param that only has a default: a number for a number, and so on."""
    if isinstance(value, bool):
        return _or_none(Kind(name="bool"))
    if isinstance(value, int | float):
        return _or_none(NUMBER)
    if isinstance(value, str):
        return Kind(name="str")
    if isinstance(value, list):
        is_texts = bool(value) and all(isinstance(item, str) for item in value)
        return _or_none(Kind(name="list", parts=(Kind(name="str"),) if is_texts else ()))
    return _or_none(Kind(name="dict")) if isinstance(value, dict) else ANY


def described(kind: Kind) -> str:
    """Return a kind in words: ``a whole number``, ``one of 'a', 'b'``."""
    if kind.name == "union":
        last = sorted(kind.parts, key=lambda part: part.name == "none")
        return " or ".join(dict.fromkeys(described(part) for part in last))
    if kind.name == "literal":
        return "one of " + ", ".join(map(repr, kind.values))
    if kind.parts and kind.parts[-1].name in _PLURALS:
        return f"a {_COLLECTIONS[kind.name]} of {_PLURALS[kind.parts[-1].name]}"
    return _WORDS[kind.name]


_WORDS = {
    "any": "a value",
    "none": "None",
    "bool": "true or false",
    "int": "a whole number",
    "float": "a number",
    "number": "a number",
    "str": "text",
    "path": "a path",
    "date": "a date such as 2026-01-31",
    "datetime": "a date and time such as 2026-01-31T12:00",
    "list": "a list",
    "dict": "a mapping such as {key: 1}",
}
_COLLECTIONS = {"list": "list", "dict": "mapping"}
_PLURALS = {
    "bool": "true and false",
    "int": "whole numbers",
    "float": "numbers",
    "number": "numbers",
    "str": "texts",
    "path": "paths",
    "date": "dates",
    "list": "lists",
    "dict": "mappings",
}


def from_text(kind: Kind, text: str) -> JsonValue:
    """Return what a text of the command line means for a kind.

    Raises
    ------
    ValueError
        If it can't be one.
    """
    if kind.name == "any":
        return guessed(text)
    if kind.name == "union":
        return _first(kind, lambda part: from_text(part, text))
    if kind.name == "literal":
        return _choice(kind, text)
    if kind.name in ("list", "dict"):
        return checked_value(kind, _list_or_dict(kind, text))
    return _SCALARS[kind.name](text)


def checked_value(kind: Kind, value: object) -> JsonValue:
    """Return a value that is no text of the command line (from YAML, from Python) as one of a kind.

    Raises
    ------
    ValueError
        If it can't be one.
    """
    plain = _plain(value)
    if kind.name == "any":
        return plain
    if kind.name == "union":
        return _first(kind, lambda part: checked_value(part, plain))
    if kind.name == "literal":
        return _member(kind, plain)
    if kind.name == "list" and isinstance(plain, list):
        return [checked_value(kind.parts[0], item) for item in plain] if kind.parts else plain
    if kind.name == "dict" and isinstance(plain, dict):
        if len(kind.parts) < 2:
            return plain
        return {name: checked_value(kind.parts[1], item) for name, item in plain.items()}
    if kind.name == "number" and isinstance(plain, int | float) and not isinstance(plain, bool):
        return plain
    if kind.name == "float" and not isinstance(plain, bool):
        return _float(plain)  # in older YAML 1e-3 is a text
    if kind.name == "bool" and isinstance(plain, str) and plain not in _DIGITS:
        return _bool(plain)  # in newer YAML yes is a text
    if kind.name == "int" and isinstance(plain, float) and plain.is_integer():
        return int(plain)
    return _as_it_is(kind, plain)


def guessed(text: str) -> JsonValue:
    """Return what a text means where no type is known: as papermill takes it, and lists and mappings as YAML."""
    if text in ("None", "null"):
        return None
    if text in ("True", "true", "False", "false"):
        return text.lower() == "true"
    with suppress(ValueError):
        return _number(text)
    if text.lstrip().startswith(("[", "{")):
        try:
            return _from_yaml(text)
        except ValueError:
            return text
    return text


def _as_it_is(kind: Kind, value: JsonValue) -> JsonValue:
    if kind.name in ("date", "datetime", "path") and isinstance(value, str):
        return _SCALARS[kind.name](value)
    wanted = {"none": type(None), "bool": bool, "int": int, "str": str}.get(kind.name)
    if type(value) is not wanted:
        raise ValueError("another type")
    return value


def _kind_of_constant(value: object) -> Kind:
    if value is None:
        return Kind(name="none")
    if isinstance(value, str):
        try:
            return kind_of_annotation(ast.parse(value.strip(), mode="eval").body)
        except (SyntaxError, ValueError, RecursionError):
            return ANY
    return ANY


def _kind_of_subscript(name: str, inside: ast.expr) -> Kind:
    parts = inside.elts if isinstance(inside, ast.Tuple) else [inside]
    if name in _WRAPPERS:
        return kind_of_annotation(parts[0])
    if name == "Optional":
        return _or_none(kind_of_annotation(parts[0]))
    if name == "Union":
        return _union(tuple(map(kind_of_annotation, parts)))
    if name == "Literal":
        values = [literal_value(part) for part in parts]
        known = tuple(value for value in values if not isinstance(value, Missing))
        return Kind(name="literal", values=known) if len(known) == len(values) else ANY
    name = _SAME.get(name, name)
    if name not in ("list", "dict"):
        return Kind(name=name) if name == "path" else ANY
    kinds = [kind_of_annotation(part) for part in parts if not _is_ellipsis(part)]
    if name == "list" and len(set(kinds)) > 1:
        return Kind(name="list")  # a tuple of several types
    return Kind(name=name, parts=tuple(kinds[:1] if name == "list" else kinds[:2]))


def _is_ellipsis(node: ast.expr) -> bool:
    return isinstance(node, ast.Constant) and node.value is Ellipsis


def _last_name(node: ast.expr) -> str:
    """Return a name without the module before it: ``Optional`` of ``typing.Optional``."""
    if isinstance(node, ast.Attribute):
        return node.attr
    return node.id if isinstance(node, ast.Name) else ""


def _union(kinds: tuple[Kind, ...]) -> Kind:
    flat = [part for kind in kinds for part in (kind.parts if kind.name == "union" else (kind,))]
    if any(part.name == "any" for part in flat):
        return ANY
    return Kind(name="union", parts=tuple(sorted(dict.fromkeys(flat), key=lambda part: _EASIEST_LAST.index(part.name))))


def _or_none(kind: Kind) -> Kind:
    return _union((kind, Kind(name="none")))


def _first(kind: Kind, attempt: Callable[[Kind], JsonValue]) -> JsonValue:
    """Return what the first part of a union makes of a value."""
    for part in kind.parts:
        try:
            return attempt(part)
        except ValueError:
            continue
    raise ValueError("none of the types")


def _choice(kind: Kind, text: str) -> JsonValue:
    for value in kind.values:
        if text == value or (not isinstance(value, str) and text == str(value)):
            return value
    return _member(kind, guessed(text))


def _member(kind: Kind, value: JsonValue) -> JsonValue:
    for each in kind.values:
        if each == value and isinstance(each, bool) == isinstance(value, bool):
            return each
    raise ValueError("no choice")


def _list_or_dict(kind: Kind, text: str) -> JsonValue:
    """Return a list or mapping in YAML; of simple items ``a,b`` will do."""
    if text.lstrip().startswith(("[", "{")):
        value = _from_yaml(text)
        if kind.parts and kind.name == "list" and isinstance(value, list):
            return [item if not isinstance(item, str) else from_text(kind.parts[0], item) for item in value]
        return value
    if kind.name == "dict":
        raise ValueError("no mapping")
    items = [item.strip() for item in text.split(",")] if text.strip() else []
    return [from_text(kind.parts[0] if kind.parts else ANY, item) for item in items]


def _from_yaml(text: str) -> JsonValue:
    from trackbook.pipelines.graph.located import read_yaml

    document, mistakes = read_yaml(text)
    if mistakes:
        raise ValueError(mistakes[0].sentence)
    return document.plain if document is not None else None


def _plain(value: object) -> JsonValue:
    """Return a value of Python's as JSON has it: paths, dates and times as text."""
    if isinstance(value, os.PathLike):
        return str(value)
    if isinstance(value, datetime.date):  # a datetime is one, too
        return value.isoformat()
    try:
        return json_value(value)
    except (InvalidValueError, TypeError):
        raise ValueError("no JSON") from None


def _none(text: str) -> JsonValue:
    if text not in _NOTHING:
        raise ValueError("not None")
    return None


def _bool(text: str) -> JsonValue:
    if text.lower() not in (*_TRUE, *_FALSE):
        raise ValueError("neither")
    return text.lower() in _TRUE


def _int(text: str) -> JsonValue:
    try:
        return int(text)
    except ValueError:
        number = float(text)
    if not math.isfinite(number) or not number.is_integer():
        raise ValueError("no whole number")
    return int(number)


def _float(value: JsonValue) -> JsonValue:
    if not isinstance(value, str | int | float):
        raise ValueError("no number")
    try:
        return float(value)
    except OverflowError:
        raise ValueError("too large") from None


def _number(text: str) -> JsonValue:
    try:
        return int(text)
    except ValueError:
        return float(text)


def _date(text: str) -> JsonValue:
    datetime.date.fromisoformat(text)
    return text


def _datetime(text: str) -> JsonValue:
    datetime.datetime.fromisoformat(text)
    return text


_SCALARS: Mapping[str, Callable[[str], JsonValue]] = {
    "none": _none,
    "bool": _bool,
    "int": _int,
    "float": _float,
    "number": _number,
    "str": lambda text: text,
    "path": lambda text: text,
    "date": _date,
    "datetime": _datetime,
}
