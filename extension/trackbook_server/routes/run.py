"""One run: all that is known of it, and the words on it that people may change."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import Any

from msgspec import UNSET, Struct, UnsetType
from trackbook.display.payload import run_payload
from trackbook.display.rows import run_seconds
from trackbook.errors import InvalidValueError
from trackbook.pipelines.graph.state import PIPELINE_TAG, STEP_TAG
from trackbook.pipelines.sweeps.record import SWEEP
from trackbook.records import RunDetail, Session
from trackbook.store.contract import RunFilter, Store
from trackbook.tracking.annotate import revise
from trackbook.tracking.checked_lineage import checks_of
from trackbook.tracking.choices import is_group, unchosen_params
from trackbook.tracking.find import find_run, witnesses_of
from trackbook.tracking.seeding import unseeded_of

from trackbook_server.route import Asked, Operation, Route

_MOST_CHILDREN = 200


class Words(Struct, kw_only=True, forbid_unknown_fields=True):
    """What is to change: what is left out stays. A note that is null or blank is taken away, so is a tag of null."""

    note: str | UnsetType | None = UNSET
    name: str | UnsetType = UNSET
    tags: dict[str, str | None] | UnsetType = UNSET


def show_run(asked: Asked) -> dict[str, Any]:
    """Return a run as ``trackbook show --json`` prints it, with what stands around it.

    Beside the words of that: `note`, `word` (what people read of the status), `seconds`, `failure`, `artifacts`,
    `session`, `notebook` (its path beneath the server's folder, null if it is elsewhere), `is_group`, `defaults` (the
    params that nobody chose), `origins` (which statement made a metric or a model), and `is_kept` of each model.
    `parent`, `children` (the first 200 of `children_total`), `pipeline`, `step` and `sweep` are the runs that it
    belongs to, or that belong to it, each with `run_id`, `name`, `experiment`, `status` and `word`. `environment` and
    `differences` are null: the environment has a route of its own, and the server's is not the notebooks' one.
    """
    with asked.project.store.frozen() as still:
        return run_answer(still, find_run(still, asked.path["run"]), asked.root)


def change_run(asked: Asked) -> dict[str, Any]:
    """Change the words on a run, all that are given or none, and return the run."""
    store, words = asked.project.store, asked.body
    run_id = find_run(store, asked.path["run"]).run.run_id
    note = None if words.note is UNSET else words.note or ""
    if words.name is not UNSET and not words.name.strip():
        raise InvalidValueError("A run needs a name. Give one, or leave the name out to keep it.")
    name = None if words.name is UNSET else words.name
    revise(store, run_id, note=note, name=name, tags={} if words.tags is UNSET else words.tags)
    with store.frozen() as still:
        return run_answer(still, find_run(still, run_id), asked.root)


def run_answer(store: Store, detail: RunDetail, root: Path) -> dict[str, Any]:
    """Return all that is known of a run; see `show_run`."""
    run = detail.run
    above = [*_above(store, detail)]
    (session,) = store.sessions(ids=[run.session_id])
    beneath = RunFilter(parent_id=run.run_id, oldest_first=True, limit=_MOST_CHILDREN)
    payload: dict[str, Any] = run_payload(
        detail,
        unseeded=unseeded_of(store, detail),
        reproductions=store.reproductions(run_id=run.run_id),
        checks=checks_of(store, detail),
    )
    return payload | {
        "note": run.note,
        "word": run.word,
        "seconds": run_seconds(detail),
        "failure": _failure(detail),
        "is_group": is_group(detail),
        "defaults": unchosen_params(detail, store.executions(run_id=run.run_id), witnesses_of(store, [detail])),
        "artifacts": _artifacts(detail),
        "models": [
            {**told, "is_kept": model.object_digest is not None}
            for told, model in zip(payload["models"], detail.models, strict=True)
        ],
        "origins": _origins(store, detail),
        "notebook": _notebook(session, root),
        "session": _session(session),
        "parent": _brief(above[0]) if above else None,
        "children": [_brief(each) for each in store.runs(beneath)],
        "children_total": store.count_runs(beneath),
        **_belongings([detail, *above]),
    }


def _above(store: Store, detail: RunDetail) -> Iterator[RunDetail]:
    """Yield the parent of a run, that one's parent, and so on; no run stands above itself."""
    seen = {detail.run.run_id}
    while detail.run.parent_id is not None and detail.run.parent_id not in seen:
        seen.add(detail.run.parent_id)
        found = store.runs(RunFilter(ids=[detail.run.parent_id]))
        if not found:
            return
        detail = found[0]
        yield detail


def _belongings(family: Iterable[RunDetail]) -> dict[str, Any]:
    """Return the pipeline, the step and the sweep that a run is or stands beneath."""
    found: dict[str, Any] = {"pipeline": None, "step": None, "sweep": None}
    for each in family:
        if PIPELINE_TAG in each.tags:
            noun, tag = ("step", STEP_TAG) if STEP_TAG in each.tags else ("pipeline", PIPELINE_TAG)
            found[noun] = found[noun] or {**_brief(each), "called": each.tags[tag]}
        if SWEEP in each.tags:
            found["sweep"] = found["sweep"] or {**_brief(each), "called": each.tags[SWEEP]}
    return found


def _brief(detail: RunDetail) -> dict[str, Any]:
    run = detail.run
    return {
        "run_id": run.run_id,
        "name": run.name,
        "experiment": run.experiment,
        "status": run.status.value,
        "word": run.word,
    }


def _failure(detail: RunDetail) -> dict[str, Any] | None:
    failure = detail.run.failure
    if failure is None:
        return None
    return {"type": failure.type, "message": failure.message, "traceback": failure.traceback}


def _artifacts(detail: RunDetail) -> list[dict[str, Any]]:
    return [
        {"name": each.name, "digest": each.digest, "size": each.size, "media_type": each.media_type}
        for each in detail.artifacts
    ]


def _origins(store: Store, detail: RunDetail) -> list[dict[str, Any]]:
    return [
        {
            "kind": each.kind.value,
            "key": each.key,
            "execution_id": each.source.execution_id,
            "statement": each.source.statement,
        }
        for each in store.origins(detail.run.run_id)
    ]


def _notebook(session: Session, root: Path) -> str | None:
    """Return the path of a session's notebook beneath the server's folder, None where it is elsewhere or not known."""
    path = Path(session.notebook).resolve() if session.notebook else None
    return path.relative_to(root).as_posix() if path is not None and path.is_relative_to(root) else None


def _session(session: Session) -> dict[str, Any]:
    return {
        "session_id": session.session_id,
        "notebook": session.notebook,
        "user": session.user,
        "host": session.process.host,
        "started_at": session.started_at.isoformat(),
        "ended_at": session.ended_at.isoformat() if session.ended_at else None,
    }


ROUTES = (
    Route(
        path="/runs/{run}",
        operations={
            "GET": Operation(act=show_run, summary="Show a run", answer=dict[str, Any]),
            "PATCH": Operation(
                act=change_run, summary="Change a run's note, name or tags", answer=dict[str, Any], body=Words
            ),
        },
    ),
)
