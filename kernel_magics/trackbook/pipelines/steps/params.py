"""The params of a notebook: read from its ``parameters`` cell by Python's own syntax, checked before anything runs."""

from __future__ import annotations

import ast
import io
import tokenize
from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from difflib import get_close_matches
from pathlib import Path

from trackbook.capture.literals import Missing, literal_value
from trackbook.capture.symbols import parse_cell
from trackbook.errors import InvalidValueError
from trackbook.pipelines.graph.notebook_file import PARAMETERS, read_notebook
from trackbook.pipelines.steps.kinds import (
    ANY,
    Kind,
    checked_value,
    described,
    from_text,
    kind_of_annotation,
    kind_of_default,
)
from trackbook.pipelines.steps.makers import Maker, Names, maker_of, names_of
from trackbook.records import JsonValue

HOW_TO_TAG = (
    "Put the values that may change into one cell near the top (such as C = 1.0), and give that cell the tag "
    "'parameters': in JupyterLab by the gears on the right, Common Tools, Cell Tags."
)
_LONGEST_SHOWN = 60


@dataclass(frozen=True, slots=True, kw_only=True)
class ParamSpec:
    """A param of a notebook.

    Attributes
    ----------
    kind, type
        What it can be, and how its annotation says that; without an annotation `type` is None, and `kind` follows from
        the default.
    default, default_text
        The value that it has if none is given, and its code; None if it has none.
    is_computed
        The default is no literal: `default` is None, and `default_text` says how it is made.
    help
        The comment behind it.
    maker
        What makes of a given value what the default is, where that is nothing that JSON has.
    """

    name: str
    kind: Kind = ANY
    type: str | None = None
    default: JsonValue = None
    default_text: str | None = None
    is_computed: bool = False
    help: str | None = None
    maker: Maker | None = None

    @property
    def wanted(self) -> str:
        """What it can be, in words; that it may also be None is not said where nobody wrote that."""
        is_guessed = self.type is None and self.kind.name == "union"
        return described(self.kind.parts[-1] if is_guessed else self.kind)

    @property
    def is_required(self) -> bool:
        """Whether a value has to be given."""
        return self.default_text is None


class OpenParams(list[ParamSpec]):
    """The params of a notebook in another language, as far as they are known: it may have others."""


def read_params(notebook: Path) -> list[ParamSpec]:
    """Return the params of a notebook, in the order of its ``parameters`` cell; none if it has no such cell.

    Raises
    ------
    InvalidValueError
        If the notebook can't be read, or that cell is no Python.
    """
    file = read_notebook(notebook)
    at = next((at for at, cell in enumerate(file.cells) if PARAMETERS in cell.tags), None)
    if not file.is_python:
        return OpenParams()
    if at is None:
        return []
    try:
        return read_cell(file.cells[at].source, [cell.source for cell in file.cells[:at]])
    except SyntaxError as error:
        raise InvalidValueError(
            f"The parameters cell of {notebook} can't be read: line {error.lineno}, {error.msg}."
        ) from None


def read_cell(source: str, before: Sequence[str] = ()) -> list[ParamSpec]:
    """Return the params that a ``parameters`` cell declares; of one that is assigned twice, the last.

    Parameters
    ----------
    before
        The cells above it, which may import and define what it uses.

    Raises
    ------
    SyntaxError
        If it is no Python.
    """
    found: dict[str, ParamSpec] = {}
    comments, names = _comments(source), names_of([*before, source])
    for statement in parse_cell(source).body:
        for spec in _declared(statement, comments.get(statement.end_lineno or 0), found, names):
            found[spec.name] = spec
    return list(found.values())


def checked(
    specs: Sequence[ParamSpec], given: Mapping[str, object], *, are_texts: bool | Collection[str] = False
) -> dict[str, JsonValue]:
    """Return the given params as values of the types that the notebook declares.

    Parameters
    ----------
    specs
        The notebook's params.
    given
        By name.
    are_texts
        Whether they are texts of the command line, or the names of those that are: these become what the declared type
        says, so that ``1`` stays text for a param that is text.

    Raises
    ------
    InvalidValueError
        Once for all that is wrong: unknown names, impossible values, missing ones.
    """
    if isinstance(specs, OpenParams):
        return {name: _value(ParamSpec(name=name), each, _is_text(name, are_texts)) for name, each in given.items()}
    if given and not specs:
        raise InvalidValueError(f"The notebook has no params, so {_listed(given)} can't be given. {HOW_TO_TAG}")
    by_name = {spec.name: spec for spec in specs}
    values: dict[str, JsonValue] = {}
    problems = [_unknown(name, by_name) for name in given if name not in by_name]
    for name in given:
        if name in by_name:
            try:
                values[name] = _value(by_name[name], given[name], _is_text(name, are_texts))
            except ValueError:
                problems.append(_impossible(by_name[name], given[name]))
    missing = [spec for spec in specs if spec.is_required and spec.name not in given]
    problems += [f"'{spec.name}' is missing: it has no default and wants {spec.wanted}." for spec in missing]
    if problems:
        raise InvalidValueError("\n".join(problems))
    return values


def made_lines(specs: Iterable[ParamSpec], values: Mapping[str, JsonValue]) -> list[str]:
    """Return the statements that make of given values what the notebook's defaults are: ``data = Path(data)``."""
    makers = ((spec.name, spec.maker) for spec in specs if spec.maker is not None and spec.name in values)
    return [line for name, maker in makers if (line := maker.line(name, values[name])) is not None]


def _is_text(name: str, are_texts: bool | Collection[str]) -> bool:
    return are_texts if isinstance(are_texts, bool) else name in are_texts


def _value(spec: ParamSpec, given: object, is_text: bool) -> JsonValue:
    if is_text and isinstance(given, str):
        is_made_of_text = spec.maker is not None and spec.kind == ANY
        return given if is_made_of_text else from_text(spec.kind, given)
    if given is None and spec.type is None:
        return None
    return checked_value(spec.kind, given)


def _unknown(name: str, specs: Mapping[str, ParamSpec]) -> str:
    near = get_close_matches(name, specs, n=1, cutoff=0.5) or [each for each in specs if each.lower() == name.lower()]
    hint = f"Did you mean '{near[0]}'?" if near else f"It has {_listed(specs)}."
    return f"There is no param '{name}'. {hint}"


def _impossible(spec: ParamSpec, given: object) -> str:
    shown = repr(given)
    shown = shown if len(shown) <= _LONGEST_SHOWN else f"{shown[:_LONGEST_SHOWN]}…"
    reason = f" ({spec.type})" if spec.type else f" (its default is {spec.default_text})"
    return f"'{spec.name}' is {spec.wanted}{reason}, and {shown} is not."


def _listed(names: Iterable[str]) -> str:
    return ", ".join(f"'{name}'" for name in names)


def _declared(
    statement: ast.stmt, comment: str | None, before: Mapping[str, ParamSpec], names: Names
) -> Iterator[ParamSpec]:
    """Yield what one statement declares."""
    if isinstance(statement, ast.AnnAssign) and isinstance(statement.target, ast.Name):
        maker = maker_of(statement.annotation, statement.value, names)
        yield _spec(statement.target.id, statement.annotation, statement.value, comment, maker)
    elif isinstance(statement, ast.Assign):
        for target in statement.targets:
            for name, value in _pairs(target, statement.value):
                declared = before.get(name)
                said = declared.type if declared is not None else None
                yield _spec(name, None, value, comment, maker_of(None, value, names), said)


def _pairs(target: ast.expr, value: ast.expr) -> Iterator[tuple[str, ast.expr]]:
    """Yield the names that an assignment binds, with what each is bound to."""
    if isinstance(target, ast.Name):
        yield target.id, value
    elif isinstance(target, ast.Tuple | ast.List):
        values = value.elts if isinstance(value, ast.Tuple | ast.List) else []
        if len(values) == len(target.elts):
            for inner, item in zip(target.elts, values, strict=True):
                yield from _pairs(inner, item)
        else:
            for inner in target.elts:
                yield from _pairs(inner, value)


def _spec(
    name: str,
    annotation: ast.expr | None,
    value: ast.expr | None,
    comment: str | None,
    maker: Maker | None,
    declared: str | None = None,
) -> ParamSpec:
    said, comment = _type_comment(comment)
    text = ast.unparse(annotation) if annotation is not None else declared or said
    known = _literal(value)
    default = None if isinstance(known, Missing) else known
    if maker is not None and maker.members:
        says_none = known is None or any(word in (text or "") for word in ("None", "Optional"))
        kind = _kind_of_members(maker.members, takes_none=says_none)
    elif text is not None:
        kind = kind_of_annotation(annotation if annotation is not None else ast.Constant(text))
    else:
        kind = _kind_of_code(value) if isinstance(known, Missing) else kind_of_default(known)
    return ParamSpec(
        name=name,
        kind=kind,
        type=_shown_type(annotation, text),
        default=default,
        default_text=ast.unparse(value) if value is not None else None,
        is_computed=value is not None and isinstance(known, Missing),
        help=comment,
        maker=maker,
    )


def _kind_of_members(members: Mapping[str, JsonValue], *, takes_none: bool) -> Kind:
    """Return the kind of an enumeration: its members can be given by name and by value."""
    values = [*members, *(value for value in members.values() if value is not None), *([None] if takes_none else [])]
    return Kind(name="literal", values=tuple(dict.fromkeys(value for value in values if not isinstance(value, list))))


def _shown_type(annotation: ast.expr | None, text: str | None) -> str | None:
    if isinstance(annotation, ast.Constant) and isinstance(annotation.value, str):
        return annotation.value
    return text


def _literal(value: ast.expr | None) -> JsonValue | Missing:
    if value is None:
        return Missing()
    if isinstance(value, ast.List | ast.Tuple) and not value.elts:
        return []
    if isinstance(value, ast.Dict) and not value.keys:
        return {}
    return literal_value(value)


def _kind_of_code(value: ast.expr | None) -> Kind:
    """Return the kind of a default such as ``Path("data.csv")`` or ``date(2026, 1, 31)``."""
    if isinstance(value, ast.Call):
        kind = kind_of_annotation(value.func)
        if kind.name in ("path", "date", "datetime", "int", "float", "str", "bool"):
            return kind
    if isinstance(value, ast.JoinedStr):
        return Kind(name="str")
    return ANY


def _type_comment(comment: str | None) -> tuple[str | None, str | None]:
    """Return the type of a comment ``type: int how many``, and the rest of it."""
    if comment is None or not comment.startswith("type:"):
        return None, comment
    said, _, rest = comment.removeprefix("type:").strip().partition(" ")
    return said or None, rest.lstrip("# ").strip() or None


def _comments(source: str) -> dict[int, str]:
    """Return the comments behind code, by line."""
    found = {}
    try:
        for token in tokenize.generate_tokens(io.StringIO(source).readline):
            if token.type == tokenize.COMMENT and token.line[: token.start[1]].strip():
                found[token.start[0]] = token.string.lstrip("# ").strip()
    except (tokenize.TokenError, SyntaxError):
        return found  # lines in IPython's dialect
    return found
