"""Forks IPython kernels that need not import numpy, scipy, pandas and what scikit-learn and Trackbook ask for again.

Run as a script. Each line on its standard input is a JSON object with `connection_file`, `folder` (the kernel's working
directory), `environment` (variables to set) and `log` (where the kernel process writes); the answer is the new
kernel's process id. scikit-learn and matplotlib are left to the notebook, so that their import happens after
`%load_ext` as it does in life. Every kernel inherits the random state of this process: what a notebook draws without
a seed is the same in all of them.
"""

from __future__ import annotations

import importlib
import json
import os
import signal
import sys

WARM = (
    *("ipykernel.kernelapp", "ipykernel.ipkernel", "IPython.core.magics", "jedi", "joblib", "numpy.random", "pandas"),
    *("scipy.special", "scipy.linalg", "scipy.sparse.csgraph", "scipy.optimize", "scipy.stats", "scipy.spatial"),
    *("scipy.integrate", "scipy.interpolate", "scipy.cluster.hierarchy", "scipy.ndimage", "scipy.signal"),
    *("scipy.io", "scipy.fftpack", "click", "dask.array", "narwhals.stable.v1", "pyarrow.parquet", "pytest"),
    *("rich.console", "rich.table", "rich.traceback", "threadpoolctl", "xxhash"),
)


def main() -> None:
    """Fork a kernel for every request until the input ends."""
    for name in WARM:
        importlib.import_module(name)
    sys.path[0] = ""
    signal.signal(signal.SIGCHLD, signal.SIG_IGN)
    for line in sys.stdin:
        child = os.fork()
        if child == 0:
            _become_kernel(json.loads(line))
        print(child, flush=True)


def _become_kernel(request: dict[str, object]) -> None:
    from ipykernel.kernelapp import IPKernelApp

    signal.signal(signal.SIGCHLD, signal.SIG_DFL)
    os.setsid()
    log = os.open(str(request["log"]), os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600)
    for target, source in ((0, os.open(os.devnull, os.O_RDONLY)), (1, log), (2, log)):
        os.dup2(source, target)
    os.chdir(str(request["folder"]))
    environment = request["environment"]
    assert isinstance(environment, dict)
    os.environ.update(environment)
    sys.argv = ["ipykernel_launcher.py", "-f", str(request["connection_file"])]
    IPKernelApp.launch_instance(sys.argv[1:])
    os._exit(0)


if __name__ == "__main__":
    main()
