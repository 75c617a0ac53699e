"""What is on the page is looked at again after each cell, for as long as it is there."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any
from weakref import WeakMethod

_refresh: WeakMethod[Callable[[], None]] | None = None
_shell: object = None


def after_cells(refresh: Callable[[], None]) -> None:
    """Have a method called after each cell, in place of the one before it; nothing is kept alive for that."""
    global _refresh, _shell
    from IPython.core.getipython import get_ipython

    shell: Any = get_ipython()
    if shell is not None and shell is not _shell:
        shell.events.register("post_run_cell", _ended)
        _shell = shell
    _refresh = WeakMethod(refresh)


def cell_has_ended() -> None:
    """A cell has ended of which the shell doesn't tell."""
    refresh = _refresh() if _refresh is not None else None
    if refresh is not None:
        refresh()


def _ended(_result: object) -> None:
    cell_has_ended()
