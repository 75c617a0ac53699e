"""Forks Python programs that need not import the libraries again; `forks.py` starts it and asks it.

Run as a script with the number of a socket. A message is a JSON object with `words` (what would stand behind
``python``: ``-m MODULE``, ``-c CODE`` or a script, and its own words), `folder` and `environment`; with it come four
files: the program's stdin, stdout and stderr, and where its exit code goes. The answer is its process id. It ends when
the socket does. A program finds everything as a fresh one would, but for the modules that are loaded and the seed of
hashes; it doesn't take them apart at its end, which would take longer than most programs do.
"""

from __future__ import annotations

import atexit
import gc
import importlib
import json
import os
import random
import runpy
import signal
import socket
import sys
import threading
import traceback
import warnings
from collections.abc import Callable
from functools import partial
from types import ModuleType
from typing import NoReturn

WARM = (
    *("IPython.core.magics", "ipykernel.ipkernel", "ipykernel.kernelapp", "nbformat", "papermill.cli", "pandas"),
    *("pyarrow.parquet", "skops.io"),
    *("sklearn.datasets", "sklearn.dummy", "sklearn.ensemble", "sklearn.linear_model", "sklearn.model_selection"),
    *("trackbook.capture.integrations.sklearn", "trackbook.cli", "trackbook.magics.completion"),
    *("trackbook.magics.recording", "trackbook.magics.track", "trackbook.store.sql.store"),
)
FILES = 4


class Parent:
    """Programs that run, each with the file that its exit code goes to."""

    def __init__(self, asked: socket.socket) -> None:
        self.asked = asked
        self._running: dict[int, int] = {}

    def serve(self) -> dict[str, object] | None:
        """Fork a program for each message; return what it has to be in the program, and nothing at the end."""
        signal.signal(signal.SIGCHLD, lambda *_: self._reap())
        while True:
            message, files, *_ = socket.recv_fds(self.asked, 1 << 18, FILES)
            if not message:
                return None
            signal.pthread_sigmask(signal.SIG_BLOCK, {signal.SIGCHLD})
            child = os.fork()
            if child == 0:
                self._leave(files)
                request: dict[str, object] = json.loads(message)
                return request
            self._running[child] = files.pop()
            signal.pthread_sigmask(signal.SIG_UNBLOCK, {signal.SIGCHLD})
            for file in files:
                os.close(file)
            self.asked.send(str(child).encode())

    def _reap(self) -> None:
        """Tell who waits for them how programs ended."""
        while self._running:
            child, status = os.waitpid(-1, os.WNOHANG)
            if not child:
                return
            file = self._running.pop(child)
            os.write(file, str(os.waitstatus_to_exitcode(status)).encode())
            os.close(file)

    def _leave(self, files: list[int]) -> None:
        """Have nothing of this process in the program but its memory."""
        os.setsid()
        signal.signal(signal.SIGCHLD, signal.SIG_DFL)
        signal.pthread_sigmask(signal.SIG_UNBLOCK, {signal.SIGCHLD})
        for number, file in enumerate(files[:3]):
            os.dup2(file, number)
        self.asked.close()
        for file in (*files, *self._running.values()):
            os.close(file)


def become(words: list[str], folder: str, environment: dict[str, str]) -> None:
    """Run a program as ``python`` would with these words."""
    os.chdir(folder)
    os.environ.clear()
    os.environ.update(environment)
    if "PYTHONWARNINGS" in environment:
        warnings.simplefilter(environment["PYTHONWARNINGS"])  # type: ignore[arg-type]  # one word, as tests have it
    random.seed()
    sys.modules["numpy"].random.seed()
    sys.path[1:1] = filter(None, environment.get("PYTHONPATH", "").split(os.pathsep))
    option, *rest = words
    if option == "-m":
        sys.argv, sys.path[0] = rest, folder
        runpy.run_module(rest[0], run_name="__main__", alter_sys=True)
    elif option == "-c":
        sys.argv, sys.path[0] = ["-c", *rest[1:]], ""
        sys.modules["__main__"] = program = ModuleType("__main__")
        exec(compile(rest[0], "<string>", "exec"), program.__dict__)
    else:
        sys.argv, sys.path[0] = words, os.path.dirname(option)
        runpy.run_path(option, run_name="__main__")


def end(run: Callable[[], None]) -> NoReturn:
    """Run a program, and end as Python ends but for what is in memory."""
    code: object = 0
    try:
        run()
    except SystemExit as error:
        code = error.code
    except BaseException:  # noqa: BLE001  # whatever it is, Python would print it and end
        traceback.print_exc()
        code = 1
    if isinstance(code, str):
        print(code, file=sys.stderr)
    threading._shutdown()  # type: ignore[attr-defined]  # what the interpreter itself calls to wait for threads
    atexit._run_exitfuncs()
    for stream in (sys.stdout, sys.stderr):
        stream.flush()
    os._exit(code if isinstance(code, int) else int(code is not None))


def main() -> None:
    """Import what is slow to import, then fork."""
    with warnings.catch_warnings(action="ignore"):
        for name in WARM:
            importlib.import_module(name)
    gc.collect()
    gc.freeze()  # so that no program looks through it all
    request = Parent(socket.socket(fileno=int(sys.argv[1]))).serve()
    if request is not None:
        end(partial(become, **request))  # type: ignore[arg-type]  # as `forks.py` sends it


if __name__ == "__main__":
    main()
