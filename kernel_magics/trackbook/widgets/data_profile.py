"""``DataProfile``: what the columns of a table look like."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from trackbook.data_view import DatasetView
from trackbook.display import format as fmt
from trackbook.display.blocks import Cell, Title
from trackbook.display.profile import profile_table
from trackbook.display.shown import Shown, shown
from trackbook.errors import InvalidValueError, NotFoundError
from trackbook.project import Project, current_project
from trackbook.records.profile import TableProfile
from trackbook.tracking.finding_datasets import find_version
from trackbook.tracking.table_profiles import profile_of
from trackbook.views import RunReference, get_run
from trackbook.widgets import charts
from trackbook.widgets.page import LOOK, Page

if TYPE_CHECKING:
    from ipywidgets import Widget


class DataProfile(Page):
    """What the columns of a table look like: types, missing values, ranges, and how the values lie.

    Parameters
    ----------
    data
        A table; the name of a dataset, ``customers`` or ``customers@2``; or what `trackbook.publish` returned.
    run
        Without `data`: the tables that a run used, as for `trackbook.get_run`.
    project
        The project; None: the present one.

    Raises
    ------
    NotFoundError, AmbiguousError
        If there is no such dataset or run, or more than one.
    InvalidValueError
        If it is no table.
    """

    def __init__(self, data: Any = None, *, run: RunReference | None = None, project: Project | None = None) -> None:
        if (data is None) == (run is None):
            raise InvalidValueError("Profile what? Give a table, the name of a dataset, or run='latest'.")
        self._profiles = _profiles(data, project) if run is None else _of_run(run, project)
        self._name = next(iter(self._profiles))

    @property
    def _profile(self) -> TableProfile:
        return self._profiles[self._name]

    def still(self) -> Shown:
        """Return the profile as text and HTML."""
        cells = [Cell(text=fmt.one_line(self._name)), Cell(text=fmt.plural(self._profile.rows, "row"))]
        return shown([Title(cells=tuple(cells)), profile_table(self._profile)], LOOK)

    def _build(self) -> Widget:
        import ipywidgets

        which = ipywidgets.Dropdown(options=_labels(self._profiles), value=self._name, description="Table")
        table = ipywidgets.HTML()
        column = ipywidgets.Dropdown(description="Column")
        output = ipywidgets.Output()

        def drawn(_change: Any = None) -> None:
            at = column.value
            if at is not None and at < len(self._profile.columns):
                figure = charts.histogram(self._profile.columns[at])
                charts.draw(output, figure, "Hardly any of its values comes twice, and they lie on no scale.")

        def turned(_change: Any = None) -> None:
            self._name = which.value
            table.value = self.still().html
            column.options = [(fmt.one_line(each.name), at) for at, each in enumerate(self._profile.columns)]
            column.value = 0 if self._profile.columns else None
            drawn()
            self._changed()

        which.observe(turned, "value")
        column.observe(drawn, "value")
        turned()
        head = [which] if len(self._profiles) > 1 else []
        return ipywidgets.VBox([*head, table, column, output])


def _labels(profiles: dict[str, TableProfile]) -> list[tuple[str, str]]:
    return [(fmt.one_line(name), name) for name in profiles]


def _profiles(data: Any, project: Project | None) -> dict[str, TableProfile]:
    if isinstance(data, DatasetView):
        return {f"{data.name}@{data.version}": data.profile()}
    if isinstance(data, str):
        store = (project or current_project()).store
        version = find_version(store, data)
        (snapshot,) = store.snapshots(ids=[version.snapshot_id])
        return {f"{version.name}@{version.version}": profile_of(store, snapshot)}
    return {"table": _of_table(data)}


def _of_table(data: object) -> TableProfile:
    """Return what a table looks like that is kept nowhere."""
    from trackbook.store import MemoryStore, tables

    store = MemoryStore()
    return tables.profile(store.objects, tables.write(store.objects, data).snapshot_id)


def _of_run(run: RunReference, project: Project | None) -> dict[str, TableProfile]:
    found = get_run(run, project=project)
    profiles = found.profiles()
    if not profiles:
        raise NotFoundError(f"No table of run '{found.name}' is kept, so none can be looked at.")
    return profiles
