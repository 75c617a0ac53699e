"""What a person says about a run: tags and notes."""

from __future__ import annotations

from collections.abc import Sequence

import click

from trackbook.cli.base import cli, project_of, run_argument, store_option
from trackbook.errors import InvalidValueError


@cli.command(epilog="Example: trackbook tag brave-otter owner=ana stage=final --remove draft")
@run_argument
@click.argument("tags", nargs=-1, metavar="[KEY=VALUE]...")
@store_option
@click.option("--remove", "-r", multiple=True, metavar="KEY", help="Take this tag away, e.g. --remove draft.")
@click.pass_context
def tag(ctx: click.Context, run: str, tags: Sequence[str], remove: Sequence[str]) -> None:
    """Put tags on a run. Without any, those that RUN has are listed."""
    from trackbook.tracking.annotate import remove_tags, set_tags
    from trackbook.tracking.find import find_run

    store = project_of(ctx).store
    pairs = dict(_pair(each) for each in tags)
    detail = find_run(store, run)
    if remove:
        detail = remove_tags(store, detail.run.run_id, tuple(remove))
    if pairs:
        detail = set_tags(store, detail.run.run_id, pairs)
    listed = ", ".join(f"{key}={value}" for key, value in detail.tags.items())
    click.echo(f"{detail.run.name}: {listed or 'no tags'}")


def _pair(text: str) -> tuple[str, str]:
    key, equals, value = text.partition("=")
    if not equals:
        raise InvalidValueError(f"'{text}' is no tag. Write KEY=VALUE; 'KEY=' for one without a value.")
    return key, value


@cli.command(epilog="Example: trackbook note brave-otter 'The baseline that others must beat'")
@run_argument
@click.argument("text")
@store_option
@click.pass_context
def note(ctx: click.Context, run: str, text: str) -> None:
    """Put a note on a run. TEXT replaces the note that RUN has; an empty one takes it away."""
    from trackbook.tracking.annotate import set_note
    from trackbook.tracking.find import find_run

    store = project_of(ctx).store
    detail = set_note(store, find_run(store, run).run.run_id, text)
    click.echo(f"{detail.run.name}: {detail.run.note or 'no note'}")
