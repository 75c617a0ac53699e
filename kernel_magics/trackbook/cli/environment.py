"""Writes the environment that a run had."""

from __future__ import annotations

import click

from trackbook.cli.base import (
    cli,
    json_option,
    look_of,
    print_json,
    print_shown,
    project_of,
    run_argument,
    store_option,
)

FORMATS = ("requirements", "uv", "conda", "dockerfile")


@cli.command(epilog="Example: trackbook environment latest --format uv -o pyproject.toml")
@run_argument
@click.option(
    "--format",
    "form",
    type=click.Choice(FORMATS),
    default="requirements",
    show_default=True,
    help="For pip, uv (a pyproject.toml), conda (an environment.yml), or docker (with requirements.txt beside it).",
)
@click.option(
    "--only-used",
    is_flag=True,
    help="Only the packages that the run's code imports, and what they need. Without it all that were installed.",
)
@click.option("-o", "--output", metavar="PATH", type=click.Path(), help="Write it there: a file, or a folder.")
@click.option("--force", is_flag=True, help="Overwrite files that are there.")
@store_option
@json_option
@click.pass_context
def environment(
    ctx: click.Context, run: str, form: str, only_used: bool, output: str | None, force: bool, as_json: bool
) -> None:
    """Write the environment that a run had: Python and every package, pinned.

    What others can't install (local folders, editable installs) is told in comments.
    """
    from trackbook.display.environment import environment_files_payload, show_environment
    from trackbook.environment_view import environment_of_run
    from trackbook.tracking.environment_files import Format
    from trackbook.tracking.find import find_run

    project = project_of(ctx)
    found = find_run(project.store, run)
    had = environment_of_run(project, found)
    files = had.files(form, only_used=only_used)
    written = had.save(output, form, only_used=only_used, force=force) if output is not None else []
    if as_json:
        print_json(environment_files_payload(found, Format(form), files, written))
    elif written:
        print_shown(show_environment(files, Format(form), look_of(), written=written))
    else:
        click.echo(next(iter(files.values())), nl=False)
