"""What papermill loads if it is there, which takes longer than a short step does and is of no use to it."""

from __future__ import annotations

import sys

_SLOW = (
    "rfc3987_syntax",  # URLs in JSON
    "isoduration",  # durations in JSON
    "pyarrow.fs",  # notebooks on Hadoop
)


def leave_out() -> None:
    """Let Python take them for missing, in a process that executes steps and does nothing else."""
    for name in _SLOW:
        sys.modules.setdefault(name, None)  # type: ignore[arg-type]  # which is how that is said
