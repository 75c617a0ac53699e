"""The beginning of a kernel, which is the same for all of a parent: its configuration is read and its shell made once.

`ipykernel` reads its command line before it opens anything. There the process forks, and each fork goes on as its own
kernel. Where that would not be the same (other options or folder, or a configuration that is code), a fork begins anew.
"""

from __future__ import annotations

import atexit
import os
from collections.abc import Callable
from typing import Any

from ipykernel import kernelapp
from ipykernel.compiler import XCachingCompiler
from ipykernel.kernelapp import IPKernelApp
from ipykernel.zmqshell import ZMQInteractiveShell

from trackbook.pipelines.executors.forking.serving import ForkRequest

_FILE = "kernel.json"
_USUAL = ["-f", _FILE, "--HistoryManager.hist_file=:memory:"]
"""The options of a kernel that nbclient starts, but for the file of its connection."""


class _AnewError(BaseException):
    """This fork can't go on from here."""


class _OverError(BaseException):
    """No fork is asked for any more."""


def fork_begun(fork: Callable[[], ForkRequest | None], settle: Callable[[ForkRequest], None]) -> Any:
    """Begin a kernel, fork, and return the forks' own kernels, ready to start; in the parent None when all is over.

    Parameters
    ----------
    fork
        Returns in forks with what they are to become, in the parent with None.
    settle
        Called in a fork before it goes on.
    """
    app: Any = IPKernelApp.instance()
    folder = os.getcwd()

    def go_on() -> None:
        shell = _made_shell(app)
        request = fork()
        if request is None:
            raise _OverError
        settle(request)
        atexit.unregister(shell.atexit_operations)
        if not _is_the_same(app, request, folder):
            raise _AnewError
        _do_without_subshells()
        app.init_path = lambda: _have_shell(app, shell)
        del app.init_blackhole
        _have_connection(app, request)
        app.init_blackhole()

    app.init_blackhole = go_on  # what comes next has to do with this very kernel
    try:
        app.initialize([*_USUAL])
    except _OverError:
        return None
    except _AnewError:
        return _anew()
    return app


def _made_shell(app: Any) -> Any:
    """Make the shell, which the kernel asks for and takes as it is, just as the kernel would.

    What it makes with its first cell and the first value that it shows is made, too; nobody can tell it from a new one.
    """
    shell: Any = ZMQInteractiveShell.instance(parent=app, profile_dir=app.profile_dir, compiler_class=XCachingCompiler)
    shell.run_cell("None", store_history=False, silent=True)
    shell.display_formatter.format("")
    shell.last_execution_result = None
    return shell


def _have_shell(app: Any, shell: Any) -> None:
    """Let the shell know its kernel, as soon as there is one, and be ended before what it speaks through."""
    shell.parent = shell.kernel = app.kernel
    atexit.register(shell.atexit_operations)
    del app.init_path
    app.init_path()


def _do_without_subshells() -> None:
    """Have requests come straight to the kernel, not by way of the thread that hands them to subshells.

    Nobody who executes a notebook opens those, and that way is a tenth of what a short notebook takes.
    """
    vars(kernelapp)["ShellChannelThread"] = lambda *_, **__: None


def _is_the_same(app: Any, request: ForkRequest, folder: str) -> bool:
    options = request.argv[1:]
    usual = [*options[:1], _FILE, *options[2:]]
    return usual == _USUAL and os.path.realpath(request.folder) == folder and not app.loaded_config_files


def _have_connection(app: Any, request: ForkRequest) -> None:
    """Let the kernel be told of its connection as by its own command line."""
    app.argv = request.argv[1:]
    app.parent_handle = os.getppid()
    app.connection_file = request.argv[2]
    for config in (app.config, app.cli_config):
        config["IPKernelApp"]["connection_file"] = request.argv[2]


def _anew() -> Any:
    IPKernelApp.clear_instance()
    ZMQInteractiveShell.clear_instance()
    app: Any = IPKernelApp.instance(parent_handle=os.getppid())
    app.initialize()
    return app
