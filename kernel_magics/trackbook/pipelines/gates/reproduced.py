"""The rule that the runs came out the same when they were made again."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from trackbook.pipelines.gates.rule import Answer, Ruling, Subject
from trackbook.pipelines.gates.wording import counted, of_run
from trackbook.pipelines.reproducing.reproduce import DEFAULT_TOLERANCE, Wish, reproduce
from trackbook.records import Reproduction, ReproductionVerdict, RunDetail, RunStatus
from trackbook.tracking.find import short_id

_GOOD = {
    ReproductionVerdict.EXACT: (ReproductionVerdict.EXACT,),
    ReproductionVerdict.WITHIN_TOLERANCE: (ReproductionVerdict.EXACT, ReproductionVerdict.WITHIN_TOLERANCE),
}


@dataclass(frozen=True, slots=True, kw_only=True)
class Reproduced:
    """The newest reproduction of each run that has metrics or models came out so; `is_run` makes them now.

    A reproduction of a run speaks for all beneath it. `tolerance` is how far numbers may be apart, relative.
    """

    verdict: ReproductionVerdict = ReproductionVerdict.EXACT
    tolerance: float | None = None
    is_run: bool = False
    name: str = "reproduced"

    def judge(self, subject: Subject) -> Sequence[Ruling]:
        """Return whether they did."""
        runs = list(_to_reproduce(subject, subject.tops()))
        if not runs:
            return [self._ruling("no run has metrics or models to compare", Answer.UNKNOWN, ())]
        judged = [(run, self._reproduction(subject, run)) for run in runs]
        found = [each for _, each in judged if each is not None]
        for run, each in judged:
            if each is None:
                reason = f"not reproduced yet{of_run(subject, run)}: trackbook reproduce {short_id(run.run.run_id)}"
                return [self._ruling(reason, Answer.UNKNOWN, found)]
            if each.verdict not in _GOOD[self.verdict]:
                return [self._ruling(f"{each.verdict}{of_run(subject, run)}: {each.reason}", Answer.FAIL, found)]
            if each.verdict is not ReproductionVerdict.EXACT and each.tolerance > self._limit:
                reason = f"{each.verdict} of {each.tolerance:g}{of_run(subject, run)}, not of {self._limit:g}"
                return [self._ruling(reason, Answer.UNKNOWN, found)]
        worst = next((each for each in found if each.verdict is not ReproductionVerdict.EXACT), found[0])
        among = f" ({counted(len(found), 'run')})" if len(found) > 1 else ""
        return [self._ruling(f"{worst.verdict}{among}", Answer.PASS, found)]

    @property
    def _limit(self) -> float:
        return DEFAULT_TOLERANCE if self.tolerance is None else self.tolerance

    def _reproduction(self, subject: Subject, run: RunDetail) -> Reproduction | None:
        """Return the newest reproduction that speaks for a run: its own, or one of a run that it is beneath."""
        if self.is_run and run.run.status is not RunStatus.RUNNING:
            return reproduce(subject.store, run, Wish(tolerance=self._limit))
        by_id = {each.run.run_id: each for each in subject.members}
        found: list[Reproduction] = []
        at: RunDetail | None = run
        while at is not None:
            found += subject.store.reproductions(run_id=at.run.run_id)
            at = by_id.get(at.run.parent_id or "")
        return max(found, key=lambda each: each.at, default=None)

    def _ruling(self, found: str, answer: Answer, records: Sequence[Reproduction]) -> Ruling:
        wanted = self.verdict.value
        if self.verdict is ReproductionVerdict.WITHIN_TOLERANCE:
            wanted += f" of {self._limit:g}"
        details = {"reproductions": [each.reproduction_id for each in records]}
        return Ruling(rule=self.name, wanted=wanted, found=found, answer=answer, details=details)


def _to_reproduce(subject: Subject, runs: Sequence[RunDetail]) -> Iterator[RunDetail]:
    """Yield the uppermost runs that have something to compare."""
    for run in runs:
        if run.metrics or run.models:
            yield run
        else:
            yield from _to_reproduce(subject, subject.beneath(run.run.run_id))
