"""What a store in memory holds, and how a batch gets in: first everything is checked, then nothing can fail."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping
from copy import deepcopy
from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING, TypeVar

from trackbook.errors import InvalidValueError
from trackbook.records import (
    Artifact,
    DatasetUse,
    DatasetVersion,
    Environment,
    Execution,
    JsonValue,
    MetricPoint,
    Model,
    ModuleUse,
    Origin,
    Run,
    RunDetail,
    Session,
    json_value,
)
from trackbook.store import keeping, rules
from trackbook.store.content_data import DataContent
from trackbook.store.contract import Batch, ObjectUse, RunChange, RunFilter

if TYPE_CHECKING:
    from trackbook.records.query import NameKind, Query
    from trackbook.store.matching import Subject

Identity = tuple[str, ...]
D = TypeVar("D", DatasetUse, Model, Artifact, ModuleUse)


@dataclass(slots=True)
class Kept:
    """A run and what hangs on it; mappings keep the order in which their keys were first written."""

    run: Run
    params: dict[str, JsonValue] = field(default_factory=dict)
    points: dict[str, list[MetricPoint]] = field(default_factory=dict)
    tags: dict[str, str] = field(default_factory=dict)
    datasets: dict[Identity, DatasetUse] = field(default_factory=dict)
    models: dict[Identity, Model] = field(default_factory=dict)
    artifacts: dict[Identity, Artifact] = field(default_factory=dict)
    modules: dict[Identity, ModuleUse] = field(default_factory=dict)
    execution_ids: dict[str, None] = field(default_factory=dict)
    origins: dict[Identity, Origin] = field(default_factory=dict)

    def put(self, run: Run) -> None:
        """Replace the run itself; its note stays."""
        self.run = replace(run, note=self.run.note)

    def detail(self, gone: bool) -> RunDetail:
        """Return the run as it is given out, sharing nothing with this one."""
        points = (point for listed in self.points.values() for point in listed)
        return RunDetail(
            run=rules.as_read(self.run, gone),
            params=deepcopy(self.params),
            metrics=rules.latest(points),
            tags=dict(self.tags),
            datasets=tuple(self.datasets.values()),
            models=tuple(deepcopy(list(self.models.values()))),
            artifacts=tuple(self.artifacts.values()),
            modules=tuple(self.modules.values()),
            execution_ids=tuple(self.execution_ids),
        )


@dataclass(slots=True)
class Content:
    """Everything, by id. `run_ids` are the runs of each execution."""

    sessions: dict[str, Session] = field(default_factory=dict)
    environments: dict[str, Environment] = field(default_factory=dict)
    executions: dict[str, Execution] = field(default_factory=dict)
    runs: dict[str, Kept] = field(default_factory=dict)
    run_ids: dict[str, dict[str, None]] = field(default_factory=dict)
    data: DataContent = field(default_factory=DataContent)

    def found(self, where: RunFilter, gone: Callable[[Iterable[str]], set[str]]) -> list[Kept]:
        """Return the runs of a filter in its order, its limit and offset put aside; `gone` tells which sessions are."""
        found = [kept for kept in self.runs.values() if _matches(kept.run, where)]
        if where.tagged is not None:
            found = [kept for kept in found if where.tagged in kept.tags]
        if where.of_last_execution:
            last = max((each for kept in self.runs.values() for each in kept.execution_ids), default=None)
            found = [kept for kept in found if last in kept.execution_ids]
        found.sort(key=lambda kept: (kept.run.started_at, kept.run.run_id), reverse=not where.oldest_first)
        return found if where.query is None else self._asked_for(where.query, found, gone)

    def _asked_for(self, query: Query, found: list[Kept], gone: Callable[[Iterable[str]], set[str]]) -> list[Kept]:
        from trackbook.store import matching

        vanished = gone(kept.run.session_id for kept in found)
        subjects = [self._subject(kept, kept.run.session_id in vanished) for kept in found]
        wanted = [each for each in subjects if query.where is None or matching.holds(query.where, each)]
        return [self.runs[each.detail.run.run_id] for each in matching.in_order(wanted, query.order)[: query.limit]]

    def _subject(self, kept: Kept, gone: bool) -> Subject:
        from trackbook.store.matching import Subject

        parent = self.runs.get(kept.run.parent_id or "")
        return Subject(
            detail=kept.detail(gone),
            session=self.sessions[kept.run.session_id],
            parent_name=parent.run.name if parent else None,
        )

    def names(self, kind: NameKind) -> list[str]:
        """Return the names of a kind that runs have, sorted."""
        return sorted({name for kept in self.runs.values() for name in self._names_in(kept, kind)})

    def _names_in(self, kept: Kept, kind: NameKind) -> Iterable[str]:
        from trackbook.records.query import NameKind

        session = self.sessions[kept.run.session_id]
        match kind:
            case NameKind.METRICS:
                return kept.points
            case NameKind.PARAMS:
                return kept.params
            case NameKind.TAGS:
                return kept.tags
            case NameKind.EXPERIMENT:
                return (kept.run.experiment,)
            case NameKind.MODEL:
                return (rules.short_class(model.class_name) for model in kept.models.values())
            case NameKind.DATASET:
                return (dataset.name for dataset in kept.datasets.values())
            case NameKind.NOTEBOOK:
                return (session.notebook,) if session.notebook is not None else ()
            case NameKind.USER:
                return (session.user,)

    def object_uses(self, digest: str) -> list[ObjectUse]:
        """Return the different uses of an object."""
        found: list[ObjectUse] = []
        for kept in self.runs.values():
            artifacts = (each for each in kept.artifacts.values() if each.digest == digest)
            found += [ObjectUse(media_type=each.media_type, name=each.name) for each in artifacts]
            modules = (each for each in kept.modules.values() if each.digest == digest)
            found += [ObjectUse(media_type=rules.MODULE_TYPE, name=each.path) for each in modules]
        for execution in self.executions.values():
            found += rules.uses_in(execution.outputs, digest)
        return list(dict.fromkeys(found))

    def execution(self, execution_id: str, gone: bool) -> Execution:
        """Return an execution as it is given out."""
        execution = replace(deepcopy(self.executions[execution_id]), run_ids=tuple(self.run_ids.get(execution_id, ())))
        return rules.execution_as_read(execution, gone)

    def write(self, batch: Batch) -> list[DatasetVersion]:
        """Write a batch, or raise and change nothing; return its versions as they are on the record."""
        changes = [_own(change) for change in batch.runs]
        links = list(_links(batch))
        self._check(batch, changes, links)
        self.sessions |= {session.session_id: session for session in batch.sessions}
        self.environments = {each.environment_id: deepcopy(each) for each in batch.environments} | self.environments
        self.executions |= {each.execution_id: deepcopy(each) for each in batch.executions}
        for change in changes:
            self._apply(change)
        for run_id, execution_id in links:
            self.runs[run_id].execution_ids.setdefault(execution_id)
            self.run_ids.setdefault(execution_id, {}).setdefault(run_id)
        versions = self.data.write(batch)
        for run_id in batch.withdrawn:
            self._withdraw(run_id)
        return versions

    def _check(self, batch: Batch, changes: list[RunChange], links: list[tuple[str, str]]) -> None:
        for execution in batch.executions:
            if execution.execution_id in self.executions:
                rules.check_execution(self.executions[execution.execution_id], execution)
        for run_id in batch.withdrawn:
            if run_id in self.runs:
                rules.check_withdrawal(self.runs[run_id].run)
        known = {run_id: kept.run for run_id, kept in self.runs.items()}
        params = {(run_id, key): value for run_id, kept in self.runs.items() for key, value in kept.params.items()}
        for change in changes:
            rules.check_run(known.get(change.run_id), change)
            known[change.run_id] = change.run or known[change.run_id]
            for key, value in change.params.items():
                before = params.setdefault((change.run_id, key), value)
                rules.check_param(known[change.run_id].name, key, before, value)
            self._check_descriptions(change)
        self._check_links(batch, known, links)
        self.data.check(batch, known.keys())

    def _check_descriptions(self, change: RunChange) -> None:
        kept = self.runs.get(change.run_id)
        if kept is None:
            return
        _check_described(kept, kept.datasets, change.datasets)
        _check_described(kept, kept.models, change.models)
        _check_described(kept, kept.artifacts, change.artifacts)
        _check_described(kept, kept.modules, change.modules)

    def _check_links(self, batch: Batch, known: dict[str, Run], links: list[tuple[str, str]]) -> None:
        """Refuse names of what is not there, as a database does by its foreign keys."""
        sessions = {*self.sessions, *(session.session_id for session in batch.sessions)}
        given = [change.run for change in batch.runs if change.run is not None]
        needed_sessions = {each.session_id for each in batch.executions} | {run.session_id for run in given}
        needed_runs = {run.parent_id for run in given if run.parent_id} | {run_id for run_id, _ in links}
        missing = sorted((needed_sessions - sessions) | (needed_runs - set(known)))
        if missing:
            raise InvalidValueError(rules.unknown_link(", ".join(missing)))

    def _apply(self, change: RunChange) -> None:
        if change.run is not None:
            self.runs.setdefault(change.run_id, Kept(change.run)).put(change.run)
        kept = self.runs[change.run_id]
        if change.note is not None:
            kept.run = replace(kept.run, note=change.note or None)
        for key, param in change.params.items():
            kept.params.setdefault(key, param)
        for point in change.metrics:
            kept.points.setdefault(point.key, []).append(point)
        for key, value in change.tags.items():
            if value is None:
                kept.tags.pop(key, None)
            else:
                kept.tags[key] = value
        kept.datasets |= _filled(kept.datasets, change.datasets)
        kept.models |= _filled(kept.models, change.models)
        kept.artifacts |= _by_identity(change.artifacts)
        kept.modules |= _by_identity(change.modules)
        for origin in change.origins:
            kept.origins.setdefault(rules.origin_identity(origin), origin)

    def _withdraw(self, run_id: str) -> None:
        kept = self.runs.pop(run_id, None)
        for execution_id in kept.execution_ids if kept else ():
            del self.run_ids[execution_id][run_id]
        for child in self.runs.values():
            if child.run.parent_id == run_id:
                child.run = replace(child.run, parent_id=None)
        self.data.forget_run(run_id)

    def users_of_snapshots(self) -> Iterator[tuple[str, str]]:
        """Return what names a snapshot, and which."""
        for run_id, kept in self.runs.items():
            named = [each.snapshot_id for each in kept.datasets.values()]
            named += [each.example_snapshot for each in kept.models.values()]
            yield from ((f"Run {run_id}", snapshot_id) for snapshot_id in named if snapshot_id is not None)
        yield from self.data.users()

    def objects_by_kind(self) -> dict[str, list[str]]:
        """Return the objects of models, outputs and code."""
        runs = self.runs.values()
        patches = [each.git.patch for each in self.environments.values() if each.git and each.git.patch]
        modules = [module.digest for kept in runs for module in kept.modules.values()]
        return {
            "models": [each.object_digest for kept in runs for each in kept.models.values() if each.object_digest],
            "outputs": [digest for each in self.executions.values() for digest in rules.object_digests(each.outputs)],
            "code": modules + patches,
        }

    def references(self) -> Iterator[tuple[str, str]]:
        """Return what needs an object, and which; what snapshots consist of put aside."""
        for run_id, kept in self.runs.items():
            digests = [artifact.digest for artifact in kept.artifacts.values()]
            digests += [module.digest for module in kept.modules.values()]
            digests += [model.object_digest for model in kept.models.values() if model.object_digest is not None]
            digests += [digest for use in kept.datasets.values() for digest in rules.file_digests(use.files)]
            yield from ((f"Run {run_id}", digest) for digest in digests)
        for execution in self.executions.values():
            digests = rules.object_digests(execution.outputs)
            digests += [digest for each in execution.statements for digest in rules.file_digests(each.files)]
            yield from ((f"Execution {execution.execution_id}", digest) for digest in digests)
        for environment in self.environments.values():
            if environment.git and environment.git.patch:
                yield f"Environment {environment.environment_id}", environment.git.patch
        yield from self.data.references()


def _own(change: RunChange) -> RunChange:
    """Return a change that shares nothing with the caller's, its params as JSON gives them back."""
    return replace(deepcopy(change), params={key: json_value(value) for key, value in change.params.items()})


def _links(batch: Batch) -> Iterator[tuple[str, str]]:
    for change in batch.runs:
        for execution_id in change.execution_ids:
            yield change.run_id, execution_id
    for execution in batch.executions:
        for run_id in execution.run_ids:
            if run_id not in batch.withdrawn:
                yield run_id, execution.execution_id


def _check_described(kept: Kept, before: Mapping[Identity, D], given: Iterable[D]) -> None:
    for record in given:
        stored = before.get(rules.identity(record))
        if stored is not None:
            rules.check_description(kept.run, stored, record)


def _filled(before: Mapping[Identity, D], given: Iterable[D]) -> dict[Identity, D]:
    """Return descriptions by identity; where the same content is kept stays known."""
    made = _by_identity(given)
    return {identity: keeping.filled(before.get(identity, record), record) for identity, record in made.items()}


def _by_identity(records: Iterable[D]) -> dict[Identity, D]:
    return {rules.identity(record): record for record in records}


def _matches(run: Run, where: RunFilter) -> bool:
    wanted = ("name", "experiment", "session_id", "parent_id")
    return (
        all(getattr(where, name) in (None, getattr(run, name)) for name in wanted)
        and (where.ids is None or run.run_id in where.ids)
        and run.run_id.startswith(where.prefix or "")
        and not (where.only_roots and run.parent_id is not None)
    )
