"""What the README shows is what happens."""

from __future__ import annotations

import re
from pathlib import Path

import nbformat
import pytest
from click.testing import CliRunner
from trackbook.config import Settings
from trackbook.store import RunFilter, open_store
from trackbook.tracking.query import parse

from .readme import ROOT, TEXT, blocks, run_cells, section

LOAD, FIT, RUNS, COMPARE, WHY, REPRODUCE = blocks("ipython")
SHOWN_RUNS, SHOWN_COMPARISON, SHOWN_REPRODUCTION, SHOWN_PLAN = blocks("text")
(PIPELINE,) = blocks("yaml")
DATA, API, INTEGRATION = blocks("python")
WANDERING = re.compile(r"\b[0-9a-hj-km-np-tv-z]{8}\b|\b[\d.]+ m?s\b|\b[a-z]+-[a-z]+\b")  # ids, durations, names
NEWEST_NAMES = "import trackbook; later, earlier = trackbook.runs(limit=2)['name']"


def steady(text: str) -> list[list[str]]:
    """Return the words of each line, with one word for what differs from run to run."""
    return [WANDERING.sub("~", line).split() for line in text.strip().splitlines()]


def test_the_first_example_prints_what_the_readme_shows(tmp_path):
    compare = re.sub(r"compare .*", "compare {earlier} {later}", COMPARE)

    cells = [LOAD, FIT, FIT.replace("0.01", "1.0"), RUNS, NEWEST_NAMES, compare, REPRODUCE]
    printed = run_cells(cells, tmp_path)

    assert steady(printed[3]) == steady(SHOWN_RUNS)
    # How many rows are the same depends on the packages that are installed.
    assert steady(printed[5])[:-1] == steady(SHOWN_COMPARISON)[:-1]
    assert steady(printed[6])[-len(steady(SHOWN_REPRODUCTION)) :] == steady(SHOWN_REPRODUCTION)


def test_the_question_why_is_answered_down_to_the_constant(tmp_path):
    *_, printed = run_cells([LOAD, FIT, WHY], tmp_path)

    assert printed.startswith("test.accuracy = 0.822222")
    assert "[2] line 1: C = 0.01" in printed


def test_every_query_of_the_readme_can_be_read():
    queries = re.findall(r"^trackbook runs '(.*)'$", TEXT, flags=re.MULTILINE)

    assert len(queries) == 2
    assert [parse(query) for query in queries]


def test_the_comparison_names_the_runs_of_the_list():
    names = COMPARE.split()[2:]

    assert all(name in SHOWN_RUNS and name in SHOWN_COMPARISON for name in names)
    assert SHOWN_REPRODUCTION.split()[0] in names


def test_the_python_example_works_after_the_first_one(tmp_path):
    *_, printed = run_cells([LOAD, FIT, "C = 1.0", FIT.partition("\n")[2], API], tmp_path)

    assert printed.startswith("1.0 0.9111111111111111 FINISHED\n")
    assert "LogisticRegression(C=C)" in printed
    with_store = open_store(tmp_path / "store")
    by_hand = next(detail for detail in with_store.runs(RunFilter()) if detail.run.name == "by-hand")
    with_store.close()
    assert (by_hand.params, by_hand.tags) == ({"window": 7}, {"owner": "ana"})
    assert by_hand.metrics["loss"].value == pytest.approx(1 / 3)


def test_the_example_of_datasets_publishes_loads_and_lists(tmp_path):
    table = "import pandas as pd\ntable = pd.DataFrame({'age': [30, 40], 'city': ['Rome', 'Oslo'], 'id': [1, 2]})"

    printed = run_cells(["%load_ext trackbook", table, DATA, "trackbook.load('customers').equals(table)"], tmp_path)

    assert "customers" in printed[2]
    assert printed[3].split()[-1] == "True"


def test_the_plan_of_the_pipeline_is_what_the_readme_shows(tmp_path, monkeypatch):
    from trackbook.cli import cli

    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("TRACKBOOK_STORE", str(tmp_path / "store"))
    (tmp_path / "pipeline.yaml").write_text(PIPELINE)
    _write_step("prepare", "import trackbook\ntrackbook.publish([1], 'flowers')")
    _write_step("train", "C: float = 1.0", "import trackbook\nflowers = trackbook.load('flowers')")

    result = CliRunner().invoke(cli, ["pipeline", "plan"])

    assert result.exit_code == 0, result.output
    assert [line.split() for line in result.stdout.splitlines()] == [line.split() for line in SHOWN_PLAN.splitlines()]


def _write_step(name: str, *sources: str) -> None:
    notebook = nbformat.v4.new_notebook(cells=[nbformat.v4.new_code_cell(source) for source in sources])
    notebook.cells[0].metadata.tags = ["parameters"]
    nbformat.write(notebook, f"{name}.ipynb")


@pytest.fixture(scope="module")
def minimized(tmp_path_factory):
    """The runs of a notebook that uses the integration of the README, installed as a distribution of its own."""
    folder = tmp_path_factory.mktemp("integration")
    install(folder / "installed")
    cells = [
        "%load_ext trackbook\nfrom scipy.optimize import minimize",
        "start = [0.0, 5.0]\ndef bowl(x):\n    return ((x - 3.0) ** 2).sum()",
        "best = minimize(bowl, start, method='Nelder-Mead')",
        "def broken(x):\n    raise ValueError('no')",
        "try:\n    minimize(broken, start)\nexcept ValueError:\n    pass",
        "%track --faults",
    ]
    *_, faults = run_cells(cells, folder, folder / "installed")
    assert faults.strip() == "Trackbook failed at nothing in this session."
    store = open_store(folder / "store")
    found = list(store.runs(RunFilter(oldest_first=True)))
    store.close()
    return found


def install(folder: Path) -> None:
    """Put the integration where Python finds it, with the entry point that the README declares."""
    entry = re.search(r'^(\w+) = "(\w+:\w+)"$', blocks("toml")[0], flags=re.MULTILINE)
    assert entry is not None
    about = folder / "trackbook_scipy-1.0.dist-info"
    about.mkdir(parents=True)
    (folder / f"{entry[2].partition(':')[0]}.py").write_text(INTEGRATION)
    (about / "METADATA").write_text("Metadata-Version: 2.1\nName: trackbook-scipy\nVersion: 1.0\n")
    (about / "entry_points.txt").write_text(f"[trackbook.integrations]\n{entry[1]} = {entry[2]}\n")


def test_the_integration_makes_a_run_of_a_call(minimized):
    first = minimized[0]

    assert first.run.status == "FINISHED"
    assert dict(first.params) == {"start": [0.0, 5.0], "method": "Nelder-Mead"}
    assert set(first.metrics) == {"fun", "nit"}
    assert first.metrics["fun"].value < 1e-6


def test_the_integration_makes_a_failed_run_of_a_call_that_raises(minimized):
    assert [detail.run.status for detail in minimized] == ["FINISHED", "FAILED"]
    assert not minimized[1].metrics


def test_the_integration_is_as_short_as_the_readme_promises():
    assert len(INTEGRATION.splitlines()) < 40


def test_set_up_is_two_commands_that_the_makefile_has():
    commands = [line.split("  ")[0] for line in blocks("bash")[0].splitlines()]
    makefile = (ROOT / "Makefile").read_text()

    assert commands == ["make demo", "make test"]
    for target in re.findall(r"`make (\w+)`", TEXT):
        assert re.search(rf"^{target}:", makefile, flags=re.MULTILINE), target


def test_every_setting_is_in_the_table_with_its_variable_and_default():
    table = section("Settings")

    for name, trait in Settings.class_traits().items():
        row = next(
            (line for line in table.splitlines() if line.startswith(f"| `{name}` | `TRACKBOOK_{name.upper()}` |")), ""
        )
        assert row, name
        default = trait.default_value
        assert not default or f"({default:g})" in row or f"({default})" in row


def test_every_link_within_the_repository_leads_somewhere():
    links = re.findall(r"\]\(([^)]+)\)", TEXT)
    anchors = {
        re.sub(r"[^\w -]", "", title).lower().replace(" ", "-") for title in re.findall(r"^#+ (.*)$", TEXT, re.M)
    }

    for link in links:
        assert link.startswith("https://") or (link[1:] in anchors if link[0] == "#" else (ROOT / link).exists()), link


def test_every_subcommand_of_the_magic_is_in_the_readme():
    from trackbook.magics.track import track

    assert [name for name in track.commands if f"%track {name}" not in TEXT] == []


def test_every_command_of_the_command_line_is_in_the_readme():
    from trackbook.cli import cli
    from trackbook.cli.loading import load_all

    load_all()

    assert [name for name in cli.commands if f"trackbook {name}" not in TEXT] == []
