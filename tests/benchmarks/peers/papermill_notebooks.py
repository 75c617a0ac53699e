"""papermill in a process that has imported it, one notebook after the other or in two processes side by side."""

import logging
import multiprocessing
import sys
from concurrent.futures import ProcessPoolExecutor
from pathlib import Path

import papermill
from answering import answer, seconds

FOLDER = Path(sys.argv[1])
PROCESSES = 2


def execute(path, number):
    """Execute a notebook with a param of its own."""
    logging.disable(logging.WARNING)
    output = FOLDER / f"{Path(path).stem}-{number}.ipynb"
    papermill.execute_notebook(path, str(output), parameters={"x": number}, progress_bar=False)


def in_turn(path, count):
    """Return the seconds that each of some notebooks takes, one after the other."""
    return seconds(lambda: [execute(path, number) for number in range(count)]) / count


def side_by_side(path, count):
    """Return the seconds that each of some notebooks takes, as two processes share them; both have begun before."""
    with ProcessPoolExecutor(PROCESSES, mp_context=multiprocessing.get_context("spawn")) as pool:
        list(pool.map(execute, [path] * PROCESSES, range(PROCESSES)))
        return seconds(lambda: list(pool.map(execute, [path] * count, range(count)))) / count


if __name__ == "__main__":  # not in the processes of the pool
    answer({"in_turn": in_turn, "side_by_side": side_by_side})
