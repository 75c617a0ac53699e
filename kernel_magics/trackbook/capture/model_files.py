"""Fitted models as files of skops: their content without any code, never a pickle."""

from __future__ import annotations

import copy
import sys
import zipfile
from collections.abc import Iterator
from functools import lru_cache
from typing import Any

from trackbook.capture.integrations.model_content import model_content, set_content
from trackbook.capture.keeping import size_in_memory
from trackbook.capture.ownership import class_module, class_qualname, is_persons, is_persons_class
from trackbook.capture.quiet import quiet
from trackbook.capture.tables import is_table
from trackbook.records import JsonValue, json_value

_MOST_PARTS = 100_000
_TREE_NODE_BYTES = 64
_DRAW_IN_FITS_ALONE = ("sklearn.", "xgboost.", "lightgbm.", "catboost.")
_PREDICTING = ("predict", "predict_proba")


class UnfitModelError(ValueError):
    """A model can't be kept; the message says why."""


def size_of_model(model: object) -> int:
    """Return about how many bytes a fitted model takes.

    Raises
    ------
    UnfitModelError
        If something in it is of the person's own code: a class, a function, a lambda.
    """
    size = 0
    for part in _parts(model):
        owner = _persons_name(part)
        if owner is not None:
            raise UnfitModelError(f"it holds {owner}, which only this notebook or project has")
        size += size_in_memory(part) if is_table(part) else _other_size(part)
    return size


def copied(model: Any) -> Any:
    """Return a copy of a model that another fit of it does not reach.

    Raises
    ------
    UnfitModelError
        If its library can't copy it.
    """
    try:
        with quiet():
            return copy.deepcopy(model)
    except Exception as error:  # noqa: BLE001  a library's copying may raise anything
        raise UnfitModelError(f"it can't be copied ({type(error).__name__})") from None


def model_file(model: Any) -> bytes:
    """Return a model as a file of skops, which gives back one of the same content: it was loaded to see.

    Raises
    ------
    UnfitModelError
        If skops can't hold it.
    """
    _know_generators()
    try:
        with quiet():
            import skops.io

            content: bytes = skops.io.dumps(model, compression=zipfile.ZIP_DEFLATED, compresslevel=1)
            types = skops.io.get_untrusted_types(data=content)
            again = skops.io.loads(content, trusted=types)  # types of libraries alone: see `size_of_model`
            is_same = model_content(again) == model_content(model)
    except Exception as error:  # noqa: BLE001  skops says in many ways that it can't
        raise UnfitModelError(f"skops can't hold it ({_reason(error)})") from None
    if not is_same:
        raise UnfitModelError("skops would give back another one")
    return content


def predictions(model: Any, rows: object) -> dict[str, JsonValue]:
    """Return what a model says of some rows, by method; what it can't say of them is left out.

    A model that might move the person's random numbers on says nothing.
    """
    if any(map(_may_draw, _parts(model))):
        return {}
    found: dict[str, JsonValue] = {}
    for name in _PREDICTING:
        method = getattr(model, name, None)
        try:
            with quiet():
                found[name] = json_value(method(rows).tolist()) if method is not None else None
        except Exception:  # noqa: BLE001  a model that can't predict from rows as they are may say so in any way
            continue
    return {name: value for name, value in found.items() if value is not None}


def _parts(model: object) -> Iterator[object]:
    """Yield a model and what it holds, without running any code of it."""
    todo = [model]
    seen: set[int] = set()
    while todo and len(seen) < _MOST_PARTS:
        part = todo.pop()
        if id(part) in seen or part is None or isinstance(part, bool | int | float | str | bytes):
            continue
        seen.add(id(part))
        yield part
        if isinstance(part, dict):
            todo += [*part.keys(), *part.values()]
        elif isinstance(part, list | tuple | set | frozenset):
            todo += part
        elif _is_array_of_objects(part):
            todo += part.ravel().tolist()  # type: ignore[attr-defined]  # an array of estimators: a booster's trees
        elif not is_table(part) and not isinstance(part, type):
            todo += _attributes(part).values()


def _is_array_of_objects(part: object) -> bool:
    return type(part).__module__ == "numpy" and getattr(getattr(part, "dtype", None), "kind", None) == "O"


def _attributes(part: object) -> dict[str, object]:
    try:
        attributes = object.__getattribute__(part, "__dict__")
    except AttributeError:
        return {}
    return attributes if isinstance(attributes, dict) else {}


def _persons_name(part: object) -> str | None:
    """Return what to call a part that is the person's own code, or an instance of it."""
    cls = part if isinstance(part, type) else type(part)
    if is_persons_class(cls):
        return f"the class {class_module(cls)}.{class_qualname(cls)}"
    named = getattr(part, "__qualname__", None) if callable(part) else None
    module = getattr(part, "__module__", None)  # what libraries make while they run may have none
    if named is not None and isinstance(module, str) and is_persons(module):
        return f"the function {named}"
    return None


def _may_draw(part: object) -> bool:
    """Return whether a part without a seed may draw when it predicts; of what we know only a dummy does."""
    cls = type(part)
    is_known = class_qualname(cls) != "DummyClassifier" and str(class_module(cls)).startswith(_DRAW_IN_FITS_ALONE)
    return not is_known and _attributes(part).get("random_state", 0) is None


def _other_size(part: object) -> int:
    """Return the size of a fitted tree, which is no array; what else an extension holds is not known."""
    nodes = getattr(part, "node_count", 0) if type(part).__module__ == "sklearn.tree._tree" else 0
    return int(nodes) * _TREE_NODE_BYTES


@lru_cache(maxsize=1)
def _know_generators() -> None:
    """Have random generators compared by the numbers that they will draw: what they were seeded from may be gone."""
    random: Any = sys.modules["numpy"].random
    for kind in (random.MT19937, random.PCG64, random.PCG64DXSM, random.Philox, random.SFC64):
        set_content(kind, lambda generator: generator.state)
    set_content(random.Generator, lambda generator: generator.bit_generator.state)
    set_content(random.RandomState, lambda generator: generator.get_state(legacy=False))


def _reason(error: Exception) -> str:
    lines = str(error).strip().splitlines()
    return f"{type(error).__name__}: {lines[0][:150]}" if lines else type(error).__name__
