"""The environment that a session runs in: Python, packages, machine, and the state of the code under git.

Environment variables are not recorded: that is where credentials live.
"""

from __future__ import annotations

import contextlib
import hashlib
import os
import platform
import re
import shutil
import signal
import subprocess
import sys
import threading
from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace
from functools import cache
from importlib import import_module
from pathlib import Path
from typing import Any

from trackbook.capture.packages import Installed, installed, installed_versions
from trackbook.capture.secrets import redact, redact_url
from trackbook.records import Environment, Git, JsonValue, encode

_MAX_PATCH_BYTES = 10_000_000
_GIT_SECONDS = 5.0
_GPU_SECONDS = 3.0
_QUIET_GIT = {
    "GIT_OPTIONAL_LOCKS": "0",  # reading must not write the index of a person who works in another window
    "GIT_TERMINAL_PROMPT": "0",
    "GIT_ASKPASS": "true",
    "GIT_PAGER": "cat",
    "LC_ALL": "C",
}
_OF_ANOTHER_REPOSITORY = (
    *("GIT_DIR", "GIT_WORK_TREE", "GIT_INDEX_FILE", "GIT_OBJECT_DIRECTORY", "GIT_NAMESPACE", "GIT_PREFIX"),
    *("GIT_EXTERNAL_DIFF", "GIT_TRACE"),
)
_GIT_OPTIONS = (
    *("-c", "core.fsmonitor=false"),
    *("-c", "core.hooksPath=/dev/null"),
    *("-c", "core.quotePath=false"),
    *("-c", "diff.relative=false"),
)
_DIFF_OPTIONS = (
    *("--binary", "--no-ext-diff", "--no-textconv", "--no-color", "--submodule=short"),
    *("--src-prefix=a/", "--dst-prefix=b/"),  # what `git apply` expects, whatever the person has configured
)
_BY_FILE = re.compile(rb"(?m)(?=^diff --git )")


def capture_environment(start: Path, put_object: Callable[[bytes], str]) -> Environment:
    """Return the environment, with the git state of the working tree that `start` lies in.

    Made for a background thread: it changes nothing in the process and takes up to some seconds where git or a GPU
    driver is slow. The uncommitted change of tracked files is kept by `put_object`, credentials taken out, unless it is
    larger than 10 MB.
    """
    packages, hardware = installed(), hardware_here()
    git = _git(start, put_object)
    about = _about()
    return Environment(
        environment_id=_identity(about, packages, hardware, git),
        **about,
        packages=packages.versions,
        origins=packages.origins,
        requires=packages.requires,
        hardware=hardware,
        git=git,
    )


def local_environment() -> Environment:
    """Return Python and the packages of this process, without its machine and code; made in some milliseconds."""
    packages, about = installed_versions(), _about()
    identity = _identity(about, Installed(packages), {}, None)
    return Environment(
        environment_id=identity, packages=packages, origins={}, requires={}, hardware={}, git=None, **about
    )


def with_code_of(environment: Environment, start: Path, put_object: Callable[[bytes], str]) -> Environment:
    """Return an environment with the git state of a working tree here: what ran elsewhere ran its code."""
    git = _git(start, put_object)
    about = {name: getattr(environment, name) for name in _about()}
    packages = Installed(environment.packages, environment.origins, environment.requires)
    return replace(environment, git=git, environment_id=_identity(about, packages, environment.hardware, git))


def packages_stamp() -> object:
    """Return a value that differs after a package was installed or removed in this process's site folders."""
    folders = (folder for folder in sys.path if os.path.basename(folder) in ("site-packages", "dist-packages"))
    return tuple((folder, _modified(folder)) for folder in folders)


def _modified(folder: str) -> int | None:
    try:
        return os.stat(folder).st_mtime_ns
    except (OSError, ValueError):
        return None


def _about() -> dict[str, str]:
    return {
        "python": platform.python_version(),
        "implementation": platform.python_implementation(),
        "platform": platform.platform(),
        "machine": platform.machine(),
    }


def _identity(about: Mapping[str, str], packages: Installed, hardware: Mapping[str, JsonValue], git: Git | None) -> str:
    code: JsonValue = None if git is None else [git.commit, git.branch, git.is_dirty, git.patch, git.remote]
    content: dict[str, JsonValue] = {
        "about": dict(about),
        "packages": dict(sorted(packages.versions.items())),
        "origins": dict(sorted(packages.origins.items())),
        "requires": {name: list(needed) for name, needed in sorted(packages.requires.items())},
        "hardware": dict(sorted(hardware.items())),
        "git": code,
    }
    return hashlib.sha256(encode(content).encode("utf-8", "surrogatepass")).hexdigest()


# --- the machine


@cache
def hardware_here() -> dict[str, JsonValue]:
    """Return what the machine has, as it was when this process, or the one that it was forked from, first asked."""
    found: dict[str, JsonValue] = {
        "cpu_count": os.cpu_count(),
        "cpu_model": _cpu_model(),
        "memory_bytes": _memory_bytes(),
        "gpus": list(_gpus()),
    }
    return {key: value for key, value in found.items() if value}


def _cpu_model() -> str | None:
    try:
        lines = Path("/proc/cpuinfo").read_text(encoding="utf-8", errors="replace").splitlines()
    except OSError:
        return platform.processor() or None
    return next((line.partition(":")[2].strip() for line in lines if line.startswith("model name")), None)


def _memory_bytes() -> int:
    psutil: Any = import_module("psutil")
    return int(psutil.virtual_memory().total)


def _gpus() -> list[str]:
    """Return the names of NVIDIA's GPUs, if their tool is there and answers."""
    command = shutil.which("nvidia-smi")
    if command is None:
        return []
    answer = _output([command, "--query-gpu=name,memory.total,driver_version", "--format=csv,noheader"], _GPU_SECONDS)
    return [] if answer is None else answer.decode(errors="replace").strip().splitlines()


# --- the code


def _git(start: Path, put_object: Callable[[bytes], str]) -> Git | None:
    """Return the state of the working tree, None outside of one, without git, and before the first commit."""
    folder = next((place for place in (start, *start.parents) if place.is_dir()), None)
    if folder is None or not any((place / ".git").exists() for place in (folder, *folder.resolve().parents)):
        return None  # as git would find, in more time
    command = shutil.which("git")
    if command is None:
        return None
    run = _GitRunner(command, folder)
    status = run.output("status", "--porcelain=v2", "--branch", "--no-ahead-behind", "--untracked-files=no")
    lines = (status or b"").decode(errors="replace").splitlines()
    about = dict(line[2:].split(" ", 1) for line in lines if line.startswith("# "))
    commit = about.get("branch.oid") if status is not None else run.text("rev-parse", "--verify", "HEAD")
    if commit is None or commit == "(initial)":
        return None
    branch = about.get("branch.head")
    remote = run.text("config", "--get", "remote.origin.url")
    is_changed = any(not line.startswith("# ") for line in lines)
    return Git(
        commit=commit,
        branch=branch if branch != "(detached)" else None,
        is_dirty=is_changed or status is None,  # what git could not tell in time is not taken for unchanged
        patch=_patch(run, put_object) if is_changed else None,
        remote=redact_url(remote) if remote else None,
    )


class _GitRunner:
    """Asks git about one folder, without hooks, pagers, prompts, locks, or programs of the repository's choice."""

    def __init__(self, command: str, folder: Path) -> None:
        self._command = (command, "-C", os.fspath(folder), "--no-pager", *_GIT_OPTIONS)
        kept = {name: value for name, value in os.environ.items() if name not in _OF_ANOTHER_REPOSITORY}
        self._environment = kept | _QUIET_GIT

    def output(self, *arguments: str) -> bytes | None:
        """Return what git says; None if it fails, takes too long or says too much."""
        return _output([*self._command, *arguments], _GIT_SECONDS, self._environment)

    def text(self, *arguments: str) -> str | None:
        """Return the line that git says, None if it fails or says nothing."""
        answer = self.output(*arguments)
        return None if answer is None else answer.decode(errors="replace").strip() or None


def _patch(run: _GitRunner, put_object: Callable[[bytes], str]) -> str | None:
    """Keep the uncommitted change of tracked files and return its digest; None if it is too large."""
    patch = run.output("diff", "HEAD", *_DIFF_OPTIONS)
    return put_object(b"".join(_without_secrets(part) for part in _BY_FILE.split(patch))) if patch else None


def _without_secrets(part: bytes) -> bytes:
    """Redact one file's part of a patch; binary changes are compressed and must stay whole to be of use."""
    if b"\nGIT binary patch\n" in part:
        return part
    return redact(part.decode("utf-8", "surrogateescape")).encode("utf-8", "surrogateescape")


def _output(command: Sequence[str], seconds: float, environment: Mapping[str, str] | None = None) -> bytes | None:
    """Return what a program writes, None if it fails, takes too long or writes more than a patch may have.

    It runs in a session of its own: away from the terminal, and from the interrupts that are meant for a cell.
    """
    try:
        process = subprocess.Popen(
            command,
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.DEVNULL,
            env=environment,
            start_new_session=True,
        )
    except OSError:
        return None
    timer = threading.Timer(seconds, _kill, [process])
    timer.start()
    try:
        with process:
            answer = process.stdout.read(_MAX_PATCH_BYTES + 1) if process.stdout else b""
            if len(answer) > _MAX_PATCH_BYTES:
                _kill(process)
    finally:
        timer.cancel()
    return answer if process.returncode == 0 and len(answer) <= _MAX_PATCH_BYTES else None


def _kill(process: subprocess.Popen[bytes]) -> None:
    """End a program and what it has started, so that nobody holds its output open."""
    if hasattr(os, "killpg") and process.poll() is None:
        with contextlib.suppress(ProcessLookupError, PermissionError):
            os.killpg(process.pid, signal.SIGKILL)
    process.kill()
