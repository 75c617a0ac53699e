"""The parent of workers: ``python -m trackbook.pipelines.executors.forking.worker_parent``, started by `launching`.

It imports what executes steps, once for all workers, and forks itself for each. It is told what the parents of kernels
are told; but a worker ends by itself when nobody gives it orders any more, for it has a kernel to end first.
"""

from __future__ import annotations

import os

from trackbook.pipelines.executors import worker_process
from trackbook.pipelines.executors.forking.child import take_streams
from trackbook.pipelines.executors.forking.serving import serve, take_order


def main() -> None:
    """Take the order, import, answer, and serve; a forked child leaves when it has no more orders."""
    order = take_order()
    worker_process.prepare()
    request = serve(order, {}, lets_go=True)
    if request is not None:
        os.setsid()
        take_streams(request.files)
        request.connection.close()
        worker_process.work()


if __name__ == "__main__":
    main()
