"""The list of runs as something to click on, inside of a cell; and how widgets are shown by ``%track``."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

import click

from trackbook.magics.commands.base import QUERY, SETTINGS, ExperimentName, pass_notebook, track
from trackbook.magics.line import unquoted
from trackbook.magics.notebook import TrackedNotebook

if TYPE_CHECKING:
    from trackbook.widgets.page import Page


@track.command(
    epilog="Example: %track panel metrics.accuracy > 0.9",
    context_settings=SETTINGS | {"ignore_unknown_options": True},  # the -0.5 in a query is none
)
@click.argument("query", nargs=-1, type=QUERY)
@click.option("--experiment", metavar="NAME", type=ExperimentName(), help="Of this experiment; default: this one's.")
@click.option("--everywhere", is_flag=True, help="Of every experiment in the store.")
@pass_notebook
def panel(notebook: TrackedNotebook, query: Sequence[str], experiment: str | None, everywhere: bool) -> None:
    """Show runs as a table to click on. Search it, tick two or more runs and compare them.

    QUERY says which, as for %track runs. It needs ipywidgets; without them the table is shown as it stands.
    """
    from trackbook.errors import InvalidValueError
    from trackbook.widgets import RunsTable

    if everywhere and experiment:
        raise InvalidValueError("Give one of --everywhere and --experiment.")
    wanted = "" if everywhere else experiment
    show_widget(RunsTable(unquoted(" ".join(query)), experiment=wanted, project=notebook.project))


def can_show_widgets(notebook: TrackedNotebook) -> bool:
    """Return whether somebody could click on a widget: there is a front end, and ipywidgets."""
    from trackbook.widgets.page import has_widgets

    has_front_end = getattr(notebook.shell, "kernel", None) is not None
    return has_front_end and notebook.extension.recorder.is_attended() and has_widgets()


def show_widget(widget: Page) -> None:
    """Show a widget in the cell's output."""
    from IPython.display import display

    display(widget)  # type: ignore[no-untyped-call]  # IPython has no types here
