"""What Ctrl-C does to a pipeline: the first stops it in order, the second leaves at once."""

from __future__ import annotations

import signal
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from types import FrameType
from typing import Any

_ASKING = tuple(getattr(signal, name) for name in ("SIGINT", "SIGTERM", "SIGHUP") if hasattr(signal, name))


@contextmanager
def asked_to_stop(stop: Callable[[int], None]) -> Iterator[None]:
    """Call `stop`, with how often it was, when somebody interrupts or ends this process; the second time, interrupt it.

    Outside the main thread nobody can be asked, and nothing changes. A signal that is ignored stays so.
    """
    if threading.current_thread() is not threading.main_thread():
        yield
        return
    asked = 0

    def handle(number: int, frame: FrameType | None) -> None:
        nonlocal asked
        asked += 1
        stop(asked)
        if asked > 1:
            raise KeyboardInterrupt

    before: dict[int, Any] = {each: signal.getsignal(each) for each in _ASKING}
    taken = {each: handler for each, handler in before.items() if handler not in (signal.SIG_IGN, None)}
    for each in taken:
        signal.signal(each, handle)
    try:
        yield
    finally:
        for each, handler in taken.items():
            signal.signal(each, handler)
