"""Every store knows what an object is to who looks at runs."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest
from trackbook.records import Artifact, Model, ModuleUse, Output, OutputKind, OutputPart
from trackbook.store import Batch, MemoryStore, RunChange, Store, open_store
from trackbook.store.contract import ObjectUse

from .test_store import a_run, a_session, an_execution


@pytest.fixture(params=["memory", "sqlite"])
def store(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[Store]:
    store: Store = MemoryStore() if request.param == "memory" else open_store(tmp_path / "store")
    store.write(Batch(sessions=[a_session()], runs=[RunChange(run_id="r1", run=a_run())]))
    yield store
    store.close()


def a_part(store: Store, content: bytes, media_type: str, text: str | None = None) -> OutputPart:
    return OutputPart(media_type=media_type, size=len(content), digest=store.put_object(content), text=text)


def test_object_is_known_as_file_module_and_output(store: Store) -> None:
    file, module = store.put_object(b"file"), store.put_object(b"x = 1")
    artifacts = [
        Artifact(name="a.html", digest=file, size=4, media_type="text/html"),
        Artifact(name="b.png", digest=file, size=4, media_type="image/png"),
    ]
    modules = [ModuleUse(name="own", path="lib/own.py", digest=module, size=5)]
    shown = Output(kind=OutputKind.DISPLAY, parts=(a_part(store, b"file", "image/png"),))
    store.write(
        Batch(
            runs=[RunChange(run_id="r1", artifacts=artifacts, modules=modules)],
            executions=[an_execution("e1", outputs=(shown, shown))],
        )
    )

    assert store.object_uses(file) == [
        ObjectUse(media_type="text/html", name="a.html"),
        ObjectUse(media_type="image/png", name="b.png"),
        ObjectUse(media_type="image/png"),
    ]
    assert store.object_uses(module) == [ObjectUse(media_type="text/x-python", name="lib/own.py")]


def test_outputs_of_a_cell_that_showed_very_much_are_looked_through(store: Store) -> None:
    parts = tuple(a_part(store, str(number).encode(), "text/plain") for number in range(500))
    store.write(Batch(executions=[an_execution("e1", outputs=(Output(kind=OutputKind.DISPLAY, parts=parts),))]))

    assert store.object_uses(str(parts[499].digest)) == [ObjectUse(media_type="text/plain")]


def test_what_runs_only_need_is_nothing_to_look_at(store: Store) -> None:
    model, unused = store.put_object(b"model"), store.put_object(b"unused")
    short = a_part(store, b"short", "text/plain", text="short")
    outputs = (Output(kind=OutputKind.RESULT, parts=(short,)),)
    models = [Model(model_id="m1", name="m", class_name="x.M", object_digest=model)]
    store.write(Batch(runs=[RunChange(run_id="r1", models=models)], executions=[an_execution("e1", outputs=outputs)]))

    assert [store.object_uses(each) for each in (model, unused, str(short.digest), "%", "")] == [[]] * 5
