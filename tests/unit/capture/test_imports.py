"""A module that is waited for is told of, whoever imports it, and the import system is left as it was."""

from __future__ import annotations

import importlib
import importlib.util
import sys
from collections.abc import Iterator
from importlib.machinery import SourceFileLoader
from pathlib import Path
from types import ModuleType
from typing import Any

import pytest
from trackbook.capture.imports import ImportWatch


@pytest.fixture
def watch() -> Iterator[ImportWatch]:
    found = ImportWatch()
    yield found
    found.remove()


@pytest.fixture
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Path]:
    """A folder to import from; what was imported from it is forgotten again."""
    monkeypatch.syspath_prepend(str(tmp_path))
    before = set(sys.modules)
    yield tmp_path
    for name in set(sys.modules) - before:
        del sys.modules[name]


def test_module_that_is_imported_later_is_told_of_once(watch: ImportWatch, folder: Path) -> None:
    (folder / "later_one.py").write_text("x = 5")
    told: list[ModuleType] = []
    watch.when_imported("later_one", told.append)
    before = list(told)

    module = importlib.import_module("later_one")
    importlib.import_module("later_one")

    assert before == []
    assert told == [module]
    assert told[0].x == 5


def test_module_is_whole_when_it_is_told_of(watch: ImportWatch, folder: Path) -> None:
    (folder / "whole_one.py").write_text("first = 1\nimport json\nlast = 2")
    seen: list[object] = []
    watch.when_imported("whole_one", lambda module: seen.append((module.last, sys.modules["whole_one"] is module)))

    importlib.import_module("whole_one")

    assert seen == [(2, True)]


def test_module_that_is_there_is_told_of_at_once(watch: ImportWatch) -> None:
    told: list[ModuleType] = []

    watch.when_imported("pathlib", told.append)

    assert told == [sys.modules["pathlib"]]
    assert watch not in sys.meta_path


def test_module_that_is_never_imported_is_not_told_of(watch: ImportWatch) -> None:
    told: list[ModuleType] = []

    watch.when_imported("no_such_module_at_all", told.append)
    with pytest.raises(ModuleNotFoundError) as caught:
        importlib.import_module("no_such_module_at_all")

    assert told == []
    assert caught.value.name == "no_such_module_at_all"


def test_every_listener_is_told(watch: ImportWatch, folder: Path) -> None:
    (folder / "popular.py").write_text("")
    told: list[str] = []
    watch.when_imported("popular", lambda module: told.append("first"))
    watch.when_imported("popular", lambda module: told.append("second"))

    importlib.import_module("popular")

    assert told == ["first", "second"]


def test_failed_import_is_the_same_and_the_next_one_is_told_of(watch: ImportWatch, folder: Path) -> None:
    file = folder / "fails_first.py"
    file.write_text("raise ImportError('not yet')")
    told: list[ModuleType] = []
    watch.when_imported("fails_first", told.append)

    with pytest.raises(ImportError, match="not yet"):
        importlib.import_module("fails_first")
    after_failure = ("fails_first" in sys.modules, list(told))
    file.write_text("fine = True  # longer than before")
    importlib.invalidate_caches()
    module = importlib.import_module("fails_first")

    assert after_failure == (False, [])
    assert told == [module]


def test_traceback_of_a_failed_import_holds_no_frame_of_ours(watch: ImportWatch, folder: Path) -> None:
    (folder / "breaks.py").write_text("1 / 0")
    watch.when_imported("breaks", lambda module: None)

    with pytest.raises(ZeroDivisionError) as caught:
        importlib.import_module("breaks")

    files = {entry.path.name for entry in caught.traceback if hasattr(entry.path, "name")}
    assert "breaks.py" in files
    assert "imports.py" not in files


def test_package_and_its_submodule(watch: ImportWatch, folder: Path) -> None:
    package = folder / "parcel"
    package.mkdir()
    (package / "__init__.py").write_text("from parcel import inner")
    (package / "inner.py").write_text("import parcel")
    told: list[str] = []
    for name in ("parcel.inner", "parcel"):
        watch.when_imported(name, lambda module: told.append(module.__name__))

    importlib.import_module("parcel.inner")

    assert told == ["parcel.inner", "parcel"]


def test_submodule_alone(watch: ImportWatch, folder: Path) -> None:
    package = folder / "crate"
    package.mkdir()
    (package / "__init__.py").write_text("")
    (package / "deep.py").write_text("")
    told: list[str] = []
    watch.when_imported("crate.deep", lambda module: told.append(module.__name__))

    importlib.import_module("crate")
    after_package = list(told)
    importlib.import_module("crate.deep")

    assert (after_package, told) == ([], ["crate.deep"])


def test_looking_for_a_module_is_no_import(watch: ImportWatch, folder: Path) -> None:
    (folder / "only_looked_for.py").write_text("")
    told: list[ModuleType] = []
    watch.when_imported("only_looked_for", told.append)

    spec = importlib.util.find_spec("only_looked_for")
    after_look = list(told)
    module = importlib.import_module("only_looked_for")

    assert spec is not None
    assert (after_look, told) == ([], [module])


def test_lazy_loader_tells_when_the_module_is_used(watch: ImportWatch, folder: Path) -> None:
    (folder / "lazy_one.py").write_text("x = 1")
    told: list[ModuleType] = []
    watch.when_imported("lazy_one", told.append)

    spec = importlib.util.find_spec("lazy_one")
    assert spec is not None
    assert spec.loader is not None
    spec.loader = importlib.util.LazyLoader(spec.loader)
    module = importlib.util.module_from_spec(spec)
    sys.modules["lazy_one"] = module
    spec.loader.exec_module(module)
    before_use = list(told)

    assert module.x == 1
    assert (before_use, len(told)) == ([], 1)


def test_reload_is_told_of_too_for_its_functions_are_new(watch: ImportWatch, folder: Path) -> None:
    (folder / "again.py").write_text("count = globals().get('count', 0) + 1")
    told: list[int] = []
    watch.when_imported("again", lambda module: told.append(module.count))
    module = importlib.import_module("again")

    importlib.reload(module)

    assert told == [1, 2]


def test_reload_of_a_module_that_was_there_is_told_of(watch: ImportWatch, folder: Path) -> None:
    (folder / "early.py").write_text("x = 1")
    module = importlib.import_module("early")
    told: list[ModuleType] = []
    watch.when_imported("early", told.append)

    again = importlib.reload(module)

    assert again is module
    assert told == [module, module]


def test_loader_and_spec_are_as_they_are_without_us(watch: ImportWatch, folder: Path) -> None:
    (folder / "plain_one.py").write_text("")
    (folder / "watched_one.py").write_text("")
    watch.when_imported("watched_one", lambda module: None)

    plain, watched = importlib.import_module("plain_one"), importlib.import_module("watched_one")

    assert plain.__spec__ is not None
    assert watched.__spec__ is not None
    assert type(watched.__spec__.loader) is type(plain.__spec__.loader)
    assert set(vars(watched.__spec__.loader)) == set(vars(plain.__spec__.loader))
    assert watched.__spec__.cached


@pytest.mark.parametrize("name", ["xxsubtype", "__hello__"])
def test_importers_of_builtin_and_frozen_modules_are_left_alone(watch: ImportWatch, folder: Path, name: str) -> None:
    sys.modules.pop(name, None)
    spec = importlib.util.find_spec(name)
    assert spec is not None
    loader: Any = spec.loader  # the class itself: the loader of all such modules
    execute = loader.__dict__["exec_module"]
    watch.when_imported(name, lambda module: None)

    importlib.import_module(name)
    found = loader.__dict__.get("exec_module")
    loader.exec_module = execute  # whatever happened: nothing else can be imported without it

    assert found is execute


def test_namespace_package_does_not_break(watch: ImportWatch, folder: Path) -> None:
    (folder / "nowhere_special").mkdir()
    watch.when_imported("nowhere_special", lambda module: None)

    module = importlib.import_module("nowhere_special")

    assert list(module.__path__) == [str(folder / "nowhere_special")]


def test_remove_leaves_the_finders_as_they_were(folder: Path) -> None:
    before, code = list(sys.meta_path), SourceFileLoader.exec_module.__code__
    watch = ImportWatch()
    told: list[ModuleType] = []
    (folder / "too_late.py").write_text("")
    watch.when_imported("too_late", told.append)

    watch.remove()
    importlib.import_module("too_late")
    watch.remove()

    assert sys.meta_path == before
    assert SourceFileLoader.exec_module.__code__ is code
    assert told == []


def test_remove_between_finding_and_executing_tells_nobody(folder: Path) -> None:
    (folder / "half_way.py").write_text("x = 1")
    watch = ImportWatch()
    told: list[ModuleType] = []
    watch.when_imported("half_way", told.append)
    spec = importlib.util.find_spec("half_way")
    assert spec is not None
    assert spec.loader is not None

    watch.remove()
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)

    assert (module.x, told) == (1, [])


def test_two_watches_are_both_told(watch: ImportWatch, folder: Path) -> None:
    (folder / "shared_one.py").write_text("")
    other = ImportWatch()
    told: list[str] = []
    watch.when_imported("shared_one", lambda module: told.append("one"))
    other.when_imported("shared_one", lambda module: told.append("other"))

    importlib.import_module("shared_one")
    other.remove()

    assert sorted(told) == ["one", "other"]
