"""Fitted models, brought back from what was kept of them; nothing is loaded that nobody trusts."""

from __future__ import annotations

from collections.abc import Collection, Iterator
from dataclasses import dataclass
from typing import Any

from trackbook.capture.model_files import predictions
from trackbook.capture.quiet import quiet
from trackbook.errors import InvalidValueError, NotFoundError
from trackbook.records import JsonValue, Model
from trackbook.store.contract import Store
from trackbook.tracking.numbers import Tolerance
from trackbook.tracking.promises import EXAMPLE_PREDICTIONS

_CLOSE = Tolerance(relative=1e-9, absolute=1e-12)


class UntrustedModelError(InvalidValueError):
    """A model holds types that are loaded only on request.

    Attributes
    ----------
    types
        Their full names.
    """

    def __init__(self, name: str, types: Collection[str]) -> None:
        listed = ", ".join(types)
        super().__init__(
            f"Model '{name}' holds what skops doesn't trust by itself: {listed}. If you trust where it comes from, "
            f"say so: trust {','.join(types)}."
        )
        self.types = tuple(types)


@dataclass(frozen=True, slots=True)
class LoadedModel:
    """A model, and in a sentence each what about it is not as it was."""

    value: Any
    remarks: tuple[str, ...] = ()


def load_model(store: Store, model: Model, trust: Collection[str] = ()) -> LoadedModel:
    """Return a model as it was kept, tried with the example of its inputs.

    Parameters
    ----------
    trust
        The full names of types that may be loaded, beside those that skops trusts by itself.

    Raises
    ------
    NotFoundError
        If it is not kept.
    UntrustedModelError
        If it holds other types; nothing is loaded then.
    InvalidValueError
        If it can't be loaded here.
    """
    if model.object_digest is None:
        raise NotFoundError(f"Only what model '{model.name}' looks like is kept, not the model.")
    loaded = load_content(store.get_object(model.object_digest), model.name, trust)
    return LoadedModel(loaded.value, tuple(dict.fromkeys([*loaded.remarks, *_check(store, model, loaded.value)])))


def load_content(content: bytes, name: str, trust: Collection[str] = ()) -> LoadedModel:
    """Return the model of a file of skops, which goes by a name.

    Raises
    ------
    UntrustedModelError
        If it holds other types; nothing is loaded then.
    InvalidValueError
        If it can't be loaded here.
    """
    with quiet():
        import skops.io

    try:
        asked = sorted(set(skops.io.get_untrusted_types(data=content)))
    except Exception as error:  # noqa: BLE001  a file that is broken may fail in any way
        raise InvalidValueError(f"The file of model '{name}' can't be read ({_told(error)}).") from None
    unknown = [each for each in asked if each not in trust]
    if unknown:
        raise UntrustedModelError(name, unknown)
    try:
        with quiet() as noted:
            value = skops.io.loads(content, trusted=asked)
    except ImportError as error:
        raise InvalidValueError(f"Model '{name}' needs what is not installed here: {_told(error)}.") from None
    except Exception as error:  # noqa: BLE001  another version of its library may fail in any way
        raise InvalidValueError(f"Model '{name}' can't be loaded here ({_told(error)}).") from None
    return LoadedModel(value, tuple(f"{name}: {_first_line(str(each))}" for each in noted))


def _check(store: Store, model: Model, value: Any) -> Iterator[str]:
    """Yield what of a model's signature and of its predictions is not as it was."""
    width, found = model.signature.get("n_features"), getattr(value, "n_features_in_", None)
    if isinstance(width, int) and isinstance(found, int) and width != found:
        yield f"{model.name}: it takes {found} features, and took {width}."
    names = getattr(value, "feature_names_in_", None)
    if names is not None and model.features and list(map(str, names)) != list(model.features):
        yield f"{model.name}: its features have other names than they had."
    expected = model.details.get(EXAMPLE_PREDICTIONS)
    if model.example_snapshot is None or not isinstance(expected, dict):
        return
    try:
        rows = store.get_table(model.example_snapshot)
    except NotFoundError:
        yield f"{model.name}: the example of its inputs is lost, so nobody tried it."
        return
    now = predictions(value, rows)
    for method, values in expected.items():
        if method not in now:
            yield f"{model.name}: {method} fails here on the example of its inputs that is kept."
        elif not _is_close(values, now[method]):
            yield f"{model.name}: {method} gives other values here for the example of its inputs than it gave then."


def _is_close(one: JsonValue, other: JsonValue) -> bool:
    if isinstance(one, list) and isinstance(other, list):
        return len(one) == len(other) and all(map(_is_close, one, other))
    if isinstance(one, int | float) and isinstance(other, int | float) and not isinstance(one, bool):
        return _CLOSE.is_close(one, other)
    return one == other


def _told(error: Exception) -> str:
    return f"{type(error).__name__}: {_first_line(str(error))}"


def _first_line(text: str) -> str:
    return next(iter(text.strip().splitlines()), "")[:300]
