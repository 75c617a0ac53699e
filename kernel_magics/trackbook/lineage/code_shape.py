"""What a piece of code computes, apart from what is told elsewhere: two pieces of one shape differ in seeds and params.

Left out are layout, comments and annotations, what is only printed, seeds, and what params give: constants assigned to
the name of a param, the arguments of constructors, the values that a loop over a param takes. All other constants stay:
a threshold of 0.3 is not one of 0.5.
"""

from __future__ import annotations

import ast
import copy
import re
from collections import Counter
from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import TypeAlias

from trackbook.errors import InvalidValueError
from trackbook.lineage.code import parsed
from trackbook.lineage.evidence import leaf_of
from trackbook.records import JsonValue, encode

_SEED = re.compile(r"(?:^|[._])(?:\w*_?seed|random_?state|rng)s?$", re.IGNORECASE)
_SEEDING = re.compile(r"\w*seed\w*|default_rng|RandomState|PRNGKey", re.IGNORECASE)
_SHOWING = frozenset({"print", "display", "pprint"})
_RANGES = frozenset({"range", "trange"})

_PLACES = (ast.Name, ast.Attribute, ast.Subscript)  # where a value is taken from: ``C``, ``config.C``, ``config["C"]``

Values: TypeAlias = Mapping[str, Collection[str]]


def is_seed_name(name: str) -> bool:
    """Return whether a name says that it holds a seed: ``np_seed``, ``clf__random_state``, ``rng``."""
    return _SEED.search(name) is not None


def values_by_name(params: Mapping[str, JsonValue]) -> Values:
    """Return the values of params as texts, by whole key and by the name that code gives them."""
    found: dict[str, set[str]] = {}
    for key, value in [*params.items(), *entries_of(params)]:
        for name in (key, leaf_of(key)):
            found.setdefault(name, set()).add(encode(value))
    return found


def entries_of(params: Mapping[str, JsonValue]) -> Iterator[tuple[str, JsonValue]]:
    """Yield the entries of params that are dicts, as deep as they go: ``config.C``."""
    for key, value in params.items():
        for name, entry in value.items() if isinstance(value, dict) else ():
            whole = f"{key}.{name}"
            yield from entries_of({whole: entry}) if isinstance(entry, dict) else ((whole, entry),)


@dataclass(frozen=True, slots=True, kw_only=True)
class Surroundings:
    """What has to be known around a piece of code to say its shape.

    `values` are the run's params (`values_by_name`), `functions` the names of the arguments of functions that were
    defined in cells, `seeds` the names that hold nothing but seeds.
    """

    values: Values = field(default_factory=dict)
    functions: Mapping[str, Sequence[str]] = field(default_factory=dict)
    seeds: Collection[str] = ()

    @property
    def texts(self) -> frozenset[str]:
        """The values of all params."""
        return frozenset(text for texts in self.values.values() for text in texts)


def tree_of(text: str, calls: Collection[str] = ()) -> ast.AST | None:
    """Return the tree of a statement without what it prints; None where it is no Python, or nothing is left.

    `calls`: of a statement that calls these functions only the calls.
    """
    tree = parsed(text)
    found = [node for node in ast.walk(tree) if isinstance(node, ast.Call) and _called(node) in calls] if tree else []
    if found:
        return ast.Module([ast.Expr(each) for each in copy.deepcopy(found)], [])
    return _Shown().visit(copy.deepcopy(tree)) if tree is not None else None


def imported(text: str, name: str) -> str | None:
    """Return what an import binds to a name: ``numpy.linalg.norm`` for ``norm``, None where it doesn't bind it."""
    for node in ast.walk(parsed(text) or ast.Module([], [])):
        if isinstance(node, ast.Import | ast.ImportFrom):
            owner = f"{node.module or ''}." if isinstance(node, ast.ImportFrom) else ""
            for alias in node.names:
                if name in (alias.asname or alias.name.partition(".")[0], alias.name) or alias.name == "*":
                    return owner + alias.name
    return None


def functions_in(tree: ast.AST) -> Iterator[tuple[str, Sequence[str]]]:
    """Yield the functions that a tree defines, with the names of their positional arguments."""
    for node in ast.walk(tree):
        if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef):
            yield node.name, [each.arg for each in (*node.args.posonlyargs, *node.args.args)]


def seeds_in(trees: Iterable[ast.AST], functions: Mapping[str, Sequence[str]]) -> frozenset[str]:
    """Return the names that are read only to seed something: ``i`` of ``train_test_split(X, random_state=i)``."""
    read: Counter[str] = Counter()
    seeding: Counter[str] = Counter()
    for tree in trees:
        read.update(_read(tree))
        for node in ast.walk(tree):
            for given in _seeds_given(node, functions):
                seeding.update(_read(given))
    return frozenset(name for name, times in seeding.items() if read[name] == times)


def counters_in(texts: Iterable[str]) -> frozenset[str]:
    """Return the names that loops over a ``range`` count with."""
    headers = (text for text in texts if text.startswith("for "))
    loops = (node for text in headers for node in getattr(parsed(text), "body", ()) if isinstance(node, ast.For))
    return frozenset(
        node.target.id
        for node in loops
        if isinstance(node.target, ast.Name) and isinstance(node.iter, ast.Call) and _called(node.iter) in _RANGES
    )


def shape_of(tree: ast.AST, around: Surroundings) -> str:
    """Return what a statement computes as a text, empty where it only gives params and seeds."""
    shaped = _Shape(around).visit(copy.deepcopy(tree))
    return ast.dump(shaped) if shaped is not None and getattr(shaped, "body", True) else ""


class Shapes:
    """The shapes of one statement under the params of many runs: most of them are not about it."""

    def __init__(self, tree: ast.AST) -> None:
        self._tree = tree
        self._words = frozenset(_words(tree))
        self._texts = frozenset(text for node in ast.walk(tree) if isinstance(node, ast.expr) and (text := _text(node)))
        self._found: dict[tuple[object, ...], str] = {}

    def under(self, around: Surroundings) -> str:
        """Return the shape that `shape_of` gives. Functions and seeds have to be the same each time."""
        words = self._words.union(*around.functions.values())
        named = (word for word in words & around.values.keys() if not _is_seed(word, around))
        known = (
            frozenset((word, frozenset(around.values[word])) for word in named),
            self._texts & around.texts,
        )
        if known not in self._found:
            self._found[known] = shape_of(self._tree, around)
        return self._found[known]


def _words(tree: ast.AST) -> Iterator[str]:
    """Yield all names, keywords and texts in a piece of code."""
    for node in ast.walk(tree):
        match node:
            case ast.Name(id=word) | ast.arg(arg=word) | ast.Constant(value=str(word)) | ast.keyword(arg=str(word)):
                yield word


def _is_seed(name: str, around: Surroundings) -> bool:
    return is_seed_name(name) or name in around.seeds


def _called(node: ast.Call) -> str:
    """Return the last name of what is called: ``fit`` of ``model.fit(X)``."""
    match node.func:
        case ast.Name(id=name) | ast.Attribute(attr=name):
            return name
        case _:
            return ""


def _read(tree: ast.AST) -> list[str]:
    return [node.id for node in ast.walk(tree) if isinstance(node, ast.Name) and isinstance(node.ctx, ast.Load)]


def _seeds_given(node: ast.AST, functions: Mapping[str, Sequence[str]]) -> Iterator[ast.AST]:
    """Yield the expressions that a node uses as seeds."""
    if isinstance(node, ast.Assign) and all(is_seed_name(_target(each) or "") for each in node.targets):
        yield node.value
    if not isinstance(node, ast.Call):
        return
    if _SEEDING.fullmatch(_called(node)):
        yield from (*node.args, *(each.value for each in node.keywords))
        return
    yield from (each.value for each in node.keywords if each.arg and is_seed_name(each.arg))
    placed = zip(node.args, functions.get(_called(node), ()), strict=False)
    yield from (given for given, name in placed if is_seed_name(name))


class _Shown(ast.NodeTransformer):
    """Takes out what a cell prints, but for the calls whose results are printed, and what describes code."""

    def visit_Expr(self, node: ast.Expr) -> ast.AST | list[ast.stmt] | None:
        if isinstance(node.value, ast.Constant):
            return None
        if not isinstance(node.value, ast.Call) or _called(node.value) not in _SHOWING:
            return self.generic_visit(node)
        given = [*node.value.args, *(each.value for each in node.value.keywords)]
        calls = [each for value in given for each in _outermost_calls(value)]
        return [ast.Expr(self.visit(each)) for each in calls]

    def visit_Call(self, node: ast.Call) -> ast.AST:
        self.generic_visit(node)
        return node.args[0] if _called(node) == "tqdm" and node.args else node

    def visit_arg(self, node: ast.arg) -> ast.AST:
        node.annotation = None
        return node


def _outermost_calls(node: ast.AST) -> Iterator[ast.Call]:
    if isinstance(node, ast.Call):
        yield node
        return
    for child in ast.iter_child_nodes(node):
        yield from _outermost_calls(child)


class _Shape(ast.NodeTransformer):
    """Takes out seeds, and what params tell."""

    def __init__(self, around: Surroundings) -> None:
        self._around = around

    def visit_Assign(self, node: ast.Assign) -> ast.AST | None:
        names = [name for each in node.targets if (name := _target(each))]
        if len(names) == len(node.targets) and all(self._is_told(name, node.value) for name in names):
            return None
        had_entries = isinstance(node.value, ast.Dict) and bool(node.value.keys)
        self.generic_visit(node)
        return None if had_entries and isinstance(node.value, ast.Dict) and not node.value.keys else node

    def visit_For(self, node: ast.For) -> ast.AST | None:
        targets = [each.id for each in ast.walk(node.target) if isinstance(each, ast.Name)]
        is_header = all(isinstance(each, ast.Pass) for each in node.body)
        if is_header and all(name in self._around.values or self._is_seed(name) for name in targets):
            return None
        return self.generic_visit(node)

    def visit_Call(self, node: ast.Call) -> ast.AST:
        name = _called(node)
        if _SEEDING.fullmatch(name):
            node.args, node.keywords = [], []
            return node
        takes_params = name[:1].isupper() or name in self._around.functions
        places = self._around.functions.get(name, ())
        node.keywords = [
            each
            for each in node.keywords
            if not (each.arg and self._gives(each.arg, each.value, is_known=takes_params))
        ]
        node.args = [
            each
            for place, each in enumerate(node.args)
            if not self._gives(places[place] if place < len(places) else "", each, is_known=takes_params)
        ]
        return self.generic_visit(node)

    def visit_Dict(self, node: ast.Dict) -> ast.AST:
        kept = [
            (key, value)
            for key, value in zip(node.keys, node.values, strict=True)
            if not (isinstance(key, ast.Constant) and isinstance(key.value, str) and self._is_told(key.value, value))
        ]
        node.keys, node.values = [key for key, _ in kept], [value for _, value in kept]
        return self.generic_visit(node)

    def visit_arguments(self, node: ast.arguments) -> ast.AST:
        named = [*node.posonlyargs, *node.args][len(node.posonlyargs) + len(node.args) - len(node.defaults) :]
        pairs = zip(named, node.defaults, strict=True)
        node.defaults = [value for each, value in pairs if not self._is_default(each.arg, value)]
        kw_pairs = zip(node.kwonlyargs, node.kw_defaults, strict=True)
        node.kw_defaults = [None if value and self._is_default(each.arg, value) else value for each, value in kw_pairs]
        return self.generic_visit(node)

    def _gives(self, name: str, value: ast.expr, *, is_known: bool) -> bool:
        """Return whether an argument is a seed, or a param of the run; one without a name by its value alone."""
        if name and is_seed_name(name):
            return True
        if not is_known:
            return False
        if name:
            return name in self._around.values and (isinstance(value, _PLACES) or self._is_told(name, value))
        return (isinstance(value, ast.Name) and value.id in self._around.values) or self._is_some_param(value)

    def _is_told(self, name: str, value: ast.expr) -> bool:
        """Return whether a name is given a seed, or a constant that a param of this name has."""
        return self._is_seed(name) or _text(value) in self._around.values.get(name, ())

    def _is_default(self, name: str, value: ast.expr) -> bool:
        """Return whether an argument's default is a seed, or one of a param, whatever value the call gave that."""
        return self._is_seed(name) or (name in self._around.values and _text(value) is not None)

    def _is_some_param(self, value: ast.expr) -> bool:
        text = _text(value)
        return text is not None and text in self._around.texts

    def _is_seed(self, name: str) -> bool:
        return _is_seed(name, self._around)


def _target(node: ast.expr) -> str | None:
    """Return what a value is assigned to: a name, or the key of an entry (``config["C"]``)."""
    match node:
        case ast.Name(id=name) | ast.Subscript(value=ast.Name(), slice=ast.Constant(value=str(name))):
            return name
        case _:
            return None


def _text(node: ast.expr) -> str | None:
    """Return a constant as the text of a param's value, None where it is none."""
    try:
        return encode(ast.literal_eval(node))
    except (ValueError, TypeError, SyntaxError, RecursionError, MemoryError, InvalidValueError):
        return None
