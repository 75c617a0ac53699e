"""The command line: one command, one call, one document on stdout; messages go to stderr.

Exit codes: 0 done; 1 the answer is no; 2 wrong use or broken input; 130 interrupted. What only some commands need is
imported in them, so that ``--help`` and completion are quick.
"""

from trackbook.cli import (
    annotate,
    browse,
    data,
    environment,
    explain,
    export,
    gate,
    house,
    new,
    pipeline,
    pipeline_export,
    pipeline_run,
    reproduce,
    slice,  # noqa: A004  they join the group
    step,
    sweep,
)
from trackbook.cli.base import cli, main

__all__ = [
    "annotate",
    "browse",
    "cli",
    "data",
    "environment",
    "explain",
    "export",
    "gate",
    "house",
    "main",
    "new",
    "pipeline",
    "pipeline_export",
    "pipeline_run",
    "reproduce",
    "slice",
    "step",
    "sweep",
]
