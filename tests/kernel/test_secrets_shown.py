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


@pytest.mark.parametrize(
    ("source", "shown", "value"),
    [
        ("password = 'hunter2'", "print(f'as bob/{password}!')", "hunter2"),
        ("passphrase = 'correct horse battery staple'", "print('with', passphrase)", "horse battery"),
        ("password = 'sunflower'", "password", "sunflower"),
        ("password = 'sunflower'", "print(password)", "sunflower"),
        ("%env MY_API_SECRET=plainword88", "import os; print(os.environ['MY_API_SECRET'])", VALUE),
        ("server = {'user': 'me', 'kennwort': 'plainword88'}", "print(*server.values())", VALUE),
        ("token = 'plain' + 'word88'", "print(token * 2)", VALUE),
        (
            "import hmac\nmac = hmac.new(b'plainword88', b'x', 'sha256')\nkey = 'plainword' + str(88)",
            "print(key)",
            VALUE,
        ),
        ('conn = "user=%s password=%s" % ("me", "plainword88")', "print(conn.split())", VALUE),
    ],
)
def test_value_of_a_secret_is_not_in_what_a_later_cell_shows(nb: Notebook, source: str, shown: str, value: str) -> None:
    nb.run(source)

    nb.run(shown)

    assert value not in stored_text(nb)


def test_word_that_is_a_password_stays_in_the_texts_of_others(nb: Notebook) -> None:
    nb.run("password = 'sunflower'")

    nb.run("print('sunflower oil, 3 l')")

    assert "sunflower oil, 3 l" in stored_text(nb)


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
