"""Credentials in Python code, where the syntax tree says which literal belongs to which name.

It sees what no pattern over lines does: literals put together of several, over several lines, in branches, defaults
and nested containers. What it replaces are literals by literals, so that the code still parses, line for line.
"""

from __future__ import annotations

import ast
import re
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass
from itertools import pairwise

from trackbook.capture import secret_calls as calls
from trackbook.capture.magics_source import parse_cell
from trackbook.capture.secret_memory import remember
from trackbook.capture.secret_names import promises_any_secret, promises_secret, words
from trackbook.capture.secret_shapes import IN_MAPPING
from trackbook.capture.secret_values import SECRET, is_key, is_made_up, is_named_secret, is_opaque

_MAX_CODE = 60_000
_LITERAL = re.compile(
    r"""(?P<prefix> [A-Za-z]{0,2} ) (?P<open> \"{3} | '{3} | \" | ' )
    (?P<body> (?: \\. | (?!(?P=open)) . )* ) (?P=open)""",
    re.VERBOSE | re.DOTALL,
)
_GAP = re.compile(r"(?: \s | \\\n | \#[^\n]*\n )*", re.VERBOSE)
_SCHEME = re.compile(r"(?:Bearer|Basic|Token|Digest|ApiKey)\s+", re.IGNORECASE)
_PLAIN = re.compile(r"[^\n\r\"'\\{}]*")
_WRAPPERS = words(
    "SecretStr SecretBytes Secret str bytes bytearray b64decode b64encode unhexlify fromhex quote quote_plus",
    "Field field Header Cookie Query",
)
_PAIRS = words("auth basic_auth http_auth proxy_auth login credentials")

Literal = ast.Constant | ast.JoinedStr


@dataclass(frozen=True, slots=True)
class _Chain:
    """Literals that are put together to one value, and whether something else goes into it too."""

    literals: tuple[Literal, ...]
    is_whole: bool = True

    @property
    def value(self) -> str:
        return "".join(_text(literal) for literal in self.literals)


def redact_code(text: str, redact_value: Callable[[str], str]) -> tuple[str, bool]:
    """Return Python code without credentials, and whether it is Python code.

    Parameters
    ----------
    redact_value
        Takes what looks like a credential out of the value of a literal that is put together of several.
    """
    if len(text) > _MAX_CODE or "\r" in text:
        return text, False
    try:
        tree = parse_cell(text)
    except (SyntaxError, ValueError, RecursionError, MemoryError):
        return text, False
    is_code = not text.lstrip().startswith("%%")  # its body may be a script or a file of settings
    source = _Source(text)
    parts: set[int] = set()  # of sums, which are looked at as a whole
    for node in ast.walk(tree):
        for name, value in _named_values(node):
            source.take_named(name, value)
        if isinstance(node, ast.BinOp):
            parts.update((id(node.left), id(node.right)))
        if id(node) not in parts and (chain := _joined(node)) is not None:
            source.take_shape(chain, redact_value)
    return source.redacted(), is_code


class _Source:
    """A text and the parts of it to replace."""

    def __init__(self, text: str) -> None:
        self._text = text
        self._lines = text.split("\n")
        self._starts = [0]
        for line in self._lines:
            self._starts.append(self._starts[-1] + len(line) + 1)
        self._edits: dict[int, tuple[int, str]] = {}

    def take_named(self, name: str, node: ast.expr) -> None:
        for chain in _chains(node, promises_any_secret(name)):
            if not self._is_secret(name, chain) or self._is_in_mapping(chain):
                continue
            if chain.is_whole:
                remember(chain.value)
            scheme = _SCHEME.match(chain.value)
            self._replace(chain, (scheme[0] if scheme else "") + SECRET)

    def take_shape(self, chain: _Chain, redact_value: Callable[[str], str]) -> None:
        pieces = self._pieces(chain.literals[0]) or ()
        is_spread = len(chain.literals) > 1 or len(pieces) > 1
        if not is_spread and pieces and "\n" in chain.value:
            self._take_text(pieces[0], chain.value, redact_value)
        elif is_spread and chain.is_whole and (redacted := redact_value(chain.value)) != chain.value:
            self._replace(chain, redacted if _PLAIN.fullmatch(redacted) else SECRET)

    def _take_text(self, piece: re.Match[str], value: str, redact_value: Callable[[str], str]) -> None:
        """Look at a text of several lines as at a file: it may be settings."""
        if piece.start() not in self._edits and piece["body"] == value and (redacted := redact_value(value)) != value:
            self._edits[piece.start("body")] = (piece.end("body"), redacted)

    def redacted(self) -> str:
        text = self._text
        for start in sorted(self._edits, reverse=True):
            end, replacement = self._edits[start]
            text = text[:start] + replacement + text[end:]
        return text

    def _is_secret(self, name: str, chain: _Chain) -> bool:
        first = chain.literals[0]
        if isinstance(first, ast.Constant) and isinstance(first.value, int):
            return promises_any_secret(name) and abs(first.value) > 999
        value = chain.value
        scheme = _SCHEME.match(value + " ")
        value = value[scheme.end() :] if scheme else value
        is_value = chain.is_whole or (is_made_up(value) and re.search(r"\d", value) is not None)
        return bool(value) and is_value and is_named_secret(name, value)

    def _is_in_mapping(self, chain: _Chain) -> bool:
        start, _ = self._span(chain.literals[0])
        return IN_MAPPING.search(self._text[max(0, start - 120) : start]) is not None

    def _replace(self, chain: _Chain, replacement: str) -> None:
        for literal in chain.literals:
            pieces = self._pieces(literal)
            if pieces is None:
                start, end = self._span(literal)
                if self._text[start:end].isdecimal():
                    self._edits[start] = (end, f'"{SECRET}"')
                continue
            for piece in pieces:
                self._edits[piece.start()] = (piece.end(), _emptied(piece, replacement))
                self._edits.pop(piece.start("body"), None)
                replacement = ""

    def _pieces(self, literal: Literal) -> list[re.Match[str]] | None:
        """Return the string literals next to each other that Python reads as one, if they are found where it says."""
        start, end = self._span(literal)
        pieces = []
        while start < end and (piece := _LITERAL.match(self._text, start, end)):
            pieces.append(piece)
            start = _GAP.match(self._text, piece.end(), end).end()  # type: ignore[union-attr]  # matches nothing too
        return pieces if start == end and pieces else None

    def _span(self, node: Literal) -> tuple[int, int]:
        assert node.end_lineno is not None
        assert node.end_col_offset is not None
        return self._place(node.lineno, node.col_offset), self._place(node.end_lineno, node.end_col_offset)

    def _place(self, line: int, column: int) -> int:
        """Return the offset of a line and a column, which Python counts in bytes."""
        text = self._lines[line - 1] if line <= len(self._lines) else ""
        characters = column if text.isascii() else len(text.encode()[:column].decode("utf-8", "ignore"))
        return min(self._starts[min(line, len(self._lines)) - 1] + characters, len(self._text))


def _emptied(piece: re.Match[str], replacement: str) -> str:
    newline = "\n" if len(piece["open"]) == 3 else "\\\n"
    prefix = piece["prefix"].replace("f", "").replace("F", "")
    return f"{prefix}{piece['open']}{replacement}{newline * piece['body'].count(chr(10))}{piece['open']}"


# --- which values a name is given


def _named_values(node: ast.AST) -> Iterator[tuple[str, ast.expr]]:
    """Yield the names that promise a secret, with the expressions that they are given."""
    for name, value in _bindings(node):
        if value is None or not name:
            continue
        if promises_secret(name):
            yield name, value
        elif name in ("key", "keys") and any(_is_key(value, chain) for chain in _chains(value, True)):
            yield "api_key", value
        elif isinstance(value, ast.Tuple) and name in _PAIRS and len(value.elts) == 2:
            yield "password", value.elts[1]


def _is_key(value: ast.expr, chain: _Chain) -> bool:
    """Tell whether what is just called a key, or is one of several, looks like one."""
    return is_key(chain.value) or (not isinstance(value, ast.Constant) and is_opaque(chain.value))


def _bindings(node: ast.AST) -> Iterator[tuple[str, ast.expr | None]]:
    match node:
        case ast.Assign(targets=targets, value=value):
            for target in targets:
                yield from _assigned(target, value)
        case ast.AnnAssign(target=target, value=ast.expr() as value) | ast.AugAssign(target=target, value=value):
            yield from _assigned(target, value)
        case ast.NamedExpr(target=ast.Name(id=name), value=value):
            yield name, value
        case ast.For(target=target, iter=value) | ast.comprehension(target=target, iter=value):
            yield calls.name_of(target), value
        case ast.Dict(keys=keys, values=values) if not _are_numbers(values):
            yield from ((calls.name_of(key), value) for key, value in zip(keys, values, strict=True) if key is not None)
        case ast.arguments():
            yield from _defaults(node)
        case ast.Compare(left=left, comparators=comparators):
            yield from ((calls.name_of(left), value) for value in comparators)
        case ast.Call():
            yield from calls.named_arguments(node)
        case ast.BinOp(left=ast.Constant(value=str() as template), op=ast.Mod(), right=value):
            yield from calls.filled_in(template, value)
        case ast.BinOp(left=left, op=ast.Add(), right=value):
            yield from calls.appended(left, value)
        case ast.List(elts=items):
            yield from _in_order(items, is_pair=False)
        case ast.Tuple(elts=items):
            yield from _in_order(items, is_pair=len(items) == 2)


def _are_numbers(values: Sequence[ast.expr]) -> bool:
    """Tell whether a dict counts or numbers words, as a vocabulary does."""
    return len(values) > 1 and all(isinstance(value, ast.Constant) and isinstance(value.value, int) for value in values)


def _assigned(target: ast.expr, value: ast.expr) -> Iterator[tuple[str, ast.expr]]:
    if isinstance(target, ast.Tuple | ast.List) and isinstance(value, ast.Tuple | ast.List):
        if len(target.elts) == len(value.elts):
            for one, given in zip(target.elts, value.elts, strict=True):
                yield from _assigned(one, given)
    else:
        yield calls.name_of(target), value


def _defaults(node: ast.arguments) -> Iterator[tuple[str, ast.expr | None]]:
    positional = [*node.posonlyargs, *node.args]
    for argument, default in zip(positional[len(positional) - len(node.defaults) :], node.defaults, strict=True):
        yield argument.arg, default
    for argument, given in zip(node.kwonlyargs, node.kw_defaults, strict=True):
        yield argument.arg, given


def _in_order(items: Sequence[ast.expr], *, is_pair: bool) -> Iterator[tuple[str, ast.expr]]:
    """Yield ``"--token", "abc"`` in a list of arguments, and ``("password", "hunter2")``, a pair."""
    for first, second in pairwise(items):
        if (name := calls.option(first)).startswith("--") or (is_pair and calls.is_made_up_literal(second)):
            yield name, second


# --- which literals make up a value


def _chains(node: ast.expr, is_any: bool) -> Iterator[_Chain]:
    """Yield the literals that an expression may come to, those that are put together as one."""
    match node:
        case ast.Constant() | ast.JoinedStr() | ast.BinOp(op=ast.Add()):
            if (chain := _chain(node)) is not None:
                yield chain
        case ast.BoolOp(values=values) | ast.List(elts=values) | ast.Tuple(elts=values) | ast.Set(elts=values):
            yield from _each(values, is_any)
        case ast.IfExp(body=body, orelse=orelse):
            yield from _each((body, orelse), is_any)
        case ast.Dict(keys=keys, values=values):
            given = [v for k, v in zip(keys, values, strict=True) if k is not None and calls.name_of(k) != "user"]
            yield from (chain for chain in _each(given, is_any) if is_any or is_opaque(chain.value))
        case ast.BinOp(left=ast.Constant(value=str()), op=ast.Mod(), right=value):
            yield from _chains(value, is_any)
        case ast.Subscript(value=ast.Dict() as value):
            yield from _chains(value, is_any)
        case ast.NamedExpr(value=value) | ast.Await(value=value):
            yield from _chains(value, is_any)
        case ast.Call():
            yield from _each(_passed_on(node), is_any)


def _each(nodes: Iterable[ast.expr], is_any: bool) -> Iterator[_Chain]:
    for node in nodes:
        yield from _chains(node, is_any)


def _passed_on(call: ast.Call) -> Iterator[ast.expr]:
    """Yield the arguments that a call gives back: all of a wrapper's, the default of ``getenv(name, default)``."""
    name = calls.called(call)
    if isinstance(call.func, ast.Attribute) and _chain(call.func.value) is not None:
        yield _join(call) or call.func.value
        if name == "format":
            yield from call.args
    elif isinstance(call.func, ast.Attribute) and isinstance(call.func.value, ast.Call):
        yield call.func.value
    elif name in _WRAPPERS:
        yield from call.args
        yield from (word.value for word in call.keywords if word.arg in calls.GIVEN)
    elif name in calls.SETTERS and len(call.args) == 2 and promises_secret(calls.option(call.args[0])):
        yield call.args[1]


def _join(call: ast.Call) -> ast.expr | None:
    """Return ``"".join(["a", "b"])`` as ``"a" + "b"``."""
    match call:
        case ast.Call(
            func=ast.Attribute(value=ast.Constant(value=""), attr="join"),
            args=[ast.List(elts=[first, *rest]) | ast.Tuple(elts=[first, *rest])],
        ):
            joined = first
            for item in rest:
                joined = ast.BinOp(left=joined, op=ast.Add(), right=item)
            return joined
    return None


def _chain(node: ast.expr) -> _Chain | None:
    literals: list[Literal] = []
    is_whole = True
    pending = [node]
    while pending:
        part = pending.pop()
        if isinstance(part, ast.BinOp) and isinstance(part.op, ast.Add):
            pending += [part.right, part.left]
        elif isinstance(part, ast.JoinedStr):
            literals.append(part)
            is_whole &= all(isinstance(value, ast.Constant) for value in part.values)
        elif isinstance(part, ast.Constant) and isinstance(part.value, str | bytes | int):
            if isinstance(part.value, bool):
                return None
            literals.append(part)
        else:
            is_whole = False
    return _Chain(tuple(literals), is_whole) if literals else None


def _joined(node: ast.AST) -> _Chain | None:
    """Return the literals that a node puts together, if there may be several."""
    if isinstance(node, ast.Call):
        joined = _join(node)
        return _chain(joined) if joined is not None else None
    return _chain(node) if isinstance(node, ast.BinOp | ast.Constant | ast.JoinedStr) else None


def _text(literal: Literal) -> str:
    if isinstance(literal, ast.JoinedStr):
        return "".join(_text(part) for part in literal.values if isinstance(part, ast.Constant))
    value = literal.value
    return value.decode("latin-1") if isinstance(value, bytes) else str(value)
