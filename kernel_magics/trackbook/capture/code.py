"""The code of a cell or file, read once: what each statement does, whatever the values are.

All that looks at a cell (what it can reach, what flows where, what came in without a seed) asks here, so no statement
is gone over twice. The code of cells is remembered by its source, for the same cells run again and again.
"""

from __future__ import annotations

import ast
import re
from collections.abc import Callable, Collection, Iterable, Mapping
from dataclasses import dataclass
from functools import lru_cache
from typing import TYPE_CHECKING, Generic, TypeVar

from trackbook.capture.hash_order import may_follow_hashes
from trackbook.capture.literals import assigned_literals, code_text, is_literal_iterable, target_names
from trackbook.capture.magics_source import LOCAL
from trackbook.capture.randomness import may_draw
from trackbook.capture.symbols import Access, accesses, mentions, parse_cell
from trackbook.capture.syntax import SIMPLE
from trackbook.records import JsonValue

if TYPE_CHECKING:
    from trackbook.capture.exposure import Exposure
    from trackbook.capture.flow import Flow

T = TypeVar("T")
_MOST_CELLS = 64
_LONGEST = 20_000  # characters of a cell that is remembered: a tree is a hundred times larger than its source
_DEFINING = re.compile(r"\b(?:def|class|lambda)\b|%")  # a magic's body may be read as a function
_LOOPS = (ast.For, ast.AsyncFor)  # a union is made anew each time that it is met
_IMPORTS = frozenset({ast.Import, ast.ImportFrom})
_NOTHING: frozenset[str] = frozenset()


class Facts:
    """What one statement does; of a compound statement (not of a class) only its header.

    `access` are the names that it uses, `literals` the constants that it assigns, `loop_targets` the names that a loop
    over literals binds here.
    """

    __slots__ = ("access", "literals", "loop_targets")

    def __init__(self, statement: ast.stmt, *, has_walrus: bool) -> None:
        self.access = accesses(statement, shallow=type(statement) is not ast.ClassDef)  # a class runs where it stands
        self.literals: Mapping[str, JsonValue] = assigned_literals(statement, has_walrus=has_walrus)
        self.loop_targets = _loop_targets(statement)


@dataclass(slots=True, eq=False)
class Depending(Generic[T]):
    """Something worked out from code and from what the values of some names reach: good as long as they reach that."""

    value: T
    asked: Mapping[tuple[str, bool], frozenset[str]]

    def holds(self, ask: Callable[[str, bool], Collection[str]]) -> bool:
        """Return whether the names reach what they reached."""
        return all(ask(name, is_used) == found for (name, is_used), found in self.asked.items())


class Code:
    """A syntax tree and what is worked out from it, each when it is first asked for.

    Parameters
    ----------
    tree
        Never altered.
    source
        The text that it was parsed from.
    """

    def __init__(self, tree: ast.Module, source: str) -> None:
        self.tree = tree
        self.source = source
        self.has_walrus = ":=" in source
        self.has_definitions = _DEFINING.search(source) is not None
        """Whether there may be code that runs later than where it stands."""
        self.has_imports = "import" in source and any(type(each) in _IMPORTS for each in statements_in(tree.body))
        self.may_draw = "(" in source and may_draw(source)
        """Whether a call in it may draw without a seed."""
        self.may_follow_hashes = may_follow_hashes(source, tree)
        """Whether the order of a set may get into data in it."""
        self.defined = _defined_names(tree) if self.has_definitions else _NOTHING
        """The functions and classes that it defines; None where defining one may already run its body."""
        self.exposure: Depending[Exposure] | None = None
        self.flow: Depending[Flow] | None = None
        self._access: Access | None = None
        self._mentions: Access | None = None
        self._mentions_of: dict[ast.stmt, Access] = {}
        self._facts: dict[ast.stmt, Facts] = {}

    def facts(self, statement: ast.stmt) -> Facts:
        """Return what is known of a statement."""
        found = self._facts.get(statement)
        if found is None:
            found = self._facts[statement] = Facts(statement, has_walrus=self.has_walrus)
        return found

    @property
    def access(self) -> Access:
        """What the whole does to its names, without the bodies of functions."""
        if self._access is None:
            body = self.tree.body
            is_simple = len(body) == 1 and type(body[0]) in SIMPLE
            self._access = self.facts(body[0]).access if is_simple else accesses(self.tree)
        return self._access

    def mentions_of(self, statement: ast.stmt) -> Access:
        """Return what a statement does to the names of its scope when the functions in it are called as well."""
        found = self._mentions_of.get(statement)
        if found is None:
            found = self._mentions_of[statement] = mentions(statement)
        return found

    @property
    def mentions(self) -> Access:
        """What it does to its names when all functions in it are called as well."""
        if self._mentions is None:
            self._mentions = mentions(self.tree)
        return self._mentions


def statements_in(body: Iterable[ast.stmt]) -> list[ast.stmt]:
    """Return statements and all that are inside them, in functions and classes too, in the order of the source."""
    found: list[ast.stmt] = []
    for statement in body:
        found.append(statement)
        if type(statement) not in SIMPLE:
            for part in ("body", "handlers", "cases", "orelse", "finalbody"):
                for inner in getattr(statement, part, ()):
                    found += statements_in([inner] if isinstance(inner, ast.stmt) else inner.body)
    return found


class StatementText:
    """Gives the text of a statement of a cell (see `code_text`) when it is asked for; keeps no syntax tree until then.

    Parameters
    ----------
    source
        The cell's.
    statement
        One of the statements of ``cell_code(source)``.
    """

    __slots__ = ("_place", "_source")

    def __init__(self, source: str, statement: ast.stmt) -> None:
        self._source = source
        self._place = (statement.lineno, statement.col_offset)

    def __call__(self) -> str:
        tree = cell_code(self._source).tree
        statements = (node for node in ast.walk(tree) if isinstance(node, ast.stmt))
        return code_text(next(node for node in statements if (node.lineno, node.col_offset) == self._place))


@lru_cache(_MOST_CELLS)
def _remembered(source: str) -> Code:
    return Code(parse_cell(source), source)


def cell_code(source: str) -> Code:
    """Return the code of a cell.

    Raises
    ------
    SyntaxError
        As Python would, with the line in `source`.
    """
    return _remembered(source) if len(source) <= _LONGEST else Code(parse_cell(source), source)


def _defined_names(module: ast.Module) -> frozenset[str] | None:
    found = set()
    for node in statements_in(module.body):
        if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef | ast.ClassDef):
            if node.decorator_list or node.name == LOCAL or (isinstance(node, ast.ClassDef) and node.bases):
                return None
            found.add(node.name)
    return frozenset(found)


def _loop_targets(statement: ast.stmt) -> frozenset[str]:
    if isinstance(statement, _LOOPS) and is_literal_iterable(statement.iter):
        return frozenset(target_names(statement.target))
    return _NOTHING
