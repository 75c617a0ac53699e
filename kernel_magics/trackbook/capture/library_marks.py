"""Change marks of what libraries make, where their own pickling is slow, or tells apart what has only been read.

Nothing is imported here: an object of a library comes with the library loaded.
"""

from __future__ import annotations

import itertools
import marshal
import operator
import sys
from collections.abc import Callable, Iterable
from typing import TYPE_CHECKING, Any

from xxhash import xxh3_128, xxh3_128_digest

if TYPE_CHECKING:
    import numpy
    import pandas

MANY = 1 << 16
_ATOMS = frozenset(map(id, (int, str, float, bool, bytes, type(None))))
GENERATORS = frozenset({"numpy", "random"})
"""Packages with a generator of their own."""
_KEPT_OUT = frozenset({"IPython", "ipykernel", "ipywidgets", "comm", "zmq", "itertools"})
_TREES = ("sklearn.neighbors._kd_tree", "sklearn.neighbors._ball_tree")
_CACHE = "_cache"  # where pandas keeps what it has worked out


_state_of: dict[int, Callable[[Any], object]] = {}  # by the id of a class: what stands for its objects' state


class UnmarkableError(TypeError):
    """The object has state that can't be read."""


def part(*key: object) -> None:
    """Stand in the stream for whatever makes an object of this kind."""


def set_state(kind: type, state: Callable[[Any], object]) -> None:
    """Have `state` say what objects of exactly this class of a library hold, where their own pickling can't."""
    _state_of[id(kind)] = state


def reduce_of_library(obj: Any, cls: type, module: str) -> Any:
    """Return what to write for an object of a library's class, or NotImplemented for what the library itself gives."""
    state = _state_of.get(id(cls))
    if state is not None:
        return part, ("library", cls.__qualname__, id(cls)), state(obj)
    top = module.partition(".")[0]
    if top in GENERATORS and is_global_generator(obj):
        return part, ("global generator", module)
    if top in _KEPT_OUT:
        raise UnmarkableError
    if top == "numpy":
        return _reduce_numpy(obj, cls)
    if top == "pandas":
        return _reduce_frame(obj) if cls is sys.modules["pandas"].DataFrame else _reduce_pandas(obj)
    if module in _TREES and hasattr(obj, "__getstate__"):
        return _reduce_tree(obj)
    return NotImplemented


def is_array_type(cls: type) -> bool:
    """Tell whether `cls` is numpy's array, loaded or not."""
    return cls is getattr(sys.modules.get("numpy"), "ndarray", None)


def is_global_generator(obj: object) -> bool:
    """Tell whether `obj` is the generator behind ``numpy.random`` or `random`: state of its own, not of who uses it."""
    numpy_random, own_random = sys.modules.get("numpy.random.mtrand"), sys.modules.get("random")
    return obj is getattr(numpy_random, "_rand", None) or obj is getattr(own_random, "_inst", None)


def _reduce_numpy(obj: Any, cls: type) -> Any:
    if is_array_type(cls):
        return _reduce_array(obj)
    if cls.__name__ == "MaskedArray":
        return _reduce_masked(obj)
    return NotImplemented


def _reduce_array(array: numpy.ndarray[Any, Any]) -> Any:
    if array.dtype.hasobject and array.dtype.names is None:
        return part, ("objects", array.shape), _objects(array.ravel())
    return NotImplemented


def _reduce_masked(array: Any) -> Any:
    """Showing one settles its fill value: an unset one is taken for what it would be settled to."""
    numpy_ma = sys.modules["numpy.ma"]
    fill = array._fill_value
    filling = str(numpy_ma.default_fill_value(array.dtype) if fill is None else fill)
    return part, ("masked", filling), (numpy_ma.getdata(array), numpy_ma.getmask(array), array.hardmask)


def _reduce_tree(tree: Any) -> Any:
    """A tree of neighbours counts what it was asked; the numbers beside its arrays are such counts, and sizes."""
    return part, ("tree", type(tree).__name__), [item for item in tree.__getstate__() if type(item) is not int]


def _reduce_pandas(obj: Any) -> Any:
    reduced = obj.__reduce_ex__(5)
    if type(reduced) is not tuple or len(reduced) < 3:
        return reduced
    make, arguments, state, *more = reduced
    parts = [_without_cache(item) for item in (state if type(state) is tuple else (state,))]
    return part, ("pandas",), (make, arguments, [item for item in parts if type(item) is not dict or item], more)


def _without_cache(state: Any) -> Any:
    """Attributes without what pandas worked out from the rest, which is there only once it was asked for."""
    return {key: value for key, value in state.items() if key != _CACHE} if type(state) is dict else state


def _objects(array: numpy.ndarray[Any, Any]) -> object:
    """The elements of a flat object array; hashed at once where all are plain, as in a column of text."""
    items = array.tolist()
    if not are_atoms(items):
        return items
    digest = xxh3_128()
    update_with_atoms(digest, items)
    return digest.digest()


def are_atoms(items: list[object]) -> bool:
    """Whether all are plain values. Types are told apart by identity, for a metaclass may have a hash of its own."""
    first = type(items[0]) if items else str
    if id(first) in _ATOMS and all(map(operator.is_, map(type, items), itertools.repeat(first))):
        return True
    return set(map(id, map(type, items))) <= _ATOMS


def update_with_atoms(digest: xxh3_128, items: list[Any]) -> None:
    """Version 2 of marshal, for later ones write reference counts and interning into the bytes."""
    for start in itertools.count(0, MANY):
        chunk = items[start : start + MANY]
        if not chunk:
            return
        digest.update(marshal.dumps(chunk, 2))


def _reduce_frame(frame: pandas.DataFrame) -> Any:
    """Column by column, for pandas moves columns between its blocks also when the frame is only read."""
    blocks = frame._mgr.blocks
    columns: list[object] = [None] * frame.shape[1]
    is_settled = len({str(block.dtype) for block in blocks}) == len(blocks)
    for block in blocks:
        places = block.mgr_locs.as_array
        for place, content in zip(places, _columns(block.values, is_settled=is_settled), strict=False):
            columns[place] = content
    state = (frame.columns, frame.index, columns, frame.attrs, frame.flags.allows_duplicate_labels)
    return part, ("frame",), state


def _columns(values: Any, *, is_settled: bool) -> Iterable[object]:
    """The columns of a block, whose values have them as rows; all in one where pandas will not rearrange them."""
    dtype = values.dtype
    raw = getattr(values, "_ndarray", values)  # of dates and durations
    if values.ndim == 1:
        return [values]
    if raw.dtype.hasobject:
        return (_objects(row) for row in raw)
    if is_settled and not raw.flags.c_contiguous:
        return [(str(dtype), raw)]
    return [(str(dtype), _bytes_mark(row)) for row in raw]


def _bytes_mark(row: numpy.ndarray[Any, Any]) -> bytes:
    return xxh3_128_digest((row if row.flags.c_contiguous else row.copy()).view("u1").data)
