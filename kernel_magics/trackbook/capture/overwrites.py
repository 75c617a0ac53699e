"""Whether a cell that changes a value in place gives the same however often it has run before.

``df["rate"] = df["a"] / df["b"]`` puts into the table what it puts there, whatever an earlier run of it had put there;
``df["a"] = df["a"] / 2``, ``total += x`` and ``df.drop(..., inplace=True)`` do not.
"""

from __future__ import annotations

import ast
from collections.abc import Collection, Iterator
from functools import lru_cache

from trackbook.capture.symbols import parse_cell

_CHANGING = frozenset(
    {"add", "append", "appendleft", "clear", "difference_update", "discard", "extend", "extendleft", "fit", "insert"}
    | {
        "intersection_update",
        "partial_fit",
        "pop",
        "popitem",
        "popleft",
        "put",
        "remove",
        "resize",
        "reverse",
        "rotate",
    }
    | {"setdefault", "shuffle", "sort", "step", "symmetric_difference_update", "train", "update", "write"}
)
_LOOKING = frozenset(
    {"print", "len", "display", "type", "repr", "str", "sorted", "sum", "min", "max", "any", "all", "list", "id"}
    | {"isinstance", "enumerate", "zip", "pprint", "help"}
)
_ACCESSORS = frozenset({"loc", "iloc", "at", "iat", "T", "values", "flat"})
_OF_THE_SHAPE = frozenset({"index", "shape", "size", "columns", "dtypes", "dtype", "ndim", "name", "__class__"})
_OF_ALL = frozenset(
    {"sum", "mean", "median", "max", "min", "std", "var", "count", "corr", "cov", "idxmax", "idxmin", "nunique", "any"}
    | {"all", "to_numpy", "values", "rank", "cumsum", "describe", "isna", "isnull", "notna", "sample", "shift", "copy"}
    | {"prod", "quantile", "mode", "duplicated", "drop_duplicates", "items", "iterrows", "itertuples"}
)
_Store = ast.Subscript | ast.Attribute


def overwrites(source: str, before: str, name: str) -> bool:
    """Return whether a cell puts the same into `name` whether or not the code `before` has run on it before.

    Only what is certain from the code counts; False where it is not.
    """
    tree, tree_before = _parsed(source), _parsed(before)
    if tree is None or tree_before is None:
        return False
    stores, stores_before = _stores(tree, name), _stores(tree_before, name)
    if not stores or not {ast.unparse(each) for each in stores_before} <= {ast.unparse(each) for each in stores}:
        return False
    constants = {constant for store in stores for constant in _constants(store)}
    allowed = {id(_root(store)) for store in stores}
    if any(_is_partial(store, name) for store in stores) or _adds_to_what_is_there(tree, stores):
        return False
    return all(id(use[-1]) in allowed or _is_harmless(use, constants) for use in _uses(tree, name))


def is_apart(reader: str, maker: str, name: str) -> bool:
    """Return whether a cell looks at no part of `name` that another cell puts into it, and at nothing else of it.

    Only what is certain from the code counts: ``df["a"]`` is apart from ``df["b"] = 1``, ``df.head()`` is not.
    """
    tree = _parsed(reader)
    stored = stored_parts(maker, name)
    if not stored or tree is None:
        return False
    uses = list(_uses(tree, name))
    return bool(uses) and all(_is_of_other_parts(use, stored) for use in uses)


@lru_cache(maxsize=256)
def stored_parts(source: str, name: str) -> frozenset[object]:
    """Return the keys and attributes of `name` that a cell assigns to; none if it may change more of it than these."""
    tree = _parsed(source)
    stores = _stores(tree, name) if tree is not None else []
    if tree is None or not stores or not all(_names_its_parts(store) for store in stores):
        return frozenset()
    allowed = {id(_root(store)) for store in stores}
    if not all(id(use[-1]) in allowed or _only_looks(use) for use in _uses(tree, name)):
        return frozenset()
    return frozenset(constant for store in stores for constant in _constants(store))


def changes_in_place(source: str, name: str) -> bool:
    """Return whether a cell calls a method of `name` that is known to change it: ``append``, ``drop(inplace=True)``."""
    tree = _parsed(source)
    calls = [node for node in ast.walk(tree) if isinstance(node, ast.Call)] if tree is not None else []
    return any(
        isinstance(call.func, ast.Attribute)
        and _root(call.func).id == name
        and (call.func.attr in _CHANGING or _is_in_place(call))
        for call in calls
    )


def _only_looks(way: list[ast.AST]) -> bool:
    """Return whether a mention of a name surely leaves its value as it is."""
    name, above = way[-1], way[-2] if len(way) > 1 else way[-1]
    if not isinstance(name, ast.Name) or not isinstance(name.ctx, ast.Load):
        return False
    if isinstance(above, ast.Subscript):
        return isinstance(above.ctx, ast.Load)
    if isinstance(above, ast.Call):
        return isinstance(above.func, ast.Name) and above.func.id in _LOOKING
    if not isinstance(above, ast.Attribute) or above.attr in _CHANGING:
        return False
    return not any(isinstance(node, ast.Call) and _is_in_place(node) for node in way)


def _is_of_other_parts(way: list[ast.AST], stored: Collection[object]) -> bool:
    """Return whether a mention of a name is one of named parts, none of which is among `stored`."""
    above = way[-2] if len(way) > 1 else way[-1]
    if isinstance(above, ast.Subscript):
        named = {part.value for part in ast.walk(above.slice) if isinstance(part, ast.Constant)}
        return _names_its_parts(above) and bool(named) and named.isdisjoint(stored)
    return False


@lru_cache(maxsize=64)
def _parsed(source: str) -> ast.Module | None:
    try:
        return parse_cell(source)
    except SyntaxError:
        return None


def _stores(tree: ast.Module, name: str) -> list[_Store]:
    """Return the places inside of `name` that are assigned to."""
    return [
        node
        for node in ast.walk(tree)
        if isinstance(node, _Store) and isinstance(node.ctx, ast.Store) and _root(node).id == name
    ]


def _root(node: ast.expr) -> ast.Name:
    """Return the name that a chain of attributes and subscripts begins with; of another beginning, no name's."""
    while isinstance(node, _Store):
        node = node.value
    return node if isinstance(node, ast.Name) else ast.Name(id="")


def _constants(store: _Store) -> Iterator[object]:
    """Yield the keys and attributes that a store names."""
    node: ast.expr = store
    while isinstance(node, _Store):
        if isinstance(node, ast.Subscript):
            yield from (part.value for part in ast.walk(node.slice) if isinstance(part, ast.Constant))
        elif node.attr not in _ACCESSORS:
            yield node.attr
        node = node.value


def _is_partial(store: _Store, name: str) -> bool:
    """Return whether a store reaches only some rows, chosen by what is in there: the others keep what they had."""
    node: ast.expr = store
    while isinstance(node, _Store):
        if isinstance(node, ast.Subscript):
            first = node.slice.elts[0] if isinstance(node.slice, ast.Tuple) and node.slice.elts else node.slice
            if any(isinstance(part, ast.Compare | ast.BoolOp | ast.Call) for part in ast.walk(first)):
                return True
            if any(isinstance(part, ast.Name) and part.id == name for part in ast.walk(node.slice)):
                return True
        node = node.value
    return False


def _adds_to_what_is_there(tree: ast.Module, stores: Collection[_Store]) -> bool:
    """Return whether a cell goes on from what a part holds (``df["a"] /= 2``) that it has not assigned before."""
    added = {id(node.target) for node in ast.walk(tree) if isinstance(node, ast.AugAssign)}
    first: dict[str, _Store] = {}
    for store in sorted(stores, key=lambda each: (each.lineno, each.col_offset)):
        first.setdefault(ast.unparse(store), store)
    return any(id(store) in added for store in first.values())


def _uses(tree: ast.Module, name: str) -> Iterator[list[ast.AST]]:
    """Yield the way from its statement down to each mention of a name."""
    pending: list[list[ast.AST]] = [[statement] for statement in tree.body]
    while pending:
        way = pending.pop()
        if isinstance(way[-1], ast.Name) and way[-1].id == name:
            yield way
        children = ast.iter_child_nodes(way[-1])
        pending += [[child] if isinstance(child, ast.stmt) else [*way, child] for child in children]


def _is_harmless(way: list[ast.AST], stored: Collection[object]) -> bool:
    """Return whether a mention of a name neither changes its value nor looks at what is stored into it."""
    statement, name = way[0], way[-1]
    if not isinstance(name, ast.Name) or not isinstance(name.ctx, ast.Load):
        return False
    if isinstance(statement, ast.AugAssign) and any(node is statement.target for node in way):
        return False
    above = way[-2]
    if isinstance(above, ast.Attribute):
        call = next((node for node in way[::-1][2:] if isinstance(node, ast.Call)), None)
        if above.attr in _CHANGING or (call is not None and _is_in_place(call)):
            return False
        if above.attr in _OF_THE_SHAPE:
            return True
    looks_only = isinstance(statement, ast.Expr) or not _puts_back(statement, name.id)
    if isinstance(above, ast.Call) and name in above.args:
        called = above.func.id if isinstance(above.func, ast.Name) else ""
        return called in _LOOKING if looks_only and isinstance(statement, ast.Expr) else looks_only or called == "len"
    if looks_only:
        return True
    if not isinstance(above, _Store):
        return False
    if isinstance(above, ast.Attribute) and above.attr in _OF_ALL:
        return False
    value = getattr(statement, "value", None) or statement
    mentioned = {part.value for part in ast.walk(value) if isinstance(part, ast.Constant)}
    mentioned |= {part.attr for part in ast.walk(value) if isinstance(part, ast.Attribute)}
    return mentioned.isdisjoint(stored) and (not isinstance(above, ast.Subscript) or _names_its_parts(above))


def _is_in_place(call: ast.Call) -> bool:
    return any(
        keyword.arg == "inplace" and not (isinstance(keyword.value, ast.Constant) and keyword.value.value is False)
        for keyword in call.keywords
    )


def _puts_back(statement: ast.AST, name: str) -> bool:
    """Return whether what a statement computes goes into `name`."""
    targets = getattr(statement, "targets", None) or [getattr(statement, "target", None)]
    return any(
        isinstance(target, ast.expr)
        and any(isinstance(part, ast.Name) and part.id == name for part in ast.walk(target))
        for target in targets
    )


def _names_its_parts(node: _Store) -> bool:
    """Return whether a subscript says which parts it is of: ``df["a"]``, ``df[["a", "b"]]``."""
    if isinstance(node, ast.Attribute):
        return isinstance(node.value, ast.Name)
    return isinstance(node.value, ast.Name) and all(
        isinstance(part, ast.Constant | ast.List | ast.Tuple | ast.Load) for part in ast.walk(node.slice)
    )
