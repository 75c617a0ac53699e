"""Whether a session is tracked, by its record."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta

import pytest
from trackbook.records import SWITCHED_OFF, Execution, Outcome, Session, fault_of_tracking
from trackbook.tracking.cell_marks import TrackingState, notebook_state, tracking_state

from tests.unit.conftest import NOON, Notebook


def session_of(notebook: Notebook) -> Session:
    (found,) = notebook.store.sessions()
    return found


def execution(index: int, *state: str) -> Execution:
    return Execution(
        execution_id=f"execution-{index}",
        session_id="sess0000000000000000aa",
        index=index,
        source="a = 1",
        started_at=NOON,
        outcome=Outcome.OK,
        state=state,
    )


@pytest.mark.parametrize(
    ("executions", "state"),
    [
        ([], TrackingState.ON),
        ([execution(1, "numpy.random")], TrackingState.ON),
        ([execution(1), execution(2, SWITCHED_OFF)], TrackingState.OFF),
        ([execution(2), execution(1, SWITCHED_OFF)], TrackingState.ON),
        ([execution(1, fault_of_tracking("it broke"))], TrackingState.ERROR),
        ([execution(1, fault_of_tracking("it broke")), execution(2)], TrackingState.ON),
        ([execution(1, SWITCHED_OFF, fault_of_tracking("it broke"))], TrackingState.OFF),
    ],
)
def test_last_execution_tells_whether_tracking_is_on(
    notebook: Notebook, executions: list[Execution], state: TrackingState
) -> None:
    assert tracking_state(session_of(notebook), executions, NOON)[0] is state


def test_session_that_is_gone_has_ended_whatever_it_said_last(notebook: Notebook) -> None:
    session = session_of(notebook)
    closed = replace(session, ended_at=NOON)
    lost = replace(session, lease_expires_at=NOON)

    assert tracking_state(closed, [execution(1, SWITCHED_OFF)], NOON)[0] is TrackingState.ENDED
    state, reason = tracking_state(lost, [], NOON + timedelta(seconds=1))
    assert (state, reason) == (TrackingState.ENDED, "Its kernel vanished.")


def test_what_is_said_of_tracking_is_no_state_that_results_depend_on() -> None:
    told = execution(1, "numpy.random", SWITCHED_OFF, fault_of_tracking("it broke"))

    assert (told.changed_state, told.tracking_fault) == (("numpy.random",), "it broke")


def test_notebook_that_was_renamed_is_found_by_its_kernel(notebook: Notebook, tmp_path) -> None:  # type: ignore[no-untyped-def]
    from trackbook.store import Batch

    session = replace(session_of(notebook), notebook="/somewhere/old.ipynb", kernel_id="kernel-1")
    notebook.store.write(Batch(sessions=[session]))

    renamed = notebook_state(notebook.store, tmp_path / "new.ipynb", NOON, "kernel-1")
    unknown = notebook_state(notebook.store, tmp_path / "new.ipynb", NOON)

    assert (renamed.state, unknown.state) == (TrackingState.ON, TrackingState.NONE)
