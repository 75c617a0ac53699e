"""Gives `jupyter_client` forked kernels (its entry point ``trackbook-forking``), or fresh ones where need be."""

from __future__ import annotations

import contextlib
import os
from collections.abc import Iterator, Sequence
from typing import IO, Any

from jupyter_client.connect import KernelConnectionInfo
from jupyter_client.provisioning.local_provisioner import LocalProvisioner
from traitlets import Unicode

from trackbook.pipelines.executors.forking.command import arguments_of
from trackbook.pipelines.executors.forking.forked import ForkedProcess, RefusedError


class ForkingProvisioner(LocalProvisioner):
    """Has kernels forked by the parent that listens at `address`.

    A kernel that is not IPython's, of another interpreter, or that the parent refuses is started afresh; the log says
    why.
    """

    address = Unicode(help="Where the parent of the kernels listens; without one, kernels are fresh.").tag(config=True)
    refused: str | None = None
    """Why this kernel was not forked."""
    _is_ending = False

    async def launch_kernel(self, cmd: list[str], **kwargs: Any) -> KernelConnectionInfo:
        """Fork a kernel and wait until it listens."""
        try:
            process = self._forked(cmd, kwargs)
        except (RefusedError, OSError) as error:
            self.refused = str(error)
            self.log.warning("A kernel was started afresh rather than forked: %s.", self.refused)
            return await super().launch_kernel(cmd, **kwargs)
        await process.listens()
        self.process = process  # type: ignore[assignment]  # all that is used of a Popen, it has
        self.pid = self.pgid = process.pid
        self.cwd = kwargs.get("cwd") or os.getcwd()
        return self.connection_info

    async def poll(self) -> int | None:
        """Return the exit code, None while it runs; once it was asked to end, wait for that rather than say no."""
        if self._is_ending and isinstance(self.process, ForkedProcess):
            await self.process.ends()
        return await super().poll()

    async def wait(self) -> int | None:
        """Wait for its end, without looking again and again."""
        if isinstance(self.process, ForkedProcess):
            await self.process.ends()
        return await super().wait()

    async def send_signal(self, signum: int) -> None:
        """Send a signal to the kernel and what it has started."""
        if isinstance(self.process, ForkedProcess):
            self.process.send_signal(signum)
        else:
            await super().send_signal(signum)

    async def shutdown_requested(self, restart: bool = False) -> None:
        """Note that the kernel is about to end."""
        self._is_ending = True

    def _forked(self, cmd: Sequence[str], options: dict[str, Any]) -> ForkedProcess:
        variables: dict[str, str] = options["env"]
        with _streams(options) as files:
            return ForkedProcess(
                self.address,
                argv=arguments_of(cmd),
                folder=str(options.get("cwd") or os.getcwd()),
                variables=variables | {"JPY_PARENT_PID": str(os.getpid())},
                files=files,
            )


@contextlib.contextmanager
def _streams(options: dict[str, Any]) -> Iterator[list[int]]:
    """Return the numbers of a kernel's standard streams; nothing is there to be read."""
    with open(os.devnull, "rb") as nothing:
        yield [
            nothing.fileno(),
            *(_number(options.get(name), at) for at, name in ((1, "stdout"), (2, "stderr"))),
        ]


def _number(stream: int | IO[bytes] | None, default: int) -> int:
    if stream is None:
        return default
    number = stream if isinstance(stream, int) else stream.fileno()
    if number < 0:
        raise RefusedError("its output is to be read by whoever starts it")
    return number
