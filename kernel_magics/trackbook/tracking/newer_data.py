"""Tells the notebook's hidden state when a dataset, whose latest version it loaded, has a newer one."""

from __future__ import annotations

from trackbook.tracking.finding_datasets import newer_version
from trackbook.tracking.here import recorder_here, runs_here


def watch_newer() -> None:
    """From now on, cells that loaded the latest version of a dataset are stale when another one is published."""
    recorder = recorder_here()
    if recorder is not None and recorder.is_on and recorder.is_in_cell:
        with recorder.guard:
            recorder.hidden_state.watch_datasets(_has_newer)


def _has_newer(label: str) -> bool:
    keeper = runs_here().keeper
    return newer_version(keeper.store, label, keeper.session.session_id) is not None
