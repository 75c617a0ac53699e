"""Two runs told apart, from records."""

from __future__ import annotations

import json
from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st
from trackbook.display import format as fmt
from trackbook.display.diff import show_diff
from trackbook.display.diff_payload import diff_payload
from trackbook.display.payload import dumps
from trackbook.display.shown import Look
from trackbook.errors import InvalidValueError
from trackbook.records import (
    Artifact,
    Column,
    DatasetUse,
    Environment,
    Execution,
    Failure,
    ModuleUse,
    Outcome,
    Output,
    OutputKind,
    OutputPart,
    Source,
    Statement,
)
from trackbook.store import Batch, MemoryStore, RunChange
from trackbook.store.objects import digest_of
from trackbook.tracking.align import align
from trackbook.tracking.diff import diff_runs
from trackbook.tracking.diff_outputs import Change
from trackbook.tracking.lines import Sign

NOON = datetime(2026, 10, 20, 12, 0, tzinfo=UTC)
LOOK = Look(now=datetime(2026, 10, 20, 13, 0, tzinfo=UTC))
SESSIONS = ("sess0000000000000000aa", "sess0000000000000000bb")


def cell(at, source, cell_id=None, *, session="s", outputs=(), **rest):
    """Return the execution of a cell, `at` seconds after noon."""
    return Execution(
        execution_id=f"{session}-{at}",
        session_id=session,
        index=at,
        source=source,
        started_at=NOON + timedelta(seconds=at),
        cell_id=cell_id,
        seconds=1.0,
        outcome=rest.pop("outcome", Outcome.OK),
        outputs=tuple(outputs),
        **rest,
    )


def cells(*pairs, session="s"):
    """Return executions of cells given by id and source."""
    return [cell(at + 1, source, cell_id, session=session) for at, (cell_id, source) in enumerate(pairs)]


def printed(text, name="stdout"):
    """Return a stream's output."""
    part = OutputPart(media_type="text/plain", size=len(text), digest=digest_of(text.encode()), text=text)
    return Output(kind=OutputKind.STREAM, name=name, parts=(part,))


def picture(digest, media_type="image/png"):
    """Return a figure, of which only the digest is at hand."""
    return Output(kind=OutputKind.DISPLAY, parts=(OutputPart(media_type=media_type, size=9, digest=digest),))


def words(pairs):
    """Return each pair as the ids of its cells."""
    return [
        (pair.before.cell_id if pair.before else None, pair.after.cell_id if pair.after else None) for pair in pairs
    ]


# Which cell is which


def test_cells_are_paired_by_id_though_they_were_edited():
    before = cells(("a", "x = 1"), ("b", "fit(x)"))
    after = cells(("a", "x = 2"), ("b", "fit(x, y)"), session="t")

    assert words(align(before, after)) == [("a", "a"), ("b", "b")]


def test_cells_without_ids_are_paired_by_what_they_say():
    before = cells((None, "import numpy as np"), (None, "model = fit(X, y, C=1)"), (None, "score(model)"))
    after = cells((None, "import numpy as np"), (None, "score(model)"), (None, "model = fit(X, y, C=2)"), session="t")

    pairs = align(before, after)

    assert [(pair.before.source, pair.after.source) for pair in pairs] == [
        ("import numpy as np", "import numpy as np"),
        ("score(model)", "score(model)"),
        ("model = fit(X, y, C=1)", "model = fit(X, y, C=2)"),
    ]
    assert sum(pair.is_moved for pair in pairs) == 1


def test_ids_that_were_given_anew_by_place_do_not_mislead():
    before = cells(("1", "import numpy as np\nimport pandas as pd"), ("2", "df = pd.read_csv('a.csv')"))
    after = cells(
        ("1", "# my notebook about churn"),
        ("2", "import numpy as np\nimport pandas as pd"),
        ("3", "df = pd.read_csv('a.csv')"),
        session="t",
    )

    assert words(align(before, after)) == [(None, "1"), ("1", "2"), ("2", "3")]


def test_same_cell_many_times_is_paired_in_its_order():
    before = cells(("a", "df.head()"), ("b", "x = 1"), ("c", "df.head()"))
    after = cells(("c", "df.head()"), ("b", "x = 1"), ("a", "df.head()"), session="t")

    assert all(pair.before and pair.after for pair in align(before, after))


def test_gone_cell_stands_where_it_was():
    before = cells(("a", "first"), ("b", "second of them"), ("c", "third"))
    after = cells(("a", "first"), ("c", "third"), session="t")

    assert words(align(before, after)) == [("a", "a"), ("b", None), ("c", "c")]


@given(st.lists(st.sampled_from("abcde"), max_size=8), st.lists(st.sampled_from("abcde"), max_size=8))
def test_every_cell_is_in_just_one_pair(before, after):
    one = [cell(at, f"{name} = 1", name) for at, name in enumerate(before)]
    other = [cell(at, f"{name} = 1", name, session="t") for at, name in enumerate(after)]

    pairs = align(one, other)

    assert [pair.after for pair in pairs if pair.after] == other
    assert sorted(pair.before.index for pair in pairs if pair.before) == list(range(len(one)))


# Two runs in a store


@pytest.fixture
def place(notebook):
    """A store and a way to put a run of some cells into it."""
    store: MemoryStore = notebook.store
    session = store.sessions()[0]
    store.write(Batch(sessions=[replace(session, session_id=SESSIONS[1])]))

    def add(detail, executions, *, environment=None):
        environments = [environment] if environment is not None else []
        own = [each.execution_id for each in executions]
        change = RunChange(
            run_id=detail.run.run_id,
            run=detail.run,
            params=detail.params,
            metrics=list(detail.metrics.values()),
            datasets=detail.datasets,
            artifacts=detail.artifacts,
            modules=detail.modules,
            execution_ids=own,
        )
        store.write(Batch(environments=environments, executions=executions, runs=[change]))
        return detail

    add.store = store
    return add


def run_pair(place, make_run, one, other, before=None, after=None):
    """Put two runs into the store, each with its cells, and tell them apart."""
    place(make_run(1, name="old-owl", **(before or {})), [replace(each, session_id=SESSIONS[0]) for each in one])
    session = {"session_id": SESSIONS[1]}
    after = dict(after or {})
    run = {**session, **after.pop("run", {})}
    place(make_run(2, name="new-newt", run=run, **after), [replace(each, session_id=SESSIONS[1]) for each in other])
    return diff_runs(place.store, "old-owl", "new-newt")


def page(place, found, **options):
    """Return the page of a difference as text."""
    return show_diff(found, LOOK, read=place.store.get_object, **options).text


def test_runs_of_the_same_code_and_numbers_differ_in_nothing(place, make_run):
    one = [cell(1, "x = 1", "a", session="s"), cell(2, "fit(x)", "b", session="s")]
    other = [cell(1, "x = 1  ", "a", session="t"), cell(2, "fit(x)\n", "b", session="t")]

    found = run_pair(place, make_run, one, other, {"metrics": {"accuracy": 0.5}}, {"metrics": {"accuracy": 0.5}})

    assert found.is_same
    assert "Nothing differs" in page(place, found)
    assert "2 cells the same" in page(place, found)


@pytest.mark.parametrize("source", ["%track data df --name rows", "# for Ann\n\n%track tag good=yes\n%track show"])
def test_cell_that_only_names_or_looks_at_something_is_no_code_of_a_run(place, make_run, source):
    one = [cell(1, "fit(x)", "a", session="s"), cell(2, source, "b", session="s")]
    other = [cell(1, "fit(x)", "a", session="t")]

    assert run_pair(place, make_run, one, other).is_same


@pytest.mark.parametrize("source", ["%track param kind=linear", "%track data df --name rows\nx = 2", "%%time\nfit(y)"])
def test_cell_that_makes_something_beside_is_code_of_a_run(place, make_run, source):
    one = [cell(1, "fit(x)", "a", session="s"), cell(2, source, "b", session="s")]
    other = [cell(1, "fit(x)", "a", session="t")]

    assert not run_pair(place, make_run, one, other).is_same


def test_edited_cell_is_shown_line_by_line(place, make_run):
    one = [cell(1, "a = 1\nb = 2\nc = 3", "a", session="s")]
    other = [cell(1, "a = 1\nb = 5\nc = 3", "a", session="t")]

    found = run_pair(place, make_run, one, other)

    (edited,) = found.cells
    assert [(line.sign, line.text) for line in edited.lines] == [
        (Sign.SAME, "a = 1"),
        (Sign.GONE, "b = 2"),
        (Sign.NEW, "b = 5"),
        (Sign.SAME, "c = 3"),
    ]
    assert "- b = 2\n+ b = 5" in page(place, found)
    assert not found.is_same


@pytest.mark.parametrize(
    ("before", "after", "change"),
    [
        ([printed("accuracy 0.9\n")], [printed("accuracy 0.9\n")], Change.SAME),
        ([printed("at 0x7f0011223344\n")], [printed("at 0x7f0011223355\n")], Change.NOISE),
        ([printed("loss 0.30000000000000004")], [printed("loss 0.3")], Change.CLOSE),
        ([printed("accuracy 0.9\n")], [printed("accuracy 0.8\n")], Change.CHANGED),
        ([], [printed("hello")], Change.ADDED),
        ([printed("hello")], [], Change.REMOVED),
        ([picture("a" * 64)], [picture("a" * 64)], Change.SAME),
        ([picture(None)], [picture(None)], Change.UNKNOWN),
        ([printed("hello")], [printed("hello", "stderr")], Change.REMOVED),
    ],
)
def test_outputs_are_compared_each_in_its_kind(place, make_run, before, after, change):
    one = [cell(1, "show()", "a", session="s", outputs=before)]
    other = [cell(1, "show()", "a", session="t", outputs=after)]

    found = run_pair(place, make_run, one, other)

    assert found.cells[0].outputs[0].change is change


def test_output_that_changed_among_others_is_no_other_output(place, make_run):
    one = [cell(1, "show()", "a", session="s", outputs=[printed("1"), picture("a" * 64), printed("same")])]
    other = [cell(1, "show()", "a", session="t", outputs=[printed("2"), picture("a" * 64), printed("same")])]

    found = run_pair(place, make_run, one, other)

    assert [each.change for each in found.cells[0].outputs] == [Change.CHANGED, Change.SAME, Change.SAME]


def test_table_is_compared_cell_by_cell(place, make_run):
    def table(score):
        html = f'<table class="dataframe"><tr><td>0</td><td>ridge</td><td>{score}</td></tr></table>'
        parts = (
            OutputPart(media_type="text/plain", size=9, digest=digest_of(b"..."), text="..."),
            OutputPart(media_type="text/html", size=len(html), digest=digest_of(html.encode()), text=html),
        )
        return Output(kind=OutputKind.RESULT, parts=parts)

    one = [cell(1, "df", "a", session="s", outputs=[table(0.5)])]
    other = [cell(1, "df", "a", session="t", outputs=[table(0.75)])]

    found = run_pair(place, make_run, one, other)

    assert [line.text for line in found.cells[0].outputs[0].lines] == ["0 | ridge | 0.5", "0 | ridge | 0.75"]


def test_figure_that_changed_is_shown_before_and_after(place, make_run):
    digests = [place.store.put_object(content) for content in (b"old picture", b"new picture")]
    one = [cell(1, "plot()", "a", session="s", outputs=[picture(digests[0])])]
    other = [cell(1, "plot()", "a", session="t", outputs=[picture(digests[1])])]

    shown = show_diff(run_pair(place, make_run, one, other), LOOK, read=place.store.get_object)

    assert "figure changed (image/png 9 B → 9 B)" in shown.text
    assert shown.html.count("data:image/png;base64,") == 2


def test_params_metrics_data_and_environment_are_told_apart(place, make_run):
    def table(rows, columns, fingerprint):
        listed = tuple(Column(name=name, dtype=dtype) for name, dtype in columns.items())
        return DatasetUse(name="X", kind="pandas.DataFrame", rows=rows, shape=(rows, len(listed)), columns=listed,
                          fingerprint=fingerprint)  # fmt: skip

    def environment(number, numpy):
        packages = {"numpy": numpy, "pandas": "2.2"}
        facts = {"python": "3.11", "implementation": "CPython", "platform": "L", "machine": "m"}
        return Environment(environment_id=f"e{number}", packages=packages, **facts)

    environments = [environment(0, "2.0"), environment(1, "2.1")]
    tables = table(10, {"a": "int64", "b": "int64"}, "f1"), table(8, {"a": "float64", "c": "int64"}, "f2")
    params = {"C": 1, "kind": "1"}, {"C": 2, "kind": 1}
    one, other = (
        make_run(
            at + 1,
            name=name,
            params=params[at],
            metrics={"accuracy": score},
            datasets=(tables[at],),
            run={"environment_id": f"e{at}"},
        )
        for at, (name, score) in enumerate((("old-owl", 0.5), ("new-newt", 0.75)))
    )
    for detail, environment in zip((one, other), environments, strict=True):
        place(detail, [], environment=environment)

    text = page(place, diff_runs(place.store, "old-owl", "new-newt"))

    rows = [" ".join(line.split()) for line in text.splitlines()]
    assert "accuracy ↑ 0.5000 0.7500 +0.25 better" in rows
    assert "C 1 2" in rows
    assert 'kind "1" 1' in rows
    assert f"X {fmt.shape((10, 2))} → {fmt.shape((8, 2))} +c, -b, a: int64 → float64" in rows
    assert "numpy 2.0 2.1" in rows
    assert "pandas" not in text


def test_renamed_table_of_the_same_content_is_the_same(place, make_run):
    uses = [(DatasetUse(name=name, kind="k", rows=3, shape=(3,), fingerprint="f"),) for name in ("df", "data")]

    found = run_pair(place, make_run, [], [], {"datasets": uses[0]}, {"datasets": uses[1]})

    assert [each.is_same for each in found.data] == [True]


def test_modules_and_artifacts_that_changed_are_shown(place, make_run):
    digests = [place.store.put_object(code) for code in (b"def f():\n    return 1\n", b"def f():\n    return 2\n")]
    sides = [
        {
            "modules": (ModuleUse(name="own", path="src/own.py", digest=digest, size=20),),
            "artifacts": (Artifact(name="report.txt", digest=digest, size=20),),
        }
        for digest in digests
    ]

    text = page(place, run_pair(place, make_run, [], [], *sides))

    assert "src/own.py: edited" in text
    assert "-     return 1\n+     return 2" in text
    assert "report.txt  20 B → 20 B, other content" in text


def test_cell_that_fails_now_says_so(place, make_run):
    failure = Failure(type="ValueError", message="too short")
    one = [cell(1, "fit()", "a", session="s")]
    other = [cell(1, "fit()", "a", session="t", outcome=Outcome.ERROR, failure=failure)]

    found = run_pair(place, make_run, one, other)

    assert "Ended otherwise: ok → ValueError: too short" in page(place, found)
    assert not found.is_same


def test_code_that_flowed_into_a_run_is_a_part_of_it(place, make_run):
    store = place.store
    for session, rate in zip(SESSIONS, ("0.1", "0.2"), strict=True):
        source = Source(execution_id=f"{session}-1", statement=0)
        executions = [
            cell(1, f"rate = {rate}", "a", session=session, statements=(Statement(line=1, end_line=1),)),
            cell(2, "unrelated = 5", "b", session=session, statements=(Statement(line=1, end_line=1),)),
            cell(3, "fit(rate)", "c", session=session,
                 statements=(Statement(line=1, end_line=1, reads={"rate": (source,)}),)),
        ]  # fmt: skip
        store.write(Batch(executions=executions))
        run = make_run(1, run_id=f"{session[-2:]}00000abcdefghjkmnpq", name=session, run={"session_id": session}).run
        store.write(Batch(runs=[RunChange(run_id=run.run_id, run=run, execution_ids=[f"{session}-3"])]))

    found = diff_runs(store, *SESSIONS)

    assert [(each.before.cell_id, each.is_edited) for each in found.cells] == [("a", True), ("c", False)]


def test_one_run_is_compared_with_the_one_before_it(place, make_run):
    for number, name in enumerate(("first", "second", "third"), 1):
        place(make_run(number, name=name), [])

    found = diff_runs(place.store, "third")

    assert (found.before.run.name, found.after.run.name) == ("second", "third")


@pytest.mark.parametrize(
    ("names", "message"), [(("only", "only"), "no other than itself"), (("only",), "no run before")]
)
def test_what_can_not_be_compared_is_refused(place, make_run, names, message):
    place(make_run(1, name="only"), [])

    with pytest.raises(InvalidValueError, match=message):
        diff_runs(place.store, *names)


def test_payload_is_strict_json_with_every_cell(place, make_run):
    one = [cell(1, "x = 1", "a", session="s"), cell(2, "y = 1", "b", session="s", outputs=[printed("1")])]
    other = [cell(1, "x = 1", "a", session="t"), cell(2, "y = 2", "b", session="t", outputs=[printed("2")])]

    found = run_pair(place, make_run, one, other, {"metrics": {"m": float("nan")}}, {"metrics": {"m": 1.0}})
    payload = json.loads(dumps(diff_payload(found)))

    assert [each["change"] for each in payload["cells"]] == ["same", "edited"]
    assert payload["cells"][1]["outputs"][0]["change"] == "changed"
    assert payload["metrics"] == [
        {"key": "m", "before": "NaN", "after": 1.0, "present": [True, True], "difference": None}
    ]
    assert payload["same"] is False


def test_page_escapes_what_cells_say_and_print(place, make_run):
    evil = "<script>alert(1)</script>\"'&\x1b[31m"
    one = [cell(1, f"a = {evil!r}", "a", session="s", outputs=[printed(evil)])]
    other = [cell(1, f"b = {evil}", "a", session="t", outputs=[printed(evil + "!")])]

    shown = show_diff(run_pair(place, make_run, one, other), LOOK, read=place.store.get_object)

    assert "<script>" not in shown.html
    assert "\x1b" not in shown.text


def test_whole_page_has_what_is_the_same_too(place, make_run):
    one = [cell(1, "import os\nx = 1", "a", session="s")]
    other = [cell(1, "import os\nx = 1", "a", session="t")]

    text = page(place, run_pair(place, make_run, one, other, {"params": {"C": 1}}, {"params": {"C": 1}}), is_whole=True)

    assert "import os" in text
    assert "Cell [1]: the same" in text
    assert "C        1         1" in text
