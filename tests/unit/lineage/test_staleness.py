"""Staleness by itself: executions are told by what their statements read and write."""

from __future__ import annotations

from collections.abc import Collection, Iterable
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from trackbook.lineage.rerun import cells_to_run
from trackbook.lineage.stale_facts import Expected, Finding, Ran, Saved
from trackbook.lineage.staleness import Staleness
from trackbook.records import HiddenReason, Source, Statement


class Session:
    """Executions of cells of one statement each: ``run("b", reads="x", writes="y", y=3)``."""

    def __init__(self) -> None:
        self.staleness = Staleness()
        self.sources: dict[str, tuple[Source, ...]] = {}
        self.count = 0

    def run(
        self,
        cell: str,
        *,
        reads: str = "",
        writes: str = "",
        code: str = "",
        place: int | None = None,
        **values: int,
    ) -> str:
        self.count += 1
        name = f"{cell}{self.count}"
        own = Source(execution_id=name, statement=0)
        statement = Statement(
            line=1,
            end_line=1,
            reads={each: self.sources[each] for each in reads.split() if each in self.sources},
            writes=tuple(writes.split()),
        )
        self.staleness.add(
            Ran(
                execution_id=name,
                cell=cell,
                source=code or cell,
                statements=(statement,),
                writes=frozenset(writes.split()),
                versions=values,
                place=place,
            )
        )
        for each in writes.split():
            self.sources[each] = (*(self.sources.get(each, ()) if each in reads.split() else ()), own)
        return name

    def hidden(self, execution_id: str) -> list[tuple[str, str, str]]:
        return [
            (each.read.name, each.read.source.execution_id, each.read.reason.value)
            for each in self.staleness.hidden_in(execution_id)
        ]

    def stale(self) -> list[str]:
        return [each.cell for each in cells_to_run(self.staleness)]


def test_nothing_is_hidden_from_the_top_to_the_end() -> None:
    session = Session()
    session.run("a", writes="x", x=1)
    last = session.run("b", reads="x", writes="y")

    assert session.hidden(last) == []
    assert session.staleness.is_calm


def test_read_of_what_was_made_again_otherwise() -> None:
    session = Session()
    made = session.run("a", writes="x", x=1)
    session.run("b", reads="x", writes="y")
    session.run("a", writes="x", x=2)

    last = session.run("c", reads="y")

    assert session.hidden(last) == [("x", made, "rerun")]
    assert session.stale() == ["b", "c"]


def test_the_same_value_made_again_hides_nothing() -> None:
    session = Session()
    session.run("a", writes="x", x=1)
    session.run("b", reads="x", writes="y")
    session.run("a", writes="x", x=1)

    assert session.stale() == []


def test_the_same_code_on_the_same_values_makes_the_same() -> None:
    session = Session()
    session.run("a", writes="x", x=1)
    session.run("b", reads="x", writes="y")
    session.run("c", reads="y", writes="z")

    session.run("b", reads="x", writes="y")

    assert session.stale() == []


def test_a_statement_further_up_that_may_have_bound_the_name_makes_a_read_unsure() -> None:
    staleness = Staleness()
    staleness.add(
        Ran(
            execution_id="a1",
            cell="a",
            source="a",
            statements=(Statement(line=1, end_line=1, writes=("t",)),),
            writes=frozenset({"t"}),
            versions={"t": 1},
        )
    )
    maybe = (Source(execution_id="a1", statement=0), Source(execution_id="b1", statement=0))
    loop = Statement(line=1, end_line=2, writes=("t",))
    after = Statement(line=3, end_line=3, reads={"t": maybe})
    staleness.add(Ran(execution_id="b1", cell="b", source="b", statements=(loop, after), writes=frozenset({"t"})))
    staleness.add(
        Ran(
            execution_id="a2",
            cell="a",
            source="a",
            statements=(Statement(line=1, end_line=1, writes=("t",)),),
            writes=frozenset({"t"}),
            versions={"t": 2},
        )
    )

    assert staleness.hidden_in("b1") == []


def test_counting_twice_is_hidden_and_its_start_is_to_run_first() -> None:
    session = Session()
    session.run("a", writes="n", n=0)
    session.run("b", reads="n", writes="n", n=1)

    last = session.run("b", reads="n", writes="n", n=2)

    assert [reason for _, _, reason in session.hidden(last)] == ["rerun"]
    assert session.stale() == ["a", "b"]


@pytest.mark.parametrize(
    ("saved", "reason"),
    [
        (Saved(positions={"a": 1, "b": 0}), HiddenReason.ORDER),
        (Saved(positions={"a": 0, "b": 1}, edited={"a": Expected(writes=frozenset({"x"}))}), HiddenReason.EDITED),
        (Saved(positions={"b": 0}, deleted=frozenset({"a"})), HiddenReason.DELETED),
    ],
)
def test_what_the_file_tells(saved: Saved, reason: HiddenReason) -> None:
    session = Session()
    made = session.run("a", writes="x", x=1)
    last = session.run("b", reads="x")

    session.staleness.look_at(saved)

    assert session.hidden(last) == [("x", made, reason.value)]


def test_cell_between_that_had_not_run_since() -> None:
    session = Session()
    session.run("load", writes="x", place=0, x=1)
    session.run("clean", reads="x", writes="x", place=1, x=2)
    loaded = session.run("load", writes="x", place=0, x=1)

    last = session.run("fit", reads="x", place=2)

    assert session.hidden(last) == [("x", loaded, "skipped")]
    assert session.stale() == ["clean", "fit"]


def test_cell_that_lacks_an_input_says_so() -> None:
    session = Session()
    session.run("use", reads="", place=0)
    session.run("make", writes="x", place=1, x=1)
    session.run("use", reads="x", place=0)

    (cell,) = cells_to_run(session.staleness)

    assert cell.lacking == ("x",)


STEPS = st.lists(st.tuples(st.integers(0, 4), st.integers(0, 3)), max_size=12)


@given(STEPS)
def test_running_the_list_always_cures_chains_of_cells(steps: list[tuple[int, int]]) -> None:
    session = Session()
    values = [0] * 5

    def run(cell: int) -> None:
        made = (values[cell], *([hash(inputs[cell - 1])] if cell else []))
        inputs[cell] = hash(made)
        reads = f"v{cell - 1}" if cell else ""
        session.run(
            str(cell), reads=reads, writes=f"v{cell}", code=f"{cell}:{values[cell]}", **{f"v{cell}": inputs[cell]}
        )

    inputs = [0] * 5
    for cell in range(5):
        run(cell)
    for cell, value in steps:
        values[cell] = value
        run(cell)

    for name in session.stale():
        run(int(name))

    assert session.stale() == []


class Forgetful(Staleness):
    """Remembers nothing of what it has judged."""

    def hidden(self, start: Iterable[tuple[Source, Collection[str] | None]]) -> list[Finding]:
        self.epoch += 1
        return super().hidden(start)


_NAMES = st.sampled_from(["x", "y", "z"])
_RUNS = st.tuples(
    st.sampled_from("abcdefgh"), st.sets(_NAMES, max_size=2), st.sets(_NAMES, max_size=2), st.none() | st.integers(0, 2)
)
_SAVES = st.tuples(st.permutations("abcdefgh"), st.sets(st.sampled_from("abcdefgh"), max_size=2))


@given(steps=st.lists(_RUNS | _SAVES, min_size=3, max_size=25), with_places=st.booleans())
def test_what_is_remembered_of_earlier_cells_is_what_would_be_found_anew(
    steps: list[tuple[Any, ...]], with_places: bool
) -> None:
    sessions = [Session(), Session()]
    sessions[1].staleness = Forgetful()

    for step in steps:
        told = [_told(session, step, with_places=with_places) for session in sessions]

        assert told[0] == told[1]


def _told(session: Session, step: tuple[Any, ...], *, with_places: bool) -> list[list[tuple[str, str, str]]]:
    if len(step) == 2:
        order, edited = step
        positions = {cell: place for place, cell in enumerate(order)} if with_places else {}
        expected = {cell: Expected(writes=frozenset("x")) for cell in sorted(edited & session.staleness.latest.keys())}
        session.staleness.look_at(Saved(positions=positions, edited=expected))
    else:
        cell, reads, writes, value = step
        values = {} if value is None else dict.fromkeys(sorted(writes), value)
        place = ord(cell) - ord("a") if with_places else None
        session.run(cell, reads=" ".join(sorted(reads)), writes=" ".join(sorted(writes)), place=place, **values)
    return [sorted(session.hidden(execution_id)) for execution_id in list(session.staleness._ran)]
