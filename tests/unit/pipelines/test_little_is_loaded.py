"""A pipeline with nothing to do is told so at once: nothing is loaded or worked out that only executing needs."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

from .planned import write_notebook

LOOK = """
import sys
from trackbook.cli import main

sys.argv = ["trackbook", "pipeline", "run"]
try:
    main()
except SystemExit as end:
    assert not end.code
loaded = {*sys.modules}
from trackbook.capture import secret_shapes

heavy = {"sqlalchemy", "pandas", "numpy", "papermill", "nbformat", "IPython", "rich", "logging", "shutil"}
ours = ("cli.browse", "display.blocks", "capture.modules", "pipelines.graph.reading")
heavy |= {f"trackbook.{each}" for each in ours}
heavy &= loaded
shapes = {name: each for name, each in vars(secret_shapes).items() if isinstance(each, secret_shapes.Shape)}
assert shapes
compiled = [name for name, each in shapes.items() if "_compiled" in vars(each)]
print(sorted(heavy), compiled)
"""


def test_running_nothing_loads_nothing_heavy(tmp_path: Path) -> None:
    write_notebook(tmp_path / "train.ipynb", "# params\nC = 1.0", "print(C)")
    (tmp_path / "pipeline.yaml").write_text("steps: [{notebook: train.ipynb, params: {C: 2.0}}]", encoding="utf-8")
    variables = {**os.environ, "TRACKBOOK_STORE": str(tmp_path / "store")}
    mark = [sys.executable, "-m", "trackbook", "pipeline", "mark", "train"]
    subprocess.run(mark, cwd=tmp_path, env=variables, check=True, capture_output=True)

    done = subprocess.run(
        [sys.executable, "-c", LOOK], cwd=tmp_path, env=variables, check=True, capture_output=True, text=True
    )

    assert "nothing to do" in done.stdout
    assert done.stdout.splitlines()[-1] == "[] []"
