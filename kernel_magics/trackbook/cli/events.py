"""For a program that starts a command: its steps as lines of JSON on standard error, and its end when that is gone."""

from __future__ import annotations

import json
import signal
import sys
import threading
from typing import Any

import click


def tell_event(event: str, **facts: Any) -> None:
    """Write one event: a JSON object on a line of its own, with what happened as its ``event``."""
    click.echo(json.dumps({"event": event, **facts}), err=True)


def end_with_input() -> None:
    """From now on, take the end of standard input as Ctrl-C: who started this has no use for it any more."""
    signal.signal(signal.SIGINT, signal.default_int_handler)  # what a shell puts into the background ignores it
    threading.Thread(target=_wait_for_end, daemon=True).start()


def _wait_for_end() -> None:
    while sys.stdin.buffer.read(1024):
        pass  # whatever is said there, it is not for us
    if sys.platform == "win32":
        signal.raise_signal(signal.SIGINT)
    else:  # also what the main thread waits for is broken off
        signal.pthread_kill(threading.main_thread().ident or 0, signal.SIGINT)
