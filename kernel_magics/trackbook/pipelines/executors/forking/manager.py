"""The manager of a forked kernel and its client: of such a kernel more is known, so that even less is waited for."""

from __future__ import annotations

import time
from typing import Any

from jupyter_client.kernelspec import KernelSpec

from trackbook.pipelines.executors.forking.forked import ForkedProcess
from trackbook.pipelines.steps.prompt_kernel import PromptClient, PromptKernelManager, is_idle

PROVISIONER = "trackbook-forking"
_WELCOME_SECONDS = 1.0
_LOOK_SECONDS = 1.0


class ForkedKernelClient(PromptClient):
    """A client that knows that a forked kernel listens already when it comes."""

    async def wait_for_ready(self, timeout: float | None = None) -> None:
        """Wait until the kernel has answered on both channels, and has nothing more to say.

        Raises
        ------
        RuntimeError
            If it died, or did not answer in `timeout` seconds.
        """
        manager: Any = self.parent
        if not isinstance(getattr(manager.provisioner, "process", None), ForkedProcess):
            await super().wait_for_ready(timeout=timeout)
            return
        end = None if timeout is None else time.monotonic() + timeout
        await self.message(self.iopub_channel, _WELCOME_SECONDS)  # it listens: what it says arrives from now on
        asked = self.kernel_info()
        while (reply := await self.message(self.shell_channel, _LOOK_SECONDS)) is None:
            if not await manager.is_alive():
                raise RuntimeError("Kernel died before replying to kernel_info")
            if end is not None and time.monotonic() > end:
                raise RuntimeError(f"Kernel didn't respond in {timeout:.0f} seconds")
        self._handle_kernel_info_reply(reply)
        while (said := await self.message(self.iopub_channel, _WELCOME_SECONDS)) and not is_idle(said, asked):
            continue


class ForkingKernelManager(PromptKernelManager):
    """Manages a kernel that is forked by the parent at `address`, if that can be."""

    address = ""

    def __init__(self, **options: Any) -> None:
        super().__init__(**options)
        self.client_factory = ForkedKernelClient

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
