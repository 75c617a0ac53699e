"""Which of the global random generators a session has seeded, as far as code and the generators' states tell."""

from __future__ import annotations

import re
from collections.abc import Collection, Iterator, Mapping

from trackbook.capture.events import Event
from trackbook.lineage.graph import Lineage
from trackbook.records import Execution, RunDetail, Source
from trackbook.store.contract import Store

_NUMPY, _PYTHON = "numpy.random", "random"
_GENERATORS = frozenset({_NUMPY, _PYTHON})
_GLOBAL = "random_state=None)"
_SEEDING = re.compile(r"(?P<owner>[\w.]*?)(?P<name>\w*seed\w*)\s*\((?!\s*(?:None\s*)?\))(?=(?P<given>[^\n;]*))")
_CHANGING = re.compile(
    r"\b(?:time|time_ns|perf_counter|monotonic|now|today|urandom|getpid|randbelow|token_\w+|uuid[14])\s*\("
)
_ELSEWHERE = frozenset({"torch", "tf", "tensorflow", "jax", "cp", "cupy"})
"""Libraries with generators of their own."""
_IMPORTED = re.compile(r"\bfrom\s+numpy\s+import\s[^\n]*\brandom\b(?!\s+as)")
_OWN = r"(?:default_rng|Generator|RandomState|SeedSequence|Random|SystemRandom|BitGenerator|PCG64\w*|MT19937|Philox)\b"
_NO_DRAW = rf"(?:{_OWN}|(?:seed|get_?state)\b)"
_DRAWING = re.compile(
    rf"\brandom\s*\.\s*(?!{_NO_DRAW})\w|\bimport\s+random\s+as\b|\bfrom\s+[\w.]*random\s+import\s+(?!{_OWN})|\.rvs\s*\("
)


class Seeding:
    """The global generators of a session that somebody has seeded."""

    def __init__(self) -> None:
        self._seeded: set[str] = set()
        self._is_random_numpys = False

    @property
    def has_seeded_numpy(self) -> bool:
        """Whether numpy's global generator has been seeded."""
        return _NUMPY in self._seeded

    def unseeded_in(self, source: str, state: Collection[str]) -> str:
        """Take a cell; return the names of the generators that it drew from and that nobody has seeded.

        Parameters
        ----------
        state
            The names of the global state that the cell changed.
        """
        changed = _GENERATORS & set(state)
        if _IMPORTED.search(source):
            self._is_random_numpys = True
        if "seed" in source:
            self._seeded.update(_seeded(source, changed, _NUMPY if self._is_random_numpys else _PYTHON))
        unseeded = changed - self._seeded
        if not unseeded or not _DRAWING.search(source):
            return ""  # importing a library may draw, too
        return ", ".join(sorted(unseeded))


class UnseededDraws:
    """The cells of a session that drew from a global generator which nobody had seeded.

    Parameters
    ----------
    lineage
        Knows which cells flowed into names.
    """

    def __init__(self, lineage: Lineage) -> None:
        self._lineage = lineage
        self._seeding = Seeding()
        self._cells: dict[str, str] = {}

    def note(self, execution: Execution) -> None:
        """Take a cell that has ended."""
        used = self._seeding.unseeded_in(execution.source, execution.state)
        if used:
            self._cells[execution.execution_id] = f"{used} without a seed in cell {execution.index}"

    def add_to(self, event: Event, source: str, state: Collection[str]) -> None:
        """Add the draws that flowed into an event of a cell that has just ended, and those of the cell itself.

        Parameters
        ----------
        source, state
            The cell's code, and the names of the global state that it changed.
        """
        earlier: Mapping[Source, object] = self._lineage.upstream(event.inputs.outside) if self._cells else {}
        found = {self._cells[each.execution_id] for each in earlier if each.execution_id in self._cells}
        used = self._seeding.unseeded_in(source, state)
        event.unseeded += sorted(found) + ([f"{used} without a seed in this cell"] if used else [])


def unseeded_of(store: Store, run: RunDetail) -> tuple[str, ...]:
    """Return what drew random numbers without a seed and flowed into a run.

    What takes its numbers from numpy's global generator where no seed is given (``random_state=None``) counts only if
    nobody had seeded that.
    """
    origins = store.origins(run.run.run_id)
    found = dict.fromkeys(what for origin in origins for what in origin.unseeded)
    if not any(what.endswith(_GLOBAL) for what in found):
        return tuple(found)
    executions = store.executions(session_id=run.run.session_id)
    last = max((each.index for each in executions if each.execution_id in run.execution_ids), default=0)
    seeding = Seeding()
    for execution in executions:
        if execution.index <= last:
            seeding.unseeded_in(execution.source, execution.state)
    return tuple(what for what in found if not (what.endswith(_GLOBAL) and seeding.has_seeded_numpy))


def _seeded(source: str, changed: Collection[str], bare: str) -> Iterator[str]:
    """Yield the generators that a cell's code seeds with something that is the same each time.

    ``seed()`` and ``seed(time())`` are none. Of a function such as ``set_seed(0)`` nobody knows which ones it seeds: it
    is those that changed.

    Parameters
    ----------
    bare
        What ``random.seed(0)`` seeds.
    """
    for found in _SEEDING.finditer(source):
        owner = found["owner"].removesuffix(".")
        if _CHANGING.search(found["given"]) or owner.partition(".")[0] in _ELSEWHERE:
            continue
        if found["name"] != "seed":
            yield from changed
        elif re.fullmatch(r"(?:np|numpy)\.random", owner):
            yield _NUMPY
        elif owner == "random":
            yield bare
        else:
            yield from changed
