"""Imports modules in the parent, and tells which of them a parent must not import.

A module is left to the kernels if its import, done once and before there is a kernel, would not be what it is in one:
it starts threads (they don't survive a fork), says something (that belongs into the notebook), or asks for the kernel
(pyplot and plotly choose their backend so). What such an import has done can't be undone, so that the process that
found out is thrown away and another one begun without the module.
"""

from __future__ import annotations

import importlib
import importlib.util
import os
import site
import sys
import sysconfig
import warnings
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from importlib.machinery import ModuleSpec
from pathlib import Path
from typing import Any

_TASKS = Path("/proc/self/task")


class AsksForKernelError(BaseException):
    """An import asked for the kernel. No module takes this for something that it can go on from."""


def threads() -> int:
    """Return how many threads this process has, also those that Python does not know; 1 where that can't be told."""
    try:
        return len(os.listdir(_TASKS))
    except OSError:
        return 1


def reason_against(name: str) -> str | None:
    """Import a module; return why a parent must not, None if it may.

    A module that is not installed, and one that is a file of somebody's own, is not imported and not spoken of.
    """
    if name in sys.modules or not _is_installed(name.partition(".")[0]):
        return None
    said: list[str] = []
    with _noting_output(said), _noting_warnings(said):
        try:
            importlib.import_module(name)
        except AsksForKernelError:
            return "it asks for the kernel when it is imported"
        except BaseException as error:  # noqa: BLE001  # whatever a module does: the kernel shall find out
            if not (isinstance(error, ModuleNotFoundError) and error.name == name):  # else what it names is no module
                return f"its import fails ({type(error).__name__})"
    if said:
        return "it says something when it is imported"
    if threads() > 1:
        return "it starts threads when it is imported"
    return None


def _is_installed(top: str) -> bool:
    if top in sys.stdlib_module_names or top == __name__.partition(".")[0]:
        return True
    spec = _spec(top)
    if spec is None:
        return False
    places = [spec.origin] if spec.origin else [*(spec.submodule_search_locations or ())]
    return bool(places) and all(_is_below(place, _package_folders()) for place in places)


def _spec(name: str) -> ModuleSpec | None:
    try:
        return importlib.util.find_spec(name)
    except (ImportError, ValueError, AttributeError):
        return None


def _package_folders() -> list[str]:
    paths = sysconfig.get_paths()
    return [paths["purelib"], paths["platlib"], *site.getsitepackages(), site.getusersitepackages()]


def _is_below(place: str, folders: list[str]) -> bool:
    return any(os.path.realpath(place).startswith(os.path.realpath(folder) + os.sep) for folder in folders)


@contextmanager
def _noting_warnings(said: list[str]) -> Iterator[None]:
    """Note warnings that would be shown; the filters are left as they are, since modules add to them."""
    original = warnings.showwarning
    warnings.showwarning = lambda message, *_, **__: said.append(str(message))
    try:
        yield
    finally:
        warnings.showwarning = original


@contextmanager
def _noting_output(said: list[str]) -> Iterator[None]:
    """Note what is written to the standard streams, also by libraries in C."""
    read, write = os.pipe()
    os.set_blocking(read, False)
    os.set_blocking(write, False)  # a module that writes more than fits fails, and is left to the kernels
    kept = [os.dup(number) for number in (1, 2)]
    for number in (1, 2):
        os.dup2(write, number)
    try:
        yield
    finally:
        sys.stdout.flush()
        sys.stderr.flush()
        for number, original in zip((1, 2), kept, strict=True):
            os.dup2(original, number)
            os.close(original)
        os.close(write)
        written = os.read(read, 1000)
        os.close(read)
        if written:
            said.append(written.decode(errors="replace"))


@contextmanager
def without_kernel() -> Iterator[None]:
    """While this lasts, asking IPython for its shell raises; who took the function meanwhile has one that works."""
    import IPython
    from IPython.core import getipython

    original: Callable[[], Any] = getipython.get_ipython
    is_over = False

    def get_ipython() -> Any:
        if not is_over:
            raise AsksForKernelError
        return original()

    get_ipython.__doc__ = original.__doc__
    IPython.get_ipython = getipython.get_ipython = get_ipython
    try:
        yield
    finally:
        is_over = True
        IPython.get_ipython = getipython.get_ipython = original
