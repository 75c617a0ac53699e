"""The page of a sweep: what it was, its figure, and a table of all trials, readable by itself."""

from __future__ import annotations

import re
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path

from trackbook.display.sweep_page import sweep_page
from trackbook.pipelines.sweeps.outcome import Outcome
from trackbook.pipelines.sweeps.space import Choices, Integers
from trackbook.pipelines.sweeps.spec import Sampler, Sweep
from trackbook.pipelines.sweeps.trials import Trial, TrialStatus

AT = datetime(2026, 11, 22, 4, 12, tzinfo=UTC)
TRIALS = (
    Trial(number=1, params={"kind": "</script>", "depth": 2}, status=TrialStatus.FINISHED, value=0.8, seconds=2.0),
    Trial(number=2, params={"kind": "b", "depth": 3}, status=TrialStatus.FINISHED, value=0.9, run_id="0trb0123456"),
    Trial(number=3, params={"kind": "b", "depth": 4}, status=TrialStatus.PRUNED, value=0.1),
    Trial(
        number=4,
        params={"kind": "b", "depth": 5},
        status=TrialStatus.FAILED,
        error="ValueError",
        message="depth < 5 is\nwanted",
        failed_cell=3,
    ),
)
OUTCOME = Outcome(
    sweep=Sweep(notebook=Path("/home/jo/train.ipynb"), metric="accuracy", is_maximized=True, params={"depth": "2..5"}),
    space={"kind": Choices(values=("</script>", "b")), "depth": Integers(low=2, high=5)},
    run_id="0trs0123456",
    run_name="sweep-calm-owl",
    metric="test.accuracy",
    trials=TRIALS,
    planned=6,
    sampler=Sampler.RANDOM,
    started_at=AT,
    finished_at=AT + timedelta(seconds=83),
    is_interrupted=True,
)


def page_of(outcome: Outcome = OUTCOME) -> str:
    return sweep_page(outcome).decode()


def facts_of(page: str) -> dict[str, str]:
    return dict(re.findall(r"<dt>(.*?)</dt><dd>(.*?)</dd>", page))


def rows_of(page: str) -> list[tuple[str, str, list[str]]]:
    found = re.findall(r'<tr data-trial="(\d+)" class="([\w ]+)">(.*?)</tr>', page)
    return [
        (number, kind, [re.sub("<.*?>", "", cell) for cell in re.findall(r"<td.*?>(.*?)</td>", cells)])
        for number, kind, cells in found
    ]


def test_the_head_tells_which_sweep_it_is_and_what_it_came_to():
    page = page_of(replace(OUTCOME, remark="train.ipynb has changed."))

    assert "<h1>train.ipynb by test.accuracy</h1>" in page
    assert facts_of(page) == {
        "Sweep": "sweep-calm-owl, run 0trs0123 (stopped)",
        "Best": "test.accuracy 0.9 with kind=b depth=3 (trial 2)",
        "Trials": "4 of 6: 2 finished, 1 pruned, 1 failed",
        "Tried": "kind: &lt;/script&gt;, b; depth: 2..5",
        "How": "Sampler random. More of test.accuracy is better. 6 of 8 combinations, as --trials says.",
        "When": "2026-11-22 04:12:00 UTC, 1 min 23 s long",
        "Note": "train.ipynb has changed.",
    }


def test_the_table_has_every_trial_the_best_first_and_why_one_failed():
    rows = rows_of(page_of())

    assert [(number, kind) for number, kind, _ in rows] == [
        *(("2", "finished best"), ("1", "finished"), ("3", "pruned"), ("4", "failed")),
    ]
    assert rows[0][2] == ["2", "b", "3", "0.9", "★ best", "—", "0trb0123", ""]
    assert rows[1][2][:6] == ["1", "&lt;/script&gt;", "2", "0.8", "finished", "2.0 s"]
    assert rows[3][2][3:5] == ["", "✗ failed"]
    assert rows[3][2][-1] == "ValueError: depth &lt; 5 is (cell 3)"


def test_the_page_of_a_sweep_that_only_failed_says_so_and_lists_its_trials():
    page = page_of(replace(OUTCOME, trials=TRIALS[3:]))

    assert facts_of(page)["Best"] == "No trial has finished with test.accuracy."
    assert [number for number, _, _ in rows_of(page)] == ["4"]
    assert page.count("data-places=") == 1


def test_a_trial_that_has_no_line_is_in_the_table():
    page = page_of(replace(OUTCOME, trials=(*TRIALS, Trial(number=5, params={}, status=TrialStatus.STOPPED))))

    assert rows_of(page)[-1][:2] == ("5", "stopped")
    assert page.count("data-places=") == 4


def test_without_a_param_that_varies_the_page_says_that_there_is_no_figure():
    page = page_of(replace(OUTCOME, space={"depth": Choices(values=(2,))}))

    assert "There is no figure" in page
    assert "<svg" not in page
    assert len(rows_of(page)) == 4


def test_the_page_is_small_and_needs_no_network_and_no_value_ends_its_script():
    page = page_of()

    assert len(page) < 20_000
    assert page.count("</script>") == 1
    assert re.findall(r"(?:src|href)=", page) == []
    assert "const top_ = 46, bottom = 400" in page
    assert "${rows.size} trials" in page
