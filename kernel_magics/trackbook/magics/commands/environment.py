"""Make again: the environment that a run had, written for a tool."""

from __future__ import annotations

import click

from trackbook.magics.commands.base import RUN, SETTINGS, WORD, look, pass_notebook, show_in_cell, track
from trackbook.magics.notebook import TrackedNotebook


@track.command(epilog="Example: %track environment latest --format uv -o pyproject.toml", context_settings=SETTINGS)
@click.argument("run", required=False, type=RUN)
@click.option(
    "--format",
    "form",
    type=click.Choice(("requirements", "uv", "conda", "dockerfile")),
    default="requirements",
    help="For pip (the default), uv, conda or docker.",
)
@click.option(
    "--only-used",
    is_flag=True,
    help="Only packages that the run's code imports, and what they need; without it all that were installed.",
)
@click.option("-o", "--output", metavar="PATH", type=WORD, help="Write it there: a file, or a folder.")
@click.option("--force", is_flag=True, help="Overwrite files that are there.")
@pass_notebook
def environment(
    notebook: TrackedNotebook, run: str | None, form: str, only_used: bool, output: str | None, force: bool
) -> None:
    """Write the environment that a run had, every package pinned; without RUN the current run's.

    What others can't install (local folders, editable installs) is told in comments.
    """
    from trackbook.display.environment import show_environment
    from trackbook.environment_view import environment_of_run
    from trackbook.tracking.environment_files import Format

    had = environment_of_run(notebook.project, notebook.run(run))
    written = had.save(output, form, only_used=only_used, force=force) if output is not None else []
    show_in_cell(show_environment(had.files(form, only_used=only_used), Format(form), look(), written=written))
