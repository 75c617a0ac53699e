"""A pipeline as a workflow of GitHub Actions: a job for each step."""

from __future__ import annotations

import math
import shlex
from typing import Any

from trackbook.pipelines.exporting.exported import ExportedPipeline, ExportedStep, folder_in_repository
from trackbook.pipelines.exporting.yaml_text import yaml_text

_HEAD = """\
# Pipeline {name}, exported by Trackbook: trackbook pipeline export {file} --to github
# Put this file into .github/workflows. Each job is a machine of its own, so all need one store that they reach: put its
# URL into the secret TRACKBOOK_STORE. A step that fails is tried again, as {file} says, by the command itself.
"""
_PYTHON = "3.11"
_NO_STORE = """\
if [ -z "$TRACKBOOK_STORE" ]; then
  echo "::error::Put the URL of the store into the secret TRACKBOOK_STORE."
  exit 1
fi
"""
_DEFAULT_MINUTES = 360


def github_text(pipeline: ExportedPipeline) -> str:
    """Return the workflow file."""
    folder = folder_in_repository(pipeline.pipeline)
    workflow = {
        "name": _plain(pipeline.pipeline.name),
        "on": {"workflow_dispatch": {}},
        "permissions": {"contents": "read"},
        "concurrency": {"group": f"trackbook-{pipeline.key}"},
        "env": {"TRACKBOOK_STORE": "${{ secrets.TRACKBOOK_STORE }}"},
        "jobs": {each.key: _job(each, folder) for each in pipeline.steps},
    }
    head = _HEAD.format(name=pipeline.pipeline.name, file=pipeline.file_name)
    return head + yaml_text(workflow)


def _job(step: ExportedStep, folder: str) -> dict[str, Any]:
    minutes = _DEFAULT_MINUTES if step.seconds is None else math.ceil(step.seconds / 60)
    return {
        "name": _plain(step.step.name),
        **({"needs": list(step.needs)} if step.needs else {}),
        "runs-on": "ubuntu-latest",
        "timeout-minutes": minutes,
        "defaults": {"run": {"working-directory": folder}},
        "steps": [
            {"uses": "actions/checkout@v4"},
            {"uses": "actions/setup-python@v5", "with": {"python-version": _PYTHON}},
            {"name": "Is there a store", "run": _NO_STORE},
            {"name": "Install", "run": _install(step)},
            {"name": "Run the step", "run": _plain(shlex.join(step.command))},
        ],
    }


def _install(step: ExportedStep) -> str:
    """Return what installs the packages: those that the step declares, where it is a list that pip reads."""
    declared = step.step.environment
    listed = "requirements.txt" if declared is None or declared.suffix != ".txt" else declared.as_posix()
    file = shlex.quote(listed)
    return _plain(f"python -m pip install trackbook\nif [ -f {file} ]; then python -m pip install -r {file}; fi\n")


def _plain(text: str) -> str:
    """Return a text in which GitHub sees no expression."""
    return text.replace("${{", "${{ '${{' }}")
