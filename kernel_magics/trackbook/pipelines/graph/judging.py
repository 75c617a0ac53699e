"""Whether a success of a step stands: it does where the step would do the same again, and its results are there."""

from __future__ import annotations

from collections.abc import Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace

from trackbook.pipelines.graph.facts import StepFacts
from trackbook.pipelines.graph.inputs import has_its_files, input_changes, output_changes
from trackbook.pipelines.graph.memory import Success, earlier_success
from trackbook.pipelines.graph.state import OPEN_TAG, StepState, VersionState
from trackbook.records import RunDetail, RunStatus
from trackbook.store.contract import Store


@dataclass(frozen=True, slots=True, kw_only=True)
class Surroundings:
    """What is there for a step: the latest versions, the successes of all steps, the steps that it needs.

    `removed` are the files that steps take away which others have written. What a plan assumes is in `latest` and
    `successes` as if it were so already.
    """

    latest: Mapping[str, VersionState]
    successes: Mapping[str, Success]
    needs: tuple[str, ...]
    removed: Collection[str]


def objections(facts: StepFacts, success: Success, around: Surroundings) -> Iterator[str]:
    """Yield why the success that counts for a step does not stand any more."""
    folder = facts.pipeline.folder
    yield from facts.changes()
    yield from input_changes(success.state, around.latest, folder)
    yield from output_changes(success.state, around.latest, folder, around.removed)
    yield from _need_changes(success.state, around)


def standing_earlier(facts: StepFacts, current: Success, around: Surroundings, store: Store) -> Success | None:
    """Return the newest of a step's earlier successes that stands, None if none does.

    What it published was followed by other versions, and can be published again; the files that it wrote have to be
    there as it left them.
    """
    for earlier in current.state.earlier:
        found = earlier_success(store, earlier) if earlier.key == facts.key else None
        if found is not None and _stands(replace(facts, before=found.state), found, around):
            return found
    return None


def _stands(facts: StepFacts, success: Success, around: Surroundings) -> bool:
    state, folder = success.state, facts.pipeline.folder
    changes = [*facts.changes(), *input_changes(state, around.latest, folder), *_need_changes(state, around)]
    return not changes and has_its_files(state, folder)


def _need_changes(state: StepState, around: Surroundings) -> Iterator[str]:
    """Yield the needs that have run since, where nothing that the step reads shows what came of it."""
    for need in around.needs:
        now = around.successes.get(need)
        was = state.needs.get(need)
        if was is not None and now is not None and now.state.made_by != was:
            yield f"needs {need}, which ran"


def failure_of(facts: StepFacts, success: Success | None, unfinished: Sequence[RunDetail]) -> str | None:
    """Return how the step's last run failed, None if it did not, or if the step was another one then.

    Parameters
    ----------
    success
        The one that counts; without one it does not matter what the step was.
    unfinished
        Its runs that no success came after, newest first.
    """
    failed = next((each for each in unfinished if each.run.status in (RunStatus.FAILED, RunStatus.KILLED)), None)
    if failed is None or (success is not None and failed.tags[OPEN_TAG] != facts.key):
        return None
    return "last run failed" if failed.run.status is RunStatus.FAILED else f"last run was {failed.run.word}"
