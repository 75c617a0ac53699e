from __future__ import annotations

import json
import math
from datetime import date
from pathlib import Path

import pytest
from trackbook.errors import InvalidValueError
from trackbook.pipelines.steps.params import ParamSpec, checked, read_cell, read_params

CELL = """
import datetime
from pathlib import Path
%matplotlib inline
rows: int = 3  # how many
rate: float | None = None
title: None | str = "x=1"
depth: Optional[int] = 5
penalty: Literal["l1", 'l2', 3] = "l1"
layers: list[int] = [1, 2]
kind = "a=b"  # of a = b
source = Path("data.csv")
day: datetime.date = datetime.date(2026, 1, 31)
last = rows + 1
low, high = 1, "z"
is_first = is_second = True
weights: dict[str, float] = {}
old = 1  # type: float in the old way
strengths = [0.1]
columns = ["a", "b"]
frame: "np.ndarray" = None
loud: bool = False
label = f"{kind}-x"
print(rows)
"""


def specs_of(source: str) -> dict[str, ParamSpec]:
    return {spec.name: spec for spec in read_cell(source)}


def notebook(folder: Path, *cells: str, **metadata: object) -> Path:
    path = folder / "train.ipynb"
    content = [
        {"cell_type": "code", "source": cell, "metadata": {"tags": ["parameters"] if number == 0 else []}}
        for number, cell in enumerate(cells)
    ]
    path.write_text(json.dumps({"cells": content, "metadata": metadata, "nbformat": 4, "nbformat_minor": 5}))
    return path


@pytest.mark.parametrize(
    ("name", "wanted", "default_text", "type_"),
    [
        ("rows", "a whole number", "3", "int"),
        ("rate", "a number or None", "None", "float | None"),
        ("title", "text or None", "'x=1'", "None | str"),
        ("depth", "a whole number or None", "5", "Optional[int]"),
        ("penalty", "one of 'l1', 'l2', 3", "'l1'", "Literal['l1', 'l2', 3]"),
        ("layers", "a list of whole numbers", "[1, 2]", "list[int]"),
        ("kind", "text", "'a=b'", None),
        ("source", "a path", "Path('data.csv')", None),
        ("day", "a date such as 2026-01-31", "datetime.date(2026, 1, 31)", "datetime.date"),
        ("last", "a value", "rows + 1", None),
        ("low", "a number", "1", None),
        ("high", "text", "'z'", None),
        ("is_first", "true or false", "True", None),
        ("weights", "a mapping of numbers", "{}", "dict[str, float]"),
        ("old", "a number", "1", "float"),
        ("strengths", "a list", "[0.1]", None),
        ("frame", "a value", "None", "np.ndarray"),
    ],
)
def test_parameters_cell_is_read_by_pythons_own_syntax(name, wanted, default_text, type_):
    spec = specs_of(CELL)[name]

    assert (spec.wanted, spec.default_text, spec.type) == (wanted, default_text, type_)


def test_comments_defaults_and_what_is_computed_are_told():
    specs = specs_of(CELL)

    assert (specs["rows"].help, specs["kind"].help, specs["old"].help) == ("how many", "of a = b", "in the old way")
    assert [name for name, spec in specs.items() if spec.is_computed] == ["source", "day", "last", "label"]
    assert (specs["strengths"].default, specs["weights"].default, specs["last"].default) == ([0.1], {}, None)
    assert list(specs)[:3] == ["rows", "rate", "title"]


def test_annotation_without_a_value_is_a_param_that_must_be_given():
    specs = read_cell("C: float\nname: str = 'x'\nC2: 'int'")

    with pytest.raises(InvalidValueError) as refused:
        checked(specs, {})

    assert [spec.is_required for spec in specs] == [True, False, True]
    assert "'C' is missing" in str(refused.value)
    assert "'C2' is missing: it has no default and wants a whole number." in str(refused.value)


@pytest.mark.parametrize(
    ("name", "text", "value"),
    [
        ("rows", "7", 7),
        ("rows", "1e3", 1000),
        ("rate", "None", None),
        ("rate", "1e-3", 0.001),
        ("rate", "2", 2.0),
        ("title", "1", "1"),
        ("kind", "1", "1"),
        ("kind", "None", "None"),
        ("penalty", "3", 3),
        ("penalty", "l2", "l2"),
        ("layers", "4,5", [4, 5]),
        ("layers", "[4, 5]", [4, 5]),
        ("source", "other.csv", "other.csv"),
        ("day", "2026-02-03", "2026-02-03"),
        ("last", "9", 9),
        ("low", "2.5", 2.5),
        ("low", "null", None),
        ("is_first", "no", False),
        ("weights", "{a: 1}", {"a": 1.0}),
        ("strengths", "0.1,9", [0.1, 9]),
        ("strengths", "[1e-3]", [0.001]),
        ("columns", "01,02", ["01", "02"]),
        ("frame", "[1, x]", [1, "x"]),
        ("loud", "1", True),
        ("label", "5", "5"),
    ],
)
def test_text_of_the_command_line_becomes_what_the_type_says(name, text, value):
    found = checked(read_cell(CELL), {name: text}, are_texts=True)

    assert found == {name: value}
    assert type(found[name]) is type(value)


@pytest.mark.parametrize(
    ("name", "text"),
    [
        ("rows", "2.5"),
        ("rows", "nan"),
        ("rate", "fast"),
        ("penalty", "l3"),
        ("layers", "4,b"),
        ("day", "tomorrow"),
        ("low", "z"),
        ("is_first", "5"),
        ("weights", "5"),
        ("loud", "maybe"),
    ],
)
def test_text_that_can_be_no_value_of_the_type_is_refused(name, text):
    with pytest.raises(InvalidValueError, match=f"'{name}' is .*, and '{text}' is not"):
        checked(read_cell(CELL), {name: text}, are_texts=True)


@pytest.mark.parametrize(
    ("name", "value", "expected"),
    [
        ("rows", 3.0, 3),
        ("rate", 1, 1.0),
        ("source", Path("q.csv"), "q.csv"),
        ("day", date(2026, 2, 3), "2026-02-03"),
        ("layers", (1, 2), [1, 2]),
        ("kind", None, None),
        ("last", {"a": [1]}, {"a": [1]}),
        ("loud", "yes", True),
    ],
)
def test_values_of_python_and_yaml_are_taken_as_they_are(name, value, expected):
    assert checked(read_cell(CELL), {name: value}) == {name: expected}


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("rows", True),
        ("rows", "3"),
        ("rate", 10**400),
        ("kind", 1),
        ("loud", 1),
        ("loud", "1"),
        ("layers", [1, "x"]),
        ("columns", [1]),
        ("low", "x"),
    ],
)
def test_values_of_another_type_are_refused(name, value):
    with pytest.raises(InvalidValueError, match=f"'{name}' is "):
        checked(read_cell(CELL), {name: value})


def test_all_that_is_wrong_is_told_at_once_with_the_nearest_name():
    specs = read_cell("strength: float = 1.0\ndepth: int\nkind: str = 'a'")

    with pytest.raises(InvalidValueError) as refused:
        checked(specs, {"strenght": "1", "kind": "b", "strength": "much", "zzz": "1"}, are_texts=True)

    assert str(refused.value).splitlines() == [
        "There is no param 'strenght'. Did you mean 'strength'?",
        "There is no param 'zzz'. It has 'strength', 'depth', 'kind'.",
        "'strength' is a number (float), and 'much' is not.",
        "'depth' is missing: it has no default and wants a whole number.",
    ]


def test_only_those_named_as_texts_are_converted():
    found = checked(read_cell("a: int = 1\nb: str = 'x'"), {"a": "2", "b": "3"}, are_texts={"a"})

    assert found == {"a": 2, "b": "3"}


def test_special_numbers_are_values():
    found = checked(read_cell("rate = 0.5"), {"rate": "nan"}, are_texts=True)

    assert math.isnan(found["rate"])  # type: ignore[arg-type]  # it is a number, as is asserted


def test_params_for_a_notebook_without_a_parameters_cell_are_refused_with_how_to_make_one(tmp_path):
    path = notebook(tmp_path, "C = 1")
    content = json.loads(path.read_text())
    content["cells"][0]["metadata"] = {}
    path.write_text(json.dumps(content))

    specs = read_params(path)

    assert specs == []
    with pytest.raises(InvalidValueError, match=r"'C' can't be given\. .*the tag 'parameters'"):
        checked(specs, {"C": 1})


def test_parameters_cell_that_is_no_python_is_refused_with_its_line(tmp_path):
    with pytest.raises(InvalidValueError, match=r"The parameters cell of .*train\.ipynb can't be read: line 2"):
        read_params(notebook(tmp_path, "C = 1\nD = = 2"))


def test_notebook_in_another_language_takes_any_params(tmp_path):
    path = notebook(tmp_path, "x <- 1", kernelspec={"name": "ir", "language": "R"})

    found = checked(read_params(path), {"x": "2", "name": "1x"}, are_texts=True)

    assert found == {"x": 2, "name": "1x"}


def test_last_assignment_counts_and_keeps_the_type_of_an_earlier_annotation():
    (spec,) = read_cell("C: float = 1\nC = 2")

    assert (spec.wanted, spec.default, spec.type) == ("a number", 2, "float")


def test_notebook_of_jupyters_first_years_is_read_as_it_would_be_saved_today(tmp_path):
    cell = {"cell_type": "code", "input": "C: float = 1.0", "language": "python", "outputs": [], "collapsed": False}
    content = {"worksheets": [{"cells": [cell | {"metadata": {"tags": ["parameters"]}}]}], "metadata": {"name": ""}}
    path = tmp_path / "old.ipynb"
    path.write_text(json.dumps(content | {"nbformat": 3, "nbformat_minor": 0}))

    (spec,) = read_params(path)

    assert (spec.name, spec.type, spec.default) == ("C", "float", 1.0)
