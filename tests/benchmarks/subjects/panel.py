"""The panel: what its server answers with, what a browser loads for it, and when its list of runs is seen."""

from __future__ import annotations

import gzip
import http.client
import json
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from peer import Peer, absent
from playwright.sync_api import Browser, Page
from timing import Bench, Figure, by_turns, seconds

from subjects.runs import made_runs

sys.path.append(str(Path(__file__).resolve().parents[2] / "browser"))
from lab import Lab, browsing, free_port, started

PAGE = 100
BUNDLE_BYTES = 150_000
ROWS = ".tb-Panel .tb-Table-row:not([aria-busy=true])"
FILES = ".jp-DirListing-item"


def figures(bench: Bench) -> list[Figure]:
    """Return the first page of many runs beside MLflow's server, the bytes of the bundle, and the first paint."""
    root = bench.folder / "work"
    folder = root / "files"
    folder.mkdir(parents=True)
    for number in range(min(PAGE, bench.sizes.runs)):
        (folder / f"file_{number}.txt").touch()
    made_runs(root / ".trackbook", bench.sizes.runs)
    with started(Path(sys.executable).parent, bench.folder, root) as lab:
        return [_first_page(bench, lab), *_in_browser(bench, lab)]


def _first_page(bench: Bench, lab: Lab) -> Figure:
    name, peer_name = f"the first page of {bench.sizes.runs:,} runs, asked of the server", "MLflow's server"
    with _asking(lab) as ask:
        if "mlflow" not in bench.peers:
            return absent(bench, "mlflow", name, peer_name, 0.1, by_turns(bench.sizes.turns, ask)[0])
        with Peer(bench, "mlflow", "mlflow_runs") as mlflow:
            mlflow.ask(do="make", count=bench.sizes.runs)
            host = mlflow.ask(do="serve", port=free_port()).removeprefix("http://")
            connection = http.client.HTTPConnection(host)
            ours, theirs = by_turns(bench.sizes.turns, ask, lambda: seconds(lambda: _listed_by_mlflow(connection)))
            connection.close()
    return Figure(name=name, peer_name=peer_name, goal=0.1, ours=ours, peer=theirs)


@contextmanager
def _asking(lab: Lab) -> Iterator[Any]:
    connection = http.client.HTTPConnection(lab.url.removeprefix("http://"))

    def ask() -> None:
        connection.request("GET", f"/trackbook/api/v1/runs?limit={PAGE}", headers=lab.headers)
        found = _answer(connection)
        assert len(found["runs"]) == min(PAGE, found["total"])

    yield lambda: seconds(ask)
    connection.close()


def _listed_by_mlflow(connection: http.client.HTTPConnection) -> None:
    asked = {"experiment_ids": ["1"], "max_results": PAGE, "order_by": ["attributes.start_time DESC"]}
    headers = {"Content-Type": "application/json"}
    connection.request("POST", "/ajax-api/2.0/mlflow/runs/search", json.dumps(asked), headers)
    assert len(_answer(connection)["runs"]) == PAGE


def _answer(connection: http.client.HTTPConnection) -> Any:
    answer = connection.getresponse()
    content = answer.read()
    assert answer.status == 200, content
    return json.loads(content)


def _in_browser(bench: Bench, lab: Lab) -> list[Figure]:
    with browsing() as browser:
        loaded = _loaded(browser, lab)
        turns = [_painted(browser, lab) for _ in range(bench.sizes.turns)]
    limit = f"the limit of {BUNDLE_BYTES // 1000} kB"
    bundle = "the panel's code that JupyterLab loads at its start, gzipped"
    return [
        Figure(name=bundle, peer_name=limit, goal=1, ours=[loaded], peer=[BUNDLE_BYTES], unit="bytes"),
        Figure(
            name=f"first paint of the Runs tab, {bench.sizes.runs:,} runs",
            peer_name="of a folder in JupyterLab's file browser",
            goal=3,
            ours=[ours for ours, _ in turns],
            peer=[theirs for _, theirs in turns],
        ),
    ]


def _loaded(browser: Browser, lab: Lab) -> float:
    page = browser.new_page()
    found: dict[str, int] = {}
    page.on("response", lambda each: _weigh(each, found))
    lab.open(page)
    page.close()
    return float(sum(found.values()))


def _weigh(response: Any, found: dict[str, int]) -> None:
    if "/extensions/trackbook-lab/" in response.url and ".js" in response.url:
        found[response.url] = len(gzip.compress(response.body()))


def _painted(browser: Browser, lab: Lab) -> tuple[float, float]:
    """Return when, in a new page, the first runs are seen after the panel is opened, and the files of a folder."""
    page = browser.new_page(viewport={"width": 1400, "height": 900})
    lab.open(page)
    runs = _until_seen(page, ROWS, "trackbook:open", {}, "")  # the first thing done, while the page still settles
    files = _until_seen(page, FILES, "filebrowser:open-path", {"path": "files"}, "file_0.txt")
    page.close()
    return runs, files


def _until_seen(page: Page, selector: str, name: str, arguments: dict[str, str], text: str) -> float:
    found: float = page.evaluate(_SEEN, [selector, name, arguments, text])
    return found


_SEEN = """([selector, name, args, text]) => new Promise((done, fail) => {
  const began = performance.now();
  const look = () => {
    const isSeen = [...document.querySelectorAll(selector)].some(
      each => each.offsetHeight > 0 && each.textContent.includes(text)
    );
    if (isSeen) {
      requestAnimationFrame(() => setTimeout(() => done((performance.now() - began) / 1000)));
    } else if (performance.now() - began > 30000) {
      fail(new Error(`${selector} was not seen`));
    } else {
      requestAnimationFrame(look);
    }
  };
  void window.jupyterapp.commands.execute(name, args);
  look();
})"""
