"""The rules that ask what is on record of a run: that it ended well and in time, its checks, its verdict."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from trackbook.pipelines.gates.rule import Answer, Ruling, Subject
from trackbook.pipelines.gates.wording import counted, number, of_run
from trackbook.pipelines.graph.state import STEP_TAG
from trackbook.records import Check, RunDetail, RunStatus, Verdict
from trackbook.tracking.checked_lineage import checks_of
from trackbook.tracking.verdicts import family_verdicts

_MOST_LISTED = 3


@dataclass(frozen=True, slots=True, kw_only=True)
class Finished:
    """The run, and every step, ended well. It belongs to every gate."""

    name: str = "status"

    def judge(self, subject: Subject) -> Sequence[Ruling]:
        """Return whether it did."""
        asked = [subject.run, *(each for each in subject.members if STEP_TAG in each.tags)]
        unfinished = [each for each in asked if each.run.status is not RunStatus.FINISHED]
        answer = Answer.PASS if not unfinished else Answer.FAIL
        if any(each.run.status is RunStatus.RUNNING for each in unfinished):
            answer = Answer.UNKNOWN
        told = [f"{each.run.status.lower()}{of_run(subject, each)}{_failure(each)}" for each in unfinished]
        found = ", ".join(told[:_MOST_LISTED]) or "finished"
        return [Ruling(rule=self.name, wanted="finished", found=found, answer=answer)]


def _failure(run: RunDetail) -> str:
    failure = run.run.failure
    return f" ({failure.type})" if failure is not None else ""


@dataclass(frozen=True, slots=True, kw_only=True)
class ChecksPassed:
    """Every check that has to do with the runs passed.

    `names` are checks that must be among them, and then only these count; without any check nothing is known.
    """

    names: tuple[str, ...] = ()
    name: str = "checks"

    def judge(self, subject: Subject) -> Sequence[Ruling]:
        """Return whether they did."""
        checks = list(_checks(subject))
        if not self.names:
            return [self._ruling("passed", checks, "no check is on record")]
        called = {name: [each for each in checks if name in (each.name, each.schema_name)] for name in self.names}
        return [self._ruling(f"{name} passed", own, f"no check '{name}' is on record") for name, own in called.items()]

    def _ruling(self, wanted: str, checks: Sequence[Check], none: str) -> Ruling:
        failed = [each for each in checks if not each.is_passed]
        if not checks:
            found, answer = none, Answer.UNKNOWN
        elif failed:
            listed = [f"{each.name} of {each.table}: {counted(each.failures, 'failure')}" for each in failed]
            found, answer = "; ".join(listed[:_MOST_LISTED]), Answer.FAIL
        else:
            found, answer = counted(len(checks), "check") + " passed", Answer.PASS
        details = {"checks": [each.check_id for each in checks], "failed": [each.check_id for each in failed]}
        return Ruling(rule=self.name, wanted=wanted, found=found, answer=answer, details=details)


def _checks(subject: Subject) -> Iterator[Check]:
    """Yield the checks of all members, each once, and those that were made in the sessions of steps."""
    seen: set[str] = set()
    sessions = {each.run.session_id for each in subject.members if STEP_TAG in each.tags}
    found = [check for each in subject.members for check in checks_of(subject.store, each)]
    found += [check for check in subject.store.checks() if check.session_id in sessions] if sessions else []
    for check in found:
        if check.check_id not in seen:
            seen.add(check.check_id)
            yield check


@dataclass(frozen=True, slots=True, kw_only=True)
class IsClean:
    """Nothing speaks against it that the notebooks, run from their top, would make again what has metrics or models."""

    name: str = "verdict"

    def judge(self, subject: Subject) -> Sequence[Ruling]:
        """Return whether that is so."""
        runs = {each.run.run_id: each.run for each in subject.members}
        runs |= {each.run_id: each for each in family_verdicts(list(runs.values()))}
        hidden = [each for each in runs.values() if each.verdict not in (None, Verdict.CLEAN)]
        unknown = [
            each for each in subject.members if runs[each.run.run_id].verdict is None and (each.metrics or each.models)
        ]
        if hidden:
            found, answer = f"{hidden[0].verdict}: {hidden[0].verdict_reason or hidden[0].name}", Answer.FAIL
        elif unknown or all(each.verdict is None for each in runs.values()):
            where = of_run(subject, unknown[0]) if unknown else ""
            found, answer = f"nothing is known of the cells{where}", Answer.UNKNOWN
        else:
            found, answer = "clean", Answer.PASS
        return [Ruling(rule=self.name, wanted="clean", found=found, answer=answer)]


@dataclass(frozen=True, slots=True, kw_only=True)
class MaxSeconds:
    """It took no longer than so many seconds, from its start to its end."""

    seconds: float
    name: str = "max_seconds"

    def judge(self, subject: Subject) -> Sequence[Ruling]:
        """Return whether it did not."""
        run = subject.run.run
        wanted = f"<= {number(self.seconds)} s"
        if run.finished_at is None:
            return [Ruling(rule=self.name, wanted=wanted, found="it has not ended", answer=Answer.UNKNOWN)]
        took = (run.finished_at - run.started_at).total_seconds()
        answer = Answer.PASS if took <= self.seconds else Answer.FAIL
        return [Ruling(rule=self.name, wanted=wanted, found=f"{took:.3g} s", answer=answer, details={"seconds": took})]
