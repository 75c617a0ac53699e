"""Executes a step in a process of its own: ``python -m trackbook.pipelines.steps.step_process``.

The job is the first line of standard input; a line ``stop`` there stops it. When standard input ends, whoever asked is
gone: the kernel is killed, and so ends this process. What happens is told on standard output.
"""

from __future__ import annotations

import os
import threading
from io import RawIOBase
from typing import Any

_ORPHANED = 3


def main() -> None:
    """Execute the job of standard input."""
    from trackbook.pipelines.steps.left_out import leave_out
    from trackbook.pipelines.steps.messages import read_job, told_line

    events = os.fdopen(os.dup(1), "wb")
    os.dup2(2, 1)  # what libraries print is no event
    leave_out()
    commands = open(0, "rb", buffering=0, closefd=False)  # noqa: SIM115  # a buffer would be locked at the end
    job = read_job(commands.readline())
    threading.Thread(target=_listen, args=(commands,), daemon=True).start()
    from trackbook.pipelines.steps.execution import execute_job

    lock = threading.Lock()

    def tell(told: Any) -> None:
        with lock:
            events.write(told_line(told))
            events.flush()

    tell(execute_job(job, tell))
    os._exit(0)  # nothing is left to be tidied up, and Python would take its time


def _listen(commands: RawIOBase) -> None:
    """Stop when told so; when nobody can tell any more, leave nothing behind."""
    from trackbook.pipelines.steps.live_kernels import kill_kernels, stop_kernels

    for _ in commands:
        stop_kernels(for_good=True)
    kill_kernels()
    os._exit(_ORPHANED)


if __name__ == "__main__":
    main()
