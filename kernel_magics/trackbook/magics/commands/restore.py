"""Make again: bring back what a run had into the notebook."""

from __future__ import annotations

import sys
from collections.abc import Sequence

import click

from trackbook.magics.commands.base import RUN, SETTINGS, WORD, look, pass_notebook, show_in_cell, track
from trackbook.magics.notebook import TrackedNotebook


@track.command(epilog="Example: %track restore latest X_train model", context_settings=SETTINGS)
@click.argument("run", type=RUN)
@click.argument("names", nargs=-1, type=WORD, metavar="[NAMES]...")
@click.option("--force", is_flag=True, help="Put it also over what has these names here.")
@click.option(
    "--trust", "trusted", multiple=True, metavar="TYPES", type=WORD, help="Types that models may hold, comma between."
)
@click.option("--json", "as_json", is_flag=True, help="Print one JSON document.")
@pass_notebook
def restore(
    notebook: TrackedNotebook, run: str, names: Sequence[str], force: bool, trusted: Sequence[str], as_json: bool
) -> None:
    """Bring back a run's tables, models and params under the names that they had.

    Nothing is put over a name that is taken: then nothing comes back at all. Models come back by skops, which runs no
    code of theirs; a type that it doesn't trust is named, and loaded with --trust.
    """
    from trackbook.display.payload import dumps
    from trackbook.restoration_view import restore_at

    found = restore_at(
        sys._getframe(),
        run,
        names or None,
        into=notebook.shell.user_ns,
        force=force,
        trust=[each.strip() for types in trusted for each in types.split(",") if each.strip()],
    )
    if as_json:
        print(dumps(found.to_dict()))
    else:
        show_in_cell(found.show(look()))
