"""``%track`` and ``%%track``: read a line, call one subcommand; for a cell, run it inside a run of its own."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

from trackbook.magics.cell import compile_body, run_body
from trackbook.magics.commands import help_of, parse, takes_python, track, track_cell
from trackbook.magics.completion import MATCHER, matcher
from trackbook.magics.line import split_words
from trackbook.magics.notebook import TrackedNotebook
from trackbook.tracking.log import start_run

if TYPE_CHECKING:
    from trackbook.magics.extension import Extension

MAGIC = "track"


def register(shell: Any, extension: Extension) -> None:
    """Make the magic known to a shell, with Tab completion."""
    from IPython.core.magic import needs_local_scope

    notebook = TrackedNotebook(shell, extension)

    def track_magic(line: str, cell: str | None = None, local_ns: Mapping[str, Any] | None = None) -> object:
        __tracebackhide__ = True
        notebook.local_names = local_ns
        if cell is not None:
            return run_cell(notebook, line, cell)
        run_line(notebook, line)
        return None

    track_magic.__doc__ = help_of(track)
    shell.register_magic_function(needs_local_scope(track_magic), "line_cell", MAGIC)
    shell.Completer.custom_matchers.append(matcher(notebook))


def unregister(shell: Any) -> None:
    """Take the magic away again."""
    for kind in ("line", "cell"):
        shell.magics_manager.magics[kind].pop(MAGIC, None)
    matchers = shell.Completer.custom_matchers
    matchers[:] = [each for each in matchers if getattr(each, "matcher_identifier", "") != MATCHER]


def run_line(notebook: TrackedNotebook, line: str) -> None:
    """Do what a line of ``%track`` says."""
    name = line.split(maxsplit=1)[0] if line.strip() else ""
    parse(track, split_words(line, is_python=takes_python(track.commands.get(name))), notebook)


def run_cell(notebook: TrackedNotebook, line: str, body: str) -> object:
    """Run a cell's body inside a run and return its value; one that does not compile makes no run."""
    __tracebackhide__ = True
    arguments = parse(track_cell, split_words(line), notebook)
    if not isinstance(arguments, tuple):
        return None  # its help was asked for
    name, tags = arguments
    codes = compile_body(notebook.shell, body)
    with start_run(name, tags=tags):
        return run_body(notebook.shell, codes)
