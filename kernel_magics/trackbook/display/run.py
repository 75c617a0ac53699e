"""One run, whole: how well it did, what went in, what came out, and where it was made."""

from __future__ import annotations

from collections import Counter
from collections.abc import Collection, Mapping, Sequence
from dataclasses import replace

from trackbook.display import cells
from trackbook.display import format as fmt
from trackbook.display.blocks import Beside, Block, Cell, Column, Fold, Sentence, Table, Title, Tone, Verbatim, facts
from trackbook.display.checks import checks_table
from trackbook.display.log import execution_table
from trackbook.display.models import model_blocks
from trackbook.display.outputs import figure_blocks, output_table
from trackbook.display.profile import profile_blocks
from trackbook.display.reproduction import verdict_cell
from trackbook.display.rows import run_seconds
from trackbook.display.runs import MOST_ROWS, table_of
from trackbook.display.shown import Look, Shown, shown
from trackbook.records import (
    Artifact,
    Check,
    DatasetUse,
    Environment,
    Execution,
    MetricPoint,
    ModuleUse,
    Reproduction,
    RunDetail,
    RunStatus,
    Verdict,
)
from trackbook.records.profile import TableProfile
from trackbook.tracking.choices import is_group, unchosen_params
from trackbook.tracking.direction import FOLD, is_detail
from trackbook.tracking.environment import MOST_NAMED, EnvironmentDifference, sentence_of
from trackbook.tracking.find import short_id
from trackbook.tracking.shown import Read

_WIDEST_FACT = 400
_KEPT_THEN = "What was finished by then is kept."
_CLEAN = "Clean: what it read was what the notebook made then, as far as that is known."
_MOST_FOLDS = 10
_FEWEST_FOLDED = 3
_KEPT, _FROM = 5, 6  # where these columns of the table of data stand


def show_run(
    detail: RunDetail,
    look: Look | None = None,
    *,
    executions: Sequence[Execution] = (),
    environment: Environment | None = None,
    differing: Sequence[EnvironmentDifference] = (),
    unseeded: Sequence[str] = (),
    parent: RunDetail | None = None,
    children: Sequence[RunDetail] = (),
    witnesses: Sequence[RunDetail] = (),
    series: Mapping[str, Sequence[MetricPoint]] | None = None,
    showing: Sequence[Execution] = (),
    checks: Sequence[Check] = (),
    profiles: Mapping[str, TableProfile] | None = None,
    reproductions: Sequence[Reproduction] = (),
    changed: Sequence[str] = (),
    gone: Sequence[str] = (),
    read: Read | None = None,
) -> Shown:
    """Show one run with all that hangs on it.

    Params that the estimator only has by default are folded. `witnesses` are runs whose models tell what is a
    default, where this one has no model. `differing` is what of its environment is another one here. `series` are the
    points of metrics that have more than one. `showing` are the executions whose outputs are the run's, `read` gives
    the objects that they are kept in. `checks` are those of its tables, `profiles` what these look like by their names;
    `reproductions` are its own, oldest first; `changed` are the files it read that hold something else by now,
    `gone` those that are no longer there.
    """
    look = look or Look()
    run = detail.run
    name = Cell(text=fmt.one_line(run.name))
    chosen, defaults = _parted(detail, executions, witnesses)
    parts: list[Block | None] = [
        Title(cells=(name, cells.status(run, detail.tags), cells.identifier(run.run_id))),
        *_findings(detail, look),
        *_changed(changed),
        *_gone(gone),
        *_chance(unseeded),
        _about(detail, look, parent, reproductions),
        *(() if is_group(detail) and children else _results(detail, look, series or {}, chosen, defaults)),
        _children(children, look, witnesses),
        _data(detail.datasets),
        *profile_blocks(profiles or {}, detail),
        checks_table(checks, look) if checks else None,
        *model_blocks(detail, look),
        _artifacts(detail.artifacts),
        _modules(detail.modules),
        _code(executions, look, detail),
        *_outputs(showing, look, run.run_id, read),
        *_environment(environment, differing, look, detail),
    ]
    return shown([part for part in parts if part is not None], look)


def _parted(
    detail: RunDetail, executions: Sequence[Execution], witnesses: Sequence[RunDetail]
) -> tuple[list[str], list[str]]:
    """Return the params that somebody chose, and the defaults."""
    defaults = unchosen_params(detail, executions, witnesses)
    if len(defaults) < _FEWEST_FOLDED:
        defaults = []
    return [key for key in detail.params if key not in defaults], defaults


def _results(
    detail: RunDetail,
    look: Look,
    series: Mapping[str, Sequence[MetricPoint]],
    chosen: Collection[str],
    defaults: Collection[str],
) -> list[Block]:
    blocks: list[Block] = [Beside(blocks=(_metrics(detail, series), _params(detail, look, chosen)))]
    if defaults:
        told = Sentence(text=fmt.pairs({key: detail.params[key] for key in defaults}))
        hint = f"all: {look.whole(short_id(detail.run.run_id), 'params')}"
        blocks.append(Fold(summary=f"{fmt.plural(len(defaults), 'param')} at the defaults", blocks=(told,), hint=hint))
    return blocks


def _findings(detail: RunDetail, look: Look) -> list[Block]:
    """Return why a run did not end well, and what repeating it showed."""
    blocks = _failure(detail, look)
    if not blocks and detail.run.status is RunStatus.KILLED:
        who = "it was interrupted, or its kernel ended," if detail.run.finished_at is not None else "its process ended"
        blocks.append(Sentence(text=f"Killed: {who} before the run did. {_KEPT_THEN}", tone=Tone.BAD))
    if detail.run.verdict_reason:
        why = f"{str(detail.run.verdict or '').capitalize()}: {detail.run.verdict_reason}"
        blocks.append(Sentence(text=fmt.one_line(why), tone=Tone.BUSY))
    elif detail.run.verdict is Verdict.CLEAN:
        blocks.append(Sentence(text=_CLEAN, tone=Tone.QUIET))
    return blocks + [Sentence(text=each, tone=Tone.BUSY) for each in cells.finding_sentences(detail.tags)]


def _changed(files: Sequence[str]) -> list[Block]:
    """Return which files are no longer what the run read."""
    if not files:
        return []
    names = fmt.shortened(", ".join(map(fmt.one_line, files)), _WIDEST_FACT)
    return [Sentence(text=f"{names} {'has' if len(files) == 1 else 'have'} changed since it was read.", tone=Tone.BUSY)]


def _gone(files: Sequence[str]) -> list[Block]:
    if not files:
        return []
    names = fmt.shortened(", ".join(fmt.one_line(each) for each in files), _WIDEST_FACT)
    words = "is no longer where it was" if len(files) == 1 else "are no longer where they were"
    return [Sentence(text=f"{names} {words} read.", tone=Tone.BUSY)]


def _chance(unseeded: Sequence[str]) -> list[Block]:
    """Return what may make the run come out otherwise each time."""
    if not unseeded:
        return []
    what = fmt.shortened("; ".join(each.replace(" without a seed", "") for each in unseeded), _WIDEST_FACT)
    text = f"Randomness came in without a seed: {what}. Its numbers may differ each time."
    return [Sentence(text=fmt.one_line(text), tone=Tone.BUSY)]


def _about(
    detail: RunDetail, look: Look, parent: RunDetail | None, reproductions: Sequence[Reproduction] = ()
) -> Table:
    run = detail.run
    started = Cell(text=f"{fmt.ago(run.started_at, look.now)}  ({fmt.moment(run.started_at)})")
    took = run_seconds(detail)
    return facts(
        [
            ("Experiment", Cell(text=fmt.one_line(run.experiment))),
            ("Started", started),
            ("Took", Cell(text=fmt.duration(took)) if took is not None else cells.EMPTY),
            ("Reproduced", _reproduced(reproductions, look)),
            ("Part of", _named(parent) if parent else cells.identifier(run.parent_id or "")),
            ("Note", Cell(text=fmt.lines(run.note or ""))),
            ("Tags", cells.tags(cells.own_tags(detail.tags))),
        ]
    )


def _named(detail: RunDetail) -> Cell:
    return Cell(text=fmt.one_line(detail.run.name), aside=short_id(detail.run.run_id), title=detail.run.run_id)


def _reproduced(reproductions: Sequence[Reproduction], look: Look) -> Cell:
    """Return how the run came out when it was last made again, and how often others came out otherwise."""
    if not reproductions:
        return cells.EMPTY
    latest = reproductions[-1]
    others = Counter(each.verdict.value for each in reproductions[:-1])
    before = ", ".join(f"{verdict} {cells.times(str(count))}" for verdict, count in others.items())
    when = fmt.ago(latest.at, look.now)
    return replace(verdict_cell(latest), aside=f"{when}; before: {before}" if before else when)


def _failure(detail: RunDetail, look: Look) -> list[Block]:
    """Return the error's first line, and behind it the rest."""
    failure = detail.run.failure
    if failure is None:
        return []
    first, *rest = fmt.lines(failure.message.strip()).splitlines() or [""]
    text, tone = fmt.one_line(f"{failure.type}: {first}".removesuffix(": ")), Tone.BAD
    if detail.run.is_stopped:
        text, tone = f"Stopped before it had ended. {_KEPT_THEN}", Tone.BUSY
    blocks: list[Block] = [Sentence(text=text, tone=tone)]
    if failure.traceback or rest:
        hint = f"whole: {look.command} log --run {short_id(detail.run.run_id)} --source"
        whole = fmt.lines(failure.traceback or failure.message)
        blocks.append(Fold(summary="Traceback", blocks=(Verbatim(text=whole),), hint=hint))
    return blocks


def _metrics(detail: RunDetail, series: Mapping[str, Sequence[MetricPoint]]) -> Block:
    points = {key: point for key, point in detail.metrics.items() if not is_detail(key, detail.metrics)}
    if not points:
        return Table(columns=(Column(),), rows=((Cell(text="none yet", tone=Tone.QUIET),),), heading="Metrics")
    remarks = {key: _remark(detail, key, series) for key in points}
    columns = (
        Column(is_kept=True),
        Column(is_number=True, is_kept=True),
        *((Column(folds=True),) * any(remarks.values())),
    )
    rows = []
    for key, point in points.items():
        value = replace(cells.metric(point), aside=cells.spread(detail.metrics, key))
        remark = (Cell(text=remarks[key], tone=Tone.QUIET),) * (len(columns) > 2)
        rows.append((cells.metric_key(key), value, *remark))
    return Table(columns=columns, rows=tuple(rows), heading="Metrics")


def _remark(detail: RunDetail, key: str, series: Mapping[str, Sequence[MetricPoint]]) -> str:
    """Return what a number is the mean of, or where in its series it stands."""
    count = cells.folds(detail.metrics, key)
    if count:
        folds = [point.value for point in series.get(key + FOLD, ())]
        listed = ", ".join(fmt.aligned(folds)[:_MOST_FOLDS]) + ("" if len(folds) <= _MOST_FOLDS else ", …")
        return f"mean of {fmt.plural(count, 'fold')}" + (f": {listed}" if folds else "")
    step = detail.metrics[key].step
    return f"step {step}" if step else ""


def _params(detail: RunDetail, look: Look, chosen: Collection[str]) -> Block:
    if not chosen:
        nothing = "only defaults" if detail.params else "none found"
        return Table(columns=(Column(),), rows=((Cell(text=nothing, tone=Tone.QUIET),),), heading="Params")
    rows = [(fmt.one_line(key), cells.param(detail.params, key)) for key in chosen]
    return facts(rows, heading="Params", whole_at=look.whole(short_id(detail.run.run_id), "params"))


def _data(datasets: Sequence[DatasetUse]) -> Table | None:
    if not datasets:
        return None
    columns = (
        Column(title="Name", is_kept=True),
        Column(title="Role"),
        Column(title="Shape", is_number=True, is_kept=True),
        Column(title="Kind"),
        Column(title="Fingerprint"),
        Column(title="Kept"),
        Column(title="From", folds=True),
    )
    has_kept = any(dataset.snapshot_id is not None for dataset in datasets)
    has_files = any(dataset.files for dataset in datasets)
    shown_columns = [at for at in range(len(columns)) if (at != _KEPT or has_kept) and (at != _FROM or has_files)]
    return Table(
        columns=tuple(columns[at] for at in shown_columns),
        rows=tuple(tuple(row[at] for at in shown_columns) for row in map(_data_row, datasets)),
        heading="Data",
    )


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
        _kept(dataset),
        Cell(text=fmt.one_line(files) or "—", title=digests or None),
    )


def _kept(dataset: DatasetUse) -> Cell:
    if dataset.snapshot_id is None:
        return Cell(text="no", tone=Tone.QUIET, title="Only its fingerprint is kept.")
    return Cell(text="yes", title=f"snapshot {dataset.snapshot_id}")


def _artifacts(artifacts: Sequence[Artifact]) -> Table | None:
    if not artifacts:
        return None
    columns = (Column(title="Name", is_kept=True), Column(title="Size", is_number=True), Column(title="Type"))
    rows = tuple(
        (cells.text(each.name), Cell(text=fmt.size(each.size), title=f"{each.size} bytes"), cells.text(each.media_type))
        for each in artifacts
    )
    return Table(columns=columns, rows=rows, heading="Artifacts")


def _modules(modules: Sequence[ModuleUse]) -> Table | None:
    """Return the project's own modules that flowed in."""
    if not modules:
        return None
    columns = (
        Column(title="File", is_kept=True),
        Column(title="Module"),
        Column(title="Size", is_number=True),
        Column(title="Content"),
    )
    rows = tuple(
        (cells.text(each.path), cells.text(each.name), Cell(text=fmt.size(each.size)), cells.identifier(each.digest))
        for each in modules
    )
    return Table(columns=columns, rows=rows, heading="Modules")


def _children(children: Sequence[RunDetail], look: Look, witnesses: Sequence[RunDetail]) -> Table | None:
    if not children:
        return None
    heading = f"Made of {fmt.plural(len(children), 'run')}"
    table = table_of(children[:MOST_ROWS], look, heading=heading, witnesses=witnesses)
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


def _outputs(showing: Sequence[Execution], look: Look, run: str, read: Read | None) -> list[Block | None]:
    if read is None:
        return []
    return [output_table(showing, look, run, read), *figure_blocks(showing, run, read)]


def _environment(
    environment: Environment | None, differing: Sequence[EnvironmentDifference], look: Look, detail: RunDetail
) -> list[Block]:
    if environment is None:
        return []
    rows = [
        ("Python", Cell(text=f"{environment.python} ({environment.implementation})")),
        ("Platform", cells.text(environment.platform, width=_WIDEST_FACT)),
        ("Hardware", cells.text(_hardware(environment.hardware), width=_WIDEST_FACT)),
        ("Git", _git(environment)),
    ]
    blocks: list[Block] = [facts(rows, heading="Environment")]
    if differing:
        whole = look.whole(short_id(detail.run.run_id), "environment.differences()")
        text = sentence_of(differing) + (f"; all: {whole}" if len(differing) > MOST_NAMED else "")
        blocks.append(Sentence(text=fmt.one_line(text), tone=Tone.BUSY))
    if environment.packages:
        packages = ", ".join(f"{name} {version}" for name, version in sorted(environment.packages.items()))
        hint = f"all: {look.whole(short_id(detail.run.run_id), 'environment.packages')}"
        summary = fmt.plural(len(environment.packages), "package")
        blocks.append(Fold(summary=summary, blocks=(Sentence(text=fmt.one_line(packages)),), hint=hint))
    return blocks


def _hardware(hardware: Mapping[str, object]) -> str:
    known = {name: value for name, value in hardware.items() if value not in (None, "", [], {})}
    return ", ".join(_hardware_fact(name, value) for name, value in known.items())


def _hardware_fact(name: str, value: object) -> str:
    if name == "cpu_count" and isinstance(value, int):
        return fmt.plural(value, "CPU core")
    if name == "memory_bytes" and isinstance(value, int):
        return f"{fmt.size(value)} memory"
    if name == "cpu_model":
        return str(value)
    return f"{name.replace('_', ' ')} {value}"


def _git(environment: Environment) -> Cell:
    git = environment.git
    if git is None:
        return cells.EMPTY
    branch = f" on {git.branch}" if git.branch else ""
    changes = ", with uncommitted changes" if git.is_dirty else ""
    return Cell(text=fmt.one_line(f"{git.commit[:10]}{branch}{changes}"), title=git.commit)
