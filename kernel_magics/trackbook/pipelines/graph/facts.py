"""What a step is now: its code, its params, its environment. What it was when it last succeeded is its `StepState`."""

from __future__ import annotations

import os
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, replace
from functools import cached_property
from pathlib import Path

from trackbook.pipelines.graph.content import file_state, is_same, module_state, stamp_of
from trackbook.pipelines.graph.notebook_file import read_notebook
from trackbook.pipelines.graph.spec import Pipeline, Step
from trackbook.pipelines.graph.state import OPEN_TAG, FileState, StepState, key_of, tags_of
from trackbook.pipelines.graph.uses import Uses
from trackbook.records import JsonValue, encode

_LONGEST_VALUE = 40


@dataclass(frozen=True, kw_only=True)  # no slots: what takes time is worked out when it is first asked for
class StepFacts:
    """A step as it would run now, beside what made it succeed before (None: nothing did)."""

    pipeline: Pipeline
    step: Step
    before: StepState | None

    @cached_property
    def path(self) -> Path:
        """The notebook's file."""
        return self.pipeline.path_of(self.step)

    @cached_property
    def params(self) -> Mapping[str, JsonValue]:
        """Its params without credentials: those are never kept, and a new password makes no other result."""
        if self.before is not None and _same(self.step.params, self.before.params):
            return self.before.params
        from trackbook.capture.secrets import redact_value

        return {name: redact_value(name, value) for name, value in self.step.params.items()}

    @cached_property
    def is_text_same(self) -> bool:
        """Whether the text of its code cells is the same to the last character."""
        if self.before is None:
            return False
        if self.is_text_same_by_stamp:
            return True
        from trackbook.pipelines.graph.code import text_digest

        return text_digest(read_notebook(self.path)) == self.before.notebook.digest

    @cached_property
    def changed_modules(self) -> tuple[str, ...]:
        """Which of the project's own modules hold something else than before."""
        before = self.before.modules if self.before is not None else {}
        return tuple(name for name, was in before.items() if not is_same(self._file(name), was, is_module=True))

    @cached_property
    def uses(self) -> Uses:
        """What its code publishes and loads."""
        before = self.before
        if before is not None and self.is_text_same and not self.changed_modules and _same(self.params, before.params):
            return _confirmed(before)
        from trackbook.pipelines.graph.reading import read_uses

        return read_uses(read_notebook(self.path), self.step.params, self.path.parent)

    def changes(self) -> Iterator[str]:
        """Yield what is not as it was, of what it is made of; what it reads is another matter."""
        if self.before is None:
            return
        yield from self._code_changes(self.before)
        yield from self._param_changes(self.before)
        yield from self._kernel_changes(self.before)
        yield from self._environment_changes(self.before)

    @cached_property
    def cells(self) -> tuple[str, ...]:
        """A digest of each of its code cells."""
        if self.before is not None and self.is_text_same:
            return self.before.cells
        from trackbook.pipelines.graph.code import cell_digests

        return cell_digests(read_notebook(self.path))

    @cached_property
    def key(self) -> str:
        """What it is made of, in one word, as that of a `StepState`."""
        kernel = self.step.kernel or read_notebook(self.path).kernel
        return key_of(
            self.cells, self.params, kernel, {name: each.digest for name, each in self._environment().items()}
        )

    def _environment(self) -> dict[str, FileState]:
        declared = [self.step.environment.as_posix()] if self.step.environment is not None else []
        return {name: file_state(self._file(name)) or FileState(digest="") for name in declared}

    def _code_changes(self, before: StepState) -> Iterator[str]:
        if self.cells != before.cells:
            yield f"code changed{_where(before.cells, self.cells)}"
        yield from (f"code changed: {name}" for name in self.changed_modules)

    def _param_changes(self, before: StepState) -> Iterator[str]:
        now = self.params
        parts = [
            f"{name} {_shown(before.params, name)} -> {_shown(now, name)}"
            for name in dict.fromkeys([*before.params, *now])
            if _text(before.params, name) != _text(now, name)
        ]
        if parts:
            yield f"params changed: {', '.join(parts)}"

    def _kernel_changes(self, before: StepState) -> Iterator[str]:
        was, now = before.kernel, self.step.kernel
        if was is None and now is None and not self.is_text_same_by_stamp:
            was, now = before.own_kernel, read_notebook(self.path).kernel
        if was != now:
            yield f"kernel changed: {was or 'as the notebook says'} -> {now or 'as the notebook says'}"

    @cached_property
    def is_text_same_by_stamp(self) -> bool:
        """Whether nobody has written the notebook's file since."""
        stamp = self.before.notebook.stamp if self.before is not None else ()
        return bool(stamp) and stamp_of(self.path) == stamp

    def _environment_changes(self, before: StepState) -> Iterator[str]:
        declared = {self.step.environment.as_posix()} if self.step.environment is not None else set()
        if declared != set(before.environment):
            yield f"environment changed: {', '.join(declared) or 'no file declares it any more'}"
        for name in declared & set(before.environment):
            if not is_same(self._file(name), before.environment[name]):
                yield f"environment changed: {name}"

    def state(self, made_by: str) -> StepState:
        """Return what is to be kept of the step as it is; what it read and published comes to that."""
        from trackbook.pipelines.graph.code import own_modules, text_digest
        from trackbook.pipelines.graph.reading import read_uses

        notebook = read_notebook(self.path)
        modules = {self.name_of(path): module_state(path) for path in own_modules(notebook, self.path.parent)}
        return StepState(
            cells=self.cells,
            notebook=FileState(digest=text_digest(notebook), stamp=stamp_of(self.path)),
            made_by=made_by,
            params=self.params,
            kernel=self.step.kernel,
            own_kernel=notebook.kernel,
            environment=self._environment(),
            modules={name: found for name, found in modules.items() if found is not None},
            uses=read_uses(notebook, self.step.params, self.path.parent),
        )

    def _file(self, name: str) -> Path:
        return self.pipeline.folder / name

    def name_of(self, path: Path) -> str:
        """Return what a file is called: from the pipeline's folder if it is of the project, so that that may move."""
        folder = self.pipeline.folder.absolute()
        if path.is_relative_to(folder):
            return path.relative_to(folder).as_posix()
        from trackbook.capture.modules import project_root

        return Path(os.path.relpath(path, folder) if path.is_relative_to(project_root(folder)) else path).as_posix()


def begun_tags(pipeline: Pipeline, step: Step) -> dict[str, str]:
    """Return the tags of a run of a step that begins."""
    facts = StepFacts(pipeline=pipeline, step=step, before=None)
    return {**tags_of(pipeline, step.name), OPEN_TAG: facts.key}


def _confirmed(before: StepState) -> Uses:
    """Return what code publishes and loads, as its run has shown."""
    uses = before.uses
    return replace(
        uses,
        loads=tuple(dict.fromkeys([*uses.loads, *before.datasets])),
        publishes=tuple(dict.fromkeys([*uses.publishes, *before.published])),
        maybe=uses.maybe - before.datasets.keys() - before.published.keys(),
        untold=(),
    )


def _where(before: tuple[str, ...], now: tuple[str, ...]) -> str:
    """Return which cell with code is the first that differs, counted from 1, as the end of a sentence."""
    first = next((n for n, (one, other) in enumerate(zip(before, now, strict=False)) if one != other), None)
    if first is None:
        return f": cell {min(len(before), len(now)) + 1} {'is new' if len(now) > len(before) else 'is gone'}"
    return f": cell {first + 1}"


def _same(one: Mapping[str, JsonValue], other: Mapping[str, JsonValue]) -> bool:
    return one.keys() == other.keys() and all(_text(one, name) == _text(other, name) for name in one)


def _text(params: Mapping[str, JsonValue], name: str) -> str | None:
    """Return a param as text, in which 1, 1.0 and true differ; None if it is not given."""
    return encode(params[name]) if name in params else None


def _shown(params: Mapping[str, JsonValue], name: str) -> str:
    text = _text(params, name)
    if text is None:
        return "(default)"
    return text if len(text) <= _LONGEST_VALUE else text[: _LONGEST_VALUE - 1] + "…"
