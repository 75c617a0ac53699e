"""Runs a notebook cell by cell in a real kernel and keeps everything that a person would see.

Both ways of running start from the same place: a fresh folder with the corpus's helper files, empty IPython and Jupyter
folders, fixed hash seed, one thread for linear algebra. The first cell is the only difference: `%load_ext trackbook` in
a tracked kernel, `pass` in an untracked one.
"""

from __future__ import annotations

import json
import os
import re
import shutil
import signal
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from queue import Empty
from typing import Any

from jupyter_client.blocking.client import BlockingKernelClient
from jupyter_client.connect import write_connection_file
from jupyter_client.manager import KernelManager

from .notebook import CORPUS, Notebook

LOAD = "%load_ext trackbook"
_HERE = Path(__file__).parent
_PATIENCE_SECONDS = 120.0
_ANSI = re.compile(r"\x1b\[[0-9;]*m")
_NOISE = (
    # scikit-learn's HTML shortens an address to its end: "<sklearn.tree...x7f3a12345670>".
    (re.compile(r"(0|\.{3})x[0-9a-fA-F]{6,}"), "0x..."),
    (re.compile(r"/tmp/ipykernel_\d+/\d+\.py"), "/tmp/ipykernel_/.py"),
    (re.compile(r"^(CPU times|Wall time|Compiler *):.*$", re.MULTILINE), r"\1: ..."),
    (re.compile(r"^[\d.]+ (?:ns|[uµμ]s|ms|s|min|h)\b.* per loop \(mean", re.MULTILINE), "... per loop (mean"),
    (re.compile(r"^The slowest run took .*\n", re.MULTILINE), ""),
)


@dataclass(frozen=True, slots=True, kw_only=True)
class Error:
    """An exception as the frontend got it, without colours."""

    name: str
    message: str
    traceback: str


@dataclass(frozen=True, slots=True, kw_only=True)
class CellOutput:
    """What one executed cell showed. `displays` holds (message type, content) in order; `result` all its mime types."""

    number: int
    stdout: str
    stderr: str
    displays: tuple[tuple[str, str], ...]
    result: dict[str, str]
    error: Error | None


@dataclass(frozen=True, slots=True, kw_only=True)
class Recording:
    """A notebook's life in one kernel: the outputs of `load` and of its cells, the final probe, the judge's calls."""

    load: CellOutput
    cells: tuple[CellOutput, ...]
    probe: dict[str, Any]
    calls: tuple[dict[str, Any], ...]
    seconds: float


@dataclass(frozen=True, slots=True, kw_only=True)
class Pair:
    """The same notebook in two kernels: untracked and judged, and tracked into the store at `store`."""

    plain: Recording
    tracked: Recording
    store: Path


@dataclass(slots=True)
class Workshop:
    """Where kernels of this process live. `root` keeps the folders; the nursery starts with its first kernel."""

    root: Path
    _nursery: subprocess.Popen[str] | None = field(default=None, init=False)

    def record(self, notebook: Notebook, *, is_tracked: bool, is_judged: bool = False) -> Recording:
        """Run a notebook in a kernel of its own, tracked by Trackbook or not, watched by the judge or not."""
        folder = self._fresh_folder(notebook)
        with self._kernel(notebook, folder) as client:
            started = time.monotonic()
            _silently(client, "__import__('random').seed(0)")
            if is_judged:
                _silently(client, _script("tracer.py"))
            load = _execute(client, 0, LOAD if is_tracked else "pass")
            if is_tracked and "trackbook" not in _silently(client, _EXTENSIONS):
                raise RuntimeError(f"{LOAD} did not load Trackbook: {load.stdout}{load.stderr}{load.error or ''}")
            cells = tuple(_execute(client, step.number, step.source) for step in notebook.steps)
            seconds = time.monotonic() - started
            calls = _silently(client, _CALLS) if is_judged else "[]"
            probe = _silently(client, _script("probe.py"))
        return Recording(
            load=load, cells=cells, probe=json.loads(probe), calls=tuple(json.loads(calls)), seconds=seconds
        )

    def record_pair(self, notebook: Notebook) -> Pair:
        """Run a notebook without Trackbook, then with it. The store is put aside, where no later recording finds it."""
        plain = self.record(notebook, is_tracked=False, is_judged=True)
        tracked = self.record(notebook, is_tracked=True)
        store = self.root / "stores" / notebook.name
        store.parent.mkdir(exist_ok=True)
        shutil.move(self.root / notebook.name / "store", store)
        return Pair(plain=plain, tracked=tracked, store=store)

    def close(self) -> None:
        """Let the nursery go."""
        if self._nursery is not None:
            self._nursery.communicate()
            self._nursery = None

    def _fresh_folder(self, notebook: Notebook) -> Path:
        """Make the kernel's folders anew, under the same names each time, since outputs may show them."""
        folder = self.root / notebook.name
        shutil.rmtree(folder, ignore_errors=True)
        shutil.copytree(CORPUS / "files", folder / "work")
        return folder

    @contextmanager
    def _kernel(self, notebook: Notebook, folder: Path) -> Iterator[BlockingKernelClient]:
        start = self._cold if notebook.is_cold else self._forked
        with start(folder) as client:
            client.start_channels()
            try:
                client.wait_for_ready(timeout=_PATIENCE_SECONDS)
                yield client
            finally:
                client.stop_channels()

    @contextmanager
    def _cold(self, folder: Path) -> Iterator[BlockingKernelClient]:
        manager = KernelManager(connection_file=str(folder / "kernel.json"))
        manager.start_kernel(
            env={**os.environ, **self._environment(folder)},
            cwd=str(folder / "work"),
            stdout=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL,
        )
        try:
            yield manager.blocking_client()
        finally:
            manager.shutdown_kernel(now=True)

    @contextmanager
    def _forked(self, folder: Path) -> Iterator[BlockingKernelClient]:
        # Socket paths may have about a hundred characters, which pytest's folders can exceed.
        with tempfile.TemporaryDirectory(prefix="kernel-") as sockets:
            connection_file, _ = write_connection_file(
                str(folder / "kernel.json"), transport="ipc", ip=f"{sockets}/k", key=os.urandom(16).hex().encode()
            )
            kernel = self._ask_nursery(connection_file, folder)
            try:
                client = BlockingKernelClient(connection_file=connection_file)
                client.load_connection_file()
                yield client
            finally:
                os.kill(kernel, signal.SIGKILL)

    def _ask_nursery(self, connection_file: str, folder: Path) -> int:
        """Have a kernel forked and return its process id."""
        request = {
            "connection_file": connection_file,
            "folder": str(folder / "work"),
            "environment": self._environment(folder),
            "log": str(folder / "kernel.log"),
        }
        if self._nursery is None:
            self._nursery = subprocess.Popen(
                [sys.executable, str(_HERE / "nursery.py")],
                stdin=subprocess.PIPE,
                stdout=subprocess.PIPE,
                text=True,
                env={**os.environ, **self._environment(self.root / "nursery")},
            )
        assert self._nursery.stdin is not None
        assert self._nursery.stdout is not None
        self._nursery.stdin.write(json.dumps(request) + "\n")
        self._nursery.stdin.flush()
        return int(self._nursery.stdout.readline())

    def _environment(self, folder: Path) -> dict[str, str]:
        folders = ("IPYTHONDIR", "JUPYTER_CONFIG_DIR", "JUPYTER_DATA_DIR", "JUPYTER_RUNTIME_DIR", "HOME")
        return {
            **{name: str(folder / name.lower()) for name in folders},
            "MPLCONFIGDIR": str(self.root / "matplotlib"),
            "TRACKBOOK_STORE": str(folder / "store"),
            "PYTHONHASHSEED": "0",
            **dict.fromkeys(("OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS", "LOKY_MAX_CPU_COUNT"), "1"),
        }


def normalized(text: str) -> str:
    """Replace what differs between any two kernels: addresses, measured times, the kernel's temporary files."""
    for pattern, replacement in _NOISE:
        text = pattern.sub(replacement, text)
    return text


_EXTENSIONS = "print(*get_ipython().extension_manager.loaded)"
_CALLS = "import json as _j, sys as _s; print(_j.dumps(_s.modules['notebook_tracer'].calls)); del _j, _s"


def _script(name: str) -> str:
    """Code that executes a script of this folder in a namespace of its own, and leaves no name behind."""
    path = str(_HERE / name)
    return f"exec(compile(open({path!r}).read(), {path!r}, 'exec'), {{'shell': get_ipython(), '__name__': 'judge'}})"


def _silently(client: BlockingKernelClient, code: str) -> str:
    """Execute code that no hook sees, and return what it printed."""
    output = _collect(client, 0, client.execute(code, silent=True))
    if output.error is not None:
        raise RuntimeError(f"{code[:80]} failed in the kernel:\n{output.error.traceback}")
    return output.stdout


def _execute(client: BlockingKernelClient, number: int, code: str) -> CellOutput:
    """Execute a cell as JupyterLab does: with its id in the metadata, and going on after an error."""
    content = {
        "code": code,
        "silent": False,
        "store_history": True,
        "user_expressions": {},
        "allow_stdin": False,
        "stop_on_error": False,
    }
    message = client.session.msg("execute_request", content, metadata={"cellId": f"cell-{number}"})
    client.shell_channel.send(message)
    return _collect(client, number, message["header"]["msg_id"])


def _collect(client: BlockingKernelClient, number: int, request: str) -> CellOutput:
    streams = {"stdout": "", "stderr": ""}
    displays: list[tuple[str, str]] = []
    result: dict[str, str] = {}
    error: Error | None = None
    for kind, content in _messages(client, request):
        if kind == "stream":
            streams[content["name"]] += content["text"]
        elif kind == "error":
            error = _error(content)
        elif kind == "execute_result":
            result = {mime: normalized(str(data)) for mime, data in content["data"].items()}
        elif kind in ("display_data", "update_display_data", "clear_output"):
            displays.append((kind, normalized(json.dumps(content, sort_keys=True))))
    shown = {name: normalized(text) for name, text in streams.items()}
    return CellOutput(number=number, displays=tuple(displays), result=result, error=error, **shown)


def _messages(client: BlockingKernelClient, request: str) -> Iterator[tuple[str, dict[str, Any]]]:
    """What the kernel publishes for a request until it is idle again."""
    deadline = time.monotonic() + _PATIENCE_SECONDS
    while time.monotonic() < deadline:
        try:
            message = client.get_iopub_msg(timeout=deadline - time.monotonic())
        except Empty:
            break
        if message["parent_header"].get("msg_id") != request:
            continue
        if message["msg_type"] == "status" and message["content"]["execution_state"] == "idle":
            return
        yield message["msg_type"], message["content"]
    raise TimeoutError(f"The kernel was not done after {_PATIENCE_SECONDS:.0f} seconds.")


def _error(content: dict[str, Any]) -> Error:
    text = "\n".join(content["traceback"])
    return Error(
        name=content["ename"], message=normalized(content["evalue"]), traceback=normalized(_ANSI.sub("", text))
    )
