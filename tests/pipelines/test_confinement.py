"""Each test runs code in a process of its own, confined as the kernel of a reproduction is."""

from __future__ import annotations

import json
import subprocess
import sys
from dataclasses import dataclass
from pathlib import Path

import pytest
from trackbook.pipelines.reproducing.confinement import Plan
from trackbook.pipelines.reproducing.landlock import confine
from trackbook.pipelines.reproducing.scratch import Scratch

CONFINED = """
import os, sys
from pathlib import Path
from trackbook.pipelines.reproducing.confinement import Confinement, Plan
from trackbook.pipelines.reproducing.landlock import confine
plan = Plan.read(Path(sys.argv[1]))
os.chdir(plan.folder)
sys.addaudithook(Confinement(plan))
if sys.argv[2] == "by the system too":
    confine(plan.allowed)
home = sys.argv[3]
exec(sys.argv[4])
"""
HAS_LANDLOCK = (
    subprocess.run(
        [
            sys.executable,
            "-c",
            "import sys; from trackbook.pipelines.reproducing.landlock import confine; sys.exit(not confine([]))",
        ],
        check=False,
    ).returncode
    == 0
)


@dataclass
class Confined:
    """A person's folder, a scratch that mirrors it, and code that runs there."""

    home: Path
    scratch: Scratch
    absent: tuple[str, ...] = ()
    by_system: bool = False

    def run(self, code: str) -> subprocess.CompletedProcess[str]:
        plan = self.scratch.plan(modules={}, absent=self.absent, allowed=["/dev"])
        system = "by the system too" if self.by_system else "by Python"
        command = [sys.executable, "-c", CONFINED, str(plan), system, str(self.home), code]
        return subprocess.run(command, capture_output=True, text=True, check=False)

    def inside(self, name: str) -> Path:
        return self.scratch.place(self.home / name)


@pytest.fixture
def confined(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Confined:
    (tmp_path / "tmp").mkdir()
    monkeypatch.setattr("tempfile.tempdir", str(tmp_path / "tmp"))
    home = tmp_path / "home"
    (home / "out").mkdir(parents=True)
    (home / "precious.csv").write_text("a,b\n1,2\n")
    (home / "images").mkdir()
    for name in ("one.png", "two.png"):
        (home / "images" / name).write_bytes(name.encode())
    return Confined(home, Scratch(home))


def state(folder: Path) -> dict[str, bytes | None]:
    return {str(each): each.read_bytes() if each.is_file() else None for each in sorted(folder.rglob("*"))}


@pytest.mark.parametrize(
    "code",
    [
        "open(home + '/precious.csv', 'w')",
        "open(home + '/precious.csv', 'a')",
        "open(home + '/precious.csv', 'r+')",
        "open(home + '/new.csv', 'x')",
        "os.open(home + '/precious.csv', os.O_RDWR | os.O_TRUNC)",
        "Path(home, 'new').touch()",
        "Path(home, 'precious.csv').write_text('x')",
        "os.remove(home + '/precious.csv')",
        "Path(home, 'precious.csv').unlink()",
        "os.rename(home + '/precious.csv', 'mine.csv')",
        "os.replace('out', home + '/images')",
        "import shutil; shutil.move(home + '/precious.csv', 'mine.csv')",
        "import shutil; shutil.rmtree(home)",
        "import shutil; shutil.copy('/proc/self/cmdline', home + '/precious.csv')",
        "os.mkdir(home + '/new')",
        "os.makedirs(home + '/deep/er')",
        "os.rmdir(home + '/out')",
        "os.truncate(home + '/precious.csv', 0)",
        "os.chmod(home + '/precious.csv', 0)",
        "os.utime(home + '/precious.csv', (0, 0))",
        "os.symlink('/etc', home + '/link')",
        "os.link(home + '/precious.csv', home + '/link')",
        "os.symlink(home + '/precious.csv', 'link.csv'); open('link.csv', 'w')",
        "os.symlink(home, 'link'); open('link/precious.csv', 'w')",
        "os.unlink('precious.csv', dir_fd=os.open(home, os.O_RDONLY))",
    ],
)
def test_nothing_of_a_person_is_changed(confined: Confined, code: str) -> None:
    before = state(confined.home)

    done = confined.run(code)

    assert state(confined.home) == before
    assert "PermissionError" in done.stderr
    assert "This is a reproduction" in done.stderr
    assert confined.scratch.notes()["refused"][0].startswith(str(confined.home))


@pytest.mark.skipif(not HAS_LANDLOCK, reason="this system can't confine a process")
@pytest.mark.parametrize(
    "code",
    [
        "os.system(f'echo lost > {home}/precious.csv')",
        "import subprocess; subprocess.run(['rm', home + '/precious.csv'])",
        "import pyarrow as pa, pyarrow.parquet as pq; pq.write_table(pa.table({'a': [1]}), home + '/precious.csv')",
        "import ctypes; ctypes.CDLL(None).unlink((home + '/precious.csv').encode())",
    ],
)
def test_programs_and_libraries_in_c_change_nothing_of_a_person_either(confined: Confined, code: str) -> None:
    confined.by_system = True
    before = state(confined.home)

    confined.run(code)

    assert state(confined.home) == before


def test_relative_paths_lead_into_the_scratch_folder(confined: Confined) -> None:
    done = confined.run(
        "open('out/result.csv', 'w').write('x'); os.makedirs('fresh/er'); Path('../up.txt').write_text('y')"
    )

    assert done.returncode == 0, done.stderr
    assert confined.inside("out/result.csv").read_text() == "x"
    assert confined.inside("../up.txt").exists()
    assert not (confined.home / "out" / "result.csv").exists()
    assert not (confined.home.parent / "up.txt").exists()


def test_folder_that_is_there_may_be_asked_for(confined: Confined) -> None:
    done = confined.run("os.makedirs(home + '/out', exist_ok=True)")

    assert done.returncode == 0, done.stderr
    assert "refused" not in confined.scratch.notes()


def test_file_that_is_not_on_record_is_copied_when_it_is_opened_and_noted(confined: Confined) -> None:
    done = confined.run("print(open('precious.csv').read())")

    assert "1,2" in done.stdout, done.stderr
    assert confined.scratch.notes() == {"read": [str(confined.home / "precious.csv")]}


def test_file_that_is_appended_to_is_a_copy(confined: Confined) -> None:
    done = confined.run("open('precious.csv', 'a').write('3,4')")

    assert done.returncode == 0, done.stderr
    assert confined.inside("precious.csv").read_text() == "a,b\n1,2\n3,4"
    assert (confined.home / "precious.csv").read_text() == "a,b\n1,2\n"


def test_folder_that_is_listed_shows_what_it_showed(confined: Confined) -> None:
    done = confined.run("import glob; print(sorted(glob.glob('images/*.png')), open('images/one.png').read())")

    assert done.stdout == "['images/one.png', 'images/two.png'] one.png\n", done.stderr


def test_file_that_the_slice_makes_itself_never_comes_from_outside(confined: Confined) -> None:
    confined.absent = (str(confined.home / "precious.csv"),)

    done = confined.run("open('precious.csv')")

    assert "FileNotFoundError" in done.stderr


def test_programs_and_hosts_are_noted(confined: Confined) -> None:
    confined.run("import subprocess, socket; subprocess.run(['true', 'x']); socket.getaddrinfo('localhost', 80)")

    assert confined.scratch.notes() == {"program": ["true x"], "host": ["localhost"]}


def test_importing_copies_nothing(confined: Confined) -> None:
    confined.run("sys.path.insert(0, ''); import colorsys, importlib.metadata as m; m.version('click')")

    assert confined.scratch.notes() == {}


def test_plan_comes_back_as_it_was_written(confined: Confined) -> None:
    path = confined.scratch.plan(modules={"a": "/m/a.py"}, absent=["/x"], allowed=["/y"])

    plan = Plan.read(path)

    assert (plan.modules, plan.absent, plan.allowed[1:]) == ({"a": "/m/a.py"}, ("/x",), ("/y",))
    assert json.loads(path.read_text())["folder"] == plan.folder


def test_where_the_system_can_not_confine_it_says_so(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sys, "platform", "darwin")

    assert confine(["/tmp"]) is False
