"""Makes a run again: its slice in a fresh kernel, by papermill, and what came out beside what was."""

from __future__ import annotations

import hashlib
import json
import os
import re
import secrets
from collections.abc import Callable, Mapping, Sequence
from contextlib import closing
from dataclasses import dataclass, field, replace
from pathlib import Path

from trackbook import clock
from trackbook.capture.environment import local_environment
from trackbook.errors import InvalidValueError, NotFoundError, StoreError
from trackbook.pipelines.reproducing.fresh_run import Ended, Progress, run_notebook, variables_of
from trackbook.pipelines.reproducing.scratch import ChangedFile, Prefer, Scratch, caches, sweep
from trackbook.records import (
    JsonValue,
    Reproduction,
    ReproductionVerdict,
    RunDetail,
    RunStatus,
    Session,
    is_file_key,
    json_value,
)
from trackbook.store.contract import Batch, Store
from trackbook.store.location import open_store
from trackbook.tracking.chance import chances_of
from trackbook.tracking.correspondence import Correspondence
from trackbook.tracking.environment import Findings, Policy, check_environment, differences, environment_of
from trackbook.tracking.judging import Attempt, Case, CellFailure, Judgement, judge, wants_second
from trackbook.tracking.numbers import Tolerance
from trackbook.tracking.outside import outside_of
from trackbook.tracking.pinned_datasets import PINNED, copy_datasets
from trackbook.tracking.reproduction import Compared, compare
from trackbook.tracking.slice import DataFrom, Slice, slice_run
from trackbook.tracking.slicing_restores import copy_runs
from trackbook.tracking.typed import typed_metrics
from trackbook.tracking.used_packages import used_packages
from trackbook.tracking.working_folder import paths_in, working_folder

DEFAULT_TOLERANCE = 1e-9
Report = Callable[[Progress], None]


@dataclass(frozen=True, slots=True, kw_only=True)
class Wish:
    """How a run is to be made again.

    Parameters
    ----------
    tolerance
        How far numbers may be apart, relative to the larger one; 0 for the same to the last bit.
    environment
        ``strict`` refuses where packages differ from the run's, ``check`` says so, ``ignore`` doesn't.
    data
        ``original``: the files from where they lay, checked by hash, and from what is kept where they changed.
        ``snapshot``: only what is kept.
    is_check
        Whether the slice itself is asked about, as it would run now: files that changed are read as they are.
    """

    tolerance: float = DEFAULT_TOLERANCE
    environment: str = "check"
    data: str = DataFrom.ORIGINAL.value
    is_check: bool = False

    def __post_init__(self) -> None:
        if not 0 <= self.tolerance < 1:
            raise InvalidValueError(
                f"{self.tolerance} is no tolerance. Give how far numbers may be apart, such as 1e-9, or 0."
            )
        if self.environment not in [each.value for each in Policy]:
            raise InvalidValueError(f"env={self.environment!r} is no policy. Give 'check', 'strict' or 'ignore'.")
        if self.data not in [each.value for each in DataFrom]:
            raise InvalidValueError(f"data={self.data!r} is no place for data. Give 'original' or 'snapshot'.")


def check_slice(store: Store, run: RunDetail, data: str, report: Report | None = None) -> Reproduction:
    """Run a run's slice in a fresh kernel and say whether it gives the run's metrics; nothing is put on the record.

    Parameters
    ----------
    data
        Where the slice takes its files from: ``original`` (as they are now) or ``snapshot``.

    Raises
    ------
    InvalidValueError
        If the run is still going on.
    """
    return _made_again(store, run, Wish(data=data, is_check=True), report)


def reproduce(store: Store, run: RunDetail, wish: Wish | None = None, report: Report | None = None) -> Reproduction:
    """Make a run again in a fresh kernel, compare, and put the verdict on the record.

    Nothing outside of a scratch folder is written. If something differs, it is made once more.

    Raises
    ------
    InvalidValueError
        If the run is still going on.
    """
    reproduction = _made_again(store, run, wish or Wish(), report)
    store.write(Batch(reproductions=[reproduction]))
    return reproduction


def _made_again(store: Store, run: RunDetail, wish: Wish, report: Report | None) -> Reproduction:
    if run.run.status is RunStatus.RUNNING:
        raise InvalidValueError(f"Run '{run.run.name}' is still being made. Make it again when it has ended.")
    sweep()
    began = clock.monotonic()
    found = _Reproducing(store, run, wish, report or _silent).verdict()
    return replace(found, seconds=clock.monotonic() - began)


def _silent(_: Progress) -> None:
    """Say nothing."""


@dataclass(slots=True, eq=False)
class _Reproducing:
    store: Store
    run: RunDetail
    wish: Wish
    report: Report
    slice_digest: str | None = None
    log_digest: str | None = None
    details: dict[str, JsonValue] = field(default_factory=dict)
    _seeds: list[str] = field(default_factory=list)

    def verdict(self) -> Reproduction:
        try:
            sliced = slice_run(self.store, self.run)
        except NotFoundError as error:
            return self._reproduction(Judgement(verdict=ReproductionVerdict.FAILED, reason=str(error)))
        environment = self._environment()
        if environment.is_refused:
            reason = f"The environment is another one: {environment.sentence.rstrip('.')}."
            self.details["packages"] = [str(each) for each in environment.differences]
            return self._reproduction(Judgement(verdict=ReproductionVerdict.FAILED, reason=reason))
        case = self._case(sliced, [str(each) for each in environment.differences])
        first = self._attempt(sliced, case, 1)
        if isinstance(first, Judgement):
            return self._reproduction(first)
        second = self._attempt(sliced, case, 2) if wants_second(case, first) else None
        if isinstance(second, Judgement):
            return self._reproduction(second)
        self._add_details(case, first, second)
        return self._reproduction(judge(case, first, second), first)

    def _case(self, sliced: Slice, differing: Sequence[str]) -> Case:
        runs = (self.run, *sliced.sliced.children)
        origins = [origin for each in runs for origin in self.store.origins(each.run.run_id)]
        return Case(
            sliced=sliced.sliced,
            tolerance=Tolerance(relative=self.wish.tolerance, absolute=self.wish.tolerance * 1e-3),
            typed=typed_metrics(sliced.sliced.kept, origins),
            chances=chances_of(sliced.sliced.kept, origins),
            differing=differing,
            outside=outside_of(sliced.sliced.kept),
        )

    @property
    def _preference(self) -> Prefer:
        if self.wish.data == DataFrom.SNAPSHOT:
            return Prefer.KEPT
        return Prefer.PRESENT if self.wish.is_check else Prefer.SAME

    # One fresh run

    def _attempt(self, sliced: Slice, case: Case, number: int) -> Attempt | Judgement:
        began = clock.monotonic()
        session = self._session()
        with Scratch(working_folder(sliced.sliced, session, self.store.location)) as scratch:
            lost = scratch.add_files(sliced.files, self.store.get_object, self._preference)
            if lost:
                return Judgement(verdict=ReproductionVerdict.FAILED, reason=_lost(lost, self.wish))
            try:
                pinned = self._put_data(scratch, sliced)
            except NotFoundError as error:
                return Judgement(verdict=ReproductionVerdict.FAILED, reason=str(error))
            ended = self._execute(scratch, sliced, session, number, pinned)
            compared, failure = self._compared(scratch, case, ended)
            if number == 1 and not self.wish.is_check:
                self._keep(scratch, ended)
            notes = {"replaced": scratch.replaced} | scratch.notes()
        return Attempt(compared=compared, failure=failure, notes=notes, seconds=clock.monotonic() - began)

    def _compared(self, scratch: Scratch, case: Case, ended: Ended) -> tuple[Compared | None, CellFailure | None]:
        try:
            found = open_store(scratch.path / "store", create=False)
        except (NotFoundError, StoreError):  # the kernel never came to record anything
            return None, ended.failure or CellFailure(cell_id=None, name="kernel", message="It recorded nothing.")
        with closing(found):
            if ended.failure is None:
                return compare(self.store, found, case.sliced, case.tolerance), None
            source = Correspondence.of(self.store, found, case.sliced).failed_at()
            return None, replace(ended.failure, source=source)

    def _execute(self, scratch: Scratch, sliced: Slice, session: Session | None, number: int, pinned: str) -> Ended:
        name = Path(session.notebook).with_suffix(".ipynb").name if session and session.notebook else "notebook.ipynb"
        notebook = scratch.folder / name
        notebook.write_text(_with_places(sliced, scratch), encoding="utf-8")
        absent = _written(sliced)
        scratch.add_named(paths_in(sliced.sliced), absent)
        runs = () if self.wish.is_check else (self.run, *sliced.sliced.children)  # a slice imports them as they are
        modules = {use for each in runs for use in each.modules}
        plan = scratch.plan(
            modules=scratch.add_modules(sorted(modules, key=lambda use: use.name), self.store.get_object),
            absent=absent,
            allowed=caches(),
        )
        variables = variables_of(
            scratch,
            plan=plan,
            notebook=notebook,
            experiment=self.run.run.experiment,
            hash_seed=self._hash_seed(number),
        )
        variables[PINNED] = pinned
        return run_notebook(
            scratch, notebook, variables, lambda at, of: self.report(Progress(attempt=number, cell=at, cells=of))
        )

    def _put_data(self, scratch: Scratch, sliced: Slice) -> str:
        """Put what the slice takes from the store into the fresh kernel's; return which versions it is to load."""
        datasets, runs = sliced.sliced.datasets, sliced.sliced.restored
        if not datasets and not runs:
            return ""
        with closing(open_store(scratch.path / "store", create=True)) as target:
            copy_runs(self.store, target, runs)
            return copy_datasets(self.store, target, datasets)

    def _hash_seed(self, number: int) -> str:
        """Return the seed of text hashes: the one that is set here, else another one for each fresh run."""
        given = os.environ.get("PYTHONHASHSEED", "")
        if given.isdigit():
            return given
        while len(self._seeds) < number:
            self._seeds.append(str(secrets.randbelow(2**32 - 1) + 1))
        return self._seeds[number - 1]

    def _keep(self, scratch: Scratch, ended: Ended) -> None:
        """Keep the notebook as it came out, and what its process printed."""
        shown = scratch.path / "out.ipynb"
        if shown.exists():
            self.slice_digest = self.store.put_object(shown.read_bytes())
        text = _streams(shown) + ended.printed
        self.log_digest = self.store.put_object(text.encode("utf-8", "replace")) if text else None

    # What else is known

    def _session(self) -> Session | None:
        return next(iter(self.store.sessions(ids=[self.run.run.session_id])), None)

    def _environment(self) -> Findings:
        """Return what the wished policy makes of the environment here, beside the one that the run had."""
        if self.wish.environment == Policy.IGNORE:
            return Findings()
        then, here = environment_of(self.store, self.run), local_environment()
        used = used_packages(self.store, self.run, then) if then is not None and differences(then, here) else ()
        return check_environment(then, here, self.wish.environment, used)

    def _add_details(self, case: Case, first: Attempt, second: Attempt | None) -> None:
        found: dict[str, object] = {
            "chances": list(case.chances),
            "packages": list(case.differing),
            "outside": list(case.outside),
            "notes": list(case.sliced.notes),
            "unmade": list(first.compared.unmade) if first.compared is not None else [],
            "kernels": 1 if second is None else 2,
            "hash_seeds": list(self._seeds) or [os.environ.get("PYTHONHASHSEED", "")],
            **{kind: list(texts) for kind, texts in first.notes.items()},
        }
        self.details |= {name: json_value(value) for name, value in found.items() if value}

    def _reproduction(self, judgement: Judgement, first: Attempt | None = None) -> Reproduction:
        compared = first.compared if first is not None else None
        return Reproduction(
            reproduction_id=clock.new_id(),
            run_id=self.run.run.run_id,
            at=clock.now(),
            verdict=judgement.verdict,
            reason=judgement.reason,
            tolerance=self.wish.tolerance,
            environment=self.wish.environment,
            comparisons=compared.comparisons if compared is not None else (),
            slice_digest=self.slice_digest,
            log_digest=self.log_digest,
            first_difference=judgement.first_difference,
            details=self.details,
        )


def _lost(lost: Sequence[ChangedFile], wish: Wish) -> str:
    paths = [each.path for each in lost]
    more = f" and {len(paths) - 1} more" if len(paths) > 1 else ""
    if wish.data == DataFrom.SNAPSHOT:
        return f"The store doesn't keep {paths[0]}{more} as the run read it. Reproduce it with data original."
    what = "is gone" if lost[0].is_gone else "changed since the run read it"
    return f"The file {paths[0]} {what}, and the store doesn't keep what it was{more and f'; so it is with{more[4:]}'}."


def _written(sliced: Slice) -> list[str]:
    """Return the files that the slice reads and makes itself: none of them is to come from outside."""
    given = {file.path for file in sliced.files}
    return sorted(
        file.path
        for kept in sliced.sliced.kept
        for at in kept.piece.statements
        for file in kept.piece.execution.statements[at].files
        if file.path not in given and any(map(is_file_key, kept.piece.execution.statements[at].reads))
    )


def _with_places(sliced: Slice, scratch: Scratch) -> str:
    """Return the notebook, with whole paths of files that changed turned to where they are as they were."""
    named = paths_in(sliced.sliced)
    moved = {file.path: str(scratch.place(file.path)) for file in sliced.files if file.path in named}
    text = sliced.text()
    for path, place in moved.items():
        if _is_other(path, place):
            written = re.escape(json.dumps(path)[1:-1])
            text = re.sub(rf"{written}(?![\w/.-])", json.dumps(place)[1:-1].replace("\\", r"\\"), text)
    return text


def _is_other(path: str, place: str) -> bool:
    here, there = Path(path), Path(place)
    if not there.is_file():
        return False
    digests = [hashlib.sha256(each.read_bytes()).digest() if each.is_file() else b"" for each in (here, there)]
    return digests[0] != digests[1]


def _streams(notebook: Path) -> str:
    """Return what the cells of a notebook printed."""
    if not notebook.exists():
        return ""
    cells: list[Mapping[str, object]] = json.loads(notebook.read_text(encoding="utf-8"))["cells"]
    texts = []
    for cell in cells:
        outputs = cell.get("outputs")
        for output in outputs if isinstance(outputs, list) else ():
            if output.get("output_type") == "stream":
                texts.append("".join(output["text"]))
            elif output.get("output_type") == "error":
                texts.append("\n".join(output["traceback"]) + "\n")
    return "".join(texts)
