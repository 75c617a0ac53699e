"""What a forked child does to become a kernel as if it had been started afresh."""

from __future__ import annotations

import atexit
import ctypes
import gc
import io
import itertools
import os
import random
import signal
import sys
import threading
import time
from collections.abc import Callable, Sequence
from typing import Any, NoReturn

from trackbook.leaving import leave_in_order
from trackbook.pipelines.executors.forking import wire
from trackbook.pipelines.executors.forking.serving import ForkRequest

_SET_PARENT_DEATH_SIGNAL = 1  # prctl(2)
_FILES = (io.TextIOWrapper, io.BufferedWriter, io.BufferedRandom)


def fork_kernels(fork: Callable[[], ForkRequest | None]) -> None:
    """Become a kernel in each fork, serve until it is shut down, and end the process; return in the parent.

    Parameters
    ----------
    fork
        Returns in forks with the kernel that they are to become; in the parent with None, when no more are asked for.
    """
    from trackbook.pipelines.executors.forking.begun import fork_begun

    asked: list[ForkRequest] = []

    def settle(request: ForkRequest) -> None:
        asked.append(request)
        _part_from_parent()
        take_streams(request.files)
        _take_surroundings(request)
        _reseed()
        _have_threads(request.variables.get("OPENBLAS_NUM_THREADS"))

    code = 1
    try:
        app = fork_begun(fork, settle)
        if app is None:
            return
        leave_in_order(app.kernel)
        with asked[0].connection as connection:
            wire.send(connection, {"ready": True})
        app.start()
        code = 0
    except SystemExit as error:
        code = error.code if isinstance(error.code, int) else int(error.code is not None)
    except BaseException:  # noqa: BLE001  # as the interpreter does: said on standard error, and the process ends
        sys.__excepthook__(*sys.exc_info())
    finally:
        if asked:
            _leave(code)


def _part_from_parent() -> None:
    """Lead a session of one's own, and die with the parent where the system knows how."""
    parent = os.getppid()
    os.setsid()
    if sys.platform == "linux":
        ctypes.CDLL(None).prctl(_SET_PARENT_DEATH_SIGNAL, signal.SIGKILL, 0, 0, 0)
        if os.getppid() != parent:  # it died before that
            os._exit(1)


def take_streams(files: Sequence[int]) -> None:
    """Have open files as the standard streams."""
    for number, file in enumerate(files):
        os.dup2(file, number)
    for file in files:
        if file > 2:  # the standard streams themselves
            os.close(file)


def _take_surroundings(request: ForkRequest) -> None:
    os.environ.clear()
    os.environ.update(request.variables)
    time.tzset()
    os.chdir(request.folder)
    launcher = sys.modules.get(request.argv[0])
    path = launcher.__file__ if launcher is not None else None
    sys.argv = [path or _path_of(request.argv[0]), *request.argv[1:]]
    threading._counter = itertools.count(1).__next__  # type: ignore[attr-defined]  # imports have counted threads, too
    sys.orig_argv = [sys.executable, "-m", *request.argv]


def _path_of(module: str) -> str:
    from importlib.util import find_spec

    spec = find_spec(module)
    return spec.origin if spec is not None and spec.origin else module


def _reseed() -> None:
    """Give each generator of random numbers that a parent has seeded a seed of its own.

    Python seeds ``random`` after a fork itself. The seed of ``hash`` is the parent's, and so shared by its children.
    """
    random.seed()
    numpy_random: Any = sys.modules.get("numpy.random")
    if numpy_random is not None:
        numpy_random.seed()
    torch: Any = sys.modules.get("torch")
    if torch is not None:
        torch.seed()


def _have_threads(wanted: str | None) -> None:
    """Let OpenBLAS, which was imported with one thread, have as many as it would have had."""
    if wanted == "1" or "numpy" not in sys.modules:
        return
    try:
        from threadpoolctl import threadpool_limits  # type: ignore[import-untyped]  # it has none
    except ImportError:
        return  # it comes with scikit-learn; without it there is one thread
    threadpool_limits(int(wanted) if wanted and wanted.isdigit() else os.cpu_count(), user_api="blas")


def _leave(code: int) -> NoReturn:
    """End the process as the interpreter does, but for taking down what is the parent's as well.

    That takes as long as a short notebook, and undoes what the parent has to do only once.
    """
    try:
        threading._shutdown()  # type: ignore[attr-defined]  # waits for threads that are not daemons
        atexit._run_exitfuncs()
        _drop_variables()
    except BaseException:  # noqa: BLE001  # nothing is left that could take it
        sys.__excepthook__(*sys.exc_info())
    finally:
        os._exit(code)


def _drop_variables() -> None:
    """Let go what the notebook has made, and write what its open files have not written yet."""
    shell: Any = getattr(sys.modules.get("ipykernel.zmqshell"), "ZMQInteractiveShell", None)
    if shell is not None and shell.initialized():
        shell.instance().user_ns.clear()
    gc.collect()
    for each in gc.get_objects():
        if isinstance(each, _FILES) and not each.closed and each.writable():
            each.flush()
    for stream in (sys.__stdout__, sys.__stderr__):
        if stream is not None:
            stream.flush()
