from __future__ import annotations

import json
from datetime import UTC, datetime

import pytest
from trackbook.display.payload import run_payload
from trackbook.display.reproduction import reproduction_payload, show_reproduction
from trackbook.display.run import show_run
from trackbook.display.shown import Look
from trackbook.records import ComparedKind, Comparison, Reproduction, ReproductionVerdict, Run, RunDetail

AT = datetime(2026, 1, 2, 3, 4, tzinfo=UTC)
RUN = RunDetail(run=Run(run_id="0123456789", name="calm-otter", experiment="e", session_id="s", started_at=AT))


def reproduction(**changes: object) -> Reproduction:
    same = Comparison(kind=ComparedKind.METRIC, key="f1", expected=0.5, found=0.5, is_same=True, is_exact=True)
    other = Comparison(kind=ComparedKind.METRIC, key="loss", expected=float("nan"), found=None, is_same=False)
    known: dict[str, object] = {
        "reproduction_id": "r",
        "run_id": "0123456789",
        "at": AT,
        "verdict": ReproductionVerdict.DIFFERENT,
        "reason": "Two fresh kernels agree, and differ from the run: <b>loss</b> is not made.",
        "seconds": 3.5,
        "comparisons": (same, other),
        "first_difference": {"kind": "metric", "key": "loss", "cell": 3, "line": 1, "code": "log('loss', x < 1)"},
        "details": {"kernels": 2, "chances": ["the clock (time.time) in cell [3]"]},
    }
    return Reproduction(**(known | changes))  # type: ignore[arg-type]  # each is of its field's type


def test_text_says_the_verdict_then_what_is_not_the_same() -> None:
    text = show_reproduction(reproduction(), RUN).text

    lines = text.splitlines()
    assert "calm-otter" in lines[0]
    assert "different" in lines[0]
    assert text.index("loss ") < text.index("f1")
    assert "not made" in text
    assert "the same" in text
    assert "log('loss', x < 1)" in text
    assert "the clock (time.time) in cell [3]" in text


def test_what_parted_is_named_in_the_words_of_the_table() -> None:
    begin = {"kind": "prediction", "key": "model.importances", "cell": 6, "line": 3, "code": "model.fit(X, y)"}

    assert (
        "The first difference: model.importances, in cell [6]"
        in show_reproduction(reproduction(first_difference=begin), RUN).text
    )


def test_missing_seed_is_named_once_and_other_doubts_stay() -> None:
    notes = ["Randomness came in without a seed (Ridge()): numbers may differ each time.", "Nobody saw x."]
    chances = ["Ridge() without a seed in cell [6]"]

    text = show_reproduction(reproduction(details={"chances": chances, "notes": notes}), RUN).text
    alone = show_reproduction(reproduction(details={"chances": chances, "notes": notes[:1]}), RUN).text

    assert "Randomness" not in text
    assert "Nobody saw x." in text
    assert "not sure" not in alone


def test_page_escapes_what_people_wrote() -> None:
    page = show_reproduction(reproduction(), RUN).html

    assert "<b>loss</b>" not in page
    assert "&lt;b&gt;loss&lt;/b&gt;" in page


@pytest.mark.parametrize("verdict", [*ReproductionVerdict])
def test_every_verdict_is_shown_by_its_word(verdict: ReproductionVerdict) -> None:
    bare = reproduction(verdict=verdict, comparisons=(), first_difference=None, details={})

    assert verdict.value in show_reproduction(bare, RUN).text


def test_json_is_strict_and_whole() -> None:
    payload = reproduction_payload(reproduction())

    text = json.dumps(payload, allow_nan=False)
    assert json.loads(text)["verdict"] == "different"
    assert [each["expected"] for each in json.loads(text)["comparisons"]] == [0.5, "NaN"]


def test_of_many_values_the_first_other_one_is_named() -> None:
    was: dict[str, object] = {"predict": [0, 1, 1], "predict_proba": [[0.25, 0.75]]}
    learned = comparison(ComparedKind.PREDICTION, "model.coefficients", was, was)
    predicted = comparison(ComparedKind.PREDICTION, "model.predictions", was, was | {"predict": [0, 2, 0]})
    table = comparison(ComparedKind.SNAPSHOT, "X", "c33b9a47fc60", "d44b9a47fc60")

    rows = show_reproduction(reproduction(comparisons=(learned, predicted, table)), RUN).text.splitlines()[2:]

    words = {line.split()[2]: line.split()[3:] for line in rows if line[:1] in "✓✗"}
    assert words["model.coefficients"] == ["5", "values", "the", "same"]
    assert words["model.predictions"] == ["predict[1]:", "1", "2,", "and", "1", "more", "of", "5"]
    assert words["X"] == ["c33b9a47", "d44b9a47"]


@pytest.mark.parametrize(("kernels", "is_said"), [(1, False), (2, True)])
def test_only_a_second_kernel_is_worth_a_word(kernels: int, is_said: bool) -> None:
    text = show_reproduction(reproduction(details={"kernels": kernels}), RUN).text

    assert ("fresh kernels  2" in text) is is_said


def test_what_was_not_made_is_said_so() -> None:
    missing = comparison(ComparedKind.PREDICTION, "model.coefficients", {"0": [1.5, 2.5]}, None)

    text = show_reproduction(reproduction(comparisons=(missing,)), RUN).text

    assert "2 values" in text
    assert "not made" in text


def test_a_run_tells_how_it_came_out_the_last_time_and_before() -> None:
    found = [reproduction(verdict=verdict) for verdict in (ReproductionVerdict.FAILED, ReproductionVerdict.EXACT)]

    once = show_run(RUN, Look(now=AT), reproductions=found[1:]).text
    twice = show_run(RUN, Look(now=AT), reproductions=found).text

    assert "Reproduced  ✓ exact  just now\n" in once
    assert "Reproduced  ✓ exact  just now; before: failed once\n" in twice
    assert "Reproduced" not in show_run(RUN).text


def test_json_of_a_run_has_its_reproductions() -> None:
    payload = run_payload(RUN, reproductions=[reproduction()])

    assert [each["verdict"] for each in payload["reproductions"]] == ["different"]
    assert run_payload(RUN)["reproductions"] is None


def comparison(kind: ComparedKind, key: str, expected: object, found: object) -> Comparison:
    is_same = expected == found
    return Comparison(kind=kind, key=key, expected=expected, found=found, is_same=is_same, is_exact=is_same)
