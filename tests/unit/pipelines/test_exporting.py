"""A pipeline as a DAG of Airflow's, a workflow of GitHub's and of Argo's: valid there, and the same steps."""

from __future__ import annotations

import ast
import json
import runpy
import shlex
from collections.abc import Callable
from datetime import timedelta
from importlib import resources
from importlib.util import find_spec
from pathlib import Path
from typing import Any

import jsonschema
import nbformat
import pytest
import yaml
from click.testing import CliRunner
from hera.workflows.models import Workflow
from trackbook.cli import cli
from trackbook.cli.pipeline_run import run as run_command
from trackbook.errors import InvalidValueError
from trackbook.pipelines.exporting.exported import exported
from trackbook.pipelines.exporting.targets import Target, export_pipeline
from trackbook.pipelines.graph.file import pipeline_of_notebooks, read_pipeline
from trackbook.pipelines.graph.plan import Action, Plan, PlannedStep
from trackbook.pipelines.graph.spec import Pipeline, Step
from trackbook.pipelines.running.options import RunOptions
from trackbook.pipelines.running.parent import PipelineRun
from trackbook.store import open_store

FILE = """\
name: Churn of "us"
steps:
  - notebook: prepare.ipynb
    retries: 2
    retry_seconds: 3
    timeout: 600
    memory: 2GB
    cpus: 0.5
    environment: requirements.txt
  - notebook: train.ipynb
    foreach: {C: [0.1, 1]}
    retries: 1
  - name: report.sh
    notebook: report.ipynb
    needs: [train]
"""
NEEDS = {
    "prepare": set[str](),
    "train-c-0-1": {"prepare"},
    "train-c-1": {"prepare"},
    "report-sh": {"train-c-0-1", "train-c-1"},
}
NAMES = {"prepare": "prepare", "train-c-0-1": "train[C=0.1]", "train-c-1": "train[C=1]", "report-sh": "report.sh"}


@pytest.fixture
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A repository with a pipeline in a folder of it."""
    found = tmp_path / "jobs"
    found.mkdir()
    (tmp_path / ".git").mkdir()
    cells = {
        "prepare": ["import trackbook", "trackbook.publish(table, 'train')"],
        "train": ["C = 1", "import trackbook\ntrackbook.load('train')"],
        "report": ["1"],
    }
    for name, sources in cells.items():
        made = nbformat.v4.new_notebook(cells=[nbformat.v4.new_code_cell(source) for source in sources])
        made.cells[0].metadata["tags"] = ["parameters"]
        nbformat.write(made, found / f"{name}.ipynb")
    (found / "requirements.txt").write_text("pandas\n", encoding="utf-8")
    (found / "pipeline.yaml").write_text(FILE, encoding="utf-8")
    monkeypatch.chdir(found)
    monkeypatch.setenv("TRACKBOOK_STORE", str(tmp_path / "no-store-yet"))
    return found


@pytest.fixture
def export(folder: Path) -> Callable[[str], str]:
    """Export the pipeline by the command line."""

    def text(target: str) -> str:
        result = CliRunner().invoke(cli, ["pipeline", "export", "--to", target], prog_name="trackbook")
        assert result.exit_code == 0, result.output
        return result.stdout

    return text


def step_of(command: str) -> str:
    """Return the step that a command runs, which our command line must know."""
    words = shlex.split(command)
    assert words[:3] == ["trackbook", "pipeline", "run"]
    assert words[-1] == "pipeline.yaml"
    context = run_command.make_context("run", words[3:])
    (name,) = context.params["only"]
    return str(name)


def planned(*names: str, folder: Path = Path("/jobs")) -> Plan:
    steps = tuple(Step(name=name, notebook=Path("a.ipynb")) for name in names)
    pipeline = Pipeline(name="p", folder=folder, steps=steps, file=folder / "pipeline.yaml")
    found = [PlannedStep(step=step, needs=(), action=Action.RUN, reason="") for step in steps]
    return Plan(pipeline=pipeline, steps=tuple(found))


# GitHub


def test_github_workflow_meets_its_schema_and_runs_each_step_after_its_needs(export: Any) -> None:
    text = export("github")
    schema = json.loads(
        resources.files("check_jsonschema.builtin_schemas.vendor").joinpath("github-workflows.json").read_text()
    )

    workflow = yaml.load(text, yaml.BaseLoader)  # which takes `on` for a word, as GitHub does

    jsonschema.validators.validator_for(schema)(schema).validate(yaml.safe_load(text) | {"on": workflow["on"]})
    jobs = workflow["jobs"]
    assert {key: set(job.get("needs", ())) for key, job in jobs.items()} == NEEDS
    assert {key: step_of(job["steps"][-1]["run"]) for key, job in jobs.items()} == NAMES
    assert {job["defaults"]["run"]["working-directory"] for job in jobs.values()} == {"jobs"}
    assert jobs["prepare"]["timeout-minutes"] == "33"  # three tries of ten minutes, the waits between, a little more
    assert "-r requirements.txt" in jobs["prepare"]["steps"][-2]["run"]


def test_github_sees_no_expression_in_a_name() -> None:
    text = export_pipeline(planned("a${{ secrets.X }}"), Target.GITHUB)

    run = yaml.safe_load(text)["jobs"]["a-secrets-x"]["steps"][-1]["run"]
    assert "${{ '${{' }} secrets.X }}" in run


# Argo


def argo_errors(written: Any) -> list[str]:
    """Return what Argo's schema has against a workflow, at which place.

    The schema is that of the models that Argo's own project makes from its own, put back to what Argo's says: no
    number where either is allowed (there, it says only string), and no key that it does not name.
    """
    schema = Workflow.model_json_schema(by_alias=True)
    schema["$defs"]["IntOrString"] = {"type": "string"}
    for each in (schema, *schema["$defs"].values()):
        if "properties" in each:
            each["additionalProperties"] = False
    found = jsonschema.Draft202012Validator(schema).iter_errors(written)
    return [f"{cause.json_path}: {cause.message}" for each in found for cause in (each, *deepest(each))]


def deepest(error: jsonschema.ValidationError) -> list[jsonschema.ValidationError]:
    """Return the errors beneath an error, those of other errors instead of themselves."""
    return [found for each in error.context or () for found in (deepest(each) or [each])]


def test_argo_workflow_meets_its_schema_and_runs_each_step_after_its_needs(export: Any) -> None:
    written = yaml.safe_load(export("argo"))

    assert argo_errors(written) == []
    templates = {each["name"]: each for each in written["spec"]["templates"]}
    tasks = templates[written["spec"]["entrypoint"]]["dag"]["tasks"]
    assert {each["name"]: set(each.get("dependencies", ())) for each in tasks} == NEEDS
    steps = {each["name"]: templates[each["template"]] for each in tasks}
    commands = {key: [*each["container"]["command"], *each["container"]["args"]] for key, each in steps.items()}
    assert {key: step_of(shlex.join(words)) for key, words in commands.items()} == NAMES
    prepare = steps["prepare"]
    assert prepare["retryStrategy"]["limit"] == "2"
    assert prepare["retryStrategy"]["backoff"] == {"duration": "3s", "factor": "2"}
    assert prepare["activeDeadlineSeconds"] == "720"
    assert prepare["container"]["resources"]["requests"] == {"cpu": "500m", "memory": "2000000000"}
    assert "retryStrategy" not in steps["report-sh"]


@pytest.mark.parametrize(("key", "value"), [("retryStrateggy", {}), ("activeDeadlineSeconds", 720), ("container", 3)])
def test_what_argo_does_not_know_would_be_found(export: Any, key: str, value: object) -> None:
    written = yaml.safe_load(export("argo"))
    written["spec"]["templates"][1][key] = value

    assert any(key in each for each in argo_errors(written))


def test_argo_takes_no_braces_in_a_name() -> None:
    with pytest.raises(InvalidValueError, match="Rename it"):
        export_pipeline(planned("a{{x}}"), Target.ARGO)


# Airflow


def operators(text: str) -> dict[str, dict[str, Any]]:
    """Return what a DAG's file says of its operators, without Airflow: their arguments by key, and what they need."""
    found: dict[str, dict[str, Any]] = {}
    for node in ast.walk(ast.parse(text)):
        if isinstance(node, ast.Assign) and isinstance(node.value, ast.Call):
            names = {each.arg or "": each.value for each in node.value.keywords}
            if isinstance(node.targets[0], ast.Subscript):
                found[ast.literal_eval(node.targets[0].slice)] = {key: ast.unparse(each) for key, each in names.items()}
    for node in ast.walk(ast.parse(text)):
        if isinstance(node, ast.Call) and isinstance(node.func, ast.Attribute) and node.func.attr == "set_upstream":
            assert isinstance(node.func.value, ast.Subscript)
            needs = [ast.literal_eval(each.slice) for each in ast.walk(node.args[0]) if isinstance(each, ast.Subscript)]
            found[ast.literal_eval(node.func.value.slice)]["needs"] = set(needs)
    return found


def test_airflow_dag_runs_each_step_after_its_needs(export: Any, folder: Path) -> None:
    text = export("airflow")

    found = operators(text)

    compile(text, "dag.py", "exec")
    assert {key: each.get("needs", set()) for key, each in found.items()} == NEEDS
    assert {key: step_of(ast.literal_eval(each["bash_command"])) for key, each in found.items()} == NAMES
    assert all(ast.literal_eval(each["task_id"]) == key for key, each in found.items())
    assert found["prepare"]["retries"] == "2"
    assert found["prepare"]["execution_timeout"] == "timedelta(seconds=720)"
    assert found["prepare"]["retry_delay"] == "timedelta(seconds=3.0)"
    assert "execution_timeout" not in found["train-c-1"]
    assert repr(str(folder)) in text


def test_airflow_takes_no_command_for_a_template_or_a_file() -> None:
    found = operators(export_pipeline(planned("a{{ x }}"), Target.AIRFLOW))

    command = ast.literal_eval(found["a-x"]["bash_command"])

    assert command.startswith("{% raw %}trackbook ")
    assert command.endswith("{% endraw %}")


if find_spec("airflow") is not None:  # an installation of its own: its dependencies are pinned against ours

    def test_airflow_itself_reads_the_dag(export: Any, tmp_path: Path) -> None:
        path = tmp_path / "dag.py"
        path.write_text(export("airflow"), encoding="utf-8")

        dag = runpy.run_path(str(path))["dag"]

        assert {each.task_id: set(each.upstream_task_ids) for each in dag.tasks} == NEEDS
        assert dag.get_task("prepare").execution_timeout == timedelta(seconds=720)


# All of them


def test_other_engines_run_other_steps_side_by_side_and_no_step_twice(folder: Path, tmp_path: Path) -> None:
    pipeline = read_pipeline(folder)
    store = open_store(tmp_path / "store")

    def begin(*only: str) -> PipelineRun:
        return PipelineRun(pipeline, store, RunOptions(only=only), tmp_path / "place", pytest.fail)

    one = begin("train[C=1]")
    other = begin("train[C=0.1]", "report.sh")

    for again in ((), ("train[C=1]",), ("train",), ("prepare", "report.sh")):
        with pytest.raises(InvalidValueError, match="is being run by process"):
            begin(*again)
    one.close()
    begin("train[C=1]").close()
    other.close()
    begin().close()
    store.close()


def test_names_are_told_apart_when_an_engine_takes_fewer_letters() -> None:
    steps = exported(planned("a b", "a-b", "A.B", "1", "ü", "x" * 80, "x" * 81)).steps

    keys = [each.key for each in steps]

    assert keys == ["a-b", "a-b-2", "a-b-3", "step-1", "step", "x" * 50, f"{'x' * 50}-2"]


def test_pipeline_without_a_file_is_refused(folder: Path) -> None:
    pipeline = pipeline_of_notebooks([Path("report.ipynb")])

    with pytest.raises(InvalidValueError, match="Only a pipeline with a file"):
        exported(Plan(pipeline=pipeline, steps=()))


def test_file_is_written_once_and_over_only_when_that_is_said(folder: Path) -> None:
    arguments = ["pipeline", "export", "--to", "argo", "-o", "argo.yaml"]

    results = [CliRunner().invoke(cli, [*arguments, *more]) for more in ([], [], ["--force"])]

    assert [each.exit_code for each in results] == [0, 2, 0]
    assert "argo.yaml is there already" in results[1].output
    assert yaml.safe_load((folder / "argo.yaml").read_text(encoding="utf-8"))["kind"] == "Workflow"
    assert len(read_pipeline(folder).steps) == 4
