"""Runs a line of code as a cell of its own: recorded, with what it shows held back for whoever asked for it."""

from __future__ import annotations

import sys
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from trackbook.tracking.here import recorder_here

Message = dict[str, Any]
"""An output as notebooks have it."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Ran:
    """What a line did: its outputs, how it failed, and the execution that it is on record as."""

    outputs: tuple[Message, ...]
    error: BaseException | None
    execution_id: str | None


def run_recorded(shell: Any, source: str) -> Ran:
    """Run an expression in the notebook, as a cell of its own; never while another one runs.

    The person's exceptions end here, among the outputs, as a cell's do.
    """
    from IPython.utils.capture import capture_output

    recorder = recorder_here()
    is_recorded = recorder is not None and recorder.is_on
    transformed = shell.transform_cell(source)
    name = shell.compile.cache(transformed, shell.execution_count)
    code = compile(transformed, name, "eval")
    error: BaseException | None = None
    execution_id = None
    with capture_output() as captured:
        if recorder is not None and is_recorded:
            recorder.begin_cell(source, transformed, None, {})
            execution_id = recorder.running_id
        try:
            value = eval(code, shell.user_global_ns, shell.user_ns)
            _show(value)
        except (Exception, KeyboardInterrupt) as raised:  # noqa: BLE001  the person's code may raise anything
            error = raised
        finally:
            if recorder is not None and is_recorded:
                recorder.end_cell(error)
    outputs = [*_messages(captured), *([_failure(shell, error)] if error is not None else [])]
    return Ran(outputs=tuple(outputs), error=error, execution_id=execution_id)


def _show(value: object) -> None:
    from IPython.display import display

    if value is not None:
        display(value)  # type: ignore[no-untyped-call]  # IPython has no types here
    inline = sys.modules.get("matplotlib_inline.backend_inline")
    if inline is not None:
        inline.flush_figures()  # as it does at the end of a cell


def _messages(captured: Any) -> list[Message]:
    streams = (("stdout", captured.stdout), ("stderr", captured.stderr))
    texts = [{"output_type": "stream", "name": name, "text": text} for name, text in streams if text]
    rich = [
        {"output_type": "display_data", "data": each.data or {}, "metadata": each.metadata or {}}
        for each in captured.outputs
    ]
    return [*texts, *rich]


def _failure(shell: Any, error: BaseException) -> Message:
    render: Callable[[], list[str]] | None = getattr(error, "_render_traceback_", None)
    if render is not None:
        lines = render()
    else:
        lines = shell.InteractiveTB.structured_traceback(type(error), error, error.__traceback__, tb_offset=1)
    return {"output_type": "error", "ename": type(error).__name__, "evalue": str(error), "traceback": lines}
