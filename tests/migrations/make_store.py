"""Make the store of today's schema that the tests of later schemas will open: run it once when `HEAD` moves.

python tests/migrations/make_store.py
"""

from __future__ import annotations

import shutil
import sqlite3
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path

import pandas as pd
from trackbook.records import (
    Artifact,
    Check,
    Column,
    ComparedKind,
    Comparison,
    DatasetUse,
    DatasetVersion,
    Environment,
    Execution,
    Failure,
    FileRead,
    Git,
    HiddenRead,
    HiddenReason,
    MetricPoint,
    Model,
    ModuleUse,
    Origin,
    OriginKind,
    Outcome,
    Output,
    OutputKind,
    OutputPart,
    Process,
    Reproduction,
    ReproductionVerdict,
    Resources,
    Role,
    Run,
    RunStatus,
    Session,
    Snapshot,
    Source,
    Statement,
    Verdict,
)
from trackbook.store import Batch, RunChange, Store, open_store
from trackbook.store.objects import digest_of
from trackbook.store.sql.schema import HEAD

NOON = datetime(2026, 3, 1, 12, 0, 0, 123456, tzinfo=UTC)
LONG = "a long note\n" * 2000


def fill(store: Store) -> None:
    """Write one of everything."""
    patch, plot = store.put_object(b"diff --git"), store.put_object(b"png")
    module, model = store.put_object(b"def clean(df): ..."), store.put_object(b"a skops file")
    environment = Environment(
        environment_id="v1",
        python="3.11.7",
        implementation="CPython",
        platform="Linux",
        machine="x86_64",
        packages={"pandas": "2.2"},
        git=Git(commit="abc", is_dirty=True, patch=patch),
    )
    session = Session(
        session_id="s1",
        experiment="churn",
        started_at=NOON,
        lease_expires_at=NOON,
        process=Process(host="somewhere", boot="long ago", pid=1, started=1.5),
        user="ada",
        notebook="churn.ipynb",
        environment_id="v1",
        folder="/work/churn",
    )
    store.write(Batch(sessions=[session], environments=[environment], executions=_executions(plot)))
    snapshot = replace(store.put_table(ages(), fingerprint="of ages", restore_key="k"), made_at=NOON)
    store.write(Batch(snapshots=[snapshot], runs=[_finished(plot, module, model, snapshot), _left_running()]))
    schema, notebook = store.put_object(b"age: int"), store.put_object(b"{}")
    version = DatasetVersion(name="ages", snapshot_id=snapshot.snapshot_id, made_at=NOON, run_id="r1")
    store.write(Batch(versions=[version], checks=[_check(schema, snapshot)], reproductions=[_reproduction(notebook)]))


def ages() -> pd.DataFrame:
    """Return the table that is kept."""
    kept = pd.DataFrame({"age": [30, 31, -1]}, index=["ada", "bob", "eve"])
    kept.attrs["unit"] = "year"
    return kept


def _executions(plot: str) -> list[Execution]:
    statement = Statement(
        line=1,
        end_line=1,
        reads={"df": (Source(execution_id="e0", statement=0),)},
        writes=("clf",),
        literals={"C": 0.1},
    )
    fit = Execution(
        execution_id="e1",
        session_id="s1",
        index=1,
        source="clf = Model(C=0.1).fit(df)",
        started_at=NOON,
        seconds=0.5,
        outcome=Outcome.OK,
        reads=("df",),
        writes=("clf",),
        hidden=(HiddenRead(name="df", source=Source(execution_id="e0", statement=0), reason=HiddenReason.EDITED),),
        outputs=(_drawn(plot), Output(kind=OutputKind.STREAM, name="stdout", parts=(_text("done\n"),))),
        statements=(statement,),
        resources=Resources(cpu_seconds=0.4, peak_memory_bytes=2**30, gpu_peak_memory_bytes=2**31, gpu_percent=62.5),
    )
    failed = Execution(
        execution_id="e2",
        session_id="s1",
        index=2,
        source="1 / 0",
        started_at=NOON,
        outcome=Outcome.ERROR,
        failure=Failure(type="ZeroDivisionError", message="division by zero"),
    )
    return [fit, failed]


def _drawn(plot: str) -> Output:
    parts = (OutputPart(media_type="image/png", size=3, digest=plot), _text("<Figure>"))
    return Output(kind=OutputKind.DISPLAY, parts=parts)


def _text(text: str) -> OutputPart:
    return OutputPart(media_type="text/plain", size=len(text), digest=digest_of(text.encode()), text=text)


def _finished(plot: str, module: str, model: str, snapshot: Snapshot) -> RunChange:
    run = Run(
        run_id="r1",
        name="brave-otter",
        experiment="churn",
        session_id="s1",
        started_at=NOON,
        status=RunStatus.FINISHED,
        finished_at=NOON,
        environment_id="v1",
        verdict=Verdict.STALE,
        verdict_reason="'df' was made by a cell that was edited since.",
        note=LONG,
    )
    values = [0.5, float("nan"), 2**70]
    dataset = DatasetUse(
        name="df",
        kind="DataFrame",
        role=Role.TRAIN,
        rows=3,
        shape=(3, 1),
        columns=(Column(name="age", dtype="int64"),),
        fingerprint=snapshot.fingerprint,
        files=(FileRead(path="a.csv", size=3), FileRead(path="b.csv", size=3, digest=plot, object_digest=plot)),
        snapshot_id=snapshot.snapshot_id,
    )
    return RunChange(
        run_id="r1",
        run=run,
        params={"C": 0.1, "solver": "lbfgs", "layers": [64, 32]},
        metrics=[MetricPoint(key="loss", value=value, step=step, time=NOON) for step, value in enumerate(values)],
        tags={"team": "red"},
        datasets=[dataset],
        models=[
            Model(
                model_id="m1",
                name="clf",
                class_name="sklearn.Model",
                features=("age",),
                object_digest=model,
                example_snapshot=snapshot.snapshot_id,
            )
        ],
        artifacts=[Artifact(name="plot.png", digest=plot, size=3, media_type="image/png")],
        modules=[ModuleUse(name="shop.clean", path="shop/clean.py", digest=module, size=18)],
        origins=[Origin(kind=OriginKind.METRIC, key="loss", source=Source(execution_id="e1", statement=0))],
        execution_ids=["e1"],
    )


def _left_running() -> RunChange:
    run = Run(run_id="r2", name="calm-crane", experiment="churn", session_id="s1", started_at=NOON, parent_id="r1")
    return RunChange(run_id="r2", run=run, params={"C": 1})


def _check(schema: str, snapshot: Snapshot) -> Check:
    return Check(
        check_id="c1",
        name="ages",
        table="df",
        at=NOON,
        is_passed=False,
        failures=1,
        sample=({"age": -1},),
        schema_name="schema.py:Ages",
        schema_digest=schema,
        snapshot_id=snapshot.snapshot_id,
        execution_id="e1",
        run_id="r1",
    )


def _reproduction(notebook: str) -> Reproduction:
    loss = Comparison(kind=ComparedKind.METRIC, key="loss", expected=0.5, found=float("nan"), is_same=False)
    return Reproduction(
        reproduction_id="p1",
        run_id="r1",
        at=NOON,
        verdict=ReproductionVerdict.DIFFERENT,
        reason="The loss was 0.5 and is not a number.",
        comparisons=(loss,),
        slice_digest=notebook,
        seconds=1.5,
        first_difference={"execution": "e1", "statement": 0},
    )


def _shrink(database: Path) -> None:
    connection = sqlite3.connect(database, isolation_level=None)
    for statement in ("journal_mode = DELETE", "page_size = 512"):
        connection.execute(f"PRAGMA {statement}")
    connection.execute("VACUUM")
    connection.execute("PRAGMA journal_mode = WAL")
    connection.close()


def main() -> None:
    """Write ``schema_<HEAD>`` beside this file."""
    folder = Path(__file__).parent / f"schema_{HEAD}"
    shutil.rmtree(folder, ignore_errors=True)
    store = open_store(folder)
    fill(store)
    store.close()
    _shrink(folder / "trackbook.db")
    (folder / ".gitignore").unlink()


if __name__ == "__main__":
    main()
