"""Trackio: points one by one."""

import itertools
import os
import sys

os.environ["TRACKIO_DIR"] = sys.argv[1]

import trackio
from answering import answer, seconds

numbers = itertools.count()


def points(count):
    """Log points one by one in a run; return the seconds of one."""

    def log():
        trackio.init(project="bench", name=f"r{next(numbers)}", embed=False, auto_log_gpu=False, auto_log_cpu=False)
        for step in range(count):
            trackio.log({"loss": 1 / (1 + step)}, step=step)
        trackio.finish()

    return seconds(log) / count


answer({"points": points})
