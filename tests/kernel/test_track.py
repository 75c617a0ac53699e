"""``%track``: every subcommand, its help, its completion, and its one-line errors."""

from __future__ import annotations

import re
from pathlib import Path

import pytest
from IPython.core.completer import provisionalcompleter
from trackbook.magics.track import track

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


@pytest.mark.parametrize("subcommand", ["", *SUBCOMMANDS])
def test_every_subcommand_has_help_with_an_example(said, subcommand: str) -> None:  # type: ignore[no-untyped-def]
    shown = said(f"%track {subcommand} -h")

    assert "Usage: %track" in shown
    assert "Example: %track" in shown
    assert max(map(len, shown.splitlines())) <= 100


def test_completion_of_subcommands_options_and_runs(fitted: Notebook) -> None:
    def completed(line: str) -> set[str]:
        with provisionalcompleter():
            return {item.text for item in fitted.shell.Completer.completions(line, len(line))}

    assert set(SUBCOMMANDS) <= completed("%track ")
    assert completed("%track st") == {"start", "stop"}
    assert "--limit" in completed("%track runs --l")
    assert {"latest", fitted.only_run().run.name} <= completed("%track show ")


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
    error = fitted.fails("%track metric a=1/0")

    assert isinstance(error, ZeroDivisionError)


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


def test_output_of_a_run_table_is_html_that_stays_readable(fitted: Notebook) -> None:
    import trackbook

    html = trackbook.get_run("latest")._repr_html_()

    assert "test.accuracy" in html
    assert "<script" not in html


def test_track_lines_are_executions_without_runs_of_their_own(fitted: Notebook) -> None:
    before = fitted.runs()

    fitted.run("%track runs\n%track show\n%track log")

    assert fitted.runs() == before
