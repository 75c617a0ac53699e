"""Lays out a project with a pipeline, or a notebook to begin with."""

from __future__ import annotations

import shlex
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING

import click

from trackbook.cli.base import cli

if TYPE_CHECKING:
    from click.shell_completion import CompletionItem


@cli.group(epilog="Example: trackbook new pipeline churn")
def new() -> None:
    """Lay out a project, or a notebook to begin with."""


@new.command("pipeline", epilog="Example: trackbook new pipeline churn --data customers.csv --target left")
@click.argument("name")
@click.option(
    "--data",
    "source",
    metavar="FILE|URL",
    help="The table to learn from. Default: data that scikit-learn brings, to see it run.",
)
@click.option("--target", metavar="COLUMN", help="The column to predict; needed with --data.")
@click.option(
    "--folder",
    type=click.Path(file_okay=False, path_type=Path),
    help="Where to. Default: a new folder called NAME.",
)
def pipeline_command(name: str, source: str | None, target: str | None, folder: Path | None) -> None:
    """Lay out a working project: notebooks for the life cycle of a model, pipeline.yaml and gate.yaml.

    There are a Dockerfile, a workflow of GitHub Actions and hooks for pre-commit, too. Nothing that is there is
    overwritten.
    """
    from trackbook.pipelines.templates import Project, lay_out_project, missing_modules

    place = folder or Path(name)
    written = lay_out_project(Project(name=name, source=source, target=target), place)
    click.echo("\n".join(str(path) for path in written))
    go = "" if place.resolve() == Path.cwd() else f"cd {shlex.quote(click.format_filename(place))} && "
    words = [f"Run it with: {go}trackbook pipeline run", f"Then ask its gate: {go}trackbook gate {name}"]
    if missing := missing_modules(path for path in written if path.suffix == ".ipynb"):
        listed = shlex.quote(click.format_filename(place / "requirements.txt"))
        words.insert(0, f"It needs {_in_words(missing)}, not here yet: pip install -r {listed}")
    click.echo("\n".join(["", *words]), err=True)


def _in_words(names: Sequence[str]) -> str:
    *first, last = names
    return f"{', '.join(first)} and {last}" if first else last


def _complete_notebooks(ctx: click.Context, _: click.Parameter, incomplete: str) -> list[CompletionItem]:
    from click.shell_completion import CompletionItem

    from trackbook.pipelines.templates import notebook_names

    return [CompletionItem(name) for name in notebook_names() if name.startswith(incomplete)]


@new.command("notebook", epilog="Example: trackbook new notebook monitor")
@click.argument("name", shell_complete=_complete_notebooks)
@click.option(
    "-o",
    "--output",
    type=click.Path(dir_okay=False, path_type=Path),
    metavar="PATH",
    help="Where to. Default: NAME.ipynb here.",
)
def notebook_command(name: str, output: Path | None) -> None:
    """Copy one notebook: ingest, validate, prepare, train, evaluate, compare, batch_score or monitor."""
    from trackbook.pipelines.templates import lay_out_notebook, missing_modules

    written = lay_out_notebook(name, output or Path(f"{name}.ipynb"))
    click.echo(written)
    if missing := missing_modules([written]):
        click.echo(f"It needs {_in_words(missing)}, not here yet: pip install {' '.join(missing)}", err=True)
