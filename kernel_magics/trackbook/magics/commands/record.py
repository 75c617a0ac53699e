"""Say more about a run, say what a run is, switch tracking."""

from __future__ import annotations

import sys
from collections.abc import Sequence

import click

from trackbook.magics.commands.base import (
    SETTINGS,
    WORD,
    ExpressionPair,
    TagPair,
    pass_notebook,
    run_option,
    tag_option,
    texts_of,
    track,
)
from trackbook.magics.expressions import source_of
from trackbook.magics.line import pairs_of, unquoted
from trackbook.magics.notebook import TrackedNotebook
from trackbook.records import RunStatus
from trackbook.tracking.find import short_id

_ENDS = {status.value.lower(): status for status in RunStatus if status is not RunStatus.RUNNING}
_PYTHON = {**SETTINGS, "ignore_unknown_options": True}  # -0.5 is a number


@track.command(epilog="Example: %track tag stage=final owner='ana b' --remove draft", context_settings=SETTINGS)
@click.argument("tags", nargs=-1, metavar="[KEY=VALUE]...", type=TagPair())
@click.option("--remove", "-r", multiple=True, metavar="KEY", type=WORD, help="Take this tag away.")
@run_option
@pass_notebook
def tag(notebook: TrackedNotebook, tags: Sequence[str], remove: Sequence[str], run: str | None) -> None:
    """Put tags on a run. Without any, those that it has are listed."""
    from trackbook.tracking.annotate import check_key, remove_tags, set_tags

    pairs = {check_key(key): text for key, text in texts_of(tags).items()}
    if pairs and not remove and run is None and notebook.is_in_recorded_cell:
        notebook.extension.recorder.by_hand.log(tags=pairs)
        return
    detail = notebook.run(run)
    if remove:
        detail = remove_tags(notebook.project.store, detail.run.run_id, tuple(remove))
    if pairs:
        detail = set_tags(notebook.project.store, detail.run.run_id, pairs)
    listed = ", ".join(f"{key}={value}" for key, value in detail.tags.items())
    print(f"{detail.run.name}: {listed or 'no tags'}")


@track.command(epilog="Example: %track note the baseline that others must beat", context_settings=SETTINGS)
@click.argument("text", nargs=-1, metavar="[TEXT]...")
@run_option
@pass_notebook
def note(notebook: TrackedNotebook, text: Sequence[str], run: str | None) -> None:
    """Put a note on a run, over the one that it has; '' takes it away. Without TEXT the note is printed."""
    from trackbook.tracking.annotate import set_note

    written = " ".join(text) if len(text) > 1 else "".join(map(unquoted, text))
    if written and run is None and notebook.is_in_recorded_cell:
        notebook.extension.recorder.by_hand.log(note=written)
        return
    detail = notebook.run(run)
    if text:
        detail = set_note(notebook.project.store, detail.run.run_id, written)
    print(f"{detail.run.name}: {detail.run.note or 'no note'}")


@track.command(epilog="Example: %track param threshold=0.5 window=7", context_settings=_PYTHON)
@click.argument("pairs", nargs=-1, required=True, metavar="KEY=VALUE...", type=ExpressionPair())
@pass_notebook
def param(notebook: TrackedNotebook, pairs: Sequence[str]) -> None:
    """Log inputs by hand. A run that has metrics takes no more: then they are of the next one.

    A VALUE is Python, with the names of the notebook; a word that is no name stands for itself.
    """
    from trackbook.tracking.logged_values import checked_params

    values = notebook.values(pairs_of(pairs), takes_words=True)
    notebook.extension.recorder.by_hand.log(params=checked_params(values))


@track.command(epilog="Example: %track metric rmse=np.sqrt(mse) --step 3", context_settings=_PYTHON)
@click.argument("pairs", nargs=-1, required=True, metavar="KEY=VALUE...", type=ExpressionPair())
@click.option("--step", type=int, metavar="N", help="Where in a series it stands; default: next.")
@pass_notebook
def metric(notebook: TrackedNotebook, pairs: Sequence[str], step: int | None) -> None:
    """Log numbers by hand, of the run that they flow from. A VALUE is Python, with the names of the notebook."""
    from trackbook.tracking.logged_values import checked_metrics, checked_step

    expressions, at = pairs_of(pairs), checked_step(step)
    for key, number in checked_metrics(notebook.values(expressions)).items():
        expression = source_of(expressions[key])
        notebook.extension.recorder.by_hand.log_metrics({key: number}, at, sys._getframe(), expression)


@track.command(epilog="Example: %track artifact roc.png --name plots/roc.png", context_settings=SETTINGS)
@click.argument("path", type=WORD)
@click.option("--name", metavar="NAME", type=WORD, help="What it is called in the run; default: its file name.")
@pass_notebook
def artifact(notebook: TrackedNotebook, path: str, name: str | None) -> None:
    """Keep a file with the run, by content."""
    from trackbook.tracking.logged_values import artifact_content

    notebook.extension.recorder.by_hand.log(artifact=artifact_content(path, name))


# Say yourself what a run is


@track.command(epilog="Example: %track start baseline --tag owner=ana", context_settings=SETTINGS)
@click.argument("name", required=False, type=WORD)
@tag_option
@pass_notebook
def start(notebook: TrackedNotebook, name: str | None, tags: Sequence[str]) -> None:
    """Start a run: what happens until %track stop belongs to it. One that was started so before ends."""
    started, before = notebook.start(name, texts_of(tags))
    ended = f"Run {before.name} is finished. " if before is not None else ""
    print(f"{ended}Run {started.name} ({short_id(started.run_id)}) is started. End it with %track stop.")


@track.command(epilog="Example: %track stop --status failed", context_settings=SETTINGS)
@click.option("--status", type=click.Choice(list(_ENDS)), default="finished", help="How it ended.", show_default=True)
@pass_notebook
def stop(notebook: TrackedNotebook, status: str) -> None:
    """End the run that is started."""
    run = notebook.stop(_ENDS[status]).run
    print(f"Run {run.name} is {run.status.lower()}. See it with %track show {run.name}.")


@click.command("%%track", epilog="Example: %%track baseline --tag owner=ana", context_settings=SETTINGS)
@click.argument("name", required=False, type=WORD)
@tag_option
def track_cell(name: str | None, tags: Sequence[str]) -> tuple[str | None, dict[str, str]]:
    """Run the cell as one run: it ends with the cell, FAILED if the cell raises. Without NAME it gets one."""
    return name, texts_of(tags)


# Switch


@track.command(epilog="Example: %track off", context_settings=SETTINGS)
@pass_notebook
def off(notebook: TrackedNotebook) -> None:
    """Record nothing from here on."""
    notebook.extension.switch(False)
    print("Tracking is off. Switch it on again with %track on.")


@track.command(epilog="Example: %track on", context_settings=SETTINGS)
@pass_notebook
def on(notebook: TrackedNotebook) -> None:
    """Record again, from the next cell on."""
    notebook.extension.switch(True)
    print("Tracking is on from the next cell.")
