"""Datasets by name: list them, look at one."""

from __future__ import annotations

import click
from click.shell_completion import CompletionItem

from trackbook.errors import InvalidValueError
from trackbook.magics.commands.base import SETTINGS, WORD, Word, look, pass_notebook, show_in_cell, store_of, track
from trackbook.magics.notebook import TrackedNotebook


class DatasetName(Word):
    """A dataset, or behind an @ one of its versions."""

    def shell_complete(self, ctx: click.Context, param: click.Parameter, incomplete: str) -> list[CompletionItem]:
        versions = store_of(ctx).versions()
        whole = "@" in incomplete
        words = dict.fromkeys(f"{each.name}@{each.version}" if whole else each.name for each in versions)
        return [CompletionItem(word) for word in words if word.startswith(incomplete)]


@track.command(epilog="Example: %track data customers@3; %track data df --name train", context_settings=SETTINGS)
@click.argument("name", required=False, type=DatasetName(), metavar="[NAME[@VERSION]|TABLE]")
@click.option("--name", "publish_as", metavar="NAME", type=WORD, help="Keep TABLE as the next version of this dataset.")
@click.option("--json", "as_json", is_flag=True, help="Print one JSON document.")
@pass_notebook
def data(notebook: TrackedNotebook, name: str | None, publish_as: str | None, as_json: bool) -> None:
    """List the datasets that were published and what the store holds, or show one with what its columns look like.

    With --name, a TABLE (Python, with the names of the notebook) is kept whatever its size, and used by the run that is
    current, if there is one.
    """
    if publish_as is not None:
        _publish(notebook, name, publish_as, as_json=as_json)
    elif name is None:
        _list(notebook, as_json=as_json)
    else:
        _show(notebook, name, as_json=as_json)


def _list(notebook: TrackedNotebook, *, as_json: bool) -> None:
    from trackbook.display.data import show_datasets
    from trackbook.display.data_payload import dataset_payload
    from trackbook.display.payload import dumps
    from trackbook.display.status import holdings_text
    from trackbook.tracking.datasets import list_datasets

    project = notebook.project
    found = list_datasets(project.store)
    if as_json:
        print(dumps([dataset_payload(each) for each in found]))
    else:
        keeping = notebook.extension.recorder.snapshots
        holdings = holdings_text(project.store.holdings(), keeping.limits.budget_bytes if keeping is not None else None)
        show_in_cell(show_datasets(found, look(), project.location, holdings=holdings))


def _show(notebook: TrackedNotebook, name: str, *, as_json: bool) -> None:
    from trackbook.data_view import dataset
    from trackbook.display.payload import dumps

    found = dataset(name, project=notebook.project)
    if as_json:
        print(dumps(found.to_dict()))
    else:
        show_in_cell(found.show(look()))


def _publish(notebook: TrackedNotebook, expression: str | None, name: str, *, as_json: bool) -> None:
    from trackbook.data_view import publish
    from trackbook.display.payload import dumps

    if expression is None:
        raise InvalidValueError(f"Say which table is to be '{name}': %track data df --name {name}")
    table = notebook.values({name: expression})[name]
    published = publish(table, name)
    notebook.extension.recorder.by_hand.log_table(table, expression, published.snapshot_id)
    if as_json:
        print(dumps(published.to_dict()))
    else:
        show_in_cell(published.show(look()))
