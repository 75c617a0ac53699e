"""``%track`` itself, and what its subcommands share: kinds of words, options, parsing, showing."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

import click
from click.shell_completion import CompletionItem

from trackbook.display.shown import Look, Shown
from trackbook.errors import InvalidValueError
from trackbook.magics.line import pairs_of, unquoted
from trackbook.magics.notebook import TrackedNotebook
from trackbook.magics.state import state_of
from trackbook.store.contract import RunFilter
from trackbook.tracking.find import short_id
from trackbook.tracking.query_words import looks_like_option

if TYPE_CHECKING:
    from trackbook.store.contract import Store

LOOK_COMMAND = "%track"
_MOST_COMPLETIONS = 50
THIS_SESSION = ""
_SECTIONS = {
    "See what happened": ("runs", "show", "compare", "log", "panel"),
    "Explain": ("diff", "stale", "why"),
    "Make again": ("slice", "sweep", "reproduce", "restore", "environment"),
    "Data": ("data", "check", "checks"),
    "Say more about a run": ("tag", "note", "param", "metric", "artifact"),
    "Say yourself what a run is": ("start", "stop"),
    "Switch": ("off", "on"),
}


class Word(click.ParamType[str]):
    """A text; quotes around the whole of it are not part of it."""

    name = "text"

    def convert(self, value: Any, param: click.Parameter | None, ctx: click.Context | None) -> str:
        return unquoted(str(value))


class RunReference(Word):
    """A run as `find_run` finds it."""

    def shell_complete(self, ctx: click.Context, param: click.Parameter, incomplete: str) -> list[CompletionItem]:
        newest = store_of(ctx).runs(RunFilter(limit=_MOST_COMPLETIONS))
        words = ["latest", *(detail.run.name for detail in newest)]
        if not any(word.startswith(incomplete) for word in words):
            words = [short_id(detail.run.run_id) for detail in newest]
        return _beginning(words, incomplete)


class SessionReference(Word):
    """A session as `find_session` finds it."""

    def shell_complete(self, ctx: click.Context, param: click.Parameter, incomplete: str) -> list[CompletionItem]:
        newest = store_of(ctx).sessions()[: -_MOST_COMPLETIONS - 1 : -1]
        return _beginning(["latest", *(short_id(session.session_id) for session in newest)], incomplete)


class ExperimentName(Word):
    """An experiment of the store."""

    def shell_complete(self, ctx: click.Context, param: click.Parameter, incomplete: str) -> list[CompletionItem]:
        names = dict.fromkeys(session.experiment for session in reversed(store_of(ctx).sessions()))
        return _beginning(list(names), incomplete)


class QueryWord(click.ParamType[str]):
    """A word of a query, as it was typed; completes to what can stand there."""

    name = "query"

    def convert(self, value: Any, param: click.Parameter | None, ctx: click.Context | None) -> str:
        if looks_like_option(value):
            raise click.NoSuchOption(value, ctx=ctx)
        return str(value)

    def shell_complete(self, ctx: click.Context, param: click.Parameter, incomplete: str) -> list[CompletionItem]:
        from trackbook.tracking.query_completion import complete_words

        words = [*ctx.params.get(param.name or "", ()), incomplete]
        found = complete_words(words, store_of(ctx).names)
        plain = (each.partition(" ")[0] for each in found if each[0] not in "\"'`")  # a line is completed word by word
        return _beginning(list(dict.fromkeys(plain)), incomplete)


class TagPair(click.ParamType[str]):
    """A ``KEY=VALUE``, as it was typed; completes to the keys that the newest runs have."""

    name = "pair"

    def shell_complete(self, ctx: click.Context, param: click.Parameter, incomplete: str) -> list[CompletionItem]:
        newest = store_of(ctx).runs(RunFilter(limit=_MOST_COMPLETIONS))
        keys = dict.fromkeys(key for detail in newest for key in detail.tags)
        return _beginning([f"{key}=" for key in keys], incomplete)


class ExpressionPair(click.ParamType[str]):
    """A ``KEY=EXPRESSION``, as it was typed; its Python is IPython's to complete."""

    name = "expression"


class _Commands(click.Group):
    """The subcommands in the order in which a person meets them."""

    def list_commands(self, ctx: click.Context) -> list[str]:
        return [name for names in _SECTIONS.values() for name in names]

    def format_commands(self, ctx: click.Context, formatter: click.HelpFormatter) -> None:
        for title, names in _SECTIONS.items():
            with formatter.section(title):
                formatter.write_dl([(name, self.commands[name].get_short_help_str(80)) for name in names])


WORD = Word()
QUERY = QueryWord()
RUN = RunReference()
SETTINGS = {"help_option_names": ["-h", "--help"], "max_content_width": 100, "terminal_width": 100}
pass_notebook = click.make_pass_decorator(TrackedNotebook)
run_option = click.option("--run", metavar="RUN", type=RUN, help="The run; default: the current one.")
tag_option = click.option(
    "--tag", "tags", multiple=True, metavar="KEY=VALUE", type=TagPair(), help="A tag to begin with."
)


def store_of(ctx: click.Context) -> Store:
    """Return the store of the notebook that a command is called from."""
    return ctx.ensure_object(TrackedNotebook).project.store


def _beginning(words: Sequence[str], incomplete: str) -> list[CompletionItem]:
    return [CompletionItem(word) for word in words if word.startswith(incomplete)]


def texts_of(pairs: Sequence[str]) -> dict[str, str]:
    """Return ``KEY=VALUE`` words as a mapping, quotes around a value taken off."""
    return {key: unquoted(text) for key, text in pairs_of(pairs).items()}


def look() -> Look:
    """Return how things are shown in a cell's output."""
    return Look(command=LOOK_COMMAND)


def show_in_cell(shown: Shown) -> None:
    """Show something in the cell's output."""
    from IPython.display import display

    display(shown)  # type: ignore[no-untyped-call]  # IPython has no types here


@click.group(
    LOOK_COMMAND,
    cls=_Commands,
    invoke_without_command=True,
    context_settings=SETTINGS,
    subcommand_metavar="[COMMAND] ...",
    epilog="Example: %track compare latest brave-otter",
)
@click.option("--faults", is_flag=True, help="Print what Trackbook itself failed at in this session.")
@click.pass_context
def track(ctx: click.Context, faults: bool) -> None:
    """What this notebook did, recorded by itself. Without a command: what is tracked and where.

    RUN, A and B are names of runs, beginnings of ids, or 'latest'. Each command has its own -h.
    """
    notebook = ctx.ensure_object(TrackedNotebook)
    if ctx.invoked_subcommand is not None:
        return
    if faults:
        print("\n".join(notebook.extension.guard.faults) or "Trackbook failed at nothing in this session.")
    else:
        print(state_of(notebook))


def help_of(command: click.Command) -> str:
    """Return what ``-h`` prints of a command."""
    return command.get_help(click.Context(command, info_name=command.name, **SETTINGS))  # type: ignore[arg-type]


def takes_python(command: click.Command | None) -> bool:
    """Return whether a command's words are Python: brackets and quotes keep them together then."""
    return command is not None and any(isinstance(param.type, ExpressionPair) for param in command.params)


def parse(command: click.Command, words: list[str], notebook: TrackedNotebook) -> object:
    """Run a command with words; what is wrong with them is said in one line.

    Raises
    ------
    InvalidValueError
        If the words are no use of it.
    """
    try:
        return command.main(words, prog_name=command.name, standalone_mode=False, obj=notebook)
    except click.UsageError as error:
        used = error.ctx.command if error.ctx is not None else command
        raise InvalidValueError(_with_example(error.format_message(), used)) from None
    except click.ClickException as error:
        raise InvalidValueError(error.format_message()) from None
    except click.Abort:
        raise KeyboardInterrupt from None


def _with_example(message: str, command: click.Command) -> str:
    sentence = " ".join(message.split())
    end = "" if sentence.endswith((".", "?")) else "."
    return f"{sentence}{end} {command.epilog or ''}".strip()
