from __future__ import annotations

import json
import re

import pandas as pd
import pandera.pandas as pa
import pytest
from click.testing import CliRunner
from trackbook.cli import cli
from trackbook.records import DatasetUse
from trackbook.store import Batch, RunChange, open_store
from trackbook.tracking.datasets import Maker, publish_table

PEOPLE = pd.DataFrame({"id": [1, 2, 3], "age": [20, 30, 300], "city": ["Rome", "Oslo", None]})


@pytest.fixture
def place(tmp_path, monkeypatch, notebook, make_run):
    """A store with two versions of one dataset, of which a run used the first, and a folder to work in."""
    monkeypatch.setenv("TRACKBOOK_STORE", str(tmp_path / "store"))
    monkeypatch.chdir(tmp_path)
    store = open_store(tmp_path / "store")
    store.write(Batch(sessions=notebook.store.sessions()))
    first = publish_table(store, PEOPLE, "people", Maker())
    publish_table(store, PEOPLE.assign(age=[20, 31, 40]), "people", Maker())
    use = DatasetUse(name="df", kind="pandas.DataFrame", snapshot_id=first.snapshot_id, fingerprint=first.fingerprint)
    detail = make_run(1, name="brave-otter", datasets=[use])
    store.write(Batch(runs=[RunChange(run_id=detail.run.run_id, run=detail.run, datasets=[use])]))
    yield store
    store.close()


def run(*arguments, expected=0):
    result = CliRunner().invoke(cli, arguments, prog_name="trackbook")
    assert result.exit_code == expected, result.output
    return result


def answer(*arguments, expected=0):
    return json.loads(run(*arguments, expected=expected).stdout)


def test_datasets_are_listed_with_their_latest_version_and_uses(place):
    (listed,) = answer("data", "ls", "--json")

    assert (listed["name"], listed["latest"], listed["runs"]) == ("people", 2, 1)
    assert [each["version"] for each in listed["versions"]] == [1, 2]
    lines = run("data", "ls").stdout.splitlines()
    assert lines[1].split()[:3] == ["people", "2", "3"]
    assert re.search(r"Kept: tables [\d.]+ k?B.* Tables, files and models: [\d.]+ k?B of at most 20.0 GB", lines[-1])


def test_version_is_shown_with_its_profile_and_its_runs(place):
    found = answer("data", "show", "people@1", "--json")

    assert (found["version"], found["versions"]) == (1, [1, 2])
    assert len(found["run_ids"]) == 1
    by_name = {column["name"]: column for column in found["profile"]["columns"]}
    assert (by_name["age"]["minimum"], by_name["age"]["maximum"]) == (20, 300)
    assert by_name["city"]["missing"] == 1
    text = run("data", "show", "people@1").stdout
    assert "brave-otter" in text
    assert "trackbook.load('people', version=1)" in text


def test_difference_of_versions_is_told_and_may_be_the_exit_code(place):
    found = answer("data", "diff", "people@1", "people", "--key", "id", "--json")

    assert (found["rows_changed"], found["rows_added"]) == (2, 0)
    assert [column["name"] for column in found["columns"]] == ["age"]
    assert "30 → 31" in run("data", "diff", "people").stdout
    run("data", "diff", "people", "--exit-code", expected=1)
    run("data", "diff", "people", "people", "--exit-code")


def test_version_is_exported_and_nothing_is_replaced_unasked(place, tmp_path):
    run("data", "export", "people@1", "people.parquet")

    pd.testing.assert_frame_equal(pd.read_parquet(tmp_path / "people.parquet"), PEOPLE)
    assert "is there already" in run("data", "export", "people", "people.parquet", expected=2).stderr
    run("data", "export", "people", "people.parquet", "--force")
    assert pd.read_parquet(tmp_path / "people.parquet")["age"].tolist() == [20, 31, 40]


def test_check_says_no_with_its_exit_code_and_is_listed(place, tmp_path):
    (tmp_path / "people.yaml").write_text(pa.DataFrameSchema({"age": pa.Column(int, pa.Check.le(120))}).to_yaml())

    run("data", "check", "people", "people.yaml")
    failed = answer("data", "check", "people@1", "people.yaml", "--name", "ages", "--json", expected=1)

    assert (failed["name"], failed["table"], failed["passed"], failed["failures"]) == ("ages", "people@1", False, 1)
    assert failed["rows"][0]["values"]["age"] == 300
    assert [each["table"] for each in answer("checks", "--json")] == ["people@1", "people@2"]
    assert [each["table"] for each in answer("checks", "brave-otter", "--json")] == ["people@1"]


def test_inferred_schema_is_one_to_check_by(place, tmp_path):
    run("data", "schema", "people@1", "-o", "schema.py")

    run("data", "check", "people@1", "schema.py")
    run("data", "check", "people@2", "schema.py")
    assert run("data", "schema", "people@1").stdout == (tmp_path / "schema.py").read_text()


@pytest.mark.parametrize(
    ("arguments", "sentence"),
    [
        (("show", "poeple"), "Did you mean 'people'"),
        (("show", "people@9"), "has no version 9"),
        (("diff", "people@1"), "is the first version"),
        (("diff", "people@1", "people", "--key", "age", "--by-position"), "a key or by position"),
        (("diff", "people@1", "people", "--key", "aeg"), "aeg"),
        (("export", "people", "people.xlsx"), "End it with one of"),
        (("check", "people", "none.py:X"), "No such file"),
    ],
)
def test_wrong_use_is_one_sentence(place, arguments, sentence):
    result = run("data", *arguments, expected=2)

    assert sentence in result.stderr
    assert "Traceback" not in result.stderr


def test_empty_store_says_how_to_begin(tmp_path, monkeypatch):
    monkeypatch.setenv("TRACKBOOK_STORE", str(tmp_path / "store"))
    open_store(tmp_path / "store").close()

    assert "trackbook.publish" in run("data", "ls").stdout
    assert answer("data", "ls", "--json") == []
    assert answer("checks", "--json") == []


def test_names_and_versions_complete(place):
    from click.shell_completion import ShellComplete

    completer = ShellComplete(cli, {}, "trackbook", "_TRACKBOOK_COMPLETE")

    assert [item.value for item in completer.get_completions(["data", "show"], "pe")] == ["people"]
    assert [item.value for item in completer.get_completions(["data", "show"], "people@")] == ["people@1", "people@2"]
