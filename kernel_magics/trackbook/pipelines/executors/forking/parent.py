"""The parent of forked kernels: ``python -m trackbook.pipelines.executors.forking.parent``, started by `warm`.

It imports what its kernels need, never starts a thread, and forks itself for each kernel that is asked for. It reads
its order, one JSON document, from standard input, answers on standard output with what it could not import, and lives
until standard input ends. When it dies, its kernels do.
"""

from __future__ import annotations

import gc
import importlib
import json
import os
import selectors
import signal
import socket
import sys
from dataclasses import dataclass, field
from typing import Any

if __name__ == "__main__" and sys.path and os.path.realpath(sys.path[0] or ".") == os.path.realpath("."):
    del sys.path[0]  # put there by ``-m``; IPython adds the working folder itself, as it does in a fresh kernel

from trackbook.pipelines.executors.forking import warming, wire
from trackbook.pipelines.executors.forking.child import KernelRequest, become_kernel

_OF_ANY_KERNEL = (
    *("ipykernel.kernelapp", "ipykernel.ipkernel", "ipykernel.debugger", "ipykernel.zmqshell", "ipykernel_launcher"),
    *("IPython.core.completerlib", "IPython.core.debugger", "IPython.extensions.storemagic"),
    *("psutil", "sqlite3", "tornado.platform.asyncio"),
)
"""What a kernel imports while it starts, whatever its notebook is."""
_OF_RECORDER = (
    *("trackbook.magics.execution", "trackbook.magics.recording", "trackbook.magics.completion"),
    *("trackbook.magics.commands", "trackbook.tracking.recorder", "trackbook.store.sql.store"),
    *("trackbook.capture.integrations.files", "trackbook.capture.integrations.drawing"),
    *(f"trackbook.capture.integrations.{name}" for name in ("lightgbm", "sklearn", "statsmodels", "torch", "xgboost")),
    *("IPython.core.logger", "IPython.core.oinspect"),
)
"""What it imports when a step begins to be recorded (`trackbook.pipelines.steps.recording`); none is a library."""
_INLINE = "module://matplotlib_inline.backend_inline"
FREE_PREFIXES = ("TRACKBOOK_", "PAPERMILL_", "JPY_", "JUPYTER_", "PYDEVD_", "PYTEST_", "JE_ARROW_")
"""Variables that may differ from those of the parent: no module reads them when it is imported.

The last are settings of pyarrow's allocator, which must not start a thread in the parent.
"""
ONE_THREAD = {"OPENBLAS_NUM_THREADS": "1"}
"""Of the parent: OpenBLAS starts the others when it is imported. A child has as many as it should (`child`)."""


@dataclass(slots=True, eq=False)
class _Customer:
    """One who has asked for a kernel, or is about to."""

    connection: socket.socket
    lines: wire.Lines = field(default_factory=wire.Lines)
    pid: int | None = None


class Parent:
    """Serves those who want kernels, one request at a time, in the only thread there is.

    Parameters
    ----------
    listener
        Where they come to.
    variables
        The environment that the modules were imported in.
    """

    def __init__(self, listener: socket.socket, variables: dict[str, str]) -> None:
        self._listener = listener
        self._variables = variables
        self._customers: list[_Customer] = []
        self._wake, self._woken = os.pipe()
        self._selector = selectors.DefaultSelector()

    def serve(self) -> KernelRequest | None:
        """Serve until standard input ends; in a forked child, return the kernel that it is to become."""
        for end in (self._wake, self._woken):
            os.set_blocking(end, False)
        signal.signal(signal.SIGCHLD, lambda *_: None)
        signal.set_wakeup_fd(self._woken, warn_on_full_buffer=False)
        for source in (self._listener, self._wake, 0):
            self._selector.register(source, selectors.EVENT_READ)
        while True:
            for key, _ in self._selector.select():
                if key.fd == 0:
                    self._end()
                    return None
                request = self._act(key)
                if request is not None:
                    return request

    def _act(self, key: selectors.SelectorKey) -> KernelRequest | None:
        if key.fileobj is self._listener:
            self._welcome()
        elif key.fd == self._wake:
            self._reap()
        elif key.data in self._customers:  # it may have gone since
            return self._hear(key.data)
        return None

    def _welcome(self) -> None:
        connection, _ = self._listener.accept()
        customer = _Customer(connection)
        self._customers.append(customer)
        self._selector.register(connection, selectors.EVENT_READ, customer)

    def _hear(self, customer: _Customer) -> KernelRequest | None:
        documents = customer.lines.receive(customer.connection)
        if documents is None:
            self._dismiss(customer)
            return None
        for document in documents:
            if "signal" in document:
                _signal_group(customer.pid, document["signal"])
            elif customer.pid is None:
                return self._fork(customer, document)
        return None

    def _fork(self, customer: _Customer, document: dict[str, Any]) -> KernelRequest | None:
        files, customer.lines.files = customer.lines.files, []
        reason = self._reason_against(document["variables"])
        if reason is not None:
            self._tell(customer, {"refused": reason})
        else:
            sys.stdout.flush()
            sys.stderr.flush()
            customer.pid = os.fork()
            if customer.pid == 0:
                self._forget(customer)
                return KernelRequest(
                    argv=document["argv"],
                    folder=document["folder"],
                    variables=document["variables"] | self._changed(),
                    files=files,
                    connection=customer.connection,
                )
            self._tell(customer, {"pid": customer.pid})
        for each in files:
            os.close(each)
        return None

    def _reason_against(self, variables: dict[str, str]) -> str | None:
        if (count := warming.threads()) > 1:
            return f"its parent has {count} threads"
        other = {name for name, value in variables.items() if self._variables.get(name) != value}
        other |= self._variables.keys() - variables.keys()
        differing = sorted(name for name in other if not name.startswith(FREE_PREFIXES))
        return f"the environment variable {differing[0]} differs from its parent's" if differing else None

    def _changed(self) -> dict[str, str]:
        """Return the environment variables that imports have set."""
        changed = {name: value for name, value in os.environ.items() if self._variables.get(name) != value}
        return {name: value for name, value in changed.items() if name not in ONE_THREAD}

    def _tell(self, customer: _Customer, document: dict[str, Any]) -> None:
        try:
            wire.send(customer.connection, document)
        except OSError:
            self._dismiss(customer)

    def _dismiss(self, customer: _Customer) -> None:
        """Let go one who does not listen any more, with the kernel if it still runs."""
        _signal_group(customer.pid, signal.SIGKILL)
        for each in customer.lines.files:
            os.close(each)
        if customer in self._customers:
            self._customers.remove(customer)
            self._selector.unregister(customer.connection)
            customer.connection.close()

    def _reap(self) -> None:
        try:
            os.read(self._wake, 1000)
        except BlockingIOError:
            return
        while True:
            try:
                pid, status = os.waitpid(-1, os.WNOHANG)
            except ChildProcessError:
                return
            if pid == 0:
                return
            for customer in [each for each in self._customers if each.pid == pid]:
                customer.pid = None
                self._tell(customer, {"exit": os.waitstatus_to_exitcode(status)})
                self._dismiss(customer)

    def _forget(self, customer: _Customer) -> None:
        """In the child: close what is the parent's, and take signals as a new process does."""
        signal.set_wakeup_fd(-1)
        signal.signal(signal.SIGCHLD, signal.SIG_DFL)
        signal.signal(signal.SIGINT, signal.default_int_handler)
        self._selector.close()
        self._listener.close()
        os.close(self._wake)
        os.close(self._woken)
        for other in self._customers:
            if other is not customer:
                other.connection.close()

    def _end(self) -> None:
        for customer in [*self._customers]:
            self._dismiss(customer)


def _signal_group(pid: int | None, number: int) -> None:
    """Send a signal to a kernel and what it has started; it leads a session of its own, or is about to."""
    if not pid:
        return
    for send in (os.killpg, os.kill):
        try:
            send(pid, number)
        except (ProcessLookupError, PermissionError):
            continue
        return


def _warm_up(names: list[str]) -> dict[str, str]:
    """Import what kernels need and, of the names, what may be; return why others were not.

    The first that must not be ends it: what its import has done stays.
    """
    for name in (*_OF_ANY_KERNEL, *_OF_RECORDER):
        importlib.import_module(name)
    os.environ.setdefault("MPLBACKEND", _INLINE)  # as ipykernel does before a notebook's first import
    with warming.without_kernel():
        for name in names:
            reason = warming.reason_against(name)
            if reason is not None:
                return {name: reason}
    _look_up()
    return {}


def _look_up() -> None:
    """Find out what each kernel would: which packages there are, what secrets look like, how code is split."""
    from IPython.core.inputtransformer2 import TransformerManager
    from jupyter_client.localinterfaces import is_local_ip

    from trackbook.capture.cell import integration_points
    from trackbook.capture.packages import installed
    from trackbook.capture.secret_shapes import compile_all

    compile_all()
    installed()
    integration_points()
    is_local_ip("127.0.0.1")
    TransformerManager().transform_cell("x = 1\n")  # type: ignore[no-untyped-call]  # IPython has no types here


def main() -> None:
    """Read the order, warm up, answer, and serve; a forked child leaves by way of its kernel."""
    signal.signal(signal.SIGINT, signal.SIG_IGN)  # an interrupt is for the kernels
    order: dict[str, Any] = json.loads(_line(0))
    variables: dict[str, str] = order["variables"]
    refused = _warm_up(order["names"])
    with socket.socket(socket.AF_UNIX) as listener:
        listener.bind(order["address"])
        listener.listen(64)
        gc.collect()
        gc.freeze()  # so that a child's collections don't touch, and so copy, what it shares
        os.write(1, json.dumps({"refused": refused}).encode() + b"\n")
        request = None if refused else Parent(listener, variables).serve()
    if request is not None:
        become_kernel(request)


def _line(number: int) -> bytes:
    found = b""
    while not found.endswith(b"\n"):
        piece = os.read(number, 1)
        if not piece:
            sys.exit(0)  # whoever started this is gone
        found += piece
    return found


if __name__ == "__main__":
    main()
