"""What a worker is told to do, as one line."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass

from trackbook.pipelines.steps.job import StepJob
from trackbook.pipelines.steps.messages import job_line, read_job


@dataclass(frozen=True, slots=True, kw_only=True)
class Order:
    """A step to execute.

    Attributes
    ----------
    variables
        The environment of its kernel.
    parent
        Where the parent listens that forks its kernel; None for a fresh one.
    """

    job: StepJob
    variables: Mapping[str, str]
    parent: str | None


def order_line(order: Order) -> bytes:
    """Return an order as a line."""
    content = {"job": json.loads(job_line(order.job)), "variables": dict(order.variables), "parent": order.parent}
    return json.dumps(content).encode() + b"\n"


def read_order(line: bytes) -> Order:
    """Return the order of a line."""
    content = json.loads(line)
    job = read_job(json.dumps(content["job"]).encode())
    return Order(job=job, variables=content["variables"], parent=content["parent"])
