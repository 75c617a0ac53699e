"""The parent of forked kernels: ``python -m trackbook.pipelines.executors.forking.parent``, started by `warm`.

It imports what its kernels need, never starts a thread, and forks itself for each kernel that is asked for. It reads
its order, one JSON document, from standard input, answers on standard output with what it could not import, and lives
until standard input ends. When it dies, its kernels do.
"""

from __future__ import annotations

import importlib
import os
import sys

if __name__ == "__main__" and sys.path and os.path.realpath(sys.path[0] or ".") == os.path.realpath("."):
    del sys.path[0]  # put there by ``-m``; IPython adds the working folder itself, as it does in a fresh kernel

from trackbook.pipelines.executors.forking import warming
from trackbook.pipelines.executors.forking.child import fork_kernels
from trackbook.pipelines.executors.forking.serving import serve, take_order, tell

_OF_ANY_KERNEL = (
    *("ipykernel.kernelapp", "ipykernel.ipkernel", "ipykernel.debugger", "ipykernel.zmqshell", "ipykernel_launcher"),
    *("IPython.core.completerlib", "IPython.core.debugger", "IPython.extensions.storemagic"),
    *("psutil", "sqlite3", "tornado.platform.asyncio"),
)
"""What a kernel imports while it starts, whatever its notebook is."""
_OF_RECORDER = (
    *("trackbook.magics.answering", "trackbook.magics.execution", "trackbook.magics.recording"),
    *("trackbook.tracking.recorder", "trackbook.store.sql.store"),
    *("trackbook.capture.integrations.files", "trackbook.capture.integrations.drawing"),
    *(f"trackbook.capture.integrations.{name}" for name in ("lightgbm", "sklearn", "statsmodels", "torch", "xgboost")),
    *("IPython.core.logger", "IPython.core.oinspect"),
)
"""What it imports when a step begins to be recorded (`trackbook.pipelines.steps.recording`); none is a library."""
_INLINE = "module://matplotlib_inline.backend_inline"


def _warm_up(names: list[str]) -> dict[str, str]:
    """Import what kernels need and, of the names, what may be; return why others were not.

    The first that must not be ends it: what its import has done stays.
    """
    for name in (*_OF_ANY_KERNEL, *_OF_RECORDER):
        importlib.import_module(name)
    os.environ.setdefault("MPLBACKEND", _INLINE)  # as ipykernel does before a notebook's first import
    with warming.without_kernel():
        for name in names:
            reason = warming.reason_against(name)
            if reason is not None:
                return {name: reason}
    _look_up()
    return {}


def _look_up() -> None:
    """Find out what each kernel would: which packages there are, what secrets look like, how code is split."""
    from IPython.core.inputtransformer2 import TransformerManager
    from jupyter_client.localinterfaces import is_local_ip

    from trackbook.capture.cell import integration_points
    from trackbook.capture.environment import hardware_here
    from trackbook.capture.packages import installed
    from trackbook.capture.secret_shapes import compile_all

    compile_all()
    installed()
    hardware_here()
    integration_points()
    is_local_ip("127.0.0.1")
    TransformerManager().transform_cell("x = 1\n")  # type: ignore[no-untyped-call]  # IPython has no types here
    importlib.import_module("trackbook.magics.builtin_names").keep_builtins_at_hand()


def main() -> None:
    """Take the order, warm up, answer, and serve; a forked child leaves by way of its kernel."""
    order = take_order()
    refused = _warm_up(order["names"])
    if refused:
        tell({"refused": refused})  # and another one is started without them
        return
    fork_kernels(lambda: serve(order, {"refused": {}}))


if __name__ == "__main__":
    main()
