"""The engines that a pipeline can be exported to."""

from __future__ import annotations

from collections.abc import Callable
from enum import StrEnum

from trackbook.pipelines.exporting.airflow import airflow_text
from trackbook.pipelines.exporting.argo import argo_text
from trackbook.pipelines.exporting.exported import ExportedPipeline, exported
from trackbook.pipelines.exporting.github import github_text
from trackbook.pipelines.graph.plan import Plan


class Target(StrEnum):
    """An engine."""

    AIRFLOW = "airflow"
    GITHUB = "github"
    ARGO = "argo"


_WRITERS: dict[Target, Callable[[ExportedPipeline], str]] = {
    Target.AIRFLOW: airflow_text,
    Target.GITHUB: github_text,
    Target.ARGO: argo_text,
}


def export_pipeline(plan: Plan, target: Target) -> str:
    """Return a pipeline as a file for another engine, which runs each step by ``trackbook pipeline run --step``.

    Parameters
    ----------
    plan
        Tells the steps with all that they need, also what was found by the data that they load.

    Raises
    ------
    InvalidValueError
        If the pipeline has no file, or a name that the engine can't take.
    """
    return _WRITERS[target](exported(plan))
