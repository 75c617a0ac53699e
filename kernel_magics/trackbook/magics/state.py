"""What ``%track`` alone says: what is tracked, where, and what to type next."""

from __future__ import annotations

from trackbook.display.format import one_line, plural
from trackbook.display.status import usage_text
from trackbook.magics.notebook import TrackedNotebook
from trackbook.records import RunDetail
from trackbook.store.contract import RunFilter

_MOST_METRICS = 3


def state_of(notebook: TrackedNotebook) -> str:
    """Return the state of a notebook's tracking in a few lines."""
    extension = notebook.extension
    lines = [_switch(notebook), _runs(notebook), _store(notebook), _kept(notebook)]
    if extension.guard.count:
        lines.append(f"{plural(extension.guard.count, 'thing')} could not be recorded: %track --faults")
    lines.append("Next: " + " · ".join(["%track runs", "%track show", "%track compare", "%track log", "%track -h"]))
    return "\n".join(lines)


def _switch(notebook: TrackedNotebook) -> str:
    extension = notebook.extension
    switch = "Tracking is on." if extension.is_on else "Tracking is off (switch it on: %track on)."
    count = plural(extension.recorder.execution_count, "cell")
    return f"{switch} {count} of this session recorded, in experiment {one_line(notebook.experiment)}."


def _runs(notebook: TrackedNotebook) -> str:
    started = notebook.extension.recorder.explicit.innermost
    if started is not None:
        return f"Run {one_line(started.run.name)} is started: what happens belongs to it until %track stop."
    found = notebook.current()
    if found is None:
        return "No run yet: fit a model, compute a metric, or start one with %track start NAME."
    count = notebook.project.store.count_runs(RunFilter(session_id=notebook.session_id))
    return f"{plural(count, 'run')} in this session. Current: {_about(found)}"


def _about(detail: RunDetail) -> str:
    """Return a run's name with its first metrics."""
    metrics = [f"{one_line(key)} {point.value:.4g}" for key, point in detail.metrics.items()][:_MOST_METRICS]
    return ", ".join([one_line(detail.run.name), *metrics])


def _store(notebook: TrackedNotebook) -> str:
    keeper = notebook.extension.keeper
    return f"Store: {keeper.store.location}" + (" (can't be written now)" if keeper.is_failing else "")


def _kept(notebook: TrackedNotebook) -> str:
    """Return what is kept of data in the store, by every session."""
    keeping = notebook.extension.recorder.snapshots
    if keeping is None:
        return "Data: only fingerprints (the setting snapshots is off)."
    usage = notebook.extension.keeper.store.usage()
    return f"Data: {usage_text(usage, keeping.limits.budget_bytes)}."
