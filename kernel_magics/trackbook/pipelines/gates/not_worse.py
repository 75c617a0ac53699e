"""The rule that a run is not worse than another one: on the same rows, and beyond what chance may do."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace

from trackbook.errors import AmbiguousError, NotFoundError
from trackbook.pipelines.gates.evaluation import Evaluation, NotKnownError, evaluation_of, predictions_on
from trackbook.pipelines.gates.metrics import Measured, Wanted, Which, find_metric
from trackbook.pipelines.gates.paired import Interval, Rows, paired_bootstrap
from trackbook.pipelines.gates.rule import Answer, Ruling, Subject
from trackbook.pipelines.gates.subject import find_subject
from trackbook.pipelines.gates.wording import number
from trackbook.store.contract import Store
from trackbook.tracking.direction import higher_is_better

FEWEST_ROWS = 30


@dataclass(frozen=True, slots=True, kw_only=True)
class NotWorse:
    """A metric is not worse than that of another run.

    Both models are asked about the same rows, and the interval of the difference is found by `paired_bootstrap`.
    Without a `margin` the rule fails if the whole interval lies on the worse side: if the run is worse by more than
    chance. With one it passes only if the whole interval lies above it: if it is certain enough that the run is worse
    by no more than that.

    Attributes
    ----------
    reference
        The other run, or a pipeline, as `find_subject` finds it: of the pipeline that is judged, its run before.
    is_higher_better
        None: what the metric's name says.
    allow_unpaired
        Compare the two values where there are no rows to compare on; chance counts for nothing then.
    fewest_rows
        Fewer tell nothing.
    trust
        Types that models may hold beside those that skops trusts.
    """

    reference: str
    wanted: Wanted
    is_higher_better: bool | None = None
    margin: float | None = None
    confidence: float = 0.95
    resamples: int | None = None
    seed: int = 0
    fewest_rows: int = FEWEST_ROWS
    allow_unpaired: bool = False
    trust: tuple[str, ...] = ()
    name: str = "not_worse_than"

    def judge(self, subject: Subject) -> Sequence[Ruling]:
        """Return whether it is not."""
        try:
            other = find_subject(subject.store, self.reference, before=subject.run)
            ours, theirs = self._measured(subject, self.wanted), self._measured(other, self._wanted_of(other))
            if ours.run.run.run_id == theirs.run.run.run_id:
                raise NotKnownError(f"{self.reference} is the very run that is judged; name another one")
        except (NotFoundError, AmbiguousError, NotKnownError) as error:
            return [self._ruling(str(error).rstrip("."), Answer.UNKNOWN)]
        try:
            return [self._paired(subject.store, ours, theirs)]
        except NotKnownError as error:
            return [self._unpaired(ours, theirs, str(error))]

    def _wanted_of(self, other: Subject) -> Wanted:
        """Return what is asked of the other: its step only where it has steps."""
        return self.wanted if other.steps() else replace(self.wanted, step=None)

    def _measured(self, subject: Subject, wanted: Wanted) -> Measured:
        search = find_metric(subject, wanted)
        name = subject.run.run.name
        if not search.measured:
            raise NotKnownError(f"{name}: {search.reason}")
        if len(search.measured) > 1 and wanted.which is not Which.BEST:
            runs = ", ".join(f"{each.run.run.name} ({number(each.value)})" for each in search.measured[:4])
            raise NotKnownError(f"several runs of {name} have it: {runs}; say which by step, or 'of: best' or 'last'")
        ranked = sorted(search.measured, key=lambda each: self._sign(each.key) * each.value)
        return ranked[-1]

    def _sign(self, key: str) -> int:
        is_higher = higher_is_better(key) if self.is_higher_better is None else self.is_higher_better
        if is_higher is None:
            raise NotKnownError(f"whether more of {key} is better isn't known: say 'better: higher' or 'better: lower'")
        return 1 if is_higher else -1

    # On the same rows

    def _paired(self, store: Store, ours: Measured, theirs: Measured) -> Ruling:
        sign = self._sign(ours.key)
        one, other = self._evaluations(store, ours, theirs)
        if one.rows < self.fewest_rows:
            raise NotKnownError(f"{one.rows} rows are too few to tell, {self.fewest_rows} would do")
        rows, remark = self._same_rows(store, one, other)
        found = paired_bootstrap(
            rows, one.measure, confidence=self.confidence, resamples=self.resamples, seed=self.seed
        )
        if found is None:
            raise NotKnownError(f"{ours.key} has no value on many a resample of these {one.rows} rows")
        details = _details(found, one, theirs, is_refitted=bool(remark))
        text = f"{_interval_text(found, one, remark)}, {self._meaning(found, sign)}"
        return self._ruling(text, self._answer(found, sign), details)

    def _evaluations(self, store: Store, ours: Measured, theirs: Measured) -> list[Evaluation]:
        """Return what both values were measured on; what is to be trusted for that is asked for all at once."""
        found, errors = [], []
        for each in (ours, theirs):
            try:
                found.append(evaluation_of(store, each.run, each.key, self.trust))
            except NotKnownError as error:
                errors.append(error)
        reasons = "; ".join(dict.fromkeys(map(str, errors)))
        untrusted = dict.fromkeys(name for each in errors for name in each.untrusted)
        if untrusted:
            line = ", ".join([*self.trust, *untrusted])
            raise NotKnownError(f"{reasons}. If you do, write into not_worse_than: `trust: {line}`")
        if errors:
            raise NotKnownError(reasons)
        return found

    def _same_rows(self, store: Store, one: Evaluation, other: Evaluation) -> tuple[Rows, str]:
        """Return the rows, with both predictions, of the run that is judged, and a remark where it is new to the other.

        If the other model has seen such rows in training, that speaks for it: what passes would have passed anyway.
        """
        if one.measure != other.measure:
            raise NotKnownError(f"it was measured otherwise: {_call(one)} here, {_call(other)} there")
        if one.is_on_rows_of(other):
            return Rows(truth=one.truth, one=one.predicted, other=other.predicted), ""
        if one.inputs is None:
            raise NotKnownError(f"{other.run.run.name} was measured on other rows")
        predicted = predictions_on(store, other, one.inputs)
        return Rows(truth=one.truth, one=one.predicted, other=predicted), f"predicted anew by {other.run.run.name}"

    def _answer(self, found: Interval, sign: int) -> Answer:
        worst, best = _ends(found, sign)
        if self.margin is not None:
            return Answer.PASS if worst >= -self.margin else Answer.FAIL
        return Answer.PASS if best >= 0 else Answer.FAIL

    def _meaning(self, found: Interval, sign: int) -> str:
        """Return the answer in words."""
        worst, best = _ends(found, sign)
        if self.margin is not None and worst < -self.margin:
            return f"may be worse by up to {number(-worst)}"
        if best < 0:
            return "worse by more than chance" if self.margin is None else f"worse by no more than {number(-worst)}"
        return "better by more than chance" if worst > 0 else "no more than chance"

    # By their values only

    def _unpaired(self, ours: Measured, theirs: Measured, reason: str) -> Ruling:
        values = f"{number(ours.value)} against {number(theirs.value)}"
        if not self.allow_unpaired:
            return self._ruling(f"{values}, but they can't be paired: {reason}", Answer.UNKNOWN)
        difference = self._sign(ours.key) * (ours.value - theirs.value)
        answer = Answer.PASS if difference >= -(self.margin or 0.0) else Answer.FAIL
        return self._ruling(f"{values}, unpaired: {reason}", answer, {"difference": difference, "paired": False})

    def _ruling(self, found: str, answer: Answer, details: dict[str, object] | None = None) -> Ruling:
        by = f" by more than {number(self.margin)}" if self.margin is not None else ""
        wanted = f"{self.wanted} not worse than {self.reference}{by}"
        return Ruling(rule=self.name, wanted=wanted, found=found, answer=answer, details=details or {})


def _ends(found: Interval, sign: int) -> tuple[float, float]:
    """Return how much worse, and how much better, it may be: the ends of the interval, more being better."""
    return (found.low, found.high) if sign > 0 else (-found.high, -found.low)


def _call(evaluation: Evaluation) -> str:
    options = ", ".join(f"{name}={value!r}" for name, value in evaluation.measure.options.items())
    return f"{evaluation.measure.name}({options})"


def _interval_text(found: Interval, one: Evaluation, remark: str) -> str:
    rows = f"{found.rows} rows of {one.truth_use.name}{f', {remark}' if remark else ''}"
    values = f"{number(found.one)} against {number(found.other)}"
    interval = f"{found.difference:+.4g} [{found.low:+.4g}, {found.high:+.4g}]"
    return f"{values}: {interval} ({100 * found.confidence:g} %, {rows})"


def _details(found: Interval, one: Evaluation, theirs: Measured, *, is_refitted: bool) -> dict[str, object]:
    return {
        "paired": True,
        "against": theirs.run.run.run_id,
        "difference": found.difference,
        "low": found.low,
        "high": found.high,
        "confidence": found.confidence,
        "n": found.rows,
        "resamples": found.resamples,
        "snapshot": one.truth_use.snapshot_id,
        "predicted_anew": is_refitted,
    }
