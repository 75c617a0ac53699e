"""Finds the attempts of a session by what they did."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable

from trackbook.capture.events import FitEvent
from trackbook.records import JsonValue, RunStatus
from trackbook.tracking.attempt import Attempt

_WHOLE = (RunStatus.FINISHED, RunStatus.RUNNING)


class KnownAttempts:
    """The attempts of a session, oldest first, by their inputs, by the code of their metrics and by their fits."""

    def __init__(self) -> None:
        self.attempts: list[Attempt] = []
        self.current: Attempt | None = None
        """The one that the session is at."""
        self.waiting: dict[str, JsonValue] = {}
        """Params logged by hand that are the next attempt's."""
        self.by_outline: defaultdict[str, list[Attempt]] = defaultdict(list)
        """By the identity of their fits without the data."""
        self.by_code: defaultdict[str, list[Attempt]] = defaultdict(list)
        """By the code of their metrics."""
        self.of_fit: dict[int, Attempt] = {}
        """By the id of the event."""
        self._by_identity: defaultdict[str, list[Attempt]] = defaultdict(list)

    def take_waiting(self) -> dict[str, JsonValue]:
        """Return the params that wait, which do so no longer."""
        waiting, self.waiting = self.waiting, {}
        return waiting

    def of_run(self, run_id: str) -> Attempt | None:
        """Return the attempt that a run is."""
        return next((attempt for attempt in reversed(self.attempts) if attempt.run.run_id == run_id), None)

    def of_fits(self, fits: Iterable[FitEvent]) -> list[Attempt]:
        """Return the attempts that fits belong to, each once."""
        return list(dict.fromkeys(self.of_fit[id(fit)] for fit in fits if id(fit) in self.of_fit))

    def same_as(self, identity: str) -> Attempt | None:
        """Return the newest attempt that did the same, if one did."""
        if not identity:
            return None
        return next((each for each in reversed(self._by_identity.get(identity, ())) if each.run.status in _WHOLE), None)

    def add_identity(self, attempt: Attempt, identity: str) -> None:
        """Note by which code and inputs an attempt is known."""
        attempt.identity = identity
        self._by_identity[identity].append(attempt)

    def add_code(self, attempt: Attempt, code: str) -> None:
        """Note that an attempt has a metric of some code."""
        if not attempt.is_explicit and attempt not in self.by_code[code][-1:]:
            self.by_code[code].append(attempt)

    def hand_over(self, attempt: Attempt, following: Attempt) -> None:
        """Have further metrics of a model go to the attempt that follows."""
        for known in [key for key, value in self.of_fit.items() if value is attempt]:
            self.of_fit[known] = following
