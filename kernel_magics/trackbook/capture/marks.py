"""Change marks: a cheap hash of any object, good within this process, that differs when the object changed.

The object is pickled (protocol 5, big buffers out of band) into a hash instead of a file. What pickling would do with
the person's classes, functions and modules is replaced: they are read through their types' descriptors, so none of
their methods runs. What has no state that can be read (generators, files, locks, connections) has no mark.
"""

from __future__ import annotations

import functools
import gc
import pickle
import types
import weakref
from collections import OrderedDict, defaultdict, deque
from collections.abc import Callable
from typing import Any, ParamSpec, TypeVar, cast

from xxhash import xxh3_128

from trackbook.capture.library_marks import (
    MANY,
    UnmarkableError,
    are_atoms,
    is_array_type,
    part,
    reduce_of_library,
    update_with_atoms,
)
from trackbook.capture.ownership import (
    class_dict,
    class_module,
    class_mro,
    class_qualname,
    code_of,
    is_persons,
    is_persons_class,
    set_code_lookup,
)
from trackbook.capture.quiet import quiet

__all__ = ["change_mark", "set_code_lookup"]

_Reduced = tuple[Any, ...]
_OBJECT_SIZE = object.__basicsize__
_POINTER_SIZE = tuple.__itemsize__
_PICKLE_HOOKS = frozenset(
    {"__reduce__", "__reduce_ex__", "__getstate__", "__getnewargs__", "__getnewargs_ex__"}
    | {"__getattr__", "__getattribute__"}
)
_FIELD_DESCRIPTORS = frozenset(map(id, (types.GetSetDescriptorType, types.MemberDescriptorType)))
_CLASS_INTERNALS = frozenset({"__dict__", "__weakref__", "__module__", "_abc_impl"})


def change_mark(value: object) -> bytes | None:
    """Return a hash of all that `value` holds; None where it can't be known without running the person's code.

    Two marks of one object differ when the object, or anything that it refers to, changed in between. They mean nothing
    in another process. A function is its code, defaults, closure and attributes, not the globals that it mentions; a
    class made in the notebook is its attributes, a library's its name; a module is its name. Nothing is altered: no
    method of the person's runs, no warning is shown, no random state moves.
    """
    digest = xxh3_128()
    with quiet() as warned:
        try:
            if type(value) is list and len(value) > MANY and are_atoms(value):
                update_with_atoms(digest, value)
            else:
                _Marker(digest).dump(value)
        except Exception:  # noqa: BLE001 (a library's pickling may raise anything; then there is no mark)
            return None
    return None if warned else digest.digest()


class _Sink:
    """A file that keeps only the hash of what is written."""

    __slots__ = ("write",)

    def __init__(self, digest: xxh3_128) -> None:
        self.write = digest.update


class _Marker(pickle.Pickler):
    def __init__(self, digest: xxh3_128) -> None:
        super().__init__(_Sink(digest), protocol=5, buffer_callback=lambda buffer: digest.update(buffer.raw()))

    def reducer_override(self, obj: Any) -> Any:
        cls = type(obj)
        reducer = _REDUCERS.get(id(cls))
        if reducer is not None:
            return reducer(obj)
        if issubclass(cls, type):
            return _reduce_class(obj)
        if is_persons_class(cls):
            return _reduce_instance(obj, cls)
        return reduce_of_library(obj, cls, str(class_module(cls)))


# The person's objects. The content goes into the state, which is written after the object is remembered, so that
# circles end.


def _reduce_instance(obj: object, cls: type) -> _Reduced:
    state = (_attributes(obj, cls), _slots(obj, cls), _contents(obj, cls))
    return part, ("instance", class_qualname(cls), id(cls)), state


def _attributes(obj: object, cls: type) -> object:
    """The instance's own dictionary, past any property of that name."""
    for base in class_mro(cls):
        found = class_dict(base).get("__dict__")
        if type(found) is types.GetSetDescriptorType:
            return found.__get__(obj)
    if _type_field(cls, "__dictoffset__"):  # the class has put something else over it
        return [child for child in gc.get_referents(obj) if child is not cls]
    return None


def _slots(obj: object, cls: type) -> list[tuple[str, object]]:
    filled: list[tuple[str, object]] = []
    for base in class_mro(cls):
        for name, found in class_dict(base).items():
            if type(found) is types.MemberDescriptorType and is_persons_class(base):
                try:
                    filled.append((name, found.__get__(obj)))
                except AttributeError:  # an empty slot
                    continue
    return filled


def _contents(obj: Any, cls: type) -> object:
    """What the object holds by being a list, a dict, an array, ... beside its attributes."""
    for base in class_mro(cls):
        read = _CONTENTS.get(id(base))
        if read is not None:
            return read(obj)
        if is_array_type(base):
            return cast(Any, base).view(obj, base)
    return _state_in_c(obj, cls) if _has_state_in_c(cls) else None


def _has_state_in_c(cls: type) -> bool:
    """Whether instances are larger than their attributes' dictionary, weak references and slots account for."""
    pointers = (_type_field(cls, "__weakrefoffset__") > 0) + (_type_field(cls, "__dictoffset__") > 0)
    pointers += sum(
        type(found) is types.MemberDescriptorType for base in class_mro(cls) for found in class_dict(base).values()
    )
    return _type_field(cls, "__basicsize__") > _OBJECT_SIZE + pointers * _POINTER_SIZE


def _type_field(cls: type, name: str) -> int:
    """Read past the metaclass."""
    field: int = type.__dict__[name].__get__(cls)
    return field


def _state_in_c(obj: Any, cls: type) -> object:
    """What the library that the person's class is derived from pickles, if the person has no say in it."""
    for base in class_mro(cls):
        if not is_persons_class(base):
            return cast(Any, base).__reduce_ex__(obj, 5)[2:]
        if not _PICKLE_HOOKS.isdisjoint(class_dict(base)):
            break
    raise UnmarkableError


def _reduce_class(cls: type) -> _Reduced:
    key = ("class", class_module(cls), class_qualname(cls), id(cls))
    if not is_persons_class(cls):
        return part, key
    attributes = [
        (name, value)
        for name, value in class_dict(cls).items()
        if name not in _CLASS_INTERNALS and id(type(value)) not in _FIELD_DESCRIPTORS
    ]
    return part, (*key, tuple(map(id, class_mro(cls)))), attributes


# What Python itself makes of the person's code.


def _reduce_function(function: types.FunctionType) -> Any:
    if function is part:
        return NotImplemented
    closure = function.__closure__
    if closure is None and not is_persons(function.__module__):
        return part, ("function", function.__module__, function.__qualname__, id(function))
    state = (code_of(function), function.__defaults__, function.__kwdefaults__, closure, function.__dict__)
    return part, ("function", function.__qualname__), state


def _reduce_code(code: types.CodeType) -> _Reduced:
    """All that decides what the code does; not where it was written."""
    signature = (code.co_argcount, code.co_posonlyargcount, code.co_kwonlyargcount, code.co_flags)
    names = (code.co_names, code.co_varnames, code.co_freevars, code.co_cellvars)
    return part, ("code", signature, names, code.co_code, code.co_exceptiontable), code.co_consts


def _reduce_cell(cell: types.CellType) -> _Reduced:
    try:
        return part, ("cell",), (cell.cell_contents,)
    except ValueError:  # not filled yet
        return part, ("cell", "empty")


def _reduce_module(module: types.ModuleType) -> _Reduced:
    return part, ("module", module.__dict__.get("__name__"), id(module))


def _reduce_property(found: property) -> _Reduced:
    return part, ("property",), (found.fget, found.fset, found.fdel)


def _reduce_builtin(function: types.BuiltinFunctionType) -> _Reduced:
    return part, ("builtin", function.__qualname__), (function.__self__,)


def _reduce_method(method: types.MethodType) -> _Reduced:
    return part, ("method",), (method.__self__, method.__func__)


def _reduce_wrapped(found: Any) -> _Reduced:
    return part, (type(found).__name__,), (found.__func__,)


def _reduce_cached_function(found: Any) -> _Reduced:
    """Of `functools.lru_cache`: the function, not what it remembers."""
    return part, ("cached",), found.__dict__


def _reduce_cached_property(found: functools.cached_property[Any]) -> _Reduced:
    return part, ("cached_property", found.attrname), (found.func,)


def _reduce_proxy(proxy: types.MappingProxyType[Any, Any]) -> _Reduced:
    return part, ("proxy",), gc.get_referents(proxy)


def _reduce_reference(reference: weakref.ref[Any]) -> _Reduced:
    return part, ("weak", id(reference()))


def _reduce_type_variable(variable: Any) -> _Reduced:
    return part, ("variable", variable.__name__, id(variable))


_REDUCERS: dict[int, Callable[[Any], Any]] = {
    id(cls): reducer
    for cls, reducer in (
        (types.FunctionType, _reduce_function),
        (types.CodeType, _reduce_code),
        (types.CellType, _reduce_cell),
        (types.ModuleType, _reduce_module),
        (types.BuiltinFunctionType, _reduce_builtin),
        (types.MethodType, _reduce_method),
        (property, _reduce_property),
        (staticmethod, _reduce_wrapped),
        (classmethod, _reduce_wrapped),
        (type(functools.lru_cache(len)), _reduce_cached_function),
        (functools.cached_property, _reduce_cached_property),
        (types.MappingProxyType, _reduce_proxy),
        (weakref.ref, _reduce_reference),
        (TypeVar, _reduce_type_variable),
        (ParamSpec, _reduce_type_variable),
    )
}
_CONTENTS: dict[int, Callable[[Any], object]] = {
    id(cls): read
    for cls, read in (
        (OrderedDict, lambda obj: list(OrderedDict.items(obj))),
        (defaultdict, lambda obj: (list(dict.items(obj)), defaultdict.__dict__["default_factory"].__get__(obj))),
        (dict, lambda obj: list(dict.items(obj))),
        (list, lambda obj: list.__getitem__(obj, slice(None))),
        (tuple, lambda obj: tuple.__getitem__(obj, slice(None))),
        (deque, lambda obj: list(deque.__iter__(obj))),
        (set, lambda obj: list(set.__iter__(obj))),
        (frozenset, lambda obj: list(frozenset.__iter__(obj))),
        (str, str.__str__),
        (int, int.__index__),
        (float, float.__float__),
        (complex, complex.__complex__),
        (bytes, lambda obj: bytes.__getitem__(obj, slice(None))),
        (bytearray, lambda obj: bytes(memoryview(obj))),
        (BaseException, BaseException.__dict__["args"].__get__),
    )
}
