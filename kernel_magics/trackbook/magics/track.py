"""``%track`` and ``%%track``: read a line, call one subcommand; for a cell, run it inside a run of its own."""

from __future__ import annotations

from trackbook.magics.cell import compile_body, run_body
from trackbook.magics.commands import parse, takes_python, track, track_cell
from trackbook.magics.line import split_words
from trackbook.magics.notebook import TrackedNotebook
from trackbook.tracking.log import start_run


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
