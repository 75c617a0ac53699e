"""A new store and a migrated one are the same, and every schema that ever was still opens."""

from __future__ import annotations

import math
import shutil
import sqlite3
import subprocess
import sys
from collections.abc import Iterator
from contextlib import closing
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path

import pandas as pd
import pytest
from alembic import command
from alembic.script import ScriptDirectory
from trackbook.errors import NewerSchemaError, StoreError
from trackbook.records import (
    ComparedKind,
    DatasetVersion,
    FileRead,
    HiddenReason,
    MetricPoint,
    OutputKind,
    ReproductionVerdict,
    RunStatus,
    Snapshot,
    Verdict,
)
from trackbook.store import Batch, RunChange, RunFilter, Store, open_store
from trackbook.store.sql.database import Database
from trackbook.store.sql.schema import HEAD
from trackbook.store.sql.upgrading import as_sqlalchemy, migration_config

from .make_store import NOON, ages

PAST = sorted(Path(__file__).parent.glob("schema_*"))


@pytest.fixture(params=PAST, ids=[folder.name for folder in PAST])
def past(request: pytest.FixtureRequest, tmp_path: Path) -> Path:
    shutil.copytree(request.param, tmp_path / ".trackbook")
    return tmp_path / ".trackbook"


@pytest.fixture
def old_store(past: Path) -> Iterator[Store]:
    store = open_store(past)
    yield store
    store.close()


def schema_of(path: Path) -> dict[str, str]:
    with closing(sqlite3.connect(path)) as connection:
        rows = connection.execute("SELECT name, sql FROM sqlite_master WHERE sql IS NOT NULL").fetchall()
    return {name: " ".join(sql.split()) for name, sql in rows}


def test_migrations_make_the_schema_that_a_new_store_has(tmp_path: Path) -> None:
    open_store(tmp_path / "new").close()
    (tmp_path / "migrated.db").touch()
    database = Database(tmp_path / "migrated.db", prepare=lambda _: None)

    with database.preparing() as driver, as_sqlalchemy(driver) as connection:
        config = migration_config()
        config.attributes["connection"] = connection
        command.upgrade(config, "head")
    database.close()

    assert schema_of(tmp_path / "migrated.db") == schema_of(tmp_path / "new" / "trackbook.db")


def test_new_store_is_stamped_with_the_last_migration() -> None:
    assert ScriptDirectory.from_config(migration_config()).get_current_head() == HEAD


def test_every_schema_has_its_store_in_the_tests() -> None:
    revisions = {script.revision for script in ScriptDirectory.from_config(migration_config()).walk_revisions()}

    assert {folder.name.removeprefix("schema_") for folder in PAST} == revisions


def test_past_store_is_read_whole(old_store: Store) -> None:
    left, finished = old_store.runs(RunFilter())

    assert (left.run.status, left.run.parent_id) == (RunStatus.KILLED, "r1")
    assert finished.params == {"C": 0.1, "solver": "lbfgs", "layers": [64, 32]}
    assert finished.metrics["loss"].value == 2**70
    assert math.isnan(old_store.metric_history("r1", "loss")[1].value)
    assert finished.run.note == "a long note\n" * 2000
    assert old_store.get_object(finished.artifacts[0].digest) == b"png"
    assert [execution.execution_id for execution in old_store.executions(run_id="r1")] == ["e1"]
    assert old_store.verify() == []


def test_second_schema_is_read_whole(tmp_path: Path) -> None:
    shutil.copytree(Path(__file__).parent / "schema_0002", tmp_path / "store")
    store = open_store(tmp_path / "store")

    (finished,) = store.runs(RunFilter(ids=["r1"]))
    (execution,) = store.executions(run_id="r1")
    drawn, printed = execution.outputs

    assert (finished.run.verdict, finished.run.verdict_reason is None) == (Verdict.STALE, False)
    assert store.get_object(finished.modules[0].digest) == b"def clean(df): ..."
    assert [(origin.key, origin.source.execution_id) for origin in store.origins("r1")] == [("loss", "e1")]
    assert execution.hidden[0].reason is HiddenReason.EDITED
    assert (drawn.kind, [part.media_type for part in drawn.parts]) == (OutputKind.DISPLAY, ["image/png", "text/plain"])
    assert (printed.name, printed.parts[0].text) == ("stdout", "done\n")
    assert (execution.resources.gpu_peak_memory_bytes, execution.resources.gpu_percent) == (2**31, 62.5)
    store.close()


def test_third_schema_is_read_whole(tmp_path: Path) -> None:
    shutil.copytree(Path(__file__).parent / "schema_0003", tmp_path / "store")
    store = open_store(tmp_path / "store")

    (finished,) = store.runs(RunFilter(ids=["r1"]))
    (snapshot,) = store.snapshots()
    (version,) = store.versions("ages")
    (check,) = store.checks(run_id="r1")
    (reproduction,) = store.reproductions(run_id="r1")
    (use,), (model,) = finished.datasets, finished.models

    pd.testing.assert_frame_equal(store.get_table(snapshot.snapshot_id), ages())
    assert store.get_table(snapshot.snapshot_id).attrs == {"unit": "year"}
    assert {use.snapshot_id, model.example_snapshot, check.snapshot_id, version.snapshot_id} == {snapshot.snapshot_id}
    assert store.find_snapshot("of ages", "k") == snapshot
    assert store.get_object(model.object_digest or "") == b"a skops file"
    assert [file.object_digest is None for file in use.files] == [True, False]
    assert (version.version, version.run_id, version.fingerprint) == (1, "r1", "of ages")
    assert (check.is_passed, check.failures, check.sample) == (False, 1, ({"age": -1},))
    assert store.get_object(check.schema_digest or "") == b"age: int"
    assert (reproduction.verdict, reproduction.seconds) == (ReproductionVerdict.DIFFERENT, 1.5)
    assert reproduction.comparisons[0].kind is ComparedKind.METRIC
    store.close()


def test_fourth_schema_has_the_folders_of_sessions(tmp_path: Path) -> None:
    for name in ("schema_0003", "schema_0004"):
        shutil.copytree(Path(__file__).parent / name, tmp_path / name)
    older, newer = open_store(tmp_path / "schema_0003"), open_store(tmp_path / "schema_0004")

    (without,), (with_folder,) = older.sessions(), newer.sessions()

    assert (without.folder, without.notebook) == (None, "churn.ipynb")
    assert with_folder == replace(without, folder="/work/churn")
    older.close()
    newer.close()


def test_second_schema_keeps_its_datasets_and_models(tmp_path: Path) -> None:
    shutil.copytree(Path(__file__).parent / "schema_0002", tmp_path / "store")
    store = open_store(tmp_path / "store")

    (finished,) = store.runs(RunFilter(ids=["r1"]))
    store.write(Batch(snapshots=[KEPT], versions=[DatasetVersion(name="df", snapshot_id="a" * 64, made_at=NOON)]))
    filled = replace(finished.datasets[0], snapshot_id="a" * 64)
    store.write(Batch(runs=[RunChange(run_id="r1", datasets=[filled])]))

    (again,) = store.runs(RunFilter(ids=["r1"]))
    assert [(use.name, use.rows, use.files) for use in again.datasets] == [("df", 3, (FileRead(path="a.csv", size=3),))]
    assert [(model.name, model.features, model.object_digest) for model in again.models] == [("clf", ("age",), None)]
    assert again.datasets == (filled,)
    assert [version.version for version in store.versions("df")] == [1]
    store.close()


KEPT = Snapshot(snapshot_id="a" * 64, kind="list", made_at=NOON)


def test_first_schema_is_upgraded_whole(tmp_path: Path) -> None:
    folder = tmp_path / "store"
    shutil.copytree(Path(__file__).parent / "schema_0001", folder)
    with closing(sqlite3.connect(folder / "trackbook.db")) as connection:
        connection.executescript(OLD_ROWS)

    store = open_store(folder)
    (detail,) = store.runs(RunFilter(ids=["r2"]))
    points = store.metric_history("r2", "auc")

    assert detail.params == {"C": 1, "z": "first", "a": None}
    assert list(detail.params) == ["C", "z", "a"]
    assert detail.tags == {"late": "1", "early": "2"}
    assert [(point.step, point.value) for point in points] == [(0, 0.25), (1, 0.5), (1, 0.75), (1, -math.inf), (2, 1.0)]
    assert points[0].time == datetime(1969, 12, 31, 23, 59, 59, 999999, tzinfo=UTC)
    assert points[-1] == detail.metrics["auc"]
    assert store.verify() == []
    store.close()


OLD_ROWS = """
INSERT INTO params (run_id, key, value, number) VALUES ('r2', 'z', '"first"', NULL), ('r2', 'a', 'null', NULL);
INSERT INTO tags (run_id, key, value) VALUES ('r2', 'late', '1'), ('r2', 'early', '2');
INSERT INTO metric_points (run_id, key, step, time, value) VALUES
  ('r2', 'auc', 2, '2026-03-01 12:00:00.000001', 1.0), ('r2', 'auc', 1, '2026-03-01 12:00:00.000000', 0.5),
  ('r2', 'auc', 1, '2026-03-01 12:00:00.000000', 0.75), ('r2', 'auc', 0, '1969-12-31 23:59:59.999999', 0.25),
  ('r2', 'auc', 1, '2026-03-01 12:00:00.000000', -9e999);
INSERT INTO latest_metrics (run_id, key, step, time, value) VALUES
  ('r2', 'auc', 2, '2026-03-01 12:00:00.000001', 1.0);
"""


def test_past_store_is_written_to(old_store: Store) -> None:
    (run,) = [detail.run for detail in old_store.runs(RunFilter(ids=["r1"]))]
    point = MetricPoint(key="loss", value=0.25, step=9, time=run.started_at)

    old_store.write(Batch(runs=[RunChange(run_id="r1", metrics=[point], tags={"team": "blue"})]))

    (detail,) = old_store.runs(RunFilter(ids=["r1"]))
    assert (detail.metrics["loss"], detail.tags) == (point, {"team": "blue"})
    assert old_store.verify() == []


def test_past_store_has_todays_schema_once_opened(past: Path, tmp_path: Path) -> None:
    open_store(past).close()
    open_store(tmp_path / "new").close()

    assert schema_of(past / "trackbook.db") == schema_of(tmp_path / "new" / "trackbook.db")


def test_store_of_a_newer_trackbook_is_refused_with_the_way_on(tmp_path: Path) -> None:
    open_store(tmp_path / "store").close()
    with closing(sqlite3.connect(tmp_path / "store" / "trackbook.db")) as connection:
        connection.execute("UPDATE alembic_version SET version_num = '9999'")
        connection.commit()

    with pytest.raises(NewerSchemaError, match="pip install --upgrade trackbook"):
        open_store(tmp_path / "store")


def test_database_of_another_program_is_left_alone(tmp_path: Path) -> None:
    with closing(sqlite3.connect(tmp_path / "other.db")) as connection:
        connection.execute("CREATE TABLE alembic_version (version_num TEXT)")

    with pytest.raises(StoreError, match="another program"):
        open_store(f"sqlite:///{tmp_path / 'other.db'}")

    assert list(schema_of(tmp_path / "other.db")) == ["alembic_version"]


def test_new_store_needs_no_alembic(tmp_path: Path) -> None:
    code = (
        "import sys\nfrom trackbook.store import open_store\n"
        "open_store(sys.argv[1]).close()\nopen_store(sys.argv[1]).close()\n"
        "assert not {'alembic', 'sqlalchemy', 'fsspec', 'pandas', 'IPython'} & set(sys.modules)"
    )

    subprocess.run([sys.executable, "-c", code, str(tmp_path / "store")], check=True)
