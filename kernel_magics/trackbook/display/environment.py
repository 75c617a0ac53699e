"""The environment that a run had, written for a tool: what was written where, and how to use it."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path

from trackbook.display.blocks import Block, Sentence, Tone, Verbatim
from trackbook.display.shown import Look, Shown, shown
from trackbook.records import JsonValue, RunDetail
from trackbook.tracking.environment_files import Format

_NEXT = {
    Format.REQUIREMENTS: "Install it: pip install -r {path}",
    Format.UV: "Install it: uv sync --project {folder}",
    Format.CONDA: "Install it: conda env create -f {path}",
    Format.DOCKERFILE: "Build it: docker build -f {path} {folder}",
}
_CONDA_SUFFIXES = (".yml", ".yaml")


def show_environment(
    files: Mapping[str, str], form: Format, look: Look | None = None, *, written: Sequence[Path] = ()
) -> Shown:
    """Show an environment's file, or where it was written to."""
    if not written:
        return shown([Verbatim(text=next(iter(files.values())).rstrip("\n"))], look or Look())
    blocks: list[Block] = [Sentence(text=f"Written: {', '.join(map(str, written))}")]
    blocks.append(Sentence(text=_next(form, written[0]), tone=Tone.QUIET))
    return shown(blocks, look or Look())


def _next(form: Format, path: Path) -> str:
    """Return how to use a file, or under which name its tool takes it."""
    if form is Format.UV and path.name != form.file_name:
        return f"uv reads it under the name {form.file_name}, in a folder of its own."
    if form is Format.CONDA and path.suffix not in _CONDA_SUFFIXES:
        return "conda reads it under a name that ends with .yml."
    return _NEXT[form].format(path=path, folder=path.parent)


def environment_files_payload(
    run: RunDetail, form: Format, files: Mapping[str, str], written: Sequence[Path]
) -> dict[str, JsonValue]:
    """Return it as JSON: ``files`` by name, ``written`` the paths, empty where it was only printed."""
    return {
        "run_id": run.run.run_id,
        "name": run.run.name,
        "format": form.value,
        "files": dict(files),
        "written": [str(path) for path in written],
    }
