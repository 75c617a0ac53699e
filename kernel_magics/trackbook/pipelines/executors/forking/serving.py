"""What forks: serves those who want a process like it, in the only thread there is."""

from __future__ import annotations

import gc
import json
import os
import selectors
import signal
import socket
import sys
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from trackbook.pipelines.executors.forking import warming, wire

FREE_PREFIXES = ("TRACKBOOK_", "PAPERMILL_", "JPY_", "JUPYTER_", "PYDEVD_", "PYTEST_", "JE_ARROW_")
"""Variables that may differ from those of the parent: no module reads them when it is imported.

The last are settings of pyarrow's allocator, which must not start a thread in the parent.
"""
ONE_THREAD = {"OPENBLAS_NUM_THREADS": "1"}
"""Of the parent: OpenBLAS starts the others when it is imported. A child has as many as it should (`child`)."""


@dataclass(frozen=True, slots=True, kw_only=True)
class ForkRequest:
    """What a fork is to become.

    Attributes
    ----------
    argv
        The command line of a fresh one, from its module on: ``["ipykernel_launcher", "-f", "kernel.json"]``; empty for
        a worker.
    folder
        Its working folder.
    variables
        Its whole environment.
    files
        Its three standard streams, as numbers of open files.
    connection
        To whoever has asked for it.
    """

    argv: list[str]
    folder: str
    variables: dict[str, str]
    files: list[int]
    connection: socket.socket


@dataclass(slots=True, eq=False)
class _Customer:
    """One who has asked for a fork, or is about to."""

    connection: socket.socket
    lines: wire.Lines = field(default_factory=wire.Lines)
    pid: int | None = None


def take_order() -> dict[str, Any]:
    """Read what this process is to be from standard input; an interrupt, and collecting garbage, are for its forks."""
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    gc.disable()
    found = b""
    while not found.endswith(b"\n"):
        piece = os.read(0, 1)
        if not piece:
            sys.exit(0)  # whoever started this is gone
        found += piece
    order: dict[str, Any] = json.loads(found)
    return order


def tell(answer: Mapping[str, Any]) -> None:
    """Tell whoever has given the order what came of it."""
    os.write(1, json.dumps(answer).encode() + b"\n")


def serve(order: Mapping[str, Any], answer: Mapping[str, Any], *, lets_go: bool = False) -> ForkRequest | None:
    """Answer an order on standard output, and fork until standard input ends; see `Parent.serve`."""
    with socket.socket(socket.AF_UNIX) as listener:
        listener.bind(order["address"])
        listener.listen(64)
        gc.collect()
        gc.freeze()  # so that a child's collections don't touch, and so copy, what it shares
        tell(answer)
        request = Parent(listener, order["variables"], lets_go=lets_go).serve()
    gc.enable()
    return request


class Parent:
    """Serves those who want forks, one request at a time, in the only thread there is.

    Parameters
    ----------
    listener
        Where they come to.
    variables
        The environment that the modules were imported in.
    lets_go
        Whether a fork may go on when who has asked for it is gone; else it is killed.
    """

    def __init__(self, listener: socket.socket, variables: dict[str, str], *, lets_go: bool = False) -> None:
        self._lets_go = lets_go
        self._listener = listener
        self._variables = variables
        self._customers: list[_Customer] = []
        self._wake, self._woken = os.pipe()
        self._selector = selectors.DefaultSelector()

    def serve(self) -> ForkRequest | None:
        """Serve until standard input ends; in a forked child, return what it is to become."""
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

    def _act(self, key: selectors.SelectorKey) -> ForkRequest | None:
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

    def _hear(self, customer: _Customer) -> ForkRequest | None:
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

    def _fork(self, customer: _Customer, document: dict[str, Any]) -> ForkRequest | None:
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
                return ForkRequest(
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
        """Let go one who does not listen any more, with the fork if it still runs."""
        if not self._lets_go:
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
