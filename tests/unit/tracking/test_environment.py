"""Environments are told apart by what matters first, and written such that tools make them again."""

from __future__ import annotations

import json
import tomllib
from collections.abc import Mapping
from dataclasses import replace
from datetime import UTC, datetime

import pytest
from trackbook.records import Environment, Execution, Outcome, Process, Run, RunDetail, RunStatus, Session, Statement
from trackbook.store import Batch, MemoryStore
from trackbook.store.contract import RunChange, RunFilter
from trackbook.tracking.environment import (
    Policy,
    Weight,
    check_environment,
    differences,
    environment_of,
    same_version,
    sentence_of,
    with_needs,
)
from trackbook.tracking.environment_files import environment_files
from trackbook.tracking.used_packages import imported_roots, used_packages

AT = datetime(2026, 1, 2, 3, 4, tzinfo=UTC)
PACKAGES = {
    "numpy": "1.26.4",
    "scikit-learn": "1.4.0",
    "Rich": "13.7",
    "joblib": "1.3",
    "pip": "24.0",
    "mine": "0.1",
    "fork": "2.0",
    "torch": "2.3.0+cu121",
    "built": "1.0+local1",
}
THEN = Environment(
    environment_id="then",
    python="3.11.4",
    implementation="CPython",
    platform="Linux-6.1",
    machine="x86_64",
    packages=PACKAGES,
    origins={"mine": "editable file:///home/me/mine", "fork": "git+https://host/fork@abc"},
    requires={"scikit-learn": ("joblib", "numpy"), "joblib": ("scikit-learn",)},
)
RUN = Run(
    run_id="0123456789ab",
    session_id="s",
    experiment="e",
    name="brave-otter",
    status=RunStatus.FINISHED,
    started_at=AT,
    environment_id="then",
)


def here(packages: Mapping[str, str | None] | None = None, **facts: str) -> Environment:
    changed = {**PACKAGES, **(packages or {})}
    kept = {name: version for name, version in changed.items() if version is not None}
    return replace(THEN, environment_id="here", packages=kept, **facts)  # type: ignore[arg-type]  # texts alone


# What differs


def test_same_environment_differs_in_nothing_whatever_else_is_installed_here() -> None:
    found = check_environment(THEN, here({"newcomer": "1"}, platform="Linux-5.15"), Policy.STRICT)

    assert found.differences == ()
    assert not found.is_refused
    assert found.sentence == ""


def test_gravest_differences_stand_first() -> None:
    other = here({"Rich": "14.0", "joblib": "1.4", "scikit-learn": None}, python="3.12.1", machine="arm64")

    found = differences(THEN, other, used=["Scikit_learn"])

    assert [(each.name, each.weight) for each in found] == [
        ("Python", Weight.PYTHON),
        ("processor", Weight.MACHINE),
        ("scikit-learn", Weight.USED),
        ("joblib", Weight.NEEDED),
        ("Rich", Weight.OTHER),
    ]
    assert found[2].here is None


def test_strict_refuses_and_check_only_says_so() -> None:
    other = here({"numpy": "2.1.0", "joblib": None})

    strict, check = check_environment(THEN, other, "strict"), check_environment(THEN, other, "check")

    assert strict.is_refused
    assert not check.is_refused
    assert strict.sentence == check.sentence
    assert check.sentence == "2 packages differ here: joblib 1.3 (not here), numpy 1.26.4 (here 2.1.0)"


def test_ignore_says_nothing_of_anything() -> None:
    found = check_environment(THEN, here({"numpy": "2.1.0"}), "ignore")

    assert found == check_environment(None, here(), Policy.IGNORE)
    assert found.sentence == ""


def test_strict_refuses_a_run_whose_environment_nobody_knows() -> None:
    assert check_environment(None, here(), Policy.STRICT).is_refused
    assert not check_environment(None, here(), Policy.CHECK).is_refused


def test_unknown_policy_is_refused() -> None:
    with pytest.raises(ValueError, match="lax"):
        check_environment(THEN, here(), "lax")


def test_another_patch_of_python_is_told_after_the_packages_that_the_code_imports() -> None:
    found = differences(THEN, here({"numpy": "2"}, python="3.11.9"), used=["numpy"])

    assert [each.name for each in found] == ["numpy", "Python"]
    assert sentence_of(found).startswith("Python and 1 package differ here: numpy 1.26.4 (here 2), Python 3.11.4 (here")


def test_another_kind_of_python_is_told() -> None:
    found = differences(THEN, here(implementation="PyPy"))

    assert sentence_of(found) == "Python differs here: Python CPython 3.11.4 (here PyPy 3.11.4)"


def test_sentence_counts_what_it_does_not_name() -> None:
    found = differences(THEN, here(dict.fromkeys(PACKAGES)))

    assert sentence_of(found, most=2).startswith("9 packages differ here: ")
    assert sentence_of(found, most=2).endswith(" and 7 more")


@pytest.mark.parametrize(
    ("one", "other", "is_same"),
    [
        ("1.0", "1.0.0", True),
        ("v1.0", "1.0", True),
        ("2023.03", "2023.3", True),
        ("1.0", "1.1", False),
        ("1.0rc1", "1.0", False),
        ("1.10", "1.1", False),
        ("2.0", "20", False),
        ("1.0+cu118", "1.0+cu121", False),
        ("1.0-1", "1.0.1", False),
    ],
)
def test_versions_are_compared_by_what_they_mean(one: str, other: str, is_same: bool) -> None:
    assert same_version(one, other) is is_same


def test_needs_are_followed_through_circles() -> None:
    assert with_needs(THEN, ["scikit_learn", "absent"]) == ["joblib", "numpy", "scikit-learn"]


# What the code uses


def stored(*cells: str) -> tuple[MemoryStore, RunDetail]:
    store = MemoryStore("memory://environment")
    process = Process(host="h", boot="b", pid=1, started=0.0)
    session = Session(
        session_id="s", experiment="e", started_at=AT, lease_expires_at=AT, process=process, user="u", ended_at=AT
    )
    executions = [
        Execution(
            execution_id=f"x{number}",
            session_id="s",
            index=number + 1,
            source=source,
            started_at=AT,
            outcome=Outcome.OK,
            statements=tuple(Statement(line=at, end_line=at) for at in range(1, source.count("\n") + 2)),
        )
        for number, source in enumerate(cells)
    ]
    ids = [each.execution_id for each in executions]
    change = RunChange(run_id=RUN.run_id, run=RUN, execution_ids=ids)
    store.write(Batch(environments=[THEN], sessions=[session], executions=executions, runs=[change]))
    return store, store.runs(RunFilter())[0]


def test_environment_of_a_run_is_its_own_else_its_sessions() -> None:
    store, run = stored("1")
    without = replace(run, run=replace(run.run, environment_id=None))

    assert environment_of(store, run) == THEN
    assert environment_of(store, without) is None


def test_packages_are_known_by_what_the_code_imports() -> None:
    store, run = stored("import numpy as np\nfrom sklearn.svm import SVC", "import os\nimport nowhere")

    assert used_packages(store, run, THEN) == ("numpy", "scikit-learn")


@pytest.mark.parametrize(
    ("code", "roots"),
    [
        ("import a.b, c as d", {"a", "c"}),
        ("from . import x", set()),
        ("def f():\n    from e.f import g", {"e"}),
        ("%matplotlib inline\nimport h\n!pip install i", {"h"}),
        ("importlib.import_module('j.k')", {"j"}),
        ("import os, sys, json", set()),
        ("import l\n1 +", {"l"}),
    ],
)
def test_imports_are_found_in_code_as_people_write_it(code: str, roots: set[str]) -> None:
    assert imported_roots(code) == roots


# Files of tools


def test_requirements_are_pinned_and_sorted_and_the_rest_is_told_in_comments() -> None:
    text = environment_files(THEN, "requirements", RUN)["requirements.txt"]
    lines = [line for line in text.splitlines() if not line.startswith("#")]

    assert lines == [
        "--extra-index-url https://download.pytorch.org/whl/cu121",
        "built==1.0",
        "fork @ git+https://host/fork@abc",
        "joblib==1.3",
        "numpy==1.26.4",
        "Rich==13.7",
        "scikit-learn==1.4.0",
        "torch==2.3.0+cu121",
    ]
    assert "mine 0.1 was installed as an editable install of file:///home/me/mine" in text
    assert "built was the build 1.0+local1" in text


def test_only_used_packages_come_with_what_they_need() -> None:
    text = environment_files(THEN, "requirements", RUN, only=["scikit-learn"])["requirements.txt"]

    assert [line for line in text.splitlines() if "==" in line] == [
        "joblib==1.3",
        "numpy==1.26.4",
        "scikit-learn==1.4.0",
    ]


def test_uv_gets_a_project_that_runs_on_the_pythons_that_were_meant() -> None:
    project = tomllib.loads(environment_files(THEN, "uv", RUN)["pyproject.toml"])

    assert project["project"]["requires-python"] == ">=3.11.4,<3.12"
    assert "numpy==1.26.4" in project["project"]["dependencies"]
    assert project["tool"]["uv"]["sources"]["torch"]["index"] == project["tool"]["uv"]["index"][0]["name"]
    assert project["tool"]["uv"]["environments"] == ["sys_platform == 'linux'"]


def test_conda_gets_python_and_leaves_the_packages_to_pip() -> None:
    import yaml

    made = yaml.safe_load(environment_files(THEN, "conda", RUN)["environment.yml"])

    assert made["name"] == "brave-otter"
    assert made["dependencies"][0] == "python=3.11.4"
    assert "numpy==1.26.4" in made["dependencies"][-1]["pip"]
    assert "fork @ git+https://host/fork@abc" in made["dependencies"][-1]["pip"]


def test_docker_gets_the_python_and_an_ordinary_user_and_the_requirements_beside() -> None:
    files = environment_files(THEN, "dockerfile", RUN)
    lines = files["Dockerfile"].splitlines()

    assert list(files) == ["Dockerfile", "requirements.txt"]
    assert "FROM python:3.11.4-slim" in lines
    assert any(line.startswith("RUN apt-get") and " git " in line for line in lines)
    assert lines.index("USER person") > lines.index("RUN pip install --no-cache-dir -r requirements.txt")
    assert files["requirements.txt"] == environment_files(THEN, "requirements", RUN)["requirements.txt"]


def test_names_that_would_be_code_elsewhere_stay_text() -> None:
    named = replace(RUN, name='otter"\nRUN rm -rf /')

    for form in ("requirements", "uv", "conda", "dockerfile"):
        text = next(iter(environment_files(THEN, form, named).values()))
        assert "\nRUN rm" not in text
    assert json.dumps("otter-run-rm-rf") in environment_files(THEN, "uv", named)["pyproject.toml"]
