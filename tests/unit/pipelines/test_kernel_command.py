"""How a kernel is started, as its specification says."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path

import pytest
from trackbook.pipelines.executors.forking.command import KernelCommand, command_of, interpreter_of
from trackbook.pipelines.executors.forking.forked import RefusedError

ARGV = ["/opt/python", "-O", "-m", "ipykernel_launcher", "-f", "{connection_file}"]


@pytest.fixture
def kernels(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Return a folder of kernels that is looked into first."""
    monkeypatch.setenv("JUPYTER_PATH", str(tmp_path))
    return tmp_path / "kernels"


def install(folder: Path, **spec: object) -> None:
    folder.mkdir(parents=True)
    (folder / "kernel.json").write_text(json.dumps(spec))


def test_command_is_that_of_the_kernel_s_file(kernels: Path) -> None:
    install(kernels / "ours", argv=ARGV, display_name="Ours", env={"A": "${HOME}/a"})

    assert command_of("Ours") == KernelCommand(argv=tuple(ARGV), variables={"A": "${HOME}/a"})


def test_provisioner_of_the_specification_is_told_of(kernels: Path) -> None:
    install(kernels / "far", argv=ARGV, metadata={"kernel_provisioner": {"provisioner_name": "remote"}})

    found = command_of("far")

    assert found is not None
    assert found.has_provisioner


def test_kernel_whose_folder_has_capitals_is_found(kernels: Path) -> None:
    install(kernels / "Ours", argv=ARGV, display_name="Ours", language="python")

    found = command_of("ours")

    assert found is not None
    assert found.argv == tuple(ARGV)


def test_there_is_no_command_of_an_unknown_kernel(kernels: Path) -> None:
    assert command_of("nowhere") is None


def test_python_s_own_kernel_is_found() -> None:
    found = command_of("python3")

    assert found is not None
    assert interpreter_of(found.argv) == (sys.executable,)


def test_interpreter_is_what_runs_the_kernel_with_its_options() -> None:
    assert interpreter_of(ARGV) == ("/opt/python", "-O")
    with pytest.raises(RefusedError):
        interpreter_of(["R", "--slave", "-e", "IRkernel::main()"])


def test_kernel_in_its_own_folder_is_found_without_loading_what_is_heavy(kernels: Path) -> None:
    install(kernels / "ours", argv=ARGV, display_name="Ours")
    look = """
import sys
from trackbook.pipelines.executors.local import command_of
assert command_of("ours")
print(sorted({"jupyter_client", "zmq", "traitlets"} & {*sys.modules}))
"""

    done = subprocess.run([sys.executable, "-c", look], env={**os.environ}, check=True, capture_output=True, text=True)

    assert done.stdout == "[]\n"
