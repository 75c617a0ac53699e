"""A fork as its customer sees it: like a `subprocess.Popen`, but that another process is its parent."""

from __future__ import annotations

import asyncio
import contextlib
import signal
import socket
import subprocess
import time
from collections.abc import Mapping, Sequence
from multiprocessing import connection
from typing import Any

from trackbook.pipelines.executors.forking import wire

_VANISHED = -9  # SIGKILL, which not all systems have: when its parent dies, it is killed


class RefusedError(Exception):
    """The parent did not fork; the message says why."""


class ForkedProcess:
    """What a parent has forked. A kernel is killed when this object's connection closes.

    Parameters
    ----------
    address
        Where its parent listens.
    argv, folder, variables
        See `ForkRequest`.
    files
        Its standard streams.

    Raises
    ------
    RefusedError
        If the parent says no.
    OSError
        If there is no parent there.
    """

    stdin = stdout = stderr = None
    """They are not read here (`jupyter_client` looks for these)."""

    def __init__(
        self, address: str, *, argv: Sequence[str], folder: str, variables: Mapping[str, str], files: Sequence[int]
    ) -> None:
        self.returncode: int | None = None
        self._is_ready = False
        self._lines = wire.Lines()
        self._connection = socket.socket(socket.AF_UNIX)
        try:
            self._connection.connect(address)
            wire.send(self._connection, {"argv": argv, "folder": folder, "variables": dict(variables)}, files)
            self.pid = self._born()
        except BaseException:
            self._connection.close()
            raise
        self._connection.setblocking(False)

    def poll(self) -> int | None:
        """Return the exit code, None while it runs."""
        while self.returncode is None and self._take():
            continue
        return self.returncode

    def wait(self, timeout: float | None = None) -> int:
        """Wait for its end.

        Raises
        ------
        subprocess.TimeoutExpired
            If it takes longer than `timeout` seconds.
        """
        end = None if timeout is None else time.monotonic() + timeout
        while self.poll() is None:
            left = None if end is None else end - time.monotonic()
            if left is not None and left <= 0:
                raise subprocess.TimeoutExpired("a fork", timeout or 0)
            connection.wait([self._connection], left)  # of any number, which `select` is not
        assert self.returncode is not None
        return self.returncode

    async def listens(self) -> None:
        """Wait until the kernel listens to its clients, or has ended."""
        while not self._is_ready and self.returncode is None:
            await self._arrival()

    async def ends(self) -> None:
        """Wait until the kernel has ended."""
        while self.poll() is None:
            await self._arrival()

    def send_signal(self, number: int) -> None:
        """Send a signal to the kernel and what it has started."""
        if self.poll() is None:
            with contextlib.suppress(OSError):  # its parent has just gone, and so it is killed
                wire.send(self._connection, {"signal": number})

    def kill(self) -> None:
        """Kill it."""
        self.send_signal(signal.SIGKILL)

    def terminate(self) -> None:
        """Ask it to end."""
        self.send_signal(signal.SIGTERM)

    async def _arrival(self) -> None:
        """Wait for something on the connection, and take it."""
        loop = asyncio.get_running_loop()
        came = loop.create_future()
        loop.add_reader(self._connection, came.cancel)
        try:
            await asyncio.wait([came])
        finally:
            loop.remove_reader(self._connection)
        self._take()

    def _born(self) -> int:
        while True:
            documents = self._lines.receive(self._connection)
            if documents is None:
                raise ConnectionResetError("The process that forks others has gone.")
            for document in documents:
                if "refused" in document:
                    raise RefusedError(document["refused"])
            if documents:
                self._note(documents[1:])
                return int(documents[0]["pid"])

    def _take(self) -> bool:
        """Take what has arrived; return whether there was something."""
        try:
            documents = self._lines.receive(self._connection)
        except BlockingIOError:
            return False
        if documents is None:
            self._end(_VANISHED)
        else:
            self._note(documents)
        return True

    def _note(self, documents: Sequence[Mapping[str, Any]]) -> None:
        for document in documents:
            if "ready" in document:
                self._is_ready = True
            if "exit" in document:
                self._end(int(document["exit"]))

    def _end(self, code: int) -> None:
        self.returncode = code
        self._connection.close()
