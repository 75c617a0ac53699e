"""What makes of given values, which are JSON, what the code of a notebook works with."""

from __future__ import annotations

import pytest
from trackbook.errors import InvalidValueError
from trackbook.pipelines.steps.params import checked, made_lines, read_cell

BEFORE = """
import datetime as dt, decimal, os, pathlib
import pandas as pd
from pathlib import Path
from enum import Enum
class Colour(str, Enum):
    RED = "red"
    BLUE = "blue"
    "what is shown"
    @property
    def is_warm(self): return self is Colour.RED
%matplotlib inline
"""


def made(declaration: str, text: str) -> list[str]:
    """Return the statements that are written after the given value."""
    specs = read_cell(declaration, [BEFORE])
    return made_lines(specs, checked(specs, {specs[-1].name: text}, are_texts=True))


@pytest.mark.parametrize(
    ("declaration", "text", "line"),
    [
        ("a = Path('x.csv')", "y.csv", "a = Path(a)"),
        ("a = Path('data') / 'x.csv'", "y.csv", "a = Path(a)"),
        ("a = pathlib.Path.home() / 'x'", "y", "a = pathlib.Path(a)"),
        ("a: Path", "y", "a = Path(a)"),
        ("a: 'Path | None' = None", "y", "a = Path(a)"),
        ("a: Optional[pathlib.Path] = None", "y", "a = pathlib.Path(a)"),
        ("a: str | Path = Path('x')", "y", "a = Path(a)"),
        ("a: dt.date = dt.date(2026, 1, 1)", "2026-02-03", "a = dt.date.fromisoformat(a)"),
        ("a = dt.datetime.now()", "2026-02-03T10:00", "a = dt.datetime.fromisoformat(a)"),
        ("a = decimal.Decimal('0.1')", "0.2", "a = decimal.Decimal(str(a))"),
        ("a = pd.Timestamp('2026-01-01')", "2026", "a = pd.Timestamp(str(a))"),
        ("a: tuple[int, int] = (1, 2)", "3,4", "a = tuple(a)"),
        ("a = {'x'}", "y,z", "a = set(a)"),
        ("a: Colour = Colour.RED", "BLUE", "a = Colour[a]"),
        ("a = Colour.RED", "blue", "a = Colour(a)"),
        ("a: Annotated[Colour, 'which'] = None", "blue", "a = Colour(a)"),
    ],
)
def test_value_becomes_what_the_default_is(declaration, text, line):
    assert made(declaration, text) == [line]


@pytest.mark.parametrize(
    ("declaration", "text"),
    [
        ("a = 'x.csv'", "y.csv"),
        ("a: Path = 'x.csv'", "y.csv"),  # the code below copes with a text, or would fail as it is
        ("a: str | Path = None", "y"),
        ("a: Path | None = Path('x')", "None"),
        ("a: 'Folder' = None", "y"),
        ("a: 'date' = None", "2026-02-03"),  # imported nowhere
        ("a = os.environ.get('HOME')", "y"),
        ("a = pd.read_csv('x.csv')", "y.csv"),
        ("a = dt.timedelta(days=1)", "2"),
        ("a: list[int] = [1]", "2"),
        ("a = 1.5", "2"),
    ],
)
def test_value_stays_as_it_is_where_json_has_it_or_nobody_can_tell(declaration, text):
    assert made(declaration, text) == []


def test_members_of_an_enumeration_are_checked_before_anything_runs():
    specs = read_cell("a: Colour = Colour.RED", [BEFORE])

    with pytest.raises(InvalidValueError, match=r"one of 'RED', 'BLUE', 'red', 'blue' .*, and 'green' is not"):
        checked(specs, {"a": "green"}, are_texts=True)
