"""Which names a statement reads, binds, calls and may change in place: static, from its syntax tree alone."""

from __future__ import annotations

import ast
from dataclasses import dataclass

from trackbook.capture.magics_source import HARMLESS, LOCAL, OPAQUE, parse_cell
from trackbook.capture.name_collector import NameCollector
from trackbook.capture.syntax import SIMPLE, header_of

__all__ = ["Access", "accesses", "mentions", "parse_cell"]

OPAQUE_NAMES = frozenset({"exec", "eval", "globals", "get_ipython", OPAQUE})
"""Whoever mentions one of these may read and write anything."""
_MARKERS = frozenset({HARMLESS, OPAQUE, LOCAL})


@dataclass(slots=True, kw_only=True, unsafe_hash=True)  # never changed; frozen ones take twice the time to make
class Access:
    """What a piece of code does to the names of the scope that it stands in.

    `reads` are the names loaded from that scope, builtins among them, without the locals of comprehensions, lambdas,
    classes and functions. `binds` are the names bound or deleted. `touches` are the names whose object may change in
    place: roots of subscript, attribute and augmented targets, receivers of method calls, what is iterated over or
    entered by `with`, and every name inside the arguments of a call. `calls` are the names called or whose methods are
    called. `is_opaque` code (`exec`, `eval`, `globals()`, an unknown magic, ``import *``) may read and write anything.
    """

    reads: frozenset[str] = frozenset()
    binds: frozenset[str] = frozenset()
    touches: frozenset[str] = frozenset()
    calls: frozenset[str] = frozenset()
    is_opaque: bool = False


def accesses(node: ast.AST, *, shallow: bool = False) -> Access:
    """Return what one statement does to the names of its scope.

    The body of a function is not looked into, for it runs when it is called; that of a class and of a lambda is.

    Parameters
    ----------
    shallow
        Of a compound statement only the header: the test, the iterated expression and its targets, the context
        managers, decorators and defaults, the patterns of a `match`; not the statements inside.
    """
    shallow = shallow and type(node) not in SIMPLE
    shallow = shallow and getattr(node, "name", None) != LOCAL  # its body runs where it stands
    collector = NameCollector()
    for part in header_of(node) if shallow else (node,):
        collector.visit(part)
    if shallow:
        collector.names_of_header(node)
    return _access(collector)


def mentions(node: ast.AST) -> Access:
    """Return what `node` does to its scope when the functions defined in it are called as well."""
    collector = NameCollector(is_deep=True)
    collector.visit(node)
    return _access(collector)


def _access(found: NameCollector) -> Access:
    is_opaque = found.is_opaque or not OPAQUE_NAMES.isdisjoint(found.reads)
    if not _MARKERS.isdisjoint(found.reads):  # what stands for a magic is called, and so read first
        for names in (found.reads, found.binds, found.touches, found.calls):
            names -= _MARKERS
    return Access(
        reads=frozenset(found.reads),
        binds=frozenset(found.binds),
        touches=frozenset(found.touches),
        calls=frozenset(found.calls),
        is_opaque=is_opaque,
    )
