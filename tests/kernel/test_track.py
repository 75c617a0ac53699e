"""``%track``: every subcommand, its help, its completion, and its one-line errors."""

from __future__ import annotations

import json
import re
from collections.abc import Callable
from pathlib import Path

import pytest
from IPython.core.completer import provisionalcompleter
from trackbook.magics.commands import track, track_cell

from .kernel import Kernel
from .session import DATA, Notebook, values

SUBCOMMANDS = sorted(track.commands)


@pytest.fixture
def said(nb: Notebook, capsys: pytest.CaptureFixture[str]):  # type: ignore[no-untyped-def]  # a function of the test
    """Run a cell and give what it printed."""

    def say(source: str) -> str:
        capsys.readouterr()
        nb.run(source)
        return capsys.readouterr().out

    return say


@pytest.fixture
def fitted(nb: Notebook) -> Notebook:
    """A notebook with one run that has a metric."""
    nb.run(DATA)
    nb.run("model = LogisticRegression(C=0.5).fit(X_train, y_train)")
    nb.run("accuracy_score(y_test, model.predict(X_test))")
    return nb


def test_state_says_what_is_tracked_where_and_what_next(fitted: Notebook, said, folder: Path) -> None:  # type: ignore[no-untyped-def]
    shown = said("%track")

    assert "Tracking is on" in shown
    assert str(folder / "store") in shown
    assert fitted.only_run().run.name in shown
    assert "%track runs" in shown


def test_state_of_a_fresh_notebook(said) -> None:  # type: ignore[no-untyped-def]
    assert "No run yet" in said("%track")


def test_there_are_the_subcommands_that_the_design_names() -> None:
    wanted = "on off start stop tag note param metric artifact runs show log compare"

    assert set(SUBCOMMANDS) >= set(wanted.split(" "))


@pytest.mark.parametrize("line", ["%track -h", "%%track -h\nx = 1", *(f"%track {name} -h" for name in SUBCOMMANDS)])
def test_every_subcommand_has_help_with_an_example(nb: Notebook, said, line: str) -> None:  # type: ignore[no-untyped-def]
    shown = said(line)

    assert "Usage: %" in shown
    assert "x" not in nb.variables
    assert "track" in shown.partition("Example: %")[2]
    assert max(map(len, shown.splitlines())) <= 100


def test_completion_of_subcommands_options_and_runs(fitted: Notebook) -> None:
    def completed(line: str) -> set[str]:
        with provisionalcompleter():
            return {item.text for item in fitted.shell.Completer.completions(line, len(line))}

    assert set(SUBCOMMANDS) <= completed("%track ")
    assert completed("%track st") == {"stale", "start", "stop"}
    assert "--limit" in completed("%track runs --l")
    assert completed("%track show ") == {"latest", fitted.only_run().run.name}
    assert completed("%track stop --status f") == {"finished", "failed"}
    assert completed("%track tag a=b --run=lat") == {"latest"}
    assert completed("%%track --") == {"--tag", "--help"}
    assert {"X_train", "X_test"} <= completed("%track metric rows=len(X_")
    assert completed("for each in y:\n    %track sh") == {"show"}


def test_completion_offers_files_for_artifacts(nb: Notebook, folder: Path) -> None:
    (folder / "plots").mkdir()
    (folder / "plots" / "roc.png").write_bytes(b"")

    def completed(line: str) -> set[str]:
        with provisionalcompleter():
            return {item.text for item in nb.shell.Completer.completions(line, len(line))}

    assert completed("%track artifact pl") == {"plots/"}
    assert completed("%track artifact plots/") == {"plots/roc.png"}


def test_completion_in_a_kernel_offers_nothing_else(folder: Path) -> None:
    with Kernel(folder) as kernel:
        kernel.run("%load_ext trackbook")
        kernel.run("%track start brave-base\n%track stop")

        def completed(line: str) -> list[str]:
            reply = kernel.client.complete(line, len(line), reply=True, timeout=60)
            return list(reply["content"]["matches"])

        assert completed("%track ") == list(track.list_commands(None))  # type: ignore[arg-type]  # it needs no context
        assert completed("%track show ") == ["latest", "brave-base"]
        assert completed("%track runs --l") == ["--limit"]
        assert completed("%%track ") == ["--tag", "--help"]


def test_help_has_every_command_once_and_in_sections() -> None:
    listed = track.list_commands(None)  # type: ignore[arg-type]  # it needs no context

    assert sorted(listed) == SUBCOMMANDS
    assert listed[0] == "runs"


def test_questionmark_shows_the_help(nb: Notebook) -> None:
    about = nb.shell.object_inspect("%track")

    assert "See what happened:" in about["docstring"]


@pytest.mark.parametrize(
    ("line", "sentence"),
    [
        ("%track shwo", "No such command 'shwo'"),
        ("%track show no-such-run", "No run 'no-such-run'"),
        ("%track metric accuracy", "'accuracy' is no pair"),
        ("%track metric a='text'", "The metric 'a' needs a number"),
        ("%track metric a=True", "The metric 'a' needs a number"),
        ("%track artifact no/such/file", "can't be read"),
        ("%track artifact .", "is a folder"),
        ("%track tag x=1 --run nothing-like-it", "No run 'nothing-like-it'"),
        ("%track runs --limit zero", "'zero' is not a valid integer"),
        ("%track start 'open", "Close the quotes"),
        ("%track compare latest nope", "No run 'nope'"),
        ("%track compare", "This session has one run yet"),
        ("%track compare latest", "A comparison needs two different runs"),
        ("%track metric a=missing", "NameError: name 'missing' is not defined"),
        ("%track metric a=1/0", "ZeroDivisionError: division by zero"),
        ("%track metric a=b ==", "can't be read as Python"),
        ("%track metric a=max(1", "Close the brackets"),
        ("%track start one two", "Got unexpected extra argument (two)"),
        ("%track runs --all --limit 3", "Give one of --all and --limit"),
        ("%%track\nx =", "The cell can't be read as Python, invalid syntax in line 2: x ="),
        ("%%track\nimport asyncio\nawait asyncio.sleep(0)", "A cell under %%track can't await"),
        ("%%track one two\n1", "Got unexpected extra argument (two)"),
        ("%track runs --frobnicate", "No such option"),
        ("%track metric", "Missing"),
        ("%track stop", "No run is started here"),
    ],
)
def test_mistake_is_answered_in_one_line(
    fitted: Notebook, capsys: pytest.CaptureFixture[str], line: str, sentence: str
) -> None:
    capsys.readouterr()

    fitted.fails(line)

    shown = capsys.readouterr()
    text = re.sub(r"\x1b\[[\d;]*m", "", shown.out + shown.err)
    assert sentence in text
    assert len(text.strip().splitlines()) == 1
    assert len(fitted.runs()) == 1


def test_tag_and_note_go_to_the_current_run(fitted: Notebook) -> None:
    fitted.run("%track tag stage=final owner='ana b'")
    fitted.run("%track note 'the one to beat'")

    run = fitted.only_run()
    assert (run.tags["stage"], run.tags["owner"], run.run.note) == ("final", "ana b", "the one to beat")


def test_tags_are_listed_and_taken_away(fitted: Notebook, said) -> None:  # type: ignore[no-untyped-def]
    name = fitted.only_run().run.name
    fitted.run("%track tag stage=draft owner = ana")

    listed = said("%track tag")
    fitted.run("%track tag --remove stage")

    assert listed == f"{name}: stage=draft, owner=ana\n"
    assert fitted.only_run().tags == {"owner": "ana"}


def test_note_is_taken_as_typed_and_printed(fitted: Notebook, said) -> None:  # type: ignore[no-untyped-def]
    name = fitted.only_run().run.name
    fitted.run("""%track note it's the "best" (so far""")

    noted = said("%track note")
    fitted.run("%track note ''")

    assert noted == f'{name}: it\'s the "best" (so far\n'
    assert fitted.only_run().run.note is None


def test_tag_and_note_of_another_run(fitted: Notebook) -> None:
    first = fitted.only_run().run
    fitted.run("other = LogisticRegression(C=0.1).fit(X_train, y_train)")

    fitted.run(f"%track tag stage=final --run {first.name}")
    fitted.run(f"%track note --run {first.run_id[:8]} hello there")

    one, two = fitted.runs()
    assert (one.tags, one.run.note) == ({"stage": "final"}, "hello there")
    assert (two.tags, two.run.note) == ({}, None)


def test_metric_takes_expressions_of_the_notebook(fitted: Notebook) -> None:
    fitted.run("errors = np.array([3.0, 4.0])")

    fitted.run("%track metric norm=np.sqrt((errors**2).sum())")
    fitted.run("%track metric loss 0.25")
    fitted.run("%track metric series=1 --step 10\n%track metric series=2 --step 11")

    run = fitted.last_run()
    assert (values(run)["norm"], values(run)["loss"]) == (5.0, 0.25)
    assert [(point.step, point.value) for point in fitted.history(run, "series")] == [(10, 1), (11, 2)]


@pytest.mark.parametrize(
    ("line", "value"),
    [
        ("m=scores['f1']", 0.75),
        ('m=scores["f1"]', 0.75),
        ("m=max(1, 2)", 2),
        ("m=len('a b')", 3),
        ("m=[s for s in scores.values() if s != 0][0]", 0.75),
        ("m={'k': 4}['k']", 4),
        ("m = 5", 5),
        ("m=-1.5e-3", -0.0015),
    ],
)
def test_metric_takes_expressions_with_quotes_and_spaces(nb: Notebook, line: str, value: float) -> None:
    nb.run("f1 = 'other'\nscores = {'f1': 0.75, 'other': 0.1}")

    nb.run(f"%track metric {line}")

    assert values(nb.only_run()) == {"m": value}


def test_metric_in_a_loop_is_a_series(fitted: Notebook) -> None:
    fitted.run("for loss in (0.5, 0.25, 0.125):\n    %track metric loss=loss")

    points = fitted.history(fitted.last_run(), "loss")
    assert [(point.step, point.value) for point in points] == [(0, 0.5), (1, 0.25), (2, 0.125)]


def test_metric_of_an_error_in_the_expression_raises_it(fitted: Notebook) -> None:
    error = fitted.fails("%track metric a=1 b=1/0")

    assert isinstance(error, ZeroDivisionError)
    assert "a" not in values(fitted.only_run())


def test_metric_in_a_function_takes_the_functions_names(nb: Notebook) -> None:
    nb.run("def train():\n    loss, scale = 0.5, 2\n    %track metric loss=[loss / scale for _ in range(1)][0]")

    nb.run("loss = 99\ntrain()")

    assert values(nb.only_run()) == {"loss": 0.25}


def test_metric_takes_a_negative_number_for_no_option(nb: Notebook) -> None:
    nb.run("%track metric loss -0.5\n%track metric gain = -1")

    assert values(nb.only_run()) == {"loss": -0.5, "gain": -1}


def test_variables_are_expanded_before_the_line_is_read(fitted: Notebook) -> None:
    fitted.run("name, owner = 'latest', 'ana b'")

    fitted.run("%track tag owner='{owner}' --run {name}")
    fitted.run("%track tag again=$name")

    assert fitted.only_run().tags == {"owner": "ana b", "again": "latest"}


def test_param_takes_words_and_values(nb: Notebook) -> None:
    nb.run("window = 7")
    nb.run("%track param kind=resnet-50 size = window * 2 names=['a b', 'c'] path=data/train.csv")

    nb.run("%track metric a=1")

    assert dict(nb.only_run().params) == {
        "kind": "resnet-50",
        "size": 14,
        "names": ["a b", "c"],
        "path": "data/train.csv",
    }


def test_param_after_the_metric_is_of_the_next_run(fitted: Notebook) -> None:
    fitted.run("%track param depth=3")
    fitted.run("other = LogisticRegression(C=0.1).fit(X_train, y_train)")

    first, second = fitted.runs()
    assert "depth" not in first.params
    assert second.params["depth"] == 3


def test_artifact_is_kept_by_content(fitted: Notebook, folder: Path) -> None:
    (folder / "plot.svg").write_bytes(b"<svg/>")
    fitted.run("%track artifact plot.svg --name plots/roc.svg")
    (folder / "plot.svg").unlink()

    (artifact,) = fitted.only_run().artifacts
    assert (artifact.name, artifact.size, artifact.media_type) == ("plots/roc.svg", 6, "image/svg+xml")
    assert fitted.store.get_object(artifact.digest) == b"<svg/>"


@pytest.mark.parametrize("name", ["../x", "/etc/passwd", "a/../../b", "..\\x", ""])
def test_artifact_with_a_dangerous_name_is_refused_or_tamed(fitted: Notebook, folder: Path, name: str) -> None:
    (folder / "plot.svg").write_bytes(b"<svg/>")

    fitted.shell.run_cell(f"%track artifact plot.svg --name '{name}'", store_history=True)

    for artifact in fitted.only_run().artifacts:
        assert not artifact.name.startswith("/")
        assert ".." not in artifact.name.split("/")


def test_runs_lists_the_runs_of_the_experiment(fitted: Notebook, said) -> None:  # type: ignore[no-untyped-def]
    shown = said("%track runs")

    assert fitted.only_run().run.name in shown
    assert "LogisticRegression" in shown


def test_show_shows_the_current_run_whole(fitted: Notebook, said) -> None:  # type: ignore[no-untyped-def]
    shown = said("%track show")

    assert fitted.only_run().run.name in shown
    assert "test.accuracy" in shown
    assert "X_train" in shown


def test_log_lists_the_cells(fitted: Notebook, said) -> None:  # type: ignore[no-untyped-def]
    fitted.run("marker = 'needle'")

    assert "needle" in said("%track log")
    assert "model = LogisticRegression(C=0.5)" in said("%track log --source --run latest")


def test_compare_shows_what_differs(fitted: Notebook, said) -> None:  # type: ignore[no-untyped-def]
    fitted.run("model = LogisticRegression(C=0.0007).fit(X_train, y_train)")
    fitted.run("accuracy_score(y_test, model.predict(X_test))")

    shown = said("%track compare " + " ".join(run.run.name for run in fitted.runs()))

    assert "0.0007" in shown
    assert "accuracy" in shown
    assert "fit_intercept" not in shown


def test_compare_takes_the_two_newest_runs_of_the_session(fitted: Notebook, said) -> None:  # type: ignore[no-untyped-def]
    for strength in (0.0007, 0.0008):
        fitted.run(f"model = LogisticRegression(C={strength}).fit(X_train, y_train)")
        fitted.run("accuracy_score(y_test, model.predict(X_test))")
    first, second, third = (detail.run.name for detail in fitted.runs())

    shown = said("%track compare")

    assert first not in shown
    assert 0 < shown.index(second) < shown.index(third)


def test_runs_of_a_session_of_all_experiments_and_of_one(fitted: Notebook, said) -> None:  # type: ignore[no-untyped-def]
    name = fitted.only_run().run.name
    fitted.run("import trackbook\ntrackbook.start_run('elsewhere', experiment='other').stop()")

    assert "elsewhere" not in said("%track runs")
    assert "elsewhere" in said("%track runs --everywhere")
    assert name not in said("%track runs --experiment other")
    assert name in said("%track runs --session")
    assert name in said("%track runs --session latest --limit 5")


def test_show_prints_json(fitted: Notebook, said) -> None:  # type: ignore[no-untyped-def]
    printed = json.loads(said("%track show --json"))

    assert printed["name"] == fitted.only_run().run.name
    assert printed["params"]["C"] == 0.5


def test_output_of_a_run_table_is_html_that_stays_readable(fitted: Notebook) -> None:
    import trackbook

    html = trackbook.get_run("latest")._repr_html_()

    assert "test.accuracy" in html
    assert "<script" not in html


def test_track_lines_are_executions_without_runs_of_their_own(fitted: Notebook) -> None:
    fitted.settle()
    before = fitted.runs()

    fitted.run("%track runs\n%track show\n%track log")

    assert fitted.runs() == before


def test_example_of_every_subcommand_is_one(nb: Notebook) -> None:
    for command in [track, track_cell, *track.commands.values()]:
        words = (command.epilog or "").removeprefix("Example: ").lstrip("%").split()

        assert words[0] == "track"
        assert words[1] == command.name or command in (track, track_cell)


# A cell under %%track


def test_traceback_of_a_cell_magic_names_the_cells_own_lines(nb: Notebook, capsys: pytest.CaptureFixture[str]) -> None:
    capsys.readouterr()

    nb.fails("%%track mine\n\ndef divide(by):\n    return 1 / by\ndivide(0)")

    shown = capsys.readouterr().out
    number = len(nb.variables["In"]) - 1
    assert f"Cell In[{number}], line 5" in shown
    assert f"Cell In[{number}], line 4, in divide" in shown
    assert "magics/" not in shown


def test_cell_magic_shows_its_last_value_unless_silenced(nb: Notebook) -> None:
    assert nb.run("%%track one\nx = 3\nx + 1") == 4
    assert nb.run("%%track two\nx + 1;") is None
    assert nb.run("%%track three\nx = 5") is None


def test_cell_magic_has_tags_and_a_name_with_spaces(nb: Notebook) -> None:
    nb.run("%%track 'my run' --tag owner='ana b' --tag stage=x\n1")

    run = nb.only_run()
    assert (run.run.name, run.tags) == ("my run", {"owner": "ana b", "stage": "x"})


def test_magics_work_inside_a_cell_magic(nb: Notebook) -> None:
    nb.run("import numpy as np")

    nb.run("%%track outer\nhere = %pwd\n%track metric size=np.ones(3).sum()\nlines = !echo hi")

    assert values(nb.only_run()) == {"size": 3}
    assert nb.variables["here"]
    assert list(nb.variables["lines"]) == ["hi"]


@pytest.mark.parametrize("cell", ["%%track mine\n%%time\nC = 2\nC + 1", "%%time\n%%track mine\nC = 2\nC + 1"])
def test_cell_magics_nest(nb: Notebook, cell: str) -> None:
    value = nb.run(cell)

    assert (value, nb.variables["C"], nb.only_run().run.name) == (3, 2, "mine")


def test_cell_magic_that_does_not_compile_makes_no_run(nb: Notebook) -> None:
    nb.fails("%%track mine\nx = 1 +")

    assert nb.runs() == []


# Runs by hand


def test_start_says_which_run_it_ended(said) -> None:  # type: ignore[no-untyped-def]
    said("%track start one")

    shown = said("%track start two")

    assert re.fullmatch(r"Run one is finished\. Run two \(\w{8}\) is started\. End it with %track stop\.\n", shown)


def test_stop_ends_a_run_that_python_started(nb: Notebook, said) -> None:  # type: ignore[no-untyped-def]
    nb.run("import trackbook\nrun = trackbook.start_run('mine')")

    shown = said("%track stop --status failed")

    assert shown == "Run mine is failed. See it with %track show mine.\n"
    assert nb.only_run().run.status == "FAILED"


def test_state_names_the_run_that_is_started(said) -> None:  # type: ignore[no-untyped-def]
    said("%track start mine")

    assert "Run mine is started" in said("%track")
    said("%track stop")
    assert "Current: mine" in said("%track")


def test_state_says_how_to_switch_on(said) -> None:  # type: ignore[no-untyped-def]
    said("%track off")

    assert "Tracking is off (switch it on: %track on)" in said("%track")
    assert "Tracking is on" in said("%track on")


def test_unloading_takes_magic_and_completion_away(open_notebook: Callable[..., Notebook]) -> None:
    notebook = open_notebook(load=False)
    before = list(notebook.shell.Completer.custom_matchers)

    notebook.run("%load_ext trackbook")
    notebook.run("%unload_ext trackbook")

    assert notebook.shell.Completer.custom_matchers == before
    assert notebook.shell.find_magic("track") is None


def test_latest_is_the_run_that_a_cell_has_just_done_again(nb: Notebook, said) -> None:  # type: ignore[no-untyped-def]
    nb.run(DATA)
    nb.run("LogisticRegression(C=0.5).fit(X_train, y_train)", cell="first")
    nb.run("LogisticRegression(C=2.0).fit(X_train, y_train)", cell="second")
    first, second = nb.runs()

    assert second.run.name in said("%track show latest")
    nb.rerun("first")

    assert len(nb.runs()) == 2
    assert first.run.name in said("%track show latest")


def test_latest_is_the_whole_that_a_run_done_again_is_part_of(nb: Notebook, said) -> None:  # type: ignore[no-untyped-def]
    nb.run(DATA)
    nb.run("for C in (0.5, 2.0):\n    LogisticRegression(C=C).fit(X_train, y_train)", cell="loop")
    nb.run("LogisticRegression(C=9.0).fit(X_train, y_train)")

    nb.rerun("loop")

    assert len(nb.runs()) == 4
    assert nb.tops()[0].run.name in said("%track show latest").splitlines()[0]


LOOP = "for C in (0.5, 2.0):\n    m = LogisticRegression(C=C).fit(X_train, y_train); m.score(X_test, y_test)"


def test_compare_after_a_loop_puts_its_runs_side_by_side(nb: Notebook, said) -> None:  # type: ignore[no-untyped-def]
    nb.run(DATA)
    nb.run(LOOP)
    nb.run(LOOP.replace("0.5, 2.0", "3.0, 4.0"))

    shown = said("%track compare")

    assert re.search(r"^C +3\.0 +4\.0", shown, re.MULTILINE)


def test_compare_after_a_loop_with_one_new_run_takes_the_one_before_it(nb: Notebook, said) -> None:  # type: ignore[no-untyped-def]
    nb.run(DATA)
    nb.run(LOOP)
    nb.run(LOOP.replace("2.0", "3.0"))  # 0.5 is a repetition

    shown = said("%track compare")

    assert re.search(r"^C +2\.0 +3\.0", shown, re.MULTILINE)


def test_diff_after_a_loop_tells_its_last_runs_apart(nb: Notebook, said) -> None:  # type: ignore[no-untyped-def]
    nb.run(DATA)
    nb.run(LOOP)
    names = [run.run.name for run in nb.children(nb.tops()[0])]

    shown = said("%track diff")

    assert all(name in shown for name in names)
