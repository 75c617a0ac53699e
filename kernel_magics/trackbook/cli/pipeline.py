"""Pipelines: what has to run and why, how the steps stand, their picture, and marking one as up to date."""

from __future__ import annotations

from trackbook.cli.base import cli


@cli.group("pipeline", epilog="Example: trackbook pipeline plan")
def pipeline_group() -> None:
    """Notebooks as steps that depend on one another. FILE is ./pipeline.yaml where it is left out."""
