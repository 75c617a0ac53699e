"""Fitted models that are handed on by a name, from one notebook to the next: versions, like those of datasets."""

from __future__ import annotations

from collections.abc import Collection
from typing import Any

from trackbook.capture.integrations.model_content import model_content
from trackbook.capture.model_files import UnfitModelError, model_file, size_of_model
from trackbook.capture.tables import is_table
from trackbook.errors import InvalidValueError
from trackbook.records import MODEL, DatasetVersion, Snapshot
from trackbook.store.contract import Store
from trackbook.tracking.dataset_names import KeptTable, check_name
from trackbook.tracking.datasets import Maker, publish_snapshot
from trackbook.tracking.kept_models import LoadedModel, load_content

_USES = ("predict", "transform", "fit_predict", "fit_transform")


def is_model(value: object) -> bool:
    """Return whether something can be fitted, and used then."""
    if isinstance(value, type) or is_table(value):
        return False
    return callable(getattr(value, "fit", None)) and any(hasattr(value, each) for each in _USES)


def publish_model(store: Store, model: Any, name: str, maker: Maker) -> DatasetVersion:
    """Make a model the next version of a name, and return that; one that holds the same as the latest is that again.

    Raises
    ------
    InvalidValueError
        If nothing can be called so, or an equal one would not come back.
    """
    name = check_name(name)
    try:
        return publish_snapshot(store, _kept(store, model), name, maker)
    except UnfitModelError as error:
        raise InvalidValueError(f"This {type(model).__name__} can't be published as '{name}': {error}.") from None


def load_published(store: Store, kept: KeptTable, trust: Collection[str] = ()) -> LoadedModel:
    """Return a model that was published, brought back by skops.

    Raises
    ------
    NotFoundError
        If its content is lost.
    UntrustedModelError
        If it holds types that neither skops nor `trust` trusts; nothing is loaded then.
    InvalidValueError
        If it can't be loaded here.
    """
    return load_content(store.get_object(kept.snapshot_id), kept.label, trust)


def _kept(store: Store, model: Any) -> Snapshot:
    size_of_model(model)  # it refuses what only this notebook has
    fingerprint = model_content(model)
    return store.find_snapshot(fingerprint, MODEL) or store.put_model(model_file(model), fingerprint=fingerprint)
