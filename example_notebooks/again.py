"""Does by code what a person does with the mouse: goes up to a cell, changes it, and runs it alone."""

from __future__ import annotations

import asyncio

from IPython.core.getipython import get_ipython


def run_again(cell_id: str, source: str) -> None:
    """Run a cell of this notebook with another source, as soon as the present cell has ended.

    Parameters
    ----------
    cell_id
        The cell, as the notebook's file calls it.
    """
    shell = get_ipython()
    asyncio.get_running_loop().call_soon(lambda: shell.run_cell(source, store_history=True, cell_id=cell_id))
