"""What a command tells a program that started it, and how it ends with that."""

from __future__ import annotations

import json
import subprocess
import sys

import pytest

WAITS = """
import os, signal, sys
if sys.argv[1] == "ignored":
    signal.signal(signal.SIGINT, signal.SIG_IGN)
from trackbook.cli.events import end_with_input, tell_event
reading, writing = os.pipe()
end_with_input()
try:
    tell_event("begun", number=1, text="ä\\n")
    os.read(reading, 1)
except KeyboardInterrupt:
    sys.exit(7)
"""


@pytest.mark.parametrize("interrupts", ["heard", "ignored"])
def test_command_ends_with_who_started_it_whatever_it_waits_for(interrupts: str) -> None:
    process = subprocess.Popen([sys.executable, "-c", WAITS, interrupts], stdin=subprocess.PIPE, stderr=subprocess.PIPE)
    assert process.stderr is not None
    told = json.loads(process.stderr.readline())

    process.communicate(timeout=60)

    assert told == {"event": "begun", "number": 1, "text": "ä\n"}
    assert process.returncode == 7
