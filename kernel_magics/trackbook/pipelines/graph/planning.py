"""Says which steps of a pipeline have to run, and why: by content, against what made each succeed before."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING

from trackbook.errors import InvalidValueError, NotFoundError
from trackbook.pipelines.graph.facts import StepFacts
from trackbook.pipelines.graph.foreach import base_of
from trackbook.pipelines.graph.inputs import rewritten_inputs
from trackbook.pipelines.graph.judging import Surroundings, failure_of, objections, standing_earlier
from trackbook.pipelines.graph.keys import nearest
from trackbook.pipelines.graph.memory import (
    Success,
    latest_of,
    latest_versions,
    open_runs,
    remember,
    republish,
    successes,
    version_state,
)
from trackbook.pipelines.graph.naming import command_on
from trackbook.pipelines.graph.needs import Graph, graph_of
from trackbook.pipelines.graph.pausing import collection_paused
from trackbook.pipelines.graph.plan import Action, Plan, PlannedStep
from trackbook.pipelines.graph.spec import Pipeline, Step
from trackbook.pipelines.graph.state import StepState, VersionState
from trackbook.pipelines.graph.uses import Uses
from trackbook.records import RunDetail
from trackbook.store.contract import RunFilter, Store

if TYPE_CHECKING:
    from trackbook.pipelines.graph.reads import Reads

UP_TO_DATE = "up to date"
NEVER_RUN = "never run"
FIRST_RUN = "first run"
"""What `NEVER_RUN` is called once the step has begun."""
NOT_ASKED = "not asked for"


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

    @collection_paused()
    def __init__(self, pipeline: Pipeline, store: Store) -> None:
        self.pipeline = pipeline
        self._store = store
        self._steps = {step.name: step for step in pipeline.steps}
        self._successes = {name: each for name, each in successes(store, pipeline).items() if name in self._steps}
        self._latest: dict[str, VersionState] = latest_versions(store)
        self._open: dict[str, list[RunDetail]] = open_runs(store, pipeline)
        self._removed = {name for each in self._successes.values() for name in each.state.removed}
        self._facts = {step.name: self._facts_of(step) for step in pipeline.steps}
        self.uses: Mapping[str, Uses] = {name: facts.uses for name, facts in self._facts.items()}
        """What each step publishes and loads, as far as that can be told."""
        self.graph: Graph = graph_of(pipeline.steps, self.uses, self._latest)
        self._asked: Collection[str] = self._steps
        self._forced: Collection[str] = ()
        self._begun: dict[str, StepState] = {}

    @collection_paused()
    def plan(self, only: Sequence[str] = (), start: str | None = None, force: Sequence[str] = ()) -> Plan:
        """Return what has to be done with each step. Nothing is written.

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
        latest, successes = dict(self._latest), dict(self._successes)
        running: set[str] = set()
        planned = []
        for name in self.graph.order:
            found, earlier = self._planned(name, running, latest, successes)
            if found.action is Action.RUN:
                running.add(name)
            if earlier is not None:  # as it will be when `take_up` has been called
                successes[name] = earlier
                latest |= earlier.state.published
            planned.append(found)
        return Plan(pipeline=self.pipeline, steps=tuple(planned))

    def take_up(self, plan: Plan) -> None:
        """Make the earlier successes that stand for steps of a plan those that count, as `decide` does for one step."""
        for planned in plan.steps:
            if planned.earlier is not None:
                self.decide(planned.step)

    def decide(self, step: Step) -> PlannedStep:
        """Say again whether a step has to run, now that what it needs has: it is skipped if all that came out the same.

        What the step is at this moment is what `note_success` takes down. If an earlier success stands for it, that is
        the one that counts from now on: what it published is published again.
        """
        name = step.name
        success = self._successes.get(name)
        wanted = {*self.uses[name].loads, *self.uses[name].publishes}
        wanted |= {*success.state.datasets, *success.state.published} if success is not None else set()
        self._latest |= latest_of(self._store, wanted)
        self._facts[name] = self._facts_of(self._steps[name])
        found, earlier = self._planned(name, (), self._latest, self._successes)
        if found.action is Action.RUN:
            self._begun[name] = self._facts[name].state("")
        elif earlier is not None:
            self._bring_back(name, earlier)
        return found

    def note_success(self, step: Step, run_id: str) -> None:
        """Take down that a step succeeded as it was when it was last decided on, with all that its run read.

        Raises
        ------
        NotFoundError
            If the store has no such run.
        """
        from trackbook.pipelines.graph.reads import reads_of

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
        from trackbook.pipelines.graph.marking import open_mark
        from trackbook.pipelines.graph.noting import reads_now

        marked = sorted(self._named([name]), key=self.graph.order.index)
        for each in marked:
            self._check_published(each)
        for each in marked:
            before = self._successes.get(each)
            detail = open_mark(self._store, self.pipeline, each)
            made_by = before.state.made_by if before is not None else detail.run.run_id
            state = before.state if before is not None else None
            self._remember(each, detail, made_by, reads_now(self._facts[each], state, self._latest))
        return marked

    def _check_published(self, name: str) -> None:
        uses = self.uses[name]
        lacking = [each for each in uses.publishes if each not in uses.maybe and each not in self._latest]
        if lacking:
            raise InvalidValueError(
                f"'{name}' can't be marked: it publishes '{lacking[0]}', which the store does not have, so nothing "
                f"after it could load that. Run it: {command_on(self.pipeline, 'run', '--step', name)}."
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
        """Return what made the success of a step that counts, None if it has none."""
        success = self._successes.get(name)
        return success.state if success is not None else None

    # Deciding

    def _planned(
        self,
        name: str,
        running: Collection[str],
        latest: Mapping[str, VersionState],
        successes: Mapping[str, Success],
    ) -> tuple[PlannedStep, Success | None]:
        """Return what is to be done with a step, and the earlier success that stands for it if that is not needed."""
        reason, earlier = self._unasked(name), None
        action = Action.SKIP if reason == NOT_ASKED else Action.RUN
        if reason is None:
            around = Surroundings(
                latest=latest, successes=successes, needs=self.graph.needs[name], removed=self._removed
            )
            reason, earlier = self._reason(name, running, around)
            action = Action.SKIP if reason.startswith(UP_TO_DATE) else Action.RUN
        planned = PlannedStep(
            step=self._steps[name],
            needs=self.graph.needs[name],
            action=action,
            reason=reason,
            earlier=earlier.detail.run.run_id if earlier is not None else None,
        )
        return planned, earlier

    def _unasked(self, name: str) -> str | None:
        """Return what decides about a step whatever it did before, None if nothing does."""
        if name not in self._asked:
            return NOT_ASKED
        if name in self._forced:
            return "forced"
        return None if self._steps[name].is_cached else "not cached"

    def _reason(self, name: str, running: Collection[str], around: Surroundings) -> tuple[str, Success | None]:
        facts, success = self._facts[name], self._successes.get(name)
        failed = failure_of(facts, success, self._open.get(name, ()))
        if success is None:
            return failed or NEVER_RUN, None
        against = [*([failed] if failed else []), *objections(facts, success, around)]
        after = next((f"needs {need}, which runs" for need in around.needs if need in running), None)
        if not against:
            return after or _up_to_date(success.state), None
        if failed is None and after is None:
            earlier = standing_earlier(facts, success, around, self._store)
            if earlier is not None:
                from trackbook.tracking.find import short_id

                return f"{UP_TO_DATE}, as run {short_id(earlier.state.made_by)} left it", earlier
        return "; ".join(against), None

    # Taking down

    def _facts_of(self, step: Step) -> StepFacts:
        success = self._successes.get(step.name)
        return StepFacts(pipeline=self.pipeline, step=step, before=success.state if success is not None else None)

    def _remember(self, name: str, detail: RunDetail, made_by: str, reads: Reads) -> None:
        from trackbook.pipelines.graph.noting import Noting

        facts = self._facts[name]
        begun = self._begun.pop(name) if name in self._begun else facts.state(made_by)
        noting = Noting(
            facts=facts,
            begun=replace(begun, made_by=made_by),
            detail=detail,
            reads=reads,
            published=self._published(name, detail),
            graph=self.graph,
            successes=self._successes,
            store_folder=Path(self._store.location).absolute(),
        )
        self._keep(name, detail, noting.state())

    def _keep(self, name: str, detail: RunDetail, state: StepState) -> None:
        self._successes[name] = remember(self._store, self.pipeline, name, detail, state, self._successes.get(name))
        self._open.pop(name, None)
        self._removed |= {*state.removed}
        self._facts[name] = self._facts_of(self._steps[name])

    def _bring_back(self, name: str, earlier: Success) -> None:
        """Make an earlier success the one that counts, and what it published the latest versions again."""
        again = {
            key: made if self._latest[key].snapshot_id == made.snapshot_id else republish(self._store, key, made)
            for key, made in earlier.state.published.items()
        }
        self._latest |= again
        self._keep(name, earlier.detail, replace(earlier.state, published=again))

    def _published(self, name: str, detail: RunDetail) -> dict[str, VersionState]:
        """Return the versions that a step has made: what was published again as it was has no version of its own."""
        uses, before = self.uses[name], self._successes.get(name)
        sure = [
            each for each in uses.publishes if each not in uses.maybe or (before and each in before.state.published)
        ]
        own = {each.name: version_state(each) for each in self._store.versions(run_id=detail.run.run_id)}
        made = latest_of(self._store, sure) | own
        self._latest |= made
        return made

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


def _up_to_date(state: StepState) -> str:
    rewritten = rewritten_inputs(state)
    return f"{UP_TO_DATE}: {', '.join(rewritten)} is as the step itself left it" if rewritten else UP_TO_DATE
