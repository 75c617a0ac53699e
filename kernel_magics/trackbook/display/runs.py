"""The list of runs: what tells them apart, and how well each did."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, replace

from trackbook.display import cells
from trackbook.display import format as fmt
from trackbook.display.blocks import Block, Cell, Column, Sentence, Table, Title, Tone
from trackbook.display.rows import run_seconds
from trackbook.display.shown import Look, Shown, shown
from trackbook.records import MetricPoint, RunDetail, encode
from trackbook.records.query import Query, Scope, fields_of
from trackbook.tracking.choices import chosen_params, default_params, is_group
from trackbook.tracking.direction import higher_is_better, is_detail
from trackbook.tracking.find import Branch, RunTree, short_id

MOST_ROWS = 50
MOST_IN_CELL = 1000  # a page of ten thousand takes 20 MB, which a notebook would have to keep and a browser to show
_MOST_CHILDREN = 5
_MOST_PARAMS = 6
_MOST_METRICS = 4
_MOST_FAMILIES = 2
_MOST_CONSTANTS = 6
_ROLES = ("test.", "validation.", "", "train.")


@dataclass(frozen=True, slots=True, kw_only=True)
class _Line:
    """A run in the list, or (without a run) what is said about children that are not."""

    depth: int
    detail: RunDetail | None = None
    children: int = 0
    text: str = ""


def show_runs(
    tree: RunTree, look: Look | None = None, *, experiment: str | None = None, query: Query | None = None
) -> Shown:
    """Show a slice of the list of runs, newest first, children beneath their parents.

    Shown are the params that somebody chose and that differ between the runs listed, and the metrics that most of them
    have, means rather than folds, after those that the query asks for; the notes beneath name the others.
    """
    look = look or Look()
    if not tree.branches:
        return shown(_empty(look, experiment, query), look)
    lines = list(_lines(tree.branches, look))
    details = [line.detail for line in lines if line.detail]
    params, other_params = _split(_varying([each for each in details if each.params]), _MOST_PARAMS)
    metrics, other_metrics = _metrics_of(tree.branches)
    params, other_params = _asked_first(Scope.PARAMS, query, details, params, other_params)
    metrics, other_metrics = _asked_first(Scope.METRICS, query, details, metrics, other_metrics)
    table = _table(lines, params, metrics, look)
    notes = [_constants(details), _others(other_params, other_metrics, look), _unlisted(tree, look)]
    count = fmt.plural(tree.total, "run")
    title = Cell(text=f"{count} of {fmt.one_line(experiment)}" if experiment else count)
    return shown(
        [Title(cells=(title,)), table, *(Sentence(text=note, tone=Tone.QUIET) for note in notes if note)], look
    )


def table_of(
    details: Sequence[RunDetail], look: Look, *, heading: str = "", witnesses: Sequence[RunDetail] = ()
) -> Table:
    """Return runs as a table with the columns of the list, in the order given.

    `witnesses` are other runs whose models tell which params of those without a model are defaults.
    """
    lines = [_Line(depth=0, detail=detail) for detail in details]
    params, _ = _split(_varying([each for each in details if each.params], witnesses), _MOST_PARAMS)
    metrics, _ = _split(_main_metrics(details), _MOST_METRICS)
    return replace(_table(lines, params, metrics, look), heading=heading)


def _asked_first(
    scope: Scope, query: Query | None, details: Sequence[RunDetail], keys: Sequence[str], others: Sequence[str]
) -> tuple[list[str], list[str]]:
    """Return the keys to show and the others, with those that the query asks for and a run has before all."""
    fields = fields_of(query) if query else []
    wanted = [key for field in fields if field.scope is scope for key in field.candidates]
    owned = {key for each in details for key in (each.metrics if scope is Scope.METRICS else each.params)}
    asked = [key for key in wanted if key in owned]
    return list(dict.fromkeys([*asked, *keys])), [key for key in others if key not in asked]


def _empty(look: Look, experiment: str | None, query: Query | None) -> list[Block]:
    if query is not None:
        place = f" in experiment '{fmt.one_line(experiment)}'" if experiment else ""
        return [Sentence(text=f"No run{place} for: {fmt.one_line(str(query))}")]
    where = f" in experiment '{fmt.one_line(experiment)}'" if experiment else " yet"
    how = f"Fit a model in a notebook that begins with %load_ext trackbook, then: {look.command} runs"
    return [Sentence(text=f"No runs{where}."), Sentence(text=how, tone=Tone.QUIET)]


def _lines(branches: Sequence[Branch], look: Look, depth: int = 0) -> Iterator[_Line]:
    for branch in branches:
        yield _Line(depth=depth, detail=branch.detail, children=len(branch.children))
        shown_children, how = _leading(branch.children)
        yield from _lines(shown_children, look, depth + 1)
        if how:
            count = len(branch.children) - len(shown_children)
            command = f"{look.command} show {short_id(branch.detail.run.run_id)}"
            yield _Line(depth=depth + 1, text=f"… {count} more ({how}): {command}")


def _leading(children: Sequence[Branch]) -> tuple[list[Branch], str]:
    """Return the children to list, and by what they were chosen: the best by the metric they share, else the first."""
    if len(children) <= _MOST_CHILDREN:
        return list(children), ""
    key = next((key for key in _main_metrics([each.detail for each in children]) if _ranks(key, children)), None)
    if key is None:
        return list(children[:_MOST_CHILDREN]), "listed are the first"
    sign = -1 if higher_is_better(key) else 1
    best = sorted(children, key=lambda each: _rank(each.detail.metrics[key], sign))
    return best[:_MOST_CHILDREN], f"listed are the best by {fmt.one_line(key)}"


def _ranks(key: str, children: Sequence[Branch]) -> bool:
    return higher_is_better(key) is not None and all(key in each.detail.metrics for each in children)


def _rank(point: MetricPoint, sign: int) -> tuple[bool, float]:
    is_nan = point.value != point.value
    return is_nan, 0 if is_nan else sign * point.value


def _table(lines: Sequence[_Line], params: Sequence[str], metrics: Sequence[str], look: Look) -> Table:
    details = [line.detail for line in lines if line.detail]
    makers: list[tuple[Column, Callable[[RunDetail], Cell]]] = [
        (Column(title="Run", is_kept=True), _name),
        (Column(title="Id", is_kept=True), lambda each: cells.identifier(each.run.run_id)),
        (Column(title="Status", is_kept=True), lambda each: cells.status(each.run, each.tags)),
        (Column(title="When", rank=2), lambda each: cells.when(each.run.started_at, look.now)),
        (Column(title="Took", rank=5, is_number=True), lambda each: Cell(text=fmt.duration(run_seconds(each)))),
    ]
    if len({detail.run.experiment for detail in details}) > 1:
        makers.insert(2, (Column(title="Experiment"), lambda each: cells.text(each.run.experiment, width=28)))
    if any(detail.models for detail in details):
        makers.append((Column(title="Model", rank=2), cells.models))
    makers += [(_metric_column(key, at), _metric_maker(key, details)) for at, key in enumerate(metrics)]
    makers += [(_param_column(key, details), _param_maker(key)) for key in params]
    if any(cells.own_tags(detail.tags) for detail in details):
        makers.append((Column(title="Tags", rank=4, folds=True), lambda each: cells.tags(cells.own_tags(each.tags))))
    rows = tuple(_row(line, makers) for line in lines)
    return Table(
        columns=tuple(column for column, _ in makers), rows=rows, whole_at=f"{look.command} show RUN", is_brief=True
    )


def _row(line: _Line, makers: Sequence[tuple[Column, Callable[[RunDetail], Cell]]]) -> tuple[Cell, ...]:
    detail = line.detail
    if detail is None:
        return (Cell(text=line.text, indent=line.depth, tone=Tone.QUIET),)
    first, *rest = (maker(detail) for _, maker in makers)
    aside = fmt.plural(line.children, "run") if line.children and is_group(detail) else ""
    return (replace(first, indent=line.depth, aside=aside), *rest)


def _name(detail: RunDetail) -> Cell:
    return Cell(text=fmt.one_line(detail.run.name), is_strong=True, title=detail.run.note)


def _metric_column(key: str, at: int) -> Column:
    return Column(title=cells.metric_key(key).text, is_number=True, rank=1 if at < 2 else 3)


def _metric_maker(key: str, details: Sequence[RunDetail]) -> Callable[[RunDetail], Cell]:
    points = {detail.run.run_id: detail.metrics[key] for detail in details if key in detail.metrics}
    written = dict(zip(points, fmt.aligned([point.value for point in points.values()]), strict=True))
    return lambda each: replace(
        cells.metric(points.get(each.run.run_id), written.get(each.run.run_id)), aside=cells.spread(each.metrics, key)
    )


def _param_column(key: str, details: Sequence[RunDetail]) -> Column:
    values = [detail.params[key] for detail in details if key in detail.params]
    numbers = [value for value in values if isinstance(value, int | float) and not isinstance(value, bool)]
    is_number = 2 * len(numbers) > len(values)
    return Column(title=fmt.one_line(key), rank=3, is_number=is_number, folds=len(numbers) < len(values))


def _param_maker(key: str) -> Callable[[RunDetail], Cell]:
    return lambda each: cells.brief_param(each.params, key) if key in each.params else cells.NOTHING


def _varying(details: Sequence[RunDetail], witnesses: Sequence[RunDetail] = ()) -> list[str]:
    """Return the chosen params that tell runs apart, those with the most values first; of a single run, all.

    Lists and dicts come last: they are long, and what was chosen from them stands beside them.
    """
    values = {key: _values(key, details) for key in chosen_params(details, default_params([*details, *witnesses]))}
    keys = [key for key in values if len(details) == 1 or len(values[key]) > 1]
    return sorted(keys, key=lambda key: (_is_long(key, details), -len(values[key] - {None})))


def _is_long(key: str, details: Sequence[RunDetail]) -> bool:
    return any(isinstance(detail.params.get(key), list | dict) for detail in details)


def _values(key: str, details: Sequence[RunDetail]) -> set[str | None]:
    return {encode(detail.params[key]) if key in detail.params else None for detail in details}


def _main_metrics(details: Sequence[RunDetail]) -> list[str]:
    """Return metrics, first those that most runs have, that have a direction, and that were taken on test data."""
    keys = {key for detail in details for key in detail.metrics}
    counts = Counter(key for detail in details for key in detail.metrics if not is_detail(key, keys))
    return sorted(counts, key=lambda key: (-counts[key], higher_is_better(key) is None, _role_rank(key)))


def _metrics_of(branches: Sequence[Branch]) -> tuple[list[str], list[str]]:
    """Return the metrics to show and the others: the main ones of the runs at the top, and one for each family."""
    tops = _main_metrics([branch.detail for branch in branches])
    tops = tops or _main_metrics([child.detail for branch in branches for child in branch.children])
    shown_keys = tops[:_MOST_METRICS]
    families = [_main_metrics([child.detail for child in branch.children]) for branch in branches if branch.children]
    for keys in families:
        if keys and not set(keys) & set(shown_keys) and len(shown_keys) < _MOST_METRICS + _MOST_FAMILIES:
            shown_keys.append(keys[0])
    every = dict.fromkeys(key for keys in (tops, *families) for key in keys)
    return shown_keys, [key for key in every if key not in shown_keys]


def _role_rank(key: str) -> int:
    return next((rank for rank, role in enumerate(_ROLES) if role and key.startswith(role)), _ROLES.index(""))


def _split(keys: list[str], most: int) -> tuple[list[str], list[str]]:
    return keys[:most], keys[most:]


def _constants(details: Sequence[RunDetail]) -> str:
    """Return the params that are the same in every run, when there are few enough to say."""
    details = [detail for detail in details if detail.params]
    if len(details) < 2:
        return ""
    same = [key for key in chosen_params(details) if len(_values(key, details)) == 1]
    if not same or len(same) > _MOST_CONSTANTS:
        return ""
    pairs = ", ".join(f"{fmt.one_line(key)}={cells.param(details[0].params, key).text}" for key in same)
    return f"The same in all: {pairs}"


def _others(params: Sequence[str], metrics: Sequence[str], look: Look) -> str:
    hidden = [fmt.plural(len(metrics), "more metric")] if metrics else []
    hidden += [fmt.plural(len(params), "more param") + " that differ"] if params else []
    return f"{' and '.join(hidden)}: {look.command} show RUN, or {look.command} compare A B" if hidden else ""


def _unlisted(tree: RunTree, look: Look) -> str:
    count = tree.total - tree.listed
    if count <= 0:
        return ""
    is_full = look.is_cell and len(tree.branches) >= MOST_IN_CELL
    return f"… {count:,} more: " + ("trackbook.runs() has all" if is_full else f"{look.command} runs --all")
