"""Taking runs out of the store: as one JSON document, as CSV, as a folder that MLflow reads."""

from __future__ import annotations

import sys
from collections import Counter
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, TextIO

import click

from trackbook.cli.base import QueryWord, cli, project_of, store_option
from trackbook.errors import InvalidValueError

if TYPE_CHECKING:
    from trackbook.records import JsonValue
    from trackbook.store.contract import RunFilter, Store

_FORMATS = ("json", "csv", "mlflow")


@cli.command(
    epilog="Example: trackbook export 'metrics.accuracy > 0.9' --format csv --output best.csv",
    context_settings={"ignore_unknown_options": True},  # the -0.5 in a query is none
)
@click.argument("query", nargs=-1, type=QueryWord())
@store_option
@click.option("--format", "form", type=click.Choice(_FORMATS), default="json", show_default=True, help="What to make.")
@click.option(
    "--output", "-o", type=click.Path(path_type=Path), metavar="PATH", help="A file or a folder; without it stdout."
)
@click.option("--experiment", metavar="NAME", help="Only runs of this experiment, e.g. --experiment churn.")
@click.option("--force", "is_forced", is_flag=True, help="Replace the file, or the folder of an earlier export.")
@click.pass_context
def export(
    ctx: click.Context, query: Sequence[str], form: str, output: Path | None, experiment: str | None, is_forced: bool
) -> None:
    """Take runs out of the store, all or those that QUERY asks for, as with trackbook runs.

    json: everything, metrics with all their points; into a folder (a PATH that doesn't end with .json) also artifacts
    and figures. csv: a row a run; into a folder also params and metric points in long form. mlflow: a folder that
    MLflow reads, artifacts included.
    """
    from trackbook.store.contract import RunFilter
    from trackbook.tracking.query import query_of

    words = " ".join(query)
    output = None if output is None else _checked(output, form)
    with project_of(ctx).store.frozen() as store:
        where = RunFilter(experiment=experiment, query=query_of(store, words))
        if output is None:
            _to_stdout(store, where, form, words)
        elif output.suffix == f".{form}":
            _to_file(store, where, output, words, is_forced=is_forced)
        else:
            _to_folder(store, where, form, output, words, is_forced=is_forced)


def _checked(output: Path, form: str) -> Path:
    if output.suffix in (".json", ".csv") and output.suffix != f".{form}":
        raise InvalidValueError(f"'{output}' looks like another format than {form}. Name a .{form} file or a folder.")
    return output.absolute()


def _to_stdout(store: Store, where: RunFilter, form: str, words: str) -> None:
    from trackbook.display.tables import write_runs
    from trackbook.tracking.export import Document, runs_of

    if form == "mlflow":
        raise InvalidValueError("An export for MLflow is a folder. Say where, e.g. --output mlruns.")
    out = sys.stdout
    if form == "csv":
        write_runs(runs_of(store, where), out)
    else:
        out.writelines(f"{line}\n" for line in Document(store, where, words).lines())


def _to_file(store: Store, where: RunFilter, path: Path, words: str, *, is_forced: bool) -> None:
    from trackbook.display.tables import write_runs
    from trackbook.tracking.export import Document, runs_of
    from trackbook.tracking.export_target import new_file

    with new_file(path, is_forced=is_forced) as temporary, _text_file(temporary) as file:
        if path.suffix == ".csv":
            write_runs(runs_of(store, where), file)
        else:
            file.writelines(f"{line}\n" for line in Document(store, where, words).lines())
    click.echo(f"Exported to {path}.", err=True)


def _to_folder(store: Store, where: RunFilter, form: str, path: Path, words: str, *, is_forced: bool) -> None:
    from trackbook._version import __version__
    from trackbook.clock import now
    from trackbook.tracking.export_target import mark, new_folder

    fill: Callable[[Store, RunFilter, Path, Path, str], Counter[str]]
    fill = {"json": _fill_with_json, "csv": _fill_with_csv, "mlflow": _fill_with_mlflow}[form]
    with new_folder(path, is_forced=is_forced) as folder:
        changed = {what: count for what, count in fill(store, where, folder, path, words).items() if count}
        about: dict[str, JsonValue] = {
            "format": form,
            "trackbook": __version__,
            "exported_at": now().isoformat(),
            "location": store.location,
            "changed": dict(changed),
        }
        mark(folder, about)
    click.echo(f"Exported to {path}.", err=True)
    _say_what_changed(form, changed)
    if form == "mlflow":
        click.echo(_how_to_open(path), err=True)


def _fill_with_json(store: Store, where: RunFilter, folder: Path, path: Path, words: str) -> Counter[str]:
    from trackbook.tracking.export import Document, object_or_none

    document = Document(store, where, words)
    with open(folder / "trackbook.json", "w", encoding="ascii") as file:
        file.writelines(f"{line}\n" for line in document.lines())
    changed: Counter[str] = Counter()
    for digest in document.digests:
        content = object_or_none(store, digest)
        if content is None:
            changed[_LOST] += 1
        else:
            place = folder / "objects" / digest[:2] / digest[2:]
            place.parent.mkdir(parents=True, exist_ok=True)
            place.write_bytes(content)
    return changed


def _fill_with_csv(store: Store, where: RunFilter, folder: Path, path: Path, words: str) -> Counter[str]:
    from trackbook.display.tables import Long, write_runs
    from trackbook.tracking.export import histories, runs_of

    with (
        _text_file(folder / "runs.csv") as runs,
        _text_file(folder / "params.csv") as params,
        _text_file(folder / "metrics.csv") as metrics,
    ):
        long = Long(params, metrics, lambda detail: histories(store, detail))
        write_runs(long.passing(runs_of(store, where)), runs)
    return Counter()


def _text_file(path: Path) -> TextIO:
    return open(path, "w", encoding="utf-8", errors="backslashreplace", newline="")


def _fill_with_mlflow(store: Store, where: RunFilter, folder: Path, path: Path, words: str) -> Counter[str]:
    from trackbook.tracking.export_mlflow import MlflowFolder

    made = MlflowFolder(store, folder, path)
    made.write(where)
    return made.changed


_LOST = "objects whose content is lost (see trackbook verify)"


def _say_what_changed(form: str, changed: dict[str, int]) -> None:
    if not changed:
        return
    listed = ", ".join(f"{what}: {count}" for what, count in sorted(changed.items()))
    whole = " What was whole is in the artifact trackbook/run.json of each run." if form == "mlflow" else ""
    click.echo(f"Not as it was. {listed}.{whole}", err=True)


def _how_to_open(path: Path) -> str:
    source = path.absolute()
    return (
        f"MLflow opens it as it is (with MLFLOW_ALLOW_FILE_STORE=true where it wants a database):\n"
        f"  mlflow ui --backend-store-uri '{source}'\n"
        f"or, in MLflow 3, as a database:\n"
        f"  mlflow migrate-filestore --source '{source}' --target 'sqlite:///{source.parent / 'mlflow.db'}'"
    )
