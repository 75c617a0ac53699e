"""A step that travels, and what comes back: plain values only, which a scheduler needs no Trackbook to pass on."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import asdict, dataclass, field
from typing import Any

from trackbook.pipelines.steps.job import StepJob, StepResult
from trackbook.pipelines.steps.messages import job_line, read_job, read_told, told_line


@dataclass(frozen=True, slots=True, kw_only=True)
class Parcel:
    """A step that travels.

    Attributes
    ----------
    key
        Of this submission.
    topic
        Where the driver listens.
    content
        The notebook.
    boot
        The machine of the driver (`trackbook.process.boot_id`).
    mark
        A file that is there where the store is; None for a store that is not a folder.
    """

    key: str
    topic: str
    job: StepJob
    content: bytes
    boot: str
    mark: str | None

    def to_plain(self) -> dict[str, Any]:
        """Return it as plain values."""
        plain = {name: getattr(self, name) for name in ("key", "topic", "content", "boot", "mark")}
        return plain | {"job": job_line(self.job)}


def read_parcel(plain: Mapping[str, Any]) -> Parcel:
    """Return the parcel of plain values."""
    return Parcel(**{**plain, "job": read_job(plain["job"])})


@dataclass(frozen=True, slots=True, kw_only=True)
class Returned:
    """What comes back.

    Attributes
    ----------
    result
        What became of the step.
    executed
        The executed notebook, if there is one.
    batch
        What the worker's own store holds of it, as text, where it could not reach the driver's; None where it could.
    objects
        Of those that the batch needs, the ones that the driver's store lacks, by digest.
    files
        What the step wrote, by its path beneath the project.
    host
        The worker's machine.
    """

    result: StepResult
    executed: bytes | None = None
    batch: str | None = None
    objects: Mapping[str, bytes] = field(default_factory=dict)
    files: Mapping[str, bytes] = field(default_factory=dict)
    host: str = ""

    def to_plain(self) -> dict[str, Any]:
        """Return it as plain values."""
        plain = {name: getattr(self, name) for name in ("executed", "batch", "host")}
        held = {"objects": dict(self.objects), "files": dict(self.files)}
        return plain | held | {"result": told_line(self.result)}


def read_returned(plain: Mapping[str, Any]) -> Returned:
    """Return what came back as plain values."""
    result = read_told(plain["result"])
    assert isinstance(result, StepResult)
    return Returned(**{**plain, "result": result})


@dataclass(frozen=True, slots=True, kw_only=True)
class Luggage:
    """What a step needs where nothing of the driver's can be reached.

    Attributes
    ----------
    root
        The folder of the driver's in which everything lies that the paths here begin at.
    folder, notebook
        The step's, from the root.
    files
        Digests by path.
    seed
        What its store begins with, as text: the versions of datasets that it may load, the run that its own is a child
        of.
    objects
        The digests that the seed needs.
    """

    root: str
    folder: str
    notebook: str
    files: Mapping[str, str]
    seed: str
    objects: tuple[str, ...]

    def to_plain(self) -> dict[str, Any]:
        """Return it as plain values."""
        return asdict(self)
