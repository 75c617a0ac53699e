"""Pipelines: what has to run and why, how the steps stand, their picture, and marking one as up to date."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any, TypeVar

import click
from click.shell_completion import CompletionItem

from trackbook.cli.base import cli, json_option, look_of, print_json, print_shown, project_of, store_option
from trackbook.errors import InvalidValueError, NotFoundError, TrackbookError

if TYPE_CHECKING:
    from trackbook.pipelines.graph.spec import Pipeline
    from trackbook.store.contract import Store

_DEFAULT = Path("pipeline.yaml")
_OWN_PAGE = Path("<pipeline>.html")  # stands for the pipeline's name, which the option can't know
_Function = TypeVar("_Function", bound=Callable[..., Any])


@cli.group("pipeline", epilog="Example: trackbook pipeline plan")
def pipeline_group() -> None:
    """Notebooks as steps that depend on one another. FILE is ./pipeline.yaml where it is left out."""


def pipeline_meant(paths: Sequence[Path]) -> Pipeline:
    """Return the pipeline that a file describes, or that several notebooks are."""
    from trackbook.pipelines.graph.file import pipeline_of_notebooks, read_pipeline

    if len(paths) > 1 or any(path.suffix == ".ipynb" for path in paths):
        return pipeline_of_notebooks(paths)
    return read_pipeline(paths[0] if paths else _DEFAULT)


def complete_steps(ctx: click.Context, _: click.Parameter, incomplete: str) -> list[CompletionItem]:
    """Return the steps of the pipeline meant that begin so, and the names that stand for several."""
    from trackbook.pipelines.graph.foreach import base_of

    given = ctx.params.get("file") or ctx.params.get("files") or ctx.params.get("words") or ()
    try:
        steps = pipeline_meant([given] if isinstance(given, Path) else [Path(each) for each in given]).steps
    except TrackbookError:
        return []  # no pipeline, no suggestions; the command itself will say so
    words = dict.fromkeys(word for step in steps for word in (base_of(step.name), step.name))
    return [CompletionItem(word) for word in words if word.startswith(incomplete)]


def _store_or_none_yet(ctx: click.Context) -> Store:
    """Return the store, or, where there is none yet, an empty one: then nothing has run."""
    from trackbook.store.memory import MemoryStore

    try:
        return project_of(ctx).store
    except NotFoundError:
        return MemoryStore()


def params_option(function: _Function) -> _Function:
    """Give a command the params of steps."""
    return click.option(
        "-p", "params", multiple=True, metavar="STEP.PARAM=VALUE", help="A param, e.g. -p train.C=0.1."
    )(function)


def _asked(files: Sequence[Path], params: Sequence[str]) -> Pipeline:
    """Return the pipeline that is meant, as it would run with some params."""
    pipeline = pipeline_meant(files)
    if not params:
        return pipeline
    from trackbook.pipelines.running.given import given_params, with_params

    return with_params(pipeline, given_params(pipeline, params))


_files_argument = click.argument("files", nargs=-1, type=click.Path(path_type=Path), metavar="[FILE|NOTEBOOKS...]")


@pipeline_group.command(epilog="Example: trackbook pipeline plan --from train --json")
@_files_argument
@click.option("--step", "only", multiple=True, metavar="NAME", shell_complete=complete_steps, help="Only this step.")
@click.option("--from", "start", metavar="NAME", shell_complete=complete_steps, help="It and all that comes after it.")
@click.option("--force", multiple=True, metavar="NAME", shell_complete=complete_steps, help="Run it in any case.")
@params_option
@store_option
@json_option
@click.pass_context
def plan(
    ctx: click.Context,
    files: Sequence[Path],
    only: Sequence[str],
    start: str | None,
    force: Sequence[str],
    params: Sequence[str],
    as_json: bool,
) -> None:
    """Say which steps would run with these params, which would be skipped, and why. Nothing is executed.

    FILE describes the pipeline; without one, several NOTEBOOKS are put in order by what they publish and load.
    """
    from trackbook.display.pipeline_steps import plan_payload, show_plan
    from trackbook.pipelines.graph.planning import Planner

    planner = Planner(_asked(files, params), _store_or_none_yet(ctx))
    found = planner.plan(only, start, force)
    if as_json:
        print_json(plan_payload(found))
    else:
        print_shown(show_plan(found, planner.uses, look_of()))


@pipeline_group.command(epilog="Example: trackbook pipeline status")
@_files_argument
@store_option
@json_option
@click.pass_context
def status(ctx: click.Context, files: Sequence[Path], as_json: bool) -> None:
    """Show what became of each step when it last ran."""
    from trackbook.display.pipeline_steps import show_status, status_payload
    from trackbook.pipelines.graph.standing import standings

    pipeline = pipeline_meant(files)
    found = standings(pipeline, _store_or_none_yet(ctx))
    if as_json:
        print_json(status_payload(found))
    else:
        print_shown(show_status(pipeline, found, look_of()))


@pipeline_group.command(epilog="Example: trackbook pipeline graph --html graph.html")
@_files_argument
@click.option(
    "--html",
    "page",
    is_flag=False,
    flag_value=_OWN_PAGE,
    metavar="[PAGE]",
    type=click.Path(dir_okay=False, path_type=Path),
    help="A picture; without a name it is called as the pipeline is.",
)
@params_option
@store_option
@click.pass_context
def graph(ctx: click.Context, files: Sequence[Path], page: Path | None, params: Sequence[str]) -> None:
    """Print the steps and what passes between them as a Mermaid graph, or draw them on an HTML page."""
    from trackbook.display.pipeline_graph import graph_page, mermaid
    from trackbook.pipelines.graph.planning import Planner
    from trackbook.pipelines.running.places import file_name

    _refuse_as_page(page)
    pipeline = _asked(files, params)
    planner = Planner(pipeline, _store_or_none_yet(ctx))
    found = planner.plan()
    if page is None:
        click.echo(mermaid(found, planner.graph))
        return
    page = Path(f"{file_name(pipeline.name)}.html") if page == _OWN_PAGE else page
    try:
        page.write_text(graph_page(found, planner.graph), encoding="utf-8")
    except OSError as error:
        raise NotFoundError(f"'{page}' can't be written: {error.strerror}. Name another file.") from None
    click.echo(f"Wrote {page}.", err=True)


def _refuse_as_page(page: Path | None) -> None:
    """Keep a pipeline or a notebook that was named after ``--html`` from being written over."""
    if page is not None and page.suffix.lower() in (".yaml", ".yml", ".ipynb"):
        raise InvalidValueError(f"--html takes the page to write, and '{page}' is none. Name it first: {page} --html.")


@pipeline_group.command(epilog="Example: trackbook pipeline mark prepare")
@click.argument("words", nargs=-1, required=True, metavar="[FILE|NOTEBOOKS...] STEP", shell_complete=complete_steps)
@click.option("-f", "--file", "file", type=click.Path(path_type=Path), help="Default: pipeline.yaml.")
@store_option
@click.pass_context
def mark(ctx: click.Context, words: Sequence[str], file: Path | None) -> None:
    """Say that a step is up to date as it is now, without running it: its code, params and inputs."""
    from trackbook.pipelines.graph.planning import Planner

    *files, name = words
    if file is not None and files:
        raise InvalidValueError(f"'{file}' and '{files[0]}' are both given. Leave one of the two out.")
    pipeline = pipeline_meant([file] if file is not None else [Path(each) for each in files])
    marked = Planner(pipeline, project_of(ctx, create=True).store).mark(name)
    click.echo(f"Marked as up to date: {', '.join(marked)}.", err=True)


@pipeline_group.command(epilog="Example: trackbook pipeline schema > pipeline.schema.json")
def schema() -> None:
    """Print the JSON schema of a pipeline's file, by which editors complete and check it.

    Name it in the first line of the file: # yaml-language-server: $schema=pipeline.schema.json
    """
    from trackbook.pipelines.graph.file import SCHEMA

    click.echo(SCHEMA.read_text(encoding="utf-8"), nl=False)
