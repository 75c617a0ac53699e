"""The manager of a forked kernel and its client: of such a kernel more is known, so that even less is waited for."""

from __future__ import annotations

import os
import secrets
from functools import lru_cache
from typing import Any

from jupyter_client.kernelspec import KernelSpec

from trackbook.pipelines.executors.forking.forked import ForkedProcess
from trackbook.pipelines.steps.prompt_kernel import PromptClient, PromptKernelManager

PROVISIONER = "trackbook-forking"
_WELCOME_SECONDS = 1.0


class ForkedKernelClient(PromptClient):
    """A client that knows that a forked kernel listens already when it comes."""

    async def wait_for_ready(self, timeout: float | None = None) -> None:
        """Wait until what the kernel says arrives; where it does not welcome its clients, until it has answered.

        Raises
        ------
        RuntimeError
            If it died, or did not answer in `timeout` seconds.
        """
        provisioner: Any = self.parent.provisioner if self.parent is not None else None
        is_forked = isinstance(getattr(provisioner, "process", None), ForkedProcess)
        if not is_forked or await self.message(self.iopub_channel, _WELCOME_SECONDS) is None:
            await super().wait_for_ready(timeout=timeout)


class ForkingKernelManager(PromptKernelManager):
    """Manages a kernel that is forked by the parent at `address`, if that can be."""

    address = ""

    def __init__(self, **options: Any) -> None:
        super().__init__(**options)
        self.client_factory = ForkedKernelClient
        if self.address:  # in whose folder sockets are nobody else's, and quicker than those of a network
            self.transport = "ipc"
            self.ip = os.path.join(os.path.dirname(self.address), secrets.token_hex(4))

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


@lru_cache(maxsize=8)
def manager_of(address: str) -> type[ForkingKernelManager]:
    """Return the class of managers whose kernels the parent at an address forks."""
    return type("ForkingKernelManager", (ForkingKernelManager,), {"address": address})
