"""Does by code what a person does with the mouse: goes up to a cell, changes it, and runs it alone."""

from __future__ import annotations

import asyncio

from IPython.core.getipython import get_ipython


def run_again(cell_id: str, source: str) -> None:
    """Run a cell of this notebook with a source, without its output, as soon as the present cell has ended.

    Parameters
    ----------
    cell_id
        The cell, as the notebook's file calls it.
    """
    shell = get_ipython()
    quiet = f"{source.rstrip()};"
    asyncio.get_running_loop().call_soon(lambda: shell.run_cell(quiet, store_history=True, cell_id=cell_id))
