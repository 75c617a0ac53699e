from __future__ import annotations

import ast
from collections.abc import Sequence
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from trackbook.capture.symbols import parse_cell
from trackbook.records import (
    ComparedKind,
    Comparison,
    DatasetUse,
    Execution,
    FileRead,
    JsonValue,
    MetricPoint,
    Model,
    Origin,
    OriginKind,
    Outcome,
    Process,
    ReproductionVerdict,
    Role,
    Run,
    RunDetail,
    RunStatus,
    Session,
    Source,
    Statement,
)
from trackbook.store import Batch, MemoryStore
from trackbook.store.contract import RunChange, RunFilter
from trackbook.tracking.chance import chances_of
from trackbook.tracking.correspondence import original_sources
from trackbook.tracking.judging import Attempt, Case, CellFailure, judge, wants_second
from trackbook.tracking.numbers import Tolerance
from trackbook.tracking.outside import outside_of
from trackbook.tracking.reproduction import Compared, FilePair, compare, same_number
from trackbook.tracking.slice import SlicedRun, sliced_run
from trackbook.tracking.slicing_cells import count_statements
from trackbook.tracking.slicing_parts import GENERATOR_OF_NUMPY
from trackbook.tracking.typed import typed_metrics
from trackbook.tracking.working_folder import working_folder

AT = datetime(2026, 1, 2, 3, 4, tzinfo=UTC)
TOLERANCE = Tolerance(relative=1e-9, absolute=1e-12)


# A session on record, as capture would have written it


class Recorded:
    """A store with one session, whose cells are given as source; a cell's statements know what they read by name."""

    def __init__(self, *, prefix: str = "") -> None:
        self.store = MemoryStore("memory://reproduction")
        self.prefix = prefix
        self._makers: dict[str, Source] = {}
        self._count = 0
        session = Session(
            session_id=f"{prefix}session",
            experiment="e",
            started_at=AT,
            lease_expires_at=AT,
            process=Process(host="h", boot="b", pid=1, started=0.0),
            user="u",
            ended_at=AT,
        )
        self.store.write(Batch(sessions=[session]))

    def cell(self, source: str, *, cell_id: str | None = None, files: Sequence[FileRead] = ()) -> str:
        self._count += 1
        execution_id = f"{self.prefix}execution-{self._count}"
        statements = []
        for node in parse_cell(source).body:
            statements += [self._statement(node, files)] * count_statements(node)
            for each in ast.walk(node):
                if isinstance(each, ast.Name) and isinstance(each.ctx, ast.Store):
                    self._makers[each.id] = Source(execution_id=execution_id, statement=len(statements) - 1)
        execution = Execution(
            execution_id=execution_id,
            session_id=f"{self.prefix}session",
            index=self._count,
            count=self._count,
            source=source,
            started_at=AT + timedelta(seconds=self._count),
            cell_id=cell_id,
            outcome=Outcome.OK,
            statements=tuple(statements),
        )
        self.store.write(Batch(executions=[execution]))
        return execution_id

    def _statement(self, node: ast.stmt, files: Sequence[FileRead]) -> Statement:
        names = {each.id for each in ast.walk(node) if isinstance(each, ast.Name) and isinstance(each.ctx, ast.Load)}
        return Statement(
            line=node.lineno,
            end_line=node.end_lineno or node.lineno,
            reads={name: (self._makers[name],) for name in sorted(names) if name in self._makers},
            files=tuple(files) if "read" in ast.unparse(node) else (),
        )

    def run(
        self,
        name: str,
        metrics: dict[str, Sequence[float]],
        execution_id: str,
        statement: int = 0,
        *,
        parent: str | None = None,
        params: dict[str, JsonValue] | None = None,
        datasets: Sequence[DatasetUse] = (),
        models: Sequence[Model] = (),
        unseeded: Sequence[str] = (),
    ) -> RunDetail:
        run_id = f"{self.prefix}{name}"
        source = Source(execution_id=execution_id, statement=statement)
        run = Run(
            run_id=run_id,
            name=name,
            experiment="e",
            session_id=f"{self.prefix}session",
            started_at=AT + timedelta(minutes=len(self.store.runs(RunFilter()))),
            status=RunStatus.FINISHED,
            parent_id=f"{self.prefix}{parent}" if parent else None,
        )
        points = [
            MetricPoint(key=key, value=value, step=step, time=AT)
            for key, values in metrics.items()
            for step, value in enumerate(values)
        ]
        origins = [Origin(kind=OriginKind.METRIC, key=key, source=source, unseeded=tuple(unseeded)) for key in metrics]
        change = RunChange(
            run_id=run_id,
            run=run,
            metrics=points,
            params=params or {},
            datasets=datasets,
            models=models,
            execution_ids=[execution_id],
            origins=origins,
        )
        self.store.write(Batch(runs=[change]))
        return self.detail(name)

    def detail(self, name: str) -> RunDetail:
        return self.store.runs(RunFilter(ids=[f"{self.prefix}{name}"]))[0]


def made_again(original: Recorded, run: RunDetail, **changes: Any) -> Compared:
    """Compare a run with a fresh session that ran its slice, and made what `changes` say of the run instead."""
    sliced = sliced_run(original.store, run)
    again = Recorded(prefix="again-")
    ids = {}
    for cell_id, sources in original_sources(sliced).items():
        execution_id = next(source.execution_id for source in sources if source is not None)
        text = original.store.executions(ids=[execution_id])[0].source
        ids[execution_id] = again.cell(text, cell_id=cell_id, files=changes.pop("files", ()))
    origin = original.store.origins(run.run.run_id)[0]
    made = {key: [each.value for each in original.store.metric_history(run.run.run_id, key)] for key in run.metrics}
    again.run("other-name", {**made, **changes.pop("metrics", {})}, ids[origin.source.execution_id], **changes)
    return compare(original.store, again.store, sliced, TOLERANCE)


def simple(**options: Any) -> tuple[Recorded, RunDetail]:
    recorded = Recorded()
    recorded.cell("rows = read('in.csv')", files=[FileRead(path="/w/in.csv", digest="aa")])
    execution_id = recorded.cell("score = measure(rows)")
    return recorded, recorded.run("calm-otter", {"accuracy": [0.5]}, execution_id, **options)


# What is compared


def test_run_that_came_out_the_same_is_exact() -> None:
    recorded, run = simple()

    compared = made_again(recorded, run)

    assert compared.is_exact
    assert [(each.kind, each.key, each.found) for each in compared.comparisons] == [
        (ComparedKind.METRIC, "accuracy", 0.5)
    ]


def test_last_bit_of_a_metric_is_not_exact_but_within_tolerance() -> None:
    recorded, run = simple()

    compared = made_again(recorded, run, metrics={"accuracy": [0.5000000000000001]})

    assert not compared.is_exact
    assert compared.is_same


def test_earlier_point_of_a_series_that_differs_is_found_and_shown() -> None:
    recorded = Recorded()
    execution_id = recorded.cell("losses = train()")
    run = recorded.run("calm-otter", {"loss": [3.0, 2.0, 1.0]}, execution_id)

    compared = made_again(recorded, run, metrics={"loss": [3.0, 2.5, 1.0]})

    assert [(each.expected, each.found, each.is_same) for each in compared.comparisons] == [(2.0, 2.5, False)]


def test_series_that_ends_early_is_not_the_same() -> None:
    recorded = Recorded()
    execution_id = recorded.cell("losses = train()")
    run = recorded.run("calm-otter", {"loss": [3.0, 2.0]}, execution_id)

    compared = made_again(recorded, run, metrics={"loss": [3.0]})

    assert not compared.is_same


def test_metric_with_another_role_is_found_by_the_statement_that_measured_it() -> None:
    recorded = Recorded()
    execution_id = recorded.cell("score = measure()")
    run = recorded.run("calm-otter", {"train.score": [0.5]}, execution_id)
    sliced = sliced_run(recorded.store, run)
    again = Recorded(prefix="again-")
    again.run("x", {"score": [0.5]}, again.cell("score = measure()", cell_id="cell-1"))

    compared = compare(recorded.store, again.store, sliced, TOLERANCE)

    assert compared.is_exact


def test_metric_of_the_same_key_from_another_statement_does_not_stand_for_it() -> None:
    recorded = Recorded()
    execution_id = recorded.cell("one = measure()\nscore = measure(one)")
    run = recorded.run("calm-otter", {"score": [0.5]}, execution_id, 1)
    sliced = sliced_run(recorded.store, run)
    again = Recorded(prefix="again-")
    again.run("x", {"score": [0.5]}, again.cell("one = measure()\nscore = measure(one)", cell_id="cell-1"), 0)

    compared = compare(recorded.store, again.store, sliced, TOLERANCE)

    assert [each.found for each in compared.comparisons] == [None]
    assert not compared.is_same


def test_runs_of_one_loop_are_paired_in_their_order() -> None:
    recorded = Recorded()
    execution_id = recorded.cell("for c in range(3):\n    measure(c)")
    for number, value in enumerate([0.1, 0.2, 0.3]):
        run = recorded.run(f"run-{number}", {"test.accuracy": [value]}, execution_id, 1)
    sliced = sliced_run(recorded.store, run)
    again = Recorded(prefix="again-")
    cell = again.cell("for c in range(3):\n    measure(c)", cell_id="cell-1")
    for number, value in enumerate([0.1, 0.2, 0.3]):
        again.run(f"other-{number}", {"accuracy": [value]}, cell, 1)

    compared = compare(recorded.store, again.store, sliced, TOLERANCE)

    assert [each.found for each in compared.comparisons] == [0.3]


def test_runs_of_one_loop_are_paired_though_one_was_measured_once_more() -> None:
    recorded = Recorded()
    execution_id = recorded.cell("for c in range(3):\n    measure(c)")
    runs = [recorded.run(f"run-{c}", {"accuracy": [c / 10]}, execution_id, 1) for c in range(3)]
    late = Source(execution_id=recorded.cell("measure_all()"), statement=0)
    change = RunChange(
        run_id="run-2",
        metrics=[MetricPoint(key="late", value=0.9, step=0, time=AT)],
        origins=[Origin(kind=OriginKind.METRIC, key="late", source=late)],
    )
    recorded.store.write(Batch(runs=[change]))
    again = Recorded(prefix="again-")
    cell = again.cell("for c in range(3):\n    measure(c)", cell_id="cell-1")
    for c in range(3):
        again.run(f"other-{c}", {"accuracy": [c / 10]}, cell, 1)

    compared = compare(recorded.store, again.store, sliced_run(recorded.store, runs[1]), TOLERANCE)

    assert [(each.found, each.is_exact) for each in compared.comparisons] == [(0.1, True)]


def test_loop_that_now_makes_fewer_runs_pairs_only_those_with_the_same_params() -> None:
    recorded = Recorded()
    execution_id = recorded.cell("for c in range(3):\n    measure(c)")
    runs = [recorded.run(f"run-{c}", {"a": [0.5]}, execution_id, 1, params={"c": c}) for c in range(3)]
    again = Recorded(prefix="again-")
    cell = again.cell("for c in range(3):\n    measure(c)", cell_id="cell-1")
    for c in (0, 1):
        again.run(f"other-{c}", {"a": [0.5]}, cell, 1, params={"c": c})

    found = [compare(recorded.store, again.store, sliced_run(recorded.store, run), TOLERANCE) for run in runs]

    assert [each.is_exact for each in found] == [True, True, False]


def test_table_with_another_content_is_found() -> None:
    use = DatasetUse(name="rows", kind="DataFrame", role=Role.TRAIN, fingerprint="f1")
    recorded, run = simple(datasets=[use])

    compared = made_again(
        recorded, run, datasets=[DatasetUse(name="rows", kind="DataFrame", role=Role.TRAIN, fingerprint="f2")]
    )

    assert [each.key for each in compared.comparisons if not each.is_same] == ["rows (train)"]


def test_table_that_the_slice_does_not_need_is_only_mentioned() -> None:
    recorded, run = simple(datasets=[DatasetUse(name="extra", kind="DataFrame", fingerprint="f1")])

    compared = made_again(recorded, run)

    assert compared.unmade == ("extra",)
    assert compared.is_exact


def test_model_that_learned_something_else_is_found_though_its_metric_is_the_same() -> None:
    model = Model(model_id="m", name="forest", class_name="Forest", importances={"a": 0.4, "b": 0.6})
    recorded, run = simple(models=[model])

    compared = made_again(
        recorded,
        run,
        models=[Model(model_id="n", name="forest", class_name="Forest", importances={"a": 0.5, "b": 0.5})],
    )

    assert [each.key for each in compared.comparisons if not each.is_same] == ["forest.importances"]


def test_file_that_was_read_with_another_content_is_found() -> None:
    recorded, run = simple()

    compared = made_again(recorded, run, files=[FileRead(path="/scratch/w/in.csv", digest="bb")])

    assert [(each.path, each.expected, each.found) for each in compared.files] == [("/w/in.csv", "aa", "bb")]


@pytest.mark.parametrize(
    ("one", "other", "is_same"),
    [
        (1, 1.0, True),
        (float("nan"), float("nan"), True),
        (0.0, -0.0, False),
        (float("inf"), float("-inf"), False),
        (float("nan"), 0.0, False),
        (10**400, 10**400, True),
    ],
)
def test_numbers_are_the_same_to_the_last_bit(one: float, other: float, is_same: bool) -> None:
    assert same_number(one, other) is is_same


# What that means


def sliced_of(*sources: str) -> SlicedRun:
    recorded = Recorded()
    execution_ids = [recorded.cell(source) for source in sources]
    last = recorded.store.executions(ids=execution_ids[-1:])[0]
    run = recorded.run("calm-otter", {"accuracy": [0.5]}, execution_ids[-1], len(last.statements) - 1)
    return sliced_run(recorded.store, run)


def case_of(*sources: str, **options: Any) -> Case:
    return Case(sliced=sliced_of(*(sources or ("score = measure()",))), tolerance=TOLERANCE, **options)


def attempt(value: float | None, expected: float = 0.5, **options: Any) -> Attempt:
    is_same = value is not None and TOLERANCE.is_close(value, expected)
    comparison = Comparison(
        kind=ComparedKind.METRIC,
        key="accuracy",
        expected=expected,
        found=value,
        is_same=is_same,
        is_exact=value == expected,
    )
    made: dict[Any, JsonValue] = {(ComparedKind.METRIC, "accuracy"): [[0, value]] if value is not None else []}
    files = options.pop("files", ())
    return Attempt(compared=Compared(comparisons=(comparison,), made=made, files=files), **options)


@pytest.mark.parametrize(
    ("first", "second", "verdict"),
    [
        (0.5, None, ReproductionVerdict.EXACT),
        (0.5, 0.5, ReproductionVerdict.EXACT),
        (0.5 + 1e-12, None, ReproductionVerdict.WITHIN_TOLERANCE),
        (0.6, 0.6, ReproductionVerdict.DIFFERENT),
        (0.6, 0.7, ReproductionVerdict.NONDETERMINISTIC),
        (0.6, 0.5, ReproductionVerdict.NONDETERMINISTIC),
        (0.5, 0.6, ReproductionVerdict.NONDETERMINISTIC),
    ],
)
def test_verdict_follows_from_what_one_or_two_fresh_kernels_made(
    first: float, second: float | None, verdict: ReproductionVerdict
) -> None:
    case = case_of()

    found = judge(case, attempt(first), attempt(second) if second is not None else None)

    assert found.verdict is verdict


def test_missing_metric_is_different_and_said() -> None:
    found = judge(case_of(), attempt(None), attempt(None))

    assert found.verdict is ReproductionVerdict.DIFFERENT
    assert "is not made" in found.reason


def test_nothing_to_compare_is_never_exact() -> None:
    found = judge(case_of(), Attempt(compared=Compared(comparisons=())))

    assert found.verdict is ReproductionVerdict.FAILED


def test_metric_that_was_typed_in_is_never_exact() -> None:
    found = judge(case_of(typed=["accuracy"]), attempt(0.5))

    assert found.verdict is ReproductionVerdict.FAILED
    assert "Nothing computed 'accuracy'" in found.reason


def test_error_in_a_cell_fails_with_its_prompt_number_and_message() -> None:
    case = case_of("rows = read()", "score = measure(rows)")

    found = judge(
        case, Attempt(compared=None, failure=CellFailure(cell_id="cell-2", name="ValueError", message="no rows"))
    )

    assert found.verdict is ReproductionVerdict.FAILED
    assert found.reason == "Cell [2] failed with ValueError: no rows"


def test_missing_module_is_said() -> None:
    failure = CellFailure(cell_id="cell-1", name="ModuleNotFoundError", message="No module named 'lost'")

    found = judge(case_of(), Attempt(compared=None, failure=failure))

    assert found.reason == "A module is missing here: No module named 'lost' (cell [1])."


def test_refused_write_is_the_reason() -> None:
    failure = CellFailure(cell_id="cell-1", name="PermissionError", message="...")

    found = judge(case_of(), Attempt(compared=None, failure=failure, notes={"refused": ["/home/me/out.csv"]}))

    assert "writes to /home/me/out.csv" in found.reason


def test_changed_file_is_where_the_lineage_parts_though_the_metric_differs_too() -> None:
    case = case_of("rows = read()", "score = measure(rows)")
    source = Source(execution_id="execution-1", statement=0)
    pair = FilePair(source=source, path="/w/in.csv", expected="aa", found="bb")

    found = judge(case, attempt(0.6, files=(pair,)), attempt(0.6, files=(pair,)))

    assert found.first_difference is not None
    assert (found.first_difference["kind"], found.first_difference["cell"]) == ("file", 1)
    assert "the file /w/in.csv, made in cell [1] by `rows = read()`" in found.reason


def test_second_kernel_is_asked_on_a_difference_and_where_chance_is_known() -> None:
    assert wants_second(case_of(), attempt(0.6))
    assert wants_second(case_of(chances=["train_test_split without a seed"]), attempt(0.5))
    assert not wants_second(case_of(), attempt(0.5))
    assert not wants_second(case_of(chances=["the clock (time.time) in cell [1]"]), attempt(0.5))


def test_model_that_learns_something_else_each_time_is_nondeterministic_though_all_numbers_agree() -> None:
    attempts = [attempt(0.5), attempt(0.5)]
    for number, each in enumerate(attempts):
        assert each.compared is not None
        attempts[number] = replace(each, compared=replace(each.compared, arrays={"net": f"digest-{number}"}))

    unseeded = judge(case_of(chances=["MLPClassifier(random_state=None) without a seed"]), *attempts)
    seeded = judge(case_of(), *attempts)

    assert unseeded.verdict is ReproductionVerdict.NONDETERMINISTIC
    assert "learned another net" in unseeded.reason
    assert seeded.verdict is ReproductionVerdict.EXACT


def test_predictions_that_one_kernel_had_no_time_to_make_are_no_difference() -> None:
    one, other = attempt(0.6), attempt(0.6)
    assert one.compared is not None
    made = {**one.compared.made, (ComparedKind.PREDICTION, "net.example_predictions"): [1, 2]}
    one = replace(one, compared=replace(one.compared, made=made))

    found = judge(case_of(), one, other)

    assert found.verdict is ReproductionVerdict.DIFFERENT


def test_missing_seed_is_not_exact_by_luck_alone() -> None:
    case = case_of(chances=["KFold(random_state=None) without a seed"])

    found = judge(case, attempt(0.5), attempt(0.5))

    assert found.verdict is ReproductionVerdict.NONDETERMINISTIC
    assert "may be luck" in found.reason


def test_missing_seed_that_shows_nowhere_in_what_a_model_learned_is_exact() -> None:
    case = case_of(chances=["KFold(random_state=None) without a seed"])
    one = attempt(0.5)
    assert one.compared is not None
    one = replace(one, compared=replace(one.compared, arrays={"net": "digest"}))

    found = judge(case, one, one)

    assert found.verdict is ReproductionVerdict.EXACT


def test_nondeterministic_names_its_source() -> None:
    found = judge(case_of(chances=["train_test_split without a seed"]), attempt(0.6), attempt(0.7))

    assert "There is train_test_split without a seed." in found.reason


# What was typed, and what may differ


@pytest.mark.parametrize(
    ("sources", "is_typed"),
    [
        (["import trackbook\ntrackbook.log_metric('a', 0.93)"], True),
        (["best = 0.93", "import trackbook\ntrackbook.log_metric('a', best)"], True),
        (["best = 0.9 + 0.03", "import trackbook\ntrackbook.log_metric('a', float(best))"], True),
        (["scores = [0.9, 0.93]", "import trackbook\ntrackbook.log_metric('a', scores[1])"], True),
        (["%track metric a=0.93"], True),
        (["rows = 3", "%track metric a=len(rows) b=1"], False),
        (["3 * 4", "import trackbook\ntrackbook.log_metric('a', _)"], False),
        (["rows = read()", "import trackbook\ntrackbook.log_metric('a', rows.mean())"], False),
        (["total = sum([1, 2])", "import trackbook\ntrackbook.log_metric('a', total)"], False),
        (["import trackbook\nfor x in [1, 2]:\n    trackbook.log_metric('a', x)"], False),
    ],
)
def test_numbers_that_nothing_computed_are_told_apart(sources: list[str], is_typed: bool) -> None:
    sliced = sliced_of(*sources)
    source = sorted(sliced.kept[-1].part.sources, key=lambda each: each.statement)[-1]
    origin = Origin(kind=OriginKind.METRIC, key="a", source=source)

    assert typed_metrics(sliced.kept, [origin]) == (["a"] if is_typed else [])


@pytest.mark.parametrize(
    ("source", "phrase"),
    [
        ("import time\nx = time.time()", "the clock (time.time) in cell [1]"),
        ("x = datetime.datetime.now()", "the clock (datetime.datetime.now) in cell [1]"),
        ("x = pd.Timestamp.now()", "the clock (pd.Timestamp.now) in cell [1]"),
        ("x = list(set(words()))", "set(), which follows the order of hashes, in cell [1]"),
        ("x = [each for each in {'a', 'b'}]", "a set, whose order follows that of hashes, in cell [1]"),
        ("x = uuid.uuid4()", "uuid.uuid4, which differs in every process, in cell [1]"),
        ("x = model.time()", None),
        ("x = {'a': 1}", None),
    ],
)
def test_code_that_may_come_out_otherwise_is_named(source: str, phrase: str | None) -> None:
    sliced = sliced_of(source + "\nscore = measure(x)")

    found = chances_of(sliced.kept, [])

    assert found == ([phrase] if phrase else [])


def test_what_takes_its_numbers_from_a_generator_that_the_slice_seeds_is_no_chance() -> None:
    source = Source(execution_id="execution-1", statement=0)
    origin = Origin(kind=OriginKind.METRIC, key="a", source=source, unseeded=("KFold(random_state=None)",))
    seeding = "import numpy as np\nnp.random.seed(1)\nfolds = make(KFold(3, shuffle=True))\nscore = measure(folds)"

    unseeded, seeded = (sliced_of(text) for text in ("score = measure()", seeding))
    seeds = [
        replace(each, part=replace(each.part, kills=each.part.kills | {GENERATOR_OF_NUMPY})) for each in seeded.kept
    ]

    assert chances_of(unseeded.kept, [origin]) == ["KFold(random_state=None) without a seed"]
    assert chances_of(seeds, [origin]) == []


@pytest.mark.parametrize(
    ("source", "told"),
    [
        ("rate = float(os.environ['RATE'])", ["the environment variable RATE"]),
        ("rate = os.environ.get('RATE', '1')", ["the environment variable RATE"]),
        ("rate = os.getenv('RATE')", ["the environment variable RATE"]),
        ("rate = 2 if 'RATE' in os.environ else 1", ["the environment variable RATE"]),
        ("rate = len(sys.argv)", ["the command line (sys.argv)"]),
        ("import os\nos.environ['RATE'] = '3'\nrate = os.environ['RATE']", []),
        ("rate = settings.get('RATE')", []),
    ],
)
def test_what_code_takes_from_outside_is_named(source: str, told: list[str]) -> None:
    assert outside_of(sliced_of(f"{source}\nscore = measure(rate)").kept) == told


def test_recorded_lack_of_a_seed_is_named_once() -> None:
    sliced = sliced_of("score = measure()")
    source = Source(execution_id="execution-1", statement=0)
    origins = [
        Origin(kind=OriginKind.METRIC, key=key, source=source, unseeded=("train_test_split(random_state=None)",))
        for key in ("a", "b")
    ]

    assert chances_of(sliced.kept, origins) == ["train_test_split(random_state=None) without a seed"]


# Where a notebook worked


def test_working_folder_is_the_one_that_the_session_began_in() -> None:
    recorded = Recorded()
    recorded.cell("rows = read('data/in.csv')", files=[FileRead(path="/home/me/other/data/in.csv", digest="aa")])
    run = recorded.run("calm-otter", {"a": [0.5]}, recorded.cell("score = measure(rows)"))
    session = replace(recorded.store.sessions()[0], notebook="/home/me/one.ipynb", folder="/home/me/work")

    assert working_folder(sliced_run(recorded.store, run), session, "/home/me/store/.trackbook") == Path(
        "/home/me/work"
    )


def test_working_folder_is_where_relative_paths_lead_to_what_was_read() -> None:
    recorded = Recorded()
    recorded.cell("rows = read('data/in.csv')", files=[FileRead(path="/home/me/project/data/in.csv", digest="aa")])
    run = recorded.run("calm-otter", {"a": [0.5]}, recorded.cell("score = measure(rows)"))
    session = replace(recorded.store.sessions()[0], notebook="/home/me/project/notebooks/one.ipynb")

    found = working_folder(sliced_run(recorded.store, run), session, "/home/me/store/.trackbook")

    assert found == Path("/home/me/project")


def test_working_folder_is_the_notebooks_where_nothing_was_read() -> None:
    sliced = sliced_of("score = measure()")
    session = Recorded().store.sessions()[0]

    found = working_folder(sliced, replace(session, notebook="/home/me/one.ipynb"), "/home/me/store/.trackbook")
    nameless = working_folder(sliced, session, "/home/me/store/.trackbook")

    assert (found, nameless) == (Path("/home/me"), Path("/home/me/store"))
