"""Cells as a session knows them: what they are known by, what the notebook's file says of them, what they do."""

from __future__ import annotations

import ast
import difflib
import textwrap
from collections.abc import Callable, Iterable, Iterator, Mapping
from functools import lru_cache

from trackbook.capture.notebook import SavedNotebook
from trackbook.capture.overwrites import changes_in_place, is_apart, overwrites, stored_parts
from trackbook.capture.symbols import accesses, parse_cell
from trackbook.lineage.stale_facts import Code, Expected, Saved, Unrun

_SAME_CELL = 0.6  # how alike two texts are, by difflib's ratio, that are taken for one cell before and after an edit
_BY_TEXT = "text:"
_COMPOUND = (  # what runs where it stands; functions and classes are looked at whole
    *(ast.If, ast.For, ast.AsyncFor, ast.While, ast.With, ast.AsyncWith, ast.Try, ast.TryStar, ast.Match),
)


class PythonCode(Code):
    """Reads the code of cells."""

    def normal(self, source: str) -> str:
        """Return a cell's code without comments and layout."""
        return _normal(source)

    def expected(self, source: str) -> Expected:
        """Return the names that a cell's code would read and write, without what it imports: that is the same again."""
        return _expected_anew(source)

    def overwrites(self, source: str, before: str, name: str) -> bool:
        """See `trackbook.capture.overwrites`."""
        return overwrites(source, before, name)

    def is_apart(self, reader: str, maker: str, name: str) -> bool:
        """See `trackbook.capture.overwrites`."""
        return is_apart(reader, maker, name)

    def only_hands_over(self, text: str, name: str) -> bool:
        """Return whether a statement assigns what a call gives that was handed `name`, or calls a function of it."""
        return _only_hands_over(text, name)


@lru_cache(maxsize=256)
def _only_hands_over(text: str, name: str) -> bool:
    try:
        (statement,) = parse_cell(textwrap.dedent(text)).body
    except (SyntaxError, RecursionError, ValueError):
        return False
    if not isinstance(statement, ast.Assign | ast.AnnAssign) or statement.value is None:
        return False
    mentions = [node for node in ast.walk(statement) if isinstance(node, ast.Name) and node.id == name]
    owners = {id(node.value) for node in ast.walk(statement) if isinstance(node, ast.Attribute | ast.Subscript)}
    return bool(mentions) and all(isinstance(node.ctx, ast.Load) and id(node) not in owners for node in mentions)


@lru_cache(maxsize=256)
def _normal(source: str) -> str:
    try:
        return ast.dump(parse_cell(source))
    except (SyntaxError, RecursionError):
        return source.strip()


class Cells:
    """What the cells of a session are known by, and what the notebook's file says of them."""

    def __init__(self, prepare: Callable[[str], str] = lambda source: source) -> None:
        self._prepare = prepare
        self._saved: SavedNotebook | None = None
        self._ids: dict[str, int] = {}
        self._texts: dict[str, list[int]] = {}
        self._runs_of: dict[str, int] = {}
        self._ran: dict[str, tuple[str, float]] = {}
        self._given: set[str] = set()
        self._has_ids = False

    @property
    def has_ids(self) -> bool:
        """Whether cells come with ids that the file has."""
        return self._has_ids

    def key(self, source: str, cell_id: str | None) -> str:
        """Return what the cell that is about to run is known by: its id, or that of the only one with its text."""
        if cell_id is not None:
            self._given.add(cell_id)
            self._has_ids |= cell_id in self._ids
            return cell_id
        text = source.strip()
        places = self._texts.get(text, ())
        named = self._saved.cells[places[0]].cell_id if self._saved is not None and len(places) == 1 else None
        if named is not None:
            return named
        number = self._runs_of[text] = self._runs_of.get(text, -1) + 1
        return f"{_BY_TEXT}{number % len(places) if places else 0}:{text}"

    def ran(self, cell: str, source: str, at: float) -> None:
        """A cell ran with this code, at this time in seconds since 1970."""
        self._ran[cell] = (source, at)

    def look_at(self, saved: SavedNotebook) -> bool:
        """Take the notebook's file; return whether it is another one than before."""
        if saved is self._saved:
            return False
        self._saved = saved
        self._ids = {cell.cell_id: number for number, cell in enumerate(saved.cells) if cell.cell_id is not None}
        self._texts = {}
        for number, cell in enumerate(saved.cells):
            self._texts.setdefault(self._prepare(cell.source).strip(), []).append(number)
        self._has_ids = not self._given.isdisjoint(self._ids)
        return True

    def saved(self) -> Saved:
        """Return what the file tells of the cells that ran."""
        positions: dict[str, int] = {}
        edited: dict[str, Expected] = {}
        deleted: set[str] = set()
        for cell, (source, at) in self._ran.items():
            place = self.place(cell, source)
            is_later = self._saved is not None and self._saved.saved_at >= at
            if place is not None:
                positions[cell] = place
                if is_later and self._is_edited(source, place):
                    edited[cell] = _expected(self._text_at(place))
            elif is_later and self._is_of_the_file(cell):
                alike = None if self._has_ids else self._alike(source)
                if alike is None:
                    deleted.add(cell)
                else:
                    edited[cell] = _expected(alike)
        return Saved(positions=positions, edited=edited, deleted=frozenset(deleted), unrun=self._unrun())

    def _unrun(self) -> dict[str, Unrun]:
        """Return the cells of the file that have not run; without ids nobody knows which ones these are."""
        cells = self._saved.cells if self._saved is not None and self._has_ids else ()
        return {
            cell.cell_id: Unrun(place=place, source=self._prepare(cell.source))
            for place, cell in enumerate(cells)
            if cell.cell_id is not None and cell.cell_id not in self._ran and cell.source.strip()
        }

    def place(self, cell: str, source: str) -> int | None:
        """Return where in the file a cell is that ran with this code; by its text where the file has not its ids."""
        if self._has_ids or cell in self._ids:
            return self._ids.get(cell)
        places = self._texts.get(source.strip(), ())
        if not cell.startswith(_BY_TEXT):
            return places[0] if len(places) == 1 else None
        number = int(cell.removeprefix(_BY_TEXT).partition(":")[0])
        return places[number] if number < len(places) else None

    def _is_of_the_file(self, cell: str) -> bool:
        """Return whether a cell must have been in the file once: what a console sends has no id, its cells have."""
        return not (self._has_ids and cell.startswith(_BY_TEXT))

    def _is_edited(self, source: str, place: int) -> bool:
        text = self._text_at(place)
        return text.strip() != source.strip() and _normal(text) != _normal(source)

    def _text_at(self, place: int) -> str:
        return self._prepare(self._saved.cells[place].source) if self._saved is not None else ""

    def _alike(self, source: str) -> str | None:
        """Return the text of a cell of the file that nobody ran and that looks like this one, edited."""
        known = {text.strip() for text, _ in self._ran.values()}
        others = [text for text in self._texts if text not in known]
        return next(iter(difflib.get_close_matches(source.strip(), others, n=1, cutoff=_SAME_CELL)), None)

    def positions(self) -> Mapping[str, int]:
        """Return the places of cells in the file, from 0."""
        if self._saved is None:
            return {}
        saved = self.saved()
        return {**saved.positions, **{cell: unrun.place for cell, unrun in saved.unrun.items()}}


def _expected(source: str) -> Expected:
    """Return the names that a cell's code would read from other cells, and those that it would write."""
    try:
        tree = parse_cell(source)
        access, reads = accesses(tree), frozenset(_outer_reads(tree.body, set()))
    except (SyntaxError, RecursionError):
        return Expected()
    return Expected(reads=reads, writes=access.binds | _changed_parts(source, access.touches))


def _outer_reads(statements: Iterable[ast.stmt], bound: set[str]) -> Iterator[str]:
    """Yield the names that statements read before one of them has bound it; add to `bound` what they bind."""
    for statement in statements:
        if not isinstance(statement, _COMPOUND):
            access = accesses(statement)
            yield from access.reads - bound
            bound |= access.binds
            continue
        header = accesses(statement, shallow=True)
        yield from header.reads - bound
        bound |= header.binds
        yield from _outer_reads(_inside(statement), bound)


def _inside(statement: ast.stmt) -> Iterator[ast.stmt]:
    """Yield the statements in a compound one, in the order of the text."""
    for node in ast.iter_child_nodes(statement):
        if isinstance(node, ast.stmt):
            yield node
        elif isinstance(node, ast.ExceptHandler | ast.match_case):
            yield from node.body


@lru_cache(maxsize=256)
def _expected_anew(source: str) -> Expected:
    expected = _expected(source)
    return Expected(reads=expected.reads, writes=expected.writes - _imported(source))


def _imported(source: str) -> frozenset[str]:
    try:
        nodes = [node for node in ast.walk(parse_cell(source)) if isinstance(node, ast.Import | ast.ImportFrom)]
    except (SyntaxError, RecursionError):
        return frozenset()
    return frozenset(alias.asname or alias.name.partition(".")[0] for node in nodes for alias in node.names)


def _changed_parts(source: str, names: Iterable[str]) -> set[str]:
    """Return the names that code surely changes in place; of other calls nobody knows before they run."""
    return {name for name in names if stored_parts(source, name) or changes_in_place(source, name)}


def is_fit_of(name: str, source: str) -> bool:
    """Return whether a cell fits the model of that name, and trains none of it further."""
    return f"{name}.fit" in source and f"{name}.partial_fit" not in source
