"""House-keeping: make a store, check it, complete commands."""

from __future__ import annotations

from pathlib import Path

import click
from click.shell_completion import get_completion_class

from trackbook.cli.base import cli, json_option, print_json, project_of, store_meant, store_option
from trackbook.errors import InvalidValueError

_SHELLS = ("bash", "zsh", "fish")


@cli.command(epilog="Example: trackbook init ~/churn")
@click.argument("folder", type=click.Path(file_okay=False, path_type=Path), default=".")
@store_option
@click.pass_context
def init(ctx: click.Context, folder: Path) -> None:
    """Make a store. It belongs to FOLDER's project; one that is there already is left as it is."""
    from trackbook.project import open_project

    if not folder.is_dir():
        raise InvalidValueError(f"There is no folder '{folder}'. Make it first, or name another.")
    with open_project(store_meant(ctx), start=folder.resolve(), create=True) as project:
        click.echo(f"Store: {project.location}")


@cli.command(epilog="Example: trackbook verify && echo all well")
@store_option
@json_option
@click.pass_context
def verify(ctx: click.Context, as_json: bool) -> None:
    """Check the store. Exits with 1 if something in it is missing or broken."""
    project = project_of(ctx)
    problems = project.store.verify()
    if as_json:
        print_json({"location": project.location, "ok": not problems, "problems": problems})
    elif problems:
        click.echo("\n".join(problems))
    else:
        click.echo(f"All is well in {project.location}.")
    ctx.exit(1 if problems else 0)


@cli.command(epilog='Example: trackbook completion bash >> ~/.bashrc, or: eval "$(trackbook completion zsh)"')
@click.argument("shell", type=click.Choice(_SHELLS))
def completion(shell: str) -> None:
    """Print a completion script. With it, SHELL completes commands, options and runs."""
    complete = get_completion_class(shell)
    if complete is None:
        raise InvalidValueError(f"No completion for '{shell}'. There is one for {', '.join(_SHELLS)}.")
    click.echo(complete(cli, {}, "trackbook", "_TRACKBOOK_COMPLETE").source())
