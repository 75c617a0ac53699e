"""Python programs and kernels for tests, forked from one process with the libraries: most of a second's work is saved.

For tests of what programs do, not of what they load: those start a fresh interpreter.
"""

from __future__ import annotations

import atexit
import json
import os
import signal
import socket
import subprocess
import sys
import tempfile
from collections.abc import Iterator, Mapping, Sequence
from contextlib import ExitStack, contextmanager
from functools import cache
from importlib.metadata import EntryPoint
from multiprocessing import connection
from pathlib import Path
from typing import IO, Any

from jupyter_client.connect import KernelConnectionInfo
from jupyter_client.provisioning import KernelProvisionerFactory, LocalProvisioner

DEADLINE_SECONDS = 240.0


class Program:
    """A program that runs: as much of a `subprocess.Popen` as `jupyter_client` and tests ask for."""

    stdin = stdout = stderr = None

    def __init__(self, pid: int, ended: int) -> None:
        self.pid = pid
        self.returncode: int | None = None
        self._ended = ended

    def poll(self) -> int | None:
        """Return its exit code, below zero if a signal ended it, None while it runs."""
        return self._look(0)

    def wait(self, timeout: float | None = None) -> int:
        """Wait for its end and return its exit code."""
        code = self._look(timeout)
        if code is None:
            raise subprocess.TimeoutExpired(str(self.pid), timeout or 0)
        return code

    def send_signal(self, number: int) -> None:
        """Send it a signal, if it runs."""
        if self.poll() is None:
            os.kill(self.pid, number)

    def terminate(self) -> None:
        """Ask it to end."""
        self.send_signal(signal.SIGTERM)

    def kill(self) -> None:
        """End it."""
        self.send_signal(signal.SIGKILL)

    def _look(self, timeout: float | None) -> int | None:
        if self.returncode is None and connection.wait([self._ended], timeout):
            self.returncode = int(os.read(self._ended, 16) or -signal.SIGKILL)
            os.close(self._ended)
        return self.returncode


def start(
    words: Sequence[str],
    folder: str | Path | None = None,
    environment: Mapping[str, str] | None = None,
    files: Sequence[IO[Any]] | None = None,
) -> Program:
    """Start what ``python *words`` would, here by default; `files` are its stdin, stdout and stderr."""
    variables = os.environ if environment is None else environment
    request = {"words": [*words], "folder": str(folder or Path.cwd()), "environment": dict(variables)}
    ended, ends = os.pipe()
    with open(os.devnull, "r+b") as nothing:
        numbers = [file.fileno() for file in files or [nothing] * 3]
        socket.send_fds(_parent(), [json.dumps(request).encode()], [*numbers, ends])
        os.close(ends)
        return Program(int(_parent().recv(16)), ended)


def run(
    *words: str, folder: Path | None = None, environment: Mapping[str, str] | None = None, typed: str = ""
) -> subprocess.CompletedProcess[str]:
    """Run what ``python *words`` would to its end, here by default."""
    with ExitStack() as stack:
        files = [stack.enter_context(tempfile.TemporaryFile("w+")) for _ in range(3)]
        files[0].write(typed)
        files[0].seek(0)
        program = start(words, folder, environment, files)
        try:
            code = program.wait(DEADLINE_SECONDS)
        finally:
            program.kill()
        for file in files:
            file.seek(0)
        return subprocess.CompletedProcess([*words], code, files[1].read(), files[2].read())


@contextmanager
def forked_kernels() -> Iterator[None]:
    """Let `jupyter_client` fork the kernels that start meanwhile, whoever asks for them."""
    factory = KernelProvisionerFactory.instance()
    place = f"{ForkedKernel.__module__}:{ForkedKernel.__name__}"
    factory.provisioners["tests-forked"] = EntryPoint("tests-forked", place, factory.GROUP_NAME)
    before, factory.default_provisioner_name = factory.default_provisioner_name, "tests-forked"
    try:
        yield
    finally:
        factory.default_provisioner_name = before


class ForkedKernel(LocalProvisioner):
    """Has a kernel forked instead of started."""

    async def launch_kernel(self, cmd: list[str], **kwargs: Any) -> KernelConnectionInfo:
        """Start the kernel."""
        assert cmd[0] == sys.executable, cmd
        self.process = start(cmd[1:], kwargs.get("cwd"), kwargs["env"])  # type: ignore[assignment]  # see there
        self.pid = self.pgid = self.process.pid
        return self.connection_info


@cache
def _parent() -> socket.socket:
    """Start the process that forks, once for all tests of this one."""
    ours, its = socket.socketpair(socket.AF_UNIX, socket.SOCK_SEQPACKET)
    script = Path(__file__).with_name("parent.py")
    process = subprocess.Popen(
        [sys.executable, str(script), str(its.fileno())],
        stdin=subprocess.DEVNULL,
        pass_fds=[its.fileno()],
    )
    its.close()

    def end() -> None:
        ours.close()
        process.wait()

    atexit.register(end)
    return ours
