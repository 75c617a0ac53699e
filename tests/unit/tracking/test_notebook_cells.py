from __future__ import annotations

import pytest
from trackbook.capture.notebook import SavedCell, SavedNotebook
from trackbook.tracking.notebook_cells import Cells, PythonCode


def saved(**sources: str) -> SavedNotebook:
    return SavedNotebook(
        cells=tuple(SavedCell(cell_id=name, source=source) for name, source in sources.items()), saved_at=2.0
    )


def test_cell_that_came_without_its_id_is_known_by_the_only_one_with_its_text() -> None:
    cells = Cells()
    cells.look_at(saved(cut="cut = 1", split="train = rows[:cut]"))

    assert cells.key("cut = 1\n", None) == cells.key("cut = 2", "cut") == "cut"
    assert cells.place("split", "train = rows[:cut]") == 1


def test_cells_of_one_text_are_told_apart_by_turn() -> None:
    cells = Cells()
    cells.look_at(saved(first="x += 1", second="x += 1"))

    keys = [cells.key("x += 1", None) for _ in range(3)]

    assert keys[0] == keys[2] != keys[1]
    assert [cells.place(key, "x += 1") for key in keys] == [0, 1, 0]


def test_what_a_console_sends_has_no_place_where_cells_come_with_ids() -> None:
    cells = Cells()
    cells.look_at(saved(cut="cut = 1"))
    cells.key("cut = 1", "cut")

    assert cells.place(cells.key("print(cut)", None), "print(cut)") is None


def test_edit_of_a_cell_that_came_without_its_id_is_seen_in_the_file() -> None:
    cells = Cells()
    cells.look_at(saved(cut="cut = 1"))
    cells.ran(cells.key("cut = 1", None), "cut = 1", 1.0)

    cells.look_at(saved(cut="cut = 5"))

    assert list(cells.saved().edited) == ["cut"]
    assert not cells.saved().deleted


@pytest.mark.parametrize(
    ("source", "outer"),
    [
        ("lags = [1, 24]\nfor l in lags:\n    df[l] = df.cnt.shift(l)", {"df"}),
        ("def clean(d):\n    return d.dropna()\n\ndf = clean(df)", {"df"}),
        ("for i in range(3):\n    total = total + i", {"range", "total"}),
        ("total = 0\nwhile total < top:\n    total += 1", {"top"}),
        ("with open(path) as file:\n    text = file.read()\nprint(text)", {"open", "path", "print"}),
        (
            "try:\n    a = 1\nexcept ValueError as error:\n    print(error)\nelse:\n    print(a)",
            {"ValueError", "print"},
        ),
        ("match point:\n    case [x, y]:\n        z = x + y + w", {"point", "w"}),
        ("if test:\n    a = 1\nelse:\n    a = 2\nb = a", {"test"}),
        ("x = x + 1\ny = x", {"x"}),
        ("n += 1", {"n"}),
    ],
)
def test_what_a_cell_makes_before_it_reads_it_is_not_expected_of_others(source: str, outer: set[str]) -> None:
    assert PythonCode().expected(source).reads == outer
