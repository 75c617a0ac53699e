"""A notebook with a file, and somebody who works in it, told in lines.

``a: x = 1`` types into cell `a` and runs it, ``a`` runs it again as it is, ``edit a: ...`` changes it and saves without
running, ``new b after a: ...`` puts a cell below another one and runs it; ``put`` only saves it, as ``delete a`` and
``move a to 2`` change the file alone. ``file helpers.py: ...`` writes another file. The notebook is saved before each
run, as JupyterLab's autosave has mostly done.
"""

from __future__ import annotations

import json
import os
import time
from pathlib import Path

from trackbook.lineage.stale_facts import StaleCell
from trackbook.records import Execution

from .session import Notebook


class Desk:
    """A notebook with a file, and somebody who works in it."""

    def __init__(self, notebook: Notebook, path: Path | None) -> None:
        self.notebook = notebook
        self.path = path
        self.cells: dict[str, str] = {}
        self._written = time.time()

    def work(self, lines: str | list[str]) -> Execution:
        """Do what lines say; return the last execution."""
        for line in lines.strip().splitlines() if isinstance(lines, str) else lines:
            self._do(line.strip().replace("\\n", "\n"))
        return self.notebook.last_execution()

    def _do(self, line: str) -> None:
        match line.split(maxsplit=1):
            case ["edit", rest]:
                cell, _, source = rest.partition(": ")
                self.cells[cell] = source
                self.save()
            case ["delete", cell]:
                del self.cells[cell]
                self.save()
            case ["move", rest]:
                cell, _, place = rest.partition(" to ")
                self._put(cell, self.cells.pop(cell), int(place))
                self.save()
            case ["put", rest]:
                where, _, source = rest.partition(": ")
                cell, _, after = where.partition(" after ")
                self._put(cell, source, [None, *self.cells].index(after if after != "None" else None))
                self.save()
            case ["file", rest]:
                name, _, text = rest.partition(": ")
                self.write(name, text)
            case ["new", rest]:
                where, _, source = rest.partition(": ")
                cell, _, after = where.partition(" after ")
                self._put(cell, source, list(self.cells).index(after) + 1)
                self._run(cell)
            case _:
                cell, is_typed, source = line.partition(": ")
                if is_typed:
                    self.cells[cell] = source
                self._run(cell)

    def _put(self, cell: str, source: str, place: int) -> None:
        items = [*self.cells.items()]
        items.insert(place, (cell, source))
        self.cells = dict(items)

    def _run(self, cell: str) -> None:
        self.save()
        self.notebook._execute(self.cells[cell], cell)

    def save(self) -> None:
        """Save the notebook's file, if it has one."""
        if self.path is None:
            return
        cells = [
            {"cell_type": "code", "id": f"notebook-{name}", "source": source, "metadata": {}}
            for name, source in self.cells.items()
        ]
        self.path.write_text(json.dumps({"cells": cells, "nbformat": 4, "nbformat_minor": 5, "metadata": {}}))

    def stale(self) -> tuple[StaleCell, ...]:
        """Return the cells to run again."""
        recorder = self.notebook.shell._trackbook.recorder
        cells: tuple[StaleCell, ...] = recorder.hidden_state.report(self.notebook.executions()).cells
        return cells

    def stale_names(self) -> list[str]:
        """Return the names of the cells to run again."""
        return [cell.cell.removeprefix("notebook-") for cell in self.stale()]

    def write(self, name: str, text: str) -> None:
        """Write a file as another program does, while no cell is running."""
        path = self.notebook.folder / name
        self._written += 10.0
        path.write_text(text)
        os.utime(path, (self._written, self._written))
