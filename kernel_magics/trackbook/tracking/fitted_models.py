"""The models that runs fitted, page by page; and one of them made a version of a name, without being loaded."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from trackbook.errors import AmbiguousError, NotFoundError
from trackbook.records import MODEL, DatasetVersion, Model, RunDetail
from trackbook.records.query import Comparison, Field, Has, Operator, Query, Scope
from trackbook.store.contract import RunFilter, Store
from trackbook.tracking.dataset_names import check_name
from trackbook.tracking.datasets import Maker, publish_snapshot

_BY_FILE = "skops:"  # begins the fingerprint of a model that nobody loaded: the digest of its file follows


@dataclass(frozen=True, slots=True, kw_only=True)
class FittedModel:
    """A model with its run.

    `size` counts the bytes that its file takes, None where it is not kept. `published` are the versions that hold that
    very file.
    """

    model: Model
    detail: RunDetail
    size: int | None = None
    published: tuple[DatasetVersion, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class FittedPage:
    """The models of a page of runs, the newest run first; `total` counts the runs with a model on all pages."""

    models: tuple[FittedModel, ...]
    total: int


def fitted_models(store: Store, *, name: str = "", limit: int | None = None, offset: int = 0) -> FittedPage:
    """Return the models of the newest runs that have one.

    Parameters
    ----------
    name
        A part of what the model, or its class, is called; all if empty.
    limit, offset
        Which of these runs; a run's models are never parted.
    """
    field = Field(scope=Scope.RUN, key="model")
    wanted = Comparison(field=field, operator=Operator.CONTAINS, value=name) if name else Has(field=field)
    where = RunFilter(query=Query(where=wanted), limit=limit, offset=offset)
    with store.frozen() as still:
        details, total = still.runs(where), still.count_runs(where)
    found = [(model, detail) for detail in details for model in detail.models if _is_called(model, name)]
    return FittedPage(models=_known(store, found), total=total)


def fitted_model(store: Store, detail: RunDetail, reference: str) -> FittedModel:
    """Return a model of a run, by its id or its name.

    Raises
    ------
    NotFoundError
        If the run has none that is called so.
    AmbiguousError
        If it has several.
    """
    found = [each for each in detail.models if each.model_id == reference]
    found = found or [each for each in detail.models if each.name == reference]
    if not found:
        has = ", ".join(each.name for each in detail.models) or "none"
        raise NotFoundError(f"Run '{detail.run.name}' has no model '{reference}'. Its models: {has}.")
    if len(found) > 1:
        ids = ", ".join(each.model_id for each in found)
        raise AmbiguousError(
            f"Run '{detail.run.name}' has {len(found)} models '{reference}'. Give one of the ids {ids}."
        )
    (known,) = _known(store, [(found[0], detail)])
    return known


def publish_fitted(store: Store, fitted: FittedModel, name: str) -> DatasetVersion:
    """Make a model, as it was kept with its run, the next version of a name; the latest version again is that one.

    It is not loaded, so nothing tells whether a model that was kept elsewhere holds the same.

    Raises
    ------
    InvalidValueError
        If nothing can be called so.
    NotFoundError
        If the model is not kept, or lost.
    """
    name, digest = check_name(name), fitted.model.object_digest
    if digest is None:
        raise NotFoundError(
            f"Only what model '{fitted.model.name}' looks like is kept with run '{fitted.detail.run.name}', not the "
            "model, so it can't be published. Fit it again, with the setting snapshots on."
        )
    snapshot = store.put_model(store.get_object(digest), fingerprint=f"{_BY_FILE}{digest}")
    run = fitted.detail.run
    return publish_snapshot(store, snapshot, name, Maker(session_id=run.session_id, run_id=run.run_id))


def _is_called(model: Model, name: str) -> bool:
    wanted = name.lower()
    return wanted in model.name.lower() or wanted in model.class_name.lower()


def _known(store: Store, found: Sequence[tuple[Model, RunDetail]]) -> tuple[FittedModel, ...]:
    """Return models with what the store knows of their files."""
    digests = {model.object_digest for model, _ in found if model.object_digest is not None}
    versions = _by_snapshot(store, digests)
    return tuple(
        FittedModel(
            model=model,
            detail=detail,
            size=_size(store, model.object_digest),
            published=tuple(versions.get(model.object_digest or "", ())),
        )
        for model, detail in found
    )


def _by_snapshot(store: Store, digests: Iterable[str]) -> dict[str, list[DatasetVersion]]:
    """Return the versions of models by the digest of their file."""
    wanted = [*digests]
    kinds = {each.snapshot_id: each.kind for each in store.snapshots(ids=wanted)} if wanted else {}
    return {digest: store.versions(snapshot_id=digest) for digest in wanted if kinds.get(digest) == MODEL}


def _size(store: Store, digest: str | None) -> int | None:
    return (store.objects.size(digest) or None) if digest is not None else None
