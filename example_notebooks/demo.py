"""Tracks 01_first_run.ipynb twice, compares the runs, and makes one of them again: what `make demo` does.

Papermill executes the notebook as it is, in real kernels, just as a scheduler would. Everything that is made, the store
too, goes into the folder .demo beside this repository's README.
"""

from __future__ import annotations

import os
import shlex
import shutil
import subprocess
import sys
import time
from pathlib import Path

ROOT = Path(__file__).resolve().parents[1]
NOTEBOOK = ROOT / "example_notebooks" / "01_first_run.ipynb"
FOLDER = ROOT / ".demo"
TRACKBOOK = Path(sys.executable).with_name("trackbook")
PARAMETERS = ({"C": 0.001, "test_size": 0.3}, {"C": 0.1, "test_size": 0.3})


def main() -> None:
    """Track the notebook with each set of parameters; list all runs; compare the first of each execution; reproduce."""
    began = time.monotonic()
    shutil.rmtree(FOLDER, ignore_errors=True)
    FOLDER.mkdir()
    os.environ["TRACKBOOK_STORE"] = str(FOLDER / ".trackbook")
    os.environ["TRACKBOOK_NOTEBOOK"] = str(NOTEBOOK)  # papermill does not tell its kernels, JupyterLab does
    for number, parameters in enumerate(PARAMETERS, start=1):
        execute(number, parameters)

    say("All runs: one for each execution, and in it one for each of the two models that the notebook fits")
    run("trackbook", "runs")
    say("What differs between the first run of each execution:")
    first, second = first_runs()
    run("trackbook", "compare", first, second)
    say(f"Would {second} come out again? Its code, cut out of the notebook, in a fresh kernel:")
    run("trackbook", "slice", second, "-o", os.path.relpath(FOLDER / "slice.ipynb"))
    run("trackbook", "reproduce", second)
    say(f"Done in {time.monotonic() - began:.0f} seconds. Look further:")
    for command in ("runs", "show latest", f"environment {second}"):
        print(f"  {shlex.quote(os.path.relpath(TRACKBOOK))} {command} --store {os.path.relpath(FOLDER)}")
    print("  make lab        (the notebook itself, in JupyterLab)\n")


def execute(number: int, parameters: dict[str, float]) -> None:
    """Run the notebook once, in a fresh kernel, with parameters in place of its own."""
    import papermill

    chosen = ", ".join(f"{name}={value}" for name, value in parameters.items())
    say(f"Executing {NOTEBOOK.name} with {chosen} ({number} of {len(PARAMETERS)})")
    papermill.execute_notebook(
        str(NOTEBOOK),
        str(FOLDER / f"output_{number}.ipynb"),
        parameters=parameters,
        kernel_name="python3",
        progress_bar=False,
        cwd=str(FOLDER),
        extra_arguments=["--IPKernelApp.log_level=ERROR"],
    )


def first_runs() -> list[str]:
    """Return the name of the first run inside each execution, in the order of time."""
    import trackbook

    table = trackbook.runs().sort_values("started_at")
    return [str(name) for name in table.groupby("parent_id", sort=False)["name"].first()]


def say(sentence: str) -> None:
    """Print a line that stands out from what the commands print."""
    print(f"\n== {sentence}\n", flush=True)


def run(*command: str) -> None:
    """Show a command and run it."""
    print("$", shlex.join(command), flush=True)
    subprocess.run([TRACKBOOK, *command[1:]], check=True)


if __name__ == "__main__":
    main()
