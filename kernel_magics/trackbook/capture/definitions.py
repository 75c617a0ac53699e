"""Finds classes that a cell defines and uses at once, before their first use, without touching the person's code.

scikit-learn tells of its subclasses by itself; a class of nobody's (a model written from scratch) tells nobody. In a
cell that defines one with ``fit``, Python's profiling hook is set until the class is there, which is a few events: no
call of it is missed, and nothing runs slower after that.
"""

from __future__ import annotations

import ast
import sys
from collections.abc import Callable, Iterator, Mapping
from types import FrameType
from typing import TypeGuard

from trackbook.capture.code import Code


class Definitions:
    """Tells of the estimator-like classes of a cell as soon as they are bound to their names.

    Parameters
    ----------
    variables
        The notebook's namespace.
    found
        Called with each class.
    """

    def __init__(self, variables: Mapping[str, object], found: Callable[[type], None]) -> None:
        self._variables = variables
        self._found = found
        self._awaited: dict[str, object] = {}

    def begin(self, code: Code) -> None:
        """A cell is about to run."""
        names = set(_defined(code.tree.body)) if code.has_definitions else ()
        if names and sys.getprofile() is None:
            self._awaited = {name: self._variables.get(name) for name in names}
            sys.setprofile(self._look)

    def end(self) -> None:
        """The cell has ended."""
        if not self._awaited:
            return
        if sys.getprofile() == self._look:
            sys.setprofile(None)
        self._look(None, "end", None)
        self._awaited = {}

    def _look(self, frame: FrameType | None, event: str, argument: object) -> None:
        for name, before in list(self._awaited.items()):
            value = self._variables.get(name)
            if value is not before and is_class(value):
                del self._awaited[name]
                self._found(value)
        if not self._awaited and sys.getprofile() == self._look:
            sys.setprofile(None)


def is_class(value: object) -> TypeGuard[type]:
    """Return whether an object is a class, asking its type alone: its own ``__class__`` may be code of the person's."""
    return issubclass(type(value), type)


def _defined(body: list[ast.stmt]) -> Iterator[str]:
    """Yield the names of classes with a ``fit`` of their own that statements define at their top level."""
    for statement in body:
        if isinstance(statement, ast.ClassDef):
            if any(isinstance(part, ast.FunctionDef) and part.name == "fit" for part in statement.body):
                yield statement.name
        elif isinstance(statement, ast.If | ast.Try | ast.With):
            yield from _defined(statement.body)
