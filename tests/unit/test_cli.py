from __future__ import annotations

import contextlib
import csv
import io
import json
import math
import os
import signal
import subprocess
import sys
import time
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from click.testing import CliRunner
from trackbook.cli import cli
from trackbook.records import Artifact, Environment, Execution, MetricPoint, Outcome
from trackbook.store import Batch, RunChange, open_store


@pytest.fixture
def place(tmp_path, monkeypatch, notebook, make_run):
    """A store on disk with a search of three runs, and three executions."""
    monkeypatch.setenv("TRACKBOOK_STORE", str(tmp_path / "store"))
    store = open_store(tmp_path / "store")
    session = notebook.store.sessions()[0]
    environment = Environment(
        environment_id="e",
        python="3.11",
        implementation="CPython",
        platform="L",
        machine="m",
        packages={"numpy": "0.0.1", "nowhere-to-be-found": "7.0"},
    )
    started = datetime(2026, 10, 20, 12, 0, tzinfo=UTC)
    cells = [
        Execution(
            execution_id=f"x{index}",
            session_id=session.session_id,
            index=index,
            source=f"cell_{index} = {index}",
            started_at=started + timedelta(seconds=index),
            seconds=0.1,
            outcome=Outcome.OK,
            writes=(f"cell_{index}",),
        )
        for index in (1, 2, 3)
    ]
    store.write(Batch(sessions=[session], environments=[environment], executions=cells))
    parent = make_run(
        1, name="brave-otter", metrics={"test.accuracy": 0.8}, params={"C": 0.1}, run={"environment_id": "e"}
    )
    child = make_run(2, name="calm-lynx", metrics={"test.accuracy": math.nan}, run={"parent_id": parent.run.run_id})
    other = make_run(3, name="shy-yak", params={"big": 10**30}, run={"experiment": "prices"})
    for detail, ids in ((parent, ("x1", "x2")), (child, ()), (other, ("x3",))):
        change = RunChange(
            run_id=detail.run.run_id,
            run=detail.run,
            params=detail.params,
            metrics=list(detail.metrics.values()),
            execution_ids=ids,
        )
        store.write(Batch(runs=[change]))
    yield store
    store.close()


def run(*arguments, expected=0):
    result = CliRunner().invoke(cli, arguments, prog_name="trackbook")
    assert result.exit_code == expected, result.output
    return result


def answer(*arguments):
    return json.loads(run(*arguments).stdout)


def test_runs_as_json_are_all_runs_newest_first_children_included(place):
    listed = answer("runs", "--json")

    assert [each["name"] for each in listed] == ["shy-yak", "calm-lynx", "brave-otter"]
    assert listed[1]["parent_id"] == listed[2]["run_id"]
    assert listed[1]["metrics"] == {"test.accuracy": "NaN"}
    assert listed[0]["params"] == {"big": 10**30}
    assert listed[2]["executions"] == ["x1", "x2"]
    assert listed[2]["environment"]["python"] == "3.11"


def test_runs_are_filtered_by_experiment_and_limited(place):
    assert [each["name"] for each in answer("runs", "--json", "--experiment", "prices")] == ["shy-yak"]
    assert len(answer("runs", "--json", "--limit", "2")) == 2
    assert len(answer("runs", "--json", "--session", "latest")) == 3


def test_runs_as_text_stand_beneath_their_parent(place):
    lines = run("runs").stdout.splitlines()

    assert lines[0] == "3 runs"
    assert [line.split("  ")[0 if line[0] != " " else 1] for line in lines[2:5]] == [
        "shy-yak",
        "brave-otter",
        "calm-lynx",
    ]


def test_runs_as_csv_keep_every_value(place):
    rows = list(csv.DictReader(io.StringIO(run("runs", "--csv").stdout)))

    assert [row["name"] for row in rows] == ["shy-yak", "calm-lynx", "brave-otter"]
    assert rows[0]["params.big"] == "1" + "0" * 30
    assert [row["metrics.test.accuracy"] for row in rows] == ["", "NaN", "0.8"]


def test_one_run_is_shown_by_any_reference(place):
    shown = answer("show", "brave-otter", "--json")

    assert shown == answer("show", shown["run_id"], "--json") == answer("show", shown["run_id"][:8], "--json")
    assert answer("show", "latest", "--json")["name"] == "shy-yak"
    assert "test.accuracy" in run("show", "brave-otter").stdout


def test_log_is_in_order_and_can_be_narrowed_to_a_run(place):
    assert [each["execution_id"] for each in answer("log", "--json")] == ["x1", "x2", "x3"]
    assert [each["execution_id"] for each in answer("log", "--run", "brave-otter", "--json")] == ["x1", "x2"]
    assert len(answer("log", "--session", "latest", "--json")) == 3
    assert answer("log", "--json")[0]["run_ids"] == [answer("show", "brave-otter", "--json")["run_id"]]
    assert "cell_1 = 1" in run("log", "--source").stdout


def test_comparison_has_only_what_differs_unless_all_is_asked_for(place):
    short = answer("compare", "brave-otter", "shy-yak", "--json")
    whole = answer("compare", "--all", "brave-otter", "shy-yak", "--json")

    assert [each["name"] for each in short["runs"]] == ["brave-otter", "shy-yak"]
    assert all(row["differs"] for row in short["rows"])
    assert len(whole["rows"]) >= len(short["rows"])
    assert "brave-otter" in run("compare", "brave-otter", "shy-yak").stdout


def test_tags_and_note_are_kept(place):
    run("tag", "brave-otter", "owner=ana", "draft=", "url=a=b")
    run("tag", "brave-otter", "--remove", "draft")
    run("note", "brave-otter", "The baseline")

    assert answer("show", "brave-otter", "--json")["tags"] == {"owner": "ana", "url": "a=b"}
    assert "The baseline" in run("show", "brave-otter").stdout


def test_status_says_where_and_what(place, tmp_path):
    status = answer("status", "--json")

    assert status["location"] == str(tmp_path / "store")
    assert status["runs"] == 3
    assert {each["experiment"]: each["runs"] for each in status["experiments"]} == {"churn": 2, "prices": 1}
    assert "brave-otter" not in run("status").stdout
    assert "shy-yak" in run("status").stdout


def test_verify_says_no_with_one_when_an_object_is_gone(place, tmp_path, make_run):
    digest = place.put_object(b"a model")
    detail = make_run(9, artifacts=(Artifact(name="model", digest=digest, size=7),))
    place.write(Batch(runs=[RunChange(run_id=detail.run.run_id, run=detail.run, artifacts=detail.artifacts)]))
    assert answer("verify", "--json") == {"location": str(tmp_path / "store"), "ok": True, "problems": []}

    for path in (tmp_path / "store" / "objects").rglob("*"):
        if path.is_file():
            path.unlink()
    problems = json.loads(run("verify", "--json", expected=1).stdout)["problems"]

    assert len(problems) == 1
    assert run("verify", expected=1).stdout == problems[0] + "\n"


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (["show", "nope"], "No run 'nope'"),
        (["show"], "Missing argument 'RUN'"),
        (["compare", "brave-otter"], None),
        (["compare", "shy-yak"], "two different runs"),
        (["tag", "brave-otter", "owner"], "'owner' is no tag"),
        (["tag", "brave-otter", " =x"], "is no tag name"),
        (["log", "--session", "nope"], "No session 'nope'"),
        (["runs", "--csv", "--json"], "one of --csv and --json"),
        (["runs", "--limit", "0"], "--limit"),
        (["nope"], "No such command 'nope'"),
        (["init", "/no/such/folder"], "There is no folder"),
    ],
)
def test_wrong_use_is_one_sentence_on_stderr_and_exit_code_two(place, arguments, message):
    if message is None:
        run(*arguments)  # a parent beside its children is no mistake
        return

    result = run(*arguments, expected=2)

    assert message in result.stderr
    assert result.stdout == ""
    assert "Traceback" not in result.stderr


def test_no_store_is_exit_code_two_and_makes_none(tmp_path, monkeypatch):
    monkeypatch.delenv("TRACKBOOK_STORE", raising=False)
    monkeypatch.chdir(tmp_path)

    for command in (["runs"], ["status"], ["verify"], ["log", "--json"], ["--store", str(tmp_path / "x"), "runs"]):
        assert "no store" in run(*command, expected=2).stderr

    assert list(tmp_path.iterdir()) == []


def test_store_option_stands_before_or_after_the_command_and_wins(place, tmp_path, monkeypatch):
    monkeypatch.setenv("TRACKBOOK_STORE", str(tmp_path / "nowhere"))
    store = str(tmp_path / "store")

    assert len(answer("--store", store, "runs", "--json")) == len(answer("runs", "--store", store, "--json")) == 3


def test_init_makes_a_store_once(tmp_path, monkeypatch):
    monkeypatch.delenv("TRACKBOOK_STORE", raising=False)
    (tmp_path / "churn").mkdir()

    first = run("init", str(tmp_path / "churn")).stdout
    again = run("init", str(tmp_path / "churn")).stdout

    assert first == again == f"Store: {tmp_path / 'churn' / '.trackbook'}\n"
    monkeypatch.chdir(tmp_path / "churn")
    assert answer("runs", "--json") == []


def test_runs_are_completed_from_the_store(place):
    environment = {"COMP_WORDS": "trackbook show bra", "COMP_CWORD": "2", "_TRACKBOOK_COMPLETE": "bash_complete"}

    result = CliRunner().invoke(cli, [], prog_name="trackbook", env=environment)

    assert result.stdout.splitlines() == ["plain,brave-otter"]


def test_completion_without_a_store_suggests_nothing_and_says_nothing(tmp_path, monkeypatch):
    monkeypatch.delenv("TRACKBOOK_STORE", raising=False)
    monkeypatch.chdir(tmp_path)
    environment = {"COMP_WORDS": "trackbook show ", "COMP_CWORD": "2", "_TRACKBOOK_COMPLETE": "bash_complete"}

    result = CliRunner().invoke(cli, [], prog_name="trackbook", env=environment)

    assert (result.stdout.strip(), result.stderr) == ("", "")


@pytest.mark.parametrize("shell", ["bash", "zsh", "fish"])
def test_completion_script_names_the_program(shell):
    assert "_TRACKBOOK_COMPLETE" in run("completion", shell).stdout


def start(*arguments, **rest):
    return subprocess.Popen(
        [sys.executable, "-m", "trackbook", *arguments],
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        env=os.environ | {"PYTHONUNBUFFERED": ""},
        **rest,
    )


def test_reader_that_goes_away_is_no_error(place, make_run):
    for number in range(10, 60):
        detail = make_run(number, params={"text": "x" * 5000})
        place.write(Batch(runs=[RunChange(run_id=detail.run.run_id, run=detail.run, params=detail.params)]))

    process = start("runs", "--json")
    process.stdout.readline()
    process.stdout.close()
    errors = process.stderr.read()

    assert (process.wait(60), errors) == (0, b"")
    process.stderr.close()


def test_ctrl_c_is_quiet(tmp_path):
    """A named pipe stands where the store is: when it has a reader, the command is at work and waits."""
    gate = tmp_path / "gate"
    os.mkfifo(gate)
    code = (
        "import signal, sys; signal.signal(signal.SIGINT, signal.default_int_handler)\n"
        "from trackbook import cli, project\n"
        f"project.open_project = lambda *a, **k: open({str(gate)!r}).read()\n"
        "sys.argv = ['trackbook', 'runs']; cli.main()"
    )
    process = subprocess.Popen([sys.executable, "-c", code], stdout=subprocess.PIPE, stderr=subprocess.PIPE)

    writer = open_when_read(gate)
    out, errors = interrupted(process)
    os.close(writer)

    assert process.returncode == 130
    assert (out, errors.strip()) == (b"", b"")


def interrupted(process):
    """Interrupt a process until it ends: a signal that comes just before a system call blocks does not wake that."""
    for _ in range(12):
        process.send_signal(signal.SIGINT)
        with contextlib.suppress(subprocess.TimeoutExpired):
            return process.communicate(timeout=5)
    raise AssertionError("Ctrl-C ended nothing.")


def open_when_read(pipe):
    """Open a named pipe for writing as soon as somebody reads it."""
    deadline = time.monotonic() + 60
    while True:
        try:
            return os.open(pipe, os.O_WRONLY | os.O_NONBLOCK)
        except OSError:
            if time.monotonic() > deadline:
                raise


def test_text_that_no_encoding_holds_is_written_all_the_same(place, make_run):
    detail = make_run(5, name="naïve", params={"lone \ud800": "\ud800"})
    place.write(Batch(runs=[RunChange(run_id=detail.run.run_id, run=detail.run, params=detail.params)]))

    for command in ("runs", "runs --csv", "runs --json", "show naïve"):
        done = subprocess.run(
            [sys.executable, "-m", "trackbook", *command.split()],
            capture_output=True,
            env=os.environ | {"LC_ALL": "C.UTF-8"},
            check=True,
        )
        assert b"\\ud800" in done.stdout


def test_help_loads_nothing_heavy():
    code = (
        "import sys; from trackbook.cli import cli\n"
        "cli.main(['runs', '--help'], standalone_mode=False)\n"
        "heavy = 'pandas numpy sqlalchemy IPython rich'.split()\n"
        "print([name for name in heavy if name in sys.modules], file=sys.stderr)"
    )

    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)

    assert done.stderr.strip() == "[]"


@pytest.fixture
def seeded(place, make_run):
    """Four seeds of two kinds of model."""
    for number in range(8):
        kind, seed = divmod(number, 4)
        detail = make_run(10 + number, run={"experiment": "seeds"})
        point = MetricPoint(key="accuracy", value=0.8 + kind / 10 + seed / 1000, time=detail.run.started_at)
        params = {"model": f"m{kind}", "seed": seed}
        place.write(Batch(runs=[RunChange(run_id=detail.run.run_id, run=detail.run, params=params, metrics=[point])]))
    return place


def test_compare_by_groups_says_which_can_be_told_apart(seeded):
    shown = run("compare", "--group-by", "params.model", "--experiment", "seeds").stdout

    assert "8 runs in 2 groups" in shown
    assert "m0 → m1" in shown
    assert "✓ told apart" in shown


def test_compare_by_groups_as_json_has_statistics_and_differences(seeded):
    found = answer("compare", "--group-by", "model", "--experiment", "seeds", "--json")

    assert [each["labels"] for each in found["groups"]] == [{"params.model": "m0"}, {"params.model": "m1"}]
    assert found["groups"][0]["statistics"]["accuracy"]["n"] == 4
    assert found["differences"][0]["told_apart"] is True
    assert found["differences"][0]["groups"] == [0, 1]


def test_options_of_groups_need_groups(seeded):
    assert "--group-by" in run("compare", "--metric", "accuracy", expected=2).stderr


def test_environment_of_a_run_is_printed_as_requirements(place):
    lines = run("environment", "brave-otter").stdout.splitlines()

    assert [line for line in lines if not line.startswith("#")] == ["nowhere-to-be-found==7.0", "numpy==0.0.1"]
    assert any("brave-otter" in line for line in lines if line.startswith("#"))


def test_environment_is_written_beside_what_it_needs_and_over_nothing(place, tmp_path):
    folder = tmp_path / "image"
    folder.mkdir()

    run("environment", "brave-otter", "--format", "dockerfile", "-o", str(folder))
    refused = run("environment", "brave-otter", "--format", "dockerfile", "-o", str(folder), expected=2)
    told = answer("environment", "brave-otter", "--format", "dockerfile", "-o", str(folder), "--force", "--json")

    assert "COPY requirements.txt" in (folder / "Dockerfile").read_text()
    assert "numpy==0.0.1" in (folder / "requirements.txt").read_text()
    assert "already" in refused.stderr
    assert [Path(path).name for path in told["written"]] == ["Dockerfile", "requirements.txt"]


@pytest.mark.parametrize(
    ("form", "path", "hint"),
    [
        ("uv", "made/", "uv sync --project {made}"),
        ("uv", "made/one.toml", "under the name pyproject.toml"),
        ("conda", "made/", "conda env create -f {made}/environment.yml"),
        ("conda", "made/one", "under a name that ends with .yml"),
        ("requirements", "made/", "pip install -r {made}/requirements.txt"),
    ],
)
def test_environment_says_how_its_tool_takes_the_file(form, path, hint, place, tmp_path):
    result = run("environment", "brave-otter", "--format", form, "-o", f"{tmp_path}/{path}")

    assert (tmp_path / "made").is_dir()
    assert hint.format(made=tmp_path / "made") in result.stdout


def test_run_without_an_environment_on_record_says_so(place):
    assert "not on record" in run("environment", "shy-yak", expected=2).stderr


def test_run_shows_what_of_its_environment_is_another_one_here(place):
    told = answer("show", "brave-otter", "--json")["differences"]
    by_name = {each["name"]: each for each in told}

    assert by_name["nowhere-to-be-found"] == {
        "name": "nowhere-to-be-found",
        "then": "7.0",
        "here": None,
        "weight": "other",
    }
    assert by_name["numpy"]["then"] == "0.0.1"
    assert by_name["numpy"]["here"] not in (None, "0.0.1")
    shown = " ".join(run("show", "brave-otter").stdout.split())
    assert "Python and 2 packages differ here:" in shown
    assert "nowhere-to-be-found 7.0 (not here)" in shown
