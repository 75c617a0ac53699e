"""Quality checks: a table of the notebook, or a dataset, by a schema of pandera."""

from __future__ import annotations

import re
from difflib import get_close_matches

import click
from click.shell_completion import CompletionItem

from trackbook.errors import NotFoundError
from trackbook.magics.commands.base import (
    RUN,
    SETTINGS,
    WORD,
    ExpressionPair,
    look,
    pass_notebook,
    show_in_cell,
    store_of,
    track,
)
from trackbook.magics.notebook import TrackedNotebook

_VERSION = re.compile(r"\S+@(?:\d+|latest)")


class TableWord(ExpressionPair):
    """A table of the notebook as Python says it, or a dataset."""

    def shell_complete(self, ctx: click.Context, param: click.Parameter, incomplete: str) -> list[CompletionItem]:
        from trackbook.capture.tables import is_table

        notebook = ctx.ensure_object(TrackedNotebook)
        names = [name for name in notebook.public_names() if is_table(notebook.shell.user_ns.get(name))]
        words = dict.fromkeys([*names, *(each.name for each in store_of(ctx).versions())])
        return [CompletionItem(word) for word in words if word.startswith(incomplete)]


@track.command(epilog="Example: %track check customers schema.py:Customers", context_settings=SETTINGS)
@click.argument("table", type=TableWord())
@click.argument("schema", type=WORD)
@click.option("--name", metavar="NAME", type=WORD, help="What the check is called; default: as the schema.")
@click.option("--strict", is_flag=True, help="A failure stops the cell; where papermill executes it, it always does.")
@pass_notebook
def check(notebook: TrackedNotebook, table: str, schema: str, name: str | None, strict: bool) -> None:
    """Check a table by a schema of pandera, and keep what was found with the run.

    TABLE is Python, or a dataset (customers@3). SCHEMA is a schema of this notebook, or where one is
    (schema.py:Customers, schema.yaml). A start: trackbook.infer_schema(table, 'schema.py').
    """
    from trackbook.check_view import check_table
    from trackbook.tracking.making import is_unattended

    names = notebook.shell.user_ns
    rules = names[schema] if schema.isidentifier() and schema in names else schema
    found = check_table(_table(notebook, table), rules, table, name=name)
    show_in_cell(found.show(look()))
    if strict or is_unattended():
        found.raise_if_failed()


def _table(notebook: TrackedNotebook, text: str) -> object:
    """Return the table that an expression gives, or the name of the dataset that is meant."""
    is_known = text in notebook.shell.user_ns or text in (notebook.local_names or ())
    if _VERSION.fullmatch(text) or (not is_known and notebook.project.store.versions(text)):
        return text
    if text.isidentifier() and not is_known:
        close = get_close_matches(text, notebook.public_names(), n=1)
        hint = f" Did you mean '{close[0]}'?" if close else ""
        raise NotFoundError(f"There is neither a table nor a dataset '{text}'.{hint} See %track data.")
    return notebook.values({"table": text})["table"]


@track.command(epilog="Example: %track checks brave-otter", context_settings=SETTINGS)
@click.argument("run", required=False, type=RUN)
@pass_notebook
def checks(notebook: TrackedNotebook, run: str | None) -> None:
    """List the quality checks of this session, or those of a RUN and of the tables that it used."""
    from trackbook.display.checks import show_checks
    from trackbook.tracking.checked_lineage import checks_of

    store = notebook.project.store
    if run is not None:
        found = checks_of(store, notebook.run(run))
    else:
        found = [each for each in store.checks() if each.session_id == notebook.session_id]
    show_in_cell(show_checks(found, look()))
