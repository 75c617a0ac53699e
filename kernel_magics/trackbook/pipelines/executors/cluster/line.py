"""How a worker speaks with the driver while a step runs: by events through the scheduler, and answers back.

A driver listens to a topic and can call functions on workers, but workers can't connect to it: it may be a laptop.
"""

from __future__ import annotations

import itertools
import json
import queue
import threading
from collections.abc import Iterator
from dataclasses import asdict
from typing import Any, TypeAlias

from trackbook.errors import StoreError
from trackbook.pipelines.steps.job import StepEvent

ANSWER_SECONDS = 120.0
"""How long a worker waits for each part of an answer."""
_TICK_SECONDS = 0.2
_replies: dict[tuple[str, int], queue.SimpleQueue[Reply]] = {}

Reply: TypeAlias = "dict[str, Any]"
"""A part of an answer: ``content``, or an ``error`` that ends it; neither of them in the one after the last."""


class StoppedWaitingError(Exception):
    """The step was asked to stop while an answer was awaited."""


class Line:
    """A step's line to its driver.

    Parameters
    ----------
    worker
        Dask's worker that this runs on.
    key, topic
        Of the step, and where its driver listens.
    should_stop
        Nothing is awaited any more once it is set.
    """

    def __init__(self, worker: Any, key: str, topic: str, should_stop: threading.Event) -> None:
        self._worker = worker
        self._key = key
        self._topic = topic
        self._should_stop = should_stop
        self._numbers = itertools.count(1)

    def tell(self, event: StepEvent) -> None:
        """Tell what happens."""
        self._say({"event": asdict(event)})

    def ask(self, what: str, about: object = None, *, is_last: bool = False) -> Iterator[bytes]:
        """Ask the driver for something, and return the parts of the answer as they come.

        Parameters
        ----------
        is_last
            The step has run already, so that the answer is awaited though the step was asked to stop.

        Raises
        ------
        StoreError
            If it does not answer, or can't do what it is asked.
        StoppedWaitingError
            If the step is asked to stop meanwhile.
        """
        number = next(self._numbers)
        waiting = _replies[self._key, number] = queue.SimpleQueue()
        try:
            self._say({"ask": what, "about": json.dumps(about), "number": number, "worker": self._worker.address})
            while (reply := self._next(waiting, is_last=is_last)) != {}:
                if "error" in reply:
                    raise StoreError(reply["error"])
                yield from reply["content"]
        finally:
            del _replies[self._key, number]

    def _next(self, waiting: queue.SimpleQueue[Reply], *, is_last: bool) -> Reply:
        for _ in range(int(ANSWER_SECONDS / _TICK_SECONDS)):
            if self._should_stop.is_set() and not is_last:
                raise StoppedWaitingError
            try:
                return waiting.get(timeout=_TICK_SECONDS)
            except queue.Empty:
                continue
        raise StoreError("Whoever drives the pipeline does not answer. Is its process still there?")

    def _say(self, said: dict[str, Any]) -> None:
        self._worker.log_event(self._topic, {"key": self._key, **said})


def deliver(key: str, number: int, reply: Reply) -> None:
    """Hand a part of an answer to the step that waits for it here."""
    waiting = _replies.get((key, number))
    if waiting is not None:
        waiting.put(reply)
