"""Runs as a folder that MLflow reads: its file store.

MLflow's databases only open in versions that know their schema. Such a folder is read by MLflow 2 and 3 (which wants
``MLFLOW_ALLOW_FILE_STORE=true``), and ``mlflow migrate-filestore`` makes it a database. The layout is that of
``mlflow.store.tracking.file_store``: an experiment is a folder with ``meta.yaml``, a run one within with a file for
each param, metric and tag. What MLflow has no place for, or would cut, stands whole in the artifact
``trackbook/run.json`` of its run.

Rules of MLflow (``mlflow.utils.validation``): names of params and metrics are made of letters, digits and ``_-./: ``,
are paths that normalize to themselves, and have at most 250 characters; values have at most 6000, those of tags 8000;
times are milliseconds, numbers are doubles.
"""

from __future__ import annotations

import hashlib
import json
import os
import posixpath
import re
from collections import Counter
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from datetime import datetime
from pathlib import Path

from trackbook.clock import microseconds
from trackbook.records import DatasetUse, Environment, JsonValue, MetricPoint, RunDetail, RunStatus, Session, encode
from trackbook.store.contract import RunFilter, Store
from trackbook.tracking.export import histories, object_or_none, plain, plain_run, runs_of

_LONGEST_KEY, _LONGEST_PARAM, _LONGEST_TAG, _LONGEST_NAME = 250, 6000, 8000, 500
_LONGEST_DIGEST = 36
_LONGEST_FILE = 200  # bytes of one part of a path: file systems take 255
_NOT_ALLOWED = re.compile(r"[^/\w.\- ]" if os.name == "nt" else r"[^/\w.\- :]")
_LONGEST_STEM = 240  # characters of a name that a number follows
_WHOLE = "trackbook/run.json"
_STATUSES = {RunStatus.RUNNING: 1, RunStatus.FINISHED: 3, RunStatus.FAILED: 4, RunStatus.KILLED: 5}
_DEFAULT = "Default"
_EXACT = 2**53  # beyond it a double no longer holds every integer
_TYPES = (
    ("int64", "long"),
    ("uint", "long"),
    ("int", "integer"),
    ("float64", "double"),
    ("float", "float"),
    ("double", "double"),
    ("bool", "boolean"),
    ("datetime", "datetime"),
)
_LEADING_DOTS = re.compile(r"^\.+")
_UNPRINTABLE = re.compile("[\x7f-\x9f\u2028\u2029\ufeff\ufffe\uffff]")
Row = Mapping[str, "str | int | None"]


@dataclass(slots=True)
class MlflowFolder:
    """A folder in the making.

    Parameters
    ----------
    folder
        Where it is written; empty.
    final
        Where it will stand: MLflow wants the whole path of a run's artifacts.

    Attributes
    ----------
    changed
        What MLflow's rules changed, and how often.
    """

    store: Store
    folder: Path
    final: Path
    runs: int = 0
    changed: Counter[str] = field(default_factory=Counter)
    _is_case_blind: bool = False
    _experiments: dict[str, int] = field(default_factory=dict)
    _sessions: dict[str, Session | None] = field(default_factory=dict)
    _environments: dict[str, Environment | None] = field(default_factory=dict)

    def write(self, where: RunFilter) -> None:
        """Write the runs of a filter."""
        self._is_case_blind = _is_case_blind(self.folder)
        self._experiment(_DEFAULT)
        for detail in runs_of(self.store, where):
            self._write_run(detail)
            self.runs += 1

    def _experiment(self, name: str) -> int:
        """Return the number of an experiment, whose folder is made when it is first met."""
        shown = self._cut(name, _LONGEST_NAME, "names of experiments") or "unnamed"
        if shown not in self._experiments:
            number = self._experiments[shown] = len(self._experiments)
            row: Row = {
                "artifact_location": self._uri(str(number)),
                "experiment_id": str(number),
                "lifecycle_stage": "active",
                "name": shown,
            }
            _write_yaml(self.folder / str(number) / "meta.yaml", row)
        return self._experiments[shown]

    def _uri(self, relative: str) -> str:
        return (self.final.absolute() / relative).as_uri()

    def _write_run(self, detail: RunDetail) -> None:
        run = detail.run
        number = self._experiment(run.experiment)
        place = self.folder / str(number) / run.run_id
        session, environment = self._session(run.session_id), self._environment(run.environment_id)
        _write_yaml(place / "meta.yaml", self._run_row(detail, session, number))
        for kind in ("params", "metrics", "tags", "artifacts"):
            (place / kind).mkdir()
        self._write_params(place / "params", detail)
        self._write_metrics(place / "metrics", histories(self.store, detail))
        self._write_tags(place / "tags", detail, session, environment)
        self._write_datasets(place, detail)
        self._write_artifacts(place / "artifacts", detail, session, environment)

    def _run_row(self, detail: RunDetail, session: Session | None, number: int) -> Row:
        run = detail.run
        return {
            "artifact_uri": self._uri(f"{number}/{run.run_id}/artifacts"),
            "end_time": _milliseconds(run.finished_at) if run.finished_at else None,
            "entry_point_name": "",
            "experiment_id": str(number),
            "lifecycle_stage": "active",
            "run_id": run.run_id,
            "run_name": run.name,
            "run_uuid": run.run_id,
            "source_name": (session.notebook if session else None) or "",
            "source_type": 1,
            "source_version": "",
            "start_time": _milliseconds(run.started_at),
            "status": _STATUSES[run.status],
            "user_id": session.user if session else "",
        }

    def _session(self, session_id: str) -> Session | None:
        if session_id not in self._sessions:
            self._sessions[session_id] = next(iter(self.store.sessions(ids=[session_id])), None)
        return self._sessions[session_id]

    def _environment(self, environment_id: str | None) -> Environment | None:
        if environment_id is None:
            return None
        if environment_id not in self._environments:
            self._environments[environment_id] = self.store.environment(environment_id)
        return self._environments[environment_id]

    def _write_params(self, folder: Path, detail: RunDetail) -> None:
        names = self._names(detail.params)
        for key, value in detail.params.items():
            text = self._cut(_param_text(value), _LONGEST_PARAM, "values of params longer than 6000 characters")
            _write_text(folder / names[key], text)

    def _write_metrics(self, folder: Path, points: Mapping[str, list[MetricPoint]]) -> None:
        names = self._names(points)
        for key, history in points.items():
            _write_text(folder / names[key], "".join(self._metric_lines(history)))

    def _metric_lines(self, history: Iterable[MetricPoint]) -> Iterable[str]:
        """Return a metric's points as lines.

        Of those in one step and millisecond MLflow takes the greatest for the latest: the later ones are put later.
        """
        last: tuple[int, int] | None = None
        for point in history:
            at = _milliseconds(point.time)
            if last is not None and last[0] == point.step:
                at = max(at, last[1] + 1)
            last = (point.step, at)
            yield f"{at} {self._double(point.value)!r} {point.step}\n"

    def _double(self, value: float | int) -> float:
        if isinstance(value, int) and abs(value) > _EXACT:
            self.changed["integers too large to be exact"] += 1
        try:
            return float(value)
        except OverflowError:
            return float("inf") if value > 0 else float("-inf")

    def _write_tags(
        self, folder: Path, detail: RunDetail, session: Session | None, environment: Environment | None
    ) -> None:
        tags = {key: value for key, value in _own_tags(detail, session, environment).items() if value}
        given = {f"tags.{key}" if key in tags else key: value for key, value in detail.tags.items()}
        names = self._names([*tags, *given])
        for key, value in (tags | given).items():
            _write_text(
                folder / names[key], self._cut(value, _LONGEST_TAG, "values of tags longer than 8000 characters")
            )

    def _write_datasets(self, place: Path, detail: RunDetail) -> None:
        for dataset in detail.datasets:
            digest = self._digest(dataset, detail)
            identity = _identity(dataset.name, digest)
            about = place.parent / "datasets" / identity / "meta.yaml"
            if not about.exists():
                _write_yaml(
                    about, _dataset_row(dataset, self._cut(dataset.name, _LONGEST_NAME, "names of datasets"), digest)
                )
            tags = {"mlflow.data.context": dataset.role.value if dataset.role else "", "trackbook.kind": dataset.kind}
            row = {
                "destination_id": detail.run.run_id,
                "destination_type": "RUN",
                "source_id": identity,
                "source_type": "DATASET",
                "tags": {key: value for key, value in tags.items() if value},
            }
            _write_yaml(place / "inputs" / _identity(identity, dataset.role or "") / "meta.yaml", row)

    def _digest(self, dataset: DatasetUse, detail: RunDetail) -> str:
        """Return what tells a dataset's states apart: one of which nothing is known is only itself."""
        known = dataset.fingerprint or _identity(detail.run.run_id, dataset.name, dataset.role or "")
        return known if len(known) <= _LONGEST_DIGEST else known.rpartition(":")[2][:_LONGEST_DIGEST]

    def _write_artifacts(
        self, folder: Path, detail: RunDetail, session: Session | None, environment: Environment | None
    ) -> None:
        files = {artifact.name: artifact.digest for artifact in detail.artifacts}
        files |= {f"trackbook/modules/{module.path}": module.digest for module in detail.modules}
        names = self._names(files, longest=None, taken=_WHOLE)
        for name, digest in files.items():
            content = object_or_none(self.store, digest)
            if content is None:
                self.changed["artifacts whose content is lost (see trackbook verify)"] += 1
            else:
                _write(folder / names[name], content)
        whole = plain_run(self.store, detail) | {
            "session": plain(session),
            "environment": plain(environment),
            "executions": plain(self.store.executions(run_id=detail.run.run_id)),
        }
        _write(folder / _WHOLE, json.dumps(whole, indent=1, allow_nan=False).encode())

    def _names(self, keys: Iterable[str], *, longest: int | None = _LONGEST_KEY, taken: str = "") -> dict[str, str]:
        """Return names that MLflow and the file system take, one for each key; no name is the folder of another."""
        names: dict[str, str] = {}
        places = _Places(is_case_blind=self._is_case_blind)
        if taken:
            places.take(taken)
        for key in sorted(keys, key=lambda key: _allowed(key, longest) != key):  # what may stay as it is goes first
            name = base = _allowed(key, longest)
            number = 1
            while not places.is_free(name):
                number += 1
                name = f"{base.replace('/', '_')[:_LONGEST_STEM]}_{number}"
            self.changed["names of params, metrics, tags or artifacts"] += name != key
            places.take(name)
            names[key] = name
        return names

    def _cut(self, text: str, longest: int, what: str) -> str:
        if len(text) <= longest:
            return text
        self.changed[what] += 1
        return text[: longest - 1] + "…"


def _own_tags(detail: RunDetail, session: Session | None, environment: Environment | None) -> dict[str, str]:
    """Return what MLflow keeps as tags, by its names, and what else there is, by ours; empty where there is none."""
    run = detail.run
    git = environment.git if environment else None
    return {
        "mlflow.runName": run.name,
        "mlflow.parentRunId": run.parent_id or "",
        "mlflow.user": session.user if session else "",
        "mlflow.source.name": (session.notebook if session else None) or "",
        "mlflow.source.type": "NOTEBOOK" if session and session.notebook else "LOCAL",
        "mlflow.source.git.commit": git.commit if git else "",
        "mlflow.source.git.branch": (git.branch if git else None) or "",
        "mlflow.note.content": run.note or "",
        "trackbook.verdict": run.verdict.value if run.verdict else "",
        "trackbook.verdict_reason": run.verdict_reason or "",
        "trackbook.failure": f"{run.failure.type}: {run.failure.message}" if run.failure else "",
        "trackbook.model": ", ".join(dict.fromkeys(model.class_name for model in detail.models)),
        "trackbook.session_id": run.session_id,
    }


def _dataset_row(dataset: DatasetUse, name: str, digest: str) -> dict[str, str]:
    columns = [{"type": _mlflow_type(column.dtype), "name": column.name} for column in dataset.columns]
    files = [plain(file) for file in dataset.files]
    profile = {"num_rows": dataset.rows, "shape": list(dataset.shape), "fingerprint": dataset.fingerprint}
    return {
        "digest": digest,
        "name": name,
        "profile": json.dumps(profile | {"files": files}),
        "schema": json.dumps({"mlflow_colspec": columns}),
        "source": json.dumps({"uri": dataset.files[0].path} if dataset.files else {"tags": {}}),
        "source_type": "local" if dataset.files else "code",
    }


def _mlflow_type(dtype: str) -> str:
    return next((name for beginning, name in _TYPES if dtype.lower().startswith(beginning)), "string")


def _param_text(value: JsonValue) -> str:
    """Return a param as MLflow's own client writes it, lists and dicts as JSON."""
    return encode(value) if isinstance(value, list | dict) else str(value)


def _allowed(key: str, longest: int | None) -> str:
    name = _NOT_ALLOWED.sub("_", key)
    if longest is not None and len(name) > longest:
        name = name[: longest - 9] + "_" + _identity(key)[:8]
    parts = name.split("/")
    if posixpath.normpath(name) != name or name.startswith(("/", ".")) or ".." in parts:
        parts = [_LEADING_DOTS.sub("_", "_".join(part for part in parts if part) or "_")]
    return "/".join(map(_short, parts))


def _short(part: str) -> str:
    return part if len(part.encode()) <= _LONGEST_FILE else f"{part[:40]}_{_identity(part)[:8]}"


@dataclass(slots=True)
class _Places:
    """Which paths are taken within a folder."""

    is_case_blind: bool
    _files: set[str] = field(default_factory=set)
    _folders: set[str] = field(default_factory=set)

    def is_free(self, name: str) -> bool:
        path = self._seen(name)
        return path not in self._files | self._folders and self._files.isdisjoint(_folders_of(path))

    def take(self, name: str) -> None:
        path = self._seen(name)
        self._files.add(path)
        self._folders.update(_folders_of(path))

    def _seen(self, name: str) -> str:
        return name.casefold() if self.is_case_blind else name


def _folders_of(path: str) -> list[str]:
    return [path[:at] for at, character in enumerate(path) if character == "/"]


def _is_case_blind(folder: Path) -> bool:
    """Return whether a folder's file system holds upper and lower case for one."""
    probe = folder / "case.probe"
    probe.touch()
    is_blind = (folder / "CASE.PROBE").exists()
    probe.unlink()
    return is_blind


def _identity(*parts: str) -> str:
    return hashlib.sha256("\0".join(parts).encode(errors="surrogatepass")).hexdigest()[:32]


def _milliseconds(moment: datetime) -> int:
    return microseconds(moment) // 1000


def _write_yaml(path: Path, row: Mapping[str, object]) -> None:
    """Write a mapping as YAML, of which JSON's scalars are a part but for characters that YAML wants escaped."""
    lines = (f"{key}: {json.dumps(value, ensure_ascii=False)}\n" for key, value in row.items())
    _write_text(path, "".join(_UNPRINTABLE.sub(_escaped, line) for line in lines))


def _escaped(found: re.Match[str]) -> str:
    return f"\\u{ord(found.group()):04x}"


def _write_text(path: Path, text: str) -> None:
    _write(path, text.encode(errors="replace"))


def _write(path: Path, content: bytes) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_bytes(content)
