"""Whose code is it: the person's (cells, files of the project) or an installed library's.

The person's classes are looked at from outside only, through the descriptors of their types, so that no method,
property or metaclass of theirs runs. Libraries may pickle themselves.
"""

from __future__ import annotations

import site
import sys
import sysconfig
from collections.abc import Callable, Mapping
from pathlib import Path
from types import CodeType, FunctionType, MemberDescriptorType

class_module: Callable[[type], object] = type.__dict__["__module__"].__get__
class_qualname: Callable[[type], str] = type.__dict__["__qualname__"].__get__
class_mro: Callable[[type], tuple[type, ...]] = type.__dict__["__mro__"].__get__
class_dict: Callable[[type], Mapping[str, object]] = type.__dict__["__dict__"].__get__

_HEAP_TYPE = 1 << 9
_MAKERS = ("builtins", "types")  # what `types.new_class`, or a class statement without a ``__name__`` around it, gives
_code_lookup: Callable[[FunctionType], CodeType | None] | None = None
_known: dict[str, bool] = {}


def _library_roots() -> tuple[str, ...]:
    paths = {sysconfig.get_path(key) for key in ("stdlib", "platstdlib", "purelib", "platlib")}
    paths |= {*site.getsitepackages(), site.getusersitepackages(), str(Path(__file__).parents[1])}
    return tuple(f"{path}/" for path in paths if path)


_ROOTS = _library_roots()


def is_persons(module: object) -> bool:
    """Tell whether what says to come from the module named `module` is the person's own code."""
    if type(module) is not str:
        return type(module) is not MemberDescriptorType  # the functions of Cython keep the name in each of them
    if module == "__main__":
        return True
    known = _known.get(module)
    if known is None:
        known = _known[module] = not _is_library(module)
    return known


def is_persons_class(cls: type) -> bool:
    """Tell whether `cls` was defined in a cell or in a file of the person's."""
    module = class_module(cls)
    return is_persons(module) or (isinstance(module, str) and module in _MAKERS and _is_made_there(cls, module))


def _is_made_there(cls: type, module: str) -> bool:
    """Whether a class that says to be from a module of `_MAKERS` was only made by it, for the person."""
    flags: int = type.__dict__["__flags__"].__get__(cls)
    return bool(flags & _HEAP_TYPE) and class_qualname(cls) not in sys.modules[module].__dict__


def set_code_lookup(lookup: Callable[[FunctionType], CodeType | None] | None) -> None:
    """Have `lookup` say which code a function had before Trackbook instrumented it (None: it did not)."""
    global _code_lookup
    _code_lookup = lookup


def code_of(function: FunctionType) -> CodeType:
    """Return the code that the person, or the library, wrote for `function`."""
    original = _code_lookup(function) if _code_lookup is not None else None
    return original or function.__code__


def _is_library(module: str) -> bool:
    top = module.partition(".")[0]
    if top in sys.stdlib_module_names or top == "trackbook":
        return True
    loaded = sys.modules.get(module) or sys.modules.get(top)
    file = getattr(loaded, "__file__", None)
    if file is None:  # a compiled or a namespace package has a place of another kind
        return bool(getattr(loaded, "__path__", None) or getattr(loaded, "__spec__", None))
    return str(file).startswith(_ROOTS)
