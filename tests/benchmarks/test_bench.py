"""That the benchmarks run from end to end; how fast anything is, is not tested here."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path


def test_bench_runs_at_tiny_sizes_and_says_which_peers_it_left_out(tmp_path: Path) -> None:
    output = tmp_path / "results.json"

    done = subprocess.run(
        [sys.executable, Path(__file__).with_name("run.py"), "--quick", "--output", output],
        capture_output=True,
        text=True,
        check=True,
    )

    left_out = [f"{peer} was left out" for peer in ("dvc", "mlflow", "papermill", "trackio")]
    results = json.loads(output.read_text(encoding="utf-8"))
    assert len(results) == 42
    assert {each["failure"] for each in results} == {None, *left_out}, done.stdout
    assert all(each["ours"] is not None for each in results)
    assert not any(each["holds"] for each in results if each["failure"])
