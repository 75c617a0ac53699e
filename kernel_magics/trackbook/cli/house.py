"""House-keeping: make a store, check it, free what it doesn't need, complete commands."""

from __future__ import annotations

from datetime import timedelta
from pathlib import Path

import click
from click.shell_completion import get_completion_class

from trackbook.cli.base import cli, json_option, print_json, project_of, store_meant, store_option
from trackbook.errors import InvalidValueError

_SHELLS = ("bash", "zsh", "fish")
_UNITS = {"s": 1, "m": 60, "h": 3600, "d": 86400}
_MOST_DIGITS = 5


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


@cli.command(epilog="Example: trackbook gc --dry-run")
@store_option
@click.option("--dry-run", "is_dry_run", is_flag=True, help="Change nothing; say what would be freed.")
@click.option(
    "--grace",
    default="1h",
    show_default=True,
    metavar="TIME",
    help="Leave what is younger, e.g. --grace 30m, 2d; 0 if nobody is writing.",
)
@click.option("--unshared", "is_unshared", is_flag=True, help="No other store keeps its objects at the same place.")
@json_option
@click.pass_context
def gc(ctx: click.Context, is_dry_run: bool, grace: str, is_unshared: bool, as_json: bool) -> None:
    """Free what nothing needs: objects that no run and no cell names, half-written files, room in the database.

    Runs stay. Others may go on writing.
    """
    from trackbook.display.collection import collection_payload, collection_text
    from trackbook.pipelines.reproducing.scratch import sweep

    project = project_of(ctx)
    if not is_dry_run:
        sweep()  # folders of reproductions that were killed
    found = project.store.collect(grace=_grace(grace), is_dry_run=is_dry_run, is_unshared=is_unshared)
    if as_json:
        print_json({"location": project.location, **collection_payload(found)})
    else:
        click.echo(collection_text(found, project.location))


def _grace(text: str) -> timedelta:
    number, unit = text[:-1], text[-1:]
    if text == "0":
        return timedelta()
    if unit not in _UNITS or not (number.isascii() and number.isdigit()) or len(number) > _MOST_DIGITS:
        raise InvalidValueError(f"'{text}' is no time. Write a number and its unit: 30m, 1h, 2d; 0 for none.")
    return timedelta(seconds=int(number) * _UNITS[unit])


@cli.command(epilog='Example: trackbook completion bash >> ~/.bashrc, or: eval "$(trackbook completion zsh)"')
@click.argument("shell", type=click.Choice(_SHELLS))
def completion(shell: str) -> None:
    """Print a completion script. With it, SHELL completes commands, options and runs."""
    complete = get_completion_class(shell)
    if complete is None:
        raise InvalidValueError(f"No completion for '{shell}'. There is one for {', '.join(_SHELLS)}.")
    click.echo(complete(cli, {}, "trackbook", "_TRACKBOOK_COMPLETE").source())
