"""Models that are kept with runs: their list, a card of each, publishing one by a name. None is ever loaded."""

from __future__ import annotations

from typing import Annotated, Any

from msgspec import Meta, Struct
from trackbook.display.payload import run_payload
from trackbook.tracking.choices import unchosen_params
from trackbook.tracking.find import find_run
from trackbook.tracking.fitted_models import FittedModel, fitted_model, fitted_models, publish_fitted

from trackbook_server.route import Asked, At, Operation, Route

_MOST = 500
_FARTHEST = 2**53


class ModelsQuery(At, kw_only=True):
    """Which models: `name` is a part of what they, or their classes, are called. A page holds those of `limit` runs."""

    name: str = ""
    limit: Annotated[int, Meta(ge=1, le=_MOST)] = 50
    offset: Annotated[int, Meta(ge=0, le=_FARTHEST)] = 0


class Published(Struct, kw_only=True):
    """A version of a name."""

    name: str
    version: int


class ModelRow(Struct, kw_only=True):
    """A model in a list, with its run's metrics.

    `size` counts the bytes that its file takes, null where only what it looks like is kept. `published` are the
    versions that hold that very file.
    """

    model_id: str
    name: str
    class_name: str
    run_id: str
    run_name: str
    experiment: str
    run_status: str
    started_at: str
    signature: dict[str, Any]
    n_features: int | None
    importances: dict[str, Any]
    metrics: dict[str, Any]
    size: int | None
    is_kept: bool
    published: list[Published]


class ModelCard(ModelRow, kw_only=True):
    """All that is known of a model. `load` is code that brings it back into a notebook, null if it is not kept.

    `defaults` are the params that nobody chose.
    """

    features: list[str]
    coefficients: dict[str, Any]
    details: dict[str, Any]
    params: dict[str, Any]
    defaults: list[str]
    datasets: list[dict[str, Any]]
    load: str | None


class ModelsPage(Struct, kw_only=True):
    """A page: `total` counts the runs with a model, `next_offset` is where the next page begins, null at the end."""

    models: list[ModelRow]
    total: int
    offset: int
    next_offset: int | None


class Publication(Struct, kw_only=True, forbid_unknown_fields=True):
    """What a model is to be published as."""

    name: str


def list_models(asked: Asked) -> ModelsPage:
    """Return a page of models, those of the newest runs first."""
    query: ModelsQuery = asked.query
    page = fitted_models(asked.project.store, name=query.name, limit=query.limit, offset=query.offset)
    end = query.offset + query.limit
    return ModelsPage(
        models=[ModelRow(**_row(each)) for each in page.models],
        total=page.total,
        offset=query.offset,
        next_offset=end if end < page.total else None,
    )


def show_model(asked: Asked) -> ModelCard:
    """Return all that is known of a model of a run."""
    store, fitted = asked.project.store, _fitted(asked)
    model, payload = fitted.model, run_payload(fitted.detail)
    return ModelCard(
        **_row(fitted),
        features=list(model.features),
        coefficients=dict(model.coefficients),
        details=dict(model.details),
        params=dict(fitted.detail.params),
        defaults=unchosen_params(fitted.detail, store.executions(run_id=fitted.detail.run.run_id)),
        datasets=payload["datasets"],  # type: ignore[arg-type]  # a list of objects, as `run_payload` says
        load=_code(fitted) if fitted.size is not None else None,
    )


def publish_model(asked: Asked) -> Published:
    """Make a model of a run the next version of a name."""
    version = publish_fitted(asked.project.store, _fitted(asked), asked.body.name)
    return Published(name=version.name, version=version.version)


def _fitted(asked: Asked) -> FittedModel:
    store = asked.project.store
    return fitted_model(store, find_run(store, asked.path["run"]), asked.path["model"])


def _row(fitted: FittedModel) -> dict[str, Any]:
    model, run = fitted.model, fitted.detail.run
    count = model.details.get("n_features_in_", model.signature.get("n_features"))
    return {
        "model_id": model.model_id,
        "name": model.name,
        "class_name": model.class_name,
        "run_id": run.run_id,
        "run_name": run.name,
        "experiment": run.experiment,
        "run_status": run.status.value,
        "started_at": run.started_at.isoformat(),
        "signature": dict(model.signature),
        "n_features": count if isinstance(count, int) else len(model.features) or None,
        "importances": dict(model.importances),
        "metrics": {key: point.value for key, point in fitted.detail.metrics.items()},
        "size": fitted.size,
        "is_kept": fitted.size is not None,
        "published": [Published(name=each.name, version=each.version) for each in fitted.published],
    }


def _code(fitted: FittedModel) -> str:
    """Return code that gives the model; by name where it was published, else out of its run."""
    if fitted.published:
        latest = fitted.published[-1]
        return f"trackbook.load({f'{latest.name}@{latest.version}'!r})"
    return f"trackbook.get_run({fitted.detail.run.run_id!r}).load_model({fitted.model.name!r})"


ROUTES = (
    Route(
        path="/models",
        operations={"GET": Operation(act=list_models, summary="List models", query=ModelsQuery, answer=ModelsPage)},
    ),
    Route(
        path="/runs/{run}/models/{model}",
        operations={"GET": Operation(act=show_model, summary="Show a model of a run", answer=ModelCard)},
    ),
    Route(
        path="/runs/{run}/models/{model}/versions",
        operations={
            "POST": Operation(
                act=publish_model, summary="Publish a model by a name", body=Publication, answer=Published
            )
        },
    ),
)
