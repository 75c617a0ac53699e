"""Why a metric is what it is, and what sets two runs apart: what ``trackbook.why`` and ``trackbook.diff`` give."""

from __future__ import annotations

from typing import TYPE_CHECKING

from trackbook.display.diff import show_diff
from trackbook.display.diff_payload import diff_payload
from trackbook.display.payload import why_payload
from trackbook.display.shown import Look, Shown
from trackbook.display.why import show_why
from trackbook.lineage.why import Edge, Node
from trackbook.project import Project
from trackbook.records import (
    JsonValue,
)
from trackbook.tracking.diff import CellDiff, RunDiff
from trackbook.tracking.why import Explanation

if TYPE_CHECKING:
    pass


class WhyView:
    """Why a metric, a param, a table or a model of a run is what it is: a tree to look at, and its graph.

    In a notebook it shows itself as a page that folds, elsewhere as text.
    """

    def __init__(self, explanation: Explanation) -> None:
        self.explanation = explanation

    @property
    def nodes(self) -> tuple[Node, ...]:
        """Everything that took part: statements, literals, files, tables, functions; what was asked about is first."""
        return tuple(self.explanation.graph.nodes.values())

    @property
    def edges(self) -> tuple[Edge, ...]:
        """What flowed from which node into which."""
        return self.explanation.graph.edges

    def to_dict(self) -> dict[str, JsonValue]:
        """Return it as JSON values, as ``trackbook why --json`` prints it."""
        return why_payload(self.explanation)

    def show(self, look: Look | None = None, *, is_whole: bool = False) -> Shown:
        """Return the tree, to look at; `is_whole` cuts nothing off."""
        return show_why(self.explanation, look, is_whole=is_whole)

    def __repr__(self) -> str:
        return self.show().text

    def _repr_html_(self) -> str:
        return self.show().html


class DiffView:
    """What sets one run apart from another: a page to look at in a notebook, text elsewhere."""

    def __init__(self, project: Project, difference: RunDiff) -> None:
        self._project = project
        self.difference = difference

    @property
    def is_same(self) -> bool:
        """Whether nothing differs but when the runs ran; noise and close numbers in outputs are put aside."""
        return self.difference.is_same

    @property
    def cells(self) -> tuple[CellDiff, ...]:
        """The cells of both runs, paired, in the order of the second run."""
        return self.difference.cells

    def to_dict(self) -> dict[str, JsonValue]:
        """Return it as JSON values, as ``trackbook diff --json`` prints it."""
        return diff_payload(self.difference)

    def show(self, look: Look | None = None, *, is_whole: bool = False) -> Shown:
        """Return it, to look at; `is_whole` also shows what is the same."""
        return show_diff(self.difference, look, read=self._project.store.get_object, is_whole=is_whole)

    def __repr__(self) -> str:
        return self.show().text

    def _repr_html_(self) -> str:
        return self.show().html
