"""A kernel manager and its client that don't wait for longer than it takes.

`jupyter_client` looks every tenth of a second whether a kernel has ended or can be connected to, gives a new one a
fifth of a second to say something that nobody asked for, and sleeps for a moment after each start and end, so that its
own tests see that state. For a short notebook that is longer than its cells take.
"""

from __future__ import annotations

import asyncio
import inspect
import time
from collections.abc import Awaitable, Callable
from queue import Empty
from typing import Any

import zmq
import zmq.asyncio
from jupyter_client.asynchronous.client import AsyncKernelClient
from jupyter_client.manager import AsyncKernelManager
from traitlets import default

_LOOK_SECONDS = 0.02
_CONNECT_MILLISECONDS = 30
_ALIVE_SECONDS = 1.0
_QUIET_SECONDS = 0.2  # as `jupyter_client` has it


class PromptClient(AsyncKernelClient):
    """A client that knows when its kernel is ready."""

    def start_channels(
        self, shell: bool = True, iopub: bool = True, stdin: bool = True, hb: bool = True, control: bool = True
    ) -> None:
        """Start the channels, but for the heartbeat: whether the kernel is alive, its manager sees from its process."""
        super().start_channels(shell=shell, iopub=iopub, stdin=stdin, hb=False, control=control)

    async def wait_for_ready(self, timeout: float | None = None) -> None:
        """Wait until the kernel has answered on both channels, and has nothing more to say.

        Raises
        ------
        RuntimeError
            If it died, or did not answer in `timeout` seconds.
        """
        end = None if timeout is None else time.monotonic() + timeout
        asked = [self.kernel_info()]
        while True:
            reply = await self.message(self.shell_channel, _ALIVE_SECONDS)
            if reply is not None and reply["msg_type"] == "kernel_info_reply":
                self._handle_kernel_info_reply(reply)
                if await self._is_heard(asked):
                    return
            elif not await self._async_is_alive():
                raise RuntimeError("Kernel died before replying to kernel_info")
            if end is not None and time.monotonic() > end:
                raise RuntimeError(f"Kernel didn't respond in {timeout:.0f} seconds")
            asked.append(self.kernel_info())

    async def _is_heard(self, asked: list[str]) -> bool:
        """Return whether what the kernel says to all arrives here, once it is done with what it was asked."""
        is_heard = False
        while (message := await self.message(self.iopub_channel, _QUIET_SECONDS)) is not None:
            is_heard = True
            if is_idle(message, asked[-1]):
                break
        return is_heard

    async def message(self, channel: Any, seconds: float) -> dict[str, Any] | None:
        """Return the next message of a channel, None if there is none for so long."""
        try:
            message: dict[str, Any] = await channel.get_msg(timeout=seconds)
        except Empty:
            return None
        return message


def is_idle(message: dict[str, Any], asked: str) -> bool:
    """Return whether a message says that the kernel is done with what it was asked."""
    is_answer: bool = message["parent_header"].get("msg_id") == asked
    return is_answer and message["content"].get("execution_state") == "idle"


class PromptKernelManager(AsyncKernelManager):
    """Manages a kernel that is reached, and seen to end, as soon as can be."""

    def __init__(self, **options: Any) -> None:
        super().__init__(**options)
        self.client_factory = PromptClient

    async def _async_start_kernel(self, **options: Any) -> None:
        await self._promptly(AsyncKernelManager._async_start_kernel, **options)

    async def _async_shutdown_kernel(self, now: bool = False, restart: bool = False) -> None:
        await self._promptly(AsyncKernelManager._async_shutdown_kernel, now=now, restart=restart)

    start_kernel = _async_start_kernel
    shutdown_kernel = _async_shutdown_kernel

    async def _promptly(self, method: Callable[..., Awaitable[None]], **options: Any) -> None:
        """Do what a method does, and tell who waits for `ready`, without the sleep of its decorator."""
        self._ready = asyncio.get_running_loop().create_future()
        try:
            await inspect.unwrap(method)(self, **options)
        except Exception as error:
            self._ready.set_exception(error)
            self._ready.exception()  # is known: it need not be said that nobody asked
            raise
        self._ready.set_result(None)

    @default("context")
    def _prompt_context(self) -> zmq.asyncio.Context:
        context = super()._context_default()
        context.setsockopt(zmq.RECONNECT_IVL, _CONNECT_MILLISECONDS)  # for its sockets, which connect before it listens
        return context

    async def _async_wait(self, pollinterval: float = _LOOK_SECONDS) -> None:
        await super()._async_wait(pollinterval=min(pollinterval, _LOOK_SECONDS))
