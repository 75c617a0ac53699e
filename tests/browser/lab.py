"""A JupyterLab of its own, with a browser in front of it: nothing of who runs the tests is read or written."""

from __future__ import annotations

import json
import os
import shutil
import socket
import subprocess
import time
import urllib.error
import urllib.request
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from playwright.sync_api import Browser, Page, sync_playwright

SECONDS = 120
_TOKEN = "a-token-of-the-tests"
_FLAGS = ("--disable-dev-shm-usage", "--disable-gpu", "--disable-quic", "--disable-background-networking")


@dataclass(frozen=True, slots=True, kw_only=True)
class Lab:
    """A running JupyterLab: its address, the folder that it shows, where its own files are, and its commands."""

    url: str
    root: Path
    home: Path
    commands: Path

    @property
    def environment(self) -> dict[str, str]:
        """The variables that JupyterLab was started with, for commands beside it."""
        return _environment(self.commands, self.home)

    @property
    def headers(self) -> dict[str, str]:
        """What a request without a browser says to be let in."""
        return {"Authorization": f"token {_TOKEN}"}

    def ask(self, path: str, **init: Any) -> tuple[int, Any]:
        """Ask one of Trackbook's routes, without a browser, and return status and answer."""
        request = urllib.request.Request(f"{self.url}/trackbook/api/v1/{path}", headers=self.headers, **init)
        try:
            with urllib.request.urlopen(request, timeout=SECONDS) as answer:
                return answer.status, json.load(answer)
        except urllib.error.HTTPError as error:
            return error.code, json.loads(error.read() or b"null")

    def open(self, page: Page, path: str = "", *, theme: str | None = None, is_fresh: bool = True) -> None:
        """Open JupyterLab, and a file in it; `is_fresh` forgets how it was left."""
        page.goto(f"{self.url}/lab?token={_TOKEN}{'&reset' if is_fresh else ''}", timeout=SECONDS * 1000)
        self.ready(page)
        if theme is not None:
            command(page, "apputils:change-theme", {"theme": theme})
            page.wait_for_function("theme => document.body.dataset.jpThemeName === theme", arg=theme)
        if path:
            command(page, "docmanager:open", {"path": path})
            page.wait_for_selector(f".jp-NotebookPanel:has-text('{Path(path).stem}'), .jp-NotebookPanel")

    def workspace(self) -> str:
        """Return what JupyterLab has kept of what is open, to put it back after a reload."""
        folder = self.home / "config" / "lab" / "workspaces"
        return "".join(path.read_text(encoding="utf-8") for path in folder.glob("*.jupyterlab-workspace"))

    def ready(self, page: Page) -> None:
        """Wait until JupyterLab has put everything back."""
        page.wait_for_function("window.jupyterapp !== undefined", timeout=SECONDS * 1000)
        page.evaluate("window.jupyterapp.restored.then(() => undefined)")


def command(page: Page, name: str, arguments: dict[str, Any] | None = None) -> None:
    """Execute one of JupyterLab's commands, as its palette does, and wait until it is done."""
    page.evaluate(
        "([name, args]) => window.jupyterapp.commands.execute(name, args).then(() => undefined)",
        [name, arguments or {}],
    )


def write_cell(page: Page, index: int, source: str, *, runs: int = 1) -> None:
    """Write a cell of the notebook that is shown anew, as with the keyboard, and run it and the ones after it."""
    page.evaluate("index => { window.jupyterapp.shell.currentWidget.content.activeCellIndex = index; }", index)
    command(page, "notebook:enter-edit-mode")
    page.keyboard.press("Control+A")
    page.keyboard.insert_text(source)
    for _ in range(runs):
        page.keyboard.press("Shift+Enter")
    page.wait_for_function(_KERNEL_IS_IDLE, timeout=SECONDS * 1000)


def run_all(page: Page) -> None:
    """Run all cells of the notebook that is shown, and wait until they have run."""
    page.wait_for_function(_KERNEL_IS_IDLE, timeout=SECONDS * 1000)
    command(page, "notebook:run-all-cells")
    page.wait_for_function(_KERNEL_IS_IDLE, timeout=SECONDS * 1000)


_KERNEL_IS_IDLE = """() => {
  const sessions = [...window.jupyterapp.serviceManager.sessions.running()];
  const shown = window.jupyterapp.shell.currentWidget;
  return sessions.length > 0 && shown?.sessionContext?.session?.kernel?.status === 'idle';
}"""


def until(holds: Callable[[], object], what: str, seconds: float = 30) -> Any:
    """Return what `holds` returns once that is true; say `what` did not come when it takes too long."""
    end = time.monotonic() + seconds
    while time.monotonic() < end:
        if found := holds():
            return found
        time.sleep(0.02)
    raise AssertionError(f"{what} did not come in {seconds:.0f} seconds")


@contextmanager
def started(commands: Path, folder: Path, root: Path, *options: str) -> Iterator[Lab]:
    """Start JupyterLab on the folder `root`, with everything else that it writes in `folder`."""
    port = free_port()
    _without_news(folder)
    with (folder / "lab.log").open("wb") as log:
        process = subprocess.Popen(
            [
                str(commands / "jupyter"),
                "lab",
                "--no-browser",
                f"--port={port}",
                "--ServerApp.port_retries=0",
                f"--IdentityProvider.token={_TOKEN}",
                "--LabApp.expose_app_in_browser=True",
                "--LabApp.extension_manager=readonly",
                *options,
                *(["--allow-root"] if os.geteuid() == 0 else []),
            ],
            cwd=root,
            env=_environment(commands, folder),
            stdout=log,
            stderr=subprocess.STDOUT,
            start_new_session=True,
        )
    lab = Lab(url=f"http://127.0.0.1:{port}", root=root, home=folder, commands=commands)
    try:
        until(lambda: _answers(lab, process), f"JupyterLab (see {folder / 'lab.log'})", SECONDS)
        yield lab
    finally:
        process.terminate()
        try:
            process.wait(30)
        except subprocess.TimeoutExpired:
            process.kill()
            process.wait()


@contextmanager
def browsing() -> Iterator[Browser]:
    """Start Debian's Chromium."""
    found = next(filter(None, map(shutil.which, ("chromium", "chromium-browser", "google-chrome"))), None)
    assert found is not None, "A browser is needed: apt install chromium"
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=found, args=[*_FLAGS])
        try:
            yield browser
        finally:
            browser.close()


def _without_news(folder: Path) -> None:
    settings = folder / "config" / "lab" / "user-settings" / "@jupyterlab" / "apputils-extension"
    settings.mkdir(parents=True, exist_ok=True)
    news = {"fetchNews": "false", "checkForUpdates": False}
    (settings / "notification.jupyterlab-settings").write_text(json.dumps(news), encoding="utf-8")


def _environment(commands: Path, folder: Path) -> dict[str, str]:
    kept = {key: value for key, value in os.environ.items() if not key.startswith(("TRACKBOOK_", "JUPYTER", "JPY_"))}
    return {
        **kept,
        "PATH": os.pathsep.join([str(commands), kept["PATH"]]),
        "HOME": str(folder),
        "IPYTHONDIR": str(folder / "ipython"),
        "JUPYTER_CONFIG_DIR": str(folder / "config"),
        "JUPYTER_DATA_DIR": str(folder / "data"),
        "JUPYTER_RUNTIME_DIR": str(folder / "runtime"),
    }


def _answers(lab: Lab, process: subprocess.Popen[bytes]) -> bool:
    assert process.poll() is None, "JupyterLab has ended"
    try:
        with urllib.request.urlopen(f"{lab.url}/api", timeout=5):
            return True
    except OSError:
        return False


def free_port() -> int:
    """Return a port that nobody listens at."""
    with socket.socket() as asked:
        asked.bind(("127.0.0.1", 0))
        return int(asked.getsockname()[1])
