"""Executes steps one after the other: ``python -m trackbook.pipelines.executors.worker_process``, started by `worker`.

Each line of standard input is an order, or ``stop``, which stops the step that runs and is the last that a worker is
told. When standard input ends, whoever asked is gone: the kernel is killed, and so ends this process. What happens is
told on standard output.
"""

from __future__ import annotations

import importlib
import os
import queue
import threading
from io import RawIOBase
from typing import Any

_NEEDED = (
    *("trackbook.pipelines.steps.execution", "trackbook.pipelines.steps.messages"),
    *("trackbook.pipelines.executors.orders", "trackbook.pipelines.executors.forking.manager"),
    *("trackbook.pipelines.executors.forking.provisioner", "ipykernel.kernelspec"),
)


def main() -> None:
    """Execute the orders of standard input."""
    prepare()
    work()


def prepare() -> None:
    """Import what executing steps takes, and find out what the first would: kernels, and what a notebook looks like."""
    from trackbook.pipelines.steps.left_out import leave_out

    leave_out()
    for name in _NEEDED:
        importlib.import_module(name)
    from jupyter_client.kernelspec import KernelSpecManager
    from nbformat.v4 import nbformat_minor
    from nbformat.validator import get_validator

    KernelSpecManager().find_kernel_specs()
    for is_lax in (False, True):
        get_validator(4, nbformat_minor, relax_add_props=is_lax)  # type: ignore[no-untyped-call]  # nbformat has none


def work() -> None:
    """Execute the orders of standard input until it ends."""
    from trackbook.pipelines.executors.orders import read_order
    from trackbook.pipelines.steps.execution import execute_job
    from trackbook.pipelines.steps.messages import told_line

    events = os.fdopen(os.dup(1), "wb")
    os.dup2(2, 1)  # what libraries print is no event
    orders: queue.SimpleQueue[bytes] = queue.SimpleQueue()
    commands = open(0, "rb", buffering=0, closefd=False)  # noqa: SIM115  # a buffer would be locked at the end
    threading.Thread(target=_listen, args=(commands, orders), daemon=True).start()
    lock = threading.Lock()

    def tell(told: Any) -> None:
        with lock:
            events.write(told_line(told))
            events.flush()

    while True:
        order = read_order(orders.get())
        os.environ.clear()
        os.environ.update(order.variables)
        tell(execute_job(order.job, tell, **_options(order.parent)))


def _options(parent: str | None) -> dict[str, Any]:
    from trackbook.pipelines.executors.forking.manager import manager_of

    # What a cell has shown is written when it ends; writing before it runs as well takes as long as a short one.
    return {"kernel_manager_class": manager_of(parent or ""), "request_save_on_cell_execute": False}


def _listen(commands: RawIOBase, orders: queue.SimpleQueue[bytes]) -> None:
    """Hand on orders and stop when told so; when nobody can tell any more, leave nothing behind."""
    from trackbook.pipelines.steps.live_kernels import kill_kernels, stop_kernels
    from trackbook.pipelines.steps.messages import STOP

    rest = b""
    while piece := os.read(commands.fileno(), 65536):
        *lines, rest = (rest + piece).split(b"\n")
        for line in lines:
            if line + b"\n" == STOP:
                stop_kernels(for_good=True)
            else:
                orders.put(line)
    kill_kernels()
    os._exit(0)


if __name__ == "__main__":
    main()
