"""What the documentation says about commands, options and errors, held against the code."""

from __future__ import annotations

import inspect
import re
import shlex
from pathlib import Path

import click
import pytest
from trackbook import errors
from trackbook.cli import cli
from trackbook.cli.loading import MODULES, load_all

load_all()
README = Path(__file__).parents[2] / "README.md"
COMMANDS = sorted(cli.commands.items())


def shell_lines(text):
    """Return the lines of the fenced shell blocks of a Markdown text that call trackbook."""
    blocks = re.findall(r"```(?:bash|sh|shell|console)\n(.*?)```", text, flags=re.DOTALL)
    lines = [line.removeprefix("$ ").strip() for block in blocks for line in block.splitlines()]
    return [line.partition("  #")[0] for line in lines if line.startswith("trackbook ")]


def check(line):
    """Parse a command line as far as names of commands, options and numbers of arguments go."""
    words = shlex.split(line, comments=True)[1:]
    for stop in ("|", ">", ">>", "&&", ";"):
        words = words[: words.index(stop)] if stop in words else words
    with cli.make_context("trackbook", words, resilient_parsing=False) as context:
        name, command, rest = cli.resolve_command(context, [*context._protected_args, *context.args])
        command.make_context(name, rest, parent=context)


def test_every_command_is_known_by_its_module():
    assert sorted({word for words in MODULES.values() for word in words.split()}) == [name for name, _ in COMMANDS]


@pytest.mark.parametrize(("name", "command"), COMMANDS)
def test_every_command_says_what_it_does_and_gives_an_example(name, command):
    assert command.help
    assert command.epilog
    assert command.epilog.startswith(f"Example: trackbook {name}")


@pytest.mark.parametrize(("name", "command"), COMMANDS)
def test_every_example_in_the_help_is_a_command_that_exists(name, command, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)

    check(re.split(r", or: | && ", command.epilog.removeprefix("Example: "))[0])


@pytest.mark.parametrize(("name", "command"), [(None, cli), *COMMANDS])
def test_every_option_has_help(name, command):
    options = [each for each in command.params if isinstance(each, click.Option)]

    assert [option.name for option in options if not option.help] == []


def test_options_of_the_same_name_mean_the_same_thing():
    flags = {}
    for name, command in COMMANDS:
        for option in command.params:
            if isinstance(option, click.Option):
                for flag in option.opts:
                    flags.setdefault(flag, {})[name] = (option.is_flag, type(option.type).__name__)

    assert {flag: uses for flag, uses in flags.items() if len(set(uses.values())) > 1} == {}


def test_every_command_in_the_readme_exists():
    for line in shell_lines(README.read_text(encoding="utf-8")):
        check(line)


def test_a_command_that_does_not_exist_would_be_found():
    text = "```bash\n$ trackbook nope\ntrackbook runs --nope\n```"

    for line in shell_lines(text):
        with pytest.raises(click.UsageError):
            check(line)
    assert len(shell_lines(text)) == 2


def test_every_error_is_drawn_in_the_tree_beneath_its_parent_with_its_builtin():
    tree = errors.__doc__
    classes = [
        each for _, each in inspect.getmembers(errors, inspect.isclass) if issubclass(each, errors.TrackbookError)
    ]

    assert len(classes) > 5
    for each in classes:
        line = next(line for line in tree.splitlines() if re.search(rf"\b{each.__name__}\b", line))
        builtins = [base.__name__ for base in each.__bases__ if base.__module__ == "builtins" and base is not Exception]
        assert all(f"({name})" in line for name in builtins)
        depth = len(re.match(r"[\s│├└─]*", line).group()) // 4
        assert depth == len([base for base in each.__mro__ if issubclass(base, errors.TrackbookError)])


def test_every_error_that_the_tree_draws_exists():
    drawn = re.findall(r"[├└]── (\w+)", errors.__doc__)

    assert [name for name in drawn if not hasattr(errors, name)] == []
