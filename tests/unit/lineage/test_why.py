"""From a metric back to its literals and files, over records of cells."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from datetime import UTC, datetime
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from trackbook.lineage.code import definition_line, keyword_value, line_text, names_in, stored_in, tables_in
from trackbook.lineage.evidence import Evidence, metric_id
from trackbook.lineage.explaining import draft_of
from trackbook.lineage.why import Draft, Edge, Graph, Node, NodeKind, last_makers, reached, resolved
from trackbook.records import (
    DatasetUse,
    Execution,
    FileRead,
    Inside,
    MetricPoint,
    Origin,
    OriginKind,
    Role,
    Run,
    RunDetail,
    Source,
    Statement,
)

NOON = datetime(2026, 11, 1, 12, tzinfo=UTC)


def at(place: str) -> Source:
    """Return a source from ``cell.statement``."""
    cell, _, number = place.partition(".")
    return Source(execution_id=cell, statement=int(number or 0))


def cell(name: str, source: str, *reads: Mapping[str, str], **parts: Any) -> Execution:
    """Return a cell of one-line statements; for each what it read: names, and the places (by blanks) that made them."""
    literals, files = parts.pop("literals", {}), parts.pop("files", {})
    statements = tuple(
        Statement(
            line=number,
            end_line=number,
            reads={read: tuple(at(place) for place in places.split()) for read, places in each.items()},
            writes=tuple(sorted(stored_in(line))),
            literals=literals.get(number - 1, {}),
            files=files.get(number - 1, ()),
        )
        for number, (line, each) in enumerate(zip(source.split("\n"), reads, strict=True), start=1)
    )
    index = int(name[1:])
    return Execution(
        execution_id=name,
        session_id="s",
        index=index,
        count=index,
        source=source,
        started_at=NOON,
        statements=statements,
        **parts,
    )


def metric(place: str, *names: str, **parts: Any) -> Origin:
    return Origin(kind=OriginKind.METRIC, key="accuracy", source=at(place), names=names, **parts)


def fit(place: str, *names: str, **parts: Any) -> Origin:
    return Origin(kind=OriginKind.FIT, key="model", source=at(place), names=names, **parts)


def run(**parts: Any) -> RunDetail:
    record = Run(run_id="r", name="brave-otter", experiment="e", session_id="s", started_at=NOON)
    point = MetricPoint(key="accuracy", value=0.9, time=NOON)
    return RunDetail(run=record, metrics={"accuracy": point}, **parts)


def explained(cells: Iterable[Execution], *origins: Origin, **parts: Any) -> Graph:
    """Return the graph behind the run's metric."""
    evidence = Evidence(run=run(**parts), origins=origins, executions={each.execution_id: each for each in cells})
    return draft_of(evidence).graph(metric_id("accuracy"))


def ways(graph: Graph) -> set[tuple[str, str]]:
    """Return the edges of a graph by what stands there: code, else the label."""
    said = {node_id: node.code or node.label for node_id, node in graph.nodes.items()}
    return {(said[edge.start], said[edge.end]) for edge in graph.edges}


def test_metric_leads_to_its_statement_and_that_to_literal_and_file() -> None:
    file = FileRead(path="/data/a.csv", size=3, digest="abc")
    cells = [
        cell("e1", "C = 0.1", {}, literals={0: {"C": 0.1}}),
        cell("e2", "df = read('a.csv')", {}, files={0: (file,)}),
        cell("e3", "acc = judge(df, C)", {"df": "e2.0", "C": "e1.0"}),
    ]

    graph = explained(cells, metric("e3.0", "df", "C"))

    assert ways(graph) == {
        ("acc = judge(df, C)", "accuracy"),
        ("df = read('a.csv')", "acc = judge(df, C)"),
        ("C = 0.1", "acc = judge(df, C)"),
        ("/data/a.csv", "df = read('a.csv')"),
    }
    literal = next(node for node in graph.nodes.values() if node.kind is NodeKind.LITERAL)
    assert (literal.label, literal.value, literal.cell, literal.line) == ("C", 0.1, 1, 1)


def test_only_what_flowed_into_the_metric_counts_not_all_that_its_line_reads() -> None:
    cells = [
        cell("e1", "a = f()\nb = g()", {}, {}),
        cell("e2", "x, y = judge(a), judge(b)", {"a": "e1.0", "b": "e1.1"}),
    ]

    graph = explained(cells, metric("e2.0", "b"))

    assert ("b = g()", "x, y = judge(a), judge(b)") in ways(graph)
    assert not any("a = f()" in way for way in ways(graph))


def test_way_back_leads_over_what_changed_a_value_to_what_made_it() -> None:
    cells = [
        cell("e1", "df = read()", {}),
        cell("e2", "df['b'] = 1", {"df": "e1.0"}),
        cell("e3", "judge(df)", {"df": "e1.0 e2.0"}),
    ]

    graph = explained(cells, metric("e3.0", "df"))

    assert ways(graph) == {
        ("judge(df)", "accuracy"),
        ("df['b'] = 1", "judge(df)"),
        ("df = read()", "df['b'] = 1"),
    }


def test_statement_of_the_same_cell_that_only_may_have_changed_a_value_is_marked() -> None:
    cells = [
        cell("e1", "df = read()\nmend(df)", {}, {"df": "e1.0"}),
        cell("e2", "judge(df)", {"df": "e1.0 e1.1"}),
    ]

    graph = explained(cells, metric("e2.0", "df"))

    sure = {graph.nodes[edge.start].code: edge.is_sure for edge in graph.into("e2:0")}
    assert sure == {"df = read()": True, "mend(df)": False}


def test_library_function_that_reads_its_arguments_has_changed_nothing() -> None:
    cells = [
        cell("e1", "from sklearn.model_selection import train_test_split", {}),
        cell("e2", "X = read()\nA, B = train_test_split(X)", {}, {"X": "e2.0", "train_test_split": "e1.0"}),
        cell("e3", "judge(X)", {"X": "e2.0 e2.1"}),
    ]

    graph = explained(cells, metric("e3.0", "X"))

    assert ways(graph) == {("judge(X)", "accuracy"), ("X = read()", "judge(X)")}


def test_branch_that_did_not_run_made_nothing() -> None:
    source = "if fast:\n    C = 0.1\nelse:\n    C = 10\njudge(C)"
    statements = (
        Statement(line=1, end_line=1),
        Statement(line=2, end_line=2, writes=("C",), literals={"C": 0.1}),
        Statement(line=4, end_line=4, writes=("C",), literals={"C": 10}),
        Statement(line=5, end_line=5, reads={"C": (at("e1.1"), at("e1.2"))}),
    )
    execution = Execution(
        execution_id="e1", session_id="s", index=1, source=source, started_at=NOON, statements=statements
    )

    graph = explained([execution], metric("e1.3", "C"), params={"C": 10})

    assert ways(graph) == {("judge(C)", "accuracy"), ("C = 10", "judge(C)")}


def test_fit_is_joined_where_no_name_leads_to_it() -> None:
    cells = [cell("e1", "pool.add(Model().fit(X))", {}), cell("e2", "judge()", {})]

    graph = explained(cells, fit("e1.0"), metric("e2.0", fits=(at("e1.0"),)))

    assert ("pool.add(Model().fit(X))", "judge()") in ways(graph)
    assert graph.nodes["e1:0"].kind is NodeKind.FIT


def test_line_inside_a_function_is_found_in_the_cell_that_defines_it() -> None:
    definition = Execution(
        execution_id="e1",
        session_id="s",
        index=1,
        count=4,
        source="# how good\ndef judge(model):\n    guess = model()\n    return score(guess)",
        started_at=NOON,
        statements=(Statement(line=2, end_line=4, writes=("judge",)),),
    )
    cells = [definition, cell("e2", "judge(model)", {"judge": "e1.0"})]

    graph = explained(cells, metric("e2.0", "judge", inside=(Inside(function="judge", line=2),)))

    inside = next(node for node in graph.nodes.values() if node.kind is NodeKind.INSIDE)
    assert (inside.cell, inside.line, inside.code) == (4, 4, "return score(guess)")
    assert {("return score(guess)", "accuracy"), ("judge(model)", "return score(guess)")} <= ways(graph)


def test_line_inside_a_function_of_an_own_module_is_found_in_its_source() -> None:
    text = "import math\n\ndef judge(model):\n    return score(model)\n"
    origin = metric("e1.0", inside=(Inside(function="judge", line=1),))
    evidence = Evidence(
        run=run(), origins=[origin], executions={"e1": cell("e1", "judge(m)", {})}, module_texts={"own.py": text}
    )

    graph = draft_of(evidence).graph(metric_id("accuracy"))

    inside = next(node for node in graph.nodes.values() if node.kind is NodeKind.INSIDE)
    assert (inside.details["path"], inside.line, inside.code) == ("own.py", 4, "return score(model)")


def test_table_stands_between_its_maker_and_the_fit_that_used_it() -> None:
    cells = [cell("e1", "X = read()", {}), cell("e2", "model.fit(X)", {"X": "e1.0"})]
    use = DatasetUse(name="X", kind="ndarray", role=Role.TRAIN, rows=3, shape=(3, 2), fingerprint="f")
    judged = metric("e2.0", "X", fits=(at("e2.0"),))

    graph = explained(cells, fit("e2.0", "X"), judged, datasets=(use,))

    assert ways(graph) == {("X = read()", "X"), ("X", "model.fit(X)"), ("model.fit(X)", "accuracy")}
    table = next(node for node in graph.nodes.values() if node.kind is NodeKind.TABLE)
    assert table.details["rows"] == 3


def test_what_was_made_before_tracking_is_said_and_not_guessed() -> None:
    graph = explained([cell("e1", "judge(df)", {}, reads=("df",))], metric("e1.0", "df"))

    unknown = next(node for node in graph.nodes.values() if node.kind is NodeKind.UNKNOWN)
    assert (unknown.label, unknown.details) == ("df", {"why": "made before tracking began"})


def test_execution_that_is_gone_is_said() -> None:
    graph = explained([cell("e2", "judge(df)", {"df": "e1.0"})], metric("e2.0", "df"))

    assert graph.nodes["e1:0"].kind is NodeKind.UNKNOWN


def test_magic_with_braces_takes_part_with_all_that_its_line_read() -> None:
    cells = {"e1": cell("e1", "%track metric share={share}", {"share": "e0.0"})}

    (found,) = resolved([metric("e1.0")], cells)

    assert found.names == ("share",)


@given(st.lists(st.lists(st.integers(0, 30), max_size=4), min_size=1, max_size=12))
def test_any_record_gives_a_graph_whose_nodes_all_lead_to_the_metric(reads: list[list[int]]) -> None:
    """Whatever reads whatever (itself, what is below it, what isn't there): it ends, and nothing hangs loose."""
    cells = [
        cell(f"e{number}", f"x{number} = f()", {f"x{each}": f"e{each}.0" for each in sources})
        for number, sources in enumerate(reads)
    ]
    last = len(reads) - 1

    graph = explained(cells, metric(f"e{last}.0", *(f"x{each}" for each in reads[last])))

    assert {edge.end for edge in graph.edges} | {edge.start for edge in graph.edges} <= set(graph.nodes)
    leading = {graph.root}
    for _ in graph.nodes:
        leading |= {edge.start for edge in graph.edges if edge.end in leading}
    assert leading == set(graph.nodes)


def test_draft_keeps_what_is_added_twice_once() -> None:
    draft = Draft()
    for _ in range(2):
        draft.join(draft.add(Node(node_id="a", kind=NodeKind.FILE, label="a")), "b", "x")
    draft.add(Node(node_id="b", kind=NodeKind.METRIC, label="b"))
    draft.add(Node(node_id="loose", kind=NodeKind.FILE, label="loose"))

    graph = draft.graph("b")

    assert graph.edges == (Edge(start="a", end="b", name="x"),)
    assert set(graph.nodes) == {"a", "b"}


def test_makers_in_a_loop_keep_the_statement_that_went_round_last() -> None:
    cells = {"e1": cell("e1", "w = 1.0\nw = w - lr", {}, {"w": "e1.0 e1.1"})}

    assert last_makers("w", [at("e1.0"), at("e1.1")], cells) == {at("e1.1"): True}


def test_reached_names_what_is_not_at_hand_too() -> None:
    cells = {"e2": cell("e2", "b = a", {"a": "e1.0"})}

    assert reached([at("e2.0")], cells) == {at("e2.0"), at("e1.0")}


# The text


def test_names_in_code_that_is_no_python_are_its_identifiers() -> None:
    assert names_in("%track metric a=b") >= {"a", "b"}
    assert names_in("x = y.z + f(w)") == {"y", "f", "w"}
    assert names_in("for a in b:") == {"b"}


@pytest.mark.parametrize("text", ["Model(C=0.1)", "m = Model(C=0.1).fit(X)", "with make(C=0.1) as m:"])
def test_keyword_argument_is_found_in_statements_and_headers(text: str) -> None:
    assert keyword_value(text, "C") is not None
    assert keyword_value(text, "D") is None


def test_line_of_a_method_is_found_and_a_long_statement_is_whole() -> None:
    text = "class A:\n    def b(self):\n        return f(\n            1,\n        )"

    assert definition_line(text, "b") == 1
    assert line_text(text, 2) == "return f(\n    1,\n)"


@pytest.mark.parametrize(
    ("text", "names"),
    [
        ("X[:half]", {"X"}),
        ("df.loc[rows, names]", {"df"}),
        ("train.drop(columns=target)", {"train"}),
        ("scaler.transform(X[rows])", {"scaler", "X"}),
        ("sm.add_constant(X)", {"sm", "X"}),
        ("a + b", {"a", "b"}),
        ("!no python", {"no", "python"}),
    ],
)
def test_table_is_made_of_tables_not_of_what_picks_from_them(text: str, names: set[str]) -> None:
    assert tables_in(text) == names


def test_class_is_not_changed_by_what_uses_it() -> None:
    cells = [
        cell("e1", "class Clip: ...\nm = clone(t).fit(X)\njudge(Clip)", {}, {"Clip": "e1.0"}, {"Clip": "e1.0 e1.1"}),
    ]

    graph = explained(cells, metric("e1.2", "Clip"))

    assert ways(graph) == {("judge(Clip)", "accuracy"), ("class Clip: ...", "judge(Clip)")}
