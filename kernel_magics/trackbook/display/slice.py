"""A run's slice, to look at: how small it is, what it needs, what is not sure, and its code."""

from __future__ import annotations

import shlex
from pathlib import Path

from trackbook.display import format as fmt
from trackbook.display.blocks import Block, Cell, Sentence, Title, Tone, Verbatim, facts
from trackbook.display.reproduction import reproduction_payload, verdict_cell
from trackbook.display.shown import Look, Shown, shown
from trackbook.records import JsonValue, Reproduction
from trackbook.tracking.dataset_names import labels_of
from trackbook.tracking.find import short_id
from trackbook.tracking.slice import Slice
from trackbook.tracking.slicing_notebook import DATA


def show_slice(
    found: Slice, look: Look | None = None, *, path: Path | None = None, checked: Reproduction | None = None
) -> Shown:
    """Show a slice; `path` is the file that it was written to, without one its code is shown.

    `checked` is what came out when it was run.
    """
    look = look or Look()
    run, sliced = found.sliced.run.run, found.sliced
    title = Title(cells=(Cell(text=f"Slice of {fmt.one_line(run.name)}", is_strong=True, aside=short_id(run.run_id)),))
    size = f"{len(sliced.kept)} of {fmt.plural(sliced.total, 'statement')}, of {len(sliced.executions)} executed"
    files = ", ".join([*(file.path for file in found.files), *labels_of(found.sliced.datasets)])
    blocks: list[Block] = [
        title,
        facts(
            [
                ("Kept", Cell(text=f"{size} {'cell' if len(sliced.executions) == 1 else 'cells'}")),
                ("Params", Cell(text=fmt.pairs(found.params))),
                ("Data", Cell(text=fmt.one_line(files))),
                ("Written to", Cell(text=str(path) if path is not None else "")),
                *([("Checked", verdict_cell(checked))] if checked is not None else []),
            ]
        ),
        *([Sentence(text=checked.reason)] if checked is not None else []),
        *(Sentence(text=f"! {note}", tone=Tone.BAD) for note in found.notes),
    ]
    if path is None:
        blocks.append(Verbatim(text=code_of(found)))
    blocks.append(Sentence(text=_next(found, look, path), tone=Tone.QUIET))
    return shown(blocks, look)


def code_of(found: Slice) -> str:
    """Return the code of a slice's cells, as a script with cells has it, without what sees to its data."""
    cells = (
        cell for cell in found.notebook.cells if cell.cell_type == "code" and DATA not in cell.metadata.get("tags", ())
    )
    return "\n\n".join(f"# %%{_tags(cell.metadata.get('tags', ()))}\n{cell.source}" for cell in cells)


def _tags(tags: list[str]) -> str:
    return f" {' '.join(tags)}" if tags else ""


def _next(found: Slice, look: Look, path: Path | None) -> str:
    if path is None:
        return f"Write it: {look.command} slice {short_id(found.run_id)} -o {found.sliced.run.run.name}.ipynb"
    names = list(found.params)
    values = f" -p {names[0]} VALUE" if names else ""
    place = f" --cwd {shlex.quote(str(found.folder))}" if found.folder != Path.cwd() and found.folder.is_dir() else ""
    target = path.with_name(f"{path.stem}-out{path.suffix}")
    return f"Run it: papermill {shlex.quote(str(path))} {shlex.quote(str(target))}{place}{values}"


def slice_payload(found: Slice, path: Path | None = None, checked: Reproduction | None = None) -> dict[str, JsonValue]:
    """Return a slice as JSON: what it is made of and needs, and its notebook where it was not written."""
    sliced = found.sliced
    return {
        "run_id": found.run_id,
        "name": sliced.run.run.name,
        "path": str(path) if path is not None else None,
        "statements": len(sliced.kept),
        "of_statements": sliced.total,
        "execution_ids": [each.execution_id for each in sliced.executions],
        "params": found.params,
        "files": [{"path": file.path, "size": file.size, "digest": file.digest} for file in found.files],
        "installs": [*sliced.installs],
        "notes": [*found.notes],
        "notebook": found.text() if path is None else None,
        "check": reproduction_payload(checked) if checked is not None else None,
    }
