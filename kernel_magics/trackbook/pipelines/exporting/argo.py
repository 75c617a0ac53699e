"""A pipeline as a workflow of Argo's, for Kubernetes: a container for each step."""

from __future__ import annotations

from typing import Any

from trackbook.errors import InvalidValueError
from trackbook.pipelines.exporting.exported import ExportedPipeline, ExportedStep
from trackbook.pipelines.exporting.yaml_text import yaml_text

_HEAD = """\
# Pipeline {name}, exported by Trackbook: trackbook pipeline export {file} --to argo
# Submit it: argo submit FILE -p image=IMAGE. The image holds Trackbook and, in /project or where -p folder=... says,
# the pipeline's folder. All steps need one store that they reach: put its URL under the key url into the secret
# trackbook-store.
"""
_ENTRY = "pipeline"


def argo_text(pipeline: ExportedPipeline) -> str:
    """Return the workflow file.

    Raises
    ------
    InvalidValueError
        If a step's name holds what Argo puts values in place of.
    """
    odd = next((each.step.name for each in pipeline.steps if "{{" in each.step.name), None)
    if odd is not None:
        raise InvalidValueError(
            f"Argo would put a value in place of what stands in braces in the step '{odd}'. Rename it."
        )
    tasks = [_task(each) for each in pipeline.steps]
    workflow = {
        "apiVersion": "argoproj.io/v1alpha1",
        "kind": "Workflow",
        "metadata": {"generateName": f"{pipeline.key}-", "labels": {"app.kubernetes.io/managed-by": "trackbook"}},
        "spec": {
            "entrypoint": _ENTRY,
            "arguments": {
                "parameters": [
                    {"name": "image", "value": f"{pipeline.key}:latest"},
                    {"name": "folder", "value": "/project"},
                ]
            },
            "templates": [{"name": _ENTRY, "dag": {"tasks": tasks}}, *map(_template, pipeline.steps)],
        },
    }
    head = _HEAD.format(name=pipeline.pipeline.name, file=pipeline.file_name)
    return head + yaml_text(workflow)


def _task(step: ExportedStep) -> dict[str, Any]:
    needs = {"dependencies": list(step.needs)} if step.needs else {}
    return {"name": step.key, "template": _template_name(step), **needs}


def _template_name(step: ExportedStep) -> str:
    return f"run-{step.key}"  # so that no step is called like the entry


def _template(step: ExportedStep) -> dict[str, Any]:
    found: dict[str, Any] = {"name": _template_name(step)}
    if step.step.retries:
        found["retryStrategy"] = {
            "limit": str(step.step.retries),
            "retryPolicy": "OnFailure",
            "backoff": {"duration": f"{max(1, round(step.step.retry_seconds))}s", "factor": "2"},
        }
    if step.try_seconds is not None:
        found["activeDeadlineSeconds"] = str(step.try_seconds)  # for Argo's schema, such a number is a string
    secret = {"secretKeyRef": {"name": "trackbook-store", "key": "url"}}
    found["container"] = {
        "image": "{{workflow.parameters.image}}",
        "workingDir": "{{workflow.parameters.folder}}",
        "command": [step.tried_once[0]],
        "args": list(step.tried_once[1:]),
        "env": [{"name": "TRACKBOOK_STORE", "valueFrom": secret}],
        "resources": {"requests": _requests(step)},
    }
    return found


def _requests(step: ExportedStep) -> dict[str, str]:
    memory = {"memory": str(step.step.memory)} if step.step.memory is not None else {}
    return {"cpu": f"{round(step.step.cpus * 1000)}m", **memory}
