"""Says which steps of a pipeline have to run, and why: by content, against what made each succeed last."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import replace
from pathlib import Path

from trackbook.capture.modules import project_root
from trackbook.errors import InvalidValueError, NotFoundError
from trackbook.pipelines.graph.content import file_state
from trackbook.pipelines.graph.facts import StepFacts
from trackbook.pipelines.graph.foreach import base_of
from trackbook.pipelines.graph.inputs import input_changes
from trackbook.pipelines.graph.keys import nearest
from trackbook.pipelines.graph.marking import open_mark
from trackbook.pipelines.graph.memory import (
    Reads,
    Success,
    failures,
    file_as_read,
    latest_versions,
    reads_of,
    remember,
    successes,
)
from trackbook.pipelines.graph.needs import Graph, graph_of
from trackbook.pipelines.graph.plan import Action, Plan, PlannedStep
from trackbook.pipelines.graph.reading import Uses
from trackbook.pipelines.graph.spec import Pipeline, Step
from trackbook.pipelines.graph.state import FileState, StepState, VersionState
from trackbook.records import DatasetVersion, FileRead, RunDetail, RunStatus
from trackbook.store.contract import RunFilter, Store

UP_TO_DATE = "up to date"
NEVER_RUN = "never run"
NOT_ASKED = "not asked for"
_SLACK_SECONDS = 1.0  # what a file system's clock may be behind


class Planner:
    """What a pipeline has to do, asked at its beginning and again before each step.

    The store is asked a number of times that does not depend on how many steps there are; each step's state is one
    object beside that.

    Parameters
    ----------
    pipeline
        As its file has it.
    store
        Knows what the steps did before.

    Raises
    ------
    InvalidValueError
        If a notebook can't be read, or the steps can't be put in an order (see `graph_of`).
    """

    def __init__(self, pipeline: Pipeline, store: Store) -> None:
        self.pipeline = pipeline
        self._store = store
        self._steps = {step.name: step for step in pipeline.steps}
        self._successes = {
            name: found for name, found in successes(store, pipeline.name).items() if name in self._steps
        }
        self._latest: dict[str, DatasetVersion] = latest_versions(store)
        self._failures: Mapping[str, RunDetail] = failures(store, pipeline.name, len(self._steps))
        self._facts = {step.name: self._facts_of(step) for step in pipeline.steps}
        self.uses: Mapping[str, Uses] = {name: facts.uses for name, facts in self._facts.items()}
        """What each step publishes and loads, as far as that can be told."""
        self.graph: Graph = graph_of(pipeline.steps, self.uses, self._latest)
        self._asked: Collection[str] = self._steps
        self._forced: Collection[str] = ()
        self._begun: dict[str, StepState] = {}

    def plan(self, only: Sequence[str] = (), start: str | None = None, force: Sequence[str] = ()) -> Plan:
        """Return what has to be done with each step.

        Parameters
        ----------
        only
            Steps to be asked alone; empty: all. The name of a step with ``foreach`` means all that it has made.
        start
            A step to be asked with everything that needs it.
        force
            Steps to run whatever they did before.

        Raises
        ------
        InvalidValueError
            If there is no such step, or none of those alone is among what needs `start`.
        """
        chosen = self._named(only)
        self._forced = self._named(force)
        self._asked = chosen or self._steps
        if start is not None:
            self._asked = set(self._asked) & self.graph.after(self._named([start]))
            if not self._asked:
                raise InvalidValueError(
                    f"{', '.join(only)}: no step of that is '{start}' or comes after it. Leave one of the two out."
                )
        self._asked = set(self._asked) | set(self._forced)
        running: set[str] = set()
        planned = []
        for name in self.graph.order:
            found = self._planned(name, running)
            if found.action is Action.RUN:
                running.add(name)
            planned.append(found)
        return Plan(pipeline=self.pipeline, steps=tuple(planned))

    def decide(self, step: Step) -> PlannedStep:
        """Say again whether a step has to run, now that what it needs has: it is skipped if all that came out the same.

        What the step is at this moment is what `note_success` takes down.
        """
        name = step.name
        success = self._successes.get(name)
        wanted = {*self.uses[name].loads, *self.uses[name].publishes}
        wanted |= {*success.state.datasets, *success.state.published} if success is not None else set()
        for dataset in wanted:
            versions = self._store.versions(dataset)
            if versions:
                self._latest[dataset] = versions[-1]
        self._facts[name] = self._facts_of(self._steps[name])
        found = self._planned(name, ())
        if found.action is Action.RUN:
            self._begun[name] = self._facts[name].state("")
        return found

    def note_success(self, step: Step, run_id: str) -> None:
        """Take down that a step succeeded as it was when it was last decided on, with all that its run read.

        Raises
        ------
        NotFoundError
            If the store has no such run.
        """
        details = self._store.runs(RunFilter(ids=[run_id]))
        if not details:
            raise NotFoundError(f"The store has no run {run_id}, so step '{step.name}' can't be noted as done by it.")
        self._remember(step.name, details[0], run_id, reads_of(self._store, details[0]))

    def mark(self, name: str) -> list[str]:
        """Take down that a step is up to date as it is, though nothing ran; return the steps that were meant.

        Raises
        ------
        InvalidValueError
            If there is no such step, or it publishes something that the store does not have.
        """
        marked = sorted(self._named([name]), key=self.graph.order.index)
        for each in marked:
            self._check_published(each)
        for each in marked:
            before = self._successes.get(each)
            detail = open_mark(self._store, self.pipeline.name, each)
            made_by = before.state.made_by if before is not None else detail.run.run_id
            self._remember(each, detail, made_by, self._reads_now(each))
        return marked

    def _check_published(self, name: str) -> None:
        uses = self.uses[name]
        lacking = [each for each in uses.publishes if each not in uses.maybe and each not in self._latest]
        if lacking:
            raise InvalidValueError(
                f"'{name}' can't be marked: it publishes '{lacking[0]}', which the store does not have, so nothing "
                f"after it could load that. Run it: trackbook pipeline run --step {name}."
            )

    def named(self, name: str) -> tuple[Step, ...]:
        """Return the steps that a name means: itself, or all that its ``foreach`` has made.

        Raises
        ------
        InvalidValueError
            If there is no such step.
        """
        wanted = self._named([name])
        return tuple(self._steps[each] for each in self.graph.order if each in wanted)

    def state_of(self, name: str) -> StepState | None:
        """Return what made a step succeed last, None if nothing has."""
        success = self._successes.get(name)
        return success.state if success is not None else None

    # Deciding

    def _planned(self, name: str, running: Collection[str]) -> PlannedStep:
        reason = self._reason(name, running)
        is_run = reason not in (UP_TO_DATE, NOT_ASKED)
        return PlannedStep(
            step=self._steps[name],
            needs=self.graph.needs[name],
            action=Action.RUN if is_run else Action.SKIP,
            reason=reason,
        )

    def _reason(self, name: str, running: Collection[str]) -> str:
        if name not in self._asked:
            return NOT_ASKED
        if name in self._forced:
            return "forced"
        if not self._steps[name].is_cached:
            return "not cached"
        success, failed = self._successes.get(name), self._failure(name)
        if success is None:
            return failed or NEVER_RUN
        reasons = [failed] if failed is not None else []
        reasons += self._facts[name].changes()
        reasons += input_changes(success.state, self._latest, self.pipeline.folder)
        reasons += self._need_changes(name, success)
        if not reasons:
            reasons += [f"needs {need}, which runs" for need in self.graph.needs[name] if need in running][:1]
        return "; ".join(reasons) or UP_TO_DATE

    def _failure(self, name: str) -> str | None:
        """Return how the step's last run failed, None if it has succeeded since."""
        failed, success = self._failures.get(name), self._successes.get(name)
        if failed is None or (success is not None and success.detail.run.started_at > failed.run.started_at):
            return None
        return "last run was killed" if failed.run.status is RunStatus.KILLED else "last run failed"

    def _need_changes(self, name: str, success: Success) -> Iterable[str]:
        """Yield the needs that have run since, where nothing that the step reads shows what came of it."""
        for need in self.graph.needs[name]:
            now = self._successes.get(need)
            was = success.state.needs.get(need)
            if was is not None and now is not None and now.state.made_by != was:
                yield f"needs {need}, which ran"

    # Taking down

    def _facts_of(self, step: Step) -> StepFacts:
        success = self._successes.get(step.name)
        return StepFacts(pipeline=self.pipeline, step=step, before=success.state if success is not None else None)

    def _remember(self, name: str, detail: RunDetail, made_by: str, reads: Reads) -> None:
        facts = self._facts[name]
        started = detail.run.started_at.timestamp() - _SLACK_SECONDS
        files = {facts.name_of(Path(path)): file_as_read(read, started) for path, read in reads.files.items()}
        begun = self._begun.pop(name) if name in self._begun else facts.state(made_by)
        state = replace(
            begun,
            made_by=made_by,
            modules={**self._used_modules(name, reads), **begun.modules},
            datasets=reads.datasets,
            files={path: found for path, found in files.items() if found is not None},
            published=self._published(name, detail),
            needs=self._unseen_needs(name, reads),
        )
        success = remember(self._store, self.pipeline.name, name, detail, state, self._successes.get(name))
        self._successes[name] = success
        self._facts[name] = self._facts_of(self._steps[name])

    def _used_modules(self, name: str, reads: Reads) -> dict[str, FileState]:
        """Return the modules that the run knows, wherever in the project they are."""
        facts = self._facts[name]
        root = project_root(facts.path.parent)
        found = {facts.name_of(root / use.path): FileState(digest=use.digest) for use in reads.modules}
        return {path: state for path, state in found.items() if (self.pipeline.folder / path).is_file()}

    def _published(self, name: str, detail: RunDetail) -> dict[str, VersionState]:
        """Return the versions that a step has made: what was published again as it was has no version of its own."""
        uses, before = self.uses[name], self._successes.get(name)
        sure = [
            each for each in uses.publishes if each not in uses.maybe or (before and each in before.state.published)
        ]
        own = {each.name: each for each in self._store.versions(run_id=detail.run.run_id)}
        latest = {each: versions[-1] for each in sure if (versions := self._store.versions(each))}
        self._latest.update(latest | own)
        return {key: _version(each) for key, each in (latest | own).items()}

    def _unseen_needs(self, name: str, reads: Reads) -> dict[str, str]:
        """Return which needs the step depends on otherwise than by a dataset or file that it was seen to read."""
        found = {}
        for need in self.graph.needs[name]:
            success = self._successes.get(need)
            datasets = self.graph.data[name].get(need, ())
            is_seen = any(dataset in reads.datasets for dataset in datasets)
            if success is not None and not is_seen and not _has_written(success, reads):
                found[need] = success.state.made_by
        return found

    def _reads_now(self, name: str) -> Reads:
        """Return what a step would read now, as far as its code and its last run tell."""
        before = self._successes.get(name)
        known = {*self.uses[name].loads, *(before.state.datasets if before is not None else ())}
        datasets = {each: _version(self._latest[each]) for each in sorted(known) if each in self._latest}
        names = before.state.files if before is not None else {}
        paths = [self.pipeline.folder / each for each in names]
        files = [
            FileRead(path=str(path), size=now.stamp[0], digest=now.digest)
            for path in paths
            if (now := file_state(path))
        ]
        return Reads(datasets=datasets, files={each.path: each for each in files})

    # Names

    def _named(self, names: Iterable[str]) -> set[str]:
        found: set[str] = set()
        for name in names:
            members = {each for each in self._steps if name in (each, base_of(each))}
            if not members:
                known = list(dict.fromkeys([*self._steps, *map(base_of, self._steps)]))
                hint = nearest(name, known) or f" The steps are {', '.join(dict.fromkeys(map(base_of, self._steps)))}."
                raise InvalidValueError(f"There is no step '{name}' in pipeline '{self.pipeline.name}'.{hint}")
            found |= members
        return found


def _version(version: DatasetVersion) -> VersionState:
    return VersionState(version=version.version, snapshot_id=version.snapshot_id)


def _has_written(success: Success, reads: Reads) -> bool:
    """Return whether a file that was read was written while the run of a success ran."""
    run = success.detail.run
    if run.finished_at is None:
        return False
    begin, end = run.started_at.timestamp() - _SLACK_SECONDS, run.finished_at.timestamp() + _SLACK_SECONDS
    return any(begin <= written <= end for written in map(_written_at, reads.files))


def _written_at(path: str) -> float:
    try:
        return Path(path).stat().st_mtime
    except OSError:
        return 0.0
