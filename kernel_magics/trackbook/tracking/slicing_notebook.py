"""A slice as a notebook: its head, its params, the check of its data, its cells. The same run gives the same bytes."""

from __future__ import annotations

import ast
from collections.abc import Iterable, Mapping, Sequence
from itertools import groupby
from pathlib import Path
from typing import TYPE_CHECKING, Any

from trackbook.errors import NotFoundError
from trackbook.records import Environment, FileRead, Session
from trackbook.store.contract import Store
from trackbook.tracking.dataset_names import labels_of
from trackbook.tracking.kept_files import kept_digest
from trackbook.tracking.slicing_source import Kept, cell_text
from trackbook.tracking.working_folder import working_folder

if TYPE_CHECKING:
    from nbformat import NotebookNode

    from trackbook.tracking.slice import DataFrom, SlicedRun

PARAMETERS = "parameters"
DATA = "trackbook-data"
_MOST_LISTED = 20
_DISTRIBUTIONS = {
    "sklearn": "scikit-learn",
    "skimage": "scikit-image",
    "PIL": "pillow",
    "cv2": "opencv-python",
    "yaml": "pyyaml",
    "bs4": "beautifulsoup4",
}
"""What packages that are imported under one name are installed under."""
_CHECK = '''def _check_data(files):
    """Say which files are not what the run read."""
    import hashlib
    import os
    import warnings

    for path, digest in files.items():
        if os.path.isfile(path):
            with open(path, "rb") as file:
                found = hashlib.file_digest(file, "sha256").hexdigest()
            if found != digest:
                warnings.warn(f"{{path}} is not what the run read: its content changed.", stacklevel=2)


_check_data(
    {{
{files}
    }}
)
del _check_data'''
_GIVE = """from trackbook.sliced import give_data

give_data(
    {arguments}
)
del give_data"""


def notebook_of(store: Store, sliced: SlicedRun, data: DataFrom) -> NotebookNode:
    """Return the notebook of a slice: nbformat 4.5, ids and metadata included.

    Raises
    ------
    NotFoundError
        If a file is to come from the store and isn't kept there.
    """
    from nbformat import v4

    session = next(iter(store.sessions(ids=[sliced.run.run.session_id])), None)
    environment = _environment(store, sliced, session)
    folder = working_folder(sliced, session, store.location)
    cells: list[Any] = [v4.new_markdown_cell(head(sliced, session, environment, folder), id="head")]  # type: ignore[no-untyped-call]
    if sliced.params:
        text = "\n".join(param.text for param in sliced.params)
        cells.append(_code(PARAMETERS, text, tags=[PARAMETERS]))
    check = _data_cell(store, sliced, data, folder)
    if check:
        cells.append(_code(DATA, check, tags=[DATA]))
    if sliced.needs_tool:
        cells.append(_code("trackbook", "%load_ext trackbook"))
    cells += _cells(sliced)
    metadata = {
        "kernelspec": {"display_name": "Python 3 (ipykernel)", "language": "python", "name": "python3"},
        "language_info": {"name": "python", "version": environment.python if environment is not None else ""},
        "trackbook": {"slice_of": sliced.run.run.run_id},
    }
    notebook: NotebookNode = v4.new_notebook(cells=cells, metadata=metadata)  # type: ignore[no-untyped-call]
    return notebook


def _cells(sliced: SlicedRun) -> Iterable[Any]:
    taken = {param.number for param in sliced.params}
    is_trimmed = not any(each.part.reads_all for each in sliced.kept)
    for at, (_, group) in enumerate(groupby(sliced.kept, key=lambda each: each.part.execution_id), start=1):
        kept = list(group)
        used = frozenset().union(*(each.names for each in sliced.kept if not _is_import(each)))
        text = cell_text(kept, taken, used, is_trimmed=is_trimmed)
        if text:
            yield _code(f"cell-{at}", text)


def _is_import(kept: Kept) -> bool:
    return all(isinstance(node, ast.Import | ast.ImportFrom) for node in kept.piece.nodes)


def _code(cell_id: str, source: str, tags: Sequence[str] = ()) -> Any:
    from nbformat import v4

    metadata = {"tags": [*tags]} if tags else {}
    return v4.new_code_cell(source, id=cell_id, metadata=metadata)  # type: ignore[no-untyped-call]


# The data


def _data_cell(store: Store, sliced: SlicedRun, data: DataFrom, folder: Path) -> str:
    """Return what checks the files, or puts them there, and lets datasets be read in the versions that the run read."""
    is_kept = data == "snapshot"
    known = [(file, _kept(store, sliced, file) if is_kept else file.digest) for file in sliced.files]
    digests = {shown_path(file, folder): digest for file, digest in known if digest is not None}
    datasets = {label: read.object_digest for read in sliced.datasets for label in labels_of([read]) if "@" in label}
    cells = [_CHECK.format(files=_mapping(digests)) if digests and not is_kept else ""]
    if (digests and is_kept) or sliced.datasets or sliced.restored:
        given = [f"store={store.location!r}"]
        given += [f"files={{\n{_mapping(digests)}\n    }}"] if digests and is_kept else []
        given += [f"datasets={{\n{_mapping(datasets)}\n    }}"] if datasets else []
        cells.append(_GIVE.format(arguments="".join(f"{each},\n    " for each in given).rstrip()))
    return "\n\n\n".join(filter(None, cells))


def _mapping(values: Mapping[str, str | None]) -> str:
    return "\n".join(f"        {key!r}: {value!r}," for key, value in values.items())


def _kept(store: Store, sliced: SlicedRun, file: FileRead) -> str:
    digest = kept_digest(store, file)
    if digest is None:
        raise NotFoundError(
            f"The store doesn't hold {file.path} as run '{sliced.run.run.name}' read it. Slice it with --data original."
        )
    return digest


def shown_path(file: FileRead, folder: Path) -> str:
    """Return a file's path from the working folder if it lies in there, else its whole path."""
    try:
        return str(Path(file.path).relative_to(folder))
    except ValueError:
        return file.path


# The head


def head(sliced: SlicedRun, session: Session | None, environment: Environment | None, folder: Path) -> str:
    """Return the markdown on top: what it is, from which run, the data and the environment, and how to run it."""
    run = sliced.run.run
    notebook = f"`{Path(session.notebook).name}`" if session is not None and session.notebook else "an unnamed notebook"
    cells = len(sliced.executions)
    blocks = [
        f"# {run.name}",
        f"The smallest notebook that makes run **{run.name}** (`{run.run_id}`) of {notebook}, experiment "
        f"`{run.experiment}`, {run.started_at:%Y-%m-%d %H:%M} UTC: {len(sliced.kept)} of {sliced.total} statements, of "
        f"{cells} executed cell{'s' if cells != 1 else ''}, as they were then and in that order. Made by Trackbook.",
        _table(("Metric", "Value"), [(f"`{key}`", repr(point.value)) for key, point in sliced.metrics.items()]),
        *_about_data(sliced, folder),
        *_about_environment(sliced, environment),
        *_about_running(sliced),
        *_about_doubts(sliced),
    ]
    return "\n\n".join(block for block in blocks if block)


def _table(titles: Sequence[str], rows: Sequence[Sequence[str]]) -> str:
    if not rows:
        return ""
    shown = [f"| {' | '.join(row)} |" for row in rows[:_MOST_LISTED]]
    more = [f"\n… and {len(rows) - _MOST_LISTED} more"] if len(rows) > _MOST_LISTED else []
    return "\n".join([f"| {' | '.join(titles)} |", f"|{'---|' * len(titles)}", *shown, *more])


def _about_data(sliced: SlicedRun, folder: Path) -> Iterable[str]:
    if sliced.files:
        rows = [
            (f"`{shown_path(file, folder)}`", f"{file.size:,}" if file.size is not None else "", _digest(file))
            for file in sliced.files
        ]
        yield "**Data that it needs**"
        yield _table(("File", "Bytes", "SHA-256"), rows)
    if sliced.datasets:
        labels = [(f"`{label}`",) for label in labels_of(sliced.datasets)]
        yield "**Datasets that it loads**"
        yield _table(("Dataset",), labels)
    if sliced.run.modules:
        rows = [(f"`{use.path}`", f"{use.size:,}", f"`{use.digest[:12]}`") for use in sliced.run.modules]
        yield "**Modules of the project that it imports**"
        yield _table(("File", "Bytes", "SHA-256"), rows)


def _digest(file: FileRead) -> str:
    return f"`{file.digest[:12]}`" if file.digest is not None else "unknown"


def _about_environment(sliced: SlicedRun, environment: Environment | None) -> Iterable[str]:
    if environment is None:
        return
    used = sorted(_packages_used(sliced, environment.packages).items())
    listed = ", ".join(f"{name} {version}" for name, version in used)
    changes = " with changes" if environment.git is not None and environment.git.is_dirty else ""
    git = f", commit `{environment.git.commit[:10]}`{changes}" if environment.git is not None else ""
    yield (
        f"**Environment**: {environment.implementation} {environment.python} on {environment.platform}"
        f"{git}{f'; {listed}' if listed else ''}."
    )


def _packages_used(sliced: SlicedRun, packages: Mapping[str, str]) -> dict[str, str]:
    """Return the installed packages, with their versions, that the slice imports."""
    imported: set[str] = set()
    for kept in sliced.kept:
        for node in (each for statement in kept.piece.nodes for each in ast.walk(statement)):
            if isinstance(node, ast.Import):
                imported.update(alias.name.partition(".")[0] for alias in node.names)
            elif isinstance(node, ast.ImportFrom) and node.module and not node.level:
                imported.add(node.module.partition(".")[0])
    wanted = {_DISTRIBUTIONS.get(name, name).lower().replace("_", "-") for name in imported}
    return {name: version for name, version in packages.items() if name.lower().replace("_", "-") in wanted}


def _about_running(sliced: SlicedRun) -> Iterable[str]:
    if sliced.params:
        first = sliced.params[0]
        yield (
            "**With other values**: change the cell tagged `parameters`, or\n\n"
            f"```\npapermill THIS.ipynb THIS-out.ipynb -p {first.name} {_argument(first.value)}\n```"
        )
    if sliced.installs:
        lines = "\n".join(sliced.installs)
        yield f"The notebook installed packages, which this one leaves to you:\n\n```\n{lines}\n```"
    if sliced.children:
        yield f"It makes {len(sliced.children)} runs beneath this one as well."


def _argument(value: object) -> str:
    return str(value) if isinstance(value, bool | int | float) else f'"{value}"' if isinstance(value, str) else "..."


def _about_doubts(sliced: SlicedRun) -> Iterable[str]:
    if sliced.notes:
        yield "**Not sure**\n\n" + "\n".join(f"- {note}" for note in sliced.notes)


def _environment(store: Store, sliced: SlicedRun, session: Session | None) -> Environment | None:
    environment_id = sliced.run.run.environment_id or (session.environment_id if session is not None else None)
    return store.environment(environment_id) if environment_id is not None else None
