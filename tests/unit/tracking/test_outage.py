"""A notebook's recorder while its store is away, or while our own analysis fails: no finished cell is lost."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pytest
from trackbook.records import Execution, Outcome
from trackbook.store import Batch
from trackbook.store.contract import RunFilter
from trackbook.tracking.recorder import Recorder

from tests.unit.cells import execute

from .conftest import Desk

FIT = """
from sklearn.linear_model import LogisticRegression
from sklearn.metrics import classification_report
X, y = [[0.0], [1.0], [2.0], [3.0]], [0, 1, 0, 1]
m = LogisticRegression().fit(X, y)
report = classification_report(y, m.predict(X), zero_division=0)
"""


class Session:
    """Cells recorded into a flaky store."""

    def __init__(self, desk: Desk) -> None:
        self.desk = desk
        self.keeper = desk.keeper()
        self.variables: dict[str, Any] = {"__name__": "__main__"}
        self.recorder = Recorder(self.keeper, self.variables, frozenset, desk.guard)
        self.recorder.capture.attach()
        self.count = 0

    def run(self, source: str) -> None:
        self.count += 1
        with self.desk.guard:
            self.recorder.begin_cell(source, source, None, {})
        error = execute(source, self.variables, self.count)
        with self.desk.guard:
            self.recorder.end_cell(error, count=self.count)

    def executions(self) -> list[Execution]:
        self.keeper.write(Batch())
        return self.desk.store.executions()


@pytest.fixture
def session(desk: Desk) -> Iterator[Session]:
    found = Session(desk)
    yield found
    desk.store.is_down, desk.can_open = False, True
    found.recorder.close()


def test_cells_of_an_outage_are_all_there_afterwards(session: Session) -> None:
    session.run("a = 1")
    session.desk.store.is_down = True
    session.run("b = 2")
    session.run(FIT)
    session.desk.store.is_down = False
    session.run("c = 3")

    assert [execution.index for execution in session.executions()] == [1, 2, 3, 4]
    assert len(session.desk.said) == 1


def test_run_and_files_of_an_outage_are_all_there_afterwards(session: Session) -> None:
    session.keeper.environment()
    session.desk.store.is_down = True
    session.run(FIT)
    session.desk.store.is_down = False
    session.run("a = 1")

    (detail,) = session.desk.store.runs(RunFilter())
    (artifact,) = detail.artifacts
    assert detail.models
    assert session.desk.store.get_object(artifact.digest).decode() == session.variables["report"]


def test_a_store_that_opens_late_has_the_whole_session(desk: Desk) -> None:
    desk.can_open = False
    session = Session(desk)
    session.run("a = 1")
    session.run(FIT)
    desk.can_open = True
    session.run("b = 2")

    (detail,) = desk.store.runs(RunFilter())
    assert [execution.index for execution in session.executions()] == [1, 2, 3]
    assert detail.run.environment_id is None or desk.store.environment(detail.run.environment_id)
    assert len(desk.said) == 1
    session.recorder.close()


PARTS = [
    "trackbook.capture.namespace.Namespace.before",
    "trackbook.capture.namespace.Namespace.after",
    "trackbook.capture.observer.Observer.end",
    "trackbook.capture.flow.Flow.settled",
    "trackbook.tracking.recorder.settle",
    "trackbook.tracking.recorder.fill_in",
    "trackbook.tracking.attempts.Attempts.process",
]


@pytest.mark.parametrize("part", PARTS)
def test_a_fault_of_ours_costs_no_cell(part: str, session: Session, monkeypatch: pytest.MonkeyPatch) -> None:
    def fail(*_: object, **__: object) -> None:
        raise RuntimeError("a fault of ours")

    session.run("a = 1")
    with monkeypatch.context() as patch:
        patch.setattr(part, fail)
        session.run(FIT)
    session.run("b = a + 1")

    found = session.executions()
    assert [(each.index, each.outcome) for each in found] == [(1, Outcome.OK), (2, Outcome.OK), (3, Outcome.OK)]
    assert found[1].source == FIT
    assert found[2].writes == ("b",)
    assert len(session.desk.said) == 1


def test_a_fault_does_not_give_the_next_cell_the_last_one_s_facts(
    session: Session, monkeypatch: pytest.MonkeyPatch
) -> None:
    session.run("a = 1\nb = 2")
    with monkeypatch.context() as patch:
        patch.setattr("trackbook.capture.namespace.Namespace.before", lambda *_: 1 / 0)
        session.run("c = 3")

    second = session.executions()[1]
    assert second.source == "c = 3"
    assert [statement.line for statement in second.statements] in ([], [1])
    assert {name for statement in second.statements for name in statement.writes} <= {"c"}
