"""A store that can't be written, in every way we know: one warning, the notebook goes on, nothing is lost."""

from __future__ import annotations

import json
import os
import shutil
import sqlite3
import stat
import subprocess
import sys
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path

import pytest
from trackbook.store import open_store
from trackbook.store.pending import Pending

from tests.forks import forks

pytestmark = pytest.mark.skipif(sys.platform == "win32", reason="rights and quotas are those of POSIX")
WARNING = "Trackbook can't write its store"
_HERE = Path(__file__).parent


class Place:
    """A folder with a store in it, and notebooks and commands that work there."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.store = folder / ".trackbook"
        self.database = self.store / "trackbook.db"

    def notebook(self, *cells: str, limit: str = "obey_rights") -> str:
        """Run cells in a process of its own and return what it said on stderr; they must all run to their end."""
        typed = json.dumps([*cells, "print('the end')"])
        done = self._run(limit, [str(_HERE / "shell.py")], typed, PYTHONWARNINGS="ignore")
        assert done.stdout.endswith("the end\n"), done.stdout + done.stderr
        assert "Traceback" not in done.stdout + done.stderr
        return done.stderr

    def command(self, *words: str) -> tuple[int, str]:
        """Run a command; return its exit code and all that it said."""
        code = "from trackbook.cli import main; main()"
        done = self._run("obey_rights", ["-c", code, *words], "")
        return done.returncode, done.stdout + done.stderr

    def _run(self, limit: str, words: list[str], typed: str, **variables: str) -> subprocess.CompletedProcess[str]:
        environment = {**os.environ, "TRACKBOOK_STORE": str(self.store), **variables}
        limited = str(_HERE / "limited.py")
        return forks.run(limited, limit, *words, folder=self.folder, environment=environment, typed=typed)

    def sources(self) -> list[str]:
        """Return what the store holds, whole, in the order in which it ran."""
        store = open_store(self.store, create=False)
        assert store.verify() == []
        found = [execution.source for execution in store.executions()]
        store.close()
        return found


@pytest.fixture
def place(tmp_path: Path) -> Place:
    (tmp_path / "project").mkdir()
    return Place(tmp_path / "project")


@pytest.fixture
def recorded(place: Place) -> Place:
    """A place whose store holds one session."""
    assert place.notebook("old = 1") == ""
    return place


def waiting(state: Path) -> list[Path]:
    return [path for path in state.rglob("*.db") if len(Pending(path))]


def assert_told_once(told: str, *words: str) -> None:
    assert told.count(WARNING) == 1, told
    assert all(word in told for word in words), told
    assert "lost" not in told, told


def test_folder_that_becomes_writable_gets_all_that_ran(place: Place, state: Path) -> None:
    place.folder.chmod(0o555)

    told = place.notebook("a = 1", "b = 2", "import os; os.chmod('.', 0o755)", "c = 3")

    assert_told_once(told, "Permission denied", "$TRACKBOOK_STORE")
    assert place.sources()[1:] == ["a = 1", "b = 2", "import os; os.chmod('.', 0o755)", "c = 3", "print('the end')"]
    assert waiting(state) == []


def test_what_a_read_only_store_could_not_take_is_taken_in_by_the_next_that_opens_it(
    recorded: Place, state: Path
) -> None:
    for path in (recorded.database, recorded.store):
        path.chmod(path.stat().st_mode & 0o555)

    told = recorded.notebook("a = 1")
    (file,) = waiting(state)
    modes = {stat.S_IMODE(path.stat().st_mode) for path in (file, file.parent)}
    for path in (recorded.store, recorded.database):
        path.chmod(path.stat().st_mode | 0o200)

    assert_told_once(told, "readonly", "$TRACKBOOK_STORE", str(file))
    assert modes == {0o600, 0o700}
    assert [source for source in recorded.sources() if "load_ext" not in source] == [
        "old = 1", "print('the end')", "a = 1", "print('the end')"
    ]  # fmt: skip
    assert waiting(state) == []


def test_read_only_store_can_be_read(recorded: Place) -> None:
    recorded.database.chmod(0o400)
    recorded.store.chmod(0o500)

    assert recorded.command("verify") == (0, f"All is well in {recorded.store}.\n")
    assert "old = 1" in recorded.command("log")[1]
    recorded.store.chmod(0o700)


def test_store_that_may_not_be_looked_into_is_one_sentence(recorded: Place) -> None:
    recorded.store.chmod(0)

    for command in ("status", "verify", "runs"):
        code, told = recorded.command(command)
        assert (code, told.count("\n"), "Permission denied" in told) == (2, 1, True), told
    recorded.store.chmod(0o700)


@pytest.fixture
def small_disk(tmp_path: Path) -> Iterator[Place | None]:
    """A place on a disk of 700 kB; None where nothing can be mounted."""
    folder = tmp_path / "disk"
    folder.mkdir()
    mount = ["mount", "-t", "tmpfs", "-o", "size=700k", "trackbook", str(folder)]
    is_mounted = shutil.which("mount") is not None and subprocess.run(mount, capture_output=True).returncode == 0
    yield Place(folder) if is_mounted else None
    if is_mounted:
        subprocess.run(["umount", "--lazy", str(folder)], check=True)


FILL = """
import os
with open("fill", "wb") as fill:
    try:
        while True: os.write(fill.fileno(), bytes(1024))
    except OSError: pass
"""
EMPTY = "os.remove('fill')"


@pytest.mark.parametrize("where", ["elsewhere", "on the same disk"])
def test_full_disk_gets_all_that_ran_when_there_is_room(
    small_disk: Place | None, place: Place, where: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    if small_disk is None:
        assert_limit_is_survived(place)
        return
    if where == "on the same disk":
        monkeypatch.setenv("XDG_STATE_HOME", str(small_disk.folder / "state"))

    told = small_disk.notebook("a = 1", FILL, "b = 2", "c = 'text' * 9000\nprint(c)", EMPTY, "d = 3")

    assert_told_once(told, "Free some space on that disk")
    assert small_disk.sources()[1:-1] == ["a = 1", FILL, "b = 2", "c = 'text' * 9000\nprint(c)", EMPTY, "d = 3"]


def test_command_on_a_full_disk_says_what_waits(small_disk: Place | None, place: Place) -> None:
    if small_disk is None:
        assert_limit_is_survived(place)
        return
    small_disk.notebook("a = 1", FILL, "b = 2")

    code, told = small_disk.command("verify")

    assert "Traceback" not in told
    assert code in (0, 2)  # what is there can be read if nothing has to be written beside it
    assert "Free some space" in told


def test_file_that_may_not_grow_is_survived(place: Place) -> None:
    assert_limit_is_survived(place)


LIFT = "import resource as r; r.setrlimit(r.RLIMIT_FSIZE, (r.RLIM_INFINITY, r.RLIM_INFINITY))"


def assert_limit_is_survived(place: Place) -> None:
    cells = [f"x{number} = '{number}' * 9\n# {'long ' * 2000}" for number in range(80)]

    told = place.notebook(*cells, LIFT, limit="keep_files_small")

    assert_told_once(told, str(place.database))
    assert [source for source in place.sources() if source.startswith("x")] == cells


@pytest.mark.parametrize("content", [b"no database at all, but a text" * 999, b"SQLite format 3\0" + bytes(9000)])
def test_corrupt_file_is_one_sentence_everywhere_and_costs_nothing(
    recorded: Place, content: bytes, state: Path
) -> None:
    recorded.database.write_bytes(content)

    told = recorded.notebook("a = 1", "import os; os.rename('.trackbook/trackbook.db', 'damaged')", "b = 2")

    assert_told_once(told, str(recorded.database), "Move that file away")
    assert [source for source in recorded.sources() if " = " in source] == ["a = 1", "b = 2"]
    recorded.database.write_bytes(content)
    for command in ("status", "verify", "runs"):
        code, told = recorded.command(command)
        assert (code, told.count("\n")) == (2, 1), told


def test_newer_schema_is_one_sentence_everywhere_and_costs_nothing(recorded: Place, state: Path) -> None:
    stamp(recorded.database, "9999")

    told = recorded.notebook("a = 1")
    answers = [recorded.command(command) for command in ("status", "verify", "runs")]
    stamp(recorded.database, None)

    assert_told_once(told, "newer Trackbook", "pip install --upgrade trackbook", str(state))
    assert all((code, said.count("\n")) == (2, 1) for code, said in answers), answers
    assert "a = 1" in recorded.sources()
    assert waiting(state) == []


def stamp(database: Path, revision: str | None) -> None:
    from trackbook.store.sql.schema import HEAD

    with closing(sqlite3.connect(database)) as connection:
        connection.execute("UPDATE alembic_version SET version_num = ?", (revision or HEAD,))
        connection.commit()


@pytest.mark.parametrize("what", ["'.trackbook'", "'.trackbook/trackbook.db'"])
def test_store_that_is_deleted_in_mid_session_is_made_anew(recorded: Place, what: str) -> None:
    fit = "from sklearn.linear_model import Ridge\nm = Ridge(alpha=0.5).fit([[0.0], [1.0]], [0, 1])"
    remove = f"import os, shutil; (shutil.rmtree if os.path.isdir({what}) else os.remove)({what})"

    told = recorded.notebook(fit, remove, "b = 2", "m.score([[0.0], [1.0]], [0, 1])", "c = 3")

    assert told.count(WARNING) == 1, told
    assert "deleted or replaced" in told
    assert recorded.sources()[-5:] == [remove, "b = 2", "m.score([[0.0], [1.0]], [0, 1])", "c = 3", "print('the end')"]


@pytest.mark.parametrize("name", ["with spaces", "ünï ☃ 数据", "a%20b?c#d&e'f\"g", "-x;$HOME"])
def test_path_of_any_characters_works_throughout(tmp_path: Path, name: str) -> None:
    folder = tmp_path / name
    folder.mkdir()
    place = Place(folder)

    assert place.notebook("a = 1", "print('long ' * 9000)") == ""

    assert place.command("verify") == (0, f"All is well in {place.store}.\n")
    assert place.command("status")[0] == 0
    assert place.sources()[1] == "a = 1"
    place.database.chmod(0o400)
    place.store.chmod(0o500)
    assert place.command("verify")[0] == 0
    place.store.chmod(0o700)


def test_everything_is_for_its_owner_only_whatever_the_umask(place: Place) -> None:
    told = place.notebook(
        "import os; os.umask(0)",
        "print('long ' * 9000)",
        "inside = list(os.walk('.trackbook'))\n"
        "files = [os.path.join(here, name) for here, _, names in inside for name in names]\n"
        "modes = {name: oct(os.stat(name).st_mode)[-3:] for name in files}\n"
        "assert set(modes.values()) == {'600'}, modes\n"
        "assert {oct(os.stat(here).st_mode)[-3:] for here, _, _ in inside} == {'700'}",
        limit="let_all_in",
    )

    assert told == ""
    assert any(path.is_file() for path in (place.store / "objects").rglob("*"))
    assert {stat.S_IMODE(path.stat().st_mode) for path in place.store.rglob("*") if path.is_file()} == {0o600}
    assert {stat.S_IMODE(path.stat().st_mode) for path in place.store.rglob("*") if path.is_dir()} == {0o700}
