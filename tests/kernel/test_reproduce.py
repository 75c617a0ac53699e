"""Runs of a notebook are made again in real kernels; the verdict must never be better than the truth."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import psutil
import pytest
import trackbook
from trackbook.pipelines.reproducing.fresh_run import Progress
from trackbook.pipelines.reproducing.reproduce import Wish, reproduce
from trackbook.pipelines.reproducing.scratch import PREFIX, sweep
from trackbook.records import Reproduction, ReproductionVerdict, RunDetail

from tests.forks import forks

from .kernel import wait_for
from .session import DATA, Notebook

EXACT, DIFFERENT = ReproductionVerdict.EXACT, ReproductionVerdict.DIFFERENT
NONDETERMINISTIC, FAILED = ReproductionVerdict.NONDETERMINISTIC, ReproductionVerdict.FAILED
FIT = """
model = LogisticRegression(C=0.3, max_iter=500).fit(X_train, y_train)
accuracy_score(y_test, model.predict(X_test))
"""
LOG = "import trackbook\n"


@pytest.fixture(autouse=True)
def scratch_place(folder: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Where scratch folders are made in these tests, beside the person's folder."""
    place = folder.parent / f"{folder.name}-tmp"
    place.mkdir(exist_ok=True)
    monkeypatch.setattr("tempfile.tempdir", str(place))
    monkeypatch.setenv("TMPDIR", str(place))
    monkeypatch.setenv("PYTHONWARNINGS", "ignore")
    return place


def again(nb: Notebook, run: RunDetail | None = None, **wish: object) -> Reproduction:
    return reproduce(nb.store, run or nb.last_run(), Wish(**wish))  # type: ignore[arg-type]  # handed on as they are


def files_of(folder: Path) -> dict[str, bytes]:
    kept = (each for each in folder.rglob("*") if each.is_file() and "store" not in each.parts)
    return {str(each.relative_to(folder)): each.read_bytes() for each in kept if "ipython" not in each.parts}


# What comes out the same


def test_run_is_made_again_exactly_with_its_files_modules_and_seeds(
    nb: Notebook, folder: Path, scratch_place: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.syspath_prepend(str(folder))
    (folder / "data").mkdir()
    (folder / "data" / "in.csv").write_text("a,b\n" + "\n".join(f"{n},{n % 7}" for n in range(60)))
    (folder / "scaling_r.py").write_text("FACTOR = 3\ndef scaled(frame):\n    return frame * FACTOR\n")
    nb.run("import numpy as np, pandas as pd\nimport scaling_r\nfrom sklearn.linear_model import Ridge")
    nb.run("np.random.seed(4)", "seed")
    nb.run("frame = scaling_r.scaled(pd.read_csv('data/in.csv'))", "read")
    nb.run("frame['noise'] = np.random.normal(size=len(frame))", "noise")
    nb.edit("seed", "np.random.seed(5)")
    nb.run("model = Ridge().fit(frame[['a', 'noise']], frame.b)\nprint(model.score(frame[['a', 'noise']], frame.b))")
    (folder / "scaling_r.py").write_text("def scaled(frame):\n    return frame * 100\n")
    before = files_of(folder)
    steps: list[Progress] = []

    found = reproduce(nb.store, nb.last_run(), Wish(), steps.append)

    assert (found.verdict, found.reason) == (EXACT, found.reason)
    assert {each.key for each in found.comparisons} >= {"train.score"}
    assert nb.store.reproductions(run_id=nb.last_run().run.run_id)[-1] == found
    assert [(step.attempt, step.cell) for step in steps] == [(1, number) for number in range(1, steps[0].cells + 1)]
    assert files_of(folder) == before
    assert not [*scratch_place.iterdir()]
    assert found.details["replaced"] == [str(folder / "scaling_r.py")]
    assert found.slice_digest is not None
    assert json.loads(nb.store.get_object(found.slice_digest))["nbformat"] == 4


def test_file_that_the_notebook_writes_and_reads_is_made_again_not_taken(nb: Notebook, folder: Path) -> None:
    nb.run(DATA)
    nb.run("X.assign(won=y).to_csv('joined.csv', index=False)", "write")
    nb.run("frame = pd.read_csv('joined.csv')", "read")
    nb.run("model = LogisticRegression(max_iter=500).fit(frame[['a', 'b']], frame.won)")
    nb.run("accuracy_score(frame.won, model.predict(frame[['a', 'b']]))")
    (folder / "joined.csv").write_text("a,b,won\n1,2,0\n3,4,1\n")

    found = again(nb)

    assert (found.verdict, found.reason) == (EXACT, found.reason)
    assert (folder / "joined.csv").read_text().startswith("a,b,won\n1,2,0")


def test_each_run_of_a_loop_is_compared_with_its_own(nb: Notebook) -> None:
    nb.run(DATA)
    nb.run(
        "for C in [0.001, 0.1, 10]:\n    m = LogisticRegression(C=C).fit(X_train, y_train)\n"
        "    print(accuracy_score(y_test, m.predict(X_test)))"
    )
    child = nb.children(nb.tops()[0])[1]

    found = again(nb, child)

    assert (found.verdict, found.reason) == (EXACT, found.reason)
    expected = {key: point.value for key, point in child.metrics.items()}
    assert {each.key: each.found for each in found.comparisons if each.kind.value == "metric"} == expected


def test_dataset_that_was_loaded_by_name_is_given_in_the_version_that_it_had(nb: Notebook) -> None:
    nb.run(LOG + "import pandas as pd\ntrackbook.publish(pd.DataFrame({'a': [1, 2]}), 'numbers')")
    nb.run("frame = trackbook.load('numbers')", "load")
    nb.run("trackbook.log_metric('total', frame.a.sum())")
    run = nb.last_run()
    nb.run("trackbook.publish(pd.DataFrame({'a': [5, 6]}), 'numbers')", "later")

    found = again(nb, run)

    assert (found.verdict, found.reason) == (EXACT, found.reason)
    assert [each.version for each in nb.store.versions("numbers")] == [1, 2]


def test_run_that_brings_back_another_one_is_made_again(nb: Notebook) -> None:
    nb.run(DATA)
    nb.run("C = 0.3\nmodel = LogisticRegression(C=C).fit(X_train, y_train)\nmodel.score(X_test, y_test)", "first")
    nb.settle()
    nb.run("del model, X_test, y_test")
    nb.run("import trackbook\n%track restore latest model X_test y_test")
    nb.run(
        "with trackbook.start_run('second'):\n    trackbook.log_metric('f1', f1_score(y_test, model.predict(X_test)))"
    )
    nb.run("other = LogisticRegression(C=9).fit(X_train, y_train)\nother.score(X_test, y_test)")
    run = next(each for each in nb.runs() if each.run.name == "second")

    found = again(nb, run)

    assert (found.verdict, found.reason) == (EXACT, found.reason)
    assert "LogisticRegression(C=9)" not in trackbook.slice(run.run.run_id).text()


# What is caught


def test_changed_file_fails_and_is_named_where_its_content_is_not_kept(
    open_notebook: Callable[..., Notebook], folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("TRACKBOOK_SNAPSHOTS", "false")
    nb = open_notebook()
    (folder / "in.csv").write_text("a\n1\n2\n")
    nb.run(LOG + "import pandas as pd\nframe = pd.read_csv('in.csv')\ntrackbook.log_metric('total', frame.a.sum())")
    (folder / "in.csv").write_text("a\n1\n3\n")

    found = again(nb)

    assert found.verdict is FAILED
    assert f"{folder / 'in.csv'} changed since the run read it" in found.reason


def test_changed_file_is_taken_from_the_store_where_it_is_kept(nb: Notebook, folder: Path) -> None:
    (folder / "in.csv").write_text("a\n1\n2\n")
    nb.run(LOG + f"import pandas as pd\nframe = pd.read_csv({str(folder / 'in.csv')!r})")
    nb.run("trackbook.log_metric('total', frame.a.sum())")
    (folder / "in.csv").write_text("a\n1\n3\n")

    found = again(nb)
    (folder / "in.csv").unlink()
    gone = again(nb, data="snapshot")

    assert (found.verdict, found.reason) == (EXACT, found.reason)
    assert gone.verdict is EXACT
    assert found.details["replaced"] == [str(folder / "in.csv")]


def test_other_package_version_is_refused_when_strict_and_said_when_not(
    open_notebook: Callable[..., Notebook], folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    site = folder.parent / f"{folder.name}-site"
    _install(site, "1.0")
    monkeypatch.syspath_prepend(str(site))
    nb = open_notebook()
    nb.run(LOG + "trackbook.log_metric('total', sum(range(4)))")
    nb.close()
    (site / "fakepkg-1.0.dist-info" / "METADATA").write_text("Metadata-Version: 2.1\nName: fakepkg\nVersion: 2.0\n")

    strict, checked = again(nb, environment="strict"), again(nb)

    assert strict.verdict is FAILED
    assert "fakepkg 1.0" in strict.reason
    assert "2.0" in strict.reason
    assert checked.verdict is EXACT
    assert "fakepkg" in json.dumps(checked.details["packages"])


def _install(site: Path, version: str) -> None:
    place = site / f"fakepkg-{version}.dist-info"
    place.mkdir(parents=True)
    (place / "METADATA").write_text(f"Metadata-Version: 2.1\nName: fakepkg\nVersion: {version}\n")


def test_variable_that_nobody_saw_being_made_fails(open_notebook: Callable[..., Notebook]) -> None:
    nb = open_notebook(load=False)
    nb.run("secret_sauce = [3, 4]")
    nb.run("%load_ext trackbook")
    nb.run(LOG + "trackbook.log_metric('total', sum(secret_sauce))")

    found = again(nb)

    assert found.verdict is FAILED
    assert "secret_sauce" in found.reason


def test_unseeded_split_is_nondeterministic_and_named(nb: Notebook) -> None:
    nb.run(DATA)
    nb.run("A, B, a, b = train_test_split(X, y, test_size=0.4)")
    nb.run("model = LogisticRegression().fit(A, a)\naccuracy_score(b, model.predict(B))")

    found = again(nb)

    assert found.verdict is NONDETERMINISTIC
    assert "train_test_split(random_state=None) without a seed" in found.reason
    assert found.first_difference is not None
    assert "train_test_split" in str(found.first_difference["code"])


def test_table_without_a_name_parts_where_it_is_used_and_never_at_an_import(nb: Notebook) -> None:
    nb.run(DATA + "import numpy as np")
    nb.run("rows = np.random.default_rng().permutation(len(X))[:100]")
    nb.run("model = LogisticRegression().fit(\n    np.asarray(X)[rows], np.asarray(y)[rows]\n)")
    nb.run("score = model.score(X.values, y)")

    found = again(nb)

    assert found.verdict is NONDETERMINISTIC
    assert found.first_difference is not None
    assert found.first_difference["key"].startswith("np.asarray(X)[rows]")
    assert str(found.first_difference["code"]).startswith("model = LogisticRegression().fit(")


def test_forest_without_a_seed_is_nondeterministic_though_its_accuracy_is_the_same(nb: Notebook) -> None:
    nb.run("from sklearn.ensemble import RandomForestClassifier\nfrom sklearn.metrics import accuracy_score")
    nb.run("X = [[n % 2, n % 3] for n in range(40)]\ny = [n % 2 for n in range(40)]")
    nb.run("model = RandomForestClassifier(n_estimators=9, random_state=None).fit(X, y)")
    nb.run("accuracy_score(y, model.predict(X))")

    found = again(nb)

    assert found.verdict is NONDETERMINISTIC
    assert "RandomForestClassifier(random_state=None)" in found.reason


def test_metric_that_follows_the_clock_is_nondeterministic(nb: Notebook) -> None:
    nb.run(LOG + "import time")
    nb.run("began = time.time()\nwith trackbook.start_run():\n    trackbook.log_metric('began', time.time() % 1)")

    found = again(nb)

    assert found.verdict is NONDETERMINISTIC
    assert "the clock (time.time)" in found.reason


def test_typed_metrics_are_never_exact(nb: Notebook) -> None:
    nb.run(LOG + "best = 0.93")
    nb.run("with trackbook.start_run():\n    trackbook.log_metric('accuracy', best)")
    nb.run("%track start byhand\n%track metric accuracy=best\n%track stop")

    found = [again(nb, run) for run in nb.runs()]

    assert [each.verdict for each in found] == [FAILED, FAILED]
    assert all("Nothing computed 'accuracy'" in each.reason for each in found)


def test_metric_that_is_not_made_again_is_different(nb: Notebook, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("EXTRA", "1")
    nb.run(LOG + "import os\ntotal = sum(range(5))\ntrackbook.log_metric('total', total)")
    nb.run("if os.environ.get('EXTRA'):\n    trackbook.log_metric('extra', total * 2)")
    monkeypatch.delenv("EXTRA")

    found = again(nb)

    assert found.verdict is DIFFERENT
    assert "extra was 20" in found.reason
    assert "is not made" in found.reason
    assert "takes the environment variable EXTRA from outside" in found.reason


def test_notebook_that_writes_to_a_whole_path_is_refused_and_changes_nothing(nb: Notebook, folder: Path) -> None:
    target = folder / "precious.txt"
    nb.run(LOG + f"file = open({str(target)!r}, 'w')\ntotal = file.write('abc')\nfile.close()")
    nb.run("trackbook.log_metric('total', total)")
    target.write_text("precious")

    found = again(nb)

    assert found.verdict is FAILED
    assert f"writes to {target}" in found.reason
    assert target.read_text() == "precious"


def test_error_in_a_cell_fails_with_its_message(nb: Notebook, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("RATE", "0.5")
    nb.run(LOG + "import os\nrate = float(os.environ['RATE'])")
    nb.run("trackbook.log_metric('rate', rate * 2)")
    monkeypatch.delenv("RATE")

    found = again(nb)

    assert found.verdict is FAILED
    assert "failed with KeyError: 'RATE'" in found.reason
    assert "the environment variable RATE" in found.reason
    assert found.first_difference is not None
    assert found.first_difference["code"] == "rate = float(os.environ['RATE'])"


# The command, and its end


def test_command_prints_json_and_its_exit_code_is_the_verdict(nb: Notebook, folder: Path) -> None:
    nb.run(LOG + "with trackbook.start_run('good'):\n    trackbook.log_metric('total', sum(range(4)))")
    nb.run("with trackbook.start_run('typed'):\n    trackbook.log_metric('total', 4.5)")

    good, typed, nobody = (_command(name, "--json") for name in ("good", "typed", "nobody"))

    assert (good.returncode, json.loads(good.stdout)["verdict"]) == (0, "exact"), good.stderr
    assert (typed.returncode, json.loads(typed.stdout)["verdict"]) == (1, "failed")
    assert (nobody.returncode, nobody.stdout) == (2, "")
    assert "No run 'nobody'" in nobody.stderr


def test_magic_shows_the_verdict(nb: Notebook, capsys: pytest.CaptureFixture[str]) -> None:
    nb.run(LOG + "trackbook.log_metric('total', sum(range(4)))")
    capsys.readouterr()

    nb.run("%track reproduce latest --json")

    assert json.loads(capsys.readouterr().out)["verdict"] == "exact"


@pytest.mark.parametrize("how", [signal.SIGINT, signal.SIGKILL])
def test_reproduction_that_is_stopped_leaves_nothing_behind(
    nb: Notebook, scratch_place: Path, how: signal.Signals
) -> None:
    nb.run(LOG + "import time, os\nwait = int(os.environ.get('WAIT', '0'))\ntime.sleep(wait)")
    nb.run("trackbook.log_metric('waited', time.perf_counter() * wait)")
    command = [sys.executable, "-m", "trackbook", "reproduce", "latest"]
    process = subprocess.Popen(command, env={**os.environ, "WAIT": "300"}, stderr=subprocess.PIPE)
    kernels = wait_for(lambda: _kernels(process.pid))

    process.send_signal(how)
    process.wait(60)

    assert kernels
    gone = wait_for(lambda: not any(psutil.pid_exists(pid) and _is_running(pid) for pid in kernels))
    assert gone
    assert not wait_for(lambda: [*scratch_place.glob(f"{PREFIX}*")], lambda found: not found, seconds=20)
    assert process.stderr is not None
    process.stderr.close()


def test_scratch_of_a_process_that_is_gone_is_swept(scratch_place: Path) -> None:
    lost, mine = scratch_place / f"{PREFIX}999999-1-abc", scratch_place / f"{PREFIX}{os.getpid()}-nonsense"
    for place in (lost, mine):
        place.mkdir()

    removed = sweep(scratch_place)

    assert removed == [lost]
    assert mine.exists()


def _command(*words: str) -> subprocess.CompletedProcess[str]:
    return forks.run("-m", "trackbook", "reproduce", *words)


def _kernels(pid: int) -> list[int]:
    """Return the processes beneath one that are kernels."""
    try:
        beneath = psutil.Process(pid).children(recursive=True)
        return [each.pid for each in beneath if "trackbook.pipelines.reproducing.kernel" in " ".join(each.cmdline())]
    except psutil.Error:
        return []


def _is_running(pid: int) -> bool:
    try:
        return psutil.Process(pid).status() != psutil.STATUS_ZOMBIE
    except psutil.Error:
        return False
