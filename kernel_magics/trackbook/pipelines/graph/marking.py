"""Somebody's word that a step is up to date: a run that stands for it, for nothing ran."""

from __future__ import annotations

import getpass

from trackbook import clock, process
from trackbook.pipelines.graph.spec import Pipeline
from trackbook.pipelines.graph.state import MARKED_TAG, tags_of
from trackbook.records import Process, Run, RunDetail, RunStatus, Session
from trackbook.store.contract import Batch, RunChange, Store


def open_mark(store: Store, pipeline: Pipeline, step: str) -> RunDetail:
    """Write a run that stands for somebody's word that a step is up to date, and return it."""
    now, session_id, run_id = clock.now(), clock.new_id(), clock.new_id()
    session = Session(
        session_id=session_id,
        experiment=pipeline.name,
        started_at=now,
        lease_expires_at=now,
        process=Process(host=process.host(), boot=process.boot_id(), pid=0, started=0.0),
        user=_user(),
        ended_at=now,
    )
    run = Run(
        run_id=run_id,
        name=clock.new_name(),
        experiment=pipeline.name,
        session_id=session_id,
        started_at=now,
        finished_at=now,
        status=RunStatus.FINISHED,
    )
    tags = {**tags_of(pipeline, step), MARKED_TAG: "true"}
    store.write(Batch(sessions=(session,), runs=(RunChange(run_id=run_id, run=run, tags=tags),)))
    return RunDetail(run=run, tags=tags)


def _user() -> str:
    try:
        return getpass.getuser()
    except (OSError, KeyError):  # a user without a name, as in some containers
        return "unknown"
