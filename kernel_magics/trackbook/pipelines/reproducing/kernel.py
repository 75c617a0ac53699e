"""The kernel that a slice runs in: ``-m trackbook.pipelines.reproducing.kernel -f FILE``, as Jupyter starts kernels.

It is ipykernel's, with the modules that were kept with the run in front of those on disk, and confined as its plan says
before the first cell runs.
"""

from __future__ import annotations

import os
import shutil
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from importlib.machinery import ModuleSpec
from importlib.util import spec_from_file_location
from pathlib import Path
from typing import Any

from trackbook.pipelines.reproducing.confinement import Confinement, Plan
from trackbook.pipelines.reproducing.landlock import confine

PLAN_VARIABLE = "TRACKBOOK_REPRODUCTION_PLAN"


class KeptModules:
    """Finds modules as they were kept with a run (a finder of ``sys.meta_path``)."""

    def __init__(self, files: dict[str, str]) -> None:
        self._files = files

    def find_spec(self, name: str, path: Any = None, target: Any = None) -> ModuleSpec | None:
        """Return where a kept module is, None for all others."""
        file = self._files.get(name)
        if file is None:
            return None
        is_package = os.path.basename(file) == "__init__.py"
        return spec_from_file_location(
            name, file, submodule_search_locations=[os.path.dirname(file)] if is_package else None
        )


@contextmanager
def _without(name: str) -> Iterator[None]:
    """Let nobody import a module for the moment."""
    sys.modules.setdefault(name, None)  # type: ignore[arg-type]  # None is how a module is said to be missing
    try:
        yield
    finally:
        if sys.modules[name] is None:
            del sys.modules[name]


def _use_own_database(shell: Any, place: Path) -> None:
    """Let what IPython remembers between kernels (``%store``, the folders of ``%cd``) be a copy of its own."""
    original = getattr(shell.db, "root", None)
    if original is not None:
        shutil.copytree(original, place, dirs_exist_ok=True)
        shell.db = type(shell.db)(str(place))


def main() -> None:
    """Start the kernel and serve until it is shut down."""
    plan = Plan.read(Path(os.environ.pop(PLAN_VARIABLE)))
    if sys.path and sys.path[0] and Path(sys.path[0]) == Path.cwd():
        del sys.path[0]  # put there by ``-m``; IPython adds the working folder itself
    os.chdir(plan.folder)
    with _without("debugpy"):  # nobody debugs here, and it takes a third of a second
        from ipykernel.kernelapp import IPKernelApp

    app = IPKernelApp.instance()
    app.initialize()  # type: ignore[no-untyped-call]  # ipykernel has no types here
    assert app.shell is not None
    _use_own_database(app.shell, Path(plan.root).parent / "runtime" / "db")
    app.shell.extension_manager.load_extension("trackbook")  # beside those that the person's configuration loads
    sys.path.extend(each for each in plan.search if each not in sys.path)
    if plan.modules:
        sys.meta_path.insert(0, KeptModules(plan.modules))
    sys.addaudithook(Confinement(plan))
    confine(plan.allowed)
    app.start()  # type: ignore[no-untyped-call]


if __name__ == "__main__":
    main()
