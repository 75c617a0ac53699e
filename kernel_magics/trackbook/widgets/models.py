"""``Models``: the models that runs have fitted, each with its card."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from trackbook.display import cells
from trackbook.display import format as fmt
from trackbook.display.blocks import Block, Cell, Column, Sentence, Table, Title, Tone, facts
from trackbook.display.models import model_blocks
from trackbook.display.shown import Shown, shown
from trackbook.project import Project, current_project
from trackbook.records import JsonValue, Model, RunDetail
from trackbook.store.contract import RunFilter
from trackbook.tracking.here import recorder_here
from trackbook.tracking.query import query_of
from trackbook.widgets import charts
from trackbook.widgets.page import LOOK, Page

if TYPE_CHECKING:
    from ipywidgets import Widget

_MOST = 200


class Models(Page):
    """The models that runs fitted, newest first: class, metrics, inputs, and the features that weigh most.

    Parameters
    ----------
    query
        Of which runs, as for `trackbook.runs`.
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
        store = (project or current_project()).store
        recorder = recorder_here()
        own = recorder.keeper.session.experiment if recorder is not None else None
        where = RunFilter(experiment=experiment or own, query=query_of(store, query), limit=_MOST)
        self._models = [(each, model) for each in store.runs(where) for model in each.models]

    def still(self) -> Shown:
        """Return the models as text and HTML."""
        if not self._models:
            how = "Fit one in a notebook that begins with %load_ext trackbook."
            return shown([Sentence(text="No models yet."), Sentence(text=how, tone=Tone.QUIET)], LOOK)
        columns = tuple(Column(title=each, folds=True) for each in ("Model", "Class", "Run", "Made", "Metrics"))
        return shown([Table(columns=columns, rows=tuple(_row(run, model) for run, model in self._models))], LOOK)

    def _build(self) -> Widget:
        import ipywidgets

        if not self._models:
            return ipywidgets.HTML(self.still().html)
        options = [(_label(run, model), at) for at, (run, model) in enumerate(self._models)]
        which = ipywidgets.Dropdown(options=options, value=0, description="Model", layout={"width": "auto"})
        card = ipywidgets.HTML()
        output = ipywidgets.Output()

        def turned(_change: Any = None) -> None:
            run, model = self._models[which.value]
            card.value = shown(_card(run, model), LOOK).html
            figure = charts.weights(model.importances, title="importance") if model.importances else None
            charts.draw(output, figure, "It says of no feature how much it weighs.")

        which.observe(turned, "value")
        turned()
        return ipywidgets.VBox([which, card, output])


def _signed(value: JsonValue) -> Cell:
    """Return a part of a model's signature: columns by name and type, anything else as it is."""
    columns = value if isinstance(value, list) else [value]
    named = [each for each in columns if isinstance(each, dict) and {"name", "dtype"} <= each.keys()]
    if len(named) < len(columns) or not named:
        return cells.text(fmt.value(value))
    return cells.text(", ".join(f"{fmt.one_line(str(each['name']))} {each['dtype']}" for each in named))


def _label(run: RunDetail, model: Model) -> str:
    return f"{fmt.one_line(model.name)}: {cells.short_class(model.class_name)} of {fmt.one_line(run.run.name)}"


def _row(run: RunDetail, model: Model) -> tuple[Cell, ...]:
    return (
        cells.text(model.name),
        Cell(text=cells.short_class(model.class_name), title=model.class_name),
        Cell(text=fmt.one_line(run.run.name), is_strong=True),
        cells.when(run.run.started_at, LOOK.now),
        cells.text(_metrics(run)),
    )


def _metrics(run: RunDetail) -> str:
    return ", ".join(f"{fmt.one_line(key)} {fmt.number(point.value)}" for key, point in run.metrics.items())


def _card(run: RunDetail, model: Model) -> list[Block]:
    named = [(str(key).replace("_", " ").capitalize(), _signed(value)) for key, value in model.signature.items()]
    rows = [
        ("Run", Cell(text=fmt.one_line(run.run.name), is_strong=True)),
        ("Class", Cell(text=model.class_name)),
        ("Metrics", cells.text(_metrics(run))),
        ("Kept", Cell(text="yes" if model.object_digest is not None else "not yet, or only what it looks like")),
        *named,
    ]
    alone = [each for each in model_blocks(run, LOOK) if isinstance(each, Table)][:1]
    return [Title(cells=(Cell(text=fmt.one_line(model.name)),)), facts(rows), *alone]
