"""A pipeline as a graph: the text that Mermaid draws, and a page with a picture that needs nothing else."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Mapping
from html import escape

from trackbook.display import format as fmt
from trackbook.pipelines.graph.layout import Layout, layout_of
from trackbook.pipelines.graph.needs import Graph
from trackbook.pipelines.graph.plan import Action, Plan, PlannedStep

_WIDTH, _HEIGHT = 208, 46
_GAP_X, _GAP_Y, _PASSING = 116, 22, 18
_MARGIN = 24
_ABOVE, _BELOW = 6, 14  # a line's end, to what is written beside it
_LONGEST_NAME, _LONGEST_REASON, _LONGEST_DATA = 26, 34, 15
_STATES = {"skip": "up to date", "run": "to run", "failed": "last run failed", "new": "never run"}
_STYLE = """
:root { color-scheme: light dark; --page:#ffffff; --ink:#1f2328; --quiet:#656d76; --line:#8c959f; --box:#f6f8fa;
  --skip:#1a7f4b; --run:#9a6700; --failed:#cf222e; --new:#0969da; }
@media (prefers-color-scheme: dark) { :root { --page:#0d1117; --ink:#e6edf3; --quiet:#9198a1; --line:#6e7681;
  --box:#161b22; --skip:#3fb950; --run:#d29922; --failed:#f85149; --new:#4493f8; } }
body { margin:0; padding:24px; background:var(--page); color:var(--ink);
  font:14px/1.5 system-ui,-apple-system,"Segoe UI",Roboto,sans-serif; }
h1 { font-size:20px; margin:0 0 2px; }
p { margin:0 0 12px; color:var(--quiet); }
ul { list-style:none; display:flex; flex-wrap:wrap; gap:18px; margin:0 0 12px; padding:0; color:var(--quiet); }
li::before { content:""; display:inline-block; width:10px; height:10px; margin-right:6px; border-radius:3px;
  background:var(--state); }
.skip { --state:var(--skip); } .run { --state:var(--run); } .failed { --state:var(--failed); }
.new { --state:var(--new); }
.picture { overflow:auto; }
svg { display:block; }
rect.box { fill:var(--box); stroke:var(--state); stroke-width:1.5; }
rect.edge { fill:var(--state); }
text { fill:var(--ink); font-size:13px; }
text.reason { fill:var(--quiet); font-size:11px; }
text.data { fill:var(--quiet); font-size:11px; paint-order:stroke; stroke:var(--page);
  stroke-width:4px; stroke-linejoin:round; }
path.line { fill:none; stroke:var(--line); stroke-width:1.3; }
path.head { fill:var(--line); }
"""


def state_of(planned: PlannedStep) -> str:
    """Return which state a step is drawn in: ``skip``, ``run``, ``failed`` or ``new``."""
    if planned.action is Action.SKIP:
        return "skip"
    if planned.reason.startswith("last run"):
        return "failed"
    return "new" if planned.reason == "never run" else "run"


# Mermaid

_COLOURS = {
    "skip": "fill:#dafbe1,stroke:#1a7f4b,color:#1f2328",
    "run": "fill:#fff8c5,stroke:#9a6700,color:#1f2328",
    "failed": "fill:#ffebe9,stroke:#cf222e,color:#1f2328",
    "new": "fill:#ddf4ff,stroke:#0969da,color:#1f2328",
    "input": "fill:#f6f8fa,stroke:#656d76,color:#1f2328",
}


def mermaid(plan: Plan, graph: Graph) -> str:
    """Return the graph in the language of Mermaid, with the datasets that pass and those that come from outside."""
    ids = {each.step.name: f"s{number}" for number, each in enumerate(plan.steps)}
    lines = ["flowchart LR"]
    lines += [f'    {ids[each.step.name]}["{_quoted(each.step.name)}"]:::{state_of(each)}' for each in plan.steps]
    outside = dict.fromkeys(name for each in plan.steps for name in graph.inputs[each.step.name])
    inputs = {name: f"d{number}" for number, name in enumerate(outside)}
    lines += [f'    {inputs[name]}[("{_quoted(name)}")]:::input' for name in outside]
    for each in plan.steps:
        name = each.step.name
        lines += [f"    {inputs[data]} --> {ids[name]}" for data in graph.inputs[name]]
        for need in each.needs:
            label = ", ".join(graph.data[name].get(need, ()))
            lines.append(f"    {ids[need]} -->{f'|{chr(34)}{_quoted(label)}{chr(34)}|' if label else ''} {ids[name]}")
    used = dict.fromkeys([*map(state_of, plan.steps), *(["input"] if inputs else [])])
    lines += [f"    classDef {state} {_COLOURS[state]}" for state in used]
    return "\n".join(lines)


def _quoted(text: str) -> str:
    """Return a text as it may stand in quotes: what Mermaid or a page would obey by its number."""
    return "".join(f"#{ord(each)};" if each in '"#<>&;`\\' else each for each in fmt.one_line(text))


# The page


def graph_page(plan: Plan, graph: Graph) -> str:
    """Return a page of HTML with a picture of the graph, coloured by what has to be done, for light and dark."""
    states = dict.fromkeys(map(state_of, plan.steps))
    to_run = sum(each.action is Action.RUN for each in plan.steps)
    title = escape(fmt.one_line(plan.pipeline.name))
    legend = "".join(f'<li class="{state}">{_STATES[state]}</li>' for state in _STATES if state in states)
    return (
        '<!DOCTYPE html>\n<html lang="en"><head><meta charset="utf-8">'
        '<meta name="viewport" content="width=device-width">'
        f"<title>{title}</title><style>{_STYLE}</style></head><body><h1>{title}</h1>"
        f"<p>{fmt.plural(len(plan.steps), 'step')}, {to_run} to run</p><ul>{legend}</ul>"
        f'<div class="picture">{_picture(plan, graph)}</div></body></html>\n'
    )


def _picture(plan: Plan, graph: Graph) -> str:
    steps = {each.step.name: each for each in plan.steps}
    layout = layout_of([each.step.name for each in plan.steps], {name: each.needs for name, each in steps.items()})
    places, width, height = _placed(layout, steps)
    parts = [*_lines(layout, places, graph), *(_box(steps[name], *places[name]) for name in steps)]
    parts += _labels(layout, places, graph)
    size = f'width="{width:.0f}" height="{height:.0f}" viewBox="0 0 {width:.0f} {height:.0f}"'
    return f'<svg {size} role="img" xmlns="http://www.w3.org/2000/svg">{"".join(parts)}</svg>'


def _placed(layout: Layout, steps: Mapping[str, PlannedStep]) -> tuple[dict[str, tuple[float, float]], float, float]:
    """Return the left and the middle height of each place, and the size of the whole; columns are centred."""
    tall = [[_HEIGHT if place in steps else _PASSING for place in column] for column in layout.columns]
    heights = [sum(column) + _GAP_Y * (len(column) - 1) for column in tall]
    height = max(heights, default=0) + 2 * _MARGIN
    places: dict[str, tuple[float, float]] = {}
    for at, column in enumerate(layout.columns):
        y = (height - heights[at]) / 2
        for place, own in zip(column, tall[at], strict=True):
            places[place] = (_MARGIN + at * (_WIDTH + _GAP_X), y + own / 2)
            y += own + _GAP_Y
    width = 2 * _MARGIN + len(layout.columns) * (_WIDTH + _GAP_X) - _GAP_X
    return places, width, height


def _box(planned: PlannedStep, x: float, y: float) -> str:
    top, name = y - _HEIGHT / 2, fmt.one_line(planned.step.name)
    reason = fmt.one_line(planned.reason)
    return (
        f'<g class="{state_of(planned)}"><title>{escape(name)}: {escape(reason)}</title>'
        f'<rect class="box" x="{x}" y="{top}" width="{_WIDTH}" height="{_HEIGHT}" rx="7"/>'
        f'<rect class="edge" x="{x}" y="{top + 6}" width="4" height="{_HEIGHT - 12}" rx="2"/>'
        f'<text x="{x + 14}" y="{y - 3}">{escape(fmt.shortened(name, _LONGEST_NAME))}</text>'
        f'<text class="reason" x="{x + 14}" y="{y + 14}">{escape(fmt.shortened(reason, _LONGEST_REASON))}</text></g>'
    )


def _lines(layout: Layout, places: Mapping[str, tuple[float, float]], graph: Graph) -> Iterator[str]:
    for (need, name), path in layout.lines.items():
        x, y = places[need][0] + _WIDTH, places[need][1]
        drawn = f"M{x} {y}"
        for place in path[1:]:
            to_x, to_y = places[place]
            bend = (to_x - x) / 2
            drawn += f"C{x + bend} {y} {to_x - bend} {to_y} {to_x} {to_y}"
            x, y = to_x, to_y
            if place != name:  # on its way: straight through the column
                x += _WIDTH
                drawn += f"H{x}"
        what = ", ".join(graph.data[name].get(need, ()))
        hover = escape(fmt.one_line(f"{need} to {name}{': ' + what if what else ''}"))
        yield f'<g><title>{hover}</title><path class="line" d="{drawn}"/><path class="head" d="{_head(x, y)}"/></g>'


def _head(x: float, y: float) -> str:
    return f"M{x} {y}l-8 -4v8z"


def _labels(layout: Layout, places: Mapping[str, tuple[float, float]], graph: Graph) -> Iterator[str]:
    """Yield what passes along the lines, each at the end where fewer lines meet, on the side that the line leaves."""
    begins, ends = Counter(need for need, _ in layout.lines), Counter(name for _, name in layout.lines)
    spots: dict[tuple[float, float, str], dict[str, None]] = {}
    for (need, name), path in layout.lines.items():
        is_at_begin = begins[need] < ends[name]
        x, y = places[need if is_at_begin else name]
        is_from_above = places[path[1] if is_at_begin else path[-2]][1] < y
        beside = y + _BELOW if is_from_above else y - _ABOVE
        spot = (x + _WIDTH + 6, beside, "start") if is_at_begin else (x - 11, beside, "end")
        spots.setdefault(spot, {}).update(dict.fromkeys(graph.data[name].get(need, ())))
    for (x, y, anchor), data in spots.items():
        for first in [*data][:1]:
            more = f" +{len(data) - 1}" if len(data) > 1 else ""
            text = escape(fmt.shortened(fmt.one_line(first), _LONGEST_DATA)) + more
            yield f'<text class="data" x="{x}" y="{y}" text-anchor="{anchor}">{text}</text>'
