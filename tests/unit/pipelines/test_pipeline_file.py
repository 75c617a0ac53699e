"""What a pipeline's file may say, and how it is told what it may not."""

from __future__ import annotations

import json
from pathlib import Path

import jsonschema
import pytest
import yaml
from trackbook.errors import InvalidValueError, NotFoundError
from trackbook.pipelines.graph.file import SCHEMA, pipeline_of_notebooks, read_pipeline
from trackbook.pipelines.graph.keys import PIPELINE_KEYS, STEP_KEYS

from .planned import write_notebook

WHOLE = """
# yaml-language-server: $schema=pipeline.schema.json
name: churn
params: {seed: 7}
steps:
  - notebook: prepare.ipynb
  - name: train
    notebook: sub/train.ipynb
    params: {kind: forest}
    needs: prepare
    foreach: {C: [1e-3, 1]}
    retries: 2
    retry_seconds: 5s
    timeout: 1.5h
    kernel: python3
    cpus: 0.5
    memory: 2GiB
    environment: requirements.txt
    cache: false
"""


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    write_notebook(tmp_path / "prepare.ipynb", "x = 1")
    write_notebook(tmp_path / "sub/train.ipynb", "# params\nC: float = 1.0\nkind = 'a'\nseed = 0", "print(C)")
    (tmp_path / "requirements.txt").write_text("pandas\n")
    return tmp_path


def read(folder: Path, text: str):
    (folder / "pipeline.yaml").write_text(text, encoding="utf-8")
    return read_pipeline(folder / "pipeline.yaml")


def mistakes(folder: Path, text: str) -> str:
    with pytest.raises(InvalidValueError) as caught:
        read(folder, text)
    return str(caught.value)


def test_every_key_is_read(folder):
    pipeline = read(folder, WHOLE)

    prepare, small, large = pipeline.steps
    assert (pipeline.name, prepare.name, prepare.params) == ("churn", "prepare", {})
    assert (small.name, large.name) == ("train[C=0.001]", "train[C=1]")
    assert small.params == {"seed": 7, "kind": "forest", "C": 0.001}
    assert (small.needs, small.retries, small.retry_seconds, small.timeout) == (("prepare",), 2, 5.0, 5400.0)
    assert (small.kernel, small.cpus, small.memory, small.is_cached) == ("python3", 0.5, 2 * 1024**3, False)
    assert pipeline.path_of(small) == folder / "sub/train.ipynb"


def test_folder_stands_for_its_pipeline_and_gives_it_a_name(folder):
    read(folder, "steps: {first: {notebook: prepare.ipynb}}")

    pipeline = read_pipeline(folder)

    assert (pipeline.name, [step.name for step in pipeline.steps]) == (folder.name, ["first"])


def test_all_mistakes_are_told_at_once_with_line_step_and_key(folder):
    told = mistakes(
        folder,
        "nmae: churn\nsteps:\n- notebook: prepare.ipynb\n  neds: x\n- name: fit\n  notebook: sub/trian.ipynb\n"
        "  timeout: soon\n  needs: [prepar]\n- notebook: sub/train.ipynb\n  params: {c: 1}\n"
        "  retries: -1\n  cache: no\n",
    )

    assert told.splitlines() == [
        f"{folder}/pipeline.yaml, line 1: there is no key 'nmae'. Did you mean 'name'?",
        f"{folder}/pipeline.yaml, line 4: step 'prepare', there is no key 'neds'. Did you mean 'needs'?",
        f"{folder}/pipeline.yaml, line 6: step 'fit', key 'notebook': there is no 'sub/trian.ipynb'. "
        "Did you mean 'sub/train.ipynb'?",
        f"{folder}/pipeline.yaml, line 7: step 'fit', key 'timeout': it takes seconds, or a text like 90s, 15m or 2h, "
        "more than 0",
        f"{folder}/pipeline.yaml, line 8: step 'fit', key 'needs': there is no step 'prepar'. Did you mean 'prepare'?",
        f"{folder}/pipeline.yaml, line 10: step 'train', key 'params': 'sub/train.ipynb' has no param 'c'. "
        "Did you mean 'C'?",
        f"{folder}/pipeline.yaml, line 11: step 'train', key 'retries': it takes a whole number, 0 or more",
        f"{folder}/pipeline.yaml, line 12: step 'train', key 'cache': it takes true or false",
    ]


@pytest.mark.parametrize(
    ("text", "part"),
    [
        ("", "the file is empty"),
        ("- notebook: prepare.ipynb", "a pipeline has the keys"),
        ("steps: []", "at least one"),
        ("name: x", "at least one"),
        ("steps:\n- prepare.ipynb", "'notebook' must be there"),
        ("steps:\n- name: a", "line 2: step 'a', key 'notebook': it is missing"),
        ("steps:\n- notebook: prepare.ipynb\n  notebook: prepare.ipynb", "line 3: the key 'notebook' is there already"),
        ("steps: [\n", "this is no YAML"),
        ("steps:\n- notebook: prepare.ipynb\n- notebook: prepare.ipynb", "there is a step of that name already"),
        ("steps:\n- notebook: prepare.py", "is no notebook"),
        ("steps:\n- {notebook: prepare.ipynb, environment: lock.txt}", "there is no file 'lock.txt'"),
        (
            "params: {sed: 1}\nsteps:\n- notebook: sub/train.ipynb",
            "no notebook has a param 'sed'. Did you mean 'seed'?",
        ),
        ("steps:\n- {notebook: sub/train.ipynb, foreach: {C: 1}}", "has no list of values for 'C'"),
        ("steps:\n- {notebook: sub/train.ipynb, foreach: {c: [1]}}", "has no param 'c'. Did you mean 'C'?"),
        ("steps:\n- {notebook: prepare.ipynb, params: {a: 1}}", "no cell tagged 'parameters'"),
        ("steps: &a\n- *a", "contains itself"),
        ("steps:\n- {notebook: prepare.ipynb, memory: lots}", "500MB or 2GiB"),
    ],
)
def test_mistake_is_named(folder, text, part):
    assert part in mistakes(folder, text)


def test_misspelt_key_is_told_once(folder):
    told = mistakes(folder, "steps:\n- notebok: prepare.ipynb")

    assert told == f"{folder}/pipeline.yaml, line 2: there is no key 'notebok'. Did you mean 'notebook'?"


@pytest.mark.parametrize("key", ["step", "Steps", "stesp", "setps"])
def test_misspelt_steps_are_the_first_that_is_told_and_read_all_the_same(folder, key):
    one = mistakes(folder, f"name: x\n{key}:\n  a: {{notebook: prepare.ipynb}}")
    two = mistakes(folder, f"{key}:\n- notebook: prepare.ipynb\n- notebok: gone.ipynb\nparams: {{a: 1}}")

    assert one == f"{folder}/pipeline.yaml, line 2: there is no key '{key}'. Did you mean 'steps'?"
    assert two.splitlines() == [
        f"{folder}/pipeline.yaml, line 1: there is no key '{key}'. Did you mean 'steps'?",
        f"{folder}/pipeline.yaml, line 3: there is no key 'notebok'. Did you mean 'notebook'?",
        f"{folder}/pipeline.yaml, line 4: key 'params': no notebook has a param 'a'. "
        "Give it to a cell tagged 'parameters', or take it out.",
    ]


def test_misspelt_steps_with_nothing_in_it_are_told_before_that(folder):
    told = mistakes(folder, "name: x\nstep:\n")

    assert told.splitlines()[0].endswith("line 2: there is no key 'step'. Did you mean 'steps'?")
    assert "line 2: key 'steps': it takes a list of steps, at least one" in told


@pytest.mark.parametrize(
    ("text", "named"),
    [
        ("a:\n  notebook: prepare.ipynb\nb:\n  notebook: gone.ipynb\n  neds: a", "'a', 'b'"),
        ("notebook: prepare.ipynb\nparams: {a: 1}", "'notebook'"),
        ("step:\n  notebook: prepare.ipynb", "'step'"),
    ],
)
def test_steps_without_their_key_are_told_once(folder, text, named):
    told = mistakes(folder, text)

    assert told.startswith(f"{folder}/pipeline.yaml, line 1: {named} must stand beneath a key 'steps'. So:\nsteps:")
    assert told.count("pipeline.yaml, line") == 1


def test_notebook_that_is_not_near_is_not_suggested(folder):
    told = mistakes(folder, "steps:\n- notebook: gone.ipynb")

    assert told == f"{folder}/pipeline.yaml, line 2: step 'gone', key 'notebook': there is no 'gone.ipynb'."


def test_values_are_those_of_yaml_1_2(folder):
    text = "steps:\n- notebook: sub/train.ipynb\n  params: {C: 1e-3, kind: no, seed: 2024-01-02}"

    (step,) = read(folder, text).steps

    assert step.params == {"C": 0.001, "kind": "no", "seed": "2024-01-02"}


def test_foreach_is_a_cross_product_or_a_list_of_combinations(folder):
    cross = read(folder, "steps:\n- {notebook: sub/train.ipynb, foreach: {C: [1, 2], kind: [a, b]}}")
    listed = read(folder, "steps:\n- {notebook: sub/train.ipynb, foreach: [{C: 1, kind: a}, {C: 2}]}")

    assert [step.name for step in cross.steps] == [
        "train[C=1,kind=a]",
        "train[C=1,kind=b]",
        "train[C=2,kind=a]",
        "train[C=2,kind=b]",
    ]
    assert [step.params for step in listed.steps] == [{"C": 1, "kind": "a"}, {"C": 2}]


def test_names_tell_a_text_from_the_number_that_it_looks_like(folder):
    pipeline = read(folder, 'steps:\n- {notebook: sub/train.ipynb, foreach: {C: [1, "1"]}}')

    assert [step.name for step in pipeline.steps] == ["train[C=1]", 'train[C="1"]']


def test_anchors_and_merges_are_understood(folder):
    text = "steps:\n- &first\n  notebook: sub/train.ipynb\n  retries: 3\n- <<: *first\n  name: second\n  params: {C: 5}"

    first, second = read(folder, text).steps

    assert (first.retries, second.retries, second.params) == (3, 3, {"C": 5})


def test_missing_file_is_answered_with_an_example(tmp_path):
    with pytest.raises(NotFoundError, match=r"notebook: prepare\.ipynb"):
        read_pipeline(tmp_path)


def test_notebooks_are_a_pipeline_without_a_file(folder, monkeypatch):
    monkeypatch.chdir(folder)

    pipeline = pipeline_of_notebooks([Path("prepare.ipynb"), Path("sub/train.ipynb")])

    assert [step.name for step in pipeline.steps] == ["prepare", "train"]


def test_schema_knows_the_same_keys_and_accepts_what_is_read():
    schema = json.loads(SCHEMA.read_text())

    jsonschema.Draft7Validator.check_schema(schema)
    jsonschema.validate(yaml.safe_load(WHOLE.replace("1e-3", "0.001")), schema)
    assert set(schema["properties"]) == set(PIPELINE_KEYS)
    assert set(schema["definitions"]["step"]["properties"]) == set(STEP_KEYS)


@pytest.mark.parametrize(
    "part", ["neds: x", "timeout: soon", "retries: -1", "cpus: 0", "foreach: {C: 1}", "params: [1]"]
)
def test_schema_refuses_what_is_refused(folder, part):
    text = f"steps:\n- notebook: sub/train.ipynb\n  {part}"

    mistakes(folder, text)
    with pytest.raises(jsonschema.ValidationError):
        jsonschema.validate(yaml.safe_load(text), json.loads(SCHEMA.read_text()))
