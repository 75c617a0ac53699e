"""Finds what a person asks about (a metric, a param, a table, a model of a run), and explains it from the record."""

from __future__ import annotations

import ast
import difflib
import re
from collections.abc import Collection, Iterable, Sequence
from dataclasses import dataclass, replace

from trackbook.errors import AmbiguousError, NotFoundError
from trackbook.lineage.attaching import written_at
from trackbook.lineage.code import is_definition, keyword_value, names_in
from trackbook.lineage.evidence import Evidence, leaf_of, metric_id
from trackbook.lineage.explaining import draft_of
from trackbook.lineage.segments import statement_text
from trackbook.lineage.why import (
    Draft,
    Graph,
    Node,
    NodeKind,
    reached,
    resolved,
    starts,
)
from trackbook.records import Execution, JsonValue, Origin, RunDetail, Source
from trackbook.store.contract import RunFilter, Store
from trackbook.tracking.choices import default_params, is_group, parts
from trackbook.tracking.direction import headline
from trackbook.tracking.find import witnesses_of
from trackbook.tracking.why_names import metrics_assigned_to

_PREFIXES = {"metrics": NodeKind.METRIC, "params": NodeKind.PARAM}
_SEEDING = re.compile(r"\b\w*seed\w*\s*\(")
_MOST_NAMED = 12
_MOST_SEARCHED = 50


@dataclass(frozen=True, slots=True, kw_only=True)
class Subject:
    """What is to be explained: a metric, param, table or model of a run, by its whole key."""

    kind: NodeKind
    key: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Explanation:
    """Why a part of a run is what it is. `points` counts the values of a metric, 0 for anything else."""

    run: RunDetail
    subject: Subject
    graph: Graph
    points: int = 0


def explain(store: Store, run: RunDetail, subject: str | None = None) -> Explanation:
    """Explain a metric of a run, or a param, a table or a model.

    Parameters
    ----------
    subject
        Its key; ``accuracy`` finds ``test.accuracy`` where no other key ends so. None: the run's first metric.

    Raises
    ------
    NotFoundError
        If the run has nothing of that name, or no metric.
    AmbiguousError
        If the name could be more than one.
    """
    found = find_subject(store, run, subject)
    defaults = default_params([run, *witnesses_of(store, [run])])[run.run.run_id]
    defaults |= {key for key in run.params if parts(run.params, key)}  # a pipeline's steps stand in its code
    evidence = _evidence(store, run, defaults)
    draft = draft_of(evidence)
    root = _root(draft, evidence, found)
    points = len(store.metric_history(run.run.run_id, found.key)) if found.kind is NodeKind.METRIC else 0
    return Explanation(run=run, subject=found, graph=draft.graph(root), points=points)


def newest_with(
    store: Store, subject: str | None, *, first: RunDetail | None = None, session_id: str | None = None
) -> RunDetail:
    """Return the newest run that has what a person asks about.

    Parameters
    ----------
    first
        The run to try before all others: the one that the notebook is at.
    session_id
        Only runs of this session.

    Raises
    ------
    NotFoundError, AmbiguousError
        If none of the newest runs has it, or the first that has it has it twice.
    """
    newest = store.runs(RunFilter(session_id=session_id, limit=_MOST_SEARCHED))
    candidates = [*([first] if first is not None else []), *newest]
    if not candidates:
        raise NotFoundError(f"There is no run yet in {store.location}.")
    refusal: NotFoundError | None = None
    for run in candidates:
        try:
            find_subject(store, run, subject)
        except NotFoundError as error:
            refusal = refusal or error
        else:
            return run
    raise refusal or NotFoundError(f"There is no run yet in {store.location}.")


# What is asked about


def find_subject(store: Store, run: RunDetail, text: str | None) -> Subject:
    """Return what a person means by a name; see `explain`."""
    if text is None:
        return _headline(store, run)
    prefix, _, rest = text.partition(".")
    kinds = [_PREFIXES[prefix]] if rest and prefix in _PREFIXES else list(_subjects(run))
    for wanted in dict.fromkeys((text, rest if prefix in _PREFIXES else text)):
        for match in (_is_exact, _is_last_part):
            for kind in kinds:
                keys = [key for key in _subjects(run)[kind] if match(key, wanted)]
                if kind is NodeKind.METRIC and match is _is_last_part:
                    keys = [key for key in keys if headline(key) == key] or keys
                if len(keys) > 1:
                    keys = metrics_assigned_to(store, run, text) or keys
                if len(keys) > 1:
                    listed = " or ".join(keys[:_MOST_NAMED])
                    raise AmbiguousError(f"'{text}' could be {listed} in run '{run.run.name}'. Give the whole key.")
                if keys:
                    return Subject(kind=kind, key=keys[0])
    _refuse_group(store, run)
    assigned = metrics_assigned_to(store, run, text)
    if len(assigned) == 1:
        return Subject(kind=NodeKind.METRIC, key=assigned[0])
    if assigned:
        listed = " or ".join(assigned[:_MOST_NAMED])
        raise AmbiguousError(f"'{text}' was made of {listed} in run '{run.run.name}'. Give one of them.")
    raise NotFoundError(_unknown(run, text))


def _subjects(run: RunDetail) -> dict[NodeKind, Collection[str]]:
    return {
        NodeKind.METRIC: run.metrics,
        NodeKind.PARAM: run.params,
        NodeKind.TABLE: dict.fromkeys(use.name for use in run.datasets),
        NodeKind.MODEL: dict.fromkeys(model.name for model in run.models),
    }


def _is_exact(key: str, wanted: str) -> bool:
    return key == wanted


def _is_last_part(key: str, wanted: str) -> bool:
    return key.endswith((f".{wanted}", f"__{wanted}"))


def _headline(store: Store, run: RunDetail) -> Subject:
    """Return the metric to explain where none is named: on test data if it can be."""
    keys = [key for key in run.metrics if headline(key) == key] or list(run.metrics)
    if keys:
        return Subject(kind=NodeKind.METRIC, key=min(keys, key=_role_rank))
    _refuse_group(store, run)
    known = ", ".join(key for keys in _subjects(run).values() for key in keys)
    hint = f"Ask about one of: {known}." if known else "See it with %track show."
    raise NotFoundError(f"Run '{run.run.name}' has no metric yet. {hint}")


def _refuse_group(store: Store, run: RunDetail) -> None:
    """Say which runs to ask, of one that only holds others together."""
    children = store.runs(RunFilter(parent_id=run.run.run_id, limit=_MOST_NAMED, oldest_first=True))
    if children and is_group(run):
        listed = ", ".join(child.run.name for child in children)
        raise NotFoundError(
            f"Run '{run.run.name}' has nothing of its own; it holds other runs together. Ask one of them: {listed}."
        )


def _role_rank(key: str) -> int:
    roles = ("test.", "validation.")
    return next((rank for rank, role in enumerate(roles) if key.startswith(role)), 3 if key.startswith("train.") else 2)


def _unknown(run: RunDetail, text: str) -> str:
    known = [key for keys in _subjects(run).values() for key in keys]
    leaves = {key.rpartition(".")[2]: key for key in reversed(known)}
    near = difflib.get_close_matches(text, [*known, *leaves], n=1, cutoff=0.6)
    hint = f"Did you mean '{leaves.get(near[0], near[0])}'? " if near else ""
    metrics = ", ".join(list(run.metrics)[:_MOST_NAMED]) or "none"
    return f"No metric, param, table or model '{text}' in run '{run.run.name}'. {hint}Its metrics: {metrics}."


# What is on record


def _evidence(store: Store, run: RunDetail, defaults: frozenset[str]) -> Evidence:
    """Return what the store has on a run: its origins, and the executions that flow into them."""
    origins = store.origins(run.run.run_id)
    found: dict[str, Execution] = {}
    _read_upstream(store, origins, (), found)
    seeding = _seeding(store, run, found.values())
    seeds = _seeds(seeding)
    found |= {each.execution_id: each for each in seeding}
    _read_upstream(store, origins, seeds, found)
    return Evidence(
        run=run,
        origins=resolved(origins, found),
        executions=found,
        defaults=defaults,
        seeds=seeds,
        module_texts=_module_texts(store, run),
    )


def _module_texts(store: Store, run: RunDetail) -> dict[str, str]:
    """Return the sources of the project's own modules by their paths; one that is lost is left out."""
    found = {}
    for use in run.modules:
        try:
            found[use.path] = store.get_object(use.digest).decode(errors="replace")
        except NotFoundError:
            continue
    return found


def _read_upstream(
    store: Store, origins: Sequence[Origin], seeds: Collection[Source], found: dict[str, Execution]
) -> None:
    """Read the executions that flow into origins and seeds, a generation at a time."""
    asked = set(found)
    wanted = {origin.source.execution_id for origin in origins} - asked
    while True:
        found |= {each.execution_id: each for each in (store.executions(ids=sorted(wanted)) if wanted else ())}
        asked |= wanted
        upstream = reached(starts(resolved(origins, found), found).union(seeds), found)
        wanted = {source.execution_id for source in upstream} - asked
        if not wanted:
            return


def _seeding(store: Store, run: RunDetail, executions: Iterable[Execution]) -> list[Execution]:
    """Return the session's executions that seeded a global generator, if any of some drew random numbers."""
    if not any(each.changed_state or any(statement.unseeded for statement in each.statements) for each in executions):
        return []
    return [each for each in store.executions(session_id=run.run.session_id) if _SEEDING.search(each.source)]


def _seeds(executions: Iterable[Execution]) -> list[Source]:
    """Return the statements that seed a global generator; those that define a function that does so are left out."""
    found = []
    for execution in executions:
        for number, statement in enumerate(execution.statements):
            text = statement_text(execution, statement)
            if _SEEDING.search(text) and not is_definition(text):
                found.append(Source(execution_id=execution.execution_id, statement=number))
    return found


def _root(draft: Draft, evidence: Evidence, subject: Subject) -> str:
    match subject.kind:
        case NodeKind.METRIC:
            return _metric_root(draft, evidence, subject.key)
        case NodeKind.PARAM:
            return _param_root(draft, evidence, subject.key)
        case NodeKind.TABLE:
            return next(each.node_id for each in _of_kind(draft, NodeKind.TABLE) if each.label == subject.key)
        case _:
            return _model_root(draft, evidence, subject.key)


def _metric_root(draft: Draft, evidence: Evidence, key: str) -> str:
    root = metric_id(key)
    if root not in draft.nodes:
        point = evidence.run.metrics[key]
        draft.add(Node(node_id=root, kind=NodeKind.METRIC, label=key, value=point.value, details={"step": point.step}))
        _say(draft, root, "No statement is on record for it: a script, a thread or an earlier Trackbook wrote it.")
    return root


def _param_root(draft: Draft, evidence: Evidence, key: str) -> str:
    value = evidence.run.params[key]
    root = draft.add(Node(node_id=f"param:{key}", kind=NodeKind.PARAM, label=key, value=value))
    fits = _of_kind(draft, NodeKind.FIT)
    found = [written_at(draft, fit.node_id, leaf_of(key), value) for fit in fits]
    written = {place: given for place, given in found if given is not None}
    for maker in _literals_of(draft, key, value, {ast.unparse(given) for given in written.values()}):
        draft.join(maker, root, key)
    if not draft.upstream(root):
        for place, given in written.items():
            draft.join(_alone(draft, place, key, value, given), root, key)
    if not draft.upstream(root):
        nodes = list(draft.nodes.values())
        for node in (each for each in nodes if isinstance(each.value, dict) and each.value.get(leaf_of(key)) == value):
            draft.join(node.node_id, root, key)
    if not draft.upstream(root):
        chosen = "No statement is on record for it: it was logged by hand, or is a setting of the estimator."
        _say(draft, root, "Nobody chose it: it is the default." if key in evidence.defaults else chosen)
    return root


def _literals_of(draft: Draft, key: str, value: JsonValue, handed: Collection[str]) -> list[str]:
    """Return the literals that gave a param its value: of its name, of its last part, or handed over in code."""
    literals = [each for each in _of_kind(draft, NodeKind.LITERAL) if each.value == value and each.code is not None]
    leaf = leaf_of(key)
    found = (
        [each for each in literals if each.label == key]
        or [each for each in literals if each.label == leaf or each.label.endswith(f".{leaf}")]
        or [each for each in literals if each.label in handed]
    )
    inside = [each for each in _of_kind(draft, NodeKind.LITERAL) if each.label == key and each.value == value]
    if found or not inside:
        return [each.node_id for each in found]
    ends = [edge.end for edge in draft.edges.values() if edge.start == inside[0].node_id]
    return [_alone(draft, end, key, value, keyword_value(draft.nodes[end].code or "", leaf)) for end in ends]


def _alone(draft: Draft, place: str, key: str, value: JsonValue, given: ast.expr | None) -> str:
    """Add a statement as the place of one argument: of what flows into it only what that argument is made of."""
    node = replace(draft.nodes[place], node_id=f"{place}@{key}", kind=NodeKind.LITERAL, label=key, value=value)
    draft.add(node)
    names = names_in(ast.unparse(given)) if given is not None else ()
    for edge in list(draft.edges.values()):
        if edge.end == place and edge.name in names:
            draft.join(edge.start, node.node_id, edge.name, is_sure=edge.is_sure)
    return node.node_id


def _model_root(draft: Draft, evidence: Evidence, key: str) -> str:
    model = next(each for each in evidence.run.models if each.name == key)
    details = {"class": model.class_name}
    root = draft.add(Node(node_id=f"model:{key}", kind=NodeKind.MODEL, label=key, details=details))
    for fit in _of_kind(draft, NodeKind.FIT):
        if fit.label == key:
            draft.join(fit.node_id, root, key)
    if not any(edge.end == root for edge in draft.edges.values()):
        _say(draft, root, "The statement that fitted it is not on record.")
    return root


def _say(draft: Draft, root: str, sentence: str) -> None:
    draft.join(draft.add(Node(node_id=f"said:{root}", kind=NodeKind.UNKNOWN, label=sentence)), root)


def _of_kind(draft: Draft, kind: NodeKind) -> list[Node]:
    return [node for node in draft.nodes.values() if node.kind is kind]
