"""Executes the example notebooks again and saves their outputs in them: what `make examples` does.

Names on the command line (`04_reproduce`) say which; without any it is all of them.
"""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
import tempfile
from pathlib import Path

import nbformat
from nbclient import NotebookClient

EXAMPLES = Path(__file__).parents[2] / "example_notebooks"
PIPELINE = "05_pipeline"
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
    if not sys.argv[1:] or PIPELINE in sys.argv[1:]:
        save_pipeline()
    shutil.rmtree(FOLDER)


def save_pipeline() -> None:
    """Run the example's pipeline, and put the outputs of its steps into the notebooks that they were made of."""
    print(f"Running {PIPELINE} ...", flush=True)
    folder, store = FOLDER / PIPELINE, FOLDER / "store"
    words = ["pipeline", "run", "--store", str(store)]
    subprocess.run([sys.executable, "-m", "trackbook", *words], cwd=folder, check=True)
    for path in sorted((EXAMPLES / PIPELINE).glob("*.ipynb")):
        notebook = nbformat.read(path, as_version=4)
        first = min(store.glob(f"pipelines/*/*/{path.stem}*.ipynb"))  # of several it is that with the defaults
        executed = {cell.id: cell for cell in nbformat.read(first, as_version=4).cells}
        code = [cell for cell in notebook.cells if cell.cell_type == "code"]
        for count, cell in enumerate(code, start=1):
            cell.execution_count = count  # as if run by hand: the cell with the params of the step is left out
            cell.outputs = executed[cell.id].outputs
            for output in cell.outputs:
                if output.output_type == "execute_result":
                    output.execution_count = count
        nbformat.write(notebook, path)


if __name__ == "__main__":
    main()
