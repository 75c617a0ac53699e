"""A value that code gave to a secret's name is a secret wherever else it turns up: in params, outputs, errors."""

from __future__ import annotations

import pytest

from .session import DATA, Notebook

VALUE = "plainword88"


def stored_text(nb: Notebook) -> str:
    executions = nb.executions()
    return repr(executions) + repr([(run.params, run.models, run.run.failure) for run in nb.runs()])


@pytest.mark.parametrize(
    "cells",
    [
        [f"passwd = value = {VALUE!r}", "model = LogisticRegression(max_iter=50 + len(value)).fit(X, y)"],
        [f"value = passwd = {VALUE!r}", "model = LogisticRegression(max_iter=50 + len(value)).fit(X, y)"],
        [f"password = {VALUE!r}", "print(f'as bob / {password}')", "password"],
        [f"password = {VALUE!r}\nprint(password)"],
        [f"db_password = {VALUE!r}", f"other = {VALUE!r}", "LogisticRegression(max_iter=50 + len(other)).fit(X, y)"],
    ],
)
def test_value_of_a_secret_is_kept_nowhere(nb: Notebook, cells: list[str]) -> None:
    nb.run(DATA)

    for cell in cells:
        nb.run(cell)

    assert VALUE not in stored_text(nb)


def test_value_of_a_secret_is_not_in_the_message_of_an_error(nb: Notebook) -> None:
    nb.run(f"password = {VALUE!r}")

    nb.fails("raise ValueError(f'{password} was refused')")

    assert VALUE not in stored_text(nb)
    assert "was refused" in stored_text(nb)


def test_names_and_short_words_stay_as_they_are(nb: Notebook) -> None:
    nb.run("password = 'test'")
    nb.run("test = 3\nprint('a test')")

    assert "a test" in stored_text(nb)
    assert "test = 3" in stored_text(nb)
