"""The group of all commands, and what they share: the store's option, completion of runs, printing, errors."""

from __future__ import annotations

import gc
import os
import sys
from collections.abc import Callable
from typing import TYPE_CHECKING, Any, TypeVar

import click
from click.shell_completion import CompletionItem

from trackbook._version import __version__
from trackbook.cli.loading import load, load_all
from trackbook.errors import TrackbookError

if TYPE_CHECKING:
    from trackbook.display.shown import Look, Shown
    from trackbook.project import Project

_STORE = "trackbook.store"
_PROJECT = "trackbook.project"
_MOST_COMPLETIONS = 50
_RARELY = 50_000  # objects between two searches for unreachable ones: most commands make fewer that stay
_Function = TypeVar("_Function", bound=Callable[..., Any])


class _Refusal(click.ClickException):
    """What a person has to put right."""

    exit_code = 2


class _Commands(click.Group):
    """A group that turns our errors into one sentence, and stops quietly when nobody reads its output any more."""

    def get_command(self, ctx: click.Context, cmd_name: str) -> click.Command | None:
        load(cmd_name)
        return super().get_command(ctx, cmd_name)

    def list_commands(self, ctx: click.Context) -> list[str]:
        load_all()
        return super().list_commands(ctx)

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
    gc.set_threshold(_RARELY)
    for stream in (sys.stdout, sys.stderr):
        stream.reconfigure(errors="backslashreplace")  # type: ignore[union-attr]  # they are text files here
    try:
        code = cli.main(prog_name="trackbook", standalone_mode=False)
    except click.ClickException as error:
        error.show()
        code = error.exit_code
    except (click.Abort, KeyboardInterrupt):
        code = 130
    gc.freeze()  # the process ends: nobody needs what could be found unreachable now
    sys.exit(code)


def _silence(descriptor: int) -> None:
    """Let what is still buffered go nowhere, so that Python doesn't complain about it at its exit."""
    nowhere = os.open(os.devnull, os.O_WRONLY)
    os.dup2(nowhere, descriptor)
    os.close(nowhere)


def _remember_store(ctx: click.Context, _: click.Parameter, value: str | None) -> None:
    if value:
        ctx.meta[_STORE] = value


def store_meant(ctx: click.Context) -> str | None:
    """Return what ``--store`` says, None without it."""
    meant: str | None = ctx.meta.get(_STORE)
    return meant


def store_option(function: _Function) -> _Function:
    """Give a command ``--store``."""
    return click.option(
        "--store",
        metavar="PATH|URL",
        callback=_remember_store,
        expose_value=False,
        help="The store: a folder or a database URL. Default: $TRACKBOOK_STORE, else the nearest .trackbook upwards.",
    )(function)


def json_option(function: _Function) -> _Function:
    """Give a command ``--json``."""
    return click.option("--json", "as_json", is_flag=True, help="Print one JSON document.")(function)


def complete_runs(ctx: click.Context, _: click.Parameter, incomplete: str) -> list[CompletionItem]:
    """Return the newest runs that begin so."""
    from trackbook.store.contract import RunFilter
    from trackbook.tracking.find import short_id

    try:
        newest = project_of(ctx).store.runs(RunFilter(limit=_MOST_COMPLETIONS))
    except TrackbookError:
        return []  # no store, no suggestions; the command itself will say so
    words = {"latest": "the newest run"}
    for detail in newest:
        about = f"{detail.run.experiment}, {detail.run.status.lower()}"
        words |= {detail.run.name: about, short_id(detail.run.run_id): f"{detail.run.name}, {about}"}
    return [CompletionItem(word, help=about) for word, about in words.items() if word.startswith(incomplete)]


class QueryWord(click.ParamType[str]):
    """A word of a query, as the shell gives it; a command that takes queries ignores unknown options for their -0.5."""

    name = "query"

    def convert(self, value: Any, param: click.Parameter | None, ctx: click.Context | None) -> str:
        from trackbook.tracking.query_words import looks_like_option

        if looks_like_option(value):
            raise click.NoSuchOption(value, ctx=ctx)
        return str(value)


def run_argument(function: _Function) -> _Function:
    """Give a command a RUN that completes."""
    return click.argument("run", shell_complete=complete_runs)(function)


def project_of(ctx: click.Context, *, create: bool = False) -> Project:
    """Return the project that the options mean, opened once a command."""
    from trackbook.project import open_project

    if _PROJECT not in ctx.meta:
        project = open_project(store_meant(ctx), create=create)
        ctx.meta[_PROJECT] = project
        ctx.find_root().call_on_close(project.close)
    opened: Project = ctx.meta[_PROJECT]
    return opened


def look_of() -> Look:
    """Return how this terminal, or the file behind stdout, wants things shown."""
    import shutil

    from trackbook.display.shown import Look

    is_terminal = sys.stdout.isatty()
    width = shutil.get_terminal_size().columns if is_terminal else None
    return Look(width=width, is_coloured=is_terminal and not os.environ.get("NO_COLOR"))


def print_shown(shown: Shown) -> None:
    """Print something for a person."""
    click.echo(shown.text, color=True)


def print_json(value: object) -> None:
    """Print one JSON document."""
    from trackbook.display.payload import dumps

    click.echo(dumps(value))


@click.group(
    cls=_Commands,
    context_settings={"help_option_names": ["-h", "--help"], "max_content_width": 100},
    epilog="Example: trackbook runs --experiment churn",
)
@store_option
@click.version_option(__version__, prog_name="trackbook")
def cli() -> None:
    """Runs, metrics and code that your notebooks recorded."""
