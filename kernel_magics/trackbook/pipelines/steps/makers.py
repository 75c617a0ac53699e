"""What makes of a given value, which is JSON, what the notebook's own default would be: a path, a date, a tuple.

papermill writes ``data = "x.csv"`` also where the notebook has ``data = Path("y.csv")``, and the notebook fails then.
"""

from __future__ import annotations

import ast
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field

from trackbook.capture.literals import Missing, literal_value
from trackbook.capture.symbols import parse_cell
from trackbook.records import JsonValue

_OF_TEXTS = {
    "Path": "{made}({name})",
    "PurePath": "{made}({name})",
    "date": "{made}.fromisoformat({name})",
    "datetime": "{made}.fromisoformat({name})",
}
_OF_LISTS = {"tuple": "tuple", "Tuple": "tuple", "set": "set", "Set": "set", "frozenset": "frozenset"}
_METHODS = frozenset({"home", "cwd", "now", "today", "utcnow", "fromisoformat", "resolve", "absolute"})
_TRANSPARENT = ("Optional", "Union", "Annotated", "Final")


@dataclass(frozen=True, slots=True, kw_only=True)
class Names:
    """What the code until the params binds: all names, and of the enumerations the members with their values."""

    bound: frozenset[str] = frozenset()
    enums: Mapping[str, Mapping[str, JsonValue]] = field(default_factory=dict)


@dataclass(frozen=True, slots=True, kw_only=True)
class Maker:
    """The code that makes a value, with ``{name}`` for the param's name.

    Attributes
    ----------
    takes
        The types that it can make something of.
    members
        Those of an enumeration, with their values as far as they are literals.
    """

    code: str
    takes: tuple[type, ...] = (str,)
    members: Mapping[str, JsonValue] = field(default_factory=dict)

    def line(self, name: str, value: JsonValue) -> str | None:
        """Return the statement that makes it of the given value; None if that is left as it is."""
        if not isinstance(value, self.takes) or isinstance(value, bool):
            return None
        if self.members and value not in self.members:
            return f"{name} = {self.code}({name})"
        code = f"{self.code}[{{name}}]" if self.members else self.code
        return f"{name} = {code.format(name=name)}"


def names_of(sources: Iterable[str]) -> Names:
    """Return what cells bind at their top level, as far as they can be read."""
    statements = [statement for source in sources for statement in _statements(source)]
    enums = {
        each.name: dict(_members(each)) for each in statements if isinstance(each, ast.ClassDef) and _is_enum(each)
    }
    return Names(bound=frozenset(name for each in statements for name in _bound(each)), enums=enums)


def maker_of(annotation: ast.expr | None, default: ast.expr | None, names: Names) -> Maker | None:
    """Return what makes a param's values, None if they are as JSON has them or nobody can tell.

    Its default says it first: a path, a date, ``Decimal("0.1")``, a member of an enumeration, a tuple, a set. Where
    there is none, or None, its annotation does.
    """
    if default is not None and not (isinstance(default, ast.Constant) and default.value is None):
        return _maker_of_default(default, names)
    parts = list(_parts(annotation))
    if any(_last(part) in ("str", "Any", "object") for part in parts):
        return None
    return next((found for part in parts if (found := _maker_of_class(part, names)) is not None), None)


def _maker_of_default(default: ast.expr, names: Names) -> Maker | None:
    if isinstance(default, ast.Tuple | ast.Set):
        return Maker(code=f"{'tuple' if isinstance(default, ast.Tuple) else 'set'}({{name}})", takes=(list,))
    if isinstance(default, ast.Attribute) and isinstance(default.value, ast.Name) and default.value.id in names.enums:
        return _maker_of_class(default.value, names)
    known = _maker_of_class(_made(default), names)
    if known is not None or not isinstance(default, ast.Call):
        return known
    is_of_text = len(default.args) == 1 and isinstance(literal_value(default.args[0]), str) and not default.keywords
    if is_of_text and _last(default.func)[:1].isupper() and _root(default.func) in names.bound:
        return Maker(code=f"{ast.unparse(default.func)}(str({{name}}))", takes=(str, int, float))
    return None


def _maker_of_class(node: ast.expr, names: Names) -> Maker | None:
    made, last = ast.unparse(node), _last(node)
    if made in names.enums:
        return Maker(code=made, takes=(str, int, float), members=names.enums[made])
    if last in _OF_LISTS:
        return Maker(code=f"{_OF_LISTS[last]}({{name}})", takes=(list,))
    if last in _OF_TEXTS and _root(node) in names.bound:
        return Maker(code=_OF_TEXTS[last].format(made=made, name="{name}"))
    return None


def _made(node: ast.expr) -> ast.expr:
    """Return the class that a default begins with: ``Path`` of ``Path("data") / "x.csv"`` and of ``Path.home()``."""
    while True:
        if isinstance(node, ast.BinOp):
            node = node.left
        elif isinstance(node, ast.Call):
            node = node.func
        elif isinstance(node, ast.Attribute) and node.attr in _METHODS:
            node = node.value
        else:
            return node


def _parts(annotation: ast.expr | None) -> Iterator[ast.expr]:
    """Yield the classes of an annotation: both of ``Path | None``, the first of ``Annotated[Path, "..."]``."""
    if isinstance(annotation, ast.BinOp):
        yield from _parts(annotation.left)
        yield from _parts(annotation.right)
    elif isinstance(annotation, ast.Subscript):
        inside = annotation.slice.elts if isinstance(annotation.slice, ast.Tuple) else [annotation.slice]
        if _last(annotation.value) in _TRANSPARENT:
            for each in inside[:1] if _last(annotation.value) == "Annotated" else inside:
                yield from _parts(each)
        else:
            yield annotation.value
    elif isinstance(annotation, ast.Constant) and isinstance(annotation.value, str):
        for statement in _statements(annotation.value):
            yield from _parts(statement.value if isinstance(statement, ast.Expr) else None)
    elif annotation is not None:
        yield annotation


def _statements(source: str) -> list[ast.stmt]:
    try:
        return parse_cell(source).body
    except SyntaxError:
        return []


def _bound(statement: ast.stmt) -> Iterator[str]:
    if isinstance(statement, ast.Import):
        yield from (each.asname or each.name.partition(".")[0] for each in statement.names)
    elif isinstance(statement, ast.ImportFrom):
        yield from (each.asname or each.name for each in statement.names)
    elif isinstance(statement, ast.ClassDef):
        yield statement.name


def _is_enum(statement: ast.ClassDef) -> bool:
    return any(_last(base).endswith(("Enum", "Flag")) for base in statement.bases)


def _members(statement: ast.ClassDef) -> Iterator[tuple[str, JsonValue]]:
    for each in statement.body:
        if isinstance(each, ast.Assign) and isinstance(each.targets[0], ast.Name):
            value = literal_value(each.value)
            yield each.targets[0].id, None if isinstance(value, Missing) else value


def _last(node: ast.expr) -> str:
    return ast.unparse(node).rpartition(".")[2]


def _root(node: ast.expr) -> str:
    return ast.unparse(node).partition(".")[0]
