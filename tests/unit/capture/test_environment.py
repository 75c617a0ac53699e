from __future__ import annotations

import hashlib
import os
import platform
import shutil
import subprocess
import sys
import time
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest
from trackbook.capture import environment
from trackbook.capture.environment import capture_environment, packages_stamp
from trackbook.records import Environment, Git

Run = Callable[..., str]


class Objects(dict[str, bytes]):
    def put(self, content: bytes) -> str:
        digest = hashlib.sha256(content).hexdigest()
        self[digest] = content
        return digest


@pytest.fixture
def objects() -> Objects:
    return Objects()


@pytest.fixture
def git(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Run:
    """A repository in `tmp_path` with one commit, and a way to give git orders there."""
    monkeypatch.setenv("GIT_CONFIG_GLOBAL", os.devnull)
    monkeypatch.setenv("GIT_CONFIG_NOSYSTEM", "1")
    monkeypatch.setenv("GIT_CEILING_DIRECTORIES", str(tmp_path.parent))

    def run(*arguments: str, text: str | None = None) -> str:
        identity = ("-c", "user.name=Ana", "-c", "user.email=ana@example.com")
        command = ["git", "-C", str(tmp_path), *identity, *arguments]
        return subprocess.run(command, capture_output=True, input=text, text=True, check=True).stdout.strip()

    run("init", "-q", "-b", "main")
    (tmp_path / "model.py").write_text("depth = 3\n")
    run("add", ".")
    run("commit", "-q", "-m", "Begin")
    return run


def git_of(folder: Path, objects: Objects) -> Git:
    found = capture_environment(folder, objects.put).git
    assert found is not None
    return found


def program(folder: Path, name: str, script: str) -> None:
    folder.mkdir(exist_ok=True)
    path = folder / name
    path.write_text(f"#!/bin/sh\n{script}\n")
    path.chmod(0o755)


def test_python_machine_and_packages_are_recorded(tmp_path: Path, objects: Objects) -> None:
    found = capture_environment(tmp_path, objects.put)

    assert found.python == platform.python_version()
    assert found.implementation == "CPython"
    assert found.machine == platform.machine()
    assert found.packages["numpy"].count(".") >= 1
    assert "trackbook" in found.packages
    assert found.hardware["cpu_count"] == os.cpu_count()
    assert found.hardware["memory_bytes"] > 100_000_000


def test_the_same_environment_has_the_same_id_in_any_thread(git: Run, tmp_path: Path, objects: Objects) -> None:
    with ThreadPoolExecutor(4) as pool:
        found = list(pool.map(lambda _: capture_environment(tmp_path, objects.put), range(4)))

    assert len({one.environment_id for one in found}) == 1
    assert len(found[0].environment_id) == 64


def test_changed_code_is_another_environment(git: Run, tmp_path: Path, objects: Objects) -> None:
    before = capture_environment(tmp_path, objects.put)
    (tmp_path / "model.py").write_text("depth = 4\n")

    assert capture_environment(tmp_path, objects.put).environment_id != before.environment_id


def test_no_environment_variable_is_recorded(
    git: Run, tmp_path: Path, objects: Objects, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("TRACKBOOK_TEST_VARIABLE", "value-of-a-variable")

    found = capture_environment(tmp_path, objects.put)

    assert "value-of-a-variable" not in repr(found)
    assert "TRACKBOOK_TEST_VARIABLE" not in repr(found)


def test_capture_changes_neither_folder_nor_variables_nor_the_repository(
    git: Run, tmp_path: Path, objects: Objects
) -> None:
    (tmp_path / "model.py").touch()  # an index that git would like to refresh
    before = (os.getcwd(), dict(os.environ), (tmp_path / ".git" / "index").read_bytes())

    capture_environment(tmp_path, objects.put)

    assert (os.getcwd(), dict(os.environ), (tmp_path / ".git" / "index").read_bytes()) == before


def test_clean_tree_is_its_commit_and_branch(git: Run, tmp_path: Path, objects: Objects) -> None:
    (tmp_path / "sub").mkdir()

    found = git_of(tmp_path / "sub", objects)

    assert found == Git(commit=git("rev-parse", "HEAD"), branch="main")
    assert objects == {}


def test_detached_head_has_no_branch(git: Run, tmp_path: Path, objects: Objects) -> None:
    git("checkout", "-q", "--detach")

    assert git_of(tmp_path, objects).branch is None


def test_uncommitted_change_is_kept_and_makes_the_tree_again(git: Run, tmp_path: Path, objects: Objects) -> None:
    (tmp_path / "model.py").write_text("depth = 4\n")
    (tmp_path / "new.bin").write_bytes(bytes(range(256)) * 4)
    git("add", "new.bin")
    git("config", "diff.noprefix", "true")

    found = git_of(tmp_path, objects)

    assert found.is_dirty
    patch = objects[found.patch or ""]
    git("reset", "-q", "--hard")
    git("apply", text=patch.decode())
    assert (tmp_path / "model.py").read_text() == "depth = 4\n"
    assert (tmp_path / "new.bin").read_bytes() == bytes(range(256)) * 4


def test_untracked_files_alone_are_no_change(git: Run, tmp_path: Path, objects: Objects) -> None:
    (tmp_path / "notes.txt").write_text("x")

    assert not git_of(tmp_path, objects).is_dirty


def test_secrets_are_taken_out_of_the_patch(git: Run, tmp_path: Path, objects: Objects) -> None:
    (tmp_path / "model.py").write_text('password = "hunter2"\ndepth = 4\n')

    found = git_of(tmp_path, objects)

    assert b'+password = "[secret]"\n+depth = 4' in objects[found.patch or ""]
    assert b"hunter2" not in b"".join(objects.values())


def test_huge_change_is_noted_and_not_kept(git: Run, tmp_path: Path, objects: Objects) -> None:
    (tmp_path / "model.py").write_text("x = 1  # a long line of nothing much\n" * 400_000)

    found = git_of(tmp_path, objects)

    assert found.is_dirty
    assert found.patch is None
    assert objects == {}


@pytest.mark.parametrize(
    ("remote", "kept"),
    [
        ("https://ana:ghp_abcdefghijklmnopqrstuvwxyz0123456789@github.com/o/r.git", "https://github.com/o/r.git"),
        ("https://sometoken@github.com/o/r.git", "https://github.com/o/r.git"),
        ("git@github.com:o/r.git", "git@github.com:o/r.git"),
    ],
)
def test_remote_is_kept_without_user_and_password(
    git: Run, tmp_path: Path, objects: Objects, remote: str, kept: str
) -> None:
    git("remote", "add", "origin", remote)

    assert git_of(tmp_path, objects).remote == kept


def test_programs_of_the_repository_do_not_run(git: Run, tmp_path: Path, objects: Objects) -> None:
    ran = tmp_path.parent / f"{tmp_path.name}-ran"
    for name in ("pager", "differ", "monitor", "converter"):
        program(tmp_path / "tools", name, f"echo {name} >> '{ran}'; exit 1")
    for hook in ("post-index-change", "fsmonitor-watchman", "post-checkout"):
        program(tmp_path / ".git" / "hooks", hook, f"echo {hook} >> '{ran}'")
    git("config", "core.pager", f"{tmp_path}/tools/pager")
    git("config", "diff.external", f"{tmp_path}/tools/differ")
    git("config", "diff.odd.textconv", f"{tmp_path}/tools/converter")
    (tmp_path / ".gitattributes").write_text("*.py diff=odd\n")
    git("add", ".gitattributes")
    (tmp_path / "model.py").write_text("depth = 4\n")
    git("config", "core.fsmonitor", f"{tmp_path}/tools/monitor")
    ran.unlink(missing_ok=True)  # what the lines above have set off

    found = git_of(tmp_path, objects)

    assert found.patch is not None
    assert not ran.exists()


def test_folder_without_repository_has_no_git_state(
    tmp_path: Path, objects: Objects, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("GIT_CEILING_DIRECTORIES", str(tmp_path.parent))

    assert capture_environment(tmp_path / "not" / "there", objects.put).git is None


def test_variables_of_another_repository_do_not_mislead(
    git: Run, tmp_path: Path, objects: Objects, monkeypatch: pytest.MonkeyPatch
) -> None:
    commit = git("rev-parse", "HEAD")
    monkeypatch.setenv("GIT_DIR", str(tmp_path / "nowhere"))

    assert git_of(tmp_path, objects).commit == commit


def test_machine_without_git_has_no_git_state(
    git: Run, tmp_path: Path, objects: Objects, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("PATH", str(tmp_path / "empty"))

    assert capture_environment(tmp_path, objects.put).git is None


def test_change_that_git_can_not_tell_in_time_is_taken_for_one(
    git: Run, tmp_path: Path, objects: Objects, monkeypatch: pytest.MonkeyPatch
) -> None:
    commit, real = git("rev-parse", "HEAD"), shutil.which("git")
    program(tmp_path.parent / "bin", "git", f'case "$*" in *status*) sleep 60;; *) exec {real} "$@";; esac')
    monkeypatch.setenv("PATH", f"{tmp_path.parent / 'bin'}{os.pathsep}{os.environ['PATH']}")
    monkeypatch.setattr(environment, "_GIT_SECONDS", 1.0)

    assert git_of(tmp_path, objects) == Git(commit=commit, branch=None, is_dirty=True)


def test_git_that_hangs_is_given_up_with_all_that_it_started(
    git: Run, tmp_path: Path, objects: Objects, monkeypatch: pytest.MonkeyPatch
) -> None:
    program(tmp_path / "bin", "git", "sleep 60 & sleep 60")
    monkeypatch.setenv("PATH", f"{tmp_path / 'bin'}{os.pathsep}{os.environ['PATH']}")
    monkeypatch.setattr(environment, "_GIT_SECONDS", 0.2)
    started = time.monotonic()

    found = capture_environment(tmp_path, objects.put)

    assert found.git is None
    assert time.monotonic() - started < 30


def test_gpus_are_those_that_the_driver_names(
    tmp_path: Path, objects: Objects, monkeypatch: pytest.MonkeyPatch
) -> None:
    program(tmp_path / "bin", "nvidia-smi", "echo 'NVIDIA A100, 81920 MiB, 550.1'; echo 'NVIDIA T4, 16384 MiB, 550.1'")
    monkeypatch.setenv("PATH", f"{tmp_path / 'bin'}{os.pathsep}{os.environ['PATH']}")
    environment.hardware_here.cache_clear()

    try:
        found = capture_environment(tmp_path, objects.put)
    finally:
        environment.hardware_here.cache_clear()

    assert found.hardware["gpus"] == ["NVIDIA A100, 81920 MiB, 550.1", "NVIDIA T4, 16384 MiB, 550.1"]


def test_stamp_changes_when_a_package_is_installed_or_removed(
    tmp_path: Path, objects: Objects, monkeypatch: pytest.MonkeyPatch
) -> None:
    site = tmp_path / "site-packages"
    site.mkdir()
    monkeypatch.syspath_prepend(str(site))
    os.utime(site, (1, 1))
    before = packages_stamp()
    assert packages_stamp() == before

    info = site / "newcomer-1.0.dist-info"
    info.mkdir()
    (info / "METADATA").write_text("Metadata-Version: 2.1\nName: newcomer\nVersion: 1.0\n")
    installed, after = capture_environment(tmp_path, objects.put), packages_stamp()

    assert after != before
    assert installed.packages["newcomer"] == "1.0"


def test_broken_distribution_does_not_stop_the_capture(
    tmp_path: Path, objects: Objects, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "site-packages" / "broken-1.0.dist-info").mkdir(parents=True)
    monkeypatch.syspath_prepend(str(tmp_path / "site-packages"))

    found = capture_environment(tmp_path, objects.put)

    assert isinstance(found, Environment)
    assert sys.version.startswith(found.python)
