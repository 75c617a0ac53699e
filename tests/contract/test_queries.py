"""Every store answers queries alike; SQL is bound, and read along the indexes."""

from __future__ import annotations

import math
from collections.abc import Iterator
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from trackbook.records import (
    DatasetUse,
    FileRead,
    MetricPoint,
    Model,
    Process,
    Run,
    RunStatus,
    Session,
    Verdict,
)
from trackbook.records.query import (
    All,
    Comparison,
    Condition,
    Field,
    Has,
    IsNull,
    NameKind,
    Not,
    Operator,
    OrderTerm,
    Query,
    Scope,
    Some,
)
from trackbook.store import Batch, MemoryStore, RunChange, RunFilter, Store, open_store
from trackbook.store.sql import asked as asking
from trackbook.tracking.query import parse, query_of

NOON = datetime(2026, 3, 1, 12, tzinfo=UTC)
FAR = datetime(2999, 1, 1, tzinfo=UTC)
ELSEWHERE = Process(host="elsewhere", boot="another boot", pid=1, started=0.0)
FOREST = "sklearn.ensemble._forest.RandomForestClassifier"
LIVING = Session(
    session_id="s1",
    experiment="churn",
    started_at=NOON,
    lease_expires_at=FAR,
    process=ELSEWHERE,
    user="ana",
    notebook="/work/churn/fit.ipynb",
)
GONE = replace(LIVING, session_id="s2", user="bob", notebook=None, lease_expires_at=NOON)


def a_run(
    number: int, *, run: dict[str, Any] | None = None, metrics: dict[str, float] | None = None, **parts: Any
) -> RunChange:
    run_id = f"r{number:03d}"
    row: dict[str, Any] = {
        "run_id": run_id,
        "name": f"calm-owl-{number}",
        "experiment": "churn",
        "session_id": "s1",
        "started_at": NOON + timedelta(minutes=number),
        "status": RunStatus.FINISHED,
        "finished_at": NOON + timedelta(minutes=number, seconds=number),
    }
    points = [MetricPoint(key=key, value=value, time=NOON) for key, value in (metrics or {}).items()]
    return RunChange(run_id=run_id, run=Run(**(row | (run or {}))), metrics=points, **parts)


RUNS = [
    a_run(
        1,
        run={"name": "brave-otter", "note": "first try: 100%", "verdict": Verdict.CLEAN},
        params={"C": 0.1, "solver": "lbfgs", "depth": None, "layers": [64, 32], "shuffle": True},
        metrics={"test.accuracy": 0.9, "loss": 0.3},
        tags={"best": "yes", "stage": "final_1"},
        models=[Model(model_id="m", name="clf", class_name=FOREST)],
        datasets=[DatasetUse(name="df", kind="frame", fingerprint="abcdef0123", files=(FileRead(path="/d/a b.csv"),))],
    ),
    a_run(
        2,
        run={"parent_id": "r001", "verdict": Verdict.STALE},
        params={"C": 1, "solver": "saga", "depth": 3, "layers": "[64, 32]", "shuffle": "True"},
        metrics={"test.accuracy": math.nan, "loss": 0.2},
        tags={"stage": "final.1"},
        models=[
            Model(model_id="m", name="model", class_name="sklearn.linear_model.Ridge"),
            Model(model_id="n", name="clf", class_name="my.Ridge2"),
        ],
    ),
    a_run(
        3,
        run={"session_id": "s2", "status": RunStatus.RUNNING, "finished_at": None, "experiment": "iris"},
        params={"C": "0.1", "it's": 'a"b\\c\n'},
        metrics={"validation.accuracy": 0.95},
    ),
    a_run(4, run={"status": RunStatus.RUNNING, "finished_at": None}, params={"C": math.nan, "depth": 10}),
    a_run(
        5,
        run={"started_at": NOON + timedelta(days=1), "finished_at": NOON + timedelta(days=1, hours=1)},
        params={"C": 10**30, "solver": "LBFGS"},
        metrics={"test.accuracy": 0.9, "validation.accuracy": 0.1},
        datasets=[DatasetUse(name="X_train", kind="array", fingerprint="abcdee")],
    ),
]


def filled(store: Store) -> Store:
    store.write(Batch(sessions=[LIVING, GONE]))
    store.write(Batch(runs=RUNS))
    return store


@pytest.fixture(params=["memory", "sqlite"])
def store(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[Store]:
    store: Store = MemoryStore() if request.param == "memory" else open_store(tmp_path / "store")
    yield filled(store)
    store.close()


@pytest.fixture
def sqlite(tmp_path: Path) -> Iterator[Store]:
    store = open_store(tmp_path / "store")
    yield filled(store)
    store.close()


def found(store: Store, text: str, **where: Any) -> str:
    """The numbers of the runs that a query finds, in their order."""
    asked = query_of(store, text)
    details = store.runs(RunFilter(query=asked, **where))
    assert store.count_runs(RunFilter(query=asked)) >= len(details)
    return "".join(detail.run.run_id[-1] for detail in details)


@pytest.mark.parametrize(
    ("text", "numbers"),
    [
        ("metrics.loss < 0.3", "2"),
        ("metrics.loss <= 0.3", "21"),
        ("metrics.loss != 0.3", "2"),
        ("not metrics.loss = 0.3", "5432"),
        ("metrics.loss in (0.3, 5)", "1"),
        ("metrics.loss not in (0.3, 5)", "2"),
        ("metrics.test.accuracy = nan", "2"),
        ("metrics.test.accuracy != nan", "51"),
        ("metrics.test.accuracy != 0.5", "51"),
        ("metrics.test.accuracy > -inf", "51"),
        ("metrics.test.accuracy is null", "43"),
        ("metrics.accuracy >= 0.9", "531"),
        ("metrics.accuracy < 0.9", ""),
    ],
)
def test_metrics_compare_as_numbers_and_nan_with_nothing_but_nan(store: Store, text: str, numbers: str) -> None:
    assert found(store, text) == numbers


@pytest.mark.parametrize(
    ("text", "numbers"),
    [
        ("params.C = 0.1", "1"),
        ("params.C = '0.1'", "31"),
        ("params.C = 1.0", "2"),
        ("params.C >= 1", "52"),
        ("params.C = 1e30", "5"),
        ("params.C = nan", "4"),
        ("params.C != 0.1", "5432"),
        ("params.depth != 3", "41"),
        ("params.depth = null", "1"),
        ("params.depth is null", "531"),
        ("params.depth is not null", "42"),
        ("params.depth", "421"),
        ("params.shuffle = true", "1"),
        ("params.shuffle = 'True'", "21"),
        ("params.layers = [64, 32]", "1"),
        ("params.layers = '[64, 32]'", "21"),
        ("params.layers ~ '64'", "21"),
        ("params.solver in (lbfgs, SAGA)", "1"),
        ("params.solver ilike 'LB%'", "51"),
        ("params.solver like 'lb%'", "1"),
        ("params.solver not like 'lb%'", "52"),
        ("params.solver ~ BFG", "51"),
        ("params.solver !~ BFG", "2"),
        ('params.`it\'s` = "a""b\\c\n"', "3"),
        ("params.`it's` like '%\"b%'", "3"),
    ],
)
def test_params_compare_by_their_type(store: Store, text: str, numbers: str) -> None:
    assert found(store, text) == numbers


@pytest.mark.parametrize(
    ("text", "numbers"),
    [
        ("tags.best", "1"),
        ("not tags.best", "5432"),
        ("tags.stage = final.1", "2"),
        ("tags.stage like 'final_1'", "21"),
        ("tags.stage ~ '_'", "1"),
        ("note ~ '100%'", "1"),
        ("note like '100%'", ""),
        ("name = brave-otter", "1"),
        ("name like 'calm%'", "5432"),
        ("run_id = r00", "54321"),
        ("run_id in (R001, r005, x)", "51"),
        ("experiment != churn", "3"),
        ("status = killed", "3"),
        ("status = running", "4"),
        ("status in (killed, finished)", "5321"),
        ("verdict != clean", "2"),
        ("verdict is null", "543"),
        ("model = RandomForestClassifier", "1"),
        (f"model = {FOREST}", "1"),
        ("model = clf", "21"),
        ("model = Ridge", "2"),
        ("model != Ridge", "1"),
        ("model like 'R%'", "21"),
        ("model is null", "543"),
        ("dataset = df", "1"),
        ("dataset = 'a b.csv'", "1"),
        ("dataset ~ 'A B'", "1"),
        ("dataset = abcdef", "1"),
        ("dataset = abcde", ""),
        ("dataset = abcdee", "5"),
        ("dataset like ''", ""),
        ("session = s2", "3"),
        ("parent = r001", "2"),
        ("parent = brave-otter", "2"),
        ("parent is null", "5431"),
        ("user = bob or notebook = fit", "54321"),
        ("notebook = 'churn/fit.ipynb'", "5421"),
        ("notebook is null", "3"),
        ("seconds > 60", "5"),
        ("seconds is null", "43"),
        ("finished_at is null", "43"),
        ("started_at = 2026-03-01", "4321"),
        ("started_at > '2026-03-01T12:03:00Z'", "54"),
        ("started_at != 2026-03-01", "5"),
    ],
)
def test_runs_are_found_by_what_they_are(store: Store, text: str, numbers: str) -> None:
    assert found(store, text) == numbers


@pytest.mark.parametrize(
    ("text", "numbers"),
    [
        ("order by metrics.loss", "21543"),
        ("order by metrics.loss desc", "12543"),
        ("order by metrics.test.accuracy desc", "51432"),
        ("order by metrics.accuracy desc", "35142"),
        ("order by metrics.accuracy desc, metrics.loss", "31524"),
        ("order by params.C", "12534"),
        ("order by params.C desc", "52134"),
        ("order by params.depth", "24531"),
        ("order by seconds desc, name", "52134"),
        ("order by status, run_id", "12534"),
        ("order by user desc, started_at", "31245"),
        ("order by tags.stage", "21543"),
        ("metrics.loss > 0 order by metrics.loss limit 1", "2"),
        ("limit 2", "54"),
        ("limit 0", ""),
    ],
)
def test_order_puts_what_is_missing_last_and_ties_newest_first(store: Store, text: str, numbers: str) -> None:
    assert found(store, text) == numbers


def test_pages_turn_within_the_limit_of_the_query(store: Store) -> None:
    text = "order by metrics.loss limit 4"

    assert [found(store, text, limit=2, offset=offset) for offset in (0, 1, 2, 3, 4)] == ["21", "15", "54", "4", ""]
    assert store.count_runs(RunFilter(query=query_of(store, text))) == 4
    assert found(store, "order by metrics.loss", limit=2, offset=3) == "43"
    assert found(store, "metrics.loss > 0", experiment="churn", oldest_first=True) == "12"


def test_names_are_those_that_runs_have(store: Store) -> None:
    assert store.names(NameKind.METRICS) == ["loss", "test.accuracy", "validation.accuracy"]
    assert store.names(NameKind.PARAMS) == ["C", "depth", "it's", "layers", "shuffle", "solver"]
    assert store.names(NameKind.TAGS) == ["best", "stage"]
    assert store.names(NameKind.MODEL) == ["RandomForestClassifier", "Ridge", "Ridge2"]
    assert store.names(NameKind.DATASET) == ["X_train", "df"]
    assert store.names(NameKind.EXPERIMENT) == ["churn", "iris"]
    assert store.names(NameKind.NOTEBOOK) == ["/work/churn/fit.ipynb"]
    assert store.names(NameKind.USER) == ["ana", "bob"]


HOSTILE = [
    "' or 1=1 --",
    "'; drop table runs; --",
    '" or ""="',
    "%",
    "_",
    "*",
    "?",
    "[a-z]",
    "\\",
    ":gone",
    "?1",
    "$x",
    "{}",
]


@pytest.mark.parametrize("text", HOSTILE)
def test_hostile_texts_are_only_values(store: Store, text: str) -> None:
    for field in (
        Field(scope=Scope.RUN, key="name"),
        Field(scope=Scope.TAGS, key=text),
        Field(scope=Scope.PARAMS, key=text),
    ):
        for operator in (Operator.EQUAL, Operator.CONTAINS):
            where = Comparison(field=field, operator=operator, value=text)
            assert store.runs(RunFilter(query=Query(where=where, order=(OrderTerm(field=field),)))) == []
    assert len(store.runs(RunFilter())) == len(RUNS)


def test_no_value_or_key_is_written_into_the_statement(sqlite: Store) -> None:
    text = "metrics.loss > 123.25 and params.`it's` = 'Robert' and name ~ 'drop' order by metrics.loss limit 77"
    asked = asking.asked_of(RunFilter(query=parse(text, sqlite.names)))

    written = " ".join(question.sql for question in asked.questions)

    assert not [value for value in ("123.25", "it's", "Robert", "drop", "77", "loss") if value in written]


def plan(store: Any, text: str) -> str:
    """How SQLite reads the first page of a query."""
    where = RunFilter(query=parse(text, store.names), limit=100)
    question = asking.asked_of(where).questions[0]
    values = {**question.given, "limit": 100, "offset": 0}
    with store._database.reading() as connection:
        return "\n".join(row[3] for row in connection.execute(f"EXPLAIN QUERY PLAN {question.sql}", values))


def test_best_runs_are_read_along_the_index_of_their_metric(sqlite: Store) -> None:
    steps = plan(sqlite, "metrics.loss > 0.1 and params.C = 0.1 order by metrics.loss desc limit 100")

    assert "SEARCH ordered USING COVERING INDEX ix_latest_metrics_key_number_value (key_number=? AND value>?)" in steps
    assert "SEARCH params USING PRIMARY KEY (run_number=? AND key_number=?)" in steps
    assert "USE TEMP B-TREE FOR ORDER BY" not in steps


def test_newest_runs_are_read_along_the_index_of_their_start(sqlite: Store) -> None:
    steps = plan(sqlite, "metrics.loss > 0.1 and model = Ridge and tags.best")

    assert "SCAN runs USING INDEX ix_runs_started_at" in steps
    assert "SCAN latest_metrics" not in steps
    assert "SCAN models" not in steps
    assert "USE TEMP B-TREE FOR ORDER BY" not in steps


# Any store, any query: the two agree


KEYS = st.sampled_from(["a", "test.a", "b", "it's"])
TEXTS = st.sampled_from(
    ["", "a", "A", "ab", "a.b", "x/a", "a.ipynb", "%", "_b", 'a"', "Ä", "ä", "[a]", "r1", "r10", "1"]
)
NUMBERS = st.sampled_from([0, 1, 1.0, -0.5, 0.1, math.inf, -math.inf, math.nan, 10**30, 2**53 + 1])
PARAMS = st.one_of(NUMBERS, TEXTS, st.booleans(), st.none(), st.lists(NUMBERS | TEXTS, max_size=2))
MOMENTS = st.integers(0, 5).map(lambda hours: NOON + timedelta(hours=hours, microseconds=hours))


@st.composite
def runs(draw: st.DrawFn, number: int) -> RunChange:
    started, finished = draw(MOMENTS), draw(st.none() | MOMENTS)
    status = draw(st.sampled_from(RunStatus))
    return a_run(
        number,
        run={
            "name": draw(TEXTS),
            "experiment": draw(TEXTS),
            "session_id": draw(st.sampled_from(["s1", "s2"])),
            "started_at": started,
            "finished_at": finished,
            "status": status,
            "parent_id": draw(st.sampled_from([None, *(f"r{each:03d}" for each in range(number))])),
            "verdict": draw(st.none() | st.sampled_from(Verdict)),
            "note": draw(st.none() | TEXTS.filter(bool)),
        },
        params=draw(st.dictionaries(KEYS, PARAMS, max_size=3)),
        metrics=draw(st.dictionaries(KEYS, NUMBERS, max_size=3)),
        tags=draw(st.dictionaries(KEYS, TEXTS, max_size=2)),
        models=[
            Model(model_id=str(at), name=draw(TEXTS), class_name=draw(TEXTS)) for at in range(draw(st.integers(0, 2)))
        ],
        datasets=draw(
            st.lists(
                st.builds(
                    DatasetUse,
                    name=TEXTS,
                    kind=st.just("frame"),
                    fingerprint=st.none() | st.sampled_from(["abcdef1", "abcdef2"]),
                    files=st.lists(st.builds(FileRead, path=TEXTS), max_size=2).map(tuple),
                ),
                max_size=2,
                unique_by=lambda use: use.name,
            )
        ),
    )


METRIC = st.builds(
    Field, scope=st.just(Scope.METRICS), key=KEYS, keys=st.sampled_from([(), ("a", "test.a"), ("b", "a")])
)
PARAM = st.builds(Field, scope=st.just(Scope.PARAMS), key=KEYS)
NAMES = "name run_id experiment status verdict model dataset notebook user session parent note"
WORDS = st.sampled_from(sorted(NAMES.split()))
TEXTUAL = st.builds(Field, scope=st.just(Scope.TAGS), key=KEYS) | WORDS.map(lambda key: Field(scope=Scope.RUN, key=key))
TIMES = st.sampled_from(["started_at", "finished_at"]).map(lambda key: Field(scope=Scope.RUN, key=key))
SECONDS = st.just(Field(scope=Scope.RUN, key="seconds"))
ORDERED = st.sampled_from([Operator.LESS, Operator.AT_MOST, Operator.GREATER, Operator.AT_LEAST])
SAME = st.sampled_from([Operator.EQUAL, Operator.UNEQUAL])
MEMBER = st.sampled_from([Operator.IN, Operator.NOT_IN])
PATTERN = st.sampled_from([each for each in Operator if each.value.split()[-1] in ("like", "ilike", "~", "!~")])
ASKED_TEXTS = TEXTS | st.sampled_from(
    ["abcdef", "abcdef1", "r00", "FINISHED", "KILLED", "RUNNING", "clean", "ana", "fit"]
)


def compared(fields: Any, operators: Any, values: Any) -> Any:
    return st.builds(Comparison, field=fields, operator=operators, value=values)


def several(values: Any) -> Any:
    return st.lists(values, min_size=1, max_size=3).map(tuple)


FIELDS = METRIC | PARAM | TEXTUAL | TIMES | SECONDS
LEAVES = st.one_of(
    compared(METRIC | SECONDS, SAME | ORDERED, NUMBERS),
    compared(METRIC | SECONDS, MEMBER, several(NUMBERS)),
    compared(PARAM, SAME, PARAMS),
    compared(PARAM, ORDERED, NUMBERS),
    compared(PARAM, MEMBER, several(NUMBERS | ASKED_TEXTS | st.booleans())),
    compared(PARAM | TEXTUAL, PATTERN, ASKED_TEXTS | st.sampled_from(["a%", "%a", "_", "%_%"])),
    compared(TEXTUAL, SAME, ASKED_TEXTS),
    compared(TEXTUAL, MEMBER, several(ASKED_TEXTS)),
    compared(TIMES, ORDERED, MOMENTS),
    st.builds(Has, field=FIELDS),
    st.builds(IsNull, field=FIELDS),
)
CONDITIONS: st.SearchStrategy[Condition] = st.recursive(
    LEAVES,
    lambda inner: (
        st.builds(Not, condition=inner)
        | st.builds(All, conditions=st.lists(inner, min_size=2, max_size=3).map(tuple))
        | st.builds(Some, conditions=st.lists(inner, min_size=2, max_size=3).map(tuple))
    ),
    max_leaves=5,
)
ORDERS = st.lists(
    st.builds(
        OrderTerm,
        field=FIELDS.filter(lambda field: field.key not in ("model", "dataset")),
        is_descending=st.booleans(),
    ),
    max_size=2,
).map(tuple)
QUERIES = st.builds(Query, where=st.none() | CONDITIONS, order=ORDERS, limit=st.none() | st.integers(0, 6))


@pytest.fixture(scope="module")
def pair(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Any]:
    """Two stores with the same runs, made anew for each example."""
    made: list[Store] = []

    def make(changes: list[RunChange]) -> tuple[Store, Store]:
        both = (MemoryStore(), open_store(tmp_path_factory.mktemp("store")))
        for store in both:
            store.write(Batch(sessions=[LIVING, GONE]))
            store.write(Batch(runs=changes))
        made.append(both[1])
        return both

    yield make
    for store in made:
        store.close()


@settings(max_examples=60, deadline=None, suppress_health_check=list(HealthCheck))
@given(data=st.data())
def test_stores_agree_about_any_query(pair: Any, data: st.DataObject) -> None:
    memory, sqlite = pair([data.draw(runs(number)) for number in range(data.draw(st.integers(1, 6)))])

    for _ in range(8):
        asked = data.draw(QUERIES)
        where = RunFilter(
            query=asked, oldest_first=data.draw(st.booleans()), offset=data.draw(st.integers(0, 4)), limit=4
        )
        ids = [[detail.run.run_id for detail in store.runs(where)] for store in (memory, sqlite)]
        assert ids[0] == ids[1], str(asked)
        assert memory.count_runs(where) == sqlite.count_runs(where), str(asked)
