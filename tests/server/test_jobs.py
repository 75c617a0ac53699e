"""Jobs: programs in processes of their own, whatever they are; and reproductions over HTTP."""

from __future__ import annotations

import asyncio
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import psutil
import pytest
from trackbook.errors import NotFoundError
from trackbook_server.jobs import Job, Jobs, JobState, Order

from .conftest import Ask
from .shop import Shop, do_shop

DEADLINE_SECONDS = 120.0
TELL = "import json, sys\ndef tell(**event): print(json.dumps(event), file=sys.stderr, flush=True)\n"
ANSWERS = TELL + "tell(event='cell', attempt=1, cell=2, cells=3)\nprint(json.dumps({'verdict': 'exact'}))"
WAITS = TELL + "tell(event='cell', attempt=1, cell=1, cells=9)\nsys.stdin.read()"
STUBBORN = TELL + "import time\ntell(event='cell', attempt=1, cell=1, cells=9)\nwhile True: time.sleep(60)"
FAILS = "import sys\nprint('Error: There is no such run.', file=sys.stderr)\nsys.exit(2)"


def order(program: str, number: int = 0, location: str = "store") -> Order:
    command = (sys.executable, "-c", program, str(number))
    return Order(kind="test", run_id=f"run-{number}", run_name="calm-owl", location=location, command=command)


def until(happened: Callable[[], Any], what: str) -> None:
    deadline = time.monotonic() + DEADLINE_SECONDS
    while not happened():
        assert time.monotonic() < deadline, f"{what} did not happen"
        time.sleep(0.01)


def until_ended(*jobs: Job) -> None:
    until(lambda: all(job.has_ended for job in jobs), "the end")


def until_told(*jobs: Job) -> None:
    until(lambda: all(job.progress for job in jobs), "a word")


@pytest.fixture
def jobs() -> Iterator[Jobs]:
    made = Jobs(patience_seconds=0.5)
    yield made
    made.close()


def test_job_has_the_answer_of_its_process(jobs: Jobs) -> None:
    job = jobs.start(order(ANSWERS))

    until_ended(job)

    assert (job.state, job.answer, job.message) == (JobState.DONE, {"verdict": "exact"}, None)
    assert (job.progress["cell"], job.progress["cells"]) == (2, 3)
    assert job.job_id in jobs.take_news()
    assert jobs.take_news() == []


def test_job_without_an_answer_failed_and_says_why(jobs: Jobs) -> None:
    job, absent = jobs.start(order(FAILS)), jobs.start(Order(**{**_fields(order("")), "command": ("/no/such",)}))

    until_ended(job, absent)

    assert (job.state, job.message) == (JobState.FAILED, "There is no such run.")
    assert (absent.state, "could not be started" in (absent.message or "")) == (JobState.FAILED, True)


def _fields(given: Order) -> dict[str, Any]:
    return {name: getattr(given, name) for name in Order.__slots__}


def test_two_jobs_run_at_once_and_the_others_wait_their_turn(jobs: Jobs) -> None:
    first, second, third = (jobs.start(order(WAITS, number)) for number in range(3))
    until_told(first, second)

    before = [job.state for job in (first, second, third)]
    jobs.stop(first)
    until_told(third)

    assert before == [JobState.RUNNING, JobState.RUNNING, JobState.WAITING]
    assert (first.state, second.state, third.state) == (JobState.STOPPED, JobState.RUNNING, JobState.RUNNING)


def test_job_that_waits_can_be_stopped_before_it_begins(jobs: Jobs) -> None:
    running = [jobs.start(order(WAITS, number)) for number in range(2)]
    waiting = jobs.start(order(ANSWERS, 2))

    jobs.stop(waiting)
    for job in running:
        jobs.stop(job)
    until_ended(*running)

    assert (waiting.state, waiting.started_at, waiting.seconds) == (JobState.STOPPED, None, None)


def test_process_that_does_not_end_when_asked_is_killed(jobs: Jobs) -> None:
    job = jobs.start(order(STUBBORN))
    until_told(job)

    jobs.stop(job)
    until_ended(job)

    assert job.state is JobState.STOPPED
    assert job.process is not None
    assert job.process.returncode < 0


def test_same_order_is_one_job_until_it_has_ended(jobs: Jobs) -> None:
    first, same, other = jobs.start(order(WAITS)), jobs.start(order(WAITS)), jobs.start(order(WAITS, 1))
    jobs.stop(first)
    until_ended(first)

    again = jobs.start(order(WAITS))

    assert first is same
    assert len({first.job_id, other.job_id, again.job_id}) == 3


def test_job_is_told_of_for_a_while_and_to_its_store_alone(monkeypatch: pytest.MonkeyPatch) -> None:
    jobs = Jobs(kept_seconds=60)
    job = jobs.start(order(ANSWERS))
    until_ended(job)
    found = jobs.find("store", job.job_id)
    with pytest.raises(NotFoundError, match="No job"):
        jobs.find("another store", job.job_id)

    now = time.monotonic()
    monkeypatch.setattr("trackbook.clock.monotonic", lambda: now + 120)

    assert found is job
    assert jobs.of_store("store") == []


def test_jobs_end_with_the_server_also_when_it_is_killed(tmp_path: Path) -> None:
    server = (
        "import sys, time\nfrom trackbook_server.jobs import Jobs, Order\njobs = Jobs()\n"
        f"job = jobs.start(Order(kind='a', run_id='b', run_name='c', location='d', command=(sys.executable, '-c', "
        f"{WAITS!r})))\nwhile not job.progress: time.sleep(0.01)\nprint(job.process.pid, flush=True)\n"
    )
    ended = subprocess.run([sys.executable, "-c", server], stdout=subprocess.PIPE, check=True)
    killed = subprocess.Popen([sys.executable, "-c", server + "time.sleep(60)"], stdout=subprocess.PIPE)
    assert killed.stdout is not None
    pids = [int(ended.stdout), int(killed.stdout.readline())]

    killed.kill()
    killed.wait()
    killed.stdout.close()

    until(lambda: not any(map(psutil.pid_exists, pids)), "the end of the jobs")


# Over HTTP


@pytest.fixture(scope="session")
def shop(tmp_path_factory: pytest.TempPathFactory) -> Shop:
    return do_shop(tmp_path_factory.getbasetemp() / "shop")


@pytest.fixture
def jp_root_dir(shop: Shop) -> Path:
    return shop.folder


async def test_run_is_made_again_and_the_verdict_told(ask: Ask, shop: Shop) -> None:
    begun = await ask("POST", f"/runs/{shop.fitted}/reproductions", {})
    job = begun.json["job"]

    seen = [(await ask("GET", f"/jobs/{job}")).json]
    deadline = time.monotonic() + DEADLINE_SECONDS
    while seen[-1]["state"] in ("waiting", "running") and time.monotonic() < deadline:
        await asyncio.sleep(0.1)
        seen.append((await ask("GET", f"/jobs/{job}")).json)

    last = seen[-1]
    assert (last["state"], last["verdict"], last["run_id"]) == ("done", "exact", shop.fitted), last
    assert any(each["state"] == "running" and each["cell"] for each in seen)
    assert last["cell"] == last["cells"] > 0
    assert [each["job"] for each in (await ask("GET", "/jobs")).json["jobs"]] == [job]
    run = (await ask("GET", f"/runs/{shop.fitted}")).json
    assert run["reproductions"][-1]["reproduction_id"] == last["reproduction_id"]


async def test_reproduction_is_stopped_and_leaves_nothing_running(ask: Ask, shop: Shop) -> None:
    job = (await ask("POST", f"/runs/{shop.fitted}/reproductions", {"tolerance": 0.5})).json["job"]
    deadline = time.monotonic() + DEADLINE_SECONDS
    while not (await ask("GET", f"/jobs/{job}")).json["cell"] and time.monotonic() < deadline:
        await asyncio.sleep(0.05)
    beneath = psutil.Process().children(recursive=True)

    asked = await ask("DELETE", f"/jobs/{job}")
    while (await ask("GET", f"/jobs/{job}")).json["state"] == "running" and time.monotonic() < deadline:
        await asyncio.sleep(0.05)

    assert asked.status == 200
    assert (await ask("GET", f"/jobs/{job}")).json["state"] == "stopped"
    _, left = psutil.wait_procs([each for each in beneath if "reproduc" in " ".join(_command(each))], timeout=60)
    assert left == []


def _command(process: psutil.Process) -> list[str]:
    try:
        return process.cmdline()
    except psutil.NoSuchProcess:
        return []


@pytest.mark.parametrize(
    ("method", "path", "body", "status", "says"),
    [
        ("POST", "/runs/nope/reproductions", {}, 404, "No run 'nope'"),
        ("POST", "/runs/{run}/reproductions", {"tolerance": 2}, 400, "tolerance"),
        ("POST", "/runs/{run}/reproductions", {"env": "none"}, 400, "env"),
        ("POST", "/runs/{run}/reproductions", {"command": "rm"}, 400, "command"),
        ("GET", "/jobs/nope", None, 404, "No job 'nope'"),
        ("DELETE", "/jobs/nope", None, 404, "No job 'nope'"),
    ],
)
async def test_what_can_not_be_done_is_said_in_a_sentence(
    ask: Ask, shop: Shop, method: str, path: str, body: object, status: int, says: str
) -> None:
    answer = await ask(method, path.format(run=shop.fitted), body)

    assert (answer.status, says in answer.json["message"]) == (status, True), answer.json
