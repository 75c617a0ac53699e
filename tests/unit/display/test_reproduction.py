from __future__ import annotations

import json
from datetime import UTC, datetime

import pytest
from trackbook.display.reproduction import reproduction_payload, show_reproduction
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
