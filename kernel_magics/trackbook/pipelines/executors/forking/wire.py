"""How the parent and those who want kernels of it talk: JSON documents, one a line, over a Unix socket.

Whoever wants a kernel connects and sends one request with its three standard streams; ``{"pid": 12}`` or ``{"refused":
"why"}`` comes back, later ``{"ready": true}`` when the kernel listens and ``{"exit": 0}`` when it has ended. A
``{"signal": 2}`` is passed on to the kernel's process group. The connection is the kernel's lease: it is killed when
that closes.
"""

from __future__ import annotations

import array
import json
import socket
from collections.abc import Mapping, Sequence
from typing import Any

_PIECE = 65536
_STREAMS = 3


class Lines:
    """The documents that arrive on a socket, and the open files that came with them."""

    def __init__(self) -> None:
        self._rest = b""
        self.files: list[int] = []

    def receive(self, connection: socket.socket) -> list[dict[str, Any]] | None:
        """Return what has arrived; None when the other side has closed.

        Raises
        ------
        BlockingIOError
            If nothing has arrived and the socket does not wait.
        """
        try:
            data, files, _, _ = socket.recv_fds(connection, _PIECE, _STREAMS)
        except ConnectionError:
            return None
        self.files.extend(files)
        return self.take(data) if data else None

    def take(self, data: bytes) -> list[dict[str, Any]]:
        """Return the documents that are complete with these bytes."""
        *whole, self._rest = (self._rest + data).split(b"\n")
        return [json.loads(line) for line in whole]


def send(connection: socket.socket, document: Mapping[str, Any], files: Sequence[int] = ()) -> None:
    """Send a document, with open files if there are any; the socket may be one that does not wait."""
    data = json.dumps(document).encode() + b"\n"
    was = connection.gettimeout()
    connection.settimeout(None)
    try:
        if files:
            streams = array.array("i", files)
            sent = connection.sendmsg([data], [(socket.SOL_SOCKET, socket.SCM_RIGHTS, streams)])
            data = data[sent:]
        connection.sendall(data)
    finally:
        connection.settimeout(was)
