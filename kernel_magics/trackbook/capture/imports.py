"""Tells when a library is imported, so that it is understood from its first use on and never imported by us."""

from __future__ import annotations

import importlib.abc
import sys
from collections.abc import Callable, Sequence
from importlib.machinery import ModuleSpec
from types import ModuleType

Listener = Callable[[ModuleType], None]


class ImportWatch(importlib.abc.MetaPathFinder):
    """Calls a listener with a module as soon as that module has been imported; at once if it already is."""

    def __init__(self) -> None:
        self._listeners: dict[str, list[Listener]] = {}

    def when_imported(self, name: str, listener: Listener) -> None:
        """Call `listener` with the module of this name, now or when somebody imports it."""
        module = sys.modules.get(name)
        if module is not None and not getattr(getattr(module, "__spec__", None), "_initializing", False):
            listener(module)
            return
        self._listeners.setdefault(name, []).append(listener)
        if self not in sys.meta_path:
            sys.meta_path.insert(0, self)

    def remove(self) -> None:
        """Take the watch out of the import system."""
        self._listeners.clear()
        if self in sys.meta_path:
            sys.meta_path.remove(self)

    def find_spec(
        self, fullname: str, path: Sequence[str] | None, target: ModuleType | None = None
    ) -> ModuleSpec | None:
        """Find a module that is waited for as the other finders do, and have its loader tell us (finder protocol)."""
        if fullname not in self._listeners:
            return None
        spec = _find_by_others(fullname, path, target)
        if spec is not None and hasattr(spec.loader, "exec_module"):
            self._tell_when_executed(fullname, spec.loader)
        return spec

    def _tell_when_executed(self, name: str, loader: object) -> None:
        """Have this one loader object call the listeners after it has executed its module, then be as it was."""
        execute = loader.exec_module  # type: ignore[attr-defined]  # checked by the caller

        def exec_module(module: ModuleType) -> None:
            del loader.exec_module  # type: ignore[attr-defined]  # the instance attribute that is set below
            execute(module)
            for listener in self._listeners.pop(name, []):
                listener(module)

        loader.exec_module = exec_module  # type: ignore[attr-defined]


def _find_by_others(fullname: str, path: Sequence[str] | None, target: ModuleType | None) -> ModuleSpec | None:
    for finder in sys.meta_path:
        spec = None if isinstance(finder, ImportWatch) else finder.find_spec(fullname, path, target)
        if spec is not None:
            return spec
    return None
