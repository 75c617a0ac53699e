"""A name and its value are two words of the command line, or one with ``=`` between."""

from __future__ import annotations

import click
import pytest
from click.shell_completion import ShellComplete
from click.testing import CliRunner
from trackbook.cli.pairs import PairsCommand


@click.command(cls=PairsCommand)
@click.argument("notebook")
@click.option("-p", "--param", "pairs", nargs=2, multiple=True)
@click.option("-o", "--output")
@click.option("--json", "is_json", is_flag=True)
def command(notebook: str, pairs: tuple[tuple[str, str], ...], output: str | None, is_json: bool) -> None:
    click.echo(repr((notebook, list(pairs), output, is_json)))


def said(*words: str) -> str:
    result = CliRunner().invoke(command, words)
    assert result.exit_code == 0, result.output
    return result.stdout.strip()


@pytest.mark.parametrize(
    ("words", "pairs"),
    [
        (("-p", "C", "0.1"), [("C", "0.1")]),
        (("-p", "C=0.1"), [("C", "0.1")]),
        (("-pC=0.1",), [("C", "0.1")]),
        (("-pC", "0.1"), [("C", "0.1")]),
        (("--param=C=0.1",), [("C", "0.1")]),
        (("--param=C", "0.1"), [("C", "0.1")]),
        (("--param", "C=0.1", "-p", "day", "monday"), [("C", "0.1"), ("day", "monday")]),
        (("-p", "C=-1"), [("C", "-1")]),
        (("-p", "C", "-1"), [("C", "-1")]),
        (("-p", "rule", "a=b"), [("rule", "a=b")]),
        (("-p", "rule", "-a=b"), [("rule", "-a=b")]),
        (("-p", "rule", "--param=x"), [("rule", "--param=x")]),
        (("-p", "rule=a=b"), [("rule", "a=b")]),
        (("-p", "rule=a b"), [("rule", "a b")]),
        (("-p", "empty="), [("empty", "")]),
        (("-p", "größe=3"), [("größe", "3")]),
        (("-p", "learning.rate=3"), [("learning.rate", "3")]),
    ],
)
def test_name_and_value_are_taken_as_two_words_or_as_one(words, pairs):
    assert said("a.ipynb", *words) == repr(("a.ipynb", pairs, None, False))
    assert said(*words, "a.ipynb") == repr(("a.ipynb", pairs, None, False))


def test_other_words_stay_as_they_are():
    assert said("-o", "-p", "C=1.ipynb", "--json") == repr(("C=1.ipynb", [], "-p", True))
    assert said("--output=-p", "a=1") == repr(("a=1", [], "-p", False))
    assert said("-o-p", "a=1") == repr(("a=1", [], "-p", False))
    assert said("--", "-p") == repr(("-p", [], None, False))


@pytest.mark.parametrize("words", [("-p",), ("-p", "C"), ("a.ipynb", "--param", "C"), ("-p", "C=1", "-p", "=")])
def test_name_without_a_value_is_answered_with_how_to_write_it(words):
    result = CliRunner().invoke(command, words)

    assert result.exit_code == 2
    assert "takes a name and a value: -" in result.stderr
    assert "NAME VALUE" in result.stderr


def test_shell_completes_a_line_that_is_not_whole_yet():
    found = ShellComplete(command, {}, "x", "X").get_completions(["a.ipynb", "-p", "C"], "--js")

    assert [each.value for each in found] == ["--json"]
