"""Finds what a person asks about (a metric, a param, a table, a model of a run), and explains it from the record."""

from __future__ import annotations

import difflib
from collections.abc import Collection, Sequence
from dataclasses import dataclass

from trackbook.errors import AmbiguousError, NotFoundError
from trackbook.lineage.explaining import Evidence, draft_of, metric_id
from trackbook.lineage.why import Draft, Graph, Node, NodeKind, reached, starts
from trackbook.records import Execution, Origin, RunDetail
from trackbook.store.contract import RunFilter, Store
from trackbook.tracking.choices import default_params
from trackbook.tracking.direction import headline
from trackbook.tracking.find import witnesses_of

_PREFIXES = {"metrics": NodeKind.METRIC, "params": NodeKind.PARAM}
_MOST_NAMED = 12


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
    origins = store.origins(run.run.run_id)
    executions = _executions(store, origins)
    defaults = default_params([run, *witnesses_of(store, [run])])[run.run.run_id]
    evidence = Evidence(run=run, origins=origins, executions=executions, defaults=defaults)
    draft = draft_of(evidence)
    root = _root(draft, evidence, found)
    points = len(store.metric_history(run.run.run_id, found.key)) if found.kind is NodeKind.METRIC else 0
    return Explanation(run=run, subject=found, graph=draft.graph(root), points=points)


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
                    listed = " or ".join(keys[:_MOST_NAMED])
                    raise AmbiguousError(f"'{text}' could be {listed} in run '{run.run.name}'. Give the whole key.")
                if keys:
                    return Subject(kind=kind, key=keys[0])
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
    children = store.runs(RunFilter(parent_id=run.run.run_id, limit=_MOST_NAMED, oldest_first=True))
    if children:
        listed = ", ".join(child.run.name for child in children)
        raise NotFoundError(
            f"Run '{run.run.name}' has no metric of its own; it holds other runs together. Ask one of them: {listed}."
        )
    known = ", ".join(key for keys in _subjects(run).values() for key in keys)
    hint = f"Ask about one of: {known}." if known else "See it with %track show."
    raise NotFoundError(f"Run '{run.run.name}' has no metric yet. {hint}")


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


def _executions(store: Store, origins: Sequence[Origin]) -> dict[str, Execution]:
    """Return the executions that flow into origins, by id, read a generation at a time."""
    found: dict[str, Execution] = {}
    asked: set[str] = set()
    wanted = {origin.source.execution_id for origin in origins}
    while wanted:
        found |= {each.execution_id: each for each in store.executions(ids=sorted(wanted))}
        asked |= wanted
        upstream = reached(starts(origins, found), found)
        wanted = {source.execution_id for source in upstream} - asked
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
    value, leaf = evidence.run.params[key], key.rpartition(".")[2]
    root = draft.add(Node(node_id=f"param:{key}", kind=NodeKind.PARAM, label=key, value=value))
    literals = [each for each in _of_kind(draft, NodeKind.LITERAL) if each.value == value]
    makers = [each for each in literals if each.label == key] or [each for each in literals if each.label == leaf]
    loops = [each for each in draft.nodes.values() if isinstance(each.value, dict) and each.value.get(leaf) == value]
    for maker in makers or loops:
        draft.join(maker.node_id, root, key)
    if makers or loops:
        return root
    fits = _of_kind(draft, NodeKind.FIT)
    if key in evidence.defaults:
        kinds = " or ".join(dict.fromkeys(str(each.details["class"]).rpartition(".")[2] for each in fits))
        _say(draft, root, f"Nobody chose it: it is what {kinds or 'the estimator'} takes by default.")
    else:
        for fit in fits:
            draft.join(fit.node_id, root, key)
        if not fits:
            _say(draft, root, "It was logged by hand, or injected before a cell ran: no statement is on record for it.")
    return root


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
