"""Lays out what the package ``trackbook_templates`` has: a project with a pipeline, or one of its notebooks.

The texts hold a few words in capitals that stand for what a person gives: no syntax of templates, since the files
themselves have the braces and dollars of theirs.
"""

from __future__ import annotations

import json
import os
import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from importlib.resources import files
from importlib.util import find_spec
from pathlib import Path
from typing import TYPE_CHECKING

from trackbook.errors import InvalidValueError
from trackbook.pipelines.executors.forking.imports import needs_of

if TYPE_CHECKING:
    from importlib.resources.abc import Traversable

_PACKAGE = "trackbook_templates"
_NAME = re.compile(r"[A-Za-z][A-Za-z0-9_-]*")
_PLACES = {
    "pipeline.yaml": "pipeline.yaml",
    "gate.yaml": "gate.yaml",
    "README.md": "README.md",
    "requirements.txt": "requirements.txt",
    "Dockerfile": "Dockerfile",
    "dockerignore": ".dockerignore",
    "gitignore": ".gitignore",
    "workflow.yaml": ".github/workflows/pipeline.yaml",
    "pre-commit-config.yaml": ".pre-commit-config.yaml",
}
_DEFAULT_SOURCE, _DEFAULT_TARGET = "sklearn:breast_cancer", "target"


@dataclass(frozen=True, slots=True, kw_only=True)
class Project:
    """What a new project is to be.

    Attributes
    ----------
    name
        Of the pipeline.
    source, target
        Where its table is, as the notebook ``ingest`` takes it, and the column to predict; None: data of scikit-learn.
    """

    name: str
    source: str | None = None
    target: str | None = None


def notebook_names() -> tuple[str, ...]:
    """Return the names of the notebooks that there are, without their ending."""
    found = (Path(each.name) for each in _home().iterdir())
    return tuple(sorted(path.stem for path in found if path.suffix == ".ipynb"))


def lay_out_notebook(name: str, path: Path) -> Path:
    """Write one of the notebooks to a file that is not there yet; return the file.

    Raises
    ------
    InvalidValueError
        If there is no such notebook, or the file is there.
    """
    names = notebook_names()
    if name not in names:
        raise InvalidValueError(f"There is no notebook '{name}' to begin with. There are: {', '.join(names)}.")
    if path.suffix != ".ipynb":
        raise InvalidValueError(f"'{path}' is no notebook. Name a file that ends with .ipynb.")
    _write({path: (_home() / f"{name}.ipynb").read_text(encoding="utf-8")})
    return path


def lay_out_project(project: Project, folder: Path) -> list[Path]:
    """Write a project into a folder, which is made if it is not there; return its files.

    What the folder has already stays: a file of the same name is an error, and nothing is written then.

    Raises
    ------
    InvalidValueError
        If nothing can be called so, a source has no target, or a file is there already.
    """
    words = _words(project, folder)
    home = _home()
    notebooks = [f"{name}.ipynb" for name in notebook_names()]
    texts = {folder / name: (home / name).read_text(encoding="utf-8") for name in notebooks}
    for kept, place in _PLACES.items():
        texts[folder / place] = _filled((home / "project" / kept).read_text(encoding="utf-8"), words)
    _write(texts)
    return sorted(texts)


def missing_modules(notebooks: Iterable[Path]) -> tuple[str, ...]:
    """Return what notebooks import and this Python has not, by the names of the packages' modules."""
    tops = {name.partition(".")[0] for path in notebooks for name in needs_of(path, path.parent).names}
    return tuple(sorted(name for name in tops if find_spec(name) is None))


def _home() -> Traversable:
    return files(_PACKAGE)


def _words(project: Project, folder: Path) -> Mapping[str, str]:
    """Return what stands in the place of which word."""
    if not _NAME.fullmatch(project.name):
        raise InvalidValueError(
            f"A pipeline can't be called '{project.name}'. Use letters, digits, '_' and '-', and begin with a letter."
        )
    if project.source is not None and project.target is None:
        raise InvalidValueError("Say which column is to be predicted: --target COLUMN.")
    source = _DEFAULT_SOURCE if project.source is None else _from(folder, project.source)
    return {
        "PIPELINE_NAME": project.name,
        "PIPELINE_SOURCE": json.dumps(source, ensure_ascii=False),
        "PIPELINE_TARGET": json.dumps(project.target or _DEFAULT_TARGET, ensure_ascii=False),
    }


def _from(folder: Path, source: str) -> str:
    """Return a source as notebooks in a folder have to name it."""
    if "://" in source or source.startswith("sklearn:"):
        return source
    if not Path(source).is_file():
        raise InvalidValueError(f"There is no file '{source}'. Name one that is there, or leave --data out for now.")
    return Path(os.path.relpath(source, folder)).as_posix()


def _filled(text: str, words: Mapping[str, str]) -> str:
    return re.sub("|".join(words), lambda found: words[found[0]], text)


def _write(texts: Mapping[Path, str]) -> None:
    there = [path for path in texts if os.path.lexists(path)]
    if there:
        shown = ", ".join(f"'{path}'" for path in there[:3])
        more = f" and {len(there) - 3} more" if len(there) > 3 else ""
        verb = "is" if len(there) == 1 else "are"
        raise InvalidValueError(f"{shown}{more} {verb} there already. Name another place.")
    for path, text in texts.items():
        try:
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_text(text, encoding="utf-8")
        except OSError as error:
            raise InvalidValueError(f"'{path}' can't be written: {error.strerror}.") from None
