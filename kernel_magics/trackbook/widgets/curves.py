"""``Curves``: how metrics went, of one run or several."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

from trackbook.display import format as fmt
from trackbook.display.blocks import Cell, Column, Sentence, Table, Title
from trackbook.display.shown import Shown, shown
from trackbook.errors import NotFoundError
from trackbook.project import Project, current_project
from trackbook.records import MetricPoint, RunDetail
from trackbook.store.contract import Store
from trackbook.tracking.direction import is_detail
from trackbook.views import RunReference, get_run
from trackbook.widgets import charts
from trackbook.widgets.page import LOOK, Page

if TYPE_CHECKING:
    from ipywidgets import Widget


class Curves(Page):
    """How metrics went from step to step, the runs over each other.

    Parameters
    ----------
    runs
        As for `trackbook.get_run`; none: the latest.
    metric
        The one to begin with; None: the first that has several points.
    project
        The project; None: the present one.

    Raises
    ------
    NotFoundError, AmbiguousError
        If there is no such run or metric, or several.
    """

    def __init__(self, *runs: RunReference, metric: str | None = None, project: Project | None = None) -> None:
        found = project or current_project()
        self._store: Store = found.store
        self._runs: list[RunDetail] = [get_run(run, project=found).detail for run in runs or ("latest",)]
        self._keys = _keys(self._runs)
        if not self._keys:
            names = ", ".join(each.run.name for each in self._runs)
            raise NotFoundError(f"There is no metric to draw in {names}. Log one: trackbook.log_metric('loss', 0.5).")
        self._known: dict[str, list[tuple[str, list[MetricPoint]]]] = {}
        self._metric = self._resolved(metric) if metric is not None else self._first()

    def _resolved(self, metric: str) -> str:
        """Return the whole key of a metric: its role may be left out."""
        found = [key for key in self._keys if key == metric or key.endswith(f".{metric}")]
        if not found:
            raise NotFoundError(f"No metric '{metric}' in these runs. There are: {', '.join(self._keys)}.")
        return found[0]

    def _first(self) -> str:
        return next(
            (key for key in self._keys if any(len(points) > 1 for _, points in self._series(key))), self._keys[0]
        )

    def _series(self, key: str) -> list[tuple[str, list[MetricPoint]]]:
        """Return the points of a metric by the run's name, of those runs that have it."""
        if key not in self._known:
            having = [each for each in self._runs if key in each.metrics]
            self._known[key] = [(each.run.name, self._store.metric_history(each.run.run_id, key)) for each in having]
        return self._known[key]

    def still(self) -> Shown:
        """Return the metric as text and HTML: where it began and ended, its ends, how many points it has."""
        rows = tuple(_row(name, points) for name, points in self._series(self._metric))
        columns = (Column(title="Run", is_kept=True), *(Column(title=each, is_number=True) for each in _COLUMNS))
        title = Title(cells=(Cell(text=fmt.one_line(self._metric)),))
        others = [key for key in self._keys if key != self._metric]
        more = [Sentence(text=f"Other metrics: {', '.join(map(fmt.one_line, others))}")] if others else []
        return shown([title, Table(columns=columns, rows=rows), *more], LOOK)

    # The live part

    def _build(self) -> Widget:
        import ipywidgets

        choose = ipywidgets.Dropdown(
            options=[(fmt.one_line(key), key) for key in self._keys], value=self._metric, description="Metric"
        )
        log = ipywidgets.Checkbox(value=False, description="Logarithmic", indent=False)
        output = ipywidgets.Output()

        def drawn(_change: Any = None) -> None:
            self._metric = choose.value
            figure = charts.curves(self._series(self._metric), title=self._metric, is_log=log.value)
            charts.draw(output, figure)
            self._changed()

        choose.observe(drawn, "value")
        log.observe(drawn, "value")
        drawn()
        return ipywidgets.VBox([ipywidgets.HBox([choose, log], layout={"flex_flow": "row wrap"}), output])


_COLUMNS = ("First", "Last", "Least", "Most", "Points")


def _row(name: str, points: Sequence[MetricPoint]) -> tuple[Cell, ...]:
    values = [point.value for point in points]
    known = [value for value in values if value == value]
    ends = [values[0], values[-1], *([min(known), max(known)] if known else [values[0]] * 2)]
    written = (Cell(text=fmt.number(value), title=fmt.exact(value)) for value in ends)
    return (Cell(text=fmt.one_line(name), is_strong=True), *written, Cell(text=f"{len(points):,}"))


def _keys(runs: Sequence[RunDetail]) -> list[str]:
    """Return the keys of the runs' metrics, those of folds and parts last."""
    keys = list(dict.fromkeys(key for each in runs for key in each.metrics))
    return sorted(keys, key=lambda key: is_detail(key, keys))
