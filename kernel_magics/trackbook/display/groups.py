"""Groups of runs: mean, deviation and interval of each metric, and which groups can be told apart."""

from __future__ import annotations

import shlex
from collections.abc import Sequence
from itertools import combinations

from trackbook.display import cells
from trackbook.display import format as fmt
from trackbook.display.blocks import Block, Cell, Column, Sentence, Table, Title, Tone
from trackbook.display.shown import Look, Shown, shown
from trackbook.tracking.direction import higher_is_better
from trackbook.tracking.group_statistics import FEWEST, Difference, Statistic
from trackbook.tracking.groups import Group, Grouping

_MOST_DIFFERENCES = 30
_MOST_UNJUDGED = 6  # beyond that the few that were judged would drown
_MOST_NAMED = 3
_WIDEST = 32
_DIGESTS = frozenset({"code", "data"})
_SPEAKING = frozenset({"model", "params.model", "experiment"})  # values that say themselves what they are of


def show_groups(grouping: Grouping, look: Look | None = None) -> Shown:
    """Show groups of runs, one table for the means and one for the differences between groups."""
    look = look or Look()
    runs = len({detail.run.run_id for group in grouping.groups for detail in group.runs})
    title = f"{fmt.plural(runs, 'run')} in {fmt.plural(len(grouping.groups), 'group')}"
    blocks: list[Block] = [Title(cells=(Cell(text=title), Cell(text=f"by {', '.join(grouping.by)}", tone=Tone.QUIET)))]
    blocks.append(_means(grouping))
    blocks += _differences(grouping)
    return shown([*blocks, *(Sentence(text=note, tone=Tone.QUIET) for note in _notes(grouping))], look)


def _means(grouping: Grouping) -> Table:
    fields = [Column(title=_title(field), is_kept=True, folds=True) for field in grouping.by]
    fields += [Column(title=_title(field), folds=True, rank=1 + (field in _DIGESTS)) for field in grouping.also]
    numbers = [
        Column(title=title, is_number=True, is_kept=True) for title in ("n", "mean", "± deviation", "95 % interval")
    ]
    rows: list[tuple[Cell, ...]] = []
    for key in grouping.metrics:
        having = [group for group in grouping.groups if key in group.statistics]
        best = _best(having, key)
        rows += [(cells.metric_key(key),)] if having else []
        rows += [(*_labels(group), *_statistic(group.statistics[key], is_best=group is best)) for group in having]
    return Table(columns=(*fields, *numbers), rows=tuple(rows))


def _title(field: str) -> str:
    return field.removeprefix("params.").removeprefix("tags.")


def _labels(group: Group) -> list[Cell]:
    return [
        cells.NOTHING if _lacks(group, field) else cells.text(fmt.value(value), width=_WIDEST)
        for field, value in group.labels.items()
    ]


def _lacks(group: Group, field: str) -> bool:
    """Return whether the runs of a group have nothing of a field; a param that is ``None`` is something."""
    kind, _, key = field.partition(".")
    return group.labels[field] is None and not (kind == "params" and key in group.runs[0].params)


def _statistic(found: Statistic, *, is_best: bool) -> list[Cell]:
    interval = [each for each in (found.low, found.high) if each is not None]
    mean, *ends = fmt.aligned([found.mean, *interval])
    deviation = cells.NOTHING if found.deviation is None else Cell(text=f"± {found.deviation:.2g}")
    return [
        Cell(text=str(found.n)),
        Cell(text=mean, title=fmt.exact(found.mean), is_strong=is_best, aside="★" if is_best else ""),
        deviation,
        Cell(text=" … ".join(ends)) if ends else cells.NOTHING,
    ]


def _best(groups: list[Group], key: str) -> Group | None:
    direction = higher_is_better(key)
    if direction is None or len(groups) < 2:
        return None
    return (max if direction else min)(groups, key=lambda group: group.statistics[key].mean)


def _differences(grouping: Grouping) -> list[Block]:
    columns = (
        Column(title="metric", is_kept=True),
        Column(title="groups", is_kept=True, folds=True),
        Column(title="difference", is_number=True, is_kept=True),
        Column(title="p", is_number=True, is_kept=True),
        Column(title="", is_kept=True, folds=True),
    )
    judged = [each for each in grouping.differences if each.corrected is not None]
    unjudged = [each for each in grouping.differences if each.corrected is None]
    listed = sorted(judged, key=lambda each: each.corrected or 0.0)[:_MOST_DIFFERENCES]
    listed += unjudged if len(unjudged) <= _MOST_UNJUDGED else []
    if not listed:
        return []
    rows = tuple(_difference(grouping, each) for each in listed)
    left = len(judged) + len(unjudged) - len(rows)
    more = f"{fmt.plural(left, 'comparison')} more: compare fewer groups, or one --metric"
    return [Table(columns=columns, rows=rows, heading="Told apart?", more=more if len(judged) > len(listed) else "")]


def _difference(grouping: Grouping, each: Difference) -> tuple[Cell, ...]:
    one, other = (grouping.groups[at] for at in (each.one, each.other))
    return (
        Cell(text=each.metric),
        Cell(text=f"{_name(one, other, grouping.by)} → {_name(other, one, grouping.by)}"),
        Cell(text=fmt.signed(each.difference), title=fmt.exact(each.difference)),
        cells.NOTHING if each.corrected is None else Cell(text=_p(each.corrected)),
        _judgement(each, one, other),
    )


def _name(group: Group, other: Group, by: Sequence[str]) -> str:
    """Return what sets a group apart from another one, in words where there are any: a digest of code is none.

    What only the other one has is said of a field that was asked for.
    """
    differing = [field for field in group.labels if _differs(group, other, field)]
    own = [field for field in differing if field in by or not _lacks(group, field)] or differing[:1]
    own = [field for field in own if field not in _DIGESTS] or own
    return ", ".join(_said(group, field, is_alone=len(differing) == 1) for field in own)


def _differs(one: Group, other: Group, field: str) -> bool:
    return one.labels[field] != other.labels[field] or _lacks(one, field) != _lacks(other, field)


def _said(group: Group, field: str, *, is_alone: bool) -> str:
    if _lacks(group, field):
        return f"no {_title(field)}"
    value = fmt.shortened(fmt.value(group.labels[field]), _WIDEST)
    return value if is_alone or field in _SPEAKING else f"{_title(field)}={value}"


def _p(value: float) -> str:
    return "< 0.0001" if value < 0.0001 else f"{value:.2g}"


def _judgement(each: Difference, one: Group, other: Group) -> Cell:
    if each.is_told_apart is None:
        few = min(one.statistics[each.metric].n, other.statistics[each.metric].n)
        return Cell(text=f"not judged: n = {few}, {FEWEST} are needed", tone=Tone.QUIET)
    if each.is_told_apart:
        return Cell(text="told apart", symbol="✓", tone=Tone.GOOD)
    return Cell(text="can't be told apart", tone=Tone.QUIET)


def _notes(grouping: Grouping) -> list[str]:
    judged = sum(each.corrected is not None for each in grouping.differences)
    unjudged = len(grouping.differences) - judged + grouping.unpaired
    notes = []
    if judged:
        notes.append(
            f"p: Welch's t-test, corrected for {fmt.plural(judged, 'comparison')} (Holm); told apart below 0.05."
        )
    if unjudged > _MOST_UNJUDGED:
        notes.append(f"{unjudged} comparisons are not judged: a group has fewer than {FEWEST} runs.")
    if grouping.also:
        names = ", ".join(_title(field) for field in grouping.also)
        notes.append(
            f"Runs that differ in {names} stand in groups of their own: only seeds may differ within one."
            + _how_they_differ(grouping)
        )
    return [*notes, *_left_out(grouping)]


def _how_they_differ(grouping: Grouping) -> str:
    """Return how to see what a digest only says to be different, of two groups that nothing else tells apart."""
    for one, other in combinations(grouping.groups, 2):
        differing = {field for field in one.labels if _differs(one, other, field)}
        if differing and differing <= _DIGESTS:
            return f" See what differs: diff {one.runs[0].run.name} {other.runs[0].run.name}."
    return ""


def _left_out(grouping: Grouping) -> list[str]:
    """Return what was not compared, and how to ask for it."""
    notes = []
    if grouping.others:
        first = grouping.others[0]
        named = _listed(grouping.others)
        notes.append(
            f"Not compared: {named}. Ask for one with --metric {shlex.quote(first)}, for all with --metric all."
        )
    if grouping.candidates:
        search = grouping.searches[0]
        behind = "their search" if len(grouping.searches) == 1 else "their searches"
        notes.append(
            f"{fmt.plural(grouping.candidates, 'candidate')} stand behind {behind}. "
            f"Name a search to compare its own: compare {search} --group-by PARAM."
        )
    repetitions = sum(group.repetitions for group in grouping.groups)
    if repetitions:
        notes.append(f"{fmt.plural(repetitions, 'run')} left out: the same seed gave the same result again.")
    if grouping.left_out:
        notes.append(f"{fmt.plural(grouping.left_out, 'run')} left out: not finished, or without one of these metrics.")
    return notes


def _listed(keys: Sequence[str]) -> str:
    left = len(keys) - _MOST_NAMED
    named = ", ".join(fmt.one_line(key) for key in keys[:_MOST_NAMED])
    return f"{named} and {left} more" if left > 0 else named
