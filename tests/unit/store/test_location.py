from __future__ import annotations

import os
import stat
from pathlib import Path

import pytest
from trackbook.errors import NotFoundError, StoreError
from trackbook.store import RunFilter, Store, find_store, open_store


@pytest.fixture(autouse=True)
def home(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A home of our own, and no variables of the person who runs the tests."""
    home = tmp_path / "home" / "ada"
    home.mkdir(parents=True)
    monkeypatch.setenv("HOME", str(home))
    monkeypatch.delenv("TRACKBOOK_STORE", raising=False)
    monkeypatch.delenv("TRACKBOOK_OBJECTS", raising=False)
    return home


def folder(path: Path) -> Path:
    path.mkdir(parents=True)
    return path


def place_of(store: Store) -> str:
    """Where a store is; it is closed."""
    store.close()
    return store.location


def test_variable_wins_over_the_search(home: Path) -> None:
    folder(home / "project" / ".trackbook")

    assert find_store(home / "project", {"TRACKBOOK_STORE": "/data/store"}) == "/data/store"


@pytest.mark.parametrize("value", ["", "  "])
def test_empty_variable_counts_as_unset(home: Path, value: str) -> None:
    store = folder(home / "project" / ".trackbook")

    assert find_store(home / "project", {"TRACKBOOK_STORE": value}) == str(store)


def test_nearest_store_upwards_is_found(home: Path) -> None:
    folder(home / ".trackbook")
    near = folder(home / "project" / ".trackbook")
    deep = folder(home / "project" / "a" / "b")

    assert find_store(deep, {}) == str(near)
    assert find_store(home, {}) == str(home / ".trackbook")


def test_no_store_is_none_and_opening_without_creating_says_how_to_go_on(home: Path) -> None:
    assert find_store(home, {}) is None
    with pytest.raises(NotFoundError, match="%load_ext trackbook"):
        open_store(start=home, create=False)
    with pytest.raises(NotFoundError, match="trackbook init"):
        open_store(home / "nowhere", create=False)
    assert list(home.iterdir()) == []


@pytest.mark.parametrize("marker", [".git", "pyproject.toml", "setup.py", "requirements.txt"])
def test_new_store_is_made_beside_the_project_root(home: Path, marker: str) -> None:
    notebooks = folder(home / "project" / "notebooks")
    (home / "project" / marker).touch()

    store = open_store(start=notebooks)

    assert place_of(store) == str(home / "project" / ".trackbook")
    assert (home / "project" / ".trackbook" / ".gitignore").read_text() == "*\n"


def test_home_under_git_for_its_dot_files_is_no_project(home: Path) -> None:
    folder(home / ".git")
    notebooks = folder(home / "notebooks")

    assert place_of(open_store(start=notebooks)) == str(notebooks / ".trackbook")


def test_home_itself_may_hold_a_store_if_one_works_there(home: Path) -> None:
    assert place_of(open_store(start=home)) == str(home / ".trackbook")


def test_work_above_all_homes_is_kept_in_ones_own(home: Path) -> None:
    first = place_of(open_store(start=home.parent))
    again = place_of(open_store(start=home.parent, create=False))

    assert first == again == str(home / ".trackbook")


def test_opening_by_the_project_folder_opens_its_store(home: Path) -> None:
    inside = place_of(open_store(start=home))

    assert place_of(open_store(home)) == inside


def test_variable_names_the_store_and_its_objects(home: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("TRACKBOOK_STORE", "~/stores/mine")
    monkeypatch.setenv("TRACKBOOK_OBJECTS", str(home / "elsewhere"))

    store = open_store(start=home)
    digest = store.put_object(b"x")

    assert place_of(store) == str(home / "stores" / "mine")
    assert (home / "elsewhere" / digest[:2] / digest[2:]).read_bytes() == b"x"


def test_sqlite_url_keeps_objects_beside_its_file(home: Path) -> None:
    store = open_store(f"sqlite:///{home}/data/team.db")
    digest = store.put_object(b"x")

    assert place_of(store) == str(home / "data" / "team.db")
    assert (home / "data" / "objects" / digest[:2] / digest[2:]).exists()


def test_path_with_odd_characters_is_a_path(home: Path) -> None:
    odd = home / "a b?c=d&e%41#ü"

    store = open_store(odd)

    assert store.runs(RunFilter()) == []
    assert place_of(store) == str(odd)
    assert (odd / "trackbook.db").exists()


def test_memory_store_is_one_a_name(home: Path) -> None:
    one, again, other = open_store("memory://a"), open_store("memory://a"), open_store("memory://b")

    assert one is again
    assert one is not other
    assert one.location == "memory://a"


@pytest.mark.skipif(os.name == "nt", reason="Windows has other rights")
def test_files_are_for_their_owner_only(home: Path) -> None:
    store = open_store(home / "new" / "store")
    store.put_object(b"x")
    store.runs(RunFilter())

    modes = {stat.S_IMODE(path.stat().st_mode) for path in (home / "new").rglob("*") if path.is_file()}
    folders = {stat.S_IMODE(path.stat().st_mode) for path in (home / "new").rglob("*") if path.is_dir()}
    names = {path.name for path in (home / "new" / "store").iterdir()}
    assert {"trackbook.db", "trackbook.db-wal", "trackbook.db-shm", "objects", ".gitignore"} == names
    assert (modes, folders) == ({0o600}, {0o700})
    store.close()


def test_folder_with_other_files_is_not_taken_over(home: Path) -> None:
    (home / "thesis.ipynb").touch()

    with pytest.raises(StoreError, match="holds other files and no store"):
        open_store(home)

    assert [path.name for path in home.iterdir()] == ["thesis.ipynb"]


def test_file_where_the_folder_should_be_is_an_error(home: Path) -> None:
    (home / "project").touch()

    with pytest.raises(StoreError, match="is a file"):
        open_store(home / "project")
    with pytest.raises(StoreError, match="No store can be made in"):
        open_store(home / "project" / "store")


def test_folder_where_the_file_should_be_is_an_error(home: Path) -> None:
    folder(home / "store" / "trackbook.db")

    with pytest.raises(StoreError, match="is no file"):
        open_store(home / "store")


@pytest.mark.skipif(os.name == "nt" or os.geteuid() == 0, reason="root may write everywhere")
def test_folder_without_the_right_to_write_is_an_error(home: Path) -> None:
    folder(home / "locked").chmod(0o500)

    with pytest.raises(StoreError, match=r"\$TRACKBOOK_STORE"):
        open_store(home / "locked" / "store")


def test_place_where_no_file_can_be_is_an_error() -> None:
    with pytest.raises(StoreError, match=r"No store can be made in .*\$TRACKBOOK_STORE"):
        open_store("/proc/trackbook")


def test_broken_database_is_an_error(home: Path) -> None:
    folder(home / "store")
    (home / "store" / "trackbook.db").write_bytes(b"not a database, " * 100)

    with pytest.raises(StoreError, match=r"not a database\. Move that file away"):
        open_store(home / "store")


@pytest.mark.parametrize("url", ["postgresql://db/x", "mysql://x"])
def test_database_of_another_kind_is_refused(url: str) -> None:
    with pytest.raises(StoreError, match="not supported yet"):
        open_store(url)


@pytest.mark.parametrize("url", ["sqlite://", "sqlite:///:memory:", "sqlite:x.db"])
def test_database_without_a_file_is_refused(url: str) -> None:
    with pytest.raises(StoreError, match="memory://"):
        open_store(url)
