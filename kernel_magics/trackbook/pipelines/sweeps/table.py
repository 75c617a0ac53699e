"""Trials as JSON: what is kept with a sweep's run, and what ``trackbook sweep --json`` prints."""

from __future__ import annotations

import json
from collections.abc import Iterable

from trackbook.pipelines.sweeps.trials import Trial
from trackbook.records import JsonValue, strict


def trial_payload(trial: Trial) -> dict[str, JsonValue]:
    """Return a trial as strict JSON."""
    return {
        "number": trial.number,
        "status": trial.status.value,
        "params": strict(trial.params),
        "value": strict(trial.value),
        "run_id": trial.run_id,
        "run_name": trial.run_name,
        "seconds": trial.seconds,
        "error": trial.error,
        "message": trial.message,
        "failed_cell": trial.failed_cell,
        "series": strict(list(trial.series)),
    }


def dumped(trials: Iterable[Trial]) -> bytes:
    """Return trials as one JSON document."""
    return json.dumps([trial_payload(each) for each in trials], indent=2, allow_nan=False).encode()
