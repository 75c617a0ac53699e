"""The subcommands of ``%track``: each parses its words, calls one thing and shows the result."""

from __future__ import annotations

import sys
from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

import click
from click.shell_completion import CompletionItem

from trackbook.display.shown import Look, Shown
from trackbook.errors import InvalidValueError
from trackbook.magics.expressions import source_of
from trackbook.magics.line import pairs_of, unquoted
from trackbook.magics.notebook import TrackedNotebook
from trackbook.magics.state import state_of
from trackbook.records import RunStatus
from trackbook.store.contract import RunFilter
from trackbook.tracking.find import find_run, find_session, list_runs, short_id

if TYPE_CHECKING:
    from trackbook.store.contract import Store

LOOK_COMMAND = "%track"
_MOST_COMPLETIONS = 50
_THIS_SESSION = ""
_ENDS = {status.value.lower(): status for status in RunStatus if status is not RunStatus.RUNNING}
_SECTIONS = {
    "See what happened": ("runs", "show", "compare", "log"),
    "Say more about a run": ("tag", "note", "param", "metric", "artifact"),
    "Say yourself what a run is": ("start", "stop"),
    "Switch": ("off", "on"),
}


class _Word(click.ParamType[str]):
    """A text; quotes around the whole of it are not part of it."""

    name = "text"

    def convert(self, value: Any, param: click.Parameter | None, ctx: click.Context | None) -> str:
        return unquoted(str(value))


class _RunReference(_Word):
    """A run as `find_run` finds it."""

    def shell_complete(self, ctx: click.Context, param: click.Parameter, incomplete: str) -> list[CompletionItem]:
        newest = _store(ctx).runs(RunFilter(limit=_MOST_COMPLETIONS))
        words = ["latest", *(detail.run.name for detail in newest)]
        if not any(word.startswith(incomplete) for word in words):
            words = [short_id(detail.run.run_id) for detail in newest]
        return _beginning(words, incomplete)


class _SessionReference(_Word):
    """A session as `find_session` finds it."""

    def shell_complete(self, ctx: click.Context, param: click.Parameter, incomplete: str) -> list[CompletionItem]:
        newest = _store(ctx).sessions()[: -_MOST_COMPLETIONS - 1 : -1]
        return _beginning(["latest", *(short_id(session.session_id) for session in newest)], incomplete)


class _ExperimentName(_Word):
    """An experiment of the store."""

    def shell_complete(self, ctx: click.Context, param: click.Parameter, incomplete: str) -> list[CompletionItem]:
        names = dict.fromkeys(session.experiment for session in reversed(_store(ctx).sessions()))
        return _beginning(list(names), incomplete)


class _TagPair(click.ParamType[str]):
    """A ``KEY=VALUE``, as it was typed; completes to the keys that the newest runs have."""

    name = "pair"

    def shell_complete(self, ctx: click.Context, param: click.Parameter, incomplete: str) -> list[CompletionItem]:
        newest = _store(ctx).runs(RunFilter(limit=_MOST_COMPLETIONS))
        keys = dict.fromkeys(key for detail in newest for key in detail.tags)
        return _beginning([f"{key}=" for key in keys], incomplete)


class _ExpressionPair(click.ParamType[str]):
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


_WORD = _Word()
_RUN = _RunReference()
_SETTINGS = {"help_option_names": ["-h", "--help"], "max_content_width": 100, "terminal_width": 100}
_pass_notebook = click.make_pass_decorator(TrackedNotebook)
_run_option = click.option("--run", metavar="RUN", type=_RUN, help="The run; default: the current one.")
_tag_option = click.option(
    "--tag", "tags", multiple=True, metavar="KEY=VALUE", type=_TagPair(), help="A tag to begin with."
)


def _store(ctx: click.Context) -> Store:
    return ctx.ensure_object(TrackedNotebook).project.store


def _beginning(words: Sequence[str], incomplete: str) -> list[CompletionItem]:
    return [CompletionItem(word) for word in words if word.startswith(incomplete)]


def _texts(pairs: Sequence[str]) -> dict[str, str]:
    return {key: unquoted(text) for key, text in pairs_of(pairs).items()}


def _look() -> Look:
    return Look(command=LOOK_COMMAND)


def _show(shown: Shown) -> None:
    """Show something in the cell's output."""
    from IPython.display import display

    display(shown)  # type: ignore[no-untyped-call]  # IPython has no types here


@click.group(
    LOOK_COMMAND,
    cls=_Commands,
    invoke_without_command=True,
    context_settings=_SETTINGS,
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


# See what happened


@track.command(epilog="Example: %track runs --limit 20", context_settings=_SETTINGS)
@click.option("--experiment", metavar="NAME", type=_ExperimentName(), help="Of this experiment; default: this one's.")
@click.option("--everywhere", is_flag=True, help="Of every experiment in the store.")
@click.option(
    "--session",
    metavar="[ID]",
    type=_SessionReference(),
    is_flag=False,
    flag_value=_THIS_SESSION,
    help="Of this session alone, or of the one that ID names.",
)
@click.option("--limit", type=click.IntRange(min=1), metavar="N", help="At most N runs.")
@click.option("--all", "is_all", is_flag=True, help="All of them; without it the newest 50.")
@_pass_notebook
def runs(
    notebook: TrackedNotebook,
    experiment: str | None,
    everywhere: bool,
    session: str | None,
    limit: int | None,
    is_all: bool,
) -> None:
    """List runs. The newest come first, children beneath their parents."""
    from trackbook.display.runs import MOST_ROWS, show_runs

    if (is_all and limit) or (everywhere and experiment):
        raise InvalidValueError("Give one of --all and --limit, and one of --everywhere and --experiment.")
    wanted = None if everywhere else experiment or (None if session else notebook.experiment)
    where = RunFilter(experiment=wanted, session_id=_session_id(notebook, session))
    tree = list_runs(notebook.project.store, where, limit=None if is_all else limit or MOST_ROWS)
    _show(show_runs(tree, _look(), experiment=wanted))


def _session_id(notebook: TrackedNotebook, reference: str | None) -> str | None:
    if reference is None or reference == _THIS_SESSION:
        return None if reference is None else notebook.session_id
    return find_session(notebook.project.store, reference).session_id


@track.command(epilog="Example: %track show brave-otter", context_settings=_SETTINGS)
@click.argument("run", required=False, type=_RUN)
@click.option("--json", "as_json", is_flag=True, help="Print one JSON document.")
@_pass_notebook
def show(notebook: TrackedNotebook, run: str | None, as_json: bool) -> None:
    """Show one run whole; without RUN the current one."""
    from trackbook.display.payload import dumps, run_payload
    from trackbook.tracking.find import environments_of
    from trackbook.views import get_run

    detail = notebook.run(run)
    if as_json:
        found = environments_of(notebook.project.store, [detail])
        print(dumps(run_payload(detail, environment=found.get(detail.run.environment_id or ""))))
    else:
        _show(get_run(detail.run.run_id, project=notebook.project).show(_look()))


@track.command(epilog="Example: %track compare latest brave-otter", context_settings=_SETTINGS)
@click.argument("runs", nargs=-1, type=_RUN, metavar="[A B]...")
@click.option("--all", "is_all", is_flag=True, help="Also what is the same in all runs.")
@_pass_notebook
def compare(notebook: TrackedNotebook, runs: Sequence[str], is_all: bool) -> None:
    """Put runs side by side, by default this session's two newest.

    Shown is what differs: params, metrics, data, models, environment. A single run stands beside its children.
    """
    from trackbook.display.comparison import show_comparison
    from trackbook.tracking.compare import compare_runs

    compared = compare_runs(notebook.project.store, runs or notebook.newest_two())
    _show(show_comparison(compared, _look(), is_whole=is_all))


@track.command(epilog="Example: %track log --run latest --source", context_settings=_SETTINGS)
@click.option("--session", metavar="ID", type=_SessionReference(), help="Of another session; default: this one.")
@click.option("--run", metavar="RUN", type=_RUN, help="Only the cells that this run is made of.")
@click.option("--source", "is_source", is_flag=True, help="Whole cells, with the tracebacks of failed ones.")
@click.option("--all", "is_all", is_flag=True, help="All cells; without it the last 50.")
@_pass_notebook
def log(notebook: TrackedNotebook, session: str | None, run: str | None, is_all: bool, is_source: bool) -> None:
    """List the cells that ran, in their order."""
    from trackbook.display.log import MOST_ROWS, show_log, show_sources

    run_id = find_run(notebook.project.store, run).run.run_id if run else None
    session_id = _session_id(notebook, session or (None if run else _THIS_SESSION))
    executions = notebook.project.store.executions(session_id=session_id, run_id=run_id)
    if is_source:
        _show(show_sources(executions, _look()))
    else:
        _show(show_log(executions, _look(), limit=None if is_all else MOST_ROWS))


# Say more about a run


@track.command(epilog="Example: %track tag stage=final owner='ana b' --remove draft", context_settings=_SETTINGS)
@click.argument("tags", nargs=-1, metavar="[KEY=VALUE]...", type=_TagPair())
@click.option("--remove", "-r", multiple=True, metavar="KEY", type=_WORD, help="Take this tag away.")
@_run_option
@_pass_notebook
def tag(notebook: TrackedNotebook, tags: Sequence[str], remove: Sequence[str], run: str | None) -> None:
    """Put tags on a run. Without any, those that it has are listed."""
    from trackbook.tracking.annotate import check_key, remove_tags, set_tags

    pairs = {check_key(key): text for key, text in _texts(tags).items()}
    if pairs and not remove and run is None and notebook.is_in_recorded_cell:
        notebook.extension.recorder.log(tags=pairs)
        return
    detail = notebook.run(run)
    if remove:
        detail = remove_tags(notebook.project.store, detail.run.run_id, tuple(remove))
    if pairs:
        detail = set_tags(notebook.project.store, detail.run.run_id, pairs)
    listed = ", ".join(f"{key}={value}" for key, value in detail.tags.items())
    print(f"{detail.run.name}: {listed or 'no tags'}")


@track.command(epilog="Example: %track note the baseline that others must beat", context_settings=_SETTINGS)
@click.argument("text", nargs=-1, metavar="[TEXT]...")
@_run_option
@_pass_notebook
def note(notebook: TrackedNotebook, text: Sequence[str], run: str | None) -> None:
    """Put a note on a run, over the one that it has; '' takes it away. Without TEXT the note is printed."""
    from trackbook.tracking.annotate import set_note

    written = " ".join(text) if len(text) > 1 else "".join(map(unquoted, text))
    if written and run is None and notebook.is_in_recorded_cell:
        notebook.extension.recorder.log(note=written)
        return
    detail = notebook.run(run)
    if text:
        detail = set_note(notebook.project.store, detail.run.run_id, written)
    print(f"{detail.run.name}: {detail.run.note or 'no note'}")


_PYTHON = {**_SETTINGS, "ignore_unknown_options": True}  # -0.5 is a number


@track.command(epilog="Example: %track param threshold=0.5 window=7", context_settings=_PYTHON)
@click.argument("pairs", nargs=-1, required=True, metavar="KEY=VALUE...", type=_ExpressionPair())
@_pass_notebook
def param(notebook: TrackedNotebook, pairs: Sequence[str]) -> None:
    """Log inputs by hand. A run that has metrics takes no more: then they are of the next one.

    A VALUE is Python, with the names of the notebook; a word that is no name stands for itself.
    """
    from trackbook.tracking.explicit import checked_params

    values = notebook.values(pairs_of(pairs), takes_words=True)
    notebook.extension.recorder.log(params=checked_params(values))


@track.command(epilog="Example: %track metric rmse=np.sqrt(mse) --step 3", context_settings=_PYTHON)
@click.argument("pairs", nargs=-1, required=True, metavar="KEY=VALUE...", type=_ExpressionPair())
@click.option("--step", type=int, metavar="N", help="Where in a series it stands; default: next.")
@_pass_notebook
def metric(notebook: TrackedNotebook, pairs: Sequence[str], step: int | None) -> None:
    """Log numbers by hand, of the run that they flow from. A VALUE is Python, with the names of the notebook."""
    from trackbook.tracking.explicit import checked_metrics, checked_step

    expressions, at = pairs_of(pairs), checked_step(step)
    for key, number in checked_metrics(notebook.values(expressions)).items():
        expression = source_of(expressions[key])
        notebook.extension.recorder.log_metrics({key: number}, at, sys._getframe(), expression)


@track.command(epilog="Example: %track artifact roc.png --name plots/roc.png", context_settings=_SETTINGS)
@click.argument("path", type=_WORD)
@click.option("--name", metavar="NAME", type=_WORD, help="What it is called in the run; default: its file name.")
@_pass_notebook
def artifact(notebook: TrackedNotebook, path: str, name: str | None) -> None:
    """Keep a file with the run, by content."""
    from trackbook.tracking.explicit import artifact_content

    notebook.extension.recorder.log(artifact=artifact_content(path, name))


# Say yourself what a run is


@track.command(epilog="Example: %track start baseline --tag owner=ana", context_settings=_SETTINGS)
@click.argument("name", required=False, type=_WORD)
@_tag_option
@_pass_notebook
def start(notebook: TrackedNotebook, name: str | None, tags: Sequence[str]) -> None:
    """Start a run: what happens until %track stop belongs to it. One that was started so before ends."""
    started, before = notebook.start(name, _texts(tags))
    ended = f"Run {before.name} is finished. " if before is not None else ""
    print(f"{ended}Run {started.name} ({short_id(started.run_id)}) is started. End it with %track stop.")


@track.command(epilog="Example: %track stop --status failed", context_settings=_SETTINGS)
@click.option("--status", type=click.Choice(list(_ENDS)), default="finished", help="How it ended.", show_default=True)
@_pass_notebook
def stop(notebook: TrackedNotebook, status: str) -> None:
    """End the run that is started."""
    run = notebook.stop(_ENDS[status]).run
    print(f"Run {run.name} is {run.status.lower()}. See it with %track show {run.name}.")


@click.command("%%track", epilog="Example: %%track baseline --tag owner=ana", context_settings=_SETTINGS)
@click.argument("name", required=False, type=_WORD)
@_tag_option
def track_cell(name: str | None, tags: Sequence[str]) -> tuple[str | None, dict[str, str]]:
    """Run the cell as one run: it ends with the cell, FAILED if the cell raises. Without NAME it gets one."""
    return name, _texts(tags)


# Switch


@track.command(epilog="Example: %track off", context_settings=_SETTINGS)
@_pass_notebook
def off(notebook: TrackedNotebook) -> None:
    """Record nothing from here on."""
    notebook.extension.switch(False)
    print("Tracking is off. Switch it on again with %track on.")


@track.command(epilog="Example: %track on", context_settings=_SETTINGS)
@_pass_notebook
def on(notebook: TrackedNotebook) -> None:
    """Record again, from the next cell on."""
    notebook.extension.switch(True)
    print("Tracking is on from the next cell.")


def help_of(command: click.Command) -> str:
    """Return what ``-h`` prints of a command."""
    return command.get_help(click.Context(command, info_name=command.name, **_SETTINGS))  # type: ignore[arg-type]


def takes_python(command: click.Command | None) -> bool:
    """Return whether a command's words are Python: brackets and quotes keep them together then."""
    return command is not None and any(isinstance(param.type, _ExpressionPair) for param in command.params)


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
