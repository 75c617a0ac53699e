"""The process that runs a slice clears away what nobody will look at, and nothing else."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest

PROGRAM = """
import sys
from trackbook.pipelines.reproducing import notebook_process
{before}
notebook_process._until_orphaned(sys.argv[1])
"""


@pytest.mark.parametrize(
    ("before", "code", "is_left"), [("", 3, False), ("notebook_process.tell(event='done')", 0, True)]
)
def test_scratch_is_removed_when_whoever_asked_goes_before_the_end_and_not_after(
    tmp_path: Path, before: str, code: int, is_left: bool
) -> None:
    scratch = tmp_path / "scratch"
    scratch.mkdir()

    ended = subprocess.run(
        [sys.executable, "-c", PROGRAM.format(before=before), str(scratch)], stdin=subprocess.DEVNULL
    )

    assert ended.returncode == code
    assert scratch.exists() is is_left
