from __future__ import annotations

from pathlib import Path

import nbformat
import pytest
from nbformat import v4
from trackbook.errors import InvalidValueError
from trackbook.pipelines.sweeps.reading import read_space
from trackbook.pipelines.sweeps.space import Choices, Floats, Integers, combinations, count, listed
from trackbook.pipelines.sweeps.words import pairs_of, split_choices

PARAMETERS = """
C: float = 1.0
depth = 3
lr = 1e-3
name = "rbf"
flag = False
hidden: list[int] = [64]
seed: int | None = None
mode: str = "1"
password: str = ""
"""


@pytest.fixture
def notebook(tmp_path: Path) -> Path:
    path = tmp_path / "train.ipynb"
    cell = v4.new_code_cell(PARAMETERS.strip(), metadata={"tags": ["parameters"]})
    nbformat.write(v4.new_notebook(cells=[cell]), path)
    return path


@pytest.mark.parametrize(
    ("name", "text", "values"),
    [
        ("C", "0.01,0.1,1", Choices(values=(0.01, 0.1, 1.0))),
        ("C", "1..10", Floats(low=1.0, high=10.0)),
        ("C", "1..5:1", Floats(low=1.0, high=5.0, step=1.0)),
        ("C", "1e-4..1e-1:log", Floats(low=1e-4, high=1e-1, is_log=True)),
        ("C", "-1.5..2.5", Floats(low=-1.5, high=2.5)),
        ("C", "0.1..0.9:0.2", Floats(low=0.1, high=0.9, step=0.2)),
        ("depth", "2..8", Integers(low=2, high=8)),
        ("depth", "2..8:2", Integers(low=2, high=8, step=2)),
        ("depth", "1..1024:log", Integers(low=1, high=1024, is_log=True)),
        ("depth", "4", Choices(values=(4,))),
        ("lr", "1e-4,1e-3", Choices(values=(1e-4, 1e-3))),
        ("name", "rbf,linear,'a,b'", Choices(values=("rbf", "linear", "a,b"))),
        ("name", "../data", Choices(values=("../data",))),
        ("flag", "true,false", Choices(values=(True, False))),
        ("hidden", "[64],[64,32]", Choices(values=([64], [64, 32]))),
        ("seed", "1,none", Choices(values=(1, None))),
        ("mode", "1,2", Choices(values=("1", "2"))),
        ("mode", "'1..3',2", Choices(values=("1..3", "2"))),
    ],
)
def test_values_have_the_type_that_the_parameters_cell_says(notebook, name, text, values):
    found = read_space({name: text}, notebook)

    assert found == {name: values}
    assert repr(found[name]) == repr(values)  # 1 is not 1.0


@pytest.mark.parametrize(
    ("pairs", "words"),
    [
        ({"C": "8..2"}, "C=8..2 begins above its end. Write C=2..8."),
        ({"C": "0..1:log"}, "above 0"),
        ({"C": "1.."}, "half a range"),
        ({"C": "..5"}, "half a range"),
        ({"depth": "2..8:0"}, "neither 'log' nor a step above 0"),
        ({"depth": "2..8:lin"}, "'lin' is neither"),
        ({"C": "1,,2"}, "empty choice"),
        ({"C": "1,1.0"}, "a value twice"),
        ({"depht": "1,2"}, "Did you mean 'depth'?"),
        ({"flag": "perhaps,true"}, "'perhaps'"),
        ({"hidden": "1..3"}, "hidden is no number"),
        ({"mode": "1..3"}, "mode is no number"),
        ({"C": "1,2", "password": "hunter2-and-more"}, "'password' holds a credential"),
    ],
)
def test_what_can_not_be_tried_is_refused_in_a_sentence(notebook, pairs, words):
    with pytest.raises(InvalidValueError) as caught:
        read_space(pairs, notebook)

    assert words in str(caught.value)
    assert "\n" not in str(caught.value)


def test_a_notebook_without_parameters_says_how_to_make_them(tmp_path):
    path = tmp_path / "plain.ipynb"
    nbformat.write(v4.new_notebook(cells=[v4.new_code_cell("C = 1")]), path)

    with pytest.raises(InvalidValueError, match="parameters"):
        read_space({"C": "1,2"}, path)


@pytest.mark.parametrize(
    ("values", "every"),
    [
        (Integers(low=2, high=9, step=3), [2, 5, 8]),
        (Floats(low=0.0, high=0.3, step=0.1), [0.0, 0.1, 0.2, 0.3]),
        (Floats(low=2.0, high=2.0), [2.0]),
        (Floats(low=0.0, high=1.0), None),
    ],
)
def test_ranges_list_their_values_where_there_is_an_end_of_them(values, every):
    assert listed(values) == every


def test_combinations_are_counted_and_the_last_param_changes_fastest():
    space = {"C": Choices(values=(0.1, 1.0)), "depth": Integers(low=2, high=3)}

    assert count(space) == 4
    assert [tuple(each.values()) for each in combinations(space)] == [(0.1, 2), (0.1, 3), (1.0, 2), (1.0, 3)]


def test_a_range_of_all_numbers_has_no_combinations():
    space = {"C": Floats(low=0.0, high=1.0), "depth": Integers(low=2, high=3)}

    assert count(space) is None
    with pytest.raises(InvalidValueError, match=r"C=0\.\.1"):
        next(combinations(space))


def test_pairs_are_named_once_and_have_values():
    assert pairs_of(["C=0.1,1", "formula=y=x"]) == {"C": "0.1,1", "formula": "y=x"}
    for words, sentence in ((["C"], "no param"), (["C="], "no values"), (["C=1", "C=2"], "C=1,2")):
        with pytest.raises(InvalidValueError, match=sentence):
            pairs_of(words)


@pytest.mark.parametrize(
    ("text", "choices"),
    [
        ("don't,do", ("don't", "do")),
        ('"x, y" , z', ("x, y", "z")),
        ("(1,2),(3,4)", ("(1,2)", "(3,4)")),
        ('{"a": [1,2]},{}', ('{"a": [1,2]}', "{}")),
        ("a,", ("a", "")),
    ],
)
def test_commas_within_brackets_and_quotes_part_nothing(text, choices):
    assert split_choices(text) == choices
