"""``%track runs QUERY`` in a notebook."""

from __future__ import annotations

import pytest

from .session import DATA, Notebook


@pytest.fixture
def searched(nb: Notebook) -> Notebook:
    """A notebook with three runs that differ in C."""
    nb.run(DATA)
    for value in (0.01, 1.0, 100.0):
        nb.run(f"model = LogisticRegression(C={value}, max_iter=500).fit(X_train, y_train)")
        nb.run("accuracy_score(y_test, model.predict(X_test))")
    return nb


def shown(nb: Notebook, capsys: pytest.CaptureFixture[str], line: str) -> str:
    capsys.readouterr()
    nb.run(line)
    return capsys.readouterr().out


def test_line_is_a_query_as_it_stands(searched: Notebook, capsys: pytest.CaptureFixture[str]) -> None:
    found = shown(searched, capsys, "%track runs metrics.accuracy > -0.5 and params.C = 1 order by started_at")

    assert "1 run" in found
    assert "100" not in found


def test_query_may_stand_in_quotes_and_hold_some(searched: Notebook, capsys: pytest.CaptureFixture[str]) -> None:
    whole = shown(searched, capsys, "%track runs \"model = 'LogisticRegression' and params.C > 0.5\"")
    parts = shown(searched, capsys, '%track runs model = "LogisticRegression" and params.C > 0.5')

    assert "2 runs" in whole
    assert "2 runs" in parts


def test_variables_of_the_notebook_stand_for_values(searched: Notebook, capsys: pytest.CaptureFixture[str]) -> None:
    searched.run("wanted = 100.0")

    assert "1 run " in shown(searched, capsys, "%track runs params.C = $wanted")


def test_mistake_is_shown_with_its_place(searched: Notebook, capsys: pytest.CaptureFixture[str]) -> None:
    capsys.readouterr()

    searched.fails("%track runs metrics.acuracy > 0.9")

    text = capsys.readouterr()
    assert "Did you mean metrics.accuracy?" in text.out + text.err
    assert "Traceback" not in text.out + text.err


def test_tab_completes_fields_and_values(searched: Notebook) -> None:
    assert "metrics.accuracy" in completions(searched, "%track runs metrics.a")
    assert "params.C" in completions(searched, "%track runs metrics.accuracy > 0.9 and params.")
    assert completions(searched, "%track runs status = FIN") == ["FINISHED"]
    assert "LogisticRegression" in completions(searched, "%track runs model = ")


def completions(nb: Notebook, line: str) -> list[str]:
    from IPython.core.completer import provisionalcompleter

    with provisionalcompleter():
        return [each.text for each in nb.shell.Completer.completions(line, len(line))]
