"""A Jupyter server in a process of its own, for who asks it from outside."""

from __future__ import annotations

import json
import os
import socket
import subprocess
import sys
import time
import urllib.error
import urllib.request
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

TOKEN = "a-token-of-the-tests"
_PATIENCE_SECONDS = 120.0


@dataclass(frozen=True, slots=True)
class LoneServer:
    """A server that answers. `log` is the file with what it says."""

    url: str
    log: Path

    @property
    def api(self) -> str:
        """Where Trackbook's routes begin."""
        return f"{self.url}trackbook/api/v1"


@contextmanager
def lone_server(root: Path, folder: Path) -> Iterator[LoneServer]:
    """Start a server over `root`, with what is its own in `folder`; end it in the end."""
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    settings = {
        "root_dir": str(root),
        "port": port,
        "port_retries": 0,
        "ip": "127.0.0.1",
        "open_browser": False,
        "allow_root": True,
        "base_url": "/lone/",
        "jpserver_extensions": {"trackbook_server": True},
    }
    config = folder / "config"
    config.mkdir(parents=True)
    own = {"ServerApp": settings, "IdentityProvider": {"token": TOKEN}}
    (config / "jupyter_server_config.json").write_text(json.dumps(own))
    names = ("CONFIG", "DATA", "RUNTIME")
    places = {f"JUPYTER_{name}_DIR": str(folder / name.lower()) for name in names}
    log = folder / "log"
    with log.open("wb") as out:
        command = [sys.executable, "-m", "jupyter_server"]
        process = subprocess.Popen(command, cwd=root, env={**os.environ, **places}, stdout=out, stderr=out)
    server = LoneServer(f"http://127.0.0.1:{port}/lone/", log)
    try:
        _wait_for(server, process)
        yield server
    finally:
        process.terminate()
        process.wait(_PATIENCE_SECONDS)


def _wait_for(server: LoneServer, process: subprocess.Popen[bytes]) -> None:
    until = time.monotonic() + _PATIENCE_SECONDS
    while True:
        try:
            urllib.request.urlopen(f"{server.url}api/status?token={TOKEN}", timeout=_PATIENCE_SECONDS).close()
        except (urllib.error.URLError, ConnectionError):
            assert process.poll() is None, server.log.read_text()
            assert time.monotonic() < until, server.log.read_text()
            time.sleep(0.1)
        else:
            return
