"""Which of the runs that a slice made is which of the original's: by the statements that made them, not by name."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from itertools import groupby

from trackbook.records import Execution, Origin, OriginKind, Outcome, RunDetail, Source
from trackbook.store.contract import RunFilter, Store
from trackbook.tracking.slice import SlicedRun
from trackbook.tracking.slicing_source import Kept

_MOST_SIBLINGS = 200
Made = frozenset[tuple[OriginKind, str, Source]]
"""What was made, and by which statement of the original session."""


def original_sources(sliced: SlicedRun) -> dict[str, tuple[Source | None, ...]]:
    """Return, by the ids of a slice's cells, which statement of the original each of a cell's statements is.

    None stands for what the slice added.
    """
    taken = {param.number for param in sliced.params}
    found: dict[str, tuple[Source | None, ...]] = {}
    for at, (execution_id, group) in enumerate(groupby(sliced.kept, key=lambda each: each.part.execution_id), start=1):
        sources: list[Source | None] = []
        for kept in group:
            if kept.part.number not in taken:
                sources += _sources_of(kept, execution_id)
        found[f"cell-{at}"] = tuple(sources)
    return found


def _sources_of(kept: Kept, execution_id: str) -> list[Source | None]:
    own: list[Source | None] = [Source(execution_id=execution_id, statement=at) for at in kept.piece.statements]
    return [None, *own, None] if kept.piece.failed else own  # inside a ``try`` with a ``pass``


@dataclass(slots=True, eq=False)
class Correspondence:
    """Tells what in a slice's session stands for what in the original's.

    `sources` gives for each statement that ran the one that it stands for. `runs` and `executions` are those of the
    slice's session, without the runs that were put into its store to be brought back.
    """

    original: Store
    found: Store
    sources: Mapping[Source, Source]
    runs: Sequence[RunDetail]
    executions: Sequence[Execution] = ()
    _made: dict[str, Made] = field(default_factory=dict)

    @classmethod
    def of(cls, original: Store, found: Store, sliced: SlicedRun) -> Correspondence:
        """Return how what a store holds of a slice's only session stands to the original."""
        known = original_sources(sliced)
        copied = {each.run.session_id for each in sliced.restored}
        executions = [each for each in found.executions() if each.session_id not in copied]
        runs = [each for each in found.runs(RunFilter(oldest_first=True)) if each.run.session_id not in copied]
        sources: dict[Source, Source] = {}
        for execution in executions:
            sources.update(_pairs(execution, known.get(execution.cell_id or "", ())))
        return cls(original, found, sources, runs, executions)

    def failed_at(self) -> Source | None:
        """Return the statement of the original at which the slice's session ended with an error, if it did."""
        if not self.executions or self.executions[-1].outcome is not Outcome.ERROR:
            return None
        failed = self.executions[-1]
        return self.sources.get(Source(execution_id=failed.execution_id, statement=len(failed.statements) - 1))

    def run_for(self, run: RunDetail) -> RunDetail | None:
        """Return the run that stands for one of the original, None if nothing of it was made.

        Of several that one statement made, in a loop, it is the one with the same params, else the one in its place.
        """
        wanted = _without_roles(self.made_originally(run))
        scores = {each.run.run_id: len(wanted & _without_roles(self.made(each))) for each in self.runs}
        best = max(scores.values(), default=0)
        candidates = [each for each in self.runs if best and scores[each.run.run_id] == best]
        if len(candidates) < 2:
            return candidates[0] if candidates else None
        siblings = self._siblings(run, wanted)
        place = [each.run.run_id for each in siblings].index(run.run.run_id)
        if len(siblings) == len(candidates):
            return candidates[place]
        same = [each for each in candidates if each.params == run.params]
        return same[0] if len(same) == 1 else None

    def made(self, run: RunDetail) -> Made:
        """Return what a run of the slice's session was made of, as statements of the original."""
        run_id = run.run.run_id
        if run_id not in self._made:
            origins = self.found.origins(run_id)
            pairs = ((each, self.sources.get(each.source)) for each in origins)
            self._made[run_id] = frozenset((each.kind, each.key, source) for each, source in pairs if source)
        return self._made[run_id]

    def made_originally(self, run: RunDetail) -> Made:
        """Return what a run of the original was made of."""
        return _made_of(self.original.origins(run.run.run_id))

    def metric_for(self, run: RunDetail, other: RunDetail | None, key: str) -> tuple[RunDetail, str] | None:
        """Return where a metric of a run was measured again: the run and the key there, None if nowhere.

        The same statement measured it; its key may have another role, for what else was done with the data is not in
        the slice. It may be in another run than the rest.
        """
        wanted = {
            source for kind, each, source in self.made_originally(run) if (kind, each) == (OriginKind.METRIC, key)
        }
        for holder in ([other] if other is not None else []) + list(self.runs):
            keys = [each for kind, each, source in self.made(holder) if kind is OriginKind.METRIC and source in wanted]
            keys = [each for each in dict.fromkeys(keys) if each in holder.metrics]
            found = _likest(key, keys)
            if found is not None and (holder is other or self._measured_in(wanted) == 1):
                return holder, found
        if not wanted and other is not None and key in other.metrics:  # logged where no statement is known
            return other, key
        return None

    def _measured_in(self, wanted: set[Source]) -> int:
        """Return how many runs of the slice's session some statements measured something in."""
        return sum(any(source in wanted for *_, source in self.made(each)) for each in self.runs)

    def _siblings(self, run: RunDetail, wanted: Made) -> list[RunDetail]:
        """Return the runs of the original that the same statements made, perhaps others too; the run is among them."""
        executions = {source.execution_id for *_, source in wanted}
        session = self.original.runs(RunFilter(session_id=run.run.session_id, oldest_first=True))
        beside = [each for each in session if executions & set(each.execution_ids)][:_MOST_SIBLINGS]
        found = [each for each in beside if wanted <= _without_roles(self.made_originally(each))]
        return found if any(each.run.run_id == run.run.run_id for each in found) else [run]


def _without_roles(made: Made) -> Made:
    return frozenset((kind, key.rpartition(".")[2], source) for kind, key, source in made)


def _likest(key: str, keys: Sequence[str]) -> str | None:
    """Return the key that is the same, else the one that differs in its role alone, else the only one."""
    if key in keys:
        return key
    same = [each for each in keys if each.rpartition(".")[2] == key.rpartition(".")[2]]
    return same[0] if len(same) == 1 else keys[0] if len(keys) == 1 else None


def _made_of(origins: Sequence[Origin]) -> Made:
    return frozenset((each.kind, each.key, each.source) for each in origins)


def _pairs(execution: Execution, sources: Sequence[Source | None]) -> dict[Source, Source]:
    """Return which statement of the original each statement of an execution is; none if they don't agree in number."""
    if len(sources) < len(execution.statements):  # there are fewer where a cell failed
        return {}
    own = (Source(execution_id=execution.execution_id, statement=at) for at in range(len(execution.statements)))
    return {mine: source for mine, source in zip(own, sources, strict=False) if source is not None}
