"""A corpus notebook as text: `# %%` separates its cells, and a few markers say what a person did with them.

``# %% rerun: 3`` executes cell 3 again as it stands, ``# %% edit: 3`` gives cell 3 a new source and executes it,
``# %% [markdown]`` is prose. Cells are numbered from 1 in the order in which they were first written. The first line
may say what the notebook is; ``(unseeded)`` in it means that values differ from kernel to kernel, ``(threads)`` that
threads race for the warning filters, ``(reevaluated)`` that one model is measured under several settings, ``(cold)``
that nothing may be imported before the notebook's own first cell.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from pathlib import Path

CORPUS = Path(__file__).parent / "corpus"
_MARKER = re.compile(r"^# %%(?P<rest>.*)$", re.MULTILINE)


@dataclass(frozen=True, slots=True, kw_only=True)
class Step:
    """One execution of a cell: the cell's number and the source that it has by then."""

    number: int
    source: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Notebook:
    """A notebook of the corpus, as the list of what is executed one after another."""

    name: str
    title: str
    steps: tuple[Step, ...]

    @property
    def is_seeded(self) -> bool:
        """Whether two kernels must show the same values."""
        return "(unseeded)" not in self.title

    @property
    def has_threads(self) -> bool:
        """Whether its threads enter and leave `catch_warnings` at once, so that the filters left behind are chance."""
        return "(threads)" in self.title

    @property
    def is_reevaluated(self) -> bool:
        """Whether a model is measured under several settings, each of which may be a run."""
        return "(reevaluated)" in self.title

    @property
    def is_cold(self) -> bool:
        """Whether it wants a kernel that imported nothing yet."""
        return "(cold)" in self.title


def parse_notebook(name: str, text: str) -> Notebook:
    """Read a notebook from its text.

    Raises
    ------
    ValueError
        If a marker names a cell that was not written yet.
    """
    head, *parts = _MARKER.split(text)
    sources: dict[int, str] = {}
    steps = [_step(name, sources, *pair) for pair in zip(parts[::2], parts[1::2], strict=True)]
    title = head.strip().removeprefix("#").strip()
    return Notebook(name=name, title=title, steps=tuple(step for step in steps if step))


def read_corpus() -> list[Notebook]:
    """Read every notebook of the corpus, by name."""
    return [parse_notebook(path.stem, path.read_text(encoding="utf-8")) for path in sorted(CORPUS.glob("*.py"))]


def _step(name: str, sources: dict[int, str], marker: str, text: str) -> Step | None:
    verb, _, argument = marker.strip().partition(":")
    if verb == "[markdown]":
        return None
    if verb not in ("rerun", "edit"):
        sources[len(sources) + 1] = text.strip("\n")
        return Step(number=len(sources), source=sources[len(sources)])
    number = int(argument)
    if number not in sources:
        raise ValueError(f"{name}: '{marker.strip()}' names cell {number}, which is not written before it.")
    if verb == "edit":
        sources[number] = text.strip("\n")
    return Step(number=number, source=sources[number])
