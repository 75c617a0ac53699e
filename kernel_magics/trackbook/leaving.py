"""How a kernel ends without waiting for itself.

ipykernel's thread for control messages, once told to shut down, still has output sent by another thread, which the main
thread ends meanwhile. When that comes first, nobody sends it, and the kernel waits until it is killed some seconds
later: one in fifteen, with ipykernel 7.4.
"""

from __future__ import annotations

import atexit
from typing import Any


def leave_in_order(kernel: Any) -> None:
    """Have a kernel's process let its control thread end before, at exit, it closes what that thread speaks through.

    Parameters
    ----------
    kernel
        ipykernel's, which has begun; what has no control thread is left as it is.
    """
    control = getattr(kernel, "control_thread", None)
    if control is not None:
        atexit.unregister(_end)  # so that there is one of it, and it comes before what has registered until now
        atexit.register(_end, control)


def _end(control: Any) -> None:
    if control.is_alive():
        control.stop()
        control.join()
