"""A real kernel, as JupyterLab would start it but for a fork, with a store in the test's folder."""

from __future__ import annotations

import os
import time
from collections.abc import Callable, Mapping
from pathlib import Path
from types import TracebackType
from typing import Any, TypeVar

from jupyter_client.manager import KernelManager

from tests.forks.forks import forked_kernels

T = TypeVar("T")
PATIENCE = 60.0


def wait_for(look: Callable[[], T], is_it: Callable[[T], bool] = bool, seconds: float = PATIENCE) -> T:
    """Look until what is seen is it; give what was seen last when the time is over, for the test to say so."""
    deadline = time.monotonic() + seconds
    seen = look()
    while not is_it(seen) and time.monotonic() < deadline:
        time.sleep(0.05)
        seen = look()
    return seen


class Kernel:
    """A kernel and its client; a context manager that shuts it down."""

    def __init__(self, folder: Path, environ: Mapping[str, str] | None = None) -> None:
        self.folder = folder
        self.printed: list[dict[str, Any]] = []
        """The output messages so far."""
        self.manager = KernelManager(kernel_name="python3")
        environment = {**os.environ, "PYTHONWARNINGS": "ignore", **(environ or {})}
        with forked_kernels():
            self.manager.start_kernel(cwd=str(folder), env=environment)
        self.client = self.manager.client()
        self.client.start_channels()
        self.client.wait_for_ready(timeout=PATIENCE)

    def run(self, source: str) -> dict[str, Any]:
        """Run a cell and return the reply's content."""
        reply: dict[str, Any] = self.client.execute_interactive(
            source, timeout=PATIENCE, output_hook=self.printed.append
        )
        content: dict[str, Any] = reply["content"]
        return content

    def text(self) -> str:
        """Return what was printed so far."""
        return "".join(str(message["content"].get("text", "")) for message in self.printed)

    def begin(self, source: str) -> str:
        """Have a cell run, without waiting for its end; return the request's id.

        If it fails, those behind it run all the same.
        """
        request: str = self.client.execute(source, stop_on_error=False)
        return request

    def reply_to(self, request: str) -> dict[str, Any]:
        """Wait for the reply to a request and return its content."""
        while True:
            reply = self.client.get_shell_msg(timeout=PATIENCE)
            if reply["parent_header"].get("msg_id") == request:
                content: dict[str, Any] = reply["content"]
                return content

    def kill(self) -> None:
        """Kill the process as the system does when memory is out: nothing of it runs any more."""
        self.manager.signal_kernel(9)

    def __enter__(self) -> Kernel:
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, at: TracebackType | None) -> None:
        self.client.stop_channels()
        self.manager.shutdown_kernel(now=True)
