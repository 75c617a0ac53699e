"""What flowed into a name, over executions."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import UTC, datetime
from functools import partial
from typing import Any

from hypothesis import given
from hypothesis import strategies as st
from trackbook.lineage.graph import Lineage
from trackbook.records import Execution, Source, Statement

NOON = datetime(2026, 11, 1, 12, tzinfo=UTC)


def at(place: str) -> Source:
    """Return a source from ``cell.statement``."""
    cell, _, number = place.partition(".")
    return Source(execution_id=cell, statement=int(number or 0))


def statement(line: int = 1, *, literals: Mapping[str, Any] | None = None, **reads: str) -> Statement:
    """Return a statement; `reads` are names and the places (by blanks) that made them."""
    made = {name: tuple(at(place) for place in places.split()) for name, places in reads.items()}
    return Statement(line=line, end_line=line, reads=made, literals=literals or {})


def execution(name: str, *statements: Statement, source: str = "") -> Execution:
    return Execution(execution_id=name, session_id="s", index=1, source=source, started_at=NOON, statements=statements)


def sources(**names: str | None) -> dict[str, tuple[Source, ...] | None]:
    return {name: None if made is None else tuple(map(at, made.split())) for name, made in names.items()}


def places(found: Mapping[Source, set[str]]) -> dict[str, set[str]]:
    return {f"{source.execution_id}.{source.statement}": names for source, names in found.items()}


def test_name_that_nobody_made_has_nothing_upstream() -> None:
    assert Lineage().upstream(["x"]) == {}


def test_upstream_follows_reads_to_the_beginning() -> None:
    lineage = Lineage()
    lineage.add(execution("a", statement()), sources(x="a.0"))
    lineage.add(execution("b", statement(x="a.0")), sources(y="b.0"))
    lineage.add(execution("c", statement()), sources(z="c.0"))
    lineage.add(execution("d", statement(y="b.0")), sources(w="d.0"))

    assert places(lineage.upstream(["w"])) == {"d.0": {"w"}, "b.0": {"y"}, "a.0": {"x"}}


def test_value_from_before_a_name_was_bound_again_is_followed() -> None:
    lineage = Lineage()
    lineage.add(execution("a", statement(literals={"x": 1})), sources(x="a.0"))
    lineage.add(execution("b", statement(x="a.0")), sources(y="b.0"))
    lineage.add(execution("c", statement(literals={"x": 2})), sources(x="c.0"))

    assert lineage.literals(lineage.upstream(["y"])) == {"x": 1}
    assert lineage.literals(lineage.upstream(["x"])) == {"x": 2}


def test_deleted_name_has_nothing_upstream() -> None:
    lineage = Lineage()
    lineage.add(execution("a", statement()), sources(x="a.0"))
    lineage.add(execution("b", statement()), sources(x=None))

    assert lineage.upstream(["x"]) == {}
    assert "x" not in lineage.sources


def test_nearest_first() -> None:
    lineage = Lineage()
    lineage.add(execution("a", statement()), sources(x="a.0"))
    lineage.add(execution("b", statement(x="a.0")), sources(y="b.0"))
    lineage.add(execution("c", statement(y="b.0")), sources(z="c.0"))

    assert list(places(lineage.upstream(["z"]))) == ["c.0", "b.0", "a.0"]


def test_literals_only_of_the_names_that_flow() -> None:
    lineage = Lineage()
    lineage.add(execution("a", statement(literals={"x": 1, "unused": 2})), sources(x="a.0", unused="a.0"))
    lineage.add(execution("b", statement(x="a.0")), sources(y="b.0"))

    assert lineage.literals(lineage.upstream(["y"])) == {"x": 1}


def test_changed_in_place_has_maker_and_changer() -> None:
    lineage = Lineage()
    lineage.add(execution("a", statement()), sources(d="a.0"))
    lineage.add(execution("b", statement(d="a.0")), sources(d="a.0 b.0"))

    assert set(places(lineage.upstream(["d"]))) == {"a.0", "b.0"}


def test_a_cycle_ends() -> None:
    lineage = Lineage()
    lineage.add(execution("a", statement(x="a.1"), statement(x="a.0")), sources(x="a.0"))

    assert set(places(lineage.upstream(["x"]))) == {"a.0", "a.1"}


def test_statement_that_is_not_known_ends_the_way() -> None:
    lineage = Lineage()
    lineage.add(execution("b", statement(x="gone.3")), sources(y="b.0"))

    assert set(places(lineage.upstream(["y"]))) == {"b.0", "gone.3"}


def test_texts_are_the_code_of_the_statements() -> None:
    lineage = Lineage()
    asked: list[str] = []
    codes = ["x = 1", "if x:", "y = 2"]
    cell = execution("a", *(statement(line) for line in (1, 2, 3)))

    def asked_for(code: str) -> str:
        asked.append(code)
        return code

    lineage.add(cell, {}, [partial(asked_for, code) for code in codes])

    assert lineage.texts([at("a.0"), at("a.2"), at("b.0")]) == {"x = 1", "y = 2"}
    assert lineage.texts([at("a.0")]) == {"x = 1"}
    assert asked == ["x = 1", "y = 2"]


def test_a_cell_recorded_twice_keeps_its_place_in_time() -> None:
    lineage = Lineage()
    lineage.add(execution("a", statement(literals={"x": 1})), sources(x="a.0"))
    lineage.add(execution("b", statement(literals={"x": 2})), sources(y="b.0"))
    lineage.add(execution("a", statement(literals={"x": 1})), {})

    assert lineage.literals({at("a.0"): {"x"}, at("b.0"): {"x"}}) == {"x": 2}


def test_a_long_chain_is_followed_without_recursion() -> None:
    lineage = Lineage()
    lineage.add(execution("c0", statement(literals={"x0": 5})), sources(x0="c0.0"))
    for number in range(1, 3000):
        reads = {f"x{number - 1}": f"c{number - 1}.0"}
        lineage.add(execution(f"c{number}", statement(**reads)), sources(**{f"x{number}": f"c{number}.0"}))

    assert lineage.literals(lineage.upstream(["x2999"])) == {"x0": 5}


@given(st.lists(st.lists(st.integers(0, 30), max_size=3), min_size=1, max_size=30))
def test_upstream_is_the_transitive_closure(reads: list[list[int]]) -> None:
    lineage = Lineage()
    wanted: list[set[int]] = []
    for number, earlier in enumerate(reads):
        known = {each for each in earlier if each < number}
        lineage.add(
            execution(f"c{number}", statement(**{f"x{each}": f"c{each}.0" for each in known})),
            sources(**{f"x{number}": f"c{number}.0"}),
        )
        wanted.append({number}.union(*(wanted[each] for each in known)))

    last = len(reads) - 1

    assert set(places(lineage.upstream([f"x{last}"]))) == {f"c{number}.0" for number in wanted[last]}
