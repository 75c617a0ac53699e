"""The first lines of ours that run on a worker: they must not need Trackbook, for it may not be there."""

from __future__ import annotations

from typing import Any


def enter(version: str, parcel: dict[str, Any]) -> dict[str, Any]:
    """Hand a parcel to the Trackbook of this worker, and return what that gives back; or why it can't be done."""
    import os

    where = f"worker {os.uname().nodename} (process {os.getpid()})"
    try:
        import trackbook
    except ImportError as error:
        return {
            "refused": f"There is no working Trackbook on {where}: {error}. pip install trackbook=={version} there."
        }
    if trackbook.__version__ != version:
        return {
            "refused": f"Trackbook {trackbook.__version__} is on {where}, and {version} here. Install the same on both."
        }
    from trackbook.pipelines.executors.cluster.remote import execute_parcel

    return execute_parcel(parcel)


enter.__module__ = "__main__"  # what is of there travels as code, all else by its name
