"""Collects what one execution does to runs, to be written in one go."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field, replace
from datetime import datetime

from trackbook.capture.events import Event, MetricEvent
from trackbook.capture.secrets import redact, redact_value
from trackbook.records import (
    Artifact,
    DatasetUse,
    JsonValue,
    MetricPoint,
    Model,
    ModuleUse,
    Origin,
    OriginKind,
    Run,
    Source,
)
from trackbook.store.contract import RunChange
from trackbook.tracking.origins import origin_of


@dataclass(slots=True, eq=False)
class RunDraft:
    """What is added to one run."""

    run_id: str
    run: Run | None = None
    params: dict[str, JsonValue] = field(default_factory=dict)
    metrics: list[MetricPoint] = field(default_factory=list)
    tags: dict[str, str | None] = field(default_factory=dict)
    datasets: dict[tuple[str, str | None], DatasetUse] = field(default_factory=dict)
    models: list[Model] = field(default_factory=list)
    artifacts: list[Artifact] = field(default_factory=list)
    modules: list[ModuleUse] = field(default_factory=list)
    origins: dict[tuple[OriginKind, str, Source], Origin] = field(default_factory=dict)
    places: dict[Source, None] = field(default_factory=dict)
    """The statements that something of the run happened at, in this execution or (its fit) before."""
    note: str | None = None

    @property
    def is_repetition(self) -> bool:
        """Whether nothing came of what happened but what the run has already."""
        return self.run is None and not (self.metrics or self.models or self.origins or self.artifacts)

    def add_params(self, params: Mapping[str, JsonValue]) -> None:
        """Add params; what looks like a credential is left out of them."""
        self.params.update((name, redact_value(name, value)) for name, value in params.items())

    def add_points(self, points: Iterable[tuple[str, float | int, int]], at: datetime) -> None:
        """Add metric points: key, value and step."""
        self.metrics += [MetricPoint(key=key, value=value, step=step, time=at) for key, value, step in points]

    def add_place(self, event: Event) -> None:
        """Note the statement of an event, and those of the fits that it judges."""
        fits = event.fits if isinstance(event, MetricEvent) else ()
        self.places.update((each.source, None) for each in (event, *fits) if each.source is not None)

    def add_origin(self, kind: OriginKind, key: str, event: Event) -> None:
        """Note the statement that made a metric or a model; the same one counts once."""
        if event.source is None or (kind, key, event.source) in self.origins:
            return
        origin = origin_of(kind, key, event)
        if origin is not None:
            self.origins[kind, key, event.source] = origin

    def add_data(self, data: Iterable[DatasetUse]) -> None:
        """Add datasets; the same name in the same role counts once, the first use of it."""
        for use in data:
            self.datasets.setdefault((use.name, use.role), use)

    def change(self, execution_id: str | None) -> RunChange:
        """Return the finished change."""
        return RunChange(
            run_id=self.run_id,
            run=self.run,
            params=self.params,
            metrics=tuple(self.metrics),
            tags={name: redact_tag(name, value) for name, value in self.tags.items()},
            datasets=tuple(self.datasets.values()),
            models=tuple(self.models),
            artifacts=tuple(self.artifacts),
            modules=tuple(self.modules),
            origins=tuple(self.origins.values()),
            note=self.note,
            execution_ids=(execution_id,) if execution_id is not None else (),
        )


def redact_tag(name: str, value: str | None) -> str | None:
    """Return a tag's value, what looks like a credential taken out."""
    return None if value is None else str(redact_value(name, redact(value)))


class Changes:
    """The drafts of the runs that one execution touches, in the order in which it touched them."""

    def __init__(self) -> None:
        self._drafts: dict[str, RunDraft] = {}

    def of(self, run: Run) -> RunDraft:
        """Return the draft for a run, made when first asked for."""
        if run.run_id not in self._drafts:
            self._drafts[run.run_id] = RunDraft(run.run_id)
        return self._drafts[run.run_id]

    def put(self, run: Run, **values: object) -> Run:
        """Note that the run itself is (or becomes) so; return it."""
        changed = replace(run, **values) if values else run  # type: ignore[arg-type]  # fields of Run, by the callers
        self.of(changed).run = changed
        return changed

    @property
    def drafts(self) -> tuple[RunDraft, ...]:
        """The drafts, in the order in which the runs were touched."""
        return tuple(self._drafts.values())

    @property
    def run_ids(self) -> tuple[str, ...]:
        """The ids of the runs touched."""
        return tuple(self._drafts)

    def finished(self, execution_id: str | None) -> tuple[RunChange, ...]:
        """Return the changes; parents come before children, as the store wants them."""
        drafts = sorted(
            self._drafts.values(), key=lambda draft: draft.run is not None and draft.run.parent_id in self._drafts
        )
        return tuple(draft.change(execution_id) for draft in drafts)
