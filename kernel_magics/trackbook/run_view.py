"""One run as a Python object: what ``trackbook.get_run`` gives a person."""

from __future__ import annotations

import sys
import warnings
from collections.abc import Collection, Iterator, Mapping
from datetime import datetime
from typing import TYPE_CHECKING, Any

from trackbook.display.format import number
from trackbook.display.payload import run_payload
from trackbook.display.run import show_run
from trackbook.display.shown import Look, Shown
from trackbook.environment_view import EnvironmentView
from trackbook.errors import AmbiguousError, NotFoundError
from trackbook.explained import WhyView
from trackbook.frames import history_frame
from trackbook.project import Project
from trackbook.records import (
    Artifact,
    DatasetUse,
    Execution,
    JsonValue,
    MetricPoint,
    Model,
    ModuleUse,
    Output,
    OutputPart,
    Reproduction,
    RunDetail,
    RunStatus,
    Verdict,
)
from trackbook.records.profile import TableProfile
from trackbook.store.contract import RunFilter
from trackbook.tracking.cells_of import own_executions, showing
from trackbook.tracking.checked_lineage import checks_of
from trackbook.tracking.direction import FOLD
from trackbook.tracking.files import changed_files, gone_files
from trackbook.tracking.find import short_id, witnesses_of
from trackbook.tracking.kept_models import load_model
from trackbook.tracking.making import finish_keeping, wait_until_kept
from trackbook.tracking.seeding import unseeded_of
from trackbook.tracking.shown import content_of, figures_of
from trackbook.tracking.table_profiles import profiles_of
from trackbook.tracking.why import explain

if TYPE_CHECKING:
    import pandas as pd

_WRITING_SECONDS = 1.0  # to wait for what a run that just ended has still to keep
_MOST_CELLS = 2_000_000  # of a table whose columns are looked at only to be shown


class MetricValues(Mapping[str, "float | int"]):
    """Latest values by key; ``accuracy`` finds ``test.accuracy`` where no other key ends so."""

    def __init__(self, points: Mapping[str, MetricPoint], run_name: str) -> None:
        self._points = points
        self._run_name = run_name

    def __getitem__(self, key: str) -> float | int:
        return self._points[self.resolve(key)].value

    def __iter__(self) -> Iterator[str]:
        return iter(self._points)

    def __len__(self) -> int:
        return len(self._points)

    def __contains__(self, key: object) -> bool:
        return isinstance(key, str) and len(self._candidates(key)) == 1

    def __repr__(self) -> str:
        return repr(dict(self))

    def resolve(self, key: str) -> str:
        """Return the whole key that `key` means.

        Raises
        ------
        KeyError
            If there is none, or several end so; the message names those that there are.
        """
        found = self._candidates(key)
        if len(found) == 1:
            return found[0]
        if found:
            raise KeyError(f"'{key}' could be {' or '.join(found)} in run '{self._run_name}'. Give the whole key.")
        raise KeyError(f"No metric '{key}' in run '{self._run_name}'. It has: {', '.join(self._points) or 'none'}.")

    def _candidates(self, key: str) -> list[str]:
        if key in self._points:
            return [key]
        return [whole for whole in self._points if whole.endswith(f".{key}")]


def tell_aside(sentence: str) -> None:
    """Tell a person at once what is being waited for, beside what is shown or returned."""
    print(sentence, file=sys.stderr, flush=True)


class RunView:
    """A run as it is now: read from the store when asked, read again when something was written since."""

    def __init__(self, project: Project, detail: RunDetail, token: int) -> None:
        self._project = project
        self._seen = detail
        self._token = token

    @property
    def detail(self) -> RunDetail:
        """The record itself, with all that hangs on the run."""
        token = self._project.store.change_token()
        if token != self._token:
            found = self._project.store.runs(RunFilter(ids=[self.run_id]))
            if not found:
                raise NotFoundError(f"Run '{self.run_id}' is no longer in {self._project.location}.")
            self._seen, self._token = found[0], token
        return self._seen

    @property
    def run_id(self) -> str:
        """The run's id."""
        return self._seen.run.run_id

    @property
    def name(self) -> str:
        """The readable name."""
        return self.detail.run.name

    @property
    def experiment(self) -> str:
        """The experiment that the run belongs to."""
        return self.detail.run.experiment

    @property
    def session_id(self) -> str:
        """The session that made the run."""
        return self.detail.run.session_id

    @property
    def status(self) -> RunStatus:
        """RUNNING, FINISHED, FAILED or KILLED; compares equal to these texts."""
        return self.detail.run.status

    @property
    def verdict(self) -> Verdict | None:
        """Whether the notebook, run from its top, would make the run again: ``clean``, ``unordered`` or ``stale``.

        None where that is not known. Compares equal to these texts.
        """
        return self.detail.run.verdict

    @property
    def verdict_reason(self) -> str | None:
        """Why the verdict is not ``clean``, in one sentence."""
        return self.detail.run.verdict_reason

    @property
    def started_at(self) -> datetime:
        """When the run began, in UTC."""
        return self.detail.run.started_at

    @property
    def finished_at(self) -> datetime | None:
        """When the run ended, in UTC; None while it runs."""
        return self.detail.run.finished_at

    @property
    def note(self) -> str | None:
        """The note that somebody put on the run."""
        return self.detail.run.note

    @property
    def params(self) -> dict[str, JsonValue]:
        """The inputs that a person chose."""
        return dict(self.detail.params)

    @property
    def metrics(self) -> MetricValues:
        """The latest value of each metric."""
        detail = self.detail
        return MetricValues(detail.metrics, detail.run.name)

    @property
    def tags(self) -> dict[str, str]:
        """The words that people put on the run."""
        return dict(self.detail.tags)

    @property
    def datasets(self) -> tuple[DatasetUse, ...]:
        """The tables that flowed into the run."""
        return self.detail.datasets

    @property
    def models(self) -> tuple[Model, ...]:
        """What the run fitted."""
        return self.detail.models

    @property
    def artifacts(self) -> tuple[Artifact, ...]:
        """The files that the run made; `read_artifact` gives their content."""
        return self.detail.artifacts

    @property
    def modules(self) -> tuple[ModuleUse, ...]:
        """The project's own modules that flowed into the run, kept as they were executed; `read_module` gives them."""
        return self.detail.modules

    def read_module(self, name: str) -> str:
        """Return the source of one of the run's modules, by its dotted name.

        Raises
        ------
        NotFoundError
            If no such module flowed into the run.
        """
        for module in self.modules:
            if module.name == name:
                return self._project.store.get_object(module.digest).decode("utf-8", "replace")
        names = ", ".join(module.name for module in self.modules) or "none"
        raise NotFoundError(f"No module '{name}' flowed into run '{self.name}'. Its modules: {names}.")

    @property
    def executions(self) -> tuple[Execution, ...]:
        """The executions of cells that the run is made of, in their order."""
        return tuple(self._project.store.executions(run_id=self.run_id))

    @property
    def outputs(self) -> tuple[Output, ...]:
        """What the run's cells showed, in their order; `read_output` gives the whole of a long one.

        Cells that only show what the run made (a plot of its predictions) count among them.
        """
        return tuple(output for execution in self._showing() for output in execution.outputs)

    def _showing(self) -> list[Execution]:
        own = own_executions(self._project.store, self.detail)
        return own + showing(self._project.store, self.detail, own)

    def figures(self) -> dict[str, bytes]:
        """Return the figures that the run's cells showed, by file name: ``cell-3-figure-1.png``.

        Each is there in one form, PNG where there is one; one that was too large to be kept is left out.
        """
        read = self._project.store.get_object
        contents = {figure.name: content_of(figure.part, read) for figure in figures_of(self._showing())}
        return {name: content for name, content in contents.items() if content is not None}

    def read_output(self, part: OutputPart) -> bytes:
        """Return the content of one form of an output: a text in UTF-8, an image, the JSON of a figure.

        Raises
        ------
        NotFoundError
            If it was too large and nothing of it is kept.
        """
        content = content_of(part, self._project.store.get_object)
        if content is None:
            raise NotFoundError(
                f"Nothing is kept of this {part.media_type} of {part.size} bytes. "
                "The settings output_bytes, figure_bytes and cell_output_bytes say how much is."
            )
        return content

    @property
    def environment(self) -> EnvironmentView | None:
        """Python, packages, machine and git state that the run had; None where they weren't kept.

        Its ``differences()`` say what is another one here; ``text("uv")`` and ``save`` write it for tools.
        """
        return EnvironmentView.of(self._project, self.detail)

    @property
    def unseeded(self) -> tuple[str, ...]:
        """What drew random numbers without a seed and flowed into the run; another run of it may give other numbers."""
        return unseeded_of(self._project.store, self.detail)

    @property
    def reproductions(self) -> tuple[Reproduction, ...]:
        """How the run came out each time it was made again, in the order of time: ``verdict``, ``reason``, ``at``..."""
        return tuple(self._project.store.reproductions(run_id=self.run_id))

    @property
    def parent(self) -> RunView | None:
        """The run that this one is a part of."""
        parent_id = self.detail.run.parent_id
        store = self._project.store
        token = store.change_token()
        found = store.runs(RunFilter(ids=[parent_id])) if parent_id else []
        return RunView(self._project, found[0], token) if found else None

    @property
    def children(self) -> tuple[RunView, ...]:
        """The runs that are parts of this one, in the order in which they started."""
        store = self._project.store
        token = store.change_token()
        details = store.runs(RunFilter(parent_id=self.run_id, oldest_first=True))
        return tuple(RunView(self._project, detail, token) for detail in details)

    def why(self, subject: str | None = None) -> WhyView:
        """Return why a metric of the run (a param, a table, a model) is what it is, as `trackbook.why` does."""
        return WhyView(explain(self._project.store, self.detail, subject))

    def history(self, key: str) -> pd.DataFrame:
        """Return every point of a metric: ``step``, ``value``, ``time``."""
        return history_frame(self._history(self.metrics.resolve(key)))

    def to_dict(self) -> dict[str, JsonValue]:
        """Return the run as JSON values, as ``trackbook show --json`` prints it."""
        environment = self.environment
        return run_payload(
            self.detail,
            environment=environment.record if environment else None,
            differing=environment.differences() if environment else None,
            unseeded=self.unseeded,
            reproductions=self.reproductions,
            checks=checks_of(self._project.store, self.detail),
        )

    def profiles(self) -> dict[str, TableProfile]:
        """Return what the columns of the run's tables look like, by their names: worked out once, then kept.

        Of tables whose content is kept; of several with one content the first.
        """
        return profiles_of(self._project.store, self.detail)

    def show(self, look: Look | None = None) -> Shown:
        """Return the whole run, to look at."""
        if any(use.snapshot_id is None for use in self.detail.datasets):
            finish_keeping(_WRITING_SECONDS)
        parent, detail, environment = self.parent, self.detail, self.environment
        children = [child.detail for child in self.children]
        return show_run(
            detail,
            look,
            executions=self.executions,
            environment=environment.record if environment else None,
            differing=environment.differences() if environment else (),
            unseeded=self.unseeded,
            parent=parent.detail if parent else None,
            children=children,
            witnesses=witnesses_of(self._project.store, [detail, *children]),
            series={key: self._history(key) for key in detail.metrics if key.endswith(FOLD)},
            read=self._project.store.get_object,
            showing=self._showing(),
            checks=checks_of(self._project.store, detail),
            profiles=profiles_of(self._project.store, detail, most_cells=_MOST_CELLS),
            reproductions=self.reproductions,
            changed=changed_files(detail),
            gone=gone_files(detail),
        )

    def _history(self, key: str) -> list[MetricPoint]:
        return self._project.store.metric_history(self.run_id, key)

    def read_artifact(self, name: str) -> bytes:
        """Return the content of one of the run's files.

        Raises
        ------
        NotFoundError
            If the run made no file of that name.
        """
        for artifact in self.artifacts:
            if artifact.name == name:
                return self._project.store.get_object(artifact.digest)
        names = ", ".join(artifact.name for artifact in self.artifacts) or "none"
        raise NotFoundError(f"Run '{self.name}' has no artifact '{name}'. Its artifacts: {names}.")

    def load_model(self, name: str | None = None, *, trust: str | Collection[str] = ()) -> Any:
        """Return a fitted model as it was kept; one that behaves otherwise here warns.

        It comes back by skops, which runs no code of the model's, and is tried on the example of its inputs.

        Parameters
        ----------
        name
            Which one, if the run has several.
        trust
            Types, by full name, that it may hold beside those that skops trusts by itself.

        Raises
        ------
        NotFoundError
            If the run has no such model, or it was not kept.
        InvalidValueError
            If it holds other types (nothing is loaded then), or can't be loaded here.
        """
        if self._model(name).object_digest is None:  # not yet, or never
            wait_until_kept(lambda: self._model(name).object_digest is None, tell_aside)
        loaded = load_model(self._project.store, self._model(name), [trust] if isinstance(trust, str) else trust)
        for remark in loaded.remarks:
            warnings.warn(remark, stacklevel=2)
        return loaded.value

    def _model(self, name: str | None) -> Model:
        found = [model for model in self.models if name in (None, model.name)]
        names = list(dict.fromkeys(model.name for model in self.models))
        if not found:
            what = f"no model '{name}'" if name is not None else "no model"
            raise NotFoundError(f"Run '{self.name}' has {what}. Its models: {', '.join(names) or 'none'}.")
        if name is None and len(names) > 1:
            raise AmbiguousError(f"Run '{self.name}' has several models: {', '.join(names)}. Name the one you mean.")
        return found[-1]

    def __repr__(self) -> str:
        detail = self.detail
        numbers = ", ".join(f"{key}={number(point.value)}" for key, point in list(detail.metrics.items())[:3])
        more = f", {len(detail.metrics) - 3} more" if len(detail.metrics) > 3 else ""
        shown = f" {numbers}{more}" if numbers else ""
        return f"<Run {detail.run.name} {short_id(self.run_id)} {detail.run.experiment} {detail.run.status}{shown}>"

    def _repr_html_(self) -> str:
        return self.show().html

    def __eq__(self, other: object) -> bool:
        return isinstance(other, RunView) and other.run_id == self.run_id

    def __hash__(self) -> int:
        return hash(self.run_id)
