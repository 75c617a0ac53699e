"""Reads ``pipeline.yaml``: every mistake in it is told at once, with its line, its step and its key."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

from trackbook.errors import InvalidValueError, NotFoundError
from trackbook.pipelines.graph.foreach import base_of, combinations, names_of
from trackbook.pipelines.graph.keys import (
    OPTIONS,
    PIPELINE_KEYS,
    STEP_KEYS,
    BadValueError,
    nearest,
    shared_params,
    text,
)
from trackbook.pipelines.graph.located import Entry, Located, Mistake, read_yaml
from trackbook.pipelines.graph.near_notebooks import meant, no_notebook
from trackbook.pipelines.graph.notebook_file import declared_params
from trackbook.pipelines.graph.pausing import collection_paused
from trackbook.pipelines.graph.spec import Pipeline, Step
from trackbook.records import JsonValue

DEFAULT_NAME = "pipeline.yaml"
SCHEMA = Path(__file__).with_name("pipeline.schema.json")
"""The JSON schema of such a file, for editors."""
_STEP_NAME = re.compile(r"[\w.-]+(?: [\w.-]+)*")
_EXAMPLE = "steps:\n  - notebook: prepare.ipynb\n  - notebook: train.ipynb\n    params: {C: 0.1}"


def read_pipeline(path: Path) -> Pipeline:
    """Return the pipeline that a file describes, every ``foreach`` spelt out.

    Parameters
    ----------
    path
        The file, or a folder with a ``pipeline.yaml``.

    Raises
    ------
    NotFoundError
        If there is no such file.
    InvalidValueError
        If something in it can't be; the message has all of it.
    """
    found = path / DEFAULT_NAME if path.is_dir() else path
    try:
        content = found.read_text(encoding="utf-8-sig")
    except OSError:
        raise NotFoundError(
            f"There is no pipeline in '{found}'. Name its file (a step of it with --step), name notebooks, or write "
            f"one:\n{_EXAMPLE}"
        ) from None
    except UnicodeDecodeError:
        raise InvalidValueError(
            f"'{found}' is no text in UTF-8, so no pipeline. Name a file like {DEFAULT_NAME}."
        ) from None
    reader = _Reader(found.absolute())
    with collection_paused():
        pipeline = reader.pipeline(content)
    if pipeline is None or reader.mistakes:
        raise InvalidValueError(reader.message(path))
    return pipeline


def pipeline_of_notebooks(paths: Sequence[Path]) -> Pipeline:
    """Return the pipeline that some notebooks are, without a file: what they publish and load gives the order.

    Raises
    ------
    InvalidValueError
        If one is no notebook, or two have one name.
    """
    folder = Path.cwd()
    steps: dict[str, Step] = {}
    for path in paths:
        if path.suffix != ".ipynb" or not path.is_file():
            if not path.exists():
                raise InvalidValueError(no_notebook(path))
            raise InvalidValueError(
                f"'{path}' is no notebook. Name notebooks (.ipynb), or one file like {DEFAULT_NAME} alone."
            )
        if path in (step.notebook for step in steps.values()):
            raise InvalidValueError(f"'{path}' is named twice. Name each notebook once.")
        if path.stem in steps:
            raise InvalidValueError(
                f"'{path}' and '{steps[path.stem].notebook}' are both called '{path.stem}'. Give them names in a file."
            )
        steps[path.stem] = Step(name=path.stem, notebook=path)
    return Pipeline(name=folder.name or "pipeline", folder=folder, steps=tuple(steps.values()))


class _Reader:
    """Goes through a file once; what can't be is put aside as a mistake, and the rest read all the same."""

    def __init__(self, file: Path) -> None:
        self.mistakes: list[Mistake] = []
        self._file = file
        self._shared: Mapping[str, JsonValue] = {}
        self._taken: set[str] = set()

    def message(self, shown: Path) -> str:
        """Return all mistakes as text, in the order of the file."""
        ordered = sorted(self.mistakes, key=lambda each: each.line)
        return "\n".join(f"{shown}, line {each.line}: {each.sentence}" for each in ordered)

    def pipeline(self, content: str) -> Pipeline | None:
        """Return what the file describes, None if there is nothing to go on with."""
        document, mistakes = read_yaml(content)
        self.mistakes += mistakes
        if document is None:
            if not mistakes:
                self._note(1, f"the file is empty. A pipeline looks so:\n{_EXAMPLE}")
            return None
        if document.entries is None:
            self._note(document.line, f"a pipeline has the keys {', '.join(PIPELINE_KEYS)}. It looks so:\n{_EXAMPLE}")
            return None
        entries = self._at_top(document.entries)
        if entries is None:
            return None
        self._shared = self._read(entries.get("params"), shared_params, "") or {}
        default = self._file.parent.name if self._file.name == DEFAULT_NAME else self._file.stem
        name = self._read(entries.get("name"), text, "") or default or "pipeline"
        steps = tuple(self._steps(entries.get("steps"), document.line))
        self._check_needs(steps, entries.get("steps"))
        self._check_shared(steps, entries.get("params"))
        return Pipeline(name=name, folder=self._file.parent, steps=steps, file=self._file)

    def _at_top(self, entries: Sequence[Entry]) -> dict[str, Entry] | None:
        """Return what stands at the top by its key; None if the one mistake there explains all that would follow."""
        if not any(each.key == "steps" for each in entries):
            stray = [each for each in entries if each.key not in PIPELINE_KEYS]
            misspelt = next((each for each in stray if _means_steps(each)), None)
            if misspelt is not None:
                self._note(misspelt.line, f"there is no key '{misspelt.key}'. Did you mean 'steps'?")
                rest = [each for each in entries if each is not misspelt]
                return self._known(rest, PIPELINE_KEYS, "") | {"steps": misspelt}
            if beside := [each for each in stray if each.key in STEP_KEYS or _is_step(each.value)]:
                named = ", ".join(f"'{each.key}'" for each in beside)
                self._note(beside[0].line, f"{named} must stand beneath a key 'steps'. So:\n{_EXAMPLE}")
                return None
        return self._known(entries, PIPELINE_KEYS, "")

    def _steps(self, entry: Entry | None, line: int) -> Iterator[Step]:
        places = list(_step_places(entry.value)) if entry is not None else []
        if not places:
            self._note(
                entry.line if entry else line, "key 'steps': it takes a list of steps, at least one. So:\n" + _EXAMPLE
            )
        for name, place in places:
            if place.entries is None:
                self._note(place.line, f"{_of(name or '')}a step takes keys, of which 'notebook' must be there")
                continue
            yield from self._step(name, place)

    def _step(self, key: str | None, place: Located) -> Iterator[Step]:
        called = key or _called(place)
        entries = self._known(place.entries or (), STEP_KEYS, called)
        notebook = self._notebook(entries.get("notebook"), place, called)
        name = self._name(called, entries.get("name"), place.line) if called else ""
        values = {
            OPTIONS[word][0]: read
            for word, entry in entries.items()
            if word in OPTIONS and (read := self._read(entry, OPTIONS[word][1], called)) is not None
        }
        self._check_environment(entries.get("environment"), values, called)
        several = self._read(entries.get("foreach"), combinations, called)
        if notebook is None:
            return
        own = values.pop("params", {})
        self._check_params(own, entries.get("params"), notebook, called)
        for each in several[:1] if several else ():
            self._check_params(each, entries.get("foreach"), notebook, called)
        yield from self._spelt_out(Step(name=name, notebook=notebook, params=own, **values), several)

    def _spelt_out(self, step: Step, several: Sequence[Mapping[str, JsonValue]] | None) -> Iterator[Step]:
        declared = declared_params(self._file.parent / step.notebook)
        shared = {key: value for key, value in self._shared.items() if declared is None or key in declared}
        if several is None:
            yield replace(step, params={**shared, **step.params})
            return
        for name, each in zip(names_of(step.name, several), several, strict=True):
            yield replace(step, name=name, params={**shared, **step.params, **each})

    def _name(self, name: str, entry: Entry | None, line: int) -> str:
        at = entry.line if entry is not None else line
        if not _STEP_NAME.fullmatch(name):
            self._note(at, f"{_of(name)}a step's name is made of letters, digits, spaces, dots, dashes and underscores")
        if name in self._taken:
            self._note(at, f"{_of(name)}there is a step of that name already. Give one of them another 'name'.")
        self._taken.add(name)
        return name

    def _notebook(self, entry: Entry | None, place: Located, step: str) -> Path | None:
        if entry is None:
            if not any("'notebook'" in nearest(each.key, list(STEP_KEYS)) for each in place.entries or ()):
                self._note(place.line, f"{_of(step)}key 'notebook': it is missing")
            return None
        given = self._read(entry, text, step)
        path = Path(given) if given is not None else None
        if path is None:
            return None
        if path.suffix != ".ipynb":
            self._note(entry.line, f"{_of(step)}key 'notebook': '{path}' is no notebook (.ipynb)")
            return None
        if not (self._file.parent / path).is_file():
            hint = meant(path, self._file.parent)
            self._note(entry.line, f"{_of(step)}key 'notebook': there is no '{path}'.{hint}")
            return None
        return path

    def _known(self, entries: Sequence[Entry], known: Sequence[str], step: str) -> dict[str, Entry]:
        for each in entries:
            if each.key not in known:
                hint = nearest(each.key, list(known)) or f" The keys are {', '.join(known)}."
                self._note(each.line, f"{_of(step)}there is no key '{each.key}'.{hint}")
        return {each.key: each for each in entries if each.key in known}

    def _read(self, entry: Entry | None, read: Any, step: str) -> Any:
        if entry is None:
            return None
        try:
            return read(entry.value.plain)
        except BadValueError as error:
            self._note(entry.value.line, f"{_of(step)}key '{entry.key}': it {error}")
            return None

    def _check_environment(self, entry: Entry | None, values: Mapping[str, Any], step: str) -> None:
        path = values.get("environment")
        if entry is not None and path is not None and not (self._file.parent / path).is_file():
            self._note(entry.line, f"{_of(step)}key 'environment': there is no file '{path}'")

    def _check_params(self, given: Mapping[str, JsonValue], entry: Entry | None, notebook: Path, step: str) -> None:
        """Refuse a param that the notebook does not have: papermill would put up with it, and nobody would see."""
        declared = declared_params(self._file.parent / notebook)
        if declared is None or entry is None:
            return
        for name in given:
            if name not in declared:
                line = next((each.line for each in entry.value.entries or () if each.key == name), entry.line)
                hint = nearest(name, sorted(declared)) or (
                    f" Its params: {', '.join(sorted(declared))}."
                    if declared
                    else " It has no cell tagged 'parameters'; make one that assigns it a default."
                )
                self._note(line, f"{_of(step)}key '{entry.key}': '{notebook}' has no param '{name}'.{hint}")

    def _check_needs(self, steps: Sequence[Step], entry: Entry | None) -> None:
        """Refuse needs that are no step; one of a ``foreach`` may be named by all of its steps, or by one."""
        known = dict.fromkeys([*self._taken, *(step.name for step in steps)])
        for key, place in _step_places(entry.value) if entry is not None else ():
            for each in place.entries or ():
                wanted = each.value.items if each.value.items is not None else (each.value,)
                for word in wanted if each.key == "needs" else ():
                    if isinstance(word.scalar, str) and word.scalar.strip() not in known:
                        hint = nearest(word.scalar, known) or f" The steps are {', '.join(map(base_of, known))}."
                        step = key or _called(place)
                        self._note(word.line, f"{_of(step)}key 'needs': there is no step '{word.scalar}'.{hint}")

    def _check_shared(self, steps: Sequence[Step], entry: Entry | None) -> None:
        used = {name for step in steps for name in step.params}
        for each in entry.value.entries or () if entry is not None and steps else ():
            if each.key not in used:
                names = {name for step in steps for name in declared_params(self._file.parent / step.notebook) or ()}
                hint = nearest(each.key, sorted(names)) or " Give it to a cell tagged 'parameters', or take it out."
                self._note(each.line, f"key 'params': no notebook has a param '{each.key}'.{hint}")

    def _note(self, line: int, sentence: str) -> None:
        self.mistakes.append(Mistake(line=line, sentence=sentence))


def _called(place: Located) -> str:
    given = {each.key: each.value.plain for each in place.entries or ()}
    return str(given.get("name") or Path(str(given.get("notebook", ""))).stem)


def _means_steps(entry: Entry) -> bool:
    """Return whether a key that there is not stands for ``steps``, by its spelling; it may be a step's own name."""
    return "'steps'" in nearest(entry.key, list(PIPELINE_KEYS)) and not _is_step(entry.value)


def _is_step(value: Located) -> bool:
    return any(each.key == "notebook" for each in value.entries or ())


def _step_places(value: Located) -> Iterator[tuple[str | None, Located]]:
    """Yield the steps of a list, and, with their names, those of a mapping."""
    for item in value.items or ():
        yield None, item
    for entry in value.entries or ():
        yield entry.key, entry.value


def _of(step: str) -> str:
    return f"step '{step}', " if step else ""
