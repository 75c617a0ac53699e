"""One page about an execution of a pipeline: nothing is loaded from elsewhere; light or dark is as the reader's."""

from __future__ import annotations

import os
from collections.abc import Iterable, Mapping
from datetime import datetime
from html import escape
from pathlib import Path
from urllib.parse import quote

from trackbook.capture.secrets import redact
from trackbook.display import format as fmt
from trackbook.display.pipeline_outcome import counted, shown_params, warnings_of
from trackbook.display.pipeline_progress import STATES, telling
from trackbook.pipelines.running.progress import Phase, PipelineOutcome, StepFailure, StepProgress
from trackbook.records import JsonValue
from trackbook.tracking.find import short_id

FILE = "report.html"
MEDIA_TYPE = "text/html"
_MOST_METRICS = 8
_STYLE = """
:root { color-scheme: light dark; --ink: #1f2328; --quiet: #59636e; --line: #d1d9e0; --ground: #ffffff;
  --sheet: #f6f8fa; --good: #1a7f37; --bad: #cf222e; --busy: #9a6700; --bar: #0969da; }
@media (prefers-color-scheme: dark) { :root { --ink: #e6edf3; --quiet: #9198a1; --line: #3d444d; --ground: #0d1117;
  --sheet: #151b23; --good: #3fb950; --bad: #f85149; --busy: #d29922; --bar: #4493f8; } }
* { box-sizing: border-box; }
body { margin: 0 auto; max-width: 1080px; padding: 32px 24px 64px; background: var(--ground); color: var(--ink);
  font: 14px/1.5 system-ui, -apple-system, "Segoe UI", sans-serif; font-variant-numeric: tabular-nums; }
h1 { font-size: 24px; margin: 0 0 4px; } h2 { font-size: 16px; margin: 32px 0 8px; }
h3 { font-size: 13px; margin: 16px 0 4px; color: var(--quiet); font-weight: 600; }
p { margin: 4px 0; } a { color: var(--bar); } code, pre { font: 12px/1.5 ui-monospace, Menlo, Consolas, monospace; }
pre { background: var(--sheet); border: 1px solid var(--line); border-radius: 6px; padding: 10px 12px; margin: 8px 0;
  overflow-x: auto; white-space: pre-wrap; overflow-wrap: anywhere; }
.quiet { color: var(--quiet); } .finished { color: var(--good); } .failed { color: var(--bad); }
.retrying, .blocked, .stopped { color: var(--busy); } .skipped, .waiting { color: var(--quiet); }
.running { color: var(--bar); }
.kept { white-space: nowrap; } .wide { overflow-x: auto; } table { border-collapse: collapse; width: 100%; }
th { text-align: left; font-weight: 600; color: var(--quiet); font-size: 12px; white-space: nowrap; }
th, td { padding: 6px 16px 6px 0; border-bottom: 1px solid var(--line); vertical-align: top; }
td.number, th.number { text-align: right; white-space: nowrap; } .name { font-weight: 600; white-space: nowrap; }
.track { position: relative; min-width: 180px; height: 12px; margin-top: 5px; background: var(--sheet);
  border-radius: 3px; }
.track i { position: absolute; top: 0; bottom: 0; min-width: 3px; border-radius: 3px; background: currentColor; }
details { border: 1px solid var(--line); border-radius: 6px; margin: 8px 0; padding: 8px 14px; }
summary { cursor: pointer; font-weight: 600; } summary span { font-weight: 400; }
dl { display: grid; grid-template-columns: max-content 1fr; gap: 2px 20px; margin: 4px 0; }
dt { color: var(--quiet); } dd { margin: 0; overflow-wrap: anywhere; }
"""


def report_page(outcome: PipelineOutcome, folder: Path) -> str:
    """Return the page.

    Parameters
    ----------
    folder
        Where it will be: links to notebooks start there.
    """
    title = f"{outcome.name}: {outcome.word}"
    body = _head(outcome) + _overview(outcome) + _details(outcome, folder)
    return (
        '<!doctype html>\n<html lang="en"><head><meta charset="utf-8">'
        '<meta name="viewport" content="width=device-width, initial-scale=1">'
        f"<title>{escape(title)}</title><style>{_STYLE}</style></head>\n<body>{body}</body></html>\n"
    )


def _head(outcome: PipelineOutcome) -> str:
    run = f"run {short_id(outcome.run_id)}" if outcome.run_id else ""
    facts = [counted(outcome), fmt.duration(outcome.seconds), fmt.moment(outcome.started_at), run]
    fault = f'<p class="failed">It could not go on: {escape(outcome.fault)}</p>' if outcome.fault else ""
    told = [f"{step.name}: {warning}" for step, warning in warnings_of(outcome)]
    warnings = "".join(f'<p class="stopped">! {escape(each)}</p>' for each in told)
    return (
        f'<h1>{escape(outcome.name)} <span class="{outcome.word}">{outcome.word}</span></h1>'
        f'<p class="quiet">{escape(" · ".join(filter(None, facts)))}</p>{fault}{warnings}'
    )


def _overview(outcome: PipelineOutcome) -> str:
    rows = "".join(_overview_row(step, outcome) for step in outcome.steps)
    head = "<tr><th>step</th><th>state</th><th>why</th><th>when</th><th class=number>time</th><th>metrics</th>"
    head += "<th>data</th></tr>"
    return f'<div class="wide"><table><thead>{head}</thead><tbody>{rows}</tbody></table></div>'


def _overview_row(step: StepProgress, outcome: PipelineOutcome) -> str:
    symbol, _ = STATES[step.phase]
    link = f'<a href="#{escape(quote(step.name))}">{escape(step.name)}</a>'
    told = telling(step.metrics)
    hidden = len(step.metrics) - min(len(told), _MOST_METRICS)
    more = [f'<span class="quiet">{hidden} more below</span>'] * (hidden > 0)
    listed = [_kept(f"{name} {fmt.number(step.metrics[name])}") for name in told[:_MOST_METRICS]]
    metrics = "<br>".join([*listed, *more])
    return (
        f'<tr><td class="name">{link}</td><td class="{step.phase}">{symbol}&nbsp;{step.phase}</td>'
        f'<td class="quiet">{escape(_reason(step))}</td><td>{_bar(step, outcome)}</td>'
        f'<td class="number">{escape(fmt.duration(step.seconds)) if step.seconds is not None else ""}</td>'
        f"<td>{metrics}</td><td>{_data(step)}</td></tr>"
    )


def _data(step: StepProgress) -> str:
    """Return which versions of datasets went in and came out: ``raw@1 → train@2``."""
    read, published = (", ".join(map(_kept, names)) for names in (step.reads, step.publishes))
    return f"{read} →&nbsp;{published}" if published else read


def _kept(text: str) -> str:
    """Return a text that is not broken into lines."""
    return f'<span class="kept">{escape(text)}</span>'


def _reason(step: StepProgress) -> str:
    """Return why a step ran, failed or didn't run, and how often it was tried."""
    tries = f" ({step.attempt} tries)" if step.attempt > 1 else ""
    return _cause(step) + tries


def _cause(step: StepProgress) -> str:
    if step.phase is Phase.FAILED and step.failure is not None:
        return step.failure.summary
    return redact(step.reason)


def _bar(step: StepProgress, outcome: PipelineOutcome) -> str:
    """Return when a step ran, as a bar on the line of the whole pipeline's time."""
    if step.started_at is None or step.seconds is None or not outcome.seconds:
        return ""
    start = _share(_after(outcome.started_at, step.started_at), outcome.seconds)
    width = min(_share(step.seconds, outcome.seconds), 100.0 - start)
    return f'<div class="track {step.phase}"><i style="left:{start:.2f}%;width:{width:.2f}%"></i></div>'


def _after(begin: datetime, at: datetime) -> float:
    return (at - begin).total_seconds()


def _share(part: float, whole: float) -> float:
    return max(0.0, min(100.0, 100.0 * part / whole))


def _details(outcome: PipelineOutcome, folder: Path) -> str:
    return "<h2>Steps</h2>" + "".join(_detail(step, folder) for step in outcome.steps)


def _detail(step: StepProgress, folder: Path) -> str:
    symbol, _ = STATES[step.phase]
    is_open = " open" if step.phase is Phase.FAILED else ""
    summary = f'{escape(step.name)} <span class="{step.phase}">{symbol} {step.phase}</span>'
    inner = _failure(step.failure) if step.failure and step.phase is not Phase.FINISHED else ""
    inner += _facts(_about(step, folder))
    inner += _section("Params", {name: _code(value) for name, value in shown_params(step).items()})
    inner += _section("Metrics", {name: escape(fmt.exact(value)) for name, value in step.metrics.items()})
    anchor = escape(quote(step.name))  # inside: a browser opens what a link leads into
    return f'<details{is_open}><summary>{summary}</summary><div id="{anchor}">{inner}</div></details>'


def _about(step: StepProgress, folder: Path) -> Mapping[str, str]:
    tries = f"{step.attempt} of {step.attempts}" if step.attempts > 1 and step.attempt else ""
    run = f"<code>trackbook show {short_id(step.run_id)}</code>" if step.run_id else ""
    return {
        "notebook": escape(str(step.step.notebook)),
        "executed": _link(step.output, folder) if step.output is not None and step.output.exists() else "",
        "run": run,
        "why": escape(redact(step.reason)),
        "needs": escape(", ".join(step.needs)),
        "tries": tries,
        "read": escape(", ".join(step.reads)),
        "published": escape(", ".join(step.publishes)),
    }


def _link(path: Path, folder: Path) -> str:
    target = quote(os.path.relpath(path, folder).replace(os.sep, "/"))
    return f'<a href="{escape(target)}">{escape(path.name)}</a>'


def _failure(failure: StepFailure) -> str:
    where = f"Cell {failure.cell}" if failure.cell is not None else ""
    where += f", line {failure.line}" if failure.line is not None else ""
    code = f"<pre>{escape(failure.code)}</pre>" if failure.code else ""
    trace = (
        f"<details><summary>Traceback</summary><pre>{escape(failure.traceback)}</pre></details>"
        if failure.traceback
        else ""
    )
    return f'<p class="failed">{escape(failure.summary)}</p><p class="quiet">{where}</p>{code}{trace}'


def _section(title: str, facts: Mapping[str, str]) -> str:
    return f"<h3>{title}</h3>{_facts(facts)}" if facts else ""


def _facts(facts: Mapping[str, str]) -> str:
    """Return named facts as a list; values are HTML already, empty ones are left out."""
    return f"<dl>{''.join(_fact(name, value) for name, value in _said(facts))}</dl>"


def _said(facts: Mapping[str, str]) -> Iterable[tuple[str, str]]:
    return ((name, value) for name, value in facts.items() if value)


def _fact(name: str, value: str) -> str:
    return f"<dt>{escape(name)}</dt><dd>{value}</dd>"


def _code(value: JsonValue) -> str:
    return f"<code>{escape(fmt.value(value))}</code>"
