"""Puts what happened in one execution into the attempts that it belongs to, and into what is written of their runs."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from dataclasses import replace
from datetime import datetime, timedelta

from trackbook import clock
from trackbook.capture.events import Evaluation, FitEvent
from trackbook.records import Artifact, DatasetUse, JsonValue, OriginKind, Run, RunStatus
from trackbook.tracking.attempt import Attempt, free_key, new_slot
from trackbook.tracking.changes import Changes

PutObject = Callable[[bytes], str]
NewRun = Callable[[str | None, str | None, datetime], Run]


class Entries:
    """What one execution adds to attempts.

    Parameters
    ----------
    execution_id
        The execution that brings it.
    new_run, put_object
        As for `Attempts`.
    """

    def __init__(self, execution_id: str, new_run: NewRun, put_object: PutObject) -> None:
        self.execution_id = execution_id
        self.changes = Changes()
        self._new_run = new_run
        self._put_object = put_object

    def add_fit(self, attempt: Attempt, event: FitEvent, candidates: Iterable[Evaluation]) -> None:
        """Add what flowed into a fit and what it gave; `candidates` become runs under its own."""
        self.add_constants(attempt, event.params)
        self.add_params(attempt, event.hyper, event.estimator.rpartition(".")[2])
        self.add_data(attempt, event.data)
        draft = self.changes.of(attempt.run)
        draft.add_place(event)
        draft.add_origin(OriginKind.FIT, model_name(event), event)
        if event.model is not None:
            draft.models.append(event.model)
        for key, value, step in event.metrics:
            self._add_own_point(attempt, key, value, step, event)
        for candidate in candidates:
            self._add_candidate(attempt, candidate, event)

    def add_constants(self, attempt: Attempt, constants: Mapping[str, JsonValue], prefix: str = "other") -> None:
        """Add the constants that flowed into a fit or a metric.

        A dict that the fit took its own params from is not told twice, for it may have been changed before it was used;
        and what a training's loop counts with is none.
        `prefix`: what goes before the name of one that the run has with another value.
        """
        for name, value in constants.items():
            attempt.constants.setdefault(name, (value, self.execution_id))
        own = attempt.fit.hyper.keys() if attempt.fit is not None else frozenset()
        told = {name for name, value in constants.items() if isinstance(value, dict) and value and value.keys() <= own}
        told |= attempt.fit.rebound if attempt.fit is not None else frozenset()
        self.add_params(attempt, {name: value for name, value in constants.items() if name not in told}, prefix)

    def add_params(self, attempt: Attempt, params: Mapping[str, JsonValue], prefix: str) -> None:
        """Add params; one whose name is taken by another value gets a prefix, and a number if it must."""
        fresh: dict[str, JsonValue] = {}
        for name, value in params.items():
            key, number = name, 2
            while key in attempt.params and attempt.params[key] != value:
                key = f"{prefix}.{name}" if key == name else f"{prefix}.{number}.{name}"
                number += 1 if key != f"{prefix}.{name}" else 0
            if key not in attempt.params:
                attempt.params[key] = fresh[key] = value
        self.changes.of(attempt.run).add_params(fresh)

    def add_data(self, attempt: Attempt, data: Iterable[DatasetUse]) -> None:
        """Add the tables that flowed in."""
        for use in data:
            key = (use.name, use.role)
            if key not in attempt.data:
                attempt.data[key] = (use.fingerprint, self.execution_id)
                self.changes.of(attempt.run).add_data([use])

    def inherit(self, following: Attempt, attempt: Attempt, changed: Mapping[str, JsonValue]) -> None:
        """Give an attempt the model and the inputs of the one before it, over which those that changed."""
        following.constants = dict(attempt.constants)
        following.constants.update((name, (value, self.execution_id)) for name, value in changed.items())
        following.params = {**attempt.params, **changed}
        draft, fit = self.changes.of(following.run), attempt.fit
        draft.add_params(following.params)
        if fit is not None:
            draft.add_origin(OriginKind.FIT, model_name(fit), fit)
        if fit is not None and fit.model is not None:
            draft.models.append(replace(fit.model, model_id=clock.new_id()))

    def add_artifact(self, attempt: Attempt, file: tuple[str, bytes, str]) -> None:
        """Keep a file, given by its name, content and media type, with the run."""
        name, content, media_type = file
        digest = self._put_object(content)
        self.changes.of(attempt.run).artifacts.append(
            Artifact(name=name, digest=digest, size=len(content), media_type=media_type)
        )

    def _add_own_point(self, attempt: Attempt, key: str, value: float | int, step: int, event: FitEvent) -> None:
        """Add a number that the fit itself gave (a fold's score); a key that is taken gets a number."""
        free = key if event.explicit is None else free_key(attempt, key, None)
        slot = attempt.slots.setdefault(free, new_slot(free, key, event, self.execution_id))
        slot.values.append(value)
        slot.compared = len(slot.values)
        slot.next_step = max(slot.next_step, step + 1)
        draft = self.changes.of(attempt.run)
        draft.add_points([(free, value, step)], clock.now())
        draft.add_origin(OriginKind.METRIC, free, event)

    def _add_candidate(self, attempt: Attempt, candidate: Evaluation, event: FitEvent) -> None:
        now = clock.now()
        child = replace(self._new_run(None, None, event.at), parent_id=attempt.run.run_id)
        took = timedelta(seconds=candidate.seconds) if candidate.seconds is not None else now - event.at
        child = replace(child, status=RunStatus.FINISHED, finished_at=event.at + took)
        draft = self.changes.of(self.changes.put(child))
        draft.add_params(candidate.params)
        draft.add_points(candidate.metrics, now)
        draft.add_origin(OriginKind.FIT, model_name(event), event)
        for key, _, _ in candidate.metrics:
            draft.add_origin(OriginKind.METRIC, key, event)
        if candidate.is_best:
            draft.tags["best"] = "true"

    def mark_nondeterministic(self, attempt: Attempt, earlier: Attempt, sources: list[str], what: str) -> None:
        """Say that `what` is not as in an earlier attempt with the same inputs and code, and which draws may be why."""
        cause = ", ".join(dict.fromkeys(sources)) or "not found"
        text = f"{what} differs from {earlier.run.name} ({earlier.run.run_id[:8]}) with the same inputs and code"
        self.changes.of(attempt.run).tags["nondeterministic"] = f"{text}; likely unseeded: {cause}"


def model_name(event: FitEvent) -> str:
    """Return what a fitted model is called: by its name in the notebook, else by its class."""
    return event.model.name if event.model is not None else event.estimator.rpartition(".")[2]
