"""Making a run again, as a job: it goes on when the page is closed, and its verdict is on the record of the run."""

from __future__ import annotations

from typing import Annotated, Literal

from msgspec import Meta, Struct
from trackbook.errors import InvalidValueError
from trackbook.pipelines.reproducing.reproduce import DEFAULT_TOLERANCE
from trackbook.pipelines.running.execution import address_of
from trackbook.records import RunStatus
from trackbook.tracking.find import find_run

from trackbook_server.jobs import Order, trackbook_command
from trackbook_server.route import Asked, Operation, Route

KIND = "reproduction"
_MEMORY = "memory://"


class Wish(Struct, kw_only=True, forbid_unknown_fields=True):
    """How a run is to be made again, as the options of ``trackbook reproduce`` have it."""

    tolerance: Annotated[float, Meta(ge=0, lt=1)] = DEFAULT_TOLERANCE
    env: Literal["check", "strict", "ignore"] = "check"
    data: Literal["original", "snapshot"] = "original"


class Begun(Struct, kw_only=True):
    """The job that was begun: ask ``/jobs/{job}`` how it stands."""

    job: str


def reproduce(asked: Asked) -> Begun:
    """Make a run again in a process of its own; one that is being made again with the same wish is that job."""
    store, wish = asked.project.store, asked.body
    run = find_run(store, asked.path["run"]).run
    if run.status is RunStatus.RUNNING:
        raise InvalidValueError(f"Run '{run.name}' is still being made. Make it again when it has ended.")
    if store.location.startswith(_MEMORY):
        raise InvalidValueError(f"{store.location} lives in this server alone: no other process can make its runs.")
    options = ("--tolerance", repr(wish.tolerance), "--env", wish.env, "--data", wish.data)
    where = ("--store", address_of(store))
    order = Order(
        kind=KIND,
        run_id=run.run_id,
        run_name=run.name,
        location=store.location,
        command=trackbook_command("reproduce", run.run_id, *options, *where, "--events", "--json"),
    )
    return Begun(job=asked.jobs.start(order).job_id)


ROUTES = (
    Route(
        path="/runs/{run}/reproductions",
        operations={"POST": Operation(act=reproduce, summary="Make a run again", body=Wish, answer=Begun)},
    ),
)
