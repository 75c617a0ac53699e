"""Runs a notebook in a process of its own: ``python -m trackbook.pipelines.reproducing.notebook_process JOB``.

papermill changes the working folder of its whole process, and a notebook that reproduces another has an event loop of
its own. Each step is told on standard output, one JSON document a line. When standard input ends, whoever asked is
gone: the kernel is killed and the scratch folder removed.
"""

from __future__ import annotations

import json
import os
import shutil
import sys
import threading
from pathlib import Path
from typing import Any

_SLOW = ("rfc3987_syntax", "pyarrow")
"""What is loaded if it is there, takes a second, and is of no use here: for URLs in JSON, and for Hadoop's files."""
_lock = threading.Lock()
_has_ended = threading.Event()


def main() -> None:
    """Run the job that the command line names: its ``source``, ``target``, ``folder`` and ``scratch``."""
    job: dict[str, str] = json.loads(Path(sys.argv[1]).read_text(encoding="utf-8"))
    threading.Thread(target=_until_orphaned, args=(job["scratch"],), daemon=True).start()
    for name in _SLOW:
        sys.modules.setdefault(name, None)  # type: ignore[arg-type]  # so that Python takes it for missing
    from trackbook.pipelines.reproducing.engine import run

    run(Path(job["source"]), Path(job["target"]), Path(job["folder"]), tell)


def tell(**event: Any) -> None:
    """Write one event to whoever asked."""
    if event["event"] in ("done", "error"):
        _has_ended.set()  # first: who hears that closes our standard input and looks at the scratch
    with _lock:
        print(json.dumps(event), flush=True)


def _until_orphaned(scratch: str) -> None:
    """Wait for the end of standard input; if that comes before the notebook's, leave nothing behind."""
    sys.stdin.buffer.read()
    if _has_ended.is_set():
        return
    engine = sys.modules.get("trackbook.pipelines.reproducing.engine")
    if engine is not None:
        engine.kill_kernels()
    shutil.rmtree(scratch, ignore_errors=True)
    os._exit(3)


if __name__ == "__main__":
    main()
