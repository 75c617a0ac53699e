"""Finding runs and sessions by what a person would type, and listing runs with the children beneath their parents."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from difflib import get_close_matches

from trackbook.errors import AmbiguousError, InvalidValueError, NotFoundError
from trackbook.records import Environment, RunDetail, Session
from trackbook.store.contract import RunFilter, Store

SHORT = 8
SHORTEST_PREFIX = 4
NEWEST_WORDS = frozenset({"latest", "last"})
_FIRST_PAGE = 200
_SUGGESTIONS = 3
_MOST_WITNESSES = 100
_MOST_NAMES = 200


@dataclass(frozen=True, slots=True, kw_only=True)
class Branch:
    """A run and the listed runs that it is the parent of, in the order in which they started."""

    detail: RunDetail
    children: tuple[Branch, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class RunTree:
    """A slice of the list of runs, newest first; `total` counts all runs of the filter, children included."""

    branches: tuple[Branch, ...]
    total: int

    @property
    def listed(self) -> int:
        """How many runs the slice holds, children included."""
        return sum(map(_size, self.branches))


def short_id(identifier: str) -> str:
    """Return the first eight characters of an id: its short form, which `find_run` resolves while it is unique."""
    return identifier[:SHORT]


def find_run(store: Store, reference: str, *, experiment: str | None = None) -> RunDetail:
    """Return the run that a person means: by id, by the beginning of one, by readable name, or ``latest``.

    ``latest`` is the run that was at work last: also an older one, if a cell did it again and got the same. A prefix
    has at least four characters. An exact id wins over a name, a name over a prefix.

    Raises
    ------
    NotFoundError
        If there is no such run.
    AmbiguousError
        If several runs have that name, or an id that begins so.
    """
    reference = reference.strip()
    if not reference:
        raise InvalidValueError("An empty text names no run. Give an id, the beginning of one, a name, or 'latest'.")
    if reference in NEWEST_WORDS:
        return _newest_run(store, experiment)
    for where in _readings(reference, experiment):
        found = store.runs(where)
        if len(found) > 1:
            raise AmbiguousError(_ambiguous(reference, found))
        if found:
            return found[0]
    raise NotFoundError(_no_run(store, reference, experiment))


def find_session(store: Store, reference: str) -> Session:
    """Return the session with that id, or with the only id that begins so; ``latest`` is the newest.

    Raises
    ------
    NotFoundError, AmbiguousError
        As `find_run`.
    """
    sessions = store.sessions()
    if sessions and reference in NEWEST_WORDS:
        return sessions[-1]
    found = [session for session in sessions if reference and session.session_id.startswith(reference)]
    if len(found) == 1:
        return found[0]
    if found:
        ids = ", ".join(session.session_id for session in found)
        raise AmbiguousError(f"'{reference}' is the beginning of {len(found)} sessions: {ids}. Give more of the id.")
    newest = ", ".join(short_id(session.session_id) for session in sessions[: -_SUGGESTIONS - 1 : -1])
    hint = f"Newest: {newest}." if newest else "The store holds no session yet."
    raise NotFoundError(f"No session '{reference}' in {store.location}. {hint}")


def list_runs(store: Store, where: RunFilter, *, limit: int | None = None) -> RunTree:
    """Return the newest runs of a filter as a tree: at most `limit` at the top, each with all of its children.

    A run whose parent is not among the filter's runs stands at the top. All do where a query has an order or a limit of
    its own: then that decides.
    """
    if where.query is not None and (where.query.order or where.query.limit is not None):
        found = store.runs(replace(where, limit=limit))
        return RunTree(branches=tuple(Branch(detail=detail) for detail in found), total=store.count_runs(where))
    details: list[RunDetail] = []
    size = max(_FIRST_PAGE, limit or 0)
    while True:
        page = store.runs(replace(where, limit=None if limit is None else size, offset=len(details)))
        details += page
        is_all = limit is None or len(page) < size
        tops = _tops(store, where, details, is_all=is_all)
        if is_all or len(tops) >= (limit or 0):
            break
        size *= 2
    total = len(details) if is_all else store.count_runs(where)
    beneath = _beneath(details)
    return RunTree(branches=tuple(_branch(detail, beneath) for detail in tops[:limit]), total=total)


def environments_of(store: Store, details: Sequence[RunDetail]) -> dict[str, Environment]:
    """Return the environments of runs by their ids, each read once."""
    wanted = dict.fromkeys(detail.run.environment_id for detail in details)
    found = {each: store.environment(each) for each in wanted if each}
    return {each: environment for each, environment in found.items() if environment}


def witnesses_of(store: Store, details: Sequence[RunDetail]) -> list[RunDetail]:
    """Return runs whose models tell which params of those without a model are defaults: of the same experiments."""
    lacking = [detail for detail in details if detail.params and not detail.models]
    experiments = dict.fromkeys(detail.run.experiment for detail in lacking)
    found = (store.runs(RunFilter(experiment=each, limit=_MOST_WITNESSES)) for each in experiments)
    return [detail for page in found for detail in page if detail.models]


def _newest_run(store: Store, experiment: str | None) -> RunDetail:
    """Return the run that was at work last: the newest, or an older one that a cell did again, or measured, since."""
    newest = store.runs(RunFilter(experiment=experiment, only_roots=True, limit=1))
    if not newest:
        raise NotFoundError(f"There is no run yet{_of(experiment)} in {store.location}.")
    touched = store.runs(RunFilter(experiment=experiment, of_last_execution=True, limit=1))
    if not touched or touched[0].run.run_id == newest[0].run.run_id:
        return newest[0]
    executions = store.executions(ids=[max(touched[0].execution_ids)])
    is_later = bool(executions) and executions[0].started_at > newest[0].run.started_at
    return _root(store, touched[0]) if is_later else newest[0]


def _root(store: Store, detail: RunDetail) -> RunDetail:
    while detail.run.parent_id is not None and (parents := store.runs(RunFilter(ids=[detail.run.parent_id]))):
        detail = parents[0]
    return detail


def _readings(reference: str, experiment: str | None) -> list[RunFilter]:
    """Return what a reference may mean, the likeliest first."""
    base = RunFilter(experiment=experiment, limit=_SUGGESTIONS * 3)
    readings = [replace(base, ids=[reference]), replace(base, name=reference)]
    if len(reference) >= SHORTEST_PREFIX:
        readings.append(replace(base, prefix=reference.lower()))
    return readings


def _ambiguous(reference: str, found: Sequence[RunDetail]) -> str:
    ids = ", ".join(_telling_ids([detail.run.run_id for detail in found]))
    return f"'{reference}' means {len(found)} runs or more: {ids}. Give one of these ids."


def _telling_ids(ids: Sequence[str]) -> list[str]:
    """Return the shortest beginnings of ids, from the short form up, that tell them apart."""
    longest = max(map(len, ids))
    for length in range(SHORT, longest):
        cut = [identifier[:length] for identifier in ids]
        if len(set(cut)) == len(ids):
            return cut
    return list(ids)


def _no_run(store: Store, reference: str, experiment: str | None) -> str:
    newest = store.runs(RunFilter(experiment=experiment, limit=_SUGGESTIONS))
    if not newest:
        return f"No run '{reference}'{_of(experiment)}: there is no run yet in {store.location}."
    names = ", ".join(f"{short_id(detail.run.run_id)} ({detail.run.name})" for detail in newest)
    short = f" The beginning of an id needs {SHORTEST_PREFIX} characters." if len(reference) < SHORTEST_PREFIX else ""
    meant = _nearest_name(store, reference, experiment)
    hint = f" Did you mean '{meant}'?" if meant else ""
    return f"No run '{reference}'{_of(experiment)}.{hint}{short} Newest: {names}. List them with trackbook runs."


def _nearest_name(store: Store, reference: str, experiment: str | None) -> str | None:
    """Return the name that a reference begins, or looks like, of the newest runs."""
    known = [detail.run.name for detail in store.runs(RunFilter(experiment=experiment, limit=_MOST_NAMES))]
    begun = [name for name in known if name.startswith(reference)] if len(reference) >= SHORTEST_PREFIX else []
    return next(iter(begun or get_close_matches(reference, known, n=1)), None)


def _of(experiment: str | None) -> str:
    return f" in experiment '{experiment}'" if experiment else ""


def _tops(store: Store, where: RunFilter, details: Sequence[RunDetail], *, is_all: bool) -> list[RunDetail]:
    """Return the runs that stand at the top: without a parent, or with one that the filter doesn't have.

    Children are newer than their parents: those whose parent is still to be read wait for it.
    """
    absent = {detail.run.parent_id for detail in details} - {detail.run.run_id for detail in details}
    ids = [each for each in absent if each is not None]
    if ids and not is_all:
        absent -= {detail.run.run_id for detail in store.runs(replace(where, ids=ids, limit=None, offset=0))}
    return [detail for detail in details if detail.run.parent_id is None or detail.run.parent_id in absent]


def _beneath(details: Sequence[RunDetail]) -> dict[str, list[RunDetail]]:
    beneath: dict[str, list[RunDetail]] = {}
    for detail in details:
        if detail.run.parent_id is not None:
            beneath.setdefault(detail.run.parent_id, []).append(detail)
    return beneath


def _branch(detail: RunDetail, beneath: dict[str, list[RunDetail]]) -> Branch:
    children = beneath.get(detail.run.run_id, ())
    return Branch(detail=detail, children=tuple(_branch(child, beneath) for child in reversed(children)))


def _size(branch: Branch) -> int:
    return 1 + sum(map(_size, branch.children))
