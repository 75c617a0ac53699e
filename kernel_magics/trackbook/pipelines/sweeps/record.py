"""A sweep's run in the store: the parent of its trials, kept alive while they run, with what came out at the end."""

from __future__ import annotations

import logging
from collections.abc import Mapping
from dataclasses import replace
from pathlib import Path

from trackbook import clock
from trackbook.capture.guard import Guard
from trackbook.capture.notebook import Notebook
from trackbook.capture.secrets import redact
from trackbook.config import load_settings
from trackbook.pipelines.redacted import redacted_notebook
from trackbook.pipelines.sweeps.spec import Sweep
from trackbook.pipelines.sweeps.trials import Trial
from trackbook.records import Artifact, Failure, JsonValue, MetricPoint, Run, RunStatus
from trackbook.store.contract import Batch, RunChange
from trackbook.store.location import open_store
from trackbook.tracking.session import SessionKeeper

SWEEP, TRIAL, CONTINUES, PRUNED, BEST = "sweep", "trial", "sweep.continues", "pruned", "best"
"""Tags: of a sweep's run and of its trials."""
SPEC, NOTEBOOK, TABLE, FIGURE = "sweep.json", "notebook.ipynb", "trials.json", "trials.html"
"""Artifacts of a sweep's run."""
_MEDIA = {".json": "application/json", ".ipynb": "application/x-ipynb+json", ".html": "text/html"}


class SweepRecord:
    """The run of a sweep, from its start to its end; other processes see that it is alive.

    Parameters
    ----------
    sweep
        What is tried.
    location
        The store.
    continues
        The run of the sweep that this one goes on from.
    """

    def __init__(self, sweep: Sweep, location: str, continues: str | None = None) -> None:
        folder = sweep.working_folder
        self._keeper = SessionKeeper(
            lambda: open_store(location),
            Notebook(path=sweep.notebook.absolute(), frontend="script", kernel_id=None, folder=folder),
            folder,
            load_settings(folder),
            Guard(_warn),
            _warn,
            lambda: location,
        )
        run = self._keeper.new_run(None, None, clock.now())
        self.run: Run = replace(run, parent_id=self._keeper.session.parent_run_id, name=f"sweep-{run.name}")
        tags = {SWEEP: sweep.metric} | ({CONTINUES: continues} if continues else {})
        files = {SPEC: sweep.to_json(), NOTEBOOK: kept_notebook(sweep.notebook)}
        self._write(run=self.run, tags=tags, artifacts=[self._artifact(name, files[name]) for name in files])

    @property
    def run_id(self) -> str:
        """The id of the run."""
        return self.run.run_id

    @property
    def experiment(self) -> str:
        """The experiment that it and its trials belong to."""
        return self.run.experiment

    def note_best(self, metric: str, trial: Trial, ended: int) -> None:
        """Add the best value so far, the `ended`-th trial's end being its step."""
        if trial.value is not None:
            point = MetricPoint(key=metric, value=trial.value, step=ended, time=clock.now())
            self._write(metrics=(point,), tags={SWEEP: metric, BEST: trial.run_name})

    def note_pruned(self, trial: Trial) -> None:
        """Say with a trial's run that it was given up."""
        if trial.run_id is not None:
            self._keeper.write(Batch(runs=(RunChange(run_id=trial.run_id, tags={PRUNED: "true"}),)))

    def add_trial(self, trial: Trial) -> Trial:
        """Write the run of a trial that ended before its kernel had one; return the trial with it."""
        new = self._keeper.new_run(None, f"{self.run.name}-{trial.number}", clock.now())
        failure = Failure(type=trial.error or "kernel", message=redact(trial.message or "It recorded nothing."))
        run = replace(new, parent_id=self.run_id, status=RunStatus.FAILED, failure=failure, finished_at=clock.now())
        change = RunChange(run_id=run.run_id, run=run, params=trial.params, tags={TRIAL: str(trial.number)})
        self._keeper.write(Batch(runs=(change,)))
        return replace(trial, run_id=run.run_id, run_name=run.name)

    def keep(self, files: Mapping[str, bytes]) -> None:
        """Keep files with the run, by their names."""
        self._write(artifacts=[self._artifact(name, content) for name, content in files.items()])

    def end(
        self, status: RunStatus, params: Mapping[str, JsonValue] | None = None, failure: Failure | None = None
    ) -> None:
        """End the run, with the params of the best trial, and let go of the store."""
        environment = self._keeper.environment()
        self.run = replace(
            self.run,
            status=status,
            failure=failure,
            finished_at=clock.now(),
            environment_id=environment.environment_id if environment is not None else None,
        )
        self._write(run=self.run, params=params or {})
        self._keeper.close()

    def _artifact(self, name: str, content: bytes) -> Artifact:
        digest = self._keeper.put_object(content)
        return Artifact(name=name, digest=digest, size=len(content), media_type=_MEDIA[Path(name).suffix])

    def _write(self, **changes: object) -> None:
        change = RunChange(run_id=self.run_id, **changes)  # type: ignore[arg-type]  # fields of RunChange, by the callers
        self._keeper.write(Batch(runs=(change,)))


def kept_notebook(path: Path) -> bytes:
    """Return a notebook as it is kept with a sweep: the file, without credentials if there are any."""
    content = path.read_bytes()
    text = content.decode("utf-8-sig")
    redacted = redacted_notebook(text)
    return content if redacted == text else redacted.encode()


def _warn(sentence: str) -> None:
    logging.getLogger("trackbook").warning(sentence)
