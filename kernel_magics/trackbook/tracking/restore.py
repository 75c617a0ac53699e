"""Brings back what a run had under the names that it had: its tables, its models, the constants that it chose."""

from __future__ import annotations

import ast
import keyword
import textwrap
from collections.abc import Collection, Iterator, Mapping, MutableMapping, Sequence
from dataclasses import dataclass, field
from enum import StrEnum
from typing import Any

from trackbook.capture.secret_values import SECRET
from trackbook.errors import InvalidValueError, NotFoundError
from trackbook.records import DatasetUse, Execution, FileRead, JsonValue, Model, RunDetail, Statement, encode
from trackbook.store.contract import Store
from trackbook.tracking.cells_of import cells_of
from trackbook.tracking.dataset_names import KeptTable
from trackbook.tracking.find import short_id
from trackbook.tracking.kept_models import UntrustedModelError, load_model
from trackbook.tracking.promises import NOT_KEPT

_ON_ITS_WAY = "it is still being kept: restore it again in a while"


class RestoredKind(StrEnum):
    """What is brought back."""

    TABLE = "table"
    MODEL = "model"
    PARAM = "param"


@dataclass(frozen=True, slots=True, kw_only=True)
class Restored:
    """Something of a run that is there again; `read` is how that of a table is put down, beside reads of files."""

    name: str
    kind: RestoredKind
    value: Any
    read: FileRead | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Unrestored:
    """Something of a run that can't be brought back, and why."""

    name: str
    kind: RestoredKind
    reason: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Restoration:
    """What came back of a run, what did not, and what is not sure about it."""

    run: RunDetail
    restored: tuple[Restored, ...] = ()
    unrestored: tuple[Unrestored, ...] = ()
    remarks: tuple[str, ...] = ()

    @property
    def values(self) -> dict[str, Any]:
        """What came back, by name."""
        return {each.name: each.value for each in self.restored}


@dataclass(frozen=True, slots=True, kw_only=True)
class _Wish:
    run: RunDetail
    names: Sequence[str]
    trust: Collection[str]
    is_complete: bool


@dataclass(slots=True)
class _Found:
    restored: list[Restored] = field(default_factory=list)
    unrestored: list[Unrestored] = field(default_factory=list)
    remarks: list[str] = field(default_factory=list)


def restore(
    store: Store,
    run: RunDetail,
    names: Sequence[str] | None = None,
    *,
    into: MutableMapping[str, Any] | None = None,
    force: bool = False,
    trust: Collection[str] = (),
    is_complete: bool = True,
) -> Restoration:
    """Bring back the tables, models and params of a run.

    Parameters
    ----------
    names
        Which of them; None: all that had a name of their own, of the params those that code assigned to a name.
    into
        The namespace to put them into: all that came back, or, where a name is taken, nothing.
    force
        Put them also over what has these names.
    trust
        The full names of types that a model may hold beside those that skops trusts.
    is_complete
        Whether nothing is still being kept by this notebook.

    Raises
    ------
    NotFoundError
        If the run has nothing of a name.
    InvalidValueError
        If a name is taken and `force` is False; nothing is put into the namespace then.
    """
    has = list(dict.fromkeys([*_own_names(run), *run.params]))
    unknown = [name for name in names or () if name not in has]
    if unknown:
        raise NotFoundError(
            f"Run '{run.run.name}' has no table, model or param '{unknown[0]}'. It has: {', '.join(has) or 'nothing'}."
        )
    written = _written_literals(store, run)
    wanted = names if names is not None else [*_own_names(run), *written]
    wish = _Wish(run=run, names=wanted, trust=trust, is_complete=is_complete)
    if into is not None and not force:
        _refuse_taken(wish, into)
    found = _Found()
    _add_tables(store, wish, found)
    _add_models(store, wish, found)
    _add_params(wish, written, found)
    if into is not None:
        into.update({each.name: each.value for each in found.restored})
    return Restoration(
        run=run,
        restored=tuple(found.restored),
        unrestored=tuple(found.unrestored),
        remarks=tuple(found.remarks),
    )


def lacks_content(run: RunDetail, names: Collection[str] | None = None) -> bool:
    """Return whether the content of a run's table or model (of these names) is not there, or not yet."""
    tables = [use.name for use in run.datasets if use.snapshot_id is None]
    lacking = [*tables, *(model.name for model in run.models if model.object_digest is None)]
    return any(names is None or name in names for name in lacking)


def _own_names(run: RunDetail) -> list[str]:
    return list(dict.fromkeys([*(use.name for use in run.datasets), *(model.name for model in run.models)]))


def _refuse_taken(wish: _Wish, into: Mapping[str, Any]) -> None:
    """Refuse before anything is read; what can't come back is in nobody's way."""
    uses = {use.name for use in wish.run.datasets if use.snapshot_id is not None}
    kept = uses | {model.name for model in wish.run.models if model.object_digest is not None} | set(wish.run.params)
    taken = [name for name in wish.names if name in into and name in kept]
    if taken:
        raise InvalidValueError(
            f"There {'is' if len(taken) == 1 else 'are'} {', '.join(taken)} already, and nothing was restored. Name "
            "what you want, or put it over what is there with --force (force=True)."
        )


def _is_name(name: str) -> bool:
    return name.isidentifier() and not keyword.iskeyword(name)


# Tables


def _add_tables(store: Store, wish: _Wish, found: _Found) -> None:
    uses: dict[str, list[DatasetUse]] = {}
    for use in wish.run.datasets:
        if use.name in wish.names:
            uses.setdefault(use.name, []).append(use)
    for name, own in uses.items():
        reason = _why_not(name, own, wish)
        value = None
        if reason is None:
            try:
                value = store.get_table(own[0].snapshot_id or "")
            except NotFoundError as error:
                reason = str(error)
        if reason is not None:
            found.unrestored.append(Unrestored(name=name, kind=RestoredKind.TABLE, reason=reason))
            continue
        read = KeptTable(name=name, snapshot_id=own[0].snapshot_id or "").read
        found.restored.append(Restored(name=name, kind=RestoredKind.TABLE, value=value, read=read))


def _why_not(name: str, uses: Sequence[DatasetUse], wish: _Wish) -> str | None:
    """Return why a table can't come back under its name."""
    run = wish.run
    if any(use.snapshot_id is None for use in uses):
        return _not_kept(run, name) or ("only its fingerprint is kept" if wish.is_complete else _ON_ITS_WAY)
    if len({use.snapshot_id for use in uses}) > 1:
        roles = ", ".join(str(use.role or "no role") for use in uses)
        return f"the run had several tables of this name ({roles}): {_load(run, uses)}"
    if not _is_name(name):
        return f"it had no name of its own: {_load(run, uses)}"
    return None


def _load(run: RunDetail, uses: Sequence[DatasetUse]) -> str:
    calls = (f"trackbook.load(fingerprint='{(use.fingerprint or '')[:12]}')" for use in uses)
    return " or ".join(dict.fromkeys(calls))


def _not_kept(run: RunDetail, name: str) -> str | None:
    """Return what the run says of something that was not kept."""
    told = (part.partition(": ") for part in run.tags.get(NOT_KEPT, "").split("; "))
    return next((f"it is not kept: {reason}" for what, _, reason in told if what == name and reason), None)


# Models


def _add_models(store: Store, wish: _Wish, found: _Found) -> None:
    taken = {each.name for each in found.restored}
    latest = {model.name: model for model in wish.run.models if model.name in wish.names}
    for name, model in latest.items():
        if name in taken:
            continue
        reason = _why_no_model(model, wish)
        if reason is None:
            reason = _add_model(store, wish, model, found)
        if reason is not None:
            found.unrestored.append(Unrestored(name=name, kind=RestoredKind.MODEL, reason=reason))


def _why_no_model(model: Model, wish: _Wish) -> str | None:
    if model.object_digest is None:
        so_far = "so far only what it looks like is kept" if wish.is_complete else _ON_ITS_WAY
        return _not_kept(wish.run, model.name) or so_far
    if not _is_name(model.name):
        run_id = short_id(wish.run.run.run_id)
        return f"it had no name of its own: trackbook.get_run('{run_id}').load_model({model.name!r})"
    return None


def _add_model(store: Store, wish: _Wish, model: Model, found: _Found) -> str | None:
    """Add a model; return why, if it can't be loaded."""
    try:
        loaded = load_model(store, model, wish.trust)
    except UntrustedModelError as error:
        types = ",".join(error.types)
        return f"it holds types that skops doesn't trust by itself: restore it with --trust {types} if you do"
    except (InvalidValueError, NotFoundError) as error:
        return str(error)
    found.restored.append(Restored(name=model.name, kind=RestoredKind.MODEL, value=loaded.value))
    found.remarks += loaded.remarks
    return None


# Params


def _add_params(wish: _Wish, written: Mapping[str, Any], found: _Found) -> None:
    """Add params, as the code wrote them that assigned them to a name."""
    taken = {each.name for each in found.restored} | {each.name for each in found.unrestored}
    for name, value in wish.run.params.items():
        if name in taken or name not in wish.names:
            continue
        if isinstance(value, str) and SECRET in value:
            reason = "it was a credential, which is never kept"
            found.unrestored.append(Unrestored(name=name, kind=RestoredKind.PARAM, reason=reason))
        elif not _is_name(name):
            reason = f"it is the setting {name}, and no name of its own"
            found.unrestored.append(Unrestored(name=name, kind=RestoredKind.PARAM, reason=reason))
        else:
            shown = written.get(name, value)
            found.restored.append(Restored(name=name, kind=RestoredKind.PARAM, value=shown))


def _written_literals(store: Store, run: RunDetail) -> dict[str, Any]:
    """Return the run's params that its cells assign, each as the value of Python's that was written there."""
    found: dict[str, Any] = {}
    for execution in cells_of(store, run):
        for statement in execution.statements:
            for name, value in statement.literals.items():
                if name in run.params and encode(run.params[name]) == encode(value):
                    found[name] = _as_written(execution, statement, name, value)
    return found


def _as_written(execution: Execution, statement: Statement, name: str, value: JsonValue) -> Any:
    """Return a literal as code has it (a tuple is no list), as it is on record where that can't be told."""
    lines = execution.source.split("\n")[statement.line - 1 : statement.end_line]
    try:
        tree = ast.parse(textwrap.dedent("\n".join(lines)))
    except (SyntaxError, ValueError, RecursionError):
        return value
    return next(_values(tree, name), value)


def _values(tree: ast.AST, name: str) -> Iterator[Any]:
    for node in ast.walk(tree):
        if isinstance(node, ast.Assign):
            targets = node.targets
        elif isinstance(node, ast.AnnAssign | ast.NamedExpr):
            targets = [node.target]
        else:
            continue
        if node.value is not None and any(isinstance(each, ast.Name) and each.id == name for each in targets):
            try:
                yield ast.literal_eval(node.value)
            except (ValueError, TypeError, SyntaxError, MemoryError, RecursionError):
                continue
