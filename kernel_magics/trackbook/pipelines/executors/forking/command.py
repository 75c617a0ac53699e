"""What starts a kernel, as its specification says."""

from __future__ import annotations

import json
import sys
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from jupyter_core.paths import jupyter_path

from trackbook.pipelines.executors.forking.forked import RefusedError

_MODULE = "ipykernel_launcher"


@dataclass(frozen=True, slots=True, kw_only=True)
class KernelCommand:
    """The command line of a kernel, what it adds to the environment, and whether something else is to start it."""

    argv: tuple[str, ...]
    variables: Mapping[str, str] = field(default_factory=dict)
    has_provisioner: bool = False


def command_of(kernel: str) -> KernelCommand | None:
    """Return the command of a kernel by its name, None if there is no such kernel.

    Its file is read here where it is in a folder of kernels by its name, as nearly all are: `jupyter_client`, which
    knows of all others, takes longer to load than all else before a step.
    """
    for folder in jupyter_path("kernels"):
        try:
            found: dict[str, Any] = json.loads((Path(folder) / kernel.lower() / "kernel.json").read_bytes())
            return KernelCommand(
                argv=tuple(found["argv"]),
                variables=found.get("env") or {},
                has_provisioner=bool((found.get("metadata") or {}).get("kernel_provisioner")),
            )
        except FileNotFoundError:
            continue
        except (OSError, ValueError, KeyError, TypeError, AttributeError):
            break  # let its own reader say what is wrong with it
    return _known_otherwise(kernel)


def _known_otherwise(kernel: str) -> KernelCommand | None:
    from jupyter_client.kernelspec import KernelSpecManager, NoSuchKernel

    try:
        spec = KernelSpecManager().get_kernel_spec(kernel)
    except NoSuchKernel:
        return None
    has_provisioner = bool(spec.metadata.get("kernel_provisioner"))
    return KernelCommand(argv=tuple(spec.argv), variables=spec.env, has_provisioner=has_provisioner)


def arguments_of(command: Sequence[str]) -> list[str]:
    """Return the module that a kernel's command line runs, with its arguments.

    Raises
    ------
    RefusedError
        If it is not IPython's kernel.
    """
    if "-m" not in command:
        raise RefusedError("it is not IPython's kernel")
    at = list(command).index("-m")
    if list(command[at + 1 : at + 2]) != [_MODULE]:
        raise RefusedError("it is not IPython's kernel")
    return [*command[at + 1 :]]


def interpreter_of(command: Sequence[str]) -> tuple[str, ...]:
    """Return the interpreter of a kernel's command line with its options; ``python`` is the one that runs here.

    Raises
    ------
    RefusedError
        If it is not IPython's kernel.
    """
    arguments_of(command)
    first, *options = command[: list(command).index("-m")]
    return (sys.executable if first in {"python", f"python{sys.version_info.major}"} else first, *options)
