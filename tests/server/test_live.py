"""News of stores and jobs: who looks, how often, and what is told to whom."""

from __future__ import annotations

import asyncio
import json
import shutil
import subprocess
import sys
import time
from collections import Counter
from collections.abc import Callable, Iterable
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from trackbook.errors import NotFoundError
from trackbook.process import boot_id, host, started
from trackbook.records import Process, Run
from trackbook.store import Batch, RunChange, Store
from trackbook.store.location import open_store
from trackbook.store.sql.store import SqlStore
from trackbook_server.jobs import Jobs, Order
from trackbook_server.live import News
from trackbook_server.places import Places

from tests.unit.conftest import NOON, Notebook

DEADLINE_SECONDS = 30.0


class Page:
    """A listener that remembers what it was told."""

    def __init__(self) -> None:
        self.told: list[tuple[list[str], list[str]]] = []

    def tell(self, changed: Iterable[str], jobs: Iterable[str]) -> None:
        self.told.append((list(changed), list(jobs)))


def write(store: Store, number: int = 0) -> None:
    """Write a run, as a kernel would."""
    (session,) = store.sessions() or [None]
    if session is None:
        (session,) = Notebook().store.sessions()
        store.write(Batch(sessions=[session]))
    run = Run(
        run_id=f"{number:08d}abcdefghjkmnpq",
        name=f"calm-owl-{number}",
        experiment="churn",
        session_id=session.session_id,
        started_at=NOON,
    )
    store.write(Batch(runs=[RunChange(run_id=run.run_id, run=run)]))


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    place = tmp_path / "work"
    place.mkdir()
    return place


@pytest.fixture
def kernel(folder: Path) -> Store:
    """The store as somebody else has it open."""
    opened = open_store(folder / ".trackbook")
    write(opened)
    return opened


@pytest.fixture
def places(folder: Path, kernel: Store) -> Places:
    """A server's, that has been asked about the store."""
    known = Places(folder)
    known.project("")
    return known


@pytest.fixture
def looks(monkeypatch: pytest.MonkeyPatch) -> Counter[str]:
    """How often each store is looked at, by its location, from now on."""
    counts: Counter[str] = Counter()
    look = SqlStore.change_token

    def counted(self: SqlStore) -> int:
        counts[self.location] += 1
        return look(self)

    monkeypatch.setattr(SqlStore, "change_token", counted)
    return counts


async def test_fifty_pages_cost_one_look_a_turn(places: Places, kernel: Store, looks: Counter[str]) -> None:
    news, pages = News(places, Jobs()), [Page() for _ in range(50)]

    for page in pages:
        news.add(page)
    for _ in range(3):
        await news.look()

    assert looks == {kernel.location: 3}
    assert all(page.told == pages[0].told for page in pages)
    for page in pages:
        news.remove(page)


async def test_nobody_looks_where_nobody_listens(
    places: Places, kernel: Store, looks: Counter[str], tmp_path: Path
) -> None:
    news, page, others = News(places, Jobs()), Page(), Places(tmp_path / "other")
    write(open_store(tmp_path / "other" / ".trackbook"))
    elsewhere = others.project("").location
    news.add(page)
    await until(lambda: looks[kernel.location] >= 2, "a look by the clock")

    news.remove(page)
    await until(lambda: news.is_resting, "the end of a look that had begun")
    before = looks[kernel.location]
    busy = News(others, Jobs())
    busy.add(page)
    await until(lambda: looks[elsewhere] >= 3, "three looks at another store")
    busy.remove(page)

    assert looks[kernel.location] == before


async def test_what_is_written_is_told_once(places: Places, kernel: Store) -> None:
    news, page = News(places, Jobs()), Page()
    news.add(page)
    await news.look()
    page.told.clear()

    await news.look()
    write(kernel, 1)
    await news.look()
    await news.look()

    assert page.told == [([kernel.location], [])]


async def test_who_comes_later_is_told_of_all_stores_at_once(places: Places, kernel: Store) -> None:
    news, early, late = News(places, Jobs()), Page(), Page()
    news.add(early)
    await news.look()
    early.told.clear()

    news.add(late)
    await news.look()

    assert early.told == []
    assert kernel.location in late.told[0][0]


async def test_store_that_is_made_later_is_noticed(tmp_path: Path) -> None:
    (tmp_path / "work").mkdir()
    places, page = Places(tmp_path), Page()
    news = News(places, Jobs())
    with pytest.raises(NotFoundError):
        places.project("work/train.ipynb")
    news.add(page)
    await news.look()
    page.told.clear()

    write(open_store(tmp_path / "work" / ".trackbook"))
    await news.look()

    assert page.told == [([str(tmp_path / "work")], [])]
    assert places.project("work/train.ipynb").location == str(tmp_path / "work" / ".trackbook")


async def test_store_that_is_deleted_and_made_anew_is_noticed(places: Places, kernel: Store, folder: Path) -> None:
    news, page = News(places, Jobs()), Page()
    news.add(page)
    await news.look()
    page.told.clear()

    shutil.rmtree(folder / ".trackbook")
    kernel.close()
    await news.look()
    deleted = [*page.told]
    page.told.clear()
    with pytest.raises(NotFoundError):
        runs_of(places)
    write(open_store(folder / ".trackbook"))
    await news.look()

    assert kernel.location in deleted[0][0]
    assert kernel.location in page.told[0][0]
    assert [each.run.name for each in runs_of(places)] == ["calm-owl-0"]


def runs_of(places: Places) -> list[Any]:
    from trackbook.store.contract import RunFilter

    return places.project("").store.runs(RunFilter())


async def test_session_whose_process_vanishes_is_news_though_nobody_writes(places: Places, kernel: Store) -> None:
    news, page = News(places, Jobs()), Page()
    process = subprocess.Popen([sys.executable, "-c", "input()"], stdin=subprocess.PIPE)
    home = Process(host=host(), boot=boot_id(), pid=process.pid, started=started(process.pid) or 0.0)
    (other,) = kernel.sessions()
    kernel.write(Batch(sessions=[replace(other, session_id="sess0000000000000000bb", process=home)]))
    news.add(page)
    await news.look()
    await news.look()
    page.told.clear()

    process.communicate()
    await news.look()
    await news.look()

    assert page.told == [([kernel.location], [])]


async def test_jobs_that_went_on_are_told(places: Places) -> None:
    jobs, page = Jobs(), Page()
    news = News(places, jobs)
    news.add(page)
    await news.look()
    page.told.clear()
    program = (sys.executable, "-c", "print('{}')")

    job = jobs.start(Order(kind="test", run_id="a", run_name="b", location="c", command=program))
    await news.look()
    await until(lambda: job.has_ended, "its end")
    await news.look()

    assert [told for _, told in page.told] == [[job.job_id], [job.job_id]]


async def until(happened: Callable[[], Any], what: str) -> None:
    deadline = time.monotonic() + DEADLINE_SECONDS
    while not happened():
        assert time.monotonic() < deadline, f"{what} did not happen"
        await asyncio.sleep(0.01)


# Over a real socket


@pytest.fixture
def jp_root_dir(folder: Path, kernel: Store) -> Path:
    return folder


async def told(socket: Any) -> dict[str, list[str]]:
    """Return the next message."""
    said = await asyncio.wait_for(socket.read_message(), DEADLINE_SECONDS)
    assert said is not None, "the socket was closed"
    return dict(json.loads(said))


async def test_page_hears_of_a_run_while_another_one_does_not_read(ask: Any, jp_ws_fetch: Any, kernel: Store) -> None:
    await ask("GET", "/runs")
    silent = [await jp_ws_fetch("trackbook", "api", "v1", "live") for _ in range(3)]
    socket = await jp_ws_fetch("trackbook", "api", "v1", "live")
    greeting = await told(socket)

    for number in range(1, 4):
        write(kernel, number)
        assert kernel.location in (await told(socket))["changed"]

    assert kernel.location in greeting["changed"]
    assert greeting["jobs"] == []
    for each in (*silent, socket):
        each.close()


async def test_page_that_vanishes_leaves_the_others_be(ask: Any, jp_ws_fetch: Any, kernel: Store) -> None:
    await ask("GET", "/runs")
    gone, socket = [await jp_ws_fetch("trackbook", "api", "v1", "live") for _ in range(2)]
    await told(socket)

    gone.stream.close()
    write(kernel, 1)

    assert kernel.location in (await told(socket))["changed"]
    socket.close()
    gone.close()
