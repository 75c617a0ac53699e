"""The command line: one command, one call, one document on stdout; messages go to stderr.

Exit codes: 0 done; 1 the answer is no; 2 wrong use or broken input; 130 interrupted. What only some commands need is
imported in them, so that ``--help`` and completion are quick.
"""

from __future__ import annotations

import os
import sys
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any, TypeVar

import click
from click.shell_completion import CompletionItem, get_completion_class

from trackbook._version import __version__
from trackbook.errors import InvalidValueError, TrackbookError

if TYPE_CHECKING:
    from trackbook.display.shown import Look, Shown
    from trackbook.project import Project
    from trackbook.records import Execution, RunDetail
    from trackbook.store.contract import RunFilter

_STORE = "trackbook.store"
_PROJECT = "trackbook.project"
_SHELLS = ("bash", "zsh", "fish")
_MOST_COMPLETIONS = 50
_Function = TypeVar("_Function", bound=Callable[..., Any])


class _Refusal(click.ClickException):
    """What a person has to put right."""

    exit_code = 2


class _Commands(click.Group):
    """A group that turns our errors into one sentence, and stops quietly when nobody reads its output any more."""

    def invoke(self, ctx: click.Context) -> Any:
        try:
            result = super().invoke(ctx)
            sys.stdout.flush()
        except TrackbookError as error:
            raise _Refusal(str(error)) from None
        except BrokenPipeError:
            _silence(sys.stdout.fileno())
            ctx.exit(0)
        return result


def main() -> None:
    """Run the command line of this process."""
    for stream in (sys.stdout, sys.stderr):
        stream.reconfigure(errors="backslashreplace")  # type: ignore[union-attr]  # they are text files here
    try:
        code = cli.main(prog_name="trackbook", standalone_mode=False)
    except click.ClickException as error:
        error.show()
        code = error.exit_code
    except (click.Abort, KeyboardInterrupt):
        code = 130
    sys.exit(code)


def _silence(descriptor: int) -> None:
    """Let what is still buffered go nowhere, so that Python doesn't complain about it at its exit."""
    nowhere = os.open(os.devnull, os.O_WRONLY)
    os.dup2(nowhere, descriptor)
    os.close(nowhere)


def _remember_store(ctx: click.Context, _: click.Parameter, value: str | None) -> None:
    if value:
        ctx.meta[_STORE] = value


def _store_option(function: _Function) -> _Function:
    return click.option(
        "--store",
        metavar="PATH|URL",
        callback=_remember_store,
        expose_value=False,
        help="The store: a folder or a database URL. Default: $TRACKBOOK_STORE, else the nearest .trackbook upwards.",
    )(function)


def _json_option(function: _Function) -> _Function:
    return click.option("--json", "as_json", is_flag=True, help="Print one JSON document.")(function)


def _complete_runs(ctx: click.Context, _: click.Parameter, incomplete: str) -> list[CompletionItem]:
    from trackbook.store.contract import RunFilter
    from trackbook.tracking.find import short_id

    try:
        newest = _project(ctx).store.runs(RunFilter(limit=_MOST_COMPLETIONS))
    except TrackbookError:
        return []  # no store, no suggestions; the command itself will say so
    words = {"latest": "the newest run"}
    for detail in newest:
        about = f"{detail.run.experiment}, {detail.run.status.lower()}"
        words |= {detail.run.name: about, short_id(detail.run.run_id): f"{detail.run.name}, {about}"}
    return [CompletionItem(word, help=about) for word, about in words.items() if word.startswith(incomplete)]


def _run_argument(function: _Function) -> _Function:
    return click.argument("run", shell_complete=_complete_runs)(function)


def _project(ctx: click.Context, *, create: bool = False) -> Project:
    """Return the project that the options mean, opened once a command."""
    from trackbook.project import open_project

    if _PROJECT not in ctx.meta:
        project = open_project(ctx.meta.get(_STORE), create=create)
        ctx.meta[_PROJECT] = project
        ctx.find_root().call_on_close(project.close)
    opened: Project = ctx.meta[_PROJECT]
    return opened


def _look() -> Look:
    import shutil

    from trackbook.display.shown import Look

    is_terminal = sys.stdout.isatty()
    width = shutil.get_terminal_size().columns if is_terminal else None
    return Look(width=width, is_coloured=is_terminal and not os.environ.get("NO_COLOR"))


def _print(shown: Shown) -> None:
    click.echo(shown.text, color=True)


def _print_json(value: object) -> None:
    from trackbook.display.payload import dumps

    click.echo(dumps(value))


@click.group(
    cls=_Commands,
    context_settings={"help_option_names": ["-h", "--help"], "max_content_width": 100},
    epilog="Example: trackbook runs --experiment churn",
)
@_store_option
@click.version_option(__version__, prog_name="trackbook")
def cli() -> None:
    """Runs, metrics and code that your notebooks recorded."""


@cli.command(epilog="Example: trackbook init ~/churn")
@click.argument("folder", type=click.Path(file_okay=False, path_type=Path), default=".")
@_store_option
@click.pass_context
def init(ctx: click.Context, folder: Path) -> None:
    """Make a store. It belongs to FOLDER's project; one that is there already is left as it is."""
    from trackbook.project import open_project

    if not folder.is_dir():
        raise InvalidValueError(f"There is no folder '{folder}'. Make it first, or name another.")
    with open_project(ctx.meta.get(_STORE), start=folder.resolve(), create=True) as project:
        click.echo(f"Store: {project.location}")


@cli.command(epilog="Example: trackbook status --json")
@_store_option
@_json_option
@click.pass_context
def status(ctx: click.Context, as_json: bool) -> None:
    """Say where the store is and what it holds."""
    from trackbook.clock import now
    from trackbook.display.payload import overview_payload
    from trackbook.display.status import show_status
    from trackbook.tracking.overview import overview

    found = overview(_project(ctx).store, now=now())
    if as_json:
        _print_json(overview_payload(found))
    else:
        _print(show_status(found, _look()))


@cli.command(epilog="Example: trackbook runs --experiment churn --limit 20")
@_store_option
@click.option("--experiment", metavar="NAME", help="Only runs of this experiment, e.g. --experiment churn.")
@click.option("--session", metavar="ID", help="Only runs of this session, e.g. --session latest.")
@click.option("--limit", type=click.IntRange(min=1), metavar="N", help="At most N runs, e.g. --limit 20.")
@click.option("--all", "is_all", is_flag=True, help="All runs; without it the newest 50. JSON and CSV always have all.")
@click.option("--csv", "as_csv", is_flag=True, help="Print comma-separated values, one row a run.")
@_json_option
@click.pass_context
def runs(
    ctx: click.Context,
    experiment: str | None,
    session: str | None,
    limit: int | None,
    is_all: bool,
    as_csv: bool,
    as_json: bool,
) -> None:
    """List runs. The newest come first, children beneath their parents."""
    from trackbook.display.runs import MOST_ROWS, show_runs
    from trackbook.store.contract import RunFilter
    from trackbook.tracking.find import find_session, list_runs

    if (as_csv and as_json) or (is_all and limit):
        raise InvalidValueError("Give one of --csv and --json, and one of --all and --limit.")
    store = _project(ctx).store
    where = RunFilter(experiment=experiment, session_id=find_session(store, session).session_id if session else None)
    if as_csv or as_json:
        _print_runs(ctx, where, limit, as_csv=as_csv)
    else:
        tree = list_runs(store, where, limit=None if is_all else limit or MOST_ROWS)
        _print(show_runs(tree, _look(), experiment=experiment))


def _print_runs(ctx: click.Context, where: RunFilter, limit: int | None, *, as_csv: bool) -> None:
    from dataclasses import replace

    from trackbook.display.rows import csv_text

    details = _project(ctx).store.runs(replace(where, limit=limit))
    if as_csv:
        click.echo(csv_text(details), nl=False)
    else:
        _print_json(_run_payloads(ctx, details))


def _run_payloads(ctx: click.Context, details: Sequence[RunDetail]) -> list[object]:
    from trackbook.display.payload import run_payload
    from trackbook.tracking.find import environments_of

    found = environments_of(_project(ctx).store, details)
    return [run_payload(detail, environment=found.get(detail.run.environment_id or "")) for detail in details]


@cli.command(epilog="Example: trackbook show brave-otter")
@_run_argument
@_store_option
@_json_option
@click.pass_context
def show(ctx: click.Context, run: str, as_json: bool) -> None:
    """Show one run whole. RUN is an id, the beginning of one, a name, or 'latest'."""
    from trackbook.views import get_run

    found = get_run(run, project=_project(ctx))
    if as_json:
        _print_json(_run_payloads(ctx, [found.detail])[0])
    else:
        _print(found.show(_look()))


@cli.command(epilog="Example: trackbook log --run latest --source")
@_store_option
@click.option("--session", metavar="ID", help="Only executions of this session, e.g. --session latest.")
@click.option("--run", metavar="RUN", shell_complete=_complete_runs, help="Only those that this run is made of.")
@click.option("--all", "is_all", is_flag=True, help="All executions; without it the last 50. JSON always has all.")
@click.option("--source", "is_source", is_flag=True, help="Print whole cells, with the tracebacks of failed ones.")
@_json_option
@click.pass_context
def log(ctx: click.Context, session: str | None, run: str | None, is_all: bool, is_source: bool, as_json: bool) -> None:
    """List executions of cells, in their order."""
    from trackbook.display.log import MOST_ROWS, show_log, show_sources
    from trackbook.display.payload import execution_payload

    executions = _executions(ctx, session, run)
    if as_json:
        _print_json([execution_payload(execution) for execution in executions])
    elif is_source:
        _print(show_sources(executions, _look()))
    else:
        _print(show_log(executions, _look(), limit=None if is_all else MOST_ROWS))


def _executions(ctx: click.Context, session: str | None, run: str | None) -> list[Execution]:
    from trackbook.tracking.find import find_run, find_session

    store = _project(ctx).store
    session_id = find_session(store, session).session_id if session else None
    run_id = find_run(store, run).run.run_id if run else None
    return store.executions(session_id=session_id, run_id=run_id)


@cli.command(epilog="Example: trackbook compare brave-otter calm-lynx")
@click.argument("runs", nargs=-1, required=True, shell_complete=_complete_runs)
@_store_option
@click.option("--all", "is_all", is_flag=True, help="Also what is the same in all runs.")
@_json_option
@click.pass_context
def compare(ctx: click.Context, runs: Sequence[str], is_all: bool, as_json: bool) -> None:
    """Put runs side by side. Shown is what differs; a single run stands beside its children."""
    from trackbook.display.comparison import show_comparison
    from trackbook.display.payload import comparison_payload
    from trackbook.tracking.compare import compare_runs

    compared = compare_runs(_project(ctx).store, runs)
    if as_json:
        _print_json(comparison_payload(compared, compared.rows if is_all else compared.differing()))
    else:
        _print(show_comparison(compared, _look(), is_whole=is_all))


@cli.command(epilog="Example: trackbook tag brave-otter owner=ana stage=final --remove draft")
@_run_argument
@click.argument("tags", nargs=-1, metavar="[KEY=VALUE]...")
@_store_option
@click.option("--remove", "-r", multiple=True, metavar="KEY", help="Take this tag away, e.g. --remove draft.")
@click.pass_context
def tag(ctx: click.Context, run: str, tags: Sequence[str], remove: Sequence[str]) -> None:
    """Put tags on a run. Without any, those that RUN has are listed."""
    from trackbook.tracking.annotate import remove_tags, set_tags
    from trackbook.tracking.find import find_run

    store = _project(ctx).store
    pairs = dict(_pair(each) for each in tags)
    detail = find_run(store, run)
    if remove:
        detail = remove_tags(store, detail.run.run_id, tuple(remove))
    if pairs:
        detail = set_tags(store, detail.run.run_id, pairs)
    listed = ", ".join(f"{key}={value}" for key, value in detail.tags.items())
    click.echo(f"{detail.run.name}: {listed or 'no tags'}")


def _pair(text: str) -> tuple[str, str]:
    key, equals, value = text.partition("=")
    if not equals:
        raise InvalidValueError(f"'{text}' is no tag. Write KEY=VALUE; 'KEY=' for one without a value.")
    return key, value


@cli.command(epilog="Example: trackbook note brave-otter 'The baseline that others must beat'")
@_run_argument
@click.argument("text")
@_store_option
@click.pass_context
def note(ctx: click.Context, run: str, text: str) -> None:
    """Put a note on a run. TEXT replaces the note that RUN has; an empty one takes it away."""
    from trackbook.tracking.annotate import set_note
    from trackbook.tracking.find import find_run

    store = _project(ctx).store
    detail = set_note(store, find_run(store, run).run.run_id, text)
    click.echo(f"{detail.run.name}: {detail.run.note or 'no note'}")


@cli.command(epilog="Example: trackbook verify && echo all well")
@_store_option
@_json_option
@click.pass_context
def verify(ctx: click.Context, as_json: bool) -> None:
    """Check the store. Exits with 1 if something in it is missing or broken."""
    project = _project(ctx)
    problems = project.store.verify()
    if as_json:
        _print_json({"location": project.location, "ok": not problems, "problems": problems})
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
