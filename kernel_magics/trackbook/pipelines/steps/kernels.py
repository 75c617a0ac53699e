"""Which kernel a notebook is executed in, and whether there is one: told before anything is started or written."""

from __future__ import annotations

from collections.abc import Collection
from difflib import get_close_matches
from importlib.util import find_spec
from pathlib import Path

from trackbook.errors import InvalidValueError
from trackbook.pipelines.graph.notebook_file import read_notebook

PYTHON_KERNEL = "python3"
"""The kernel of a notebook that names none; jupyter_client makes one where only ipykernel is installed."""


def check_kernel(notebook: Path, kernel: str | None) -> None:
    """Refuse a notebook whose kernel is not installed here.

    Parameters
    ----------
    kernel
        The name of the kernel that a person asked for; None is the one that the notebook names.

    Raises
    ------
    InvalidValueError
        If there is none of that name, with the nearest one.
    """
    name = kernel or read_notebook(notebook).kernel or PYTHON_KERNEL
    if name == PYTHON_KERNEL and find_spec("ipykernel") is not None:
        return  # most often; looking at all kernels takes longer than everything else before a step
    known = installed_kernels()
    if name.lower() not in known:
        owner = "" if kernel else f" The notebook {notebook} names it."
        raise InvalidValueError(unknown_kernel(name, known) + owner)


def installed_kernels() -> list[str]:
    """Return the names of the kernels of this machine, in lower case."""
    from jupyter_client.kernelspec import KernelSpecManager

    return sorted(map(str.lower, KernelSpecManager().find_kernel_specs()))


def unknown_kernel(name: str, known: Collection[str]) -> str:
    """Return the sentences that say that there is no kernel of a name, and which there are."""
    near = get_close_matches(name.lower(), known, n=1)
    hint = f"Did you mean '{near[0]}'?" if near else f"There are: {', '.join(known) or 'none'}."
    return f"There is no kernel '{name}' here. {hint} Name one: --kernel, or kernel: of a step in a pipeline's file."
