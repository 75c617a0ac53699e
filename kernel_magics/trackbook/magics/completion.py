"""What Tab offers after ``%track`` and ``%%track``."""

from __future__ import annotations

import re
from pathlib import Path

import click
from click.shell_completion import ShellComplete

from trackbook.errors import TrackbookError
from trackbook.magics.commands import LOOK_COMMAND, takes_python, track, track_cell
from trackbook.magics.notebook import TrackedNotebook

_NAME_AT_THE_END = re.compile(r"=(?:.*[^\w.])?(\w*)$")


def complete(notebook: TrackedNotebook, line: str, *, is_cell: bool = False) -> list[str]:
    """Return what the last word of a line can become: a subcommand, an option, its value, a run, a file, a name.

    Parameters
    ----------
    line
        What is between the magic and the cursor. Of a last word with a ``=`` only what follows that is completed.
    is_cell
        Whether the magic is ``%%track``.
    """
    words = line.split()
    incomplete = "" if not words or line[-1].isspace() else words.pop()
    command: click.Command = track_cell if is_cell else track
    used = track.commands.get(words[0]) if command is track and words else command
    try:
        found = _from_click(command, notebook, words, incomplete)
        if takes_python(used):
            found += _names(notebook, incomplete)
        if used is track.commands["artifact"]:
            found += _files(incomplete)
        if not found and not incomplete:
            found = _from_click(command, notebook, words, "--")
    except TrackbookError:
        return []  # no store, no suggestions; the command itself will say so
    return found


def _from_click(command: click.Command, notebook: TrackedNotebook, words: list[str], incomplete: str) -> list[str]:
    completer = ShellComplete(command, {"obj": notebook}, LOOK_COMMAND, "")
    return [str(item.value) for item in completer.get_completions(words, incomplete) if item.type == "plain"]


def _files(incomplete: str) -> list[str]:
    """Return files and folders that begin so; folders end with a slash."""
    folder, _, start = incomplete.rpartition("/")
    inside = Path(folder or ("/" if incomplete.startswith("/") else "."))
    if not inside.is_dir():
        return []
    prefix = incomplete[: len(incomplete) - len(start)]
    found = [path for path in sorted(inside.iterdir()) if path.name.startswith(start)]
    return [f"{prefix}{path.name}{'/' * path.is_dir()}" for path in found if start or not path.name.startswith(".")]


def _names(notebook: TrackedNotebook, incomplete: str) -> list[str]:
    """Return the names of the notebook that can be what a value ends with, once there is a key."""
    found = _NAME_AT_THE_END.search(incomplete)
    return [name for name in notebook.public_names() if found and name.startswith(found[1])]
