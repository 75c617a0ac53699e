"""Which statement an event happened at, as the record that a run keeps of it."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import replace

from trackbook.capture.events import Event, MetricEvent
from trackbook.capture.flow import OUTSIDE, Flow
from trackbook.capture.secrets import redact_value
from trackbook.lineage.graph import Lineage
from trackbook.records import FileRead, Origin, OriginKind, Source, Statement


def origin_of(kind: OriginKind, key: str, event: Event) -> Origin | None:
    """Return what made a run's metric or model, None where the event has no statement (a thread's, between cells)."""
    if event.source is None:
        return None
    inputs = event.inputs
    constants = {**inputs.literals, **inputs.inner_loop_values}
    fits = event.fits if isinstance(event, MetricEvent) else ()
    return Origin(
        kind=kind,
        key=key,
        source=event.source,
        names=tuple(sorted(inputs.names | {each.function for each in inputs.inside})),
        literals={name: redact_value(name, value) for name, value in constants.items()},
        inside=inputs.inside,
        fits=tuple(dict.fromkeys(fit.source for fit in fits if fit.source is not None)),
        unseeded=tuple(dict.fromkeys(event.unseeded)),
    )


def place(event: Event, execution_id: str) -> None:
    """Let an event know the statement of the cell that it happened at, once the cell has its id in the store."""
    if event.inputs.node is not None:
        event.source = Source(execution_id=execution_id, statement=event.inputs.node)


def with_asked(
    statements: tuple[Statement, ...], events: Iterable[Event], flow: Flow, execution_id: str, lineage: Lineage
) -> tuple[Statement, ...]:
    """Return a cell's statements with the makers of names that only a magic's line mentions."""
    found = list(statements)
    for event in events:
        node = event.inputs.node
        for name in sorted(event.inputs.names) if node is not None and node < len(found) else ():
            statement = found[node or 0]
            if name in statement.reads:
                continue
            makers = flow.makers(node or 0, name)
            own = (Source(execution_id=execution_id, statement=each) for each in sorted(makers) if each != OUTSIDE)
            sources = (*(lineage.sources.get(name, ()) if OUTSIDE in makers else ()), *own)
            if sources:
                found[node or 0] = replace(statement, reads={**statement.reads, name: sources})
    return tuple(found)


def with_arrivals(
    statements: tuple[Statement, ...],
    files: Mapping[int, Sequence[FileRead]],
    unseeded: Mapping[int, Sequence[str]],
) -> tuple[Statement, ...]:
    """Return a cell's statements with the files that each of them read and what it drew without a seed."""
    if not files and not unseeded:
        return statements
    return tuple(
        replace(
            statement,
            files=tuple(dict.fromkeys(files.get(number, ()))),
            unseeded=tuple(dict.fromkeys(unseeded.get(number, ()))),
        )
        if number in files or number in unseeded
        else statement
        for number, statement in enumerate(statements)
    )
