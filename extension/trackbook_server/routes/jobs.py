"""What this server does in processes of their own: how it stands, and stopping it."""

from __future__ import annotations

from msgspec import Struct

from trackbook_server.jobs import Job
from trackbook_server.route import Asked, Operation, Route


class JobShown(Struct, kw_only=True):
    """A job.

    `state` is ``waiting``, ``running``, ``done`` (there is a verdict), ``failed`` (there is a `message` instead) or
    ``stopped``. `cell` of `cells` is at work, for the `attempt`-th time.
    """

    job: str
    kind: str
    run_id: str
    run_name: str
    state: str
    attempt: int | None
    cell: int | None
    cells: int | None
    seconds: float | None
    verdict: str | None
    reason: str | None
    reproduction_id: str | None
    message: str | None


class JobsList(Struct, kw_only=True):
    """The jobs about a store, oldest first; those that have ended are told of for an hour."""

    jobs: list[JobShown]


def list_jobs(asked: Asked) -> JobsList:
    """Return the jobs about a store."""
    return JobsList(jobs=[_shown(each) for each in asked.jobs.of_store(asked.project.location)])


def show_job(asked: Asked) -> JobShown:
    """Return how a job stands."""
    return _shown(_found(asked))


def stop_job(asked: Asked) -> JobShown:
    """Ask a job to stop; when it is over, its state says so."""
    job = _found(asked)
    asked.jobs.stop(job)
    return _shown(job)


def _found(asked: Asked) -> Job:
    return asked.jobs.find(asked.project.location, asked.path["job"])


def _shown(job: Job) -> JobShown:
    answer, progress = job.answer or {}, job.progress
    return JobShown(
        job=job.job_id,
        kind=job.order.kind,
        run_id=job.order.run_id,
        run_name=job.order.run_name,
        state=job.state.value,
        attempt=progress.get("attempt"),
        cell=progress.get("cell"),
        cells=progress.get("cells"),
        seconds=job.seconds,
        verdict=answer.get("verdict"),
        reason=answer.get("reason"),
        reproduction_id=answer.get("reproduction_id"),
        message=job.message,
    )


ROUTES = (
    Route(path="/jobs", operations={"GET": Operation(act=list_jobs, summary="List jobs", answer=JobsList)}),
    Route(
        path="/jobs/{job}",
        operations={
            "GET": Operation(act=show_job, summary="Show a job", answer=JobShown),
            "DELETE": Operation(act=stop_job, summary="Stop a job", answer=JobShown),
        },
    ),
)
