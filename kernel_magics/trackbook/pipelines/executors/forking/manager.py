"""A kernel manager and its client that don't wait for longer than it takes.

`jupyter_client` looks every tenth of a second whether a kernel has ended, and gives a new one a fifth of a second to
say something that nobody asked for. Of a forked kernel more is known, so that nothing is waited for without cause.
"""

from __future__ import annotations

import time
from queue import Empty
from typing import Any

from jupyter_client.asynchronous.client import AsyncKernelClient
from jupyter_client.kernelspec import KernelSpec
from jupyter_client.manager import AsyncKernelManager

from trackbook.pipelines.executors.forking.forked import ForkedProcess

PROVISIONER = "trackbook-forking"
_WELCOME_SECONDS = 1.0
_LOOK_SECONDS = 1.0


class PromptClient(AsyncKernelClient):
    """A client that knows when its kernel is ready."""

    async def wait_for_ready(self, timeout: float | None = None) -> None:
        """Wait until the kernel has answered on both channels, and has nothing more to say.

        Raises
        ------
        RuntimeError
            If it died, or did not answer in `timeout` seconds.
        """
        manager: Any = self.parent
        if not isinstance(getattr(manager.provisioner, "process", None), ForkedProcess):
            await self._async_wait_for_ready(timeout=timeout)
            return
        end = None if timeout is None else time.monotonic() + timeout
        await self._message(self.iopub_channel, _WELCOME_SECONDS)  # it listens: what it says arrives from now on
        asked = self.kernel_info()
        while (reply := await self._message(self.shell_channel, _LOOK_SECONDS)) is None:
            if not await manager.is_alive():
                raise RuntimeError("Kernel died before replying to kernel_info")
            if end is not None and time.monotonic() > end:
                raise RuntimeError(f"Kernel didn't respond in {timeout:.0f} seconds")
        self._handle_kernel_info_reply(reply)
        while not _is_idle(await self._message(self.iopub_channel, _WELCOME_SECONDS), asked):
            continue

    async def _message(self, channel: Any, seconds: float) -> dict[str, Any] | None:
        try:
            message: dict[str, Any] = await channel.get_msg(timeout=seconds)
        except Empty:
            return None
        return message


def _is_idle(message: dict[str, Any] | None, asked: str) -> bool:
    """Return whether a message says that the kernel is done with what it was asked; nothing at all says so too."""
    if message is None:
        return True
    is_answer: bool = message["parent_header"].get("msg_id") == asked
    return is_answer and message["content"].get("execution_state") == "idle"


class ForkingKernelManager(AsyncKernelManager):
    """Manages a kernel that is forked by the parent at `address`, if that can be."""

    address = ""

    def __init__(self, **options: Any) -> None:
        super().__init__(**options)
        self.client_factory = PromptClient

    @property
    def kernel_spec(self) -> KernelSpec | None:
        """The kernel's specification, with who provides it."""
        spec = super().kernel_spec
        if spec is not None and "kernel_provisioner" not in spec.metadata and self.address:
            spec.metadata["kernel_provisioner"] = {
                "provisioner_name": PROVISIONER,
                "config": {"address": self.address},
            }
        return spec


def manager_of(address: str) -> type[ForkingKernelManager]:
    """Return the class of managers whose kernels the parent at an address forks."""
    return type("ForkingKernelManager", (ForkingKernelManager,), {"address": address})
