"""Params from the command line, ``train.C=0.1``: which step's they are, and what they are as values."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import replace
from difflib import get_close_matches

from trackbook.errors import InvalidValueError
from trackbook.pipelines.graph.foreach import base_of
from trackbook.pipelines.graph.spec import Pipeline, Step
from trackbook.pipelines.steps.params import checked, read_params
from trackbook.records import JsonValue


def given_params(pipeline: Pipeline, words: Iterable[str]) -> dict[str, dict[str, JsonValue]]:
    """Return the params that words such as ``train.C=0.1`` give, by step, as the notebooks declare them.

    The name of a step with ``foreach`` stands for every one that was made of it.

    Raises
    ------
    InvalidValueError
        If there is no such step or param, or the value can't be one.
    """
    texts: dict[str, dict[str, JsonValue]] = {}
    for word in words:
        steps, name, value = _read(pipeline, word)
        for step in steps:
            texts.setdefault(step.name, {})[name] = value
    by_name = {step.name: step for step in pipeline.steps}
    return {name: _typed(pipeline, by_name[name], given) for name, given in texts.items()}


def with_params(pipeline: Pipeline, params: Mapping[str, Mapping[str, JsonValue]]) -> Pipeline:
    """Return a pipeline with params over those of its steps.

    Raises
    ------
    InvalidValueError
        If it has no such step any more.
    """
    known = {step.name for step in pipeline.steps}
    missing = next((name for name in params if name not in known), None)
    if missing is not None:
        raise InvalidValueError(f"Pipeline '{pipeline.name}' has no step '{missing}' any more.")
    steps = (replace(step, params={**step.params, **params.get(step.name, {})}) for step in pipeline.steps)
    return replace(pipeline, steps=tuple(steps))


def _read(pipeline: Pipeline, word: str) -> tuple[list[Step], str, str]:
    """Return the steps, the param's name and the text of its value that a word means."""
    for step in sorted(pipeline.steps, key=lambda each: -len(each.name)):
        for owner in (step.name, base_of(step.name)):
            name, sign, value = word.removeprefix(f"{owner}.").partition("=")
            if word.startswith(f"{owner}.") and sign and name:
                steps = [each for each in pipeline.steps if owner in (each.name, base_of(each.name))]
                return _free(steps, owner, name), name, value
    known = list(dict.fromkeys(base_of(step.name) for step in pipeline.steps))
    owner, dot, _ = word.partition("=")[0].partition(".")
    if not dot or "=" not in word:
        raise InvalidValueError(f"{word!r} is no param of a step. Write STEP.PARAM=VALUE, e.g. {known[0]}.C=0.1.")
    close = get_close_matches(owner, known, n=1)
    hint = f"Did you mean '{close[0]}'?" if close else f"Its steps: {', '.join(known)}."
    raise InvalidValueError(f"Pipeline '{pipeline.name}' has no step '{owner}'. {hint}")


def _free(steps: list[Step], owner: str, name: str) -> list[Step]:
    """Return the steps of an owner, unless ``foreach`` gives them that param."""
    for step in steps:
        varied = step.name.removeprefix(base_of(step.name)).strip("[]").split(",")
        if any(each.partition("=")[0].strip() == name for each in varied):
            raise InvalidValueError(
                f"The param '{name}' of '{owner}' is what foreach varies. Change it in the file, or run one of them "
                f"alone: --step '{step.name}'."
            )
    return steps


def _typed(pipeline: Pipeline, step: Step, given: Mapping[str, JsonValue]) -> dict[str, JsonValue]:
    """Return values of the types that the notebook declares, for texts; what else it requires may be in the file."""
    specs = read_params(pipeline.folder / step.notebook)
    try:
        found = checked(specs, {**step.params, **given}, are_texts=given.keys())
    except InvalidValueError as error:
        raise InvalidValueError(f"Step '{step.name}': {error}") from None
    return {name: found[name] for name in given}
