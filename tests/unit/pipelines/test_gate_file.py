"""gate.yaml: what it may hold, and how its mistakes are answered; its schema says the same."""

from __future__ import annotations

import json
import textwrap
from pathlib import Path

import jsonschema
import pytest
import yaml
from trackbook.errors import InvalidValueError
from trackbook.pipelines.gates.file import Gate, read_gate, schema_text
from trackbook.pipelines.gates.metrics import Wanted, Which
from trackbook.pipelines.gates.not_worse import NotWorse
from trackbook.pipelines.gates.notebooks import OutputsStay
from trackbook.pipelines.gates.reproduced import Reproduced
from trackbook.pipelines.gates.thresholds import Bound, Threshold
from trackbook.pipelines.gates.whole import EXAMPLES

WHOLE = """
    thresholds:
      - test.accuracy >= 0.9
      - {metric: f1, at_least: 0.8, at_most: 1, step: evaluate, of: best}
    not_worse_than:
      - run: calm-owl
        metrics: [accuracy, log_loss]
        margin: 0.01
      - {run: churn, metric: lift, better: higher, allow_unpaired: true, trust: "some.Type,b.C"}
    checks: [columns, ranges]
    verdict: clean
    reproduced: {verdict: within tolerance, tolerance: 1e-6, run: true}
    max_seconds: 600
    nbval: {notebooks: "*.ipynb", lax: true, cell_timeout: 30}
"""


def write(folder: Path, text: str) -> Path:
    path = folder / "gate.yaml"
    path.write_text(textwrap.dedent(text), encoding="utf-8")
    return path


def read(folder: Path, text: str) -> Gate:
    return read_gate(write(folder, text))


def mistakes(folder: Path, text: str) -> str:
    with pytest.raises(InvalidValueError) as caught:
        read(folder, text)
    return str(caught.value)


def is_valid(text: str) -> bool:
    validator = jsonschema.Draft202012Validator(json.loads(schema_text()))
    return validator.is_valid(yaml.safe_load(textwrap.dedent(text).replace("1e-6", "0.000001")))


def test_file_with_every_rule_is_read_as_written(tmp_path: Path) -> None:
    (tmp_path / "report.ipynb").write_text("{}", encoding="utf-8")

    rules = read(tmp_path, WHOLE).rules

    assert [rule.name for rule in rules] == [
        *("status", "thresholds", "thresholds", "not_worse_than", "not_worse_than", "not_worse_than"),
        *("checks", "verdict", "reproduced", "max_seconds", "nbval"),
    ]
    assert rules[1] == Threshold(wanted=Wanted(metric="test.accuracy"), bounds=(Bound(">=", 0.9),))
    assert rules[2] == Threshold(
        wanted=Wanted(metric="f1", step="evaluate", which=Which.BEST), bounds=(Bound(">=", 0.8), Bound("<=", 1.0))
    )
    assert rules[4] == NotWorse(reference="calm-owl", wanted=Wanted(metric="log_loss"), margin=0.01)
    assert isinstance(rules[5], NotWorse)
    assert (rules[5].is_higher_better, rules[5].allow_unpaired, rules[5].trust) == (True, True, ("some.Type", "b.C"))
    assert isinstance(rules[8], Reproduced)
    assert (rules[8].verdict, rules[8].tolerance, rules[8].is_run) == ("within tolerance", 1e-6, True)
    assert rules[10] == OutputsStay(notebooks=(tmp_path / "report.ipynb",), is_lax=True, cell_timeout=30.0)
    assert is_valid(WHOLE)


@pytest.mark.parametrize(
    ("text", "bounds"),
    [
        ("thresholds: {accuracy: '>= 0.9'}", (Bound(">=", 0.9),)),
        ("thresholds: {accuracy: '>= 0.5 and < 1e0'}", (Bound(">=", 0.5), Bound("<", 1.0))),
        ("thresholds: {accuracy: {at_most: -3}}", (Bound("<=", -3.0),)),
        ("thresholds: [accuracy>=0.9]", (Bound(">=", 0.9),)),
        ("thresholds: [accuracy == 1]", (Bound("=", 1.0),)),
        ("thresholds: ['accuracy ≤ 12.5']", (Bound("<=", 12.5),)),
    ],
)
def test_thresholds_are_written_in_several_ways(tmp_path: Path, text: str, bounds: tuple[Bound, ...]) -> None:
    (_, rule) = read(tmp_path, text).rules

    assert rule == Threshold(wanted=Wanted(metric="accuracy"), bounds=bounds)
    assert is_valid(text)


@pytest.mark.parametrize(
    ("text", "told"),
    [
        ("treshold: [a > 1]", "line 1: there is no 'treshold'. Did you mean 'thresholds'?"),
        ("thresholds: {accuracy: 0.9}", "doesn't say which way. Write accuracy: '>= 0.9' or '<= 0.9'"),
        ("thresholds: [accuracy]", "'accuracy' is no threshold. Write one such as accuracy >= 0.9"),
        ("thresholds: [accuracy >= high]", "'>= high' is no bound"),
        ("thresholds: [accuracy >= nan]", "'>= nan' is no bound"),
        (
            "thresholds: [{metric: accuracy, at_lest: 1}]",
            "there is no 'at_lest' in thresholds. Did you mean 'at_least'?",
        ),
        (
            "thresholds: [{metric: accuracy}]",
            "or 'at_most'. Write such as {metric: accuracy, at_least: 0.9}",
        ),
        ("thresholds: {f1: {of: best}}", "lacks 'at_least' or 'at_most'. Write such as f1: {at_least: 0.9, of: best}"),
        ("thresholds: {f1: }", "the threshold of f1 lacks its bound. Write such as f1: '>= 0.9'"),
        (
            "thresholds: [{at_least: 0.9}]",
            "lacks 'metric'. Write such as {metric: test.accuracy, at_least: 0.9}",
        ),
        ("thresholds: [{step: fit}]", "Write such as {metric: test.accuracy, at_least: 0.9, step: fit}"),
        ("thresholds: []", "thresholds says nothing. Write such as thresholds: [test.accuracy >= 0.9]"),
        ("thresholds: accuracy", "thresholds is a list. Write such as thresholds: [test.accuracy >= 0.9]"),
        ("thresholds: [{metric: a, at_least: 1, of: beast}]", "Did you mean 'best'?"),
        ("not_worse_than: {metric: accuracy}", "Write such as not_worse_than: {run: RUN, metric: accuracy}"),
        ("not_worse_than: {metric: lift}", "Write such as not_worse_than: {run: RUN, metric: lift, better: higher}"),
        ("not_worse_than: {run: , metric: f1}", "lacks 'run' (the run or pipeline to compare with). Write such as"),
        ("not_worse_than: {metrics: [f1, lift]}", "{run: RUN, metrics: [f1, lift], better: higher}"),
        ("not_worse_than: {margin: 0.1}", "Write such as not_worse_than: {run: RUN, metric: accuracy, margin: 0.1}"),
        ("not_worse_than: {run: calm-owl}", "Write such as not_worse_than: {run: calm-owl, metric: accuracy}"),
        (
            "not_worse_than: {run: a, metric: lift}",
            "'better: higher' or 'better: lower': not_worse_than: {run: a, metric: lift, better: higher}",
        ),
        ("not_worse_than: {run: a, metric: f1, margin: -1}", "a number of at least 0 is needed, and not '-1'"),
        ("not_worse_than: {run: a, metric: f1, allow_unpaired: 1}", "true or false is needed, and not '1'"),
        ("not_worse_than: {run: a, metric: f1, allow_unpaird: true}", "Did you mean 'allow_unpaired'?"),
        ("not_worse_than: []", "says nothing. Write such as not_worse_than: {run: RUN, metric: accuracy}"),
        ("not_worse_than: calm-owl", "Write such as not_worse_than: {run: calm-owl, metric: accuracy}"),
        ("not_worse_than: [calm-owl]", "lacks 'metric', which no threshold names. Write"),
        ("checks: pased", "Did you mean 'passed'?"),
        ("checks: []", "checks says nothing. Write such as checks: passed"),
        ("verdict: true", "It is clean"),
        ("reproduced: {verdict: exat}", "Did you mean 'exact'?"),
        ("reproduced: {tolerance: 2}", "a number between 0 and 0.999 is needed"),
        ("max_seconds: soon", "a number is needed, and not 'soon'"),
        ("nbval: {lax: true}", "nbval lacks 'notebooks'. Write such as nbval: {notebooks: '*.ipynb', lax: true}"),
        ("nbval: {notebooks: [], lax: true}", "the list is empty"),
        ("{}", "there is no rule"),
        ("- accuracy", "the file takes keys such as 'thresholds', and not a list"),
    ],
)
def test_mistake_is_answered_with_its_line_and_how_to_go_on(tmp_path: Path, text: str, told: str) -> None:
    found = mistakes(tmp_path, text)

    assert told in found
    assert "gate.yaml, line 1: " in found
    assert "nan" in text or "high" in text or "lift" in text or not is_valid(text)


@pytest.mark.parametrize("text", ["calm-owl", "[calm-owl]", "{run: calm-owl}"])
def test_another_run_is_compared_by_the_metrics_of_the_thresholds(tmp_path: Path, text: str) -> None:
    whole = f"not_worse_than: {text}\nthresholds: [accuracy >= 0.9, {{metric: f1, at_least: 0.8, step: evaluate}}]\n"

    rules = read(tmp_path, whole).rules

    assert rules[1:3] == (
        NotWorse(reference="calm-owl", wanted=Wanted(metric="accuracy")),
        NotWorse(reference="calm-owl", wanted=Wanted(metric="f1", step="evaluate")),
    )
    assert is_valid(whole)


@pytest.mark.parametrize("name", EXAMPLES)
def test_rule_that_says_nothing_is_answered_once_with_a_whole_one_that_is_right(tmp_path: Path, name: str) -> None:
    (tmp_path / "own.ipynb").write_text("{}", encoding="utf-8")

    found = mistakes(tmp_path, f"{name}:")

    (line,) = found.splitlines()
    assert line.endswith(f"line 1: {name} says nothing. Write such as {EXAMPLES[name]}")
    assert len(read(tmp_path, EXAMPLES[name]).rules) == 2
    assert is_valid(EXAMPLES[name])


@pytest.mark.parametrize(
    "text",
    ["not_worse_than: {margin: 0.1}", "not_worse_than: {metric: lift}", "nbval: {lax: true}", "not_worse_than: a b"],
)
def test_rule_that_lacks_something_is_right_as_the_answer_writes_it(tmp_path: Path, text: str) -> None:
    (tmp_path / "own.ipynb").write_text("{}", encoding="utf-8")

    found = mistakes(tmp_path, text)

    written = found.splitlines()[0].partition("Write such as ")[2]
    assert len(read(tmp_path, written).rules) == 2
    assert is_valid(written)


@pytest.mark.parametrize(
    ("text", "told"),
    [
        ("thresholds: {accuracy: {min: 0.7}}", "'min' in thresholds.accuracy. Did you mean 'at_least'?"),
        ("thresholds: [{metric: loss, max: 1}]", "'max' in thresholds. Did you mean 'at_most'?"),
    ],
)
def test_other_words_for_a_bound_are_answered_once(tmp_path: Path, text: str, told: str) -> None:
    found = mistakes(tmp_path, text)

    assert told in found
    assert len(found.splitlines()) == 1


def test_notebook_that_is_not_there_is_answered_with_the_nearest(tmp_path: Path) -> None:
    (tmp_path / "report.ipynb").write_text("{}", encoding="utf-8")

    found = mistakes(tmp_path, "nbval: [raport.ipynb]")

    assert "there is no notebook raport.ipynb" in found
    assert "Did you mean 'report.ipynb'?" in found


def test_all_mistakes_are_told_at_once_in_the_order_of_the_lines(tmp_path: Path) -> None:
    text = """
        max_seconds: -1
        thresholds:
          - accuracy
        verdict: dirty
        verdict: clean
    """

    lines = mistakes(tmp_path, text).splitlines()

    places = [line.partition("gate.yaml, ")[2].partition(":")[0] for line in lines]
    assert places == ["line 2", "line 4", "line 5", "line 6"]


def test_bound_without_quotes_is_answered_with_quotes(tmp_path: Path) -> None:
    assert "Put a bound in quotes: '>= 0.9'" in mistakes(tmp_path, "thresholds:\n  accuracy: >= 0.9\n")


@pytest.mark.parametrize("content", [b"", b"# nothing yet\n", b"\xff\xfe", b"a: [", b"\tverdict: clean"])
def test_file_without_rules_is_refused(tmp_path: Path, content: bytes) -> None:
    path = tmp_path / "gate.yaml"
    path.write_bytes(content)

    with pytest.raises(InvalidValueError, match=r"gate\.yaml"):
        read_gate(path)


def test_missing_file_is_named(tmp_path: Path) -> None:
    with pytest.raises(InvalidValueError, match=r"none\.yaml' can't be read: No such file"):
        read_gate(tmp_path / "none.yaml")


def test_schema_is_one_and_knows_the_same_keys_as_the_reader(tmp_path: Path) -> None:
    schema = json.loads(schema_text())

    jsonschema.Draft202012Validator.check_schema(schema)
    told = mistakes(tmp_path, "zzz: 1")
    assert all(key in told for key in schema["properties"])
    told = mistakes(tmp_path, "not_worse_than: {zzz: 1}")
    assert all(key in told for key in schema["$defs"]["not_worse_than"]["properties"])
