"""Sweeps: a notebook with many values of its params, and what came out best."""

from __future__ import annotations

import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

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
from trackbook.errors import InvalidValueError

if TYPE_CHECKING:
    from trackbook.pipelines.sweeps.outcome import Watch

_INTERRUPTED = 130
_RESUMABLE = ("trials", "jobs", "address")  # what may be another one when a sweep goes on


@cli.command(epilog="Example: trackbook sweep train.ipynb -p C=0.01,0.1,1 -p depth=2..8 --metric accuracy --maximize")
@click.argument("notebook", required=False, type=click.Path(dir_okay=False, path_type=Path))
@click.option(
    "-p",
    "--param",
    "params",
    multiple=True,
    metavar="NAME=VALUES",
    help="Values to try: 0.01,0.1,1 (choices), 2..8, 2..8:2 (a step), 0.1..0.9, 1e-4..1e-1:log; or a single one.",
)
@click.option("--metric", metavar="NAME", help="The metric that decides; the last part of its name will do.")
@click.option(
    "--maximize/--minimize", "maximize", default=None, help="Whether more of it is better. Default: as its name says."
)
@click.option(
    "--sampler",
    type=click.Choice(["grid", "random", "tpe"]),
    help="Every combination, by chance, or near what was good. Default: grid if that is 50 trials or fewer, else tpe.",
)
@click.option("--trials", type=int, metavar="N", help="The most trials. Default: all of a grid, else 50.")
@click.option(
    "--seed", type=int, metavar="N", help="Of the sampler: the same trials again; of tpe only those of --jobs 1."
)
@click.option("--prune", type=click.Choice(["median"]), help="Give up trials that are worse on their way than others.")
@click.option("--jobs", type=int, metavar="N", help="How many trials run at once. Default: one a core.")
@click.option("--timeout", type=float, metavar="SECONDS", help="How long a trial may take.")
@click.option("--executor", type=click.Choice(["local", "dask"]), help="What runs trials. Default: this machine.")
@click.option("--address", metavar="URL", help="Of the scheduler of --executor dask, e.g. tcp://host:8786.")
@click.option("--resume", metavar="RUN", shell_complete=complete_runs, help="Go on with a sweep; failed trials again.")
@click.option(
    "--figure", type=click.Path(dir_okay=False, path_type=Path), help="Where the page with the figure is written."
)
@store_option
@json_option
@click.pass_context
def sweep(
    ctx: click.Context, /, notebook: Path | None, resume: str | None, figure: Path | None, as_json: bool, **options: Any
) -> None:
    """Run a notebook with many values of its params and say which gave the best metric.

    Each trial is a run beneath the sweep's. Exit code 1 if no trial finished, 130 if it was interrupted: then it can go
    on with --resume.
    """
    from trackbook.sweep_view import go_on
    from trackbook.sweep_view import sweep as run

    _check_executor(options.pop("executor"), options["address"])
    project = project_of(ctx, create=resume is None)
    with _watching() as watch:
        if resume is not None:
            _refuse_others(notebook, options)
            given = {name: options[name] for name in _RESUMABLE}
            found = go_on(resume, figure=figure, progress=watch, project=project, **given)
        else:
            described = _described(notebook, options)
            found = run(figure=figure, progress=watch, project=project, **described)
    if as_json:
        print_json(found.to_dict())
    else:
        print_shown(found.show(look_of()))
    ctx.exit(_INTERRUPTED if found.outcome.is_interrupted else 0 if found.best is not None else 1)


def _check_executor(executor: str | None, address: str | None) -> None:
    """Refuse a cluster without an address, and an address that nothing is to run at."""
    if executor == "dask" and address is None:
        raise InvalidValueError("Where is the cluster? Give its scheduler: --address tcp://host:8786.")
    if executor != "dask" and address is not None:
        raise InvalidValueError("--address is of a cluster: add --executor dask.")


def _described(notebook: Path | None, options: dict[str, Any]) -> dict[str, Any]:
    from trackbook.pipelines.sweeps.words import pairs_of

    if notebook is None:
        raise InvalidValueError("Name the notebook to run, or a sweep to go on with: --resume RUN.")
    if options["metric"] is None:
        raise InvalidValueError("Name the metric that decides, such as --metric accuracy.")
    return options | {"notebook": notebook, "params": pairs_of(options["params"])}


def _refuse_others(notebook: Path | None, options: dict[str, Any]) -> None:
    """Refuse what a sweep that goes on has already."""
    given = [name for name, value in options.items() if name not in _RESUMABLE and value not in (None, ())]
    if notebook is not None or given:
        what = "the notebook" if notebook is not None else f"--{given[0].removesuffix('s')}"
        raise InvalidValueError(f"--resume goes on with what the sweep had: leave {what} out, or start another sweep.")


@contextmanager
def _watching() -> Iterator[Watch]:
    """Give what tells how far it is: a picture on a terminal, lines where the messages go to a file."""
    from trackbook.display.sweep_progress import line_watch, live_watch

    if not sys.stderr.isatty():
        yield line_watch(lambda line: click.echo(line, err=True))
        return
    from rich.console import Console

    with live_watch(Console(stderr=True)) as watch:
        yield watch
