"""Where a shell's outputs can be seen: on their way to a kernel's front ends, or in a shell's own memory of them.

In a kernel every output, of whatever thread or forked child, goes through the one thread that sends to the front ends;
there it is looked at and sent on untouched. A shell without a kernel remembers its outputs itself (IPython 9 does); an
older one only the texts of its results.
"""

from __future__ import annotations

import contextlib
import os
import select
import sys
import time
from collections.abc import Mapping, Sequence
from types import ModuleType
from typing import Any, Protocol

from trackbook import clock
from trackbook.capture.guard import Guard
from trackbook.capture.outputs import Collector, Limits
from trackbook.records import OutputKind

resource: ModuleType | None
try:
    import resource
except ImportError:  # Windows, where streams of child processes aren't read either
    resource = None

_DELIMITER = b"<IDS|MSG>"  # between routing and message in Jupyter's wire protocol
_TOPICS = (b"display_data", b"execute_result")
_STREAM_TOPIC = b"stream."
_PATIENCE_SECONDS = 0.1  # for what a child process wrote to the pipe that stands for stdout
_PAUSE_SECONDS = 0.001
_SEND = "send_multipart"
_STREAMS = {"out_stream": "stdout", "err_stream": "stderr"}


class Source(Protocol):
    """One way to see a shell's outputs."""

    def begin(self, collector: Collector) -> None:
        """A cell begins; its outputs are for the collector."""

    def end(self) -> None:
        """The cell is over: when this returns, the collector has been told all that it showed."""

    def detach(self) -> None:
        """See nothing any more and leave nothing behind."""


class OutputWatch:
    """Sees what the cells of one shell show.

    Parameters
    ----------
    shell
        IPython's shell.
    limits
        How much of it is held.
    guard
        Takes our own faults.
    """

    def __init__(self, shell: Any, limits: Limits, guard: Guard) -> None:
        self._limits = limits
        self._guard = guard
        self._source = source_of(shell, guard)
        self._collector: Collector | None = None

    def begin(self) -> None:
        """A cell begins."""
        self._collector = Collector(self._limits)
        with self._guard:
            self._source.begin(self._collector)

    def end(self) -> Collector | None:
        """The cell is over; return what it showed, None if no cell had begun."""
        collector, self._collector = self._collector, None
        if collector is not None:
            with self._guard:
                self._source.end()
        return collector

    def detach(self) -> None:
        """See nothing any more and leave nothing behind."""
        self._source.detach()


def source_of(shell: Any, guard: Guard) -> Source:
    """Return the way to see a shell's outputs."""
    kernel = getattr(shell, "kernel", None)
    thread = getattr(getattr(kernel, "iopub_socket", None), "io_thread", None)
    if thread is not None and callable(getattr(thread, _SEND, None)):
        return KernelSource(kernel, thread, guard)
    return ShellSource(shell)


class KernelSource:
    """Sees the messages of a kernel to its front ends, on their way through the sending thread.

    Parameters
    ----------
    kernel
        ipykernel's kernel.
    thread
        Its ``IOPubThread``.
    guard
        Takes our own faults.
    """

    def __init__(self, kernel: Any, thread: Any, guard: Guard) -> None:
        self._kernel = kernel
        self._thread = thread
        self._guard = guard
        self._pid = os.getpid()
        self._streams = [each for each in (sys.stdout, sys.stderr) if getattr(each, "pub_thread", None) is thread]
        self._collector: Collector | None = None
        self._children = 0
        self._request = b""
        self._send = getattr(thread, _SEND)
        setattr(thread, _SEND, self._sent)  # on this object alone; the class stays as it is

    def begin(self, collector: Collector) -> None:
        """A cell begins: what answers the present request is its output."""
        header = self._kernel.get_parent("shell").get("header", {})
        self._request = str(header.get("msg_id", "")).encode()
        self._children = _ended_children()
        self._collector = collector if self._request else None

    def end(self) -> None:
        """The cell is over: wait for what its streams still hold, as the kernel does a moment later."""
        if _ended_children() != self._children:
            time.sleep(_PAUSE_SECONDS)  # the thread that reads their pipe may have something in its hands
        for stream in self._streams:
            _await_pipe(stream)
            if _may_hold(stream):
                stream.flush()
        self._collector = None

    def detach(self) -> None:
        """Let messages go as before."""
        self._collector = None
        if vars(self._thread).get(_SEND) == self._sent:
            delattr(self._thread, _SEND)

    def _sent(self, frames: Sequence[bytes], *args: Any, **kwargs: Any) -> Any:
        """Send a message on, then look at it. Runs in whatever thread sends."""
        result = self._send(frames, *args, **kwargs)
        if self._collector is not None and _is_output(frames[0]) and os.getpid() == self._pid:
            with self._guard:
                self._look_at(self._collector, frames)
        return result

    def _look_at(self, collector: Collector, frames: Sequence[bytes]) -> None:
        at = frames.index(_DELIMITER)
        header, parent, content = frames[at + 2], frames[at + 3], frames[at + 5]
        if self._request not in bytes(parent):
            return  # another cell's, or a widget's
        unpack = self._kernel.session.unpack
        kind: str = unpack(header)["msg_type"]
        _tell(collector, kind, unpack(content))


def _is_output(topic: bytes) -> bool:
    return topic.startswith(_STREAM_TOPIC) or topic.endswith(_TOPICS)


def _tell(collector: Collector, kind: str, content: Mapping[str, Any]) -> None:
    """Tell a collector of a message of Jupyter's protocol."""
    display_id = (content.get("transient") or {}).get("display_id")
    if kind == "stream":
        collector.add_text(content["name"], content["text"])
    elif kind in (OutputKind.DISPLAY, OutputKind.RESULT):
        collector.add_data(OutputKind(kind), content["data"], display_id)
    elif kind == "update_display_data":
        collector.update(content["data"], display_id)
    elif kind == "clear_output":
        collector.clear(wait=bool(content.get("wait")))


def _may_hold(stream: Any) -> bool:
    """Return whether a kernel's stream may have text that is not sent yet; whatever can't be told may be.

    It is empty, and its thread isn't in the midst of taking something out: a wait for that thread (some 50
    microseconds, each cell) can be spared.
    """
    if getattr(stream, "_flush_pending", True) or getattr(stream, "_buffers", True):
        return True
    frame = sys._current_frames().get(stream.pub_thread.thread.ident)
    flush = type(stream)._flush.__code__
    while frame is not None:
        if frame.f_code is flush:
            return True
        frame = frame.f_back
    return False


def _ended_children() -> int:
    """Return a number that is another one when a child process has ended since."""
    if resource is None:
        return 0
    used = resource.getrusage(resource.RUSAGE_CHILDREN)
    return int(used.ru_minflt + used.ru_nvcsw)


def _await_pipe(stream: Any) -> None:
    """Wait a moment until what was written past Python, by C code or a child process, has been read."""
    pipe = getattr(stream, "_fid", None)
    if not isinstance(pipe, int):
        return
    deadline = clock.monotonic() + _PATIENCE_SECONDS
    with contextlib.suppress(OSError, ValueError):  # a pipe that is closed holds nothing
        while _holds_any(pipe) and clock.monotonic() < deadline:
            time.sleep(_PAUSE_SECONDS)


def _holds_any(pipe: int) -> bool:
    looking = (
        select.poll()
    )  # Windows has none, and no such pipes either; `select` itself takes numbers below 1024 alone
    looking.register(pipe, select.POLLIN)
    return any(event & select.POLLIN for _, event in looking.poll(0))


class ShellSource:
    """Reads what a shell without a kernel remembers of its outputs.

    Parameters
    ----------
    shell
        IPython's shell.
    """

    def __init__(self, shell: Any) -> None:
        self._shell = shell
        self._collector: Collector | None = None
        self._history: Any = None
        self._count = 0
        self._before = (0, 0)

    def begin(self, collector: Collector) -> None:
        """A cell begins: what is remembered from here on is its output."""
        self._collector = collector
        self._history = self._shell.history_manager
        self._count = self._shell.execution_count - 1  # it counts on before the cell runs
        shown = self._remembered()
        self._before = (len(shown), len(_pieces(shown[-1])) if shown else 0)

    def end(self) -> None:
        """The cell is over: tell what came since its begin."""
        collector, self._collector = self._collector, None
        if collector is None:
            return
        shown = self._remembered()
        count, pieces = self._before
        if count and len(shown) >= count and len(_pieces(shown[count - 1])) > pieces:
            _tell_remembered(collector, shown[count - 1], pieces)  # a stream goes on where it was
        for each in shown[count:]:
            _tell_remembered(collector, each, 0)
        if not hasattr(self._history, "outputs"):
            self._tell_result(collector)

    def detach(self) -> None:
        """Nothing was attached."""
        self._collector = None

    def _remembered(self) -> Sequence[Any]:
        outputs = getattr(self._history, "outputs", {})
        found: Sequence[Any] = outputs.get(self._count, ())
        return found

    def _tell_result(self, collector: Collector) -> None:
        text = getattr(self._history, "output_hist_reprs", {}).get(self._count)
        if text is not None:
            collector.add_data(OutputKind.RESULT, {"text/plain": text}, None)


def _pieces(output: Any) -> Sequence[str]:
    pieces: Sequence[str] = output.bundle.get("stream", ()) if output.output_type in _STREAMS else ()
    return pieces


def _tell_remembered(collector: Collector, output: Any, skipped: int) -> None:
    if output.output_type in _STREAMS:
        collector.add_text(_STREAMS[output.output_type], "".join(_pieces(output)[skipped:]))
    elif output.output_type in (OutputKind.DISPLAY, OutputKind.RESULT):
        collector.add_data(OutputKind(output.output_type), output.bundle, None)
