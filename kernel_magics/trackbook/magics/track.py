"""``%track`` and ``%%track``: parse a line, call one thing, show the result."""

from __future__ import annotations

import ast
import shlex
from collections.abc import Iterable, Mapping, Sequence
from typing import TYPE_CHECKING, Any

import click

from trackbook.display.shown import Look, Shown
from trackbook.errors import InvalidValueError, NoRunError
from trackbook.magics.cell import run_body
from trackbook.project import Project
from trackbook.records import RunDetail, RunStatus
from trackbook.store.contract import RunFilter
from trackbook.tracking.explicit import artifact_content, checked_metrics, checked_params
from trackbook.tracking.find import find_run, find_session, list_runs
from trackbook.tracking.log import ActiveRun, start_run

if TYPE_CHECKING:
    from trackbook.magics.extension import Extension

MAGIC = "track"
_LOOK_COMMAND = f"%{MAGIC}"
_MOST_RUNS = 50


class TrackMagic:
    """The magic of one shell. Called with a line, and with a cell's body when it is written ``%%track``."""

    __name__ = MAGIC

    def __init__(self, shell: Any, extension: Extension) -> None:
        self.shell = shell
        self.extension = extension
        self.started: ActiveRun | None = None

    def __call__(self, line: str, cell: str | None = None) -> object:
        """Say what is tracked, or do what a subcommand says; ``%track -h`` lists them."""
        if cell is None:
            invoke(self, line)
            return None
        name = line.strip() or None
        with start_run(name):
            return run_body(self.shell, cell)

    @property
    def project(self) -> Project:
        """The project of the notebook's session."""
        return Project(self.extension.keeper.store)

    @property
    def session_id(self) -> str:
        """The id of the notebook's session."""
        return self.extension.keeper.session.session_id

    def run(self, reference: str | None) -> RunDetail:
        """Return a run: the one that is named, else the one that is started or current."""
        if reference is not None:
            return find_run(self.project.store, reference)
        recorder = self.extension.recorder
        started, current = recorder.explicit.innermost, recorder.attempts.current
        run = started.run if started is not None else current.run if current is not None else None
        if run is None:
            raise NoRunError(
                "There is no run in this notebook yet. Fit a model, or list others with %track runs --all."
            )
        return find_run(self.project.store, run.run_id)

    def values(self, pairs: Sequence[str]) -> dict[str, object]:
        """Return ``key=expression`` pairs (or one ``key expression``) with the expressions' values in the notebook."""
        return {key: self._value(text) for key, text in split_pairs(pairs).items()}

    def _value(self, text: str) -> object:
        try:
            return ast.literal_eval(text)
        except (ValueError, SyntaxError):
            pass
        try:
            return eval(
                compile(text, "<track>", "eval"), self.shell.user_ns
            )  # as %timeit does: it is the person's code
        except (NameError, SyntaxError):
            return text


def split_pairs(pairs: Sequence[str]) -> dict[str, str]:
    """Return ``key=text`` pairs as a mapping; two words without a sign are one pair.

    Raises
    ------
    InvalidValueError
        If a word is no pair.
    """
    if len(pairs) == 2 and not any("=" in pair for pair in pairs):
        return {pairs[0]: pairs[1]}
    found = {}
    for pair in pairs:
        key, sign, text = pair.partition("=")
        if not sign or not key.strip() or not text.strip():
            raise InvalidValueError(f"'{pair}' is no pair. Write KEY=VALUE, for instance rmse=0.25.")
        found[key.strip()] = text.strip()
    return found


def invoke(magic: TrackMagic, line: str) -> None:
    """Run one line of the magic."""
    try:
        words = shlex.split(line)
    except ValueError as error:
        raise InvalidValueError(f"The line can't be read ({error}). Close the quotes.") from None
    try:
        track.main(words, prog_name=_LOOK_COMMAND, standalone_mode=False, obj=magic)
    except click.ClickException as error:
        raise InvalidValueError(f"{error.format_message()} See {_LOOK_COMMAND} -h.") from None
    except click.Abort:
        raise KeyboardInterrupt from None


def show(shown: Shown) -> None:
    """Show something in the cell's output."""
    from IPython.display import display

    display(shown)  # type: ignore[no-untyped-call]  # IPython has no types here


def say(sentence: str) -> None:
    """Print one line."""
    print(sentence)


def _look() -> Look:
    return Look(command=_LOOK_COMMAND)


def _complete_runs(ctx: click.Context, _: click.Parameter, incomplete: str) -> list[str]:
    magic = ctx.find_object(TrackMagic)
    if magic is None:
        return []
    names = [detail.run.name for detail in magic.project.store.runs(RunFilter(limit=_MOST_RUNS))]
    return [name for name in ["latest", *names] if name.startswith(incomplete)]


_pass_magic = click.make_pass_decorator(TrackMagic)
_run_argument = click.argument("run", required=False, shell_complete=_complete_runs)
_run_option = click.option(
    "--run", "-r", metavar="RUN", shell_complete=_complete_runs, help="The run; default: the current one."
)


@click.group(
    invoke_without_command=True,
    context_settings={"help_option_names": ["-h", "--help"], "max_content_width": 100},
    epilog="Example: %track compare latest brave-otter",
)
@click.option("--faults", is_flag=True, help="Print what Trackbook itself failed at in this session.")
@click.pass_context
def track(ctx: click.Context, faults: bool) -> None:
    """What this notebook did, recorded by itself. Without a command: what is tracked and where."""
    magic = ctx.find_object(TrackMagic)
    if magic is None or ctx.invoked_subcommand is not None:
        return
    if faults:
        say("\n".join(magic.extension.guard.faults) or "Trackbook failed at nothing in this session.")
        return
    say(_state(magic))


def _state(magic: TrackMagic) -> str:
    extension = magic.extension
    keeper, recorder = extension.keeper, extension.recorder
    lines = [
        f"Tracking is {'on' if extension.is_on else 'off (switch it on: %track on)'}"
        f" · experiment {keeper.session.experiment} · {recorder.execution_count} cells recorded",
        f"Store: {keeper.store.location}" + (" (can't be written now)" if keeper.is_failing else ""),
    ]
    count = magic.project.store.count_runs(RunFilter(session_id=magic.session_id))
    started = recorder.explicit.innermost
    if started is not None:
        lines.append(f"Run {started.run.name} is started: what happens belongs to it until %track stop")
    elif recorder.attempts.current is not None:
        lines.append(f"Runs of this session: {count}; the current one is {recorder.attempts.current.run.name}")
    else:
        lines.append("No run yet: fit a model or compute a metric")
    if extension.guard.count:
        lines.append(f"{extension.guard.count} things could not be recorded: %track --faults")
    return "\n".join([*lines, "Next: %track runs · %track show · %track compare A B · %track -h"])


@track.command(epilog="Example: %track on")
@_pass_magic
def on(magic: TrackMagic) -> None:
    """Record cells, from the next one on."""
    magic.extension.switch(True)
    say("Tracking is on.")


@track.command(epilog="Example: %track off")
@_pass_magic
def off(magic: TrackMagic) -> None:
    """Don't record cells, from the next one on."""
    magic.extension.switch(False)
    say("Tracking is off. Switch it on again with %track on.")


@track.command(epilog="Example: %track start baseline --tag owner=ana")
@click.argument("name", required=False)
@click.option("--tag", "tags", multiple=True, metavar="KEY=VALUE", help="A tag to begin with.")
@_pass_magic
def start(magic: TrackMagic, name: str | None, tags: Sequence[str]) -> None:
    """Start a run: what happens until %track stop belongs to it. One that was started here before ends."""
    if magic.started is not None:
        magic.started.stop()
    magic.started = start_run(name, tags=split_pairs(tags))
    say(f"Run {magic.started.name} ({magic.started.run_id[:8]}) is started. End it with %track stop.")


@track.command(epilog="Example: %track stop --status failed")
@click.option("--status", type=click.Choice(["finished", "failed", "killed"]), default="finished", help="How it ended.")
@_pass_magic
def stop(magic: TrackMagic, status: str) -> None:
    """End the run that was started with %track start."""
    if magic.started is None or magic.started.status is not RunStatus.RUNNING:
        raise NoRunError("No run is started here. Start one with %track start NAME.")
    magic.started.stop(status.upper())
    say(f"Run {magic.started.name} is {magic.started.status.lower()}. See it with %track show {magic.started.name}.")
    magic.started = None


@track.command(epilog="Example: %track tag stage=final --run brave-otter")
@click.argument("tags", nargs=-1, required=True, metavar="KEY=VALUE...")
@_run_option
@_pass_magic
def tag(magic: TrackMagic, tags: Sequence[str], run: str | None) -> None:
    """Put tags on a run."""
    from trackbook.tracking.annotate import set_tags

    if run is None and magic.extension.recorder.is_in_cell:
        pairs: Mapping[str, str | None] = dict(split_pairs(tags))
        magic.extension.recorder.log(tags=pairs)
        return
    set_tags(magic.project.store, magic.run(run).run.run_id, split_pairs(tags))


@track.command(epilog="Example: %track note 'the baseline that others must beat'")
@click.argument("text", nargs=-1, required=True)
@_run_option
@_pass_magic
def note(magic: TrackMagic, text: Sequence[str], run: str | None) -> None:
    """Put a note on a run; it replaces the one that is there."""
    from trackbook.tracking.annotate import set_note

    if run is None and magic.extension.recorder.is_in_cell:
        magic.extension.recorder.log(note=" ".join(text))
        return
    set_note(magic.project.store, magic.run(run).run.run_id, " ".join(text))


@track.command(epilog="Example: %track param threshold=0.5 window=7")
@click.argument("pairs", nargs=-1, required=True, metavar="KEY=VALUE...")
@_pass_magic
def param(magic: TrackMagic, pairs: Sequence[str]) -> None:
    """Log inputs by hand. A run that has metrics takes no more: then they are of the next one."""
    magic.extension.recorder.log(params=checked_params(magic.values(pairs)))


@track.command(epilog="Example: %track metric rmse=np.sqrt(mse) --step 3")
@click.argument("pairs", nargs=-1, required=True, metavar="KEY=VALUE...")
@click.option("--step", type=int, metavar="N", help="Where in a series it stands; default: next.")
@_pass_magic
def metric(magic: TrackMagic, pairs: Sequence[str], step: int | None) -> None:
    """Log numbers by hand, of the run that they flow from."""
    import sys

    for key, text in split_pairs(pairs).items():
        number = checked_metrics(magic.values([f"{key}={text}"]))
        magic.extension.recorder.log_metrics(number, step, sys._getframe(), _expression(text))


def _expression(text: str) -> str | None:
    try:
        ast.parse(text, mode="eval")
    except SyntaxError:
        return None
    return text


@track.command(epilog="Example: %track artifact roc.png --name plots/roc.png")
@click.argument("path")
@click.option("--name", metavar="NAME", help="What it is called in the run; default: its file name.")
@_pass_magic
def artifact(magic: TrackMagic, path: str, name: str | None) -> None:
    """Keep a file with the run, by content."""
    magic.extension.recorder.log(artifact=artifact_content(path, name))


@track.command(epilog="Example: %track runs --limit 20")
@click.option("--all", "is_all", is_flag=True, help="Runs of every experiment in the store.")
@click.option("--experiment", metavar="NAME", help="Runs of this experiment; default: the notebook's.")
@click.option("--session", "is_session", is_flag=True, help="Only runs of this session.")
@click.option("--limit", type=click.IntRange(min=1), default=_MOST_RUNS, metavar="N", help="At most N runs.")
@_pass_magic
def runs(magic: TrackMagic, is_all: bool, experiment: str | None, is_session: bool, limit: int) -> None:
    """List runs. The newest come first, children beneath their parents."""
    from trackbook.display.runs import show_runs

    wanted = None if is_all else experiment or magic.extension.keeper.session.experiment
    where = RunFilter(experiment=wanted, session_id=magic.session_id if is_session else None)
    show(show_runs(list_runs(magic.project.store, where, limit=limit), _look(), experiment=wanted))


@track.command("show", epilog="Example: %track show brave-otter")
@_run_argument
@_pass_magic
def show_one(magic: TrackMagic, run: str | None) -> None:
    """Show one run whole; without RUN the current one."""
    from trackbook.views import get_run

    show(get_run(magic.run(run).run.run_id, project=magic.project).show(_look()))


@track.command(epilog="Example: %track log --source")
@click.option("--session", metavar="ID", help="Another session, such as 'latest'; default: this one.")
@click.option("--run", metavar="RUN", shell_complete=_complete_runs, help="Only the cells that this run is made of.")
@click.option("--all", "is_all", is_flag=True, help="All cells; without it the last 50.")
@click.option("--source", "is_source", is_flag=True, help="Whole cells.")
@_pass_magic
def log(magic: TrackMagic, session: str | None, run: str | None, is_all: bool, is_source: bool) -> None:
    """List the cells that ran, in their order."""
    from trackbook.display.log import MOST_ROWS, show_log, show_sources

    store = magic.project.store
    session_id = find_session(store, session).session_id if session else None if run else magic.session_id
    executions = store.executions(session_id=session_id, run_id=magic.run(run).run.run_id if run else None)
    if is_source:
        show(show_sources(executions, _look()))
    else:
        show(show_log(executions, _look(), limit=None if is_all else MOST_ROWS))


@track.command(epilog="Example: %track compare latest brave-otter")
@click.argument("runs", nargs=-1, required=True, shell_complete=_complete_runs)
@click.option("--all", "is_all", is_flag=True, help="Also what is the same in all runs.")
@_pass_magic
def compare(magic: TrackMagic, runs: Sequence[str], is_all: bool) -> None:
    """Put runs side by side: params, metrics, data, environment. Shown is what differs."""
    from trackbook.display.comparison import show_comparison
    from trackbook.tracking.compare import compare_runs

    show(show_comparison(compare_runs(magic.project.store, runs), _look(), is_whole=is_all))


# The shell


def register(shell: Any, extension: Extension) -> None:
    """Make the magic known to a shell, with Tab completion."""
    magic = TrackMagic(shell, extension)
    shell.register_magic_function(magic, "line_cell", MAGIC)
    shell.set_hook("complete_command", lambda _, event: complete(magic, event.line), str_key=f"%{MAGIC}")


def unregister(shell: Any) -> None:
    """Take the magic away again."""
    for kind in ("line", "cell"):
        shell.magics_manager.magics[kind].pop(MAGIC, None)
    shell.strdispatchers["complete_command"].strs.pop(f"%{MAGIC}", None)


def complete(magic: TrackMagic, line: str) -> list[str]:
    """Return what the last word of a line can become: subcommands, options, runs."""
    words = line.split()[1:]
    incomplete = "" if not words or line.endswith(" ") else words.pop()
    context = click.Context(track, info_name=_LOOK_COMMAND, obj=magic, resilient_parsing=True)
    command: click.Command = track
    for place, word in enumerate(words):
        if word in track.commands:
            command = track.commands[word]
            context = command.make_context(word, list(words[place + 1 :]), parent=context, resilient_parsing=True)
            break
    return sorted({*_options(command, incomplete), *_arguments(command, context, incomplete)})


def _options(command: click.Command, incomplete: str) -> Iterable[str]:
    if not incomplete.startswith("-"):
        return ()
    names = [name for param in command.params for name in param.opts if name.startswith("--")]
    return [name for name in [*names, "--help"] if name.startswith(incomplete)]


def _arguments(command: click.Command, context: click.Context, incomplete: str) -> Iterable[str]:
    if isinstance(command, click.Group):
        return [name for name in command.commands if name.startswith(incomplete)]
    arguments = [param for param in command.params if isinstance(param, click.Argument)]
    return [item.value for param in arguments for item in param.shell_complete(context, incomplete)]
