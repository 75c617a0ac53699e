"""Executes the example notebooks again and saves their outputs in them: what `make examples` does.

Names on the command line (`04_reproduce`) say which; without any it is all of them.
"""

from __future__ import annotations

import os
import shutil
import sys
import tempfile
from pathlib import Path

import nbformat
from nbclient import NotebookClient

EXAMPLES = Path(__file__).parents[2] / "example_notebooks"
FOLDER = Path(tempfile.gettempdir()) / "trackbook-examples"  # its name is in an output


def main() -> None:
    """Execute each notebook in a fresh kernel, with a store that is new, and write it back."""
    shutil.rmtree(FOLDER, ignore_errors=True)
    shutil.copytree(EXAMPLES, FOLDER, ignore=shutil.ignore_patterns("__pycache__", ".*"))
    for path in sorted(EXAMPLES.glob("*.ipynb")):
        if sys.argv[1:] and path.stem not in sys.argv[1:]:
            continue
        print(f"Executing {path.name} ...", flush=True)
        os.environ["TRACKBOOK_NOTEBOOK"] = str(FOLDER / path.name)
        notebook = nbformat.read(path, as_version=4)
        client = NotebookClient(
            notebook,
            kernel_name="python3",
            record_timing=False,
            resources={"metadata": {"path": str(FOLDER)}},
            extra_arguments=["--IPKernelApp.log_level=ERROR"],
        )
        client.execute()
        notebook.metadata["language_info"] = {"name": "python"}  # no version: it would change with every machine
        nbformat.write(notebook, path)
    shutil.rmtree(FOLDER)


if __name__ == "__main__":
    main()
