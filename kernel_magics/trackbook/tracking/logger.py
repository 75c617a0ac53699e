"""A logger for libraries that have a training loop of their own and ask for one (Lightning, Accelerate, one's own)."""

from __future__ import annotations

import sys
from collections.abc import Iterator, Mapping
from typing import TYPE_CHECKING

from trackbook.errors import InvalidValueError
from trackbook.records import JsonValue, json_value
from trackbook.tracking import log

if TYPE_CHECKING:
    from trackbook.tracking.active_run import ActiveRun


class TrackbookLogger:
    """Logs what a training loop measures; has the methods that Lightning's ``Trainer(logger=...)`` calls.

    In a notebook nothing has to be started: metrics find the run of the model that is trained. With a name, or in a
    script, the first thing logged starts a run, which `finalize` ends.

    Parameters
    ----------
    name
        The name of the run to start; None to log to the run that is there.
    prefix
        Goes before each metric's name: ``val`` makes ``val.loss``.

    Examples
    --------
    >>> from trackbook import TrackbookLogger
    >>> logger = TrackbookLogger(prefix="train")
    >>> logger.log_metrics({"loss": 0.5}, step=1)  # doctest: +SKIP
    """

    def __init__(self, name: str | None = None, *, prefix: str = "") -> None:
        self._name = name
        self._prefix = f"{prefix}." if prefix else ""
        self._run: ActiveRun | None = None

    def log_metrics(self, metrics: Mapping[str, object], step: int | None = None) -> None:
        """Log several numbers, under the step that they belong to.

        Raises
        ------
        InvalidValueError
            If a value is no number.
        """
        named = {f"{self._prefix}{key}": value for key, value in metrics.items()}
        run = self._started()
        if run is not None:
            run.log_metrics(named, step)
        else:
            log.log_metrics_from(named, step, sys._getframe(1))

    def log_hyperparams(self, params: object = None, *_: object, **more: object) -> None:
        """Log settings: a mapping or a namespace, nested or not; what has no JSON form is logged as text.

        Nested settings get dotted names: ``{"model": {"width": 8}}`` is ``model.width``.
        """
        given = dict(params) if isinstance(params, Mapping) else dict(vars(params)) if params is not None else {}
        flat = dict(_flat({**given, **more}))
        run = self._started()
        if run is not None:
            run.log_params(flat)
        else:
            log.log_params(flat)

    def finalize(self, status: str = "success") -> None:
        """End the run that this logger started, if it did: as FAILED unless the status is one of success."""
        run, self._run = self._run, None
        if run is not None:
            run.stop("FINISHED" if status.lower() in ("success", "finished") else "FAILED")

    def _started(self) -> ActiveRun | None:
        """Return this logger's own run: one that it was given a name for."""
        if self._run is None and self._name is not None:
            self._run = log.start_run(self._name)
        return self._run

    # What Lightning asks of any logger

    @property
    def name(self) -> str:
        """What the logger is called."""
        return self._name or "trackbook"

    @property
    def version(self) -> str:
        """The id of the run that it started; empty if it has started none."""
        return self._run.run_id if self._run is not None else ""

    @property
    def save_dir(self) -> str | None:
        """None: files are kept by content, in the store."""
        return None

    @property
    def root_dir(self) -> str | None:
        """None, see `save_dir`."""
        return None

    @property
    def log_dir(self) -> str | None:
        """None, see `save_dir`."""
        return None

    @property
    def group_separator(self) -> str:
        """What stands between the parts of a metric's name."""
        return "."

    @property
    def experiment(self) -> ActiveRun | None:
        """The run that it started, if any."""
        return self._run

    def log_graph(self, *_: object, **__: object) -> None:
        """Do nothing: the model is described with the run."""

    def after_save_checkpoint(self, *_: object) -> None:
        """Do nothing: a checkpoint is kept with `log_artifact`."""

    def save(self) -> None:
        """Do nothing: what was logged is durable when its cell ends."""


def _flat(values: Mapping[str, object], before: str = "") -> Iterator[tuple[str, JsonValue]]:
    for key, value in values.items():
        if isinstance(value, Mapping) and value:
            yield from _flat(value, f"{before}{key}.")
        else:
            yield f"{before}{key}", _plain(value)


def _plain(value: object) -> JsonValue:
    try:
        return json_value(value)
    except InvalidValueError:
        return str(value)
