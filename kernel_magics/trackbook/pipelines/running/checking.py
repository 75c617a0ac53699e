"""What can be told before any step runs: params that a notebook doesn't take, missing kernels, needs that are stale."""

from __future__ import annotations

from collections.abc import Iterable, Iterator

from trackbook.errors import InvalidValueError
from trackbook.pipelines.graph.plan import Action, Plan
from trackbook.pipelines.graph.planning import NOT_ASKED
from trackbook.pipelines.graph.spec import Pipeline, Step
from trackbook.pipelines.steps.kernels import check_kernel
from trackbook.pipelines.steps.params import checked, read_params


def check_steps(pipeline: Pipeline, steps: Iterable[Step], *, are_local: bool) -> None:
    """Refuse what can't run, of all steps at once.

    Parameters
    ----------
    are_local
        Whether they run on this machine, so that the kernels must be here.

    Raises
    ------
    InvalidValueError
        With one line for each step that has a param that its notebook does not take, or a kernel that is not there.
    """
    problems = [f"Step '{step.name}': {each}" for step in steps for each in _problems(pipeline, step, are_local)]
    if problems:
        raise InvalidValueError("\n".join(problems))


def _problems(pipeline: Pipeline, step: Step, is_local: bool) -> Iterator[InvalidValueError]:
    notebook = pipeline.folder / step.notebook
    try:
        checked(read_params(notebook), step.params)
    except InvalidValueError as error:
        yield error
    try:
        if is_local:
            check_kernel(notebook, step.kernel)
    except InvalidValueError as error:
        yield error


def stale_needs(plan: Plan, whole: Plan) -> dict[str, str]:
    """Return the needs of the steps asked for that nobody asked for and that are not up to date, each with the reason.

    Parameters
    ----------
    whole
        What would have to be done if every step were asked for.
    """
    wanted = {need for each in plan.steps if each.reason != NOT_ASKED for need in each.needs}
    left_out = {each.step.name for each in plan.steps if each.reason == NOT_ASKED and each.step.is_cached}
    return {
        each.step.name: each.reason.replace(", which runs", ", which would run")
        for each in whole.steps
        if each.action is Action.RUN and each.step.name in wanted & left_out
    }
