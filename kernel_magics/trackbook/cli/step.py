"""Executes one notebook with params as a recorded run: papermill's own way, shorter."""

from __future__ import annotations

import os
import signal
import sys
import threading
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from trackbook.cli.base import cli, json_option, look_of, print_json, print_shown, store_meant, store_option
from trackbook.cli.pairs import PairsCommand
from trackbook.errors import InvalidValueError, TrackbookError

if TYPE_CHECKING:
    from trackbook.config import Settings
    from trackbook.pipelines.steps.job import StepJob, StepResult
    from trackbook.records import RunDetail
    from trackbook.store.contract import Store

_INTERRUPTED = 130


@cli.command(cls=PairsCommand, epilog="Example: trackbook step train.ipynb -p C 0.1 -o runs/train-0.1.ipynb")
@click.argument("notebook", type=click.Path(dir_okay=False, path_type=Path))
@click.option(
    "-p",
    "--param",
    "texts",
    nargs=2,
    multiple=True,
    metavar="NAME VALUE",
    help="A param, typed as declared; NAME=VALUE will do.",
)
@click.option(
    "-f", "--file", "files", multiple=True, type=click.Path(exists=True, dir_okay=False), help="YAML or JSON."
)
@click.option("-y", "--yaml", "yamls", multiple=True, metavar="YAML", help="Params such as '{C: 0.1}'.")
@click.option(
    "-o",
    "--output",
    type=click.Path(dir_okay=False, path_type=Path),
    help="The executed notebook. Default: NAME.out.ipynb beside the notebook.",
)
@click.option("--inspect", is_flag=True, help="List the notebook's params, and run nothing.")
@click.option("--kernel", metavar="NAME", help="The kernel to use. Default: the one that the notebook names.")
@click.option(
    "--cwd",
    "folder",
    type=click.Path(exists=True, file_okay=False, path_type=Path),
    help="Where it runs. Default: the notebook's folder, as in Jupyter.",
)
@click.option("--timeout", type=float, metavar="SECONDS", help="Stop it after so long, its kernel's start included.")
@store_option
@json_option
@click.pass_context
def step(
    ctx: click.Context,
    notebook: Path,
    texts: tuple[tuple[str, str], ...],
    files: tuple[str, ...],
    yamls: tuple[str, ...],
    output: Path | None,
    inspect: bool,
    kernel: str | None,
    folder: Path | None,
    timeout: float | None,
    as_json: bool,
) -> None:
    """Execute a NOTEBOOK with params, as a run with all that it does.

    Its params are those of the cell with the tag 'parameters'. The notebook itself stays as it is, and needs no
    %load_ext trackbook. Exit code 1 if it fails.
    """
    from trackbook.pipelines.steps.job import StepJob
    from trackbook.pipelines.steps.kernels import check_kernel
    from trackbook.pipelines.steps.params import checked, read_params

    specs = read_params(notebook)
    if inspect:
        _inspect(notebook, specs, as_json)
        return
    if timeout is not None and not timeout > 0:
        raise InvalidValueError(f"A step can't be given {timeout:g} s. Name a number above 0, or none for no limit.")
    given = _given(texts, files, yamls)
    params = checked(specs, given, are_texts={name for name, _ in texts})
    check_kernel(notebook, kernel)
    job = StepJob(
        name=notebook.stem,
        notebook=notebook,
        output=_output(notebook, output),
        params=params,
        folder=folder or notebook.absolute().parent,
        kernel=kernel,
        timeout=timeout,
        store=_location(store_meant(ctx)),
    )
    result, cells = _run(job)
    _report(ctx, job, result, cells, as_json)


def _inspect(notebook: Path, specs: Any, as_json: bool) -> None:
    from trackbook.display.step import params_payload, show_params

    if as_json:
        print_json(params_payload(notebook, specs))
    else:
        print_shown(show_params(notebook, specs, look_of()))


def _given(texts: tuple[tuple[str, str], ...], files: tuple[str, ...], yamls: tuple[str, ...]) -> dict[str, object]:
    """Return the given params by name; what stands in a file first, then YAML, then single ones, later over earlier."""
    found: dict[str, object] = {}
    for file in files:
        found |= _mapping(_text_of(file), f"The file '{file}'")
    for text in yamls:
        found |= _mapping(text, f"'{text}'")
    return found | dict(texts)


def _text_of(file: str) -> str:
    try:
        return Path(file).read_text(encoding="utf-8-sig")
    except (OSError, UnicodeDecodeError) as error:
        raise InvalidValueError(f"The file '{file}' can't be read as text: {error}.") from None


def _mapping(text: str, what: str) -> Mapping[str, object]:
    """Return the params that YAML, of which JSON is a part, gives."""
    from trackbook.pipelines.graph.located import read_yaml

    document, mistakes = read_yaml(text)
    if mistakes:
        raise InvalidValueError("\n".join(f"{what}, line {each.line}: {each.sentence}." for each in mistakes))
    content = document.plain if document is not None else None
    if content is None:
        return {}
    if not isinstance(content, dict):
        raise InvalidValueError(f"{what} holds no params. Write them as NAME: VALUE, each on a line of its own.")
    return content


def _output(notebook: Path, output: Path | None) -> Path:
    target = output or notebook.with_name(f"{notebook.stem}.out.ipynb")
    if target.exists() and target.samefile(notebook):
        raise InvalidValueError(f"The output would overwrite the notebook {notebook} itself. Name another with -o.")
    place = target if target.exists() else next(each for each in target.absolute().parents if each.exists())
    if not os.access(place, os.W_OK) or (place != target and not place.is_dir()):
        raise InvalidValueError(f"The output can't be written to {place}. Name another file with -o.")
    return target


def _location(store: str | None) -> str | None:
    return store if store is None or "://" in store else os.path.abspath(store)


def _run(job: StepJob) -> tuple[StepResult, int | None]:
    """Execute a job with its progress on the terminal; return the result, and how many cells there are."""
    from trackbook.cli.step_progress import StepProgress
    from trackbook.pipelines.steps.running import run_step

    should_stop = threading.Event()
    with StepProgress(job.name, sys.stderr) as progress, _stopped_by_interrupt(should_stop, progress.stopping):
        return run_step(job, progress.tell, should_stop=should_stop), progress.cells


@contextmanager
def _stopped_by_interrupt(should_stop: threading.Event, say: Any) -> Iterator[None]:
    """Let the first Ctrl-C stop the step in good order, and the second at once."""

    def stop(*_: object) -> None:
        if should_stop.is_set():
            raise KeyboardInterrupt
        should_stop.set()
        say()

    before = signal.signal(signal.SIGINT, stop)
    try:
        yield
    finally:
        signal.signal(signal.SIGINT, before)


def _report(ctx: click.Context, job: StepJob, result: StepResult, cells: int | None, as_json: bool) -> None:
    from trackbook.display.step import show_step, step_payload

    result, runs = _recorded(job, result)
    if as_json:
        print_json(step_payload(job, result, cells, runs))
    else:
        print_shown(show_step(job, result, cells, runs, look_of()))
    ctx.exit(_exit_code(result))


def _recorded(job: StepJob, result: StepResult) -> tuple[StepResult, list[RunDetail]]:
    """See to it that the store has what ended a step; return the result with its run, and that with those beneath it.

    There are none, which is said, where the store can't be read or written.
    """
    from trackbook.config import load_settings
    from trackbook.pipelines.steps.abandoned import note_end
    from trackbook.pipelines.steps.job import StepStatus
    from trackbook.pipelines.steps.results import runs_of_step

    try:
        if result.run_id is None and result.status is not StepStatus.FINISHED:
            result = _with_own_run(job, result)
        if result.run_id is None:
            return result, []
        store = _store_of(job, load_settings(job.folder), create=False)
        try:
            note_end(store, result)
            return result, runs_of_step(store, result.run_id)
        finally:
            store.close()
    except TrackbookError as error:
        _warn(f"What the run recorded can't be read: {error}")
        return result, []


def _with_own_run(job: StepJob, result: StepResult) -> StepResult:
    """Give a failure that its kernel could not record a run; return the result with that."""
    from trackbook.config import load_settings
    from trackbook.pipelines.steps.unbegun import note_unbegun_alone

    settings = load_settings(job.folder, experiment=job.experiment)
    return note_unbegun_alone(job, result, settings, lambda: _store_of(job, settings, create=True), _warn)


def _store_of(job: StepJob, settings: Settings, *, create: bool) -> Store:
    """Return the store that the step's kernel writes to, found as the kernel finds it."""
    from trackbook.store.location import open_store

    return open_store(job.store or settings.store or None, start=job.notebook.absolute().parent, create=create)


def _warn(sentence: str) -> None:
    click.echo(sentence, err=True)


def _exit_code(result: StepResult) -> int:
    from trackbook.pipelines.steps.job import StepStatus

    if result.error == "StoppedError":
        return _INTERRUPTED
    return 0 if result.status is StepStatus.FINISHED else 1
