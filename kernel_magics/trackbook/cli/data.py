"""Datasets by name: list, show, compare and export their versions; check them by a schema."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

import click
from click.shell_completion import CompletionItem

from trackbook.cli.base import (
    cli,
    complete_runs,
    json_option,
    look_of,
    print_json,
    print_shown,
    project_of,
    store_option,
)
from trackbook.errors import TrackbookError


def complete_datasets(ctx: click.Context, _: click.Parameter, incomplete: str) -> list[CompletionItem]:
    """Return the datasets, or behind an @ the versions, that begin so."""
    try:
        versions = project_of(ctx).store.versions()
    except TrackbookError:
        return []  # no store, no suggestions; the command itself will say so
    whole = "@" in incomplete
    words = dict.fromkeys(f"{each.name}@{each.version}" if whole else each.name for each in versions)
    return [CompletionItem(word) for word in words if word.startswith(incomplete)]


@cli.group("data", epilog="Example: trackbook data show customers@3")
def data_group() -> None:
    """Datasets by name. NAME is the latest version, NAME@3 the third."""


@data_group.command("ls", epilog="Example: trackbook data ls --json")
@store_option
@json_option
@click.pass_context
def list_command(ctx: click.Context, as_json: bool) -> None:
    """List the datasets, and say what the store holds of tables, files, models, outputs and code."""
    from trackbook.config import load_settings
    from trackbook.display.data import show_datasets
    from trackbook.display.data_payload import dataset_payload
    from trackbook.display.status import holdings_text
    from trackbook.tracking.datasets import list_datasets

    project = project_of(ctx)
    found = list_datasets(project.store)
    if as_json:
        print_json([dataset_payload(each) for each in found])
    else:
        holdings = holdings_text(project.store.holdings(), load_settings(Path.cwd()).budget_bytes)
        print_shown(show_datasets(found, look_of(), project.location, holdings=holdings))


@data_group.command("show", epilog="Example: trackbook data show customers@3")
@click.argument("name", metavar="NAME[@VERSION]", shell_complete=complete_datasets)
@store_option
@json_option
@click.pass_context
def show_command(ctx: click.Context, name: str, as_json: bool) -> None:
    """Show a version. Who made it, which runs used it, and what its columns look like."""
    from trackbook.data_view import dataset

    found = dataset(name, project=project_of(ctx))
    if as_json:
        print_json(found.to_dict())
    else:
        print_shown(found.show(look_of()))


@data_group.command("diff", epilog="Example: trackbook data diff customers@2 customers@3 --key id")
@click.argument("before", metavar="A", shell_complete=complete_datasets)
@click.argument("after", metavar="[B]", required=False, shell_complete=complete_datasets)
@click.option("--key", "keys", multiple=True, metavar="COLUMN", help="Tell rows by this column; may be repeated.")
@click.option("--by-position", is_flag=True, help="Tell rows by their number; without it, by their content.")
@click.option("--exit-code", "has_code", is_flag=True, help="Exit with 1 if anything differs.")
@store_option
@json_option
@click.pass_context
def diff_command(
    ctx: click.Context,
    before: str,
    after: str | None,
    keys: Sequence[str],
    by_position: bool,
    has_code: bool,
    as_json: bool,
) -> None:
    """Compare two versions. What B has other than A: columns, rows, values. A alone: with the version before it."""
    from trackbook.data_view import diff_data

    found = diff_data(before, after, key=keys, by_position=by_position, project=project_of(ctx))
    if as_json:
        print_json(found.to_dict())
    else:
        print_shown(found.show(look_of()))
    ctx.exit(1 if has_code and not found.is_same else 0)


@data_group.command("export", epilog="Example: trackbook data export customers@3 customers.parquet")
@click.argument("name", metavar="NAME[@VERSION]", shell_complete=complete_datasets)
@click.argument("path", metavar="FILE", type=click.Path(dir_okay=False, path_type=Path))
@click.option("--force", "is_forced", is_flag=True, help="Replace the file if there is one.")
@store_option
@click.pass_context
def export_command(ctx: click.Context, name: str, path: Path, is_forced: bool) -> None:
    """Write a version to a file, by its ending: .parquet, .csv, .arrow or .feather."""
    from trackbook.data_view import dataset

    found = dataset(name, project=project_of(ctx))
    found.export(path, force=is_forced)
    click.echo(f"Wrote {found.name}@{found.version} to {path}.", err=True)


@data_group.command("check", epilog="Example: trackbook data check customers schema.py:Customers")
@click.argument("name", metavar="NAME[@VERSION]", shell_complete=complete_datasets)
@click.argument("schema", metavar="SCHEMA")
@click.option("--name", "check_name", metavar="NAME", help="What the check is called; default: as the schema.")
@store_option
@json_option
@click.pass_context
def check_command(ctx: click.Context, name: str, schema: str, check_name: str | None, as_json: bool) -> None:
    """Check a version by a schema of pandera. Exits with 1 if it fails. SCHEMA: schema.py:Customers, schema.yaml."""
    from trackbook.check_view import check_dataset

    found = check_dataset(name, schema, called=check_name, project=project_of(ctx))
    if as_json:
        print_json(found.to_dict())
    else:
        print_shown(found.show(look_of()))
    ctx.exit(0 if found else 1)


@data_group.command("schema", epilog="Example: trackbook data schema customers -o schema.py")
@click.argument("name", metavar="NAME[@VERSION]", shell_complete=complete_datasets)
@click.option("-o", "--output", metavar="FILE", help="Write it there; without it, it is printed.")
@click.option("--force", "is_forced", is_flag=True, help="Replace the file if there is one.")
@store_option
@click.pass_context
def schema_command(ctx: click.Context, name: str, output: str | None, is_forced: bool) -> None:
    """Infer a schema of pandera from a version, as a start: Python code."""
    from trackbook.check_view import infer_schema

    text = infer_schema(name, output, force=is_forced, project=project_of(ctx))
    if output is None:
        click.echo(text, nl=False)
    else:
        click.echo(f"Wrote {output}. Check by it: trackbook data check {name} {output}", err=True)


@cli.command(epilog="Example: trackbook checks latest")
@click.argument("run", required=False, shell_complete=complete_runs)
@store_option
@json_option
@click.pass_context
def checks(ctx: click.Context, run: str | None, as_json: bool) -> None:
    """List quality checks, all or those of a RUN and of the tables that it used. The newest come first."""
    from trackbook.display.checks import check_payload, show_checks
    from trackbook.tracking.checked_lineage import checks_of
    from trackbook.tracking.find import find_run

    store = project_of(ctx).store
    found = store.checks() if run is None else checks_of(store, find_run(store, run))
    if as_json:
        print_json([check_payload(each) for each in reversed(found)])
    else:
        print_shown(show_checks(found, look_of()))
