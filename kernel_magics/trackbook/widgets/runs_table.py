"""``RunsTable``: the list of runs in a cell, to search, to turn the pages of, and to compare some of."""

from __future__ import annotations

from html import escape
from typing import TYPE_CHECKING, Any

from trackbook.display.blocks import Cell, Table
from trackbook.display.runs import show_runs, table_of
from trackbook.display.shown import Shown
from trackbook.errors import TrackbookError
from trackbook.project import Project, current_project
from trackbook.records import RunDetail
from trackbook.records.query import Query
from trackbook.store.contract import RunFilter, Store
from trackbook.tracking.find import list_runs
from trackbook.tracking.here import recorder_here
from trackbook.tracking.query import query_of
from trackbook.widgets.after_cells import after_cells
from trackbook.widgets.page import LOOK, Page

if TYPE_CHECKING:
    from ipywidgets import Checkbox, Widget

_ROWS = 20
_EVERYWHERE = ""
_ROW_HEIGHT = "28px"
_LINE = "rgba(128,128,128,.28)"
_CELL = f"height:{_ROW_HEIGHT};padding:0 16px 0 0;border:none;white-space:nowrap;line-height:{_ROW_HEIGHT}"


class RunsTable(Page):
    """The runs of an experiment: search them, turn the pages, choose two or more and compare them.

    It is drawn again after each cell, and by its button.

    Parameters
    ----------
    query
        Which runs, as for `trackbook.runs`.
    experiment
        Of this experiment; None: the notebook's own, or all outside of one.
    project
        The project; None: the present one.

    Raises
    ------
    QueryError
        If the query can't be read.
    """

    def __init__(self, query: str = "", *, experiment: str | None = None, project: Project | None = None) -> None:
        self._project = project
        self._query = query
        self._asked: Query | None = query_of(self._store, query)
        recorder = recorder_here()
        own = recorder.keeper.session.experiment if recorder is not None else _EVERYWHERE
        self._experiment = experiment if experiment is not None else own
        self._offset = 0
        self._total = 0
        self._token = -1
        self._page: list[RunDetail] = []
        self._chosen: list[str] = []

    @property
    def _store(self) -> Store:
        return (self._project or current_project()).store

    @property
    def chosen(self) -> tuple[str, ...]:
        """The ids of the runs that are ticked, in the order in which that was done."""
        return tuple(self._chosen)

    def still(self) -> Shown:
        """Return the runs as text and HTML: the newest of them, as ``%track runs`` lists them."""
        tree = list_runs(self._store, self._filter(), limit=_ROWS)
        return show_runs(tree, LOOK, experiment=self._experiment or None, query=self._asked)

    def _filter(self) -> RunFilter:
        return RunFilter(experiment=self._experiment or None, query=self._asked)

    # The live part

    def _build(self) -> Widget:
        import ipywidgets

        self._search = ipywidgets.Text(
            value=self._query,
            placeholder="metrics.accuracy > 0.9 order by metrics.accuracy desc",
            description="Query",
            continuous_update=False,
            layout={"flex": "1 1 300px"},
        )
        self._where = ipywidgets.Dropdown(options=self._experiments(), value=self._experiment, description="Experiment")
        self._again = ipywidgets.Button(description="Refresh", icon="refresh", tooltip="Look for new runs")
        self._problem = ipywidgets.HTML()
        self._table = ipywidgets.HTML()
        self._ticks = ipywidgets.VBox(layout={"width": "28px", "min_width": "28px", "overflow": "hidden"})
        self._earlier = ipywidgets.Button(description="Newer", tooltip="The page before")
        self._later = ipywidgets.Button(description="Older", tooltip="The next page")
        self._place = ipywidgets.Label()
        self._compare = ipywidgets.Button(description="Compare", tooltip="Compare the runs that are ticked")
        self._beneath = ipywidgets.VBox()
        self._listen()
        self._draw()
        top = ipywidgets.HBox([self._search, self._where, self._again], layout={"flex_flow": "row wrap"})
        middle = ipywidgets.HBox([self._ticks, self._table], layout={"overflow": "auto"})
        bottom = ipywidgets.HBox(
            [self._compare, self._earlier, self._place, self._later], layout={"flex_flow": "row wrap"}
        )
        return ipywidgets.VBox([top, self._problem, middle, bottom, self._beneath])

    def _experiments(self) -> list[tuple[str, str]]:
        sessions = self._store.sessions()
        names = dict.fromkeys([*filter(None, [self._experiment]), *(each.experiment for each in reversed(sessions))])
        return [("all", _EVERYWHERE), *((name, name) for name in names)]

    def _listen(self) -> None:
        self._search.observe(self._searched, "value")
        self._where.observe(self._searched, "value")
        self._again.on_click(lambda _: self.refresh(force=True))
        self._earlier.on_click(lambda _: self._turn(-_ROWS))
        self._later.on_click(lambda _: self._turn(_ROWS))
        self._compare.on_click(lambda _: self._show_comparison())
        after_cells(self.refresh)

    def _searched(self, _change: object) -> None:
        self._problem.value = ""
        try:
            self._asked = query_of(self._store, self._search.value)
        except TrackbookError as error:
            self._say(error)
            return
        self._query, self._experiment, self._offset = self._search.value, self._where.value, 0
        self.refresh(force=True)

    def _turn(self, by: int) -> None:
        self._offset = max(0, min(self._offset + by, self._total - 1))
        self.refresh(force=True)

    def refresh(self, *, force: bool = False) -> None:
        """Draw the runs again, if the store has changed since or `force` says so."""
        if self._live is None:
            return
        try:
            token = self._store.change_token()
            if not force and token == self._token:
                return
            self._draw()
        except TrackbookError as error:
            self._say(error)
            return
        self._changed()

    def _say(self, error: TrackbookError) -> None:
        self._problem.value = f'<pre style="margin:0" role="alert">{escape(str(error))}</pre>'

    def _draw(self) -> None:
        store = self._store
        self._token = store.change_token()
        self._total = _within(store.count_runs(self._filter()), self._asked)
        where = RunFilter(experiment=self._experiment or None, query=self._asked, limit=_ROWS, offset=self._offset)
        self._page = store.runs(where) if self._total else []
        self._table.value = _html(table_of(self._page, LOOK)) if self._page else escape(self._nothing())
        self._ticks.children = [_head(), *(self._tick(each) for each in self._page)] if self._page else []
        last = min(self._offset + _ROWS, self._total)
        self._place.value = f"{self._offset + 1} to {last} of {self._total:,}" if self._total else ""
        self._earlier.disabled, self._later.disabled = self._offset == 0, last >= self._total
        self._compare.disabled = len(self._chosen) < 2

    def _nothing(self) -> str:
        if self._asked is not None:
            return "No run is like that."
        return "No runs yet. Fit a model in a notebook that begins with %load_ext trackbook."

    def _tick(self, detail: RunDetail) -> Checkbox:
        import ipywidgets

        run_id = detail.run.run_id
        layout = {"height": _ROW_HEIGHT, "width": "24px", "margin": "0", "padding": "5px 0 0 0"}
        tooltip = f"Choose {detail.run.name}"
        box = ipywidgets.Checkbox(value=run_id in self._chosen, indent=False, layout=layout, tooltip=tooltip)
        box.observe(lambda change: self._ticked(run_id, is_on=change["new"]), "value")
        return box

    def _ticked(self, run_id: str, *, is_on: bool) -> None:
        self._chosen = [each for each in self._chosen if each != run_id] + [run_id] * is_on
        self._compare.disabled = len(self._chosen) < 2

    def _show_comparison(self) -> None:
        from trackbook.widgets.compare import Compare

        try:
            self._beneath.children = [Compare(*self._chosen, project=self._project).widget()]
        except TrackbookError as error:
            self._say(error)


def _within(count: int, query: Query | None) -> int:
    """Return how many of the runs of a filter there are within the query's own limit."""
    return min(count, query.limit) if query is not None and query.limit is not None else count


def _head() -> Any:
    import ipywidgets

    return ipywidgets.Box(layout={"height": _ROW_HEIGHT, "min_height": _ROW_HEIGHT})


def _html(table: Table) -> str:
    """Return a table whose rows are all of one height, so that what stands beside them fits."""
    head = "".join(
        f'<th scope="col" style="{_CELL};{_side(each.is_number)};opacity:.65;font-weight:600">{escape(each.title)}</th>'
        for each in table.columns
    )
    rows = "".join(
        f'<tr style="box-shadow:inset 0 1px {_LINE};background:none">'
        + "".join(_cell(cell, is_number=column.is_number) for cell, column in zip(row, table.columns, strict=False))
        + "</tr>"
        for row in table.rows
    )
    style = "border-collapse:collapse;font-size:13px;font-variant-numeric:tabular-nums;margin:0"
    return f'<table style="{style}"><thead><tr style="background:none">{head}</tr></thead><tbody>{rows}</tbody></table>'


def _cell(cell: Cell, *, is_number: bool) -> str:
    words = " ".join(filter(None, [cell.symbol, cell.text, cell.aside]))
    weight = ";font-weight:600" if cell.is_strong else ""
    hover = escape(cell.title or cell.whole or "")
    return f'<td title="{hover}" style="{_CELL};{_side(is_number)}{weight}">{escape(words)}</td>'


def _side(is_number: bool) -> str:
    return f"text-align:{'right' if is_number else 'left'}"
