"""Which cells to run again: what they read is not what the notebook makes any more."""

from __future__ import annotations

import click

from trackbook.magics.commands.base import SETTINGS, look, pass_notebook, show_in_cell, track
from trackbook.magics.notebook import TrackedNotebook


@track.command(epilog="Example: %track stale", context_settings=SETTINGS)
@click.option("--json", "as_json", is_flag=True, help="Print one JSON document.")
@pass_notebook
def stale(notebook: TrackedNotebook, as_json: bool) -> None:
    """List the cells to run again. They read values that the notebook no longer makes, in the order to run them.

    A value counts when its cell was edited, deleted or run again since, or stands further down. Save the notebook
    first: the order of its cells and what was edited but not run are known from its file.
    """
    from trackbook.display.payload import dumps
    from trackbook.display.stale import show_stale, stale_payload

    executions = notebook.project.store.executions(session_id=notebook.session_id)
    report = notebook.extension.recorder.hidden_state.report(executions)
    if as_json:
        print(dumps(stale_payload(report)))
    else:
        show_in_cell(show_stale(report, look()))
