"""Files that a notebook reads are noted with what they held, and reach the datasets that they flow into."""

from __future__ import annotations

import hashlib
from collections.abc import Iterator
from pathlib import Path

import pandas as pd
import pytest
from IPython.core.interactiveshell import _modified_open

from tests.unit.cells import Cells, fits

FIT = "m = LogisticRegression().fit(t[['a', 'b']], t['y'])"


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    table = pd.DataFrame({"a": range(20), "b": [1.5, 2.5] * 10, "y": [0, 1] * 10})
    table.to_csv(tmp_path / "t.csv", index=False)
    table.to_pickle(tmp_path / "t.pkl")
    table.to_json(tmp_path / "t.json")
    return tmp_path


@pytest.fixture
def cells(folder: Path) -> Iterator[Cells]:
    with Cells() as found:
        found.variables |= {"folder": folder, "open": _modified_open}  # IPython gives its cells this one
        found.events(
            "import io, json, pickle\nfrom pathlib import Path\nimport joblib\nimport numpy as np\n"
            "import pandas as pd\nfrom sklearn.linear_model import LogisticRegression\n"
            "from sklearn.model_selection import train_test_split"
        )
        yield found


WAYS = {
    "read_csv": ["t = pd.read_csv(folder / 't.csv')"],
    "as text": ["t = pd.read_csv(str(folder / 't.csv'))"],
    "by keyword": ["t = pd.read_csv(filepath_or_buffer=folder / 't.csv')"],
    "imported before": ["from pandas import read_csv as rc\nt = rc(folder / 't.csv')"],
    "pickle": ["t = pd.read_pickle(folder / 't.pkl')"],
    "json": ["t = pd.read_json(folder / 't.json')"],
    "an open file": ["with open(folder / 't.csv') as f:\n    t = pd.read_csv(f)"],
    "Path.open": ["with (folder / 't.csv').open() as f:\n    t = pd.read_csv(f)"],
    "Path.read_text": ["text = (folder / 't.csv').read_text()\nt = pd.read_csv(io.StringIO(text))"],
    "Path.read_bytes": ["t = pd.read_csv(io.BytesIO((folder / 't.csv').read_bytes()))"],
    "in an earlier cell": ["raw = pd.read_csv(folder / 't.csv')", "t = raw.dropna()"],
    "in a function": ["def load(path):\n    return pd.read_csv(path)\nt = load(folder / 't.csv')"],
    "changed on the way": ["raw = pd.read_csv(folder / 't.csv')", "t = raw[raw.a > 0].assign(c=1).copy()"],
    "numpy": [
        "raw = np.loadtxt(folder / 't.csv', delimiter=',', skiprows=1)\nt = pd.DataFrame(raw, columns=list('aby'))"
    ],
    "joblib": ["t = joblib.load(folder / 't.pkl')"],
    "pickle.load": ["with open(folder / 't.pkl', 'rb') as f:\n    t = pickle.load(f)"],
    "a comprehension": ["t = pd.concat([pd.read_csv(p) for p in [folder / 't.csv']])"],
}


@pytest.mark.parametrize("way", WAYS)
def test_file_is_noted_with_the_data_it_became(way: str, cells: Cells, folder: Path) -> None:
    (event,) = fits(cells.events(*WAYS[way], FIT))

    files = {file for use in event.data for file in use.files}
    (file,) = files
    content = (folder / Path(file.path).name).read_bytes()
    assert Path(file.path).parent == folder
    assert (file.size, file.digest) == (len(content), hashlib.sha256(content).hexdigest())


def test_two_files_are_both_noted(cells: Cells, folder: Path) -> None:
    (folder / "u.csv").write_text((folder / "t.csv").read_text().replace("1.5", "3.5"))

    (event,) = fits(cells.events("t = pd.concat([pd.read_csv(folder / 't.csv'), pd.read_csv(folder / 'u.csv')])", FIT))

    assert {Path(file.path).name for use in event.data for file in use.files} == {"t.csv", "u.csv"}


def test_file_that_flows_into_nothing_is_not_noted(cells: Cells, folder: Path) -> None:
    (event,) = fits(cells.events("t = pd.read_csv(folder / 't.csv')\nother = pd.read_json(folder / 't.json')", FIT))

    assert {Path(file.path).name for use in event.data for file in use.files} == {"t.csv"}


def test_parts_of_a_split_know_their_file(cells: Cells) -> None:
    (event,) = fits(
        cells.events(
            "t = pd.read_csv(folder / 't.csv')",
            "A, B, u, v = train_test_split(t[['a', 'b']], t['y'], random_state=0)",
            "m = LogisticRegression().fit(A, u)",
        )
    )

    assert {Path(file.path).name for use in event.data for file in use.files} == {"t.csv"}


TABLE = "t = pd.DataFrame({'a': [1, 2], 'b': [1, 2], 'y': [0, 1]})"
NO_FILES = [
    "t = pd.read_csv(io.StringIO('a,b,y\\n1,2,0\\n3,4,1'))",
    "with open(folder / 'n.txt', 'w') as f:\n    f.write('x')\n" + TABLE,
    "(folder / 'new.txt').write_text('x')\n" + TABLE,
]


@pytest.mark.parametrize("source", NO_FILES)
def test_what_is_no_file_that_was_read_is_not_noted(source: str, cells: Cells) -> None:
    (event,) = fits(cells.events(source, FIT))

    assert [file for use in event.data for file in use.files] == []


FAILING = [
    "pd.read_csv(folder / 'gone.csv')",
    "open(folder / 'gone.csv')",
    "pd.read_csv()",
    "(folder / 'gone').read_text()",
]


@pytest.mark.parametrize("source", FAILING)
def test_read_that_fails_fails_as_it_did(source: str, cells: Cells) -> None:
    cells.run(source)

    assert isinstance(cells.error, FileNotFoundError | TypeError)
