"""What is exported is what is kept: read back by a reader that knows nothing of the writer, and by MLflow itself."""

from __future__ import annotations

import csv
import hashlib
import io
import json
import math
import os
import subprocess
import sys
import types
import typing
from dataclasses import fields, is_dataclass, replace
from datetime import UTC, datetime, timedelta
from enum import Enum
from pathlib import Path

import pytest
from click.testing import CliRunner
from hypothesis import given
from hypothesis import strategies as st
from trackbook import records
from trackbook.cli import cli
from trackbook.records import (
    Artifact,
    Column,
    DatasetUse,
    Environment,
    Execution,
    Failure,
    FileRead,
    Git,
    Inside,
    MetricPoint,
    Model,
    ModuleUse,
    Origin,
    OriginKind,
    Outcome,
    Output,
    OutputKind,
    OutputPart,
    Role,
    RunStatus,
    Source,
    Statement,
    Verdict,
)
from trackbook.store import Batch, RunChange, RunFilter, open_store
from trackbook.tracking.export import histories, plain

NOON = datetime(2026, 10, 20, 12, 0, 0, 123456, tzinfo=UTC)
ODD = {
    "C": 0.1,
    "c": 1,
    "big": 10**30,
    "nan": math.nan,
    "infinite": [math.inf, -math.inf, {"x": math.nan}],
    "text": "NaN",
    "quoted": "''Infinity''",
    "nothing": None,
    "truth": True,
    "empty": "",
    "layers/1": [1, 2.0, "3"],
    "layers": {"deep": {"NaN": -0.0}},
    "weird key: ü?*|\n": "two\nlines, \u2028 ü 🦦 \x85 ' \"",
    "long": "x" * 7000,
    "../outside": "no",
    ".": "dot",
}


@pytest.fixture
def store(tmp_path, notebook, make_run, monkeypatch):
    """A store on disk with a parent that has everything, its child, and a run of another experiment."""
    monkeypatch.setenv("TRACKBOOK_STORE", str(tmp_path / "store"))
    store = open_store(tmp_path / "store")
    patch, figure, module = (store.put_object(text) for text in (b"the patch", b"a figure", b"def f(): ..."))
    report, table = store.put_object(b"\x00\xff report"), store.put_object(b"a,b\n1,2\n")
    environment = Environment(
        environment_id="env",
        python="3.11",
        implementation="CPython",
        platform="Linux",
        machine="x86_64",
        packages={"numpy": "2.0"},
        hardware={"gpu": None, "load": math.nan},
        git=Git(commit="abc", branch="main", is_dirty=True, patch=patch),
    )
    first = replace(
        notebook.store.sessions()[0], notebook="ein Heft ü.ipynb", environment_id="env", ended_at=NOON + timedelta(9)
    )
    idle = replace(first, session_id="sess-idle", environment_id=None, started_at=NOON - timedelta(1))
    shown = OutputPart(media_type="image/png", size=8, digest=figure)
    text = OutputPart(media_type="text/plain", size=3, digest="0" * 64, text="NaN")
    cells = [
        Execution(
            execution_id=f"x{index}",
            session_id=first.session_id,
            index=index,
            source=f"cell_{index} = 'NaN'",
            started_at=NOON + timedelta(seconds=index),
            seconds=0.25,
            outcome=Outcome.OK,
            outputs=(Output(kind=OutputKind.DISPLAY, parts=(shown, text)),),
            statements=(Statement(line=1, end_line=1, reads={"a": (Source(execution_id="x1", statement=0),)}),),
        )
        for index in (1, 2, 3)
    ]
    store.write(Batch(sessions=[first, idle], environments=[environment], executions=cells))
    parent = make_run(
        1,
        name="brave-otter",
        run={
            "environment_id": "env",
            "note": "Best so far",
            "verdict": Verdict.STALE,
            "verdict_reason": "Cell 2 was edited.",
            "experiment": "churn: ü/1",
        },
    )
    child = make_run(
        2,
        name="calm-lynx",
        run={"parent_id": parent.run.run_id, "experiment": "churn: ü/1", "status": RunStatus.KILLED},
    )
    other = make_run(
        3,
        name="shy-yak",
        run={
            "experiment": "prices",
            "status": RunStatus.FAILED,
            "failure": Failure(type="ValueError", message="no", traceback="Traceback"),
        },
    )
    values = [0.5, math.nan, math.inf, -math.inf, 0.25]
    history = [MetricPoint(key="test.accuracy", value=each, step=n - 1, time=NOON) for n, each in enumerate(values)]
    at_once = [MetricPoint(key="no steps", value=each, time=NOON) for each in (0.9, 0.1)]
    huge = [MetricPoint(key="count", value=2**60 + 1, step=2**62, time=NOON)]
    train = DatasetUse(
        name="df",
        kind="pandas.DataFrame",
        role=Role.TRAIN,
        rows=3,
        shape=(3, 2),
        columns=(Column(name="a", dtype="int64"), Column(name="b", dtype="object")),
        fingerprint="v1:" + "f" * 64,
        files=(FileRead(path="data/train.csv", size=9, digest="d" * 64),),
    )
    model = Model(
        model_id="m1",
        name="model",
        class_name="sklearn.linear_model._logistic.LogisticRegression",
        signature={"inputs": ["a"]},
        features=("a",),
        importances={"a": math.nan},
        coefficients={"a": [1.5, math.inf]},
    )
    origin = Origin(
        kind=OriginKind.METRIC,
        key="test.accuracy",
        source=Source(execution_id="x2", statement=0),
        names=("model",),
        literals={"average": "Infinity", "k": -math.inf},
        inside=(Inside(function="evaluate", line=2),),
        fits=(Source(execution_id="x1", statement=0),),
    )
    everything = RunChange(
        run_id=parent.run.run_id,
        run=parent.run,
        params=ODD,
        metrics=[*history, *at_once, *huge],
        tags={"stage": "final", "long": "y" * 9000, "mlflow.user": "mine", "": "no key"},
        datasets=[train, DatasetUse(name="X", kind="numpy.ndarray", shape=(3,))],
        models=[model],
        artifacts=[
            Artifact(name="report.bin", digest=report, size=9),
            Artifact(name="trackbook/run.json", digest=table, size=8),
            Artifact(name="plots/../../escape", digest=table, size=8),
            Artifact(name="lost", digest="e" * 64, size=1),
        ],
        modules=[ModuleUse(name="lib.features", path="lib/features.py", digest=module, size=12)],
        execution_ids=["x1", "x2"],
        origins=[origin],
    )
    store.write(Batch(runs=[everything]))
    store.write(Batch(runs=[RunChange(run_id=child.run.run_id, run=child.run, params={"C": 1})]))
    store.write(Batch(runs=[RunChange(run_id=other.run.run_id, run=other.run, execution_ids=["x3"])]))
    yield store
    store.close()


def export(*arguments, expected=0):
    result = CliRunner().invoke(cli, ["export", *map(str, arguments)], prog_name="trackbook")
    assert result.exit_code == expected, result.output
    return result


# A reader of its own: the types of the records' fields say what a text stands for.


def read(kind, value):
    """Return the value of a type that strict JSON stands for."""
    origin, inner = typing.get_origin(kind), typing.get_args(kind)
    if origin in (typing.Union, types.UnionType):
        if value is None and type(None) in inner:
            return None
        kinds = [each for each in inner if each is not type(None)]
        if set(kinds) == {float, int}:
            return float(value) if isinstance(value, str) else value
        if len(kinds) > 1:
            return read_json(value)
        return read(kinds[0], value)
    if origin is tuple:
        return tuple(read(inner[0], each) for each in value)
    if origin is not None:  # a mapping
        return {key: read(inner[1], each) for key, each in value.items()}
    if is_dataclass(kind):
        hints = typing.get_type_hints(kind)
        return kind(**{each.name: read(hints[each.name], value[each.name]) for each in fields(kind)})
    if issubclass(kind, Enum):
        return kind(value)
    if kind is datetime:
        return datetime.fromisoformat(value)
    if kind is float:
        return float(value)
    return unquoted(value) if kind is str else value


def unquoted(text):
    is_quoted = text.strip("'") in ("NaN", "Infinity", "-Infinity")
    return text[1:-1] if is_quoted else text


def read_json(value):
    """Return the value of a param and the like."""
    if isinstance(value, str):
        return float(value) if value in ("NaN", "Infinity", "-Infinity") else unquoted(value)
    if isinstance(value, list):
        return [read_json(each) for each in value]
    return {key: read_json(each) for key, each in value.items()} if isinstance(value, dict) else value


def strict_loads(text):
    def refuse(word):
        raise AssertionError(f"{word} is not strict JSON")

    return json.loads(text, parse_constant=refuse)


def same(one, other):
    assert repr(one) == repr(other)


def check_run(store, told, detail):
    """Hold a run of a document against the one in the store."""
    same(read(records.Run, told), detail.run)
    same({key: read_json(value) for key, value in told["params"].items()}, dict(detail.params))
    same({key: unquoted(value) for key, value in told["tags"].items()}, dict(detail.tags))
    for name, kind in (("datasets", DatasetUse), ("models", Model), ("artifacts", Artifact), ("modules", ModuleUse)):
        same(tuple(read(kind, each) for each in told[name]), getattr(detail, name))
    same([read(Origin, each) for each in told["origins"]], store.origins(detail.run.run_id))
    same(tuple(told["execution_ids"]), detail.execution_ids)
    assert told["metrics"].keys() == detail.metrics.keys()
    for key, points in told["metrics"].items():
        history = [read(MetricPoint, {"key": key, **point}) for point in points]
        same(history, store.metric_history(detail.run.run_id, key))


def check_document(store, document):
    """Hold a whole document against the store."""
    details = store.runs(RunFilter(oldest_first=True))
    assert [told["run_id"] for told in document["runs"]] == [detail.run.run_id for detail in details]
    for told, detail in zip(document["runs"], details, strict=True):
        check_run(store, told, detail)
    same([read(records.Session, each) for each in document["sessions"]], store.sessions())
    kept = {each.execution_id: each for each in store.executions()}
    same({each["execution_id"]: read(Execution, each) for each in document["executions"]}, kept)
    same([read(Environment, each) for each in document["environments"]], [store.environment("env")])


def test_document_holds_everything_that_the_store_does(store):
    document = strict_loads(export().stdout)

    check_document(store, document)
    assert (document["format"], document["version"]) == ("trackbook-export", 1)
    assert document["location"] == store.location


def test_every_value_comes_back_from_strict_json():
    texts = st.sampled_from(["NaN", "'NaN'", "''-Infinity''", "'", "''", "nan"]) | st.text()
    leaves = st.none() | st.booleans() | st.integers() | st.floats() | texts
    values = st.recursive(leaves, lambda inner: st.lists(inner) | st.dictionaries(texts, inner), max_leaves=8)

    @given(values)
    def holds(value):
        same(read_json(strict_loads(json.dumps(plain(value), allow_nan=False))), value)

    holds()


def test_one_record_stands_on_a_line(store):
    lines = export().stdout.splitlines()

    assert sum('"run_id": ' in line for line in lines) == 3
    assert all(len(json.loads(line.lstrip(","))) for line in lines if '"execution_id": "x' in line[:30])


def test_folder_has_the_objects_that_the_document_names(store, tmp_path):
    result = export("-o", tmp_path / "out")

    document = strict_loads((tmp_path / "out" / "trackbook.json").read_text())
    check_document(store, document)
    kept = {path.parent.name + path.name: path.read_bytes() for path in (tmp_path / "out" / "objects").rglob("*/*")}
    assert {hashlib.sha256(content).hexdigest() for content in kept.values()} == set(kept)
    assert set(document["objects"]) == {*kept, "e" * 64}
    assert {b"the patch", b"a figure", b"def f(): ...", b"\x00\xff report"} <= set(kept.values())
    assert "objects whose content is lost (see trackbook verify): 1" in result.stderr


def test_query_and_experiment_say_which_runs_with_what_belongs_to_them(store):
    some = strict_loads(export("status", "=", "'FAILED'").stdout)
    none = strict_loads(export("--experiment", "nope").stdout)

    assert [told["name"] for told in some["runs"]] == ["shy-yak"]
    assert [told["session_id"] for told in some["sessions"]] == ["sess0000000000000000aa"]
    assert len(some["executions"]) == 3
    assert some["query"] == "status = 'FAILED'"
    assert (none["runs"], none["sessions"], none["executions"]) == ([], [], [])


def test_order_and_limit_of_a_query_hold(store):
    document = strict_loads(export("order", "by", "name", "desc", "limit", "2").stdout)

    assert [told["name"] for told in document["runs"]] == ["shy-yak", "calm-lynx"]


def test_pages_make_one_list(store, make_run):
    details = [make_run(number + 10) for number in range(450)]
    store.write(Batch(runs=[RunChange(run_id=detail.run.run_id, run=detail.run) for detail in details]))

    document = strict_loads(export().stdout)
    rows = list(csv.DictReader(io.StringIO(export("--format", "csv").stdout)))

    assert len({told["run_id"] for told in document["runs"]}) == len(document["runs"]) == len(rows) == 453


@pytest.mark.parametrize(
    "arguments", [(), ("-o", "out"), ("--format", "csv", "-o", "out"), ("--format", "mlflow", "-o", "out")]
)
def test_what_is_written_during_an_export_is_not_half_in_it(store, make_run, tmp_path, monkeypatch, arguments):
    monkeypatch.chdir(tmp_path)
    before = len(store.runs(RunFilter()))
    numbers = iter(range(100, 110))

    def histories_while_others_write(of, detail):
        late = make_run(next(numbers, 109))
        change = RunChange(run_id=late.run.run_id, run=late.run, params={"lateness": 1})
        point = MetricPoint(key="lateness", value=1.0, time=NOON)
        store.write(Batch(runs=[change, RunChange(run_id=detail.run.run_id, metrics=[point])]))
        return histories(of, detail)

    monkeypatch.setattr("trackbook.tracking.export._PAGE", 1)
    for module in ("trackbook.tracking.export", "trackbook.tracking.export_mlflow"):
        monkeypatch.setattr(f"{module}.histories", histories_while_others_write)
    printed = export(*arguments).stdout

    written = "".join(path.read_text(errors="replace") for path in tmp_path.glob("out/**/*") if path.is_file())
    assert "lateness" not in printed + written
    assert list(tmp_path.glob("out/**/lateness")) == []
    assert len(store.runs(RunFilter())) >= 2 * before


def test_csv_is_what_runs_prints(store):
    listed = CliRunner().invoke(cli, ["runs", "--csv"], prog_name="trackbook").stdout

    assert export("--format", "csv").stdout == listed


def test_csv_file_is_the_same_as_stdout(store, tmp_path):
    export("--format", "csv", "-o", tmp_path / "runs.csv")

    assert (tmp_path / "runs.csv").read_text(encoding="utf-8") == export("--format", "csv").stdout


def rows_of(path):
    with open(path, encoding="utf-8", newline="") as file:
        return list(csv.DictReader(file))


def test_csv_folder_has_params_and_points_in_long_form(store, tmp_path):
    export("--format", "csv", "-o", tmp_path / "tables")

    runs, params, metrics = (rows_of(tmp_path / "tables" / f"{name}.csv") for name in ("runs", "params", "metrics"))
    (parent,) = [row["run_id"] for row in runs if row["name"] == "brave-otter"]
    values = {row["key"]: row["value"] for row in params if row["run_id"] == parent}
    points = [(int(row["step"]), row["value"]) for row in metrics if row["key"] == "test.accuracy"]
    assert len(params) == len(ODD) + 1
    assert values.keys() == ODD.keys()
    assert (values["C"], values["big"], values["text"], values["truth"]) == ("0.1", str(10**30), "NaN", "true")
    assert points == [(-1, "0.5"), (0, "NaN"), (1, "Infinity"), (2, "-Infinity"), (3, "0.25")]
    assert {row["time"] for row in metrics} == {NOON.isoformat()}


# MLflow itself, in a process of its own: what it warns of is not ours.

IN_MLFLOW = """
import json, sys
from pathlib import Path
from mlflow import MlflowClient
from mlflow.store.fs2db import migrate

def read(uri):
    client = MlflowClient(tracking_uri=uri)
    found = {}
    for experiment in client.search_experiments():
        for run in client.search_runs([experiment.experiment_id], max_results=1000):
            points = {key: client.get_metric_history(run.info.run_id, key) for key in run.data.metrics}
            history = {key: [[p.step, p.timestamp, repr(p.value)] for p in each] for key, each in points.items()}
            def walk(path=None):
                for each in client.list_artifacts(run.info.run_id, path):
                    yield from walk(each.path) if each.is_dir else [each.path]
            found[run.info.run_name] = {
                "experiment": experiment.name, "run_id": run.info.run_id, "status": run.info.status,
                "start": run.info.start_time, "end": run.info.end_time,
                "params": run.data.params, "tags": run.data.tags,
                "latest": {key: repr(value) for key, value in run.data.metrics.items()}, "history": history,
                "datasets": [
                    {"name": each.dataset.name, "digest": each.dataset.digest, "schema": each.dataset.schema,
                     "source": each.dataset.source, "tags": {tag.key: tag.value for tag in each.tags}}
                    for each in run.inputs.dataset_inputs
                ],
                "artifacts": {path: client.download_artifacts(run.info.run_id, path) for path in walk()},
            }
    return found

folder, target = Path(sys.argv[1]), sys.argv[2]
as_folder = read(folder.as_uri())
migrate(folder, target, progress=False)
print(json.dumps([as_folder, read(target)]))
"""


def in_mlflow(folder, target):
    """Return what MLflow reads in a folder, and in the database to which it migrates that."""
    environment = os.environ | {"MLFLOW_ALLOW_FILE_STORE": "true", "MLFLOW_DISABLE_TELEMETRY": "true"}
    done = subprocess.run(
        [sys.executable, "-c", IN_MLFLOW, str(folder), target],
        capture_output=True,
        text=True,
        env=environment,
        timeout=200,
        check=False,
    )
    assert done.returncode == 0, done.stderr
    return json.loads(done.stdout.splitlines()[-1])  # MLflow has told of its migration before


@pytest.fixture
def mlruns(store, tmp_path):
    return tmp_path / "a folder ü" / "mlruns", export("--format", "mlflow", "-o", tmp_path / "a folder ü" / "mlruns")


def check_what_mlflow_reads(store, found, *, infinity):
    parent, child, other = found["brave-otter"], found["calm-lynx"], found["shy-yak"]
    details = {detail.run.name: detail for detail in store.runs(RunFilter())}
    for name, told in found.items():
        run = details[name].run
        assert (told["run_id"], told["experiment"], told["status"]) == (run.run_id, run.experiment, run.status.value)
        assert told["start"] == int(run.started_at.timestamp() * 1000)
        assert len(told["params"]) == len(details[name].params)
        assert len(told["latest"]) == len(details[name].metrics)
    params = parent["params"]
    assert (params["C"], params["c"], params["truth"], params["nothing"]) == ("0.1", "1", "True", "None")
    assert (params["nan"], params["empty"], params["big"]) == ("nan", "", str(10**30))
    assert params["layers/1"] == '[1,2.0,"3"]' or params["layers"] == '{"deep":{"NaN":-0.0}}'
    assert {'[1,2.0,"3"]', '{"deep":{"NaN":-0.0}}', "no", "dot"} <= set(params.values())
    assert params["weird key: ü____"] == ODD["weird key: ü?*|\n"]
    assert (len(params["long"]), params["long"][:100]) == (6000, "x" * 100)
    steps = [[step, value] for step, _, value in sorted(parent["history"]["test.accuracy"])]
    assert steps == [[-1, "0.5"], [0, "nan"], [1, infinity], [2, f"-{infinity}"], [3, "0.25"]]
    assert parent["latest"] == {"test.accuracy": "0.25", "no steps": "0.1", "count": repr(float(2**60))}
    tags = parent["tags"]
    assert (tags["stage"], tags["tags.mlflow.user"], tags["mlflow.user"]) == ("final", "mine", "ana")
    assert (tags["mlflow.note.content"], tags["trackbook.verdict"]) == ("Best so far", "stale")
    assert (tags["mlflow.source.name"], tags["mlflow.source.git.commit"]) == ("ein Heft ü.ipynb", "abc")
    assert len(tags["long"]) == 8000
    assert child["tags"]["mlflow.parentRunId"] == parent["run_id"]
    assert "mlflow.parentRunId" not in other["tags"]
    assert other["tags"]["trackbook.failure"] == "ValueError: no"


def check_datasets_and_artifacts(store, told):
    datasets = {each["name"]: each for each in told["datasets"]}
    contents = {path: Path(where).read_bytes() for path, where in told["artifacts"].items()}
    assert datasets["df"]["tags"]["mlflow.data.context"] == "train"
    assert datasets["df"]["digest"] == "f" * 36
    assert json.loads(datasets["df"]["schema"])["mlflow_colspec"] == [
        {"type": "long", "name": "a"},
        {"type": "string", "name": "b"},
    ]
    assert json.loads(datasets["df"]["source"]) == {"uri": "data/train.csv"}
    assert contents["report.bin"] == b"\x00\xff report"
    assert contents["trackbook/modules/lib/features.py"] == b"def f(): ..."
    assert contents["trackbook_run.json_2"] == b"a,b\n1,2\n"
    assert sum(content == b"a,b\n1,2\n" for content in contents.values()) == 2
    check_run(store, strict_loads(contents["trackbook/run.json"]), store.runs(RunFilter(name="brave-otter"))[0])


def test_mlflow_reads_everything_and_migrates_it_to_its_database(store, mlruns, tmp_path):
    as_folder, as_database = in_mlflow(mlruns[0], f"sqlite:///{tmp_path / 'mlflow.db'}")

    check_what_mlflow_reads(store, as_folder, infinity="inf")
    check_datasets_and_artifacts(store, as_folder["brave-otter"])
    check_what_mlflow_reads(store, as_database, infinity=repr(sys.float_info.max))
    assert len(as_database["brave-otter"]["datasets"]) == 2


def test_what_the_rules_of_mlflow_change_is_said(mlruns):
    folder, result = mlruns

    assert "values of params longer than 6000 characters: 1" in result.stderr
    assert "values of tags longer than 8000 characters: 1" in result.stderr
    assert "integers too large to be exact: 1" in result.stderr
    assert "artifacts whose content is lost (see trackbook verify): 1" in result.stderr
    assert "trackbook/run.json" in result.stderr
    assert f"mlflow migrate-filestore --source '{folder}'" in result.stderr
    changed = json.loads((folder / "trackbook-export.json").read_text())["changed"]
    assert changed["values of params longer than 6000 characters"] == 1


def test_nothing_is_written_outside_of_the_folder(mlruns, tmp_path):
    folder, _ = mlruns

    assert {path.name for path in tmp_path.iterdir()} == {"store", folder.parent.name}
    assert [path.name for path in folder.parent.iterdir()] == ["mlruns"]
    assert {path.name for path in folder.iterdir()} == {"0", "1", "2", "trackbook-export.json"}


def test_mlflow_export_wants_a_folder(store):
    assert "Say where, e.g. --output mlruns." in export("--format", "mlflow", expected=2).stderr


# Where it goes


def test_file_that_looks_like_another_format_is_refused(store, tmp_path):
    message = export("--format", "csv", "-o", tmp_path / "runs.json", expected=2).stderr

    assert "looks like another format than csv. Name a .csv file or a folder." in message
    assert not (tmp_path / "runs.json").exists()


@pytest.mark.parametrize("form", ["json", "csv", "mlflow"])
def test_what_is_there_is_replaced_only_with_force_and_only_if_it_is_an_export(store, tmp_path, form):
    target = tmp_path / "out"
    export("--format", form, "-o", target)
    (target / "stale").write_text("of the earlier export")

    refusal = export("--format", form, "-o", target, expected=2).stderr
    export("--format", form, "-o", target, "--force")
    replaced = sorted(path.name for path in target.iterdir())
    (target / "trackbook-export.json").unlink()
    (target / "mine.txt").write_text("not an export")
    last = export("--format", form, "-o", target, "--force", expected=2).stderr

    assert "is not empty. Name another folder, or replace an earlier export with --force." in refusal
    assert "stale" not in replaced
    assert "holds no export of Trackbook's, so it is not replaced." in last
    assert (target / "mine.txt").exists()


def test_empty_folder_is_filled_and_a_file_is_kept_unless_forced(store, tmp_path):
    (tmp_path / "empty").mkdir()
    (tmp_path / "runs.json").write_text("mine")

    export("-o", tmp_path / "empty")
    refusal = export("-o", tmp_path / "runs.json", expected=2).stderr
    kept = (tmp_path / "runs.json").read_text()
    export("-o", tmp_path / "runs.json", "--force")

    assert (tmp_path / "empty" / "trackbook.json").exists()
    assert "is there already. Name another file, or replace it with --force." in refusal
    assert kept == "mine"
    check_document(store, strict_loads((tmp_path / "runs.json").read_text()))


@pytest.mark.parametrize("name", ["out", "out.json"])
def test_export_that_fails_leaves_what_was_there(store, tmp_path, monkeypatch, name):
    from trackbook.store.sql.store import SqlStore

    target = tmp_path / name
    export("-o", target)
    before = {path: path.read_bytes() for path in tmp_path.rglob("*.json")}

    def fail(self, run_id):
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(SqlStore, "origins", fail)
    message = export("-o", target, "--force", expected=2).stderr
    export("-o", tmp_path / f"new {name}", expected=2)

    assert "can't be written" in message
    assert "No space left on device" in message
    assert {path: path.read_bytes() for path in tmp_path.rglob("*.json")} == before
    assert {path.name for path in tmp_path.iterdir()} == {"store", name}


def test_memory_does_not_grow_with_the_store(store, make_run, tmp_path):
    import tracemalloc

    def peak():
        tracemalloc.start()
        export("-o", tmp_path / "out.json", "--force")
        export("--format", "csv", "-o", tmp_path / "out.csv", "--force")
        return_value = tracemalloc.get_traced_memory()[1]
        tracemalloc.stop()
        return return_value

    def add(numbers):
        details = [make_run(number, params={f"p{n}": "x" * 100 for n in range(20)}) for number in numbers]
        changes = [RunChange(run_id=each.run.run_id, run=each.run, params=each.params) for each in details]
        store.write(Batch(runs=changes))

    add(range(100, 400))
    peak()  # what is loaded once
    few = peak()
    add(range(1000, 2500))
    many = peak()

    assert many < 1.5 * few
