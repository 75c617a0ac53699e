"""Tells when a library has been imported, so that it is understood from its first use on and never imported by us.

What is watched is the one function of Python that executes a module's source, and the one by which IPython's autoreload
puts a file's changes into a module without executing it. Nothing is added to the import system: no
finder, no loader, no frame in the traceback of an import that fails.
"""

from __future__ import annotations

import sys
from collections.abc import Callable
from importlib.machinery import SourceFileLoader
from types import FrameType, ModuleType

from trackbook.capture.instrument import Instruments

Listener = Callable[[ModuleType], None]
_AUTORELOAD = "IPython.extensions.deduperreload.deduperreload"


class ImportWatch:
    """Calls a listener with a module whenever it has been imported or reloaded; at once if it already is."""

    def __init__(self) -> None:
        self._listeners: dict[str, list[Listener]] = {}
        self.before_execution: Listener | None = None
        """Called with each module that is about to be executed, when it is imported or reloaded, or was patched."""
        self._instruments = Instruments()

    def when_imported(self, name: str, listener: Listener) -> None:
        """Call `listener` with the module of this name, now or when somebody imports it."""
        self._listeners.setdefault(name, []).append(listener)
        self._instruments.watch(SourceFileLoader.exec_module, self)
        module = sys.modules.get(name)
        if module is not None and not getattr(getattr(module, "__spec__", None), "_initializing", False):
            listener(module)

    def watch_patches(self) -> None:
        """Tell also of modules that autoreload patches."""
        self.when_imported(_AUTORELOAD, self._watch_autoreload)

    def _watch_autoreload(self, autoreload: ModuleType) -> None:
        patch = getattr(getattr(autoreload, "DeduperReloader", None), "maybe_reload_module", None)
        if patch is not None:
            self._instruments.watch(patch, _Patches(self))

    def remove(self) -> None:
        """Watch no more."""
        self._listeners.clear()
        self._instruments.remove_all()

    def called(self, frame: FrameType) -> object:
        """Take note of a module that is about to be executed, if it is waited for (`Watch` protocol)."""
        if not self._listeners:
            return None
        module = frame.f_locals.get("module")
        if self.before_execution is not None and isinstance(module, ModuleType):
            self.before_execution(module)
        return module if getattr(module, "__name__", None) in self._listeners else None

    def returned(self, token: object, result: object, frame: FrameType) -> None:
        """Tell of a module that has been executed (`Watch` protocol)."""
        if isinstance(token, ModuleType):
            for listener in list(self._listeners.get(token.__name__, ())):
                listener(token)


class _Patches:
    """Tells of modules that autoreload has brought up to date in place."""

    def __init__(self, imports: ImportWatch) -> None:
        self._imports = imports

    def called(self, frame: FrameType) -> object:
        """Take note of the module (`Watch` protocol)."""
        return frame.f_locals.get("module")

    def returned(self, token: object, result: object, frame: FrameType) -> None:
        """Tell of the module if that was done (`Watch` protocol)."""
        tell = self._imports.before_execution
        if result is True and tell is not None and isinstance(token, ModuleType):
            tell(token)
