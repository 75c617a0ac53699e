"""Writes a pipeline as what other engines run."""

from __future__ import annotations

from pathlib import Path

import click

from trackbook.cli.base import project_of, store_option
from trackbook.cli.pipeline import pipeline_group
from trackbook.errors import NotFoundError

TARGETS = ("airflow", "github", "argo")


@pipeline_group.command("export", epilog="Example: trackbook pipeline export --to github -o .github/workflows/run.yml")
@click.argument("file", required=False, type=click.Path(path_type=Path), default=Path("pipeline.yaml"))
@click.option("--to", "target", type=click.Choice(TARGETS), required=True, help="The engine that is to run it.")
@click.option(
    "-o", "--output", type=click.Path(dir_okay=False), metavar="PATH", help="Write it there; without it, it is printed."
)
@click.option("--force", is_flag=True, help="Overwrite the file if there is one.")
@store_option
@click.pass_context
def export_command(ctx: click.Context, file: Path, target: str, output: str | None, force: bool) -> None:
    """Write a pipeline as an Airflow DAG, a GitHub Actions workflow or an Argo workflow.

    Each step is run there by the same command, `trackbook pipeline run --step NAME`, after the steps that it
    needs, with its retries and timeout.
    """
    from trackbook.pipelines.exporting.targets import Target, export_pipeline
    from trackbook.pipelines.graph.file import read_pipeline
    from trackbook.pipelines.graph.planning import Planner
    from trackbook.store.memory import MemoryStore
    from trackbook.tracking.export_target import new_file

    pipeline = read_pipeline(file)
    try:
        store = project_of(ctx).store
    except NotFoundError:
        store = MemoryStore()  # nothing has run yet, so nothing is known that comes from outside
    text = export_pipeline(Planner(pipeline, store).plan(), Target(target))
    if output is None:
        click.echo(text, nl=False)
        return
    with new_file(Path(output).absolute(), is_forced=force) as temporary:
        temporary.write_text(text, encoding="utf-8")
    click.echo(f"Wrote {output}.", err=True)
