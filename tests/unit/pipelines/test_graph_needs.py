"""What depends on what, what is refused, and the pictures of it."""

from __future__ import annotations

import re
from pathlib import Path

import pytest
from trackbook.display.pipeline_graph import graph_page, mermaid
from trackbook.errors import InvalidValueError
from trackbook.pipelines.graph.layout import layout_of
from trackbook.pipelines.graph.needs import graph_of
from trackbook.pipelines.graph.plan import Action, Plan, PlannedStep
from trackbook.pipelines.graph.spec import Pipeline, Step
from trackbook.pipelines.graph.uses import Uses


def graph(known=(), **steps):
    """Return the graph of steps given as (needs, loads, publishes)."""
    made = [Step(name=name, notebook=Path(f"{name}.ipynb"), needs=about[0]) for name, about in steps.items()]
    uses = {name: Uses(loads=tuple(about[1]), publishes=tuple(about[2])) for name, about in steps.items()}
    return graph_of(made, uses, known)


def refusal(**steps) -> str:
    with pytest.raises(InvalidValueError) as caught:
        graph(**steps)
    return str(caught.value)


def test_loading_a_dataset_needs_the_step_that_publishes_it():
    found = graph(fit=(None, ["train"], ["model"]), prepare=(None, ["raw"], ["train"]), ingest=(None, [], ["raw"]))

    assert found.order == ("ingest", "prepare", "fit")
    assert found.needs == {"fit": ("prepare",), "prepare": ("ingest",), "ingest": ()}
    assert found.data["fit"] == {"prepare": ("train",)}


def test_needs_that_are_said_are_added_to():
    found = graph(a=(None, [], ["x"]), b=(None, [], []), c=(("b",), ["x"], []))

    assert found.needs["c"] == ("b", "a")


def test_steps_that_may_run_in_any_order_keep_that_of_the_file():
    assert graph(z=(None, [], []), a=(None, [], []), m=(("a",), [], [])).order == ("z", "a", "m")


def test_dataset_of_the_store_comes_from_outside():
    found = graph(known=["raw"], a=(None, ["raw"], ["x"]), b=(None, ["x"], []))

    assert (found.needs["a"], found.inputs) == ((), {"a": ("raw",), "b": ()})


def test_circle_is_refused_with_its_path():
    assert "in a circle: a -> c -> b -> a " in refusal(
        a=(None, ["x"], ["y"]), b=(None, ["z"], ["x"]), c=(None, ["y"], ["z"])
    )
    assert "in a circle: a -> a " in refusal(a=(("a",), [], []))


def test_missing_publisher_is_refused_with_the_nearest_name():
    told = refusal(a=(None, [], ["train"]), b=(None, ["trian"], []))

    assert "'b' loads the dataset 'trian'" in told
    assert "? -> trian -> b. Did you mean 'train'?" in told


def test_two_publishers_of_one_name_are_refused():
    assert "a -> x <- b" in refusal(a=(None, [], ["x"]), b=(None, [], ["x"]))
    assert 'f"x_{param}"' in refusal(**{"a[C=1]": (None, [], ["x"]), "a[C=2]": (None, [], ["x"])})


def test_publisher_of_a_name_that_cannot_be_told_may_be_named_as_need():
    vague = Uses(untold=("publishing in cell 1 can't be told: name is known only when it runs",))
    steps = [Step(name="a", notebook=Path("a.ipynb")), Step(name="b", notebook=Path("b.ipynb"), needs=("a",))]

    found = graph_of(steps, {"a": vague, "b": Uses(loads=("x",))}, ())

    assert found.needs["b"] == ("a",)
    with pytest.raises(InvalidValueError, match="say needs: a"):
        graph_of([steps[0], Step(name="b", notebook=Path("b.ipynb"))], {"a": vague, "b": Uses(loads=("x",))}, ())


def test_step_that_loads_what_it_publishes_does_not_need_itself():
    assert graph(known=["x"], a=(None, ["x"], ["x"]), b=(None, ["x"], [])).needs == {"a": (), "b": ("a",)}


def test_everything_after_a_step_is_found():
    found = graph(a=(None, [], ["x"]), b=(None, ["x"], ["y"]), c=(None, ["y"], []), d=(None, [], []))

    assert found.after({"b"}) == {"b", "c"}


def test_needs_of_a_foreach_are_all_of_its_steps():
    found = graph(**{"a[C=1]": (None, [], []), "a[C=2]": (None, [], []), "b": (("a",), [], [])})

    assert found.needs["b"] == ("a[C=1]", "a[C=2]")


def test_many_steps_are_ordered_in_one_go():
    steps = {f"s{n}": (None, [f"d{n + 1}"] if n < 1999 else [], [f"d{n}"]) for n in range(2000)}

    assert graph(**steps).order == tuple(f"s{n}" for n in reversed(range(2000)))


# Pictures


def plan_of(found, states):
    steps = {name: Step(name=name, notebook=Path("n.ipynb")) for name in found.order}
    planned = [
        PlannedStep(
            step=steps[name],
            needs=found.needs[name],
            action=Action.SKIP if states[name] == "up to date" else Action.RUN,
            reason=states[name],
        )
        for name in found.order
    ]
    return Plan(
        pipeline=Pipeline(name="<b>churn</b>", folder=Path(), steps=tuple(steps.values())), steps=tuple(planned)
    )


HOSTILE = 'b"]<script>'


@pytest.fixture
def drawn():
    found = graph(known=["raw"], a=(None, ["raw"], ["x"]), **{HOSTILE: (None, ["x"], [])}, c=(("a", HOSTILE), [], []))
    return plan_of(found, {"a": "up to date", HOSTILE: "last run failed", "c": "never run"}), found


def test_mermaid_has_every_step_and_what_passes(drawn):
    text = mermaid(*drawn)

    assert text.splitlines()[:3] == ["flowchart LR", '    s0["a"]:::skip', '    s1["b#34;]#60;script#62;"]:::failed']
    assert '    d0[("raw")]:::input' in text
    assert '    s0 -->|"x"| s1' in text
    assert "    s1 --> s2" in text


def test_page_needs_nothing_else_and_shows_what_is_to_be_done(drawn):
    page = graph_page(*drawn)

    assert "<script" not in page
    assert "&lt;b&gt;churn&lt;/b&gt;" in page
    assert re.findall(r"(?:src|href)=|url\(|https?://(?!www\.w3\.org/2000/svg)", page) == []
    assert [page.count(f'<g class="{state}">') for state in ("skip", "failed", "new")] == [1, 1, 1]
    assert page.count('class="line"') == 3
    assert "prefers-color-scheme: dark" in page


def test_lines_that_pass_a_column_have_a_place_of_their_own():
    layout = layout_of(["a", "b", "c"], {"a": (), "b": ("a",), "c": ("b", "a")})

    assert [len(column) for column in layout.columns] == [1, 2, 1]
    assert len(layout.lines["a", "c"]) == 3


def test_lines_do_not_cross_where_they_need_not():
    layout = layout_of(["a", "b", "x", "y"], {"a": (), "b": (), "x": ("b",), "y": ("a",)})

    first, second = layout.columns
    assert [{"x": "b", "y": "a"}[name] for name in second] == list(first)
