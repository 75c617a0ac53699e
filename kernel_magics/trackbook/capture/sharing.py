"""What an object reaches: the mutable objects that other names may share with it, and the code that its use may run."""

from __future__ import annotations

import gc
import itertools
import operator
import sys
import types
import weakref
from collections.abc import Mapping
from dataclasses import dataclass
from opcode import opmap
from typing import Any

from trackbook.capture.library_marks import GENERATORS, is_global_generator
from trackbook.capture.ownership import class_dict, class_module, class_mro, code_of, is_persons, is_persons_class
from trackbook.capture.symbols import OPAQUE_NAMES

BOUND = 200_000
"""So many objects are followed from one name; what lies beyond is not told apart."""

_MANY = 100
_PLAIN = (int, str, float, bool, bytes, complex, type(None), range, slice, object, type(...), type(NotImplemented))
_DESCRIPTORS = (
    types.GetSetDescriptorType,
    types.MemberDescriptorType,
    types.WrapperDescriptorType,
    types.MethodDescriptorType,
    types.ClassMethodDescriptorType,
)
_LEAVES = frozenset(map(id, (*_PLAIN, *_DESCRIPTORS, types.CodeType)))
_IMMUTABLE = frozenset(map(id, (tuple, frozenset, types.MappingProxyType, types.MethodType, types.BuiltinFunctionType)))
_LEAF_MODULES = frozenset({"IPython", "ipykernel", "zmq", "re", "datetime", "decimal", "pathlib", "enum", "logging"})
_PASSIVE_MODULES = frozenset({"numpy", "pandas", "pyarrow", "datetime", "zoneinfo"})
_CONTAINERS = frozenset(map(id, (list, dict, tuple, set, frozenset)))
_CURRENT_FIGURE = frozenset({"matplotlib.pyplot", "seaborn"})  # they draw on figures that the call does not name
_EXTENDED_ARG = opmap["EXTENDED_ARG"]
_LOADS = frozenset(opmap[name] for name in ("LOAD_NAME", "LOAD_GLOBAL", "LOAD_FROM_DICT_OR_GLOBALS") if name in opmap)
_STORES = frozenset({opmap["STORE_GLOBAL"], opmap["DELETE_GLOBAL"]})


@dataclass(frozen=True, slots=True, kw_only=True)
class Reach:
    """What can be got at from one object.

    `held` are the ids of the mutable objects that it consists of, its change mark covers them; `beyond` those that only
    using it leads to, through the class of an instance, say. `is_partial` when there were more than `BOUND`. `loads`
    and `stores` are the names that functions of the namespace found on the way read and bind there. `is_opaque` when
    one of them may do anything; `is_passive` when no operator, attribute or display of the object runs the person's
    code.
    """

    held: frozenset[int]
    beyond: frozenset[int] = frozenset()
    is_partial: bool = False
    loads: frozenset[str] = frozenset()
    stores: frozenset[str] = frozenset()
    is_opaque: bool = False
    is_passive: bool = False


@dataclass(frozen=True, slots=True)
class _CodeNames:
    loads: frozenset[str]
    stores: frozenset[str]


_scanned: weakref.WeakKeyDictionary[types.CodeType, _CodeNames] = weakref.WeakKeyDictionary()


_NOWHERE = Reach(held=frozenset(), is_passive=True)


def is_leaf(value: object) -> bool:
    """Tell whether a value is a number, a text or the like, which nothing is reached from."""
    return id(type(value)) in _LEAVES


def reach(value: object, variables: Mapping[str, object]) -> Reach:
    """Follow `value` to everything that it refers to, short of libraries and of the namespace itself."""
    if is_leaf(value):
        return _NOWHERE
    walk = _Walk(variables)
    walk.follow([value])
    held = frozenset(walk.nodes)
    while walk.behind and not walk.is_partial:
        behind, walk.behind = walk.behind, []
        walk.follow(behind)
    return Reach(
        held=held,
        beyond=frozenset(walk.nodes - held),
        is_partial=walk.is_partial,
        loads=frozenset(walk.loads),
        stores=frozenset(walk.stores),
        is_opaque=walk.is_opaque,
        is_passive=walk.is_passive and not walk.loads and not walk.stores,
    )


class _Walk:
    def __init__(self, variables: Mapping[str, object]) -> None:
        self.variables = variables
        self.nodes: set[int] = set()
        self.behind: list[Any] = []
        self.loads: set[str] = set()
        self.stores: set[str] = set()
        self.is_opaque = False
        self.is_passive = True
        self.is_partial = False
        self._seen: set[int] = set()
        self._open: list[Any] = []

    def follow(self, values: list[Any]) -> None:
        """Visit all that is reached from `values`, but leave classes of instances and contents of modules `behind`."""
        waiting, seen = self._open, self._seen
        waiting += values
        while waiting:
            obj = waiting.pop()
            cls = type(obj)
            if id(cls) in _LEAVES or id(obj) in seen or obj is self.variables:
                continue
            if len(seen) >= BOUND:
                self.is_partial = True
                waiting.clear()
                return
            seen.add(id(obj))
            if id(cls) in _CONTAINERS:
                self._container(obj, cls)
            else:
                self._visit(obj, cls)

    def _container(self, obj: Any, cls: type) -> None:
        if id(cls) not in _IMMUTABLE:
            self.nodes.add(id(obj))
        if not gc.is_tracked(obj):  # a dict or tuple of plain values, or of arrays: the collector knows neither
            self._open += [child for child in (obj.values() if cls is dict else obj) if id(type(child)) not in _LEAVES]
            return
        kind = type(obj[0]) if cls is list and len(obj) > _MANY and _are_of_one_type(obj) else None
        if id(kind) in _CONTAINERS:
            self._alike(obj, id(kind) in _IMMUTABLE)
        elif id(kind) not in _LEAVES:
            self._open += gc.get_referents(obj)

    def _alike(self, items: list[Any], is_immutable: bool) -> None:
        """Many lists, or many dicts, in one go: rows of data."""
        new = set(map(id, items)) - self._seen
        if len(new) < len(items) or len(self._seen) + len(new) > BOUND:
            self._open += items
            return
        self._seen |= new
        if not is_immutable:
            self.nodes |= new
        self._open += [child for child in gc.get_referents(*items) if id(type(child)) not in _LEAVES]

    def _visit(self, obj: Any, cls: type) -> None:
        if cls is types.FunctionType:
            self._function(obj)
        elif issubclass(cls, types.ModuleType):
            self._module(obj)
        elif issubclass(cls, type):
            self._class(obj)
        else:
            self._object(obj, cls)

    def _function(self, function: types.FunctionType) -> None:
        self.is_passive = False
        if function.__closure__ is None and not is_persons(function.__module__):
            return
        self.nodes.add(id(function))
        self._open += [function.__defaults__, function.__kwdefaults__, function.__dict__, *(function.__closure__ or ())]
        if function.__globals__ is self.variables:
            names = names_of_code(code_of(function))
            self.loads |= names.loads
            self.stores |= names.stores
            self.is_opaque |= not OPAQUE_NAMES.isdisjoint(names.loads)

    def _module(self, module: types.ModuleType) -> None:
        """A file of the person's is followed, for names may be imported from it; `__main__` may be written through."""
        names = module.__dict__
        self.is_passive = False
        if names is self.variables:
            self.is_opaque = True
        elif is_persons(names.get("__name__")):
            self.behind += names.values()
        elif names.get("__name__") in _CURRENT_FIGURE and "matplotlib._pylab_helpers" in sys.modules:
            self.behind.append(sys.modules["matplotlib._pylab_helpers"].Gcf.figs)

    def _class(self, cls: type) -> None:
        if is_persons_class(cls):
            self.is_passive = False
            self.nodes.add(id(cls))
            self._open += class_dict(cls).values()
            self.behind += class_mro(cls)[1:]

    def _object(self, obj: Any, cls: type) -> None:
        module = class_module(cls)
        top = module.partition(".")[0] if type(module) is str else ""
        if top in GENERATORS and is_global_generator(obj):
            return
        if id(cls) not in _IMMUTABLE:
            self.nodes.add(id(obj))
        self.is_passive &= cls is bytearray or top in _PASSIVE_MODULES
        if top in _LEAF_MODULES:
            return
        if top == "pandas":
            self._pandas(obj, cls)
            return
        if top == "numpy" and self._numpy(obj, cls):
            return
        if cls is weakref.ref:
            self._open.append(obj())
        self._open += [child for child in gc.get_referents(obj) if id(type(child)) not in _LEAVES and child is not cls]
        if is_persons_class(cls):
            self.behind.append(cls)

    def _pandas(self, obj: Any, cls: type) -> None:
        """Its weak references are book-keeping, and what counts the views of a block is no way to change them."""
        if cls.__name__ == "BlockValuesRefs":
            self.nodes.discard(id(obj))
            return
        children = gc.get_referents(obj)
        self._open += [child for child in children if child is not cls and type(child) is not weakref.ref]

    def _numpy(self, obj: Any, cls: type) -> bool:
        """Arrays are no containers to the garbage collector: the memory's owner and the elements are followed here."""
        numpy = sys.modules["numpy"]
        for owner in (numpy.ndarray, numpy.flatiter, numpy.void):
            if issubclass(cls, owner):
                self._open.append(owner.base.__get__(obj))
        if issubclass(cls, numpy.ndarray) and obj.dtype.hasobject:
            self._open += numpy.ndarray.view(obj, numpy.ndarray).ravel().tolist()
        is_value = issubclass(cls, numpy.dtype | numpy.generic | numpy.ufunc) and not issubclass(cls, numpy.void)
        if is_value:
            self.nodes.discard(id(obj))
        return is_value


def _are_of_one_type(items: list[object]) -> bool:
    return all(map(operator.is_, map(type, items), itertools.repeat(type(items[0]))))


def names_of_code(code: types.CodeType) -> _CodeNames:
    """Return the names of the namespace that `code`, and the functions that it defines, read and bind."""
    known = _scanned.get(code)
    if known is None:
        known = _scanned[code] = _scan(code)
    return known


def _scan(code: types.CodeType) -> _CodeNames:
    loads: set[str] = set()
    stores: set[str] = set()
    bytecode = code.co_code
    extended = 0
    for position in range(0, len(bytecode), 2):
        operation = bytecode[position]
        argument = bytecode[position + 1] | extended
        extended = argument << 8 if operation == _EXTENDED_ARG else 0
        if operation in _LOADS:  # the lowest bit of LOAD_GLOBAL says whether a call follows
            loads.add(code.co_names[argument >> 1 if operation == opmap["LOAD_GLOBAL"] else argument])
        elif operation in _STORES:
            stores.add(code.co_names[argument])
    for constant in code.co_consts:
        if type(constant) is types.CodeType:
            inner = names_of_code(constant)
            loads |= inner.loads
            stores |= inner.stores
    return _CodeNames(frozenset(loads), frozenset(stores))
