"""Finds what a gate is to judge: a run, or the newest finished run of a pipeline with all its steps."""

from __future__ import annotations

import difflib
from collections.abc import Collection, Iterable, Iterator
from dataclasses import replace
from pathlib import Path

from trackbook.errors import InvalidValueError, NotFoundError
from trackbook.pipelines.gates.rule import Subject
from trackbook.pipelines.graph.file import read_pipeline
from trackbook.pipelines.graph.naming import command_on_tagged
from trackbook.pipelines.graph.state import PIPELINE_TAG, STEP_TAG
from trackbook.records import RunDetail, RunStatus
from trackbook.records.query import Comparison, Field, Operator, Query, Scope, all_of
from trackbook.store.contract import RunFilter, Store
from trackbook.tracking.find import find_run, short_id


def find_subject(store: Store, reference: str, *, before: RunDetail | None = None) -> Subject:
    """Return what a person means: a pipeline by its name or its file, or else a run as `find_run` finds it.

    Of a pipeline it is its newest finished run, with the runs of its steps; a step that was skipped then is judged by
    the run that it was skipped for: its newest success until then.

    Parameters
    ----------
    before
        Of a pipeline, only runs that started before this one.

    Raises
    ------
    NotFoundError
        If there is neither such a run nor such a pipeline, or the pipeline has not finished yet.
    AmbiguousError
        If several runs are meant.
    """
    name = _name_in_file(reference) or reference.strip()
    whole = _pipeline_runs(store, name)
    if whole:
        earlier = [each for each in whole if before is None or each.run.started_at < before.run.started_at]
        if not earlier:
            raise NotFoundError(f"Pipeline '{name}' has no earlier run.")
        return _of_pipeline(store, name, earlier)
    try:
        return subject_of(store, find_run(store, reference))
    except NotFoundError as error:
        told, pipelines = str(error), _pipelines_text(store, reference)
        is_told = "Did you mean" in told  # a pipeline's runs have its name
        raise NotFoundError(told if is_told else f"{told} {pipelines}".rstrip()) from None


def subject_of(store: Store, run: RunDetail) -> Subject:
    """Return a run with all that is beneath it."""
    return Subject(store=store, run=run, members=(run, *_beneath(store, run)))


def pipeline_query(name: str, *, step: str | None = None, status: RunStatus | None = None) -> Query:
    """Return the query for the runs of a pipeline."""
    conditions = [_is(Field(scope=Scope.TAGS, key=PIPELINE_TAG), name)]
    if step is not None:
        conditions.append(_is(Field(scope=Scope.TAGS, key=STEP_TAG), step))
    if status is not None:
        conditions.append(_is(Field(scope=Scope.RUN, key="status"), status.value))
    return Query(where=all_of(conditions))


def _is(field: Field, value: str) -> Comparison:
    return Comparison(field=field, operator=Operator.EQUAL, value=value)


def _name_in_file(reference: str) -> str | None:
    """Return the name of the pipeline that a file describes, None if it is no such file."""
    path = Path(reference)
    is_file = path.suffix in (".yaml", ".yml") and path.is_file()
    return read_pipeline(path).name if is_file else None


def _pipeline_runs(store: Store, name: str) -> list[RunDetail]:
    """Return the runs of a pipeline as a whole, newest first."""
    found = store.runs(RunFilter(query=pipeline_query(name))) if name else []
    return [each for each in found if STEP_TAG not in each.tags]


def _of_pipeline(store: Store, name: str, runs: list[RunDetail]) -> Subject:
    finished = next((each for each in runs if each.run.status is RunStatus.FINISHED), None)
    if finished is None:
        newest, resume = runs[0].run, command_on_tagged(runs[0].tags, "resume")
        raise NotFoundError(
            f"Pipeline '{name}' has no finished run yet: the newest, {newest.name} ({short_id(newest.run_id)}), is "
            f"{newest.status.lower()}. Judge that one by its id, or finish it: {resume}."
        )
    subject = replace(subject_of(store, finished), pipeline=name)
    return replace(subject, members=(*subject.members, *_skipped(store, subject, name)))


def _skipped(store: Store, subject: Subject, name: str) -> Iterator[RunDetail]:
    """Yield the runs that stand for steps which did not run this time, each with what is beneath it."""
    ran, end = set(subject.steps()), subject.run.run.finished_at or subject.run.run.started_at
    known = _steps_in_file(store, subject.run)
    latest: dict[str, RunDetail] = {}
    for each in store.runs(RunFilter(query=pipeline_query(name, status=RunStatus.FINISHED))):
        step = each.tags.get(STEP_TAG)
        is_known = step is not None and (known is None or step in known)
        if is_known and step not in ran and each.run.started_at <= end:
            latest.setdefault(str(step), each)
    for each in reversed(latest.values()):
        yield each
        yield from _beneath(store, each)


def _steps_in_file(store: Store, run: RunDetail) -> Collection[str] | None:
    """Return the steps that the pipeline's file names, so that a step which is gone counts no more; None: not known."""
    for session in store.sessions(ids=[run.run.session_id]):
        if session.notebook is not None and Path(session.notebook).is_file():
            try:
                return {step.name for step in read_pipeline(Path(session.notebook)).steps}
            except (NotFoundError, InvalidValueError):
                return None
    return None


def _beneath(store: Store, run: RunDetail) -> Iterator[RunDetail]:
    """Yield what is beneath a run, parents first."""
    for child in store.runs(RunFilter(parent_id=run.run.run_id, oldest_first=True)):
        yield child
        yield from _beneath(store, child)


def _pipelines_text(store: Store, reference: str) -> str:
    """Return which pipelines there are, the nearest to a mistake only."""
    names = list(dict.fromkeys(_names_of_pipelines(store.runs(RunFilter(only_roots=True, limit=1000)))))
    close = difflib.get_close_matches(reference, names, n=1)
    if close:
        return f"Did you mean the pipeline '{close[0]}'?"
    return f"Pipelines: {', '.join(names[:5])}." if names else ""


def _names_of_pipelines(runs: Iterable[RunDetail]) -> Iterator[str]:
    yield from (each.tags[PIPELINE_TAG] for each in runs if PIPELINE_TAG in each.tags and STEP_TAG not in each.tags)
