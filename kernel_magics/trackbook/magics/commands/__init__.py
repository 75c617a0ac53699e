"""The subcommands of ``%track``: each parses its words, calls one thing and shows the result."""

from trackbook.magics.commands import (
    browse,
    check,
    data,
    diff,
    environment,
    panel,
    record,
    reproduce,
    restore,
    slice,  # noqa: A004  it joins the group
    stale,
    sweep,
    why,
)
from trackbook.magics.commands.base import LOOK_COMMAND, help_of, parse, takes_python, track
from trackbook.magics.commands.record import track_cell

__all__ = [
    "LOOK_COMMAND",
    "browse",
    "check",
    "data",
    "diff",
    "environment",
    "help_of",
    "panel",
    "parse",
    "record",
    "reproduce",
    "restore",
    "slice",
    "stale",
    "sweep",
    "takes_python",
    "track",
    "track_cell",
    "why",
]
