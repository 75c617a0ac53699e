"""What a run is made of: cells, why a number is what it is, the environment, and the notebook that makes it again."""

from __future__ import annotations

import json
import re
from typing import Any, Literal

from msgspec import Struct
from trackbook.display.payload import environment_payload, execution_payload, why_payload
from trackbook.display.slice import slice_payload
from trackbook.errors import NotFoundError
from trackbook.records import Execution
from trackbook.tracking.cells_of import cells_of
from trackbook.tracking.environment import environment_of
from trackbook.tracking.find import find_run, short_id
from trackbook.tracking.slice import slice_run
from trackbook.tracking.why import explain

from trackbook_server.route import Asked, At, Operation, Route
from trackbook_server.routes.lasting import mark_of_run

_NO_FILE_NAME = re.compile(r"[^\w.-]+")
_LONGEST_STEM = 80


class WhyQuery(At, kw_only=True):
    """What is to be explained: a metric, a param, a table or a model of the run; its first metric if nothing."""

    subject: str = ""


class SliceQuery(At, kw_only=True):
    """Where the notebook is to take the files from that the run read: their own place, or what the store kept."""

    data: Literal["original", "snapshot"] = "original"


class Executions(Struct, kw_only=True):
    """The executions of cells that have to do with a run, in the order in which they ran.

    Each as ``trackbook log --json`` prints it, with `count`, its prompt's number, and `failure`, what it raised.
    """

    executions: list[dict[str, Any]]


class SlicedNotebook(Struct, kw_only=True):
    """The smallest notebook that makes a run's metrics.

    `notebook` is the JSON of an ``.ipynb`` file, `name` what that may be called. `remarks` say what is not sure about
    it. `params` can be set from outside; of the `of_statements` that ran, `statements` are in it.
    """

    run_id: str
    notebook: dict[str, Any]
    name: str
    remarks: list[str]
    params: dict[str, Any]
    statements: int
    of_statements: int


def explain_run(asked: Asked) -> dict[str, Any]:
    """Return why something of a run is what it is, as ``trackbook why --json`` prints it.

    Each node has its `cell_id`, too: the notebook's own name of the cell, null where none is known.
    """
    with asked.project.store.frozen() as still:
        explanation = explain(still, find_run(still, asked.path["run"]), asked.query.subject or None)
        payload: dict[str, Any] = why_payload(explanation)
        ids = {node["execution_id"] for node in payload["nodes"]} - {None}
        cells = {each.execution_id: each.cell_id for each in still.executions(ids=sorted(ids))}
    nodes = [{**node, "cell_id": cells.get(node["execution_id"])} for node in payload["nodes"]]
    return payload | {"nodes": nodes}


def list_executions(asked: Asked) -> Executions:
    """Return the executions that have to do with a run."""
    with asked.project.store.frozen() as still:
        found = cells_of(still, find_run(still, asked.path["run"]))
    return Executions(executions=[_execution(each) for each in found])


def _execution(execution: Execution) -> dict[str, Any]:
    failure = execution.failure
    told = failure and {"type": failure.type, "message": failure.message, "traceback": failure.traceback}
    return {**execution_payload(execution), "count": execution.count, "failure": told}


def show_environment(asked: Asked) -> dict[str, Any]:
    """Return the environment that a run had: Python, packages, git, hardware."""
    with asked.project.store.frozen() as still:
        run = find_run(still, asked.path["run"])
        found = environment_of(still, run)
    if found is None:
        raise NotFoundError(f"The environment that run '{run.run.name}' had is not on record.")
    return environment_payload(found)


def slice_notebook(asked: Asked) -> SlicedNotebook:
    """Return the smallest notebook that makes a run's metrics. Nothing is run, and nothing is written."""
    store = asked.project.store
    run = find_run(store, asked.path["run"])
    found = slice_run(store, run, asked.query.data)
    payload: dict[str, Any] = slice_payload(found)
    return SlicedNotebook(
        run_id=payload["run_id"],
        notebook=json.loads(json.dumps(found.notebook)),  # its sources whole, as contents are saved
        name=_file_name(run.run.name, run.run.run_id),
        remarks=payload["notes"],
        params=payload["params"],
        statements=payload["statements"],
        of_statements=payload["of_statements"],
    )


def _file_name(name: str, run_id: str) -> str:
    """Return a run's name as that of a notebook; its id where nothing is left of it."""
    stem = _NO_FILE_NAME.sub("-", name)[:_LONGEST_STEM].strip("-.")
    return f"{stem or short_id(run_id)}.ipynb"


ROUTES = (
    Route(
        path="/runs/{run}/why",
        operations={
            "GET": Operation(
                act=explain_run,
                summary="Say why something of a run is what it is",
                query=WhyQuery,
                answer=dict[str, Any],
                mark=mark_of_run,
            )
        },
    ),
    Route(
        path="/runs/{run}/executions",
        operations={
            "GET": Operation(
                act=list_executions, summary="List the cells of a run", answer=Executions, mark=mark_of_run
            )
        },
    ),
    Route(
        path="/runs/{run}/environment",
        operations={
            "GET": Operation(
                act=show_environment,
                summary="Show the environment that a run had",
                answer=dict[str, Any],
                mark=mark_of_run,
            )
        },
    ),
    Route(
        path="/runs/{run}/slice",
        operations={
            "GET": Operation(
                act=slice_notebook,
                summary="Make the notebook that makes a run again",
                query=SliceQuery,
                answer=SlicedNotebook,
            )
        },
    ),
)
