"""YAML with the line of everything in it, by the rules of YAML 1.2: ``no`` is a text, ``1e-3`` a number."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Any, TypeAlias

import yaml

from trackbook.records import JsonValue

_PREFIX = "tag:yaml.org,2002:"
_MERGE = _PREFIX + "merge"
_DEEPEST = 40
_SCALARS = (
    ("null", r"~|null|Null|NULL|", "~nN"),
    ("bool", r"true|True|TRUE|false|False|FALSE", "tTfF"),
    ("int", r"[-+]?[0-9]+|0o[0-7]+|0x[0-9a-fA-F]+", "-+0123456789"),
    (
        "float",
        r"[-+]?(?:\.[0-9]+|[0-9]+(?:\.[0-9]*)?)(?:[eE][-+]?[0-9]+)?|[-+]?\.(?:inf|Inf|INF)|\.(?:nan|NaN|NAN)",
        "-+0123456789.",
    ),
    ("merge", r"<<", "<"),
)


class _Loader(getattr(yaml, "CSafeLoader", yaml.SafeLoader)):  # type: ignore[misc]  # the fast one where it was built
    yaml_implicit_resolvers: dict[str | None, list[tuple[str, re.Pattern[str]]]] = {}  # noqa: RUF012  as yaml has it


for _name, _pattern, _first in _SCALARS:
    _Loader.add_implicit_resolver(_PREFIX + _name, re.compile(rf"(?:{_pattern})\Z"), list(_first))
_Loader.add_implicit_resolver(_PREFIX + "null", re.compile(r"\Z"), [""])


@dataclass(frozen=True, slots=True, kw_only=True)
class Mistake:
    """Something in a file that can't be: where, counted from 1, and a sentence."""

    line: int
    sentence: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Entry:
    """A key of a mapping and what stands behind it."""

    key: str
    line: int
    value: Located


@dataclass(frozen=True, slots=True, kw_only=True)
class Located:
    """A value and its line. `entries` are those of a mapping, `items` those of a list; else there is `scalar`."""

    line: int
    scalar: JsonValue = None
    entries: tuple[Entry, ...] | None = None
    items: tuple[Located, ...] | None = None

    @property
    def plain(self) -> JsonValue:
        """The value without its lines."""
        if self.entries is not None:
            return {each.key: each.value.plain for each in self.entries}
        if self.items is not None:
            return [each.plain for each in self.items]
        return self.scalar


_Node: TypeAlias = Any  # yaml's nodes have no types of their own


@dataclass(slots=True)
class _Walk:
    mistakes: list[Mistake] = field(default_factory=list)

    def located(self, node: _Node, depth: int = 0) -> Located:
        line = node.start_mark.line + 1
        if depth > _DEEPEST:
            self.mistakes.append(Mistake(line=line, sentence="this is nested too deeply, or contains itself"))
            return Located(line=line)
        if isinstance(node, yaml.MappingNode):
            return Located(line=line, entries=tuple(self._entries(node, depth)))
        if isinstance(node, yaml.SequenceNode):
            return Located(line=line, items=tuple(self.located(each, depth + 1) for each in node.value))
        return Located(line=line, scalar=self._scalar(node))

    def _entries(self, node: _Node, depth: int) -> Iterator[Entry]:
        """A mapping's entries with those that ``<<`` brings, which give way to its own."""
        found: dict[str, Entry] = {}
        merged: dict[str, Entry] = {}
        for key, value in node.value:
            line = key.start_mark.line + 1
            if key.tag == _MERGE:
                merged = {each.key: each for each in self._merged(value, depth)} | merged
            elif not isinstance(key, yaml.ScalarNode):
                self.mistakes.append(Mistake(line=line, sentence="a key must be a word"))
            elif key.value in found:
                first = found[key.value].line
                self.mistakes.append(
                    Mistake(line=line, sentence=f"the key '{key.value}' is there already, in line {first}")
                )
            else:
                found[key.value] = Entry(key=key.value, line=line, value=self.located(value, depth + 1))
        yield from (merged | found).values()

    def _merged(self, node: _Node, depth: int) -> Iterator[Entry]:
        for each in reversed(node.value) if isinstance(node, yaml.SequenceNode) else [node]:
            yield from self.located(each, depth + 1).entries or ()

    def _scalar(self, node: _Node) -> JsonValue:
        tag, text = node.tag.removeprefix(_PREFIX), str(node.value)
        try:
            return _value(tag, text)
        except ValueError:
            sentence = f"'{text}' is no {tag.removeprefix('!')}, or has a tag that means nothing here"
            self.mistakes.append(Mistake(line=node.start_mark.line + 1, sentence=sentence))
            return None


def _value(tag: str, text: str) -> JsonValue:
    match tag:
        case "str":
            return text
        case "null":
            return None
        case "bool":
            return {"true": True, "false": False}.get(text.lower())
        case "int":
            return int(text, 0) if text.startswith(("0x", "0o")) else int(text)
        case "float":
            return float(re.sub(r"(?i)\.(inf|nan)", r"\1", text))
    raise ValueError(tag)


def read_yaml(text: str) -> tuple[Located | None, list[Mistake]]:
    """Return the document in a text, None if there is none, and what is wrong with it as YAML."""
    try:
        node = yaml.compose(text, Loader=_Loader)
    except yaml.MarkedYAMLError as error:
        mark = error.problem_mark or error.context_mark
        about = " ".join(filter(None, (error.context, error.problem)))
        return None, [Mistake(line=mark.line + 1 if mark else 1, sentence=f"this is no YAML: {about}")]
    except yaml.YAMLError as error:  # a character that no YAML has
        return None, [Mistake(line=1, sentence=f"this is no YAML: {str(error).splitlines()[0]}")]
    walk = _Walk()
    return (walk.located(node) if node is not None else None), walk.mistakes
