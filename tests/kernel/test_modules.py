"""The project's own modules: which of them flowed into a run, with the source that was executed."""

from __future__ import annotations

import sys
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from trackbook.errors import NotFoundError
from trackbook.project import Project
from trackbook.records import Verdict
from trackbook.views import get_run

from .session import DATA, Notebook, values

HELPERS = "FACTOR = 2\n\ndef scaled(table):\n    return table * FACTOR\n"
FIT = "model = LogisticRegression().fit(helpers.scaled(X_train), y_train)"


@pytest.fixture(autouse=True)
def fresh_modules(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> Iterator[None]:
    before = set(sys.modules)
    monkeypatch.setattr(sys, "path", [str(tmp_path), *sys.path])
    monkeypatch.setattr(sys, "dont_write_bytecode", True)
    yield
    for name in set(sys.modules) - before:
        if str(tmp_path) in str(getattr(sys.modules[name], "__file__", "")):
            del sys.modules[name]


def write(folder: Path, **files: str) -> None:
    for name, source in files.items():
        path = folder / (name.replace("__in__", "/") + ".py")
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(source)


def modules_of(nb: Notebook) -> dict[str, str]:
    return {each.name: each.path for each in nb.last_run().modules}


def source_of(nb: Notebook, name: str) -> str:
    (module,) = (each for each in nb.last_run().modules if each.name == name)
    content = nb.store.get_object(module.digest)
    assert module.size == len(content)
    return content.decode()


def test_module_is_kept_with_the_run_that_it_flowed_into(nb: Notebook, folder: Path) -> None:
    write(folder, helpers=HELPERS, unused="x = 1\n")

    nb.run(DATA)
    nb.run("import helpers, unused")
    nb.run(FIT)

    assert modules_of(nb)["helpers"] == "helpers.py"
    assert source_of(nb, "helpers") == HELPERS


@pytest.mark.parametrize(
    ("line", "call"),
    [
        ("from helpers import scaled", "scaled(X_train)"),
        ("from helpers import *", "scaled(X_train)"),
        ("import helpers as h", "h.scaled(X_train)"),
        ("import importlib; h = importlib.import_module('helpers')", "h.scaled(X_train)"),
        ("def prepared(t):\n    import helpers\n    return helpers.scaled(t)", "prepared(X_train)"),
        ("import helpers\nchange = helpers.scaled", "change(X_train)"),
    ],
)
def test_ways_to_import(nb: Notebook, folder: Path, line: str, call: str) -> None:
    write(folder, helpers=HELPERS)

    nb.run(DATA)
    nb.run(line)
    nb.run(f"model = LogisticRegression().fit({call}, y_train)")

    assert modules_of(nb) == {"helpers": "helpers.py"}


def test_run_gives_the_source_of_its_modules(nb: Notebook, folder: Path) -> None:
    write(folder, helpers=HELPERS)
    nb.run(DATA + "import helpers")
    nb.run(FIT)

    run = get_run("latest", project=Project(nb.store))

    assert [module.name for module in run.modules] == ["helpers"]
    assert run.read_module("helpers") == HELPERS
    with pytest.raises(NotFoundError, match="Its modules: helpers"):
        run.read_module("helper")


def test_module_that_flows_into_nothing_is_not_kept(nb: Notebook, folder: Path) -> None:
    write(folder, helpers=HELPERS)

    nb.run(DATA)
    nb.run("import helpers")
    nb.run("model = LogisticRegression().fit(X_train, y_train)")

    assert modules_of(nb) == {}


def test_packages_and_relative_imports_are_followed(nb: Notebook, folder: Path) -> None:
    write(
        folder,
        tools__in____init__="from .clean import tidy\n",
        tools__in__clean=(
            "from . import numbers_ as n\nfrom tools.deep.more import K\n\ndef tidy(t):\n    return t * n.TWO * K\n"
        ),
        tools__in__numbers_="TWO = 2\n",
        tools__in__deep__in__more="K = 3\n",
        tools__in__other="unused = 1\n",
    )

    nb.run(DATA)
    nb.run("from tools import tidy")
    nb.run("model = LogisticRegression().fit(tidy(X_train), y_train)")

    assert modules_of(nb) == {
        "tools": "tools/__init__.py",
        "tools.clean": "tools/clean.py",
        "tools.deep.more": "tools/deep/more.py",
        "tools.numbers_": "tools/numbers_.py",
    }


def test_source_that_was_executed_is_kept_not_the_file_as_it_is_now(nb: Notebook, folder: Path) -> None:
    write(folder, helpers=HELPERS)
    nb.run(DATA)
    nb.run("import helpers")
    write(folder, helpers=HELPERS.replace("2", "3"))

    nb.run(FIT)

    assert source_of(nb, "helpers") == HELPERS


def test_edited_and_reloaded_module_makes_another_run(nb: Notebook, folder: Path) -> None:
    write(folder, helpers=HELPERS)
    nb.run(DATA)
    nb.run("import helpers, importlib")
    nb.run("model = LogisticRegression().fit(X_train, y_train + 0 * helpers.FACTOR)", "fit")
    write(folder, helpers=HELPERS + "# another comment\n")

    nb.run("_ = importlib.reload(helpers)")
    nb.rerun("fit")

    assert len(nb.runs()) == 2
    assert source_of(nb, "helpers").endswith("# another comment\n")


@pytest.mark.parametrize("how", ["2", "2 --full"])
def test_module_that_autoreload_brings_up_to_date_is_the_one_that_the_run_used(
    nb: Notebook, folder: Path, how: str
) -> None:
    write(folder, helpers="def scaled(X):\n    return X * 1.0\n")
    nb.run(DATA)
    nb.run(f"%load_ext autoreload\n%autoreload {how}\nfrom helpers import scaled")
    nb.run("model = LogisticRegression().fit(scaled(X_train), y_train)\nmodel.score(scaled(X_test), y_test)", "fit")
    write(folder, helpers="def scaled(X):\n    return X * 0.0\n")

    nb.rerun("fit")

    first, second = nb.runs()
    assert values(first) != values(second)
    assert source_of(nb, "helpers").endswith("X * 0.0\n")
    assert second.run.verdict is Verdict.CLEAN


def test_same_module_again_is_a_repetition(nb: Notebook, folder: Path) -> None:
    write(folder, helpers=HELPERS)
    nb.run(DATA)
    nb.run("import helpers")
    nb.run(FIT, "fit")

    nb.rerun("fit")

    assert nb.only_run().tags["repeated"] == "1"


def test_script_that_was_run_is_kept(nb: Notebook, folder: Path) -> None:
    write(folder, settings="C = 0.25\n")

    nb.run(DATA)
    nb.run("%run settings.py")
    nb.run("model = LogisticRegression(C=C).fit(X_train, y_train)")

    assert source_of(nb, "settings") == "C = 0.25\n"


def test_credentials_in_modules_are_not_kept(nb: Notebook, folder: Path) -> None:
    secret = "AKIA" + "IOSFODNN7" + "ABCDEFG"
    write(folder, helpers=HELPERS + f"aws_access_key_id = '{secret}'\n")

    nb.run(DATA)
    nb.run("import helpers")
    nb.run(FIT)

    assert secret not in source_of(nb, "helpers")


def test_installed_modules_and_environments_inside_the_project_are_not_kept(nb: Notebook, folder: Path) -> None:
    write(folder, **{".venv__in__lib__in__helpers": HELPERS})

    nb.run(DATA)
    nb.run("import sys; sys.path.append('.venv/lib'); import helpers")
    nb.run(FIT)

    assert modules_of(nb) == {}


def test_folder_beside_the_notebook_that_was_put_on_the_path(
    folder: Path, monkeypatch: pytest.MonkeyPatch, open_notebook: Callable[..., Notebook]
) -> None:
    write(folder, src__in__helpers=HELPERS)
    (folder / "notebooks").mkdir()
    monkeypatch.chdir(folder / "notebooks")
    nb = open_notebook()

    nb.run(DATA)
    nb.run("import sys; sys.path.append('../src'); import helpers")
    nb.run(FIT)

    assert modules_of(nb) == {"helpers": "../src/helpers.py"}


def test_module_imported_before_tracking_is_kept(open_notebook: Callable[..., Notebook], folder: Path) -> None:
    write(folder, helpers=HELPERS)
    nb = open_notebook(load=False)
    nb.run(DATA + "\nimport helpers")
    nb.run("%load_ext trackbook")

    nb.run("table = helpers.scaled(X_train)")
    nb.run("model = LogisticRegression().fit(table, y_train)")

    assert modules_of(nb) == {"helpers": "helpers.py"}


def test_module_changed_after_the_run_has_ended_is_no_fault(nb: Notebook, folder: Path) -> None:
    write(folder, helpers=HELPERS)
    nb.run(DATA)
    nb.run("import helpers, importlib")
    nb.run(FIT)
    write(folder, helpers=HELPERS.replace("2", "4"))

    nb.run("_ = importlib.reload(helpers)\nacc = accuracy_score(y_test, model.predict(helpers.scaled(X_test)))")

    assert nb.runs()[0].metrics
    assert source_of(nb, "helpers") == HELPERS
