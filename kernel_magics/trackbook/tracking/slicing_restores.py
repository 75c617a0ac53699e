"""What a slice brings back of other runs: which these are, and the code with ``latest`` as what it meant then."""

from __future__ import annotations

import ast
import re
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, replace

from trackbook.errors import AmbiguousError, NotFoundError
from trackbook.records import Execution, RunDetail, Snapshot
from trackbook.store import kept as kept_content
from trackbook.store.contract import Batch, RunChange, RunFilter, Store
from trackbook.tracking.dataset_names import is_dataset
from trackbook.tracking.find import NEWEST_WORDS, find_run, short_id
from trackbook.tracking.slicing_source import Kept

_MAGIC = re.compile(r"^\s*%track\s+restore\s+(?P<run>[^\s-]\S*)", re.MULTILINE)
_ASKING = frozenset({"restore", "get_run"})


@dataclass(frozen=True, slots=True, kw_only=True)
class Restores:
    """`kept` is a slice's parts, `runs` are those that they ask for, `notes` say which can't be told."""

    kept: tuple[Kept, ...]
    runs: tuple[RunDetail, ...] = ()
    notes: tuple[str, ...] = ()


def restores_of(store: Store, kept: Sequence[Kept]) -> Restores:
    """Return which runs a slice's parts bring back or look at, and the parts as they mean the same at any time."""
    parts, runs, notes = [], {}, []
    for each in kept:
        text = each.piece.text
        for reference, start, end in reversed(list(_references(each))):
            found = _meant(store, reference, each)
            if found is None:
                notes.append(f"{_cell(each.piece.execution)} asks for run '{reference}', which the store doesn't hold.")
                continue
            runs[found.run.run_id] = found
            if reference in NEWEST_WORDS:
                text = text[:start] + short_id(found.run.run_id) + text[end:]
        notes += [
            f"{_cell(each.piece.execution)} asks for a run that its code doesn't name; it may be another one by now."
        ] * _asks_by_value(each)
        parts.append(each if text == each.piece.text else replace(each, piece=replace(each.piece, text=text)))
    return Restores(kept=tuple(parts), runs=tuple(runs.values()), notes=tuple(dict.fromkeys(notes)))


def copy_runs(store: Store, target: Store, runs: Iterable[RunDetail]) -> None:
    """Put runs into another store, with what is kept of their tables and models, and the cells that made them."""
    for detail in runs:
        (session,) = store.sessions(ids=[detail.run.session_id])
        snapshots = list(_snapshots(store, detail))
        for digest in _objects(store, detail, snapshots):
            target.put_object(store.get_object(digest))
        change = RunChange(
            run_id=detail.run.run_id,
            run=replace(detail.run, parent_id=None),
            params=detail.params,
            metrics=tuple(detail.metrics.values()),
            tags=detail.tags,
            datasets=detail.datasets,
            models=detail.models,
            execution_ids=detail.execution_ids,
        )
        executions = store.executions(ids=list(detail.execution_ids))
        target.write(
            Batch(
                sessions=(session,),
                executions=[replace(each, outputs=()) for each in executions],
                snapshots=[replace(each, profile_digest=None) for each in snapshots],
                runs=(change,),
            )
        )


# Which runs


def _references(kept: Kept) -> Iterator[tuple[str, int, int]]:
    """Yield the runs that a part names, each with the place in its text, in order."""
    text = kept.piece.text
    for found in _MAGIC.finditer(text):
        yield found["run"], found.start("run"), found.end("run")
    for call in _calls(kept):
        named = call.args[0] if call.args else None
        if isinstance(named, ast.Constant) and isinstance(named.value, str):
            place = re.search(rf"\b(?:{'|'.join(_ASKING)})\s*\(\s*(['\"])({re.escape(named.value)})\1", text)
            if place is not None:
                yield named.value, place.start(2), place.end(2)


def _asks_by_value(kept: Kept) -> bool:
    return any(call.args and not isinstance(call.args[0], ast.Constant) for call in _calls(kept))


def _calls(kept: Kept) -> Iterator[ast.Call]:
    for node in (each for part in kept.piece.nodes for each in ast.walk(part)):
        match node:
            case ast.Call(func=ast.Attribute(attr=name, value=ast.Name(id="trackbook"))) if name in _ASKING:
                yield node


def _meant(store: Store, reference: str, kept: Kept) -> RunDetail | None:
    """Return the run that a reference meant when a part ran, None if the store has none such."""
    if reference not in NEWEST_WORDS:
        try:
            return find_run(store, reference)
        except (NotFoundError, AmbiguousError):
            return None
    execution = kept.piece.execution
    brought = {
        file.object_digest
        for at in kept.piece.statements
        for file in execution.statements[at].files
        if is_dataset(file)
    }
    earlier = [each for each in store.runs(RunFilter()) if each.run.started_at <= execution.started_at]
    having = [each for each in earlier if brought and brought <= {use.snapshot_id for use in each.datasets}]
    return next(iter(having or earlier), None)


def _cell(execution: Execution) -> str:
    return f"Cell [{execution.count if execution.count is not None else execution.index}]"


# What they consist of


def _snapshots(store: Store, detail: RunDetail) -> Iterable[Snapshot]:
    named = {use.snapshot_id for use in detail.datasets} | {model.example_snapshot for model in detail.models}
    return store.snapshots(ids=sorted(each for each in named if each is not None))


def _objects(store: Store, detail: RunDetail, snapshots: Iterable[Snapshot]) -> Iterator[str]:
    for snapshot in snapshots:
        yield from kept_content.needed(store.objects, replace(snapshot, profile_digest=None))
    yield from (model.object_digest for model in detail.models if model.object_digest is not None)
