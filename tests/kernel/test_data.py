"""Datasets by name, and quality checks, as notebooks, scripts and papermill use them."""

from __future__ import annotations

import json
import re
from pathlib import Path

import pandas as pd
import papermill
import pytest
from nbformat import v4, write
from trackbook.errors import CheckFailedError, NotFoundError
from trackbook.records import Verdict
from trackbook.store import open_store
from trackbook.store.contract import RunFilter
from trackbook.tracking.datasets import Maker, publish_table
from trackbook.tracking.stale_report import stale_of

from tests.forks import forks

POINTS = """
import pandas as pd, trackbook
points = pd.DataFrame({"a": [1.0, 2.0, 3.0, 4.0], "won": [0, 1, 0, 1]})
published = trackbook.publish(points, "points")
"""
FIT = """
from sklearn.linear_model import LogisticRegression
from sklearn.metrics import accuracy_score
model = LogisticRegression().fit(data[["a"]], data["won"])
accuracy_score(data["won"], model.predict(data[["a"]]))
"""
SCHEMA = """
import pandera.pandas as pa
schema = pa.DataFrameSchema({"a": pa.Column(float, pa.Check.le(3))})
"""


def shown(nb, capsys, line):
    capsys.readouterr()
    nb.run(line)
    return capsys.readouterr().out


def test_published_table_is_on_record_with_its_session_and_cell(nb):
    nb.run(POINTS)

    (version,) = nb.store.versions("points")
    assert version.execution_id == nb.last_execution().execution_id
    assert version.session_id == nb.store.sessions()[0].session_id
    assert version.run_id is None
    assert repr(nb.variables["published"]).startswith("<Dataset points@1 4 ")
    assert "<svg" in nb.variables["published"]._repr_html_()


def test_published_in_a_started_run_belongs_to_it(nb):
    nb.run(POINTS.replace("published", "with trackbook.start_run('made'):\n    published"))

    (version,) = nb.store.versions("points")
    assert version.run_id == nb.only_run().run.run_id
    nb.run("found = trackbook.load('points', run='made')")
    pd.testing.assert_frame_equal(nb.variables["found"], nb.variables["points"])


def test_loaded_dataset_is_in_the_lineage_of_the_run(nb, capsys):
    nb.run(POINTS)
    nb.run("data = trackbook.load('points')")
    nb.run(FIT)

    (version,) = nb.store.versions("points")
    run = nb.only_run()
    assert {use.files[0].path for use in run.datasets} == {"dataset://points@1"}
    assert {use.files[0].object_digest for use in run.datasets} == {version.snapshot_id}
    assert "points@1" in shown(nb, capsys, "%track why accuracy")
    found = nb.run("trackbook.load('points', run='latest')")
    pd.testing.assert_frame_equal(found, nb.variables["points"])
    assert [view.name for view in nb.run("trackbook.dataset('points').runs")] == [run.run.name]


def test_dataset_that_a_function_loads_is_in_the_lineage_too(nb):
    nb.run(POINTS)
    nb.run("def read(name):\n    return trackbook.load(name, columns=['a', 'won'])")
    nb.run("data = read('points').dropna()")
    nb.run(FIT)

    paths = {file.path for use in nb.only_run().datasets for file in use.files}
    assert paths == {"dataset://points@1"}


def test_loading_changes_nothing_that_cells_see(nb):
    nb.run(POINTS)
    before = set(nb.variables)

    nb.run("trackbook.load('points')")

    assert {name for name in set(nb.variables) - before if not name.startswith("_")} == set()


def test_tracking_that_is_off_publishes_and_loads_all_the_same(nb):
    nb.run("%track off")
    nb.run(POINTS)
    nb.run("data = trackbook.load('points')")

    assert [version.execution_id for version in nb.store.versions("points")] == [None]
    assert len(nb.variables["data"]) == 4


def test_magic_lists_datasets_and_shows_one(nb, capsys):
    assert "trackbook.publish" in shown(nb, capsys, "%track data")
    nb.run(POINTS)

    assert "points" in shown(nb, capsys, "%track data")
    assert "trackbook.load('points')" in shown(nb, capsys, "%track data points@1")
    assert json.loads(shown(nb, capsys, "%track data --json"))[0]["name"] == "points"
    assert json.loads(shown(nb, capsys, "%track data points --json"))["profile"]["rows"] == 4
    error = nb.fails("%track data nope")
    assert isinstance(error, NotFoundError)


def test_failing_check_by_hand_says_so_and_goes_on(nb, folder, capsys):
    (folder / "schema.py").write_text(SCHEMA)
    nb.run(POINTS)

    nb.run("found = trackbook.check(points, 'schema.py')\nwent_on = True")

    check = nb.store.checks()[0]
    assert not nb.variables["found"]
    assert nb.variables["went_on"]
    assert (check.table, check.is_passed, check.failures) == ("points", False, 1)
    assert check.execution_id == nb.last_execution().execution_id
    assert check.snapshot_id == nb.store.versions("points")[0].snapshot_id
    assert "a: less_than_or_equal_to(3) in 1 row (4.0)" in capsys.readouterr().err


def test_check_stops_the_cell_where_it_is_asked_to(nb, folder):
    (folder / "schema.py").write_text(SCHEMA)
    nb.run(POINTS)

    by_function = nb.fails("trackbook.check(points, 'schema.py', raise_on_failure=True)\nwent_on = True")
    by_magic = nb.fails("%track check points schema.py --strict\nwent_on = True")

    assert isinstance(by_function, CheckFailedError)
    assert isinstance(by_magic, CheckFailedError)
    assert "went_on" not in nb.variables
    assert len(nb.store.checks()) == 2


def test_magic_checks_expressions_datasets_and_schemas_of_the_notebook(nb, folder, capsys):
    (folder / "schema.py").write_text(SCHEMA)
    nb.run(POINTS)
    nb.run(SCHEMA.replace("schema =", "mine ="))

    assert "passed" in shown(nb, capsys, "%track check points[points.a < 3] schema.py --name small")
    assert "failed" in shown(nb, capsys, "%track check points@1 mine")
    checks = nb.store.checks()
    assert [(check.name, check.table) for check in checks] == [
        ("small", "points[points.a < 3]"),
        ("schema", "points@1"),
    ]
    listed = shown(nb, capsys, "%track checks")
    assert "small" in listed
    assert "points@1" in listed
    error = nb.fails("%track check pionts mine")
    assert "Did you mean 'points'" in str(error)


def test_run_shows_its_checks_and_which_tables_are_kept(nb, folder, capsys):
    (folder / "schema.py").write_text(SCHEMA)
    nb.run(POINTS + "data = points")
    nb.run(FIT + "trackbook.check(data, 'schema.py', name='ranges')")
    nb.run("pass")  # what is kept in the background is on record by then
    nb.shell._trackbook.recorder.snapshots.wait(30)

    page = shown(nb, capsys, "%track show")

    assert "Checks" in page
    assert "ranges" in page
    assert "Kept" in page
    assert re.search(r"\na +float64 +4 +all +1 … 4", page)
    profiles = nb.run("trackbook.get_run('latest').profiles()")
    assert {column.name: column.maximum for profile in profiles.values() for column in profile.columns}["a"] == 4.0
    assert "<svg" in nb.run("trackbook.get_run('latest')")._repr_html_()


PEOPLE = """
import pandas as pd, trackbook
from sklearn.linear_model import LogisticRegression
from sklearn.metrics import accuracy_score
from sklearn.model_selection import train_test_split
df = pd.DataFrame({"a": range(40), "b": [1.0, 2.0, 5.0, 4.0] * 10, "won": [0, 1, 0, 1] * 10})
other = df.sample(frac=0.5, random_state=1)
"""
SPLIT = """
X_train, X_test, y_train, y_test = train_test_split(df[["a", "b"]], df["won"], random_state=3)
"""
TRAINED = """
model = LogisticRegression().fit(X_train, y_train)
accuracy = accuracy_score(y_test, model.predict(X_test))
"""
RANGES = """
import pandera.pandas as pa
ranges = pa.DataFrameSchema({"a": pa.Column(int, pa.Check.ge(0))})
"""


def checks_of_latest(nb) -> list[str]:
    return sorted(nb.run("trackbook.checks('latest')")["name"])


def test_run_has_the_checks_of_all_that_its_tables_were_made_of(nb, capsys):
    nb.run(PEOPLE)
    nb.run(RANGES)
    nb.run("trackbook.check(df, ranges, name='raw')\ntrackbook.check(other, ranges, name='of another table')")
    nb.run("%track check df ranges --name by-magic")
    nb.run(SPLIT)
    nb.run("trackbook.check(X_train, ranges, name='before the fit')")
    nb.run("if len(X_test):\n    ok = trackbook.check(X_test, ranges, name='in a block')")
    nb.run(TRAINED)
    nb.run("trackbook.check(X_test.assign(c=1), ranges, name='after it')")
    nb.run("trackbook.check(other[['a']], ranges, name='of another part')")

    expected = ["after it", "before the fit", "by-magic", "in a block", "raw"]
    assert checks_of_latest(nb) == expected
    document = json.loads(shown(nb, capsys, "%track show latest --json"))
    assert sorted(check["name"] for check in document["checks"]) == expected


def test_run_has_no_checks_of_what_its_tables_became_or_of_others_of_their_names(nb):
    nb.run(PEOPLE + RANGES)
    nb.run(SPLIT)
    nb.run("trackbook.check(df, ranges, name='used')")
    nb.run(TRAINED)
    nb.run("df = df[df['a'] > 3]")
    nb.run("trackbook.check(df, ranges, name='later')")
    nb.run("X_train = other[['a', 'b']]\ntrackbook.check(X_train, ranges, name='same name')")

    assert checks_of_latest(nb) == ["used"]


def test_run_on_a_dataset_has_the_checks_of_its_version(nb):
    nb.run(PEOPLE + RANGES)
    nb.run("trackbook.publish(df, 'people')\ntrackbook.check('people', ranges, name='published')")
    nb.run("trackbook.publish(other, 'people')\ntrackbook.check('people', ranges, name='newer')")
    nb.run("df = trackbook.load('people@1')")
    nb.run(SPLIT + TRAINED)

    assert checks_of_latest(nb) == ["published"]


def test_inferred_schema_is_named_after_the_table(nb, folder):
    nb.run(POINTS)

    nb.run("text = trackbook.infer_schema(points, 'schema.py')")

    assert (folder / "schema.py").read_text() == nb.variables["text"]
    assert "What points is like" in nb.variables["text"]
    assert nb.run("bool(trackbook.check(points, 'schema.py'))")


# Scripts and papermill


def execute(folder: Path, cells: list[str], **parameters: object) -> None:
    notebook = v4.new_notebook(cells=[v4.new_code_cell(cell) for cell in ["%load_ext trackbook", *cells]])
    notebook.metadata["kernelspec"] = {"name": "python3", "language": "python", "display_name": "Python 3"}
    write(notebook, folder / "in.ipynb")
    with forks.forked_kernels():
        papermill.execute_notebook(
            folder / "in.ipynb", folder / "out.ipynb", parameters, progress_bar=False, cwd=str(folder)
        )


@pytest.mark.filterwarnings("ignore")  # of papermill's and its kernel's own
@pytest.mark.parametrize("parameters", [{}, {"limit": 3}])
def test_failing_check_stops_what_papermill_executes(folder, parameters):
    (folder / "schema.py").write_text(SCHEMA)

    with pytest.raises(papermill.PapermillExecutionError, match="CheckFailedError"):
        execute(
            folder, [POINTS, "trackbook.check(points, 'schema.py')", "trackbook.publish(points, 'after')"], **parameters
        )

    store = open_store(start=folder)
    assert [check.is_passed for check in store.checks()] == [False]
    assert [version.name for version in store.versions()] == ["points"]
    notebooks = [detail.run.run_id for detail in store.runs(RunFilter())]
    assert [version.run_id for version in store.versions()] == (notebooks or [None])
    store.close()


SCRIPT = """
import pandas as pd
import trackbook

points = pd.DataFrame({"a": [1.0, 2.0]})
with trackbook.start_run("made"):
    print(trackbook.publish(points, "points"))
print(trackbook.load("points", run="made").equals(points))
print(bool(trackbook.check(points, "schema.py")), trackbook.datasets()["version"].tolist())
"""


def test_script_publishes_loads_and_checks(folder):
    (folder / "schema.py").write_text(SCHEMA)
    (folder / "script.py").write_text(SCRIPT)

    done = forks.run("script.py", folder=folder)

    assert done.returncode == 0, done.stderr
    assert done.stdout.splitlines()[1:] == ["True", "True [1]"]
    store = open_store(start=folder)
    (version,), (session,), (made,) = store.versions(), store.sessions(), store.runs(RunFilter())
    assert (version.session_id, version.run_id) == (session.session_id, made.run.run_id)
    assert store.checks()[0].session_id == session.session_id
    store.close()


# A newer version

LOADED = "df = trackbook.load('people')"
MEAN = "mean = df['age'].mean()"
FITTED = """
from sklearn.linear_model import LinearRegression
model = LinearRegression().fit(df[["age"]], df["age"])
score = model.score(df[["age"]], df["age"])
"""


def publish_elsewhere(nb, ages: list[int]) -> None:
    """Publish as another notebook does."""
    publish_table(nb.store, pd.DataFrame({"age": ages}), "people", Maker())


def test_cells_that_loaded_the_latest_version_are_stale_when_another_one_is_published(nb, capsys):
    publish_elsewhere(nb, [1, 2, 3])
    nb.run("import trackbook")
    nb.run(LOADED, "load")
    nb.run(MEAN, "mean")
    assert "Nothing to run again" in shown(nb, capsys, "%track stale")
    publish_elsewhere(nb, [4, 5, 6])

    nb.run(FITTED, "fit")

    page = shown(nb, capsys, "%track stale")
    sentence = "loaded people@1 as the latest of its dataset; a newer version was published since."
    assert sentence in page
    run = nb.only_run().run
    assert (run.verdict, sentence in (run.verdict_reason or "")) == (Verdict.STALE, True)
    report = stale_of(nb.store.sessions()[-1], nb.store.executions(), lambda label: label == "people@1")
    assert any(finding.read.name == "dataset people@1" for cell in report.cells for finding in cell.findings)
    for cell, source in {"load": LOADED, "mean": MEAN, "fit": FITTED}.items():
        nb.run(source, cell)
    assert "Nothing to run again" in shown(nb, capsys, "%track stale")


def test_cells_that_name_their_version_or_publish_it_themselves_are_never_stale(nb, capsys):
    publish_elsewhere(nb, [1, 2, 3])
    nb.run("import trackbook\nfrozen = trackbook.load('people@1')\nother = trackbook.load('people', version=1)")
    nb.run("df = trackbook.load('people')")
    nb.run("means = frozen['age'].mean(), other['age'].mean(), df['age'].mean()")
    nb.run("own = trackbook.publish(df * 2, 'people')")

    nb.run(MEAN)

    assert "Nothing to run again" in shown(nb, capsys, "%track stale")
    publish_elsewhere(nb, [2, 4, 6])  # what is there already
    nb.run(MEAN)
    assert "Nothing to run again" in shown(nb, capsys, "%track stale")
