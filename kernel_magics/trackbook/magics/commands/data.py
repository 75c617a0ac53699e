"""Datasets by name: list them, look at one."""

from __future__ import annotations

import click
from click.shell_completion import CompletionItem

from trackbook.magics.commands.base import SETTINGS, Word, look, pass_notebook, show_in_cell, store_of, track
from trackbook.magics.notebook import TrackedNotebook


class DatasetName(Word):
    """A dataset, or behind an @ one of its versions."""

    def shell_complete(self, ctx: click.Context, param: click.Parameter, incomplete: str) -> list[CompletionItem]:
        versions = store_of(ctx).versions()
        whole = "@" in incomplete
        words = dict.fromkeys(f"{each.name}@{each.version}" if whole else each.name for each in versions)
        return [CompletionItem(word) for word in words if word.startswith(incomplete)]


@track.command(epilog="Example: %track data customers@3", context_settings=SETTINGS)
@click.argument("name", required=False, type=DatasetName(), metavar="[NAME[@VERSION]]")
@click.option("--json", "as_json", is_flag=True, help="Print one JSON document.")
@pass_notebook
def data(notebook: TrackedNotebook, name: str | None, as_json: bool) -> None:
    """List the datasets that were published, or show one with what its columns look like."""
    if name is None:
        _list(notebook, as_json=as_json)
    else:
        _show(notebook, name, as_json=as_json)


def _list(notebook: TrackedNotebook, *, as_json: bool) -> None:
    from trackbook.display.data import show_datasets
    from trackbook.display.data_payload import dataset_payload
    from trackbook.display.payload import dumps
    from trackbook.tracking.datasets import list_datasets

    project = notebook.project
    found = list_datasets(project.store)
    if as_json:
        print(dumps([dataset_payload(each) for each in found]))
    else:
        show_in_cell(show_datasets(found, look(), project.location))


def _show(notebook: TrackedNotebook, name: str, *, as_json: bool) -> None:
    from trackbook.data_view import dataset
    from trackbook.display.payload import dumps

    found = dataset(name, project=notebook.project)
    if as_json:
        print(dumps(found.to_dict()))
    else:
        show_in_cell(found.show(look()))
