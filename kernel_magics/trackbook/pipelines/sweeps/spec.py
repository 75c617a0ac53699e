"""A sweep as a person describes it."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import asdict, dataclass, field, replace
from enum import StrEnum
from pathlib import Path
from typing import Any

from trackbook.errors import InvalidValueError

DEFAULT_TRIALS = 50


class Sampler(StrEnum):
    """How the values of a trial are chosen."""

    GRID = "grid"
    RANDOM = "random"
    TPE = "tpe"


class Pruner(StrEnum):
    """When a trial is given up before its end."""

    MEDIAN = "median"


@dataclass(frozen=True, slots=True, kw_only=True)
class Sweep:
    """A notebook with many values of its params.

    Attributes
    ----------
    notebook
        The notebook, which is never altered.
    params
        The values to try as texts, by the param's name: ``0.01,0.1,1``, ``2..8``, ``1e-4..1e-1:log``.
    metric
        The metric that decides: its name, or the last part of it.
    is_maximized
        Whether more of it is better.
    sampler
        None: a grid where the combinations can be counted and are no more than `trials`, else ``tpe``.
    trials
        The most that are run; None: all of a grid, else 50.
    seed
        Of the sampler: the same seed gives the same trials, run one after another.
    prune
        None: no trial is given up.
    jobs
        How many trials run at once.
    timeout
        Seconds that a trial may take.
    folder
        The working folder of the trials; None is the notebook's.
    is_lasting
        Whether the notebook's file stays; a slice's does not.
    """

    notebook: Path
    params: Mapping[str, str] = field(default_factory=dict)
    metric: str
    is_maximized: bool
    sampler: Sampler | None = None
    trials: int | None = None
    seed: int | None = None
    prune: Pruner | None = None
    jobs: int = 1
    timeout: float | None = None
    folder: Path | None = None
    is_lasting: bool = True

    def __post_init__(self) -> None:
        if not self.params:
            raise InvalidValueError("A sweep needs a param with several values, such as -p C=0.1,1,10.")
        for name, number in (("trials", self.trials), ("jobs", self.jobs)):
            if number is not None and number < 1:
                raise InvalidValueError(f"{name} is {number}. Give a number of 1 or more.")
        if self.timeout is not None and not self.timeout > 0:
            raise InvalidValueError(f"timeout is {self.timeout:g}. Give seconds, more than 0.")

    @property
    def working_folder(self) -> Path:
        """The folder that the trials work in."""
        return (self.folder or self.notebook.parent).absolute()

    @property
    def direction(self) -> str:
        """``maximize`` or ``minimize``."""
        return "maximize" if self.is_maximized else "minimize"

    def to_json(self) -> bytes:
        """Return it as a JSON document, which `sweep_of` reads."""
        values = asdict(replace(self, notebook=self.notebook.absolute(), folder=self.working_folder))
        return json.dumps(values, default=str, indent=2).encode()


def sweep_of(content: bytes) -> Sweep:
    """Return the sweep in a JSON document."""
    values: dict[str, Any] = json.loads(content)
    paths = {name: Path(values[name]) for name in ("notebook", "folder")}
    kinds = {
        "sampler": Sampler(values["sampler"]) if values["sampler"] else None,
        "prune": Pruner(values["prune"]) if values["prune"] else None,
    }
    return Sweep(**(values | paths | kinds))
