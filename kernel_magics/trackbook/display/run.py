"""One run, whole: how well it did, what went in, what came out, and where it was made."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace

from trackbook.display import cells
from trackbook.display import format as fmt
from trackbook.display.blocks import Beside, Block, Cell, Column, Fold, Sentence, Table, Title, Tone, Verbatim, facts
from trackbook.display.log import execution_table
from trackbook.display.rows import run_seconds
from trackbook.display.runs import MOST_ROWS, table_of
from trackbook.display.shown import Look, Shown, shown
from trackbook.records import Artifact, DatasetUse, Environment, Execution, Model, RunDetail
from trackbook.tracking.find import short_id

_MOST_IMPORTANCES = 10
_WIDEST_FACT = 400


def show_run(
    detail: RunDetail,
    look: Look | None = None,
    *,
    executions: Sequence[Execution] = (),
    environment: Environment | None = None,
    parent: RunDetail | None = None,
    children: Sequence[RunDetail] = (),
) -> Shown:
    """Show one run with all that hangs on it."""
    look = look or Look()
    run = detail.run
    name = Cell(text=fmt.one_line(run.name))
    parts: list[Block | None] = [
        Title(cells=(name, cells.status(run), cells.identifier(run.run_id))),
        _about(detail, look, parent),
        _failure(detail, look),
        Beside(blocks=(_metrics(detail), _params(detail, look))),
        _children(children, look),
        _data(detail.datasets),
        *_models(detail.models, look, detail),
        _artifacts(detail.artifacts),
        _code(executions, look, detail),
        *_environment(environment, look, detail),
    ]
    return shown([part for part in parts if part is not None], look)


def _about(detail: RunDetail, look: Look, parent: RunDetail | None) -> Table:
    run = detail.run
    started = Cell(text=f"{fmt.ago(run.started_at, look.now)}  ({fmt.moment(run.started_at)})")
    took = run_seconds(detail)
    return facts(
        [
            ("Experiment", Cell(text=fmt.one_line(run.experiment))),
            ("Started", started),
            ("Took", Cell(text=fmt.duration(took)) if took is not None else cells.EMPTY),
            ("Part of", _named(parent) if parent else cells.identifier(run.parent_id or "")),
            ("Note", Cell(text=fmt.lines(run.note or ""))),
            ("Tags", cells.tags(detail.tags.items())),
        ]
    )


def _named(detail: RunDetail) -> Cell:
    return Cell(text=fmt.one_line(detail.run.name), aside=short_id(detail.run.run_id), title=detail.run.run_id)


def _failure(detail: RunDetail, look: Look) -> Block | None:
    failure = detail.run.failure
    if failure is None:
        return None
    summary = f"{failure.type}: {failure.message}" if failure.message else failure.type
    if failure.traceback is None:
        return Sentence(text=fmt.one_line(summary), tone=Tone.BAD)
    hint = f"the traceback: {look.command} log --run {short_id(detail.run.run_id)} --source"
    return Fold(summary=fmt.one_line(summary), blocks=(Verbatim(text=fmt.lines(failure.traceback)),), hint=hint)


def _metrics(detail: RunDetail) -> Block:
    if not detail.metrics:
        return Table(columns=(Column(),), rows=((Cell(text="none yet", tone=Tone.QUIET),),), heading="Metrics")
    has_steps = any(point.step for point in detail.metrics.values())
    columns = (Column(is_kept=True), Column(is_number=True, is_kept=True), *((Column(is_number=True),) * has_steps))
    rows = []
    for key, point in detail.metrics.items():
        step = (Cell(text=f"step {point.step}", tone=Tone.QUIET) if point.step else cells.EMPTY,) * has_steps
        rows.append((cells.metric_key(key), cells.metric(point), *step))
    return Table(columns=columns, rows=tuple(rows), heading="Metrics")


def _params(detail: RunDetail, look: Look) -> Block:
    if not detail.params:
        return Table(columns=(Column(),), rows=((Cell(text="none found", tone=Tone.QUIET),),), heading="Params")
    rows = [(fmt.one_line(key), cells.param(value)) for key, value in detail.params.items()]
    return facts(rows, heading="Params", whole_at=f"{look.command} show {short_id(detail.run.run_id)} --json")


def _data(datasets: Sequence[DatasetUse]) -> Table | None:
    if not datasets:
        return None
    columns = (
        Column(title="Name", is_kept=True),
        Column(title="Role"),
        Column(title="Shape", is_number=True, is_kept=True),
        Column(title="Kind"),
        Column(title="Fingerprint"),
        Column(title="From", folds=True),
    )
    return Table(columns=columns, rows=tuple(map(_data_row, datasets)), heading="Data")


def _data_row(dataset: DatasetUse) -> tuple[Cell, ...]:
    names = ", ".join(column.name for column in dataset.columns)
    shape = cells.shape(dataset)
    files = ", ".join(file.path for file in dataset.files)
    digests = ", ".join(f"{file.path} sha256 {file.digest or 'unknown'}" for file in dataset.files)
    fingerprint = cells.identifier(dataset.fingerprint) if dataset.fingerprint else cells.NOTHING
    return (
        Cell(text=fmt.one_line(dataset.name), title=f"Columns: {names}" if names else None),
        Cell(text=dataset.role or "—"),
        shape if shape.text else cells.NOTHING,
        Cell(text=fmt.one_line(dataset.kind)),
        fingerprint,
        Cell(text=fmt.one_line(files) or "—", title=digests or None),
    )


def _models(fitted: Sequence[Model], look: Look, detail: RunDetail) -> list[Block]:
    if not fitted:
        return []
    columns = (Column(title="Name"), Column(title="Class", is_kept=True), Column(title="Features", folds=True))
    rows = tuple((cells.text(model.name), _class(model), _features(model)) for model in fitted)
    blocks: list[Block] = [Table(columns=columns, rows=rows, heading="Models" if len(fitted) > 1 else "Model")]
    command = f"{look.command} show {short_id(detail.run.run_id)} --json"
    return blocks + [_importances(model, command) for model in fitted if model.importances]


def _class(model: Model) -> Cell:
    return Cell(text=cells.short_class(model.class_name), title=model.class_name)


def _features(model: Model) -> Cell:
    if not model.features:
        return cells.NOTHING
    names = cells.text(", ".join(model.features), width=80)
    return Cell(
        text=f"{len(model.features)}: {names.text}", whole=names.whole and f"{len(model.features)}: {names.whole}"
    )


def _importances(model: Model, command: str) -> Table:
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
        more=f"… {rest} more: {command}" if rest else "",
    )


def _share(value: float, longest: float) -> float | None:
    share = abs(value) / longest
    return share if 0 <= share <= 1 else None


def _artifacts(artifacts: Sequence[Artifact]) -> Table | None:
    if not artifacts:
        return None
    columns = (Column(title="Name", is_kept=True), Column(title="Size", is_number=True), Column(title="Type"))
    rows = tuple(
        (cells.text(each.name), Cell(text=fmt.size(each.size), title=f"{each.size} bytes"), cells.text(each.media_type))
        for each in artifacts
    )
    return Table(columns=columns, rows=rows, heading="Artifacts")


def _children(children: Sequence[RunDetail], look: Look) -> Table | None:
    if not children:
        return None
    heading = f"Made of {fmt.plural(len(children), 'run')}"
    table = table_of(children[:MOST_ROWS], look, heading=heading)
    rest = len(children) - MOST_ROWS
    if rest <= 0:
        return table
    return Table(
        columns=table.columns, rows=table.rows, heading=heading, more=f"… {rest} more: {look.command} runs --all"
    )


def _code(executions: Sequence[Execution], look: Look, detail: RunDetail) -> Table | None:
    if not executions:
        return None
    table = execution_table(executions[-MOST_ROWS:], look, heading="Code", session=detail.run.session_id)
    rest = len(executions) - MOST_ROWS
    command = f"{look.command} log --run {short_id(detail.run.run_id)} --all"
    return replace(table, more=f"… {rest} earlier: {command}") if rest > 0 else table


def _environment(environment: Environment | None, look: Look, detail: RunDetail) -> list[Block]:
    if environment is None:
        return []
    rows = [
        ("Python", Cell(text=f"{environment.python} ({environment.implementation})")),
        ("Platform", cells.text(environment.platform, width=_WIDEST_FACT)),
        ("Hardware", cells.text(_hardware(environment.hardware), width=_WIDEST_FACT)),
        ("Git", _git(environment)),
    ]
    packages = [(name, Cell(text=version)) for name, version in sorted(environment.packages.items())]
    hint = f"all: {look.command} show {short_id(detail.run.run_id)} --json"
    blocks: list[Block] = [facts(rows, heading="Environment")]
    if packages:
        blocks.append(Fold(summary=fmt.plural(len(packages), "package"), blocks=(facts(packages),), hint=hint))
    return blocks


def _hardware(hardware: Mapping[str, object]) -> str:
    return ", ".join(f"{name} {value}" for name, value in hardware.items() if value not in (None, "", [], {}))


def _git(environment: Environment) -> Cell:
    git = environment.git
    if git is None:
        return cells.EMPTY
    branch = f" on {git.branch}" if git.branch else ""
    changes = ", with uncommitted changes" if git.is_dirty else ""
    return Cell(text=fmt.one_line(f"{git.commit[:10]}{branch}{changes}"), title=git.commit)
