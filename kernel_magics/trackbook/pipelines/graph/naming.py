"""How a command names a pipeline, so that the line can be typed as it is said."""

from __future__ import annotations

import shlex
from collections.abc import Mapping
from pathlib import Path

from trackbook.pipelines.graph.spec import Pipeline
from trackbook.pipelines.graph.state import FILE_TAG

_DEFAULT = "pipeline.yaml"


def command_on(pipeline: Pipeline, command: str, *options: str) -> str:
    """Return a line to type: ``trackbook pipeline resume own.yaml``; the file that is meant anyway is left out."""
    notebooks = dict.fromkeys(pipeline.path_of(step) for step in pipeline.steps)
    paths = [pipeline.file] if pipeline.file is not None else [*notebooks]
    return shlex.join(["trackbook", "pipeline", command, *_files(paths), *options])


def command_on_tagged(tags: Mapping[str, str], command: str) -> str:
    """Return the line for the pipeline that a run is of, by the run's tags; it may be another machine's."""
    place = Path(tags.get(FILE_TAG, _DEFAULT))
    if place.is_dir():  # notebooks without a file
        return f"trackbook pipeline {command}, with its notebooks"
    return shlex.join(["trackbook", "pipeline", command, *_files([place])])


def _files(paths: list[Path]) -> list[str]:
    here = Path.cwd()
    found = [path.absolute() for path in paths]
    if found == [here / _DEFAULT]:
        return []
    return [str(path.relative_to(here) if path.is_relative_to(here) else path) for path in found]
