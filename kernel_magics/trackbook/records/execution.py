"""An execution: one run of one cell, immutable once it has ended; and the statements that its code is made of."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from enum import StrEnum

from trackbook.records.dataset import FileRead
from trackbook.records.output import Output
from trackbook.records.values import JsonValue


class Outcome(StrEnum):
    """How an execution ended. RUNNING is written only for cells that take long; a vanished kernel leaves it behind."""

    RUNNING = "running"
    OK = "ok"
    ERROR = "error"
    INTERRUPTED = "interrupted"


@dataclass(frozen=True, slots=True, kw_only=True)
class Failure:
    """An exception as text: its class name, its message and (where known) the formatted traceback."""

    type: str
    message: str
    traceback: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Source:
    """A statement of an execution: the address that lineage uses for "who made this value"."""

    execution_id: str
    statement: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Statement:
    """One statement of an executed cell.

    `reads` maps each name that it reads to the statements that may have made its value then, and a file that other
    statements wrote (`file_key`) to these; `writes` are the names that it bound or changed. `literals` are the
    constants that it assigns, `files` what was read while it ran, `unseeded` the calls in it that draw random numbers
    without a seed. Lines count from 1 in the cell's source.
    """

    line: int
    end_line: int
    reads: Mapping[str, tuple[Source, ...]] = field(default_factory=dict)
    writes: tuple[str, ...] = ()
    literals: Mapping[str, JsonValue] = field(default_factory=dict)
    files: tuple[FileRead, ...] = ()
    unseeded: tuple[str, ...] = ()


_FILE = "file "


def file_key(path: str) -> str:
    """Return what a file is called among the names that a statement reads; no name of Python's can be that."""
    return f"{_FILE}{path}"


_DATASET = "dataset "


def dataset_key(label: str) -> str:
    """Return what a version of a dataset (``train@3``) is called among what a statement read from outside."""
    return f"{_DATASET}{label}"


def is_dataset_key(name: str) -> bool:
    """Return whether what a statement read is a version of a dataset."""
    return name.startswith(_DATASET)


def is_file_key(name: str) -> bool:
    """Return whether what a statement reads is a file that another one wrote."""
    return name.startswith(_FILE)


class HiddenReason(StrEnum):
    """Why a value that was read isn't what the notebook, run from its top, would give.

    RERUN: its cell ran again since, and made another one. EDITED: its cell's text is another one now. DELETED: its cell
    is gone. ORDER: its cell stands below the one that read it. SKIPPED: a cell that stands between the two, and makes
    another one, had not run since. CHANGED: what came from a file or module is not what that file holds now, or not the
    latest version of its dataset any more. RELOADED: the module that was used was loaded again since, with other code.
    """

    RERUN = "rerun"
    EDITED = "edited"
    DELETED = "deleted"
    ORDER = "order"
    SKIPPED = "skipped"
    CHANGED = "changed"
    RELOADED = "reloaded"


@dataclass(frozen=True, slots=True, kw_only=True)
class HiddenRead:
    """A name that a cell read, and the statement that made its value, which the notebook no longer shows as it was.

    Of what came from outside the notebook (``file in.csv``, ``module h``) it is the statement that read it.
    """

    name: str
    source: Source
    reason: HiddenReason


@dataclass(frozen=True, slots=True, kw_only=True)
class Resources:
    """What an execution used: seconds of CPU, the peaks of resident and of GPU memory in bytes.

    `gpu_percent` is the mean of the GPU's utilisation while the cell ran.
    """

    cpu_seconds: float | None = None
    peak_memory_bytes: int | None = None
    gpu_peak_memory_bytes: int | None = None
    gpu_percent: float | None = None


SWITCHED_OFF = "trackbook off"
"""Among `Execution.state`: tracking was switched off while it ran, so that what ran next is not on record."""
_FAULT = "trackbook fault: "


def fault_of_tracking(sentence: str) -> str:
    """Return what says, among `Execution.state`, that something of it or since the one before could not be recorded."""
    return f"{_FAULT}{sentence}"


@dataclass(frozen=True, slots=True, kw_only=True)
class Execution:
    """One run of one cell.

    `index` counts the session's executions from 1; `count` is the prompt number (``In [count]``). `reads` are the names
    whose values came from before the cell, `writes` those that it bound, changed or deleted, `maybe` those that it
    touched and that can't be compared. `state` names changed global state outside the namespace (``numpy.random``),
    that of tracking itself included (`SWITCHED_OFF`, `fault_of_tracking`).
    `hidden` are the reads of what the notebook doesn't show as it was when the cell ran.
    """

    execution_id: str
    session_id: str
    index: int
    source: str
    started_at: datetime
    cell_id: str | None = None
    count: int | None = None
    seconds: float | None = None
    outcome: Outcome = Outcome.RUNNING
    failure: Failure | None = None
    reads: tuple[str, ...] = ()
    writes: tuple[str, ...] = ()
    maybe: tuple[str, ...] = ()
    state: tuple[str, ...] = ()
    hidden: tuple[HiddenRead, ...] = ()
    outputs: tuple[Output, ...] = ()
    statements: tuple[Statement, ...] = ()
    resources: Resources = Resources()
    run_ids: tuple[str, ...] = ()

    @property
    def changed_state(self) -> tuple[str, ...]:
        """What it changed of the global state that results may depend on: tracking is none of that."""
        return tuple(each for each in self.state if each != SWITCHED_OFF and not each.startswith(_FAULT))

    @property
    def tracking_fault(self) -> str | None:
        """What could not be recorded of it, or since the one before, in a sentence."""
        return next((each.removeprefix(_FAULT) for each in self.state if each.startswith(_FAULT)), None)
