"""What a run fitted, and which features weigh most in it."""

from __future__ import annotations

from trackbook.display import cells
from trackbook.display import format as fmt
from trackbook.display.blocks import Block, Cell, Column, Table
from trackbook.display.shown import Look
from trackbook.records import Model, RunDetail
from trackbook.tracking.find import short_id

_MOST_IMPORTANCES = 10
_MOST_FEATURES = 8
_LONGEST_TITLE = 1000


def model_blocks(detail: RunDetail, look: Look) -> list[Block]:
    """Return what a run fitted: name, class, what a search found, features, and the weightiest of them."""
    fitted = detail.models
    if not fitted:
        return []
    is_search = any(map(_best, fitted))
    columns = (
        Column(title="Name"),
        Column(title="Class", is_kept=True),
        *((Column(title="Best params", folds=True),) * is_search),
        Column(title="Features", folds=True),
    )
    rows = tuple(
        (cells.text(model.name), _class(model), *((cells.text(_best(model)),) * is_search), _features(model))
        for model in fitted
    )
    if len(fitted) == 1:
        rows = ((rows[0][0], cells.models(detail), *rows[0][2:]),)
    blocks: list[Block] = [Table(columns=columns, rows=rows, heading="Models" if len(fitted) > 1 else "Model")]
    whole = look.whole(short_id(detail.run.run_id), "models")
    return blocks + [_importances(model, whole) for model in fitted if model.importances]


def _class(model: Model) -> Cell:
    return Cell(text=cells.short_class(model.class_name), title=model.class_name)


def _best(model: Model) -> str:
    """Return the params that a search found best."""
    best = model.details.get("best_params_")
    return fmt.pairs(best) if isinstance(best, dict) else ""


def _features(model: Model) -> Cell:
    """Return how many features there are and the first of them; all that are on record to hover over."""
    total = model.details.get("n_features_in_")
    count = total if isinstance(total, int) else len(model.features)
    if not model.features:
        return Cell(text=str(count)) if count else cells.NOTHING
    names = ", ".join(map(fmt.one_line, model.features[:_MOST_FEATURES]))
    rest = count - _MOST_FEATURES
    title = fmt.shortened(", ".join(model.features), _LONGEST_TITLE) if rest > 0 else None
    return Cell(text=f"{count}: {names}", aside=f"+{rest}" if rest > 0 else "", title=title)


def _importances(model: Model, whole: str) -> Table:
    ranked = sorted(model.importances.items(), key=lambda item: -abs(item[1]) if item[1] == item[1] else 0.0)
    top = ranked[:_MOST_IMPORTANCES]
    longest = max((abs(value) for _, value in top if value == value), default=0) or 1
    written = fmt.aligned([value for _, value in top])
    rows = tuple(
        (cells.text(name), Cell(text=shown_value, title=fmt.exact(value)), Cell(bar=_share(value, longest)))
        for (name, value), shown_value in zip(top, written, strict=True)
    )
    rest = len(ranked) - len(top)
    return Table(
        columns=(Column(is_kept=True), Column(is_number=True, is_kept=True), Column(is_kept=True)),
        rows=rows,
        heading=f"Importances of {fmt.one_line(model.name)}",
        more=f"… {rest} more: {whole}" if rest else "",
    )


def _share(value: float, longest: float) -> float | None:
    share = abs(value) / longest
    return share if 0 <= share <= 1 else None
