"""A pipeline as a person describes it."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path

from trackbook.records import JsonValue


@dataclass(frozen=True, slots=True, kw_only=True)
class Step:
    """A notebook with its params.

    Attributes
    ----------
    name
        One of its own in the pipeline; of a step that ``foreach`` has made several of, with the values: ``train[C=1]``.
    notebook
        Relative to the pipeline's folder.
    needs
        The names of steps that come before; None: found by what the notebooks publish and load.
    retries, retry_seconds
        How often it is tried again after a failure, and the first wait, which doubles each time.
    timeout
        Seconds.
    kernel
        None is the one that the notebook names.
    cpus, memory
        What it wishes: cores, and bytes (None: no wish).
    environment
        A file that declares the packages (requirements, lock file), relative to the folder: when it changes, the step
        is not up to date.
    is_cached
        Whether an earlier success may stand for it.
    """

    name: str
    notebook: Path
    params: Mapping[str, JsonValue] = field(default_factory=dict)
    needs: tuple[str, ...] | None = None
    retries: int = 0
    retry_seconds: float = 1.0
    timeout: float | None = None
    kernel: str | None = None
    cpus: float = 1.0
    memory: int | None = None
    environment: Path | None = None
    is_cached: bool = True


@dataclass(frozen=True, slots=True, kw_only=True)
class Pipeline:
    """Steps, every ``foreach`` spelt out, in the order of the file. `needs` of the steps is as the file has it."""

    name: str
    folder: Path
    steps: tuple[Step, ...]
    file: Path | None = None

    def path_of(self, step: Step) -> Path:
        """Return the file of a step's notebook. The folder that it is in is where its kernel works, as in Jupyter."""
        return (self.folder / step.notebook).absolute()
