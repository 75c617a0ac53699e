"""Which process is which: enough to tell, from the same machine, whether the process of a session still lives."""

from __future__ import annotations

import math
import os
import platform
from functools import cache
from pathlib import Path

_PROC = Path("/proc")
_DEAD = frozenset("ZXx")  # a zombie has ended; only its parent has not looked yet


@cache
def host() -> str:
    """Return the name of this machine."""
    return platform.node() or "localhost"


@cache
def boot_id() -> str:
    """Return what identifies this boot of the machine and, where there are such, this namespace of process ids.

    On Linux the kernel's own identifier (`random(4)`) with the namespace's (`pid_namespaces(7)`), so that two
    containers of one machine differ; elsewhere the minute in which the machine started.
    """
    try:
        boot = (_PROC / "sys/kernel/random/boot_id").read_text().strip()
        return f"{boot} {os.readlink(_PROC / 'self/ns/pid')}"
    except OSError:
        import psutil

        return f"{platform.system()} {round(psutil.boot_time() / 60)}"


def started(pid: int) -> float | None:
    """Return when a process started, in seconds since 1970.

    None if there is no such process, or it has ended and waits for its parent; NaN if there is one whose start this
    user may not see.
    """
    if pid <= 0:  # to the system these are groups of processes
        return None
    if not (_PROC / "self/stat").exists():
        return _started_portably(pid)
    try:
        return _started_on_linux(pid)
    except OSError:
        return math.nan if _is_hidden(pid) else None


def _started_on_linux(pid: int) -> float | None:
    # The command's name, in parentheses, may hold anything; after it come the state and, as 20th, the start.
    fields = (_PROC / str(pid) / "stat").read_text(errors="replace").rpartition(")")[2].split()
    if fields[0] in _DEAD:
        return None
    return _boot_seconds() + int(fields[19]) / os.sysconf("SC_CLK_TCK")


def _boot_seconds() -> float:
    for line in (_PROC / "stat").read_text().splitlines():
        if line.startswith("btime "):
            return float(line.split()[1])
    raise OSError("/proc/stat names no btime")


def _is_hidden(pid: int) -> bool:
    try:
        os.kill(pid, 0)
    except PermissionError:
        return True
    except (OSError, OverflowError):
        return False
    return True


def _started_portably(pid: int) -> float | None:
    import psutil

    try:
        process = psutil.Process(pid)
        return None if process.status() == psutil.STATUS_ZOMBIE else process.create_time()
    except psutil.AccessDenied:
        return math.nan
    except (psutil.Error, ValueError, OverflowError):
        return None
