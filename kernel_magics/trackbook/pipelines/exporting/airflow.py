"""A pipeline as a DAG of Airflow's: a Python file with a ``BashOperator`` for each step."""

from __future__ import annotations

import shlex

from trackbook.pipelines.exporting.exported import ExportedPipeline, ExportedStep

_HEAD = '''"""{title}, exported by Trackbook: trackbook pipeline export {file} --to airflow

Put this file into Airflow's folder of DAGs. The workers need Trackbook, the pipeline's folder (in the variable
TRACKBOOK_PIPELINE_FOLDER where it lies elsewhere than here), and one store that they all reach (TRACKBOOK_STORE).
"""

from __future__ import annotations

import os
from datetime import datetime, timedelta, timezone

try:
    from airflow.providers.standard.operators.bash import BashOperator
    from airflow.sdk import DAG
except ImportError:  # Airflow 2
    from airflow import DAG
    from airflow.operators.bash import BashOperator

FOLDER = os.environ.get("TRACKBOOK_PIPELINE_FOLDER", {folder!r})

with DAG(
    dag_id={key!r},
    description={description!r},
    schedule=None,
    start_date=datetime(2024, 1, 1, tzinfo=timezone.utc),
    catchup=False,
    tags=["trackbook"],
) as dag:
    steps = {{}}
'''


def airflow_text(pipeline: ExportedPipeline) -> str:
    """Return the Python file, for Airflow 2.4 and later and for Airflow 3."""
    name = pipeline.pipeline.name
    head = _HEAD.format(
        title=_in_docstring(f"Pipeline {name}"),
        file=_in_docstring(pipeline.file_name),
        folder=str(pipeline.pipeline.folder.absolute()),
        key=pipeline.key,
        description=f"Notebooks of the pipeline {name}",
    )
    needs = [f"    steps[{each.key!r}].set_upstream({_upstream(each)})" for each in pipeline.steps if each.needs]
    return "\n".join([head.rstrip(), *map(_operator, pipeline.steps), *needs, ""])


def _operator(step: ExportedStep) -> str:
    options = {
        "task_id": repr(step.key),
        "bash_command": repr(_templated(shlex.join(step.tried_once))),
        "cwd": "FOLDER",
        "append_env": "True",
        "retries": repr(step.step.retries),
    }
    if step.step.retries:
        options["retry_delay"] = f"timedelta(seconds={step.step.retry_seconds!r})"
        options["retry_exponential_backoff"] = "True"
    if step.try_seconds is not None:
        options["execution_timeout"] = f"timedelta(seconds={step.try_seconds})"
    lines = [f"        {name}={value}," for name, value in options.items()]
    return "\n".join([f"    steps[{step.key!r}] = BashOperator(", *lines, "    )"])


def _upstream(step: ExportedStep) -> str:
    return "[" + ", ".join(f"steps[{key!r}]" for key in step.needs) + "]"


def _templated(command: str) -> str:
    """Return a command as Airflow's templates leave it; one that ends with .sh would be taken for a file."""
    shown = f"{{% raw %}}{command}{{% endraw %}}" if "{" in command else command
    return f"{shown} " if shown.endswith((".sh", ".bash")) else shown


def _in_docstring(text: str) -> str:
    return text.replace("\\", "\\\\").replace('"', "'")
