"""What is known of the tables of a session: what each is for, which files it comes from, what holds it."""

from __future__ import annotations

import ast
import re
from collections.abc import Iterable, Mapping
from dataclasses import replace

from trackbook.capture.arrivals import Arrivals, Upstream
from trackbook.capture.call_syntax import argument_of, name_of
from trackbook.capture.fingerprint import fingerprint
from trackbook.capture.hooks import Call
from trackbook.capture.keeping import Keeping
from trackbook.capture.known import Known, content_digest
from trackbook.capture.tables import describe, is_table, read_file, rows_of
from trackbook.capture.trace import Trace
from trackbook.records import DatasetUse, FileRead, Role

_ROLE_WORDS = {
    "train": Role.TRAIN, "training": Role.TRAIN, "tr": Role.TRAIN, "trn": Role.TRAIN,
    "test": Role.TEST, "te": Role.TEST, "tst": Role.TEST, "holdout": Role.TEST,
    "val": Role.VALIDATION, "valid": Role.VALIDATION, "validation": Role.VALIDATION, "dev": Role.VALIDATION,
    "va": Role.VALIDATION, "vld": Role.VALIDATION, "oof": Role.VALIDATION,
}  # fmt: skip
_ROLE_WORDS.update({letter + word: role for letter in "xyd" for word, role in list(_ROLE_WORDS.items())})  # dtrain
_BY_ROWS = frozenset({"loc", "iloc", "take"})
_MOST_LISTS = 1024


class ObservedTables:
    """The tables that a session has seen, and the files and datasets that they were read from.

    Parameters
    ----------
    variables
        The notebook's namespace, never altered.
    upstream
        As for `Observer`.
    """

    def __init__(self, variables: Mapping[str, object], upstream: Upstream) -> None:
        self.keeping: Keeping | None = None
        """What takes contents to be kept; None: only their fingerprints are."""
        self._variables = variables
        self._upstream = upstream
        self._roles: Known[Role] = Known()
        self._list_roles: dict[int, tuple[str | None, Role]] = {}  # by id, with the content: lists can't be watched
        self._files: Known[tuple[FileRead, ...]] = Known()
        self._held: Known[tuple[DatasetUse, ...]] = Known()
        self._read: Arrivals[FileRead] = Arrivals()

    def settle(self, execution_id: str) -> dict[int, list[FileRead]]:
        """The cell has ended; return the files that it has read, by its statements."""
        return self._read.settle(execution_id)

    def add_roles(self, values: Iterable[tuple[object, Role | None]]) -> None:
        """Note what tables are for."""
        for value, role in values:
            if role is not None:
                self._roles.put(value, role)
                if isinstance(value, list | tuple):
                    self._put_list(value, role)

    def _put_list(self, value: list[object] | tuple[object, ...], role: Role) -> None:
        if len(self._list_roles) >= _MOST_LISTS:
            self._list_roles.pop(next(iter(self._list_roles)))
        self._list_roles[id(value)] = (fingerprint(value), role)

    def add_derived(self, output: object, origin: object) -> None:
        """Note that a table was made from another: its role and files are handed on."""
        self.add_roles([(output, self.role_of(origin))])
        files = self._files.get(origin)
        if files is not None:
            self._files.put(output, files)

    def add_held(self, holder: object, uses: Iterable[DatasetUse]) -> None:
        """Note the tables that an object was made to hold for a library (a DMatrix, a DataLoader)."""
        self._held.put(holder, tuple(uses))

    def add_read(self, call: Call, path: object, result: object) -> None:
        """A file was read; `result` is what came of it (None if that is not known)."""
        file = read_file(path)
        if self.keeping is not None:
            self.keeping.keep_file(file)
        self._read.add(call.trace.here, file)
        if result is not None:
            self._files.put(result, (*(self._files.get(result) or ()), file))

    def add_dataset(self, trace: Trace, read: FileRead, result: object) -> None:
        """A dataset was read by name, by the code that was traced: like a file, it is what `result` comes from."""
        self._read.add(trace.here, read)
        self._files.put(result, (read,))

    def role_of(self, value: object) -> Role | None:
        """Return what a table is known to be for."""
        if isinstance(value, list | tuple) and id(value) in self._list_roles:
            content, role = self._list_roles[id(value)]
            return role if content is not None and content == fingerprint(value) else None
        return self._roles.get(value)

    def role_of_evaluated(self, table: object, train: object) -> Role | None:
        """Return the role of a table that a training measures on: what it trains on, cut out anew, is of training."""
        known = None if table is train else self.role_of(table)
        return known or (Role.TRAIN if self.is_same(table, train) else None)

    def is_same(self, one: object, other: object) -> bool:
        """Return whether two tables are one, or hold the same rows, whatever holds them."""
        if one is other:
            return True
        held, others = self._held.get(one), self._held.get(other)
        if held and others:
            return held[0].fingerprint is not None and held[0].fingerprint == others[0].fingerprint
        if _row_count(one) != _row_count(other):
            return False
        content = content_digest(one)
        if content is not None and content == content_digest(other):
            return True
        known = fingerprint(one)
        return known is not None and known == fingerprint(other)

    def role(self, call: Call, value: object, expression: ast.expr | None) -> Role | None:
        """Return what a table is for, by the flow; else by what the person called it; None if neither tells."""
        known = self.role_of(value)
        if expression is None:
            return known
        if known is not None:  # what a split holds out is for a test, unless its name says for what else
            is_other = known is Role.TEST and role_by_name(ast.unparse(expression)) is Role.VALIDATION
            return Role.VALIDATION if is_other else known
        names = call.trace.flowing([expression]).names
        by_flow = {self.role_of(self._variables.get(name)) for name in names} - {None}
        found = by_flow.pop() if len(by_flow) == 1 else role_by_name(ast.unparse(expression))
        if found is Role.TRAIN and self._is_picked(value, expression):
            return role_by_name(_index_of(expression))  # of what is trained on, one part may be held out
        return found

    def _is_picked(self, value: object, expression: ast.expr) -> bool:
        """Return whether a value is some rows, picked by an index or a condition, of another one: ``X.iloc[fold]``."""
        if not isinstance(expression, ast.Subscript):
            return False
        rows = rows_of(value)
        root = next((node.id for node in ast.walk(expression.value) if isinstance(node, ast.Name)), "")
        of_whole = rows_of(self._variables.get(root))
        if rows is None or of_whole is None:
            return isinstance(expression.value, ast.Attribute) and expression.value.attr in _BY_ROWS
        return rows != of_whole

    def role_of_argument(self, call: Call, value: object, place: int | str | ast.expr) -> Role | None:
        """Return what a table is for that a call was given at a place."""
        return self.role(call, value, argument_of(call, place))

    def uses(self, call: Call, tables: Iterable[tuple[object, int | str | ast.expr, Role | None]]) -> list[DatasetUse]:
        """Return descriptions of the tables that a call was given, and of those held by what it was given.

        Parameters
        ----------
        tables
            For each: the value, its place among the call's arguments (position, name, or what was written there), and
            what it is for.
        """
        uses: list[DatasetUse] = []
        for value, place, role in tables:
            held = self._held.get(value)
            if held is not None:
                uses += [replace(use, role=role or use.role) for use in held]
            elif is_table(value) or isinstance(value, list | tuple):
                uses.append(self._use(call, value, place, role))
        return uses

    def _use(self, call: Call, value: object, place: int | str | ast.expr, role: Role | None) -> DatasetUse:
        expression = argument_of(call, place)
        name = name_of(call, value, expression, self._variables)
        name = name or f"({place if isinstance(place, str) else 'data'})"
        use = describe(value, name, role=role, files=self._files_of(call, value, expression))
        if self.keeping is None:
            return use
        return replace(use, snapshot_id=self.keeping.keep_table(value, use.fingerprint))

    def _files_of(self, call: Call, value: object, expression: ast.expr | None) -> tuple[FileRead, ...]:
        known = self._files.get(value)
        if known is not None or expression is None:
            return known or ()
        return tuple(self._read.reaching(call.trace.flowing([expression]), self._upstream))


def _row_count(value: object) -> int | None:
    return len(value) if isinstance(value, list | tuple) else rows_of(value)


def _index_of(expression: ast.expr) -> str:
    """Return the names that rows are picked by, without those of tables: of ``train[train.age > 3]`` there are none."""
    tables: set[str] = set()
    while isinstance(expression, ast.Subscript):  # ``X.loc[X.index[fold]]``
        tables.update(node.id for node in ast.walk(expression.value) if isinstance(node, ast.Name))
        expression = expression.slice
    inside = (node.id for node in ast.walk(expression) if isinstance(node, ast.Name))
    return " ".join(name for name in inside if name not in tables)


def role_by_name(text: str) -> Role | None:
    """Return the role that the words in an expression's names speak of, if they speak of one only."""
    words = re.split(r"[^a-z]+", re.sub(r"(?<=[a-z])(?=[A-Z])", "_", text).lower())
    roles = {_ROLE_WORDS[word] for word in words if word in _ROLE_WORDS}
    return roles.pop() if len(roles) == 1 else None
