"""A sweep as a page of its own that needs no network: what it was, its trials as a figure, and all of them in a table.

In the figure a person can pick out the trials that pass through ranges, and sees these in the table; pointing at a line
shows its row, pointing at a row its line.
"""

from __future__ import annotations

from collections.abc import Iterator
from html import escape
from importlib import resources
from string import Template

from trackbook.display import format as fmt
from trackbook.display.sweep_figure import BOTTOM, TOP, Figure, figure_of, svg_of
from trackbook.display.sweep_words import error_of, how_chosen, pairs, text_of
from trackbook.pipelines.sweeps.outcome import Outcome
from trackbook.pipelines.sweeps.trials import Trial, TrialStatus, counted, ranked
from trackbook.records import JsonValue
from trackbook.tracking.find import short_id

_MARKS = {TrialStatus.FAILED: "✗ ", TrialStatus.PRUNED: "✂ ", TrialStatus.STOPPED: "■ ", TrialStatus.RUNNING: "… "}
_NO_FIGURE = "There is no figure: no param was tried with several values."


def sweep_page(outcome: Outcome) -> bytes:
    """Return the page of a sweep."""
    figure = figure_of(outcome)
    page = Template(resources.files(__package__).joinpath("sweep_page.html").read_text(encoding="utf-8"))
    return page.substitute(
        title=escape(f"{outcome.run_name}: {outcome.sweep.notebook.name} by {outcome.metric}"),
        heading=escape(f"{outcome.sweep.notebook.name} by {outcome.metric}"),
        facts="\n".join(f"<dt>{escape(name)}</dt><dd>{escape(text)}</dd>" for name, text in _facts(outcome)),
        picture=_NO_FIGURE if figure is None else svg_of(figure),
        is_drawn="hidden" if figure is None else "",
        table="\n".join(_table(outcome, figure)),
        top=TOP,
        bottom=BOTTOM,
    ).encode()


def _facts(outcome: Outcome) -> Iterator[tuple[str, str]]:
    """Yield what the sweep was and came to, by name."""
    state = " (stopped)" if outcome.is_interrupted else ""
    yield "Sweep", f"{outcome.run_name}, run {short_id(outcome.run_id)}{state}"
    best = outcome.best
    if best is None or best.value is None:
        yield "Best", f"No trial has finished with {outcome.metric}."
    else:
        yield "Best", f"{outcome.metric} {fmt.number(best.value)} with {pairs(best.params)} (trial {best.number})"
    yield "Trials", _counts(outcome)
    yield "Tried", "; ".join(f"{fmt.one_line(name)}: {values}" for name, values in outcome.space.items())
    yield "How", how_chosen(outcome)
    seconds = (outcome.finished_at - outcome.started_at).total_seconds()
    yield "When", f"{fmt.moment(outcome.started_at)}, {fmt.duration(seconds)} long"
    if outcome.remark:
        yield "Note", outcome.remark


def _counts(outcome: Outcome) -> str:
    others = [f"{number} {status.value}" for status, number in counted(outcome.trials).items()]
    of = f" of {outcome.planned}" if len(outcome.trials) != outcome.planned else ""
    return f"{len(outcome.trials)}{of}: {', '.join(others)}" if others else f"0{of}"


# The table


def _table(outcome: Outcome, figure: Figure | None) -> Iterator[str]:
    """Yield the table of all trials, best first, then those without a value; its cells hold what they sort by."""
    names = list(outcome.space)
    yield f"<thead><tr>{''.join(_heads(outcome))}</tr></thead><tbody>"
    colours = {} if figure is None else dict(zip((each.number for each in figure.trials), figure.colours, strict=True))
    for trial in ranked(outcome.trials, is_maximized=outcome.sweep.is_maximized):
        is_best = outcome.best is not None and trial.number == outcome.best.number
        cells = "".join(_cells(trial, names, colours.get(trial.number, ""), is_best=is_best))
        yield f'<tr data-trial="{trial.number}" class="{trial.status.value}{" best" if is_best else ""}">{cells}</tr>'
    yield "</tbody>"


def _heads(outcome: Outcome) -> Iterator[str]:
    yield _head("trial", is_number=True)
    for name in outcome.space:
        yield _head(name, is_number=all(_is_number(each.params.get(name, 0)) for each in outcome.trials))
    yield _head(outcome.metric, is_number=True)
    for title in ("status", "time", "run", "error"):
        yield _head(title, is_number=title == "time")


def _head(title: str, *, is_number: bool) -> str:
    kind = ' class="number"' if is_number else ""
    return f'<th scope="col"{kind}><button>{escape(fmt.one_line(title))}</button></th>'


def _cells(trial: Trial, names: list[str], colour: str, *, is_best: bool) -> Iterator[str]:
    swatch = f'<i style="background:{colour}"></i>' if colour else "<i></i>"
    yield f'<td class="number" data-by="{trial.number}">{swatch}{trial.number}</td>'
    for name in names:
        yield _value(trial.params[name]) if name in trial.params else "<td></td>"
    yield "<td></td>" if trial.value is None else _value(trial.value)
    yield f"<td>{'★ best' if is_best else _MARKS.get(trial.status, '') + trial.status.value}</td>"
    by = f' data-by="{trial.seconds}"' if trial.seconds is not None else ""
    yield f'<td class="number"{by}>{fmt.duration(trial.seconds)}</td>'
    run = short_id(trial.run_id) if trial.run_id else ""
    yield f'<td title="{escape(trial.run_name or "")}"><code>{escape(run)}</code></td>'
    yield f'<td class="error">{escape(error_of(trial)) if trial.status is TrialStatus.FAILED else ""}</td>'


def _value(value: JsonValue) -> str:
    """Return a cell with a value."""
    text = escape(text_of(value))
    if _is_number(value):
        return f'<td class="number" data-by="{value!r}">{text}</td>'
    return f"<td>{text}</td>"


def _is_number(value: JsonValue) -> bool:
    return isinstance(value, int | float) and not isinstance(value, bool)
