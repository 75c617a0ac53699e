"""``Compare``: runs side by side, their curves over each other, and any number of them against any other."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

from trackbook.display.comparison import show_comparison
from trackbook.display.shown import Shown
from trackbook.errors import NotFoundError
from trackbook.project import Project, current_project
from trackbook.records import RunDetail
from trackbook.tracking.compare import Section, compare_runs
from trackbook.views import RunReference, get_run
from trackbook.widgets import charts
from trackbook.widgets.curves import Curves
from trackbook.widgets.page import LOOK, Page

if TYPE_CHECKING:
    from ipywidgets import Widget

_TABS = ("Side by side", "Curves", "Scatter", "Parallel")


class Compare(Page):
    """Runs side by side, with the best marked.

    Parameters
    ----------
    runs
        As for `trackbook.get_run`; a single one stands beside its children.
    is_whole
        Whether it begins with all that is on record, or with what sets the runs apart.
    project
        The project; None: the present one.

    Raises
    ------
    NotFoundError, AmbiguousError
        If there is no such run, or more than one.
    InvalidValueError
        If there is nothing to compare.
    """

    def __init__(self, *runs: RunReference, is_whole: bool = False, project: Project | None = None) -> None:
        self._project = project or current_project()
        ids = [get_run(run, project=self._project).run_id for run in runs]
        self._comparison = compare_runs(self._project.store, ids)
        self._is_whole = is_whole

    @property
    def _runs(self) -> tuple[RunDetail, ...]:
        return self._comparison.runs

    def still(self) -> Shown:
        """Return the comparison as text and HTML."""
        return show_comparison(self._comparison, LOOK, is_whole=self._is_whole)

    # The live part

    def _build(self) -> Widget:
        import ipywidgets

        made: dict[int, Widget] = {}
        makers = (self._side_by_side, self._curves, self._scatter, self._parallel)
        tabs = ipywidgets.Tab([ipywidgets.VBox() for _ in _TABS], titles=_TABS)

        def opened(_change: Any = None) -> None:
            at = tabs.selected_index or 0
            if at not in made:  # charts are drawn when they are first looked at
                made[at] = makers[at]()
                tabs.children[at].children = [made[at]]

        tabs.observe(opened, "selected_index")
        opened()
        return tabs

    def _side_by_side(self) -> Widget:
        import ipywidgets

        only = ipywidgets.Checkbox(value=not self._is_whole, description="Only differences", indent=False)
        table = ipywidgets.HTML(self.still().html)

        def switched(change: Any) -> None:
            self._is_whole = not change["new"]
            table.value = self.still().html
            self._changed()

        only.observe(switched, "value")
        return ipywidgets.VBox([only, table])

    def _curves(self) -> Widget:
        import ipywidgets

        try:
            return Curves(*(each.run.run_id for each in self._runs), project=self._project).widget()
        except NotFoundError as error:
            return ipywidgets.Label(str(error))

    def _scatter(self) -> Widget:
        import ipywidgets

        fields = self._fields()
        if len(fields) < 2:
            return ipywidgets.Label("There are no two params or metrics that the runs have.")
        across = ipywidgets.Dropdown(options=list(fields), value=next(iter(fields)), description="Across")
        up = ipywidgets.Dropdown(options=list(fields), value=self._first_metric(list(fields)), description="Up")
        output = ipywidgets.Output()

        def drawn(_change: Any = None) -> None:
            names = [each.run.name for each in self._runs]
            pairs = zip(names, fields[across.value], fields[up.value], strict=True)
            points = [each for each in pairs if None not in each]
            charts.draw(output, charts.scatter(points, x=across.value, y=up.value))

        across.observe(drawn, "value")
        up.observe(drawn, "value")
        drawn()
        return ipywidgets.VBox([ipywidgets.HBox([across, up], layout={"flex_flow": "row wrap"}), output])

    def _parallel(self) -> Widget:
        import ipywidgets

        output = ipywidgets.Output()
        axes = {name: values for name, values in self._fields().items() if None not in values}
        figure = charts.parallel([each.run.name for each in self._runs], axes) if axes else None
        charts.draw(output, figure, "There is no param or metric that all of the runs have.")
        return output

    def _fields(self) -> dict[str, Sequence[Any]]:
        """Return what sets the runs apart, params first, by name; None where a run has it not, or it is no scalar."""
        rows = [row for row in self._comparison.rows if row.section in (Section.PARAMS, Section.METRICS)]
        telling = [row for row in rows if row.is_telling] or rows
        ordered = sorted(telling, key=lambda row: row.section is Section.METRICS)
        found = {f"{row.section}.{row.key}": [_scalar(each) for each in row.values] for row in ordered}
        return {name: values for name, values in found.items() if any(each is not None for each in values)}

    @staticmethod
    def _first_metric(fields: Sequence[str]) -> str:
        return next((name for name in fields if name.startswith(f"{Section.METRICS}.")), fields[-1])


def _scalar(value: object) -> object:
    return value if isinstance(value, bool | int | float | str) else None
