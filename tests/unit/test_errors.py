from __future__ import annotations

import inspect
import json
import os
import subprocess
import sys

import pytest
from trackbook import errors

CLASSES = [each for _, each in inspect.getmembers(errors, inspect.isclass) if issubclass(each, errors.TrackbookError)]
SENTENCE = "No run k3f. List them with %track runs."
SCRIPT = """
import contextlib, io, json, sys
from IPython.core.interactiveshell import InteractiveShell
from trackbook import errors

shell = InteractiveShell.instance(history_manager=None, colors="nocolor")
shell.push(vars(errors))
shown = {}
for cell in json.loads(sys.argv[1]):
    with contextlib.redirect_stdout(io.StringIO()) as stream, contextlib.redirect_stderr(stream):
        shell.run_cell(cell)
    shown[cell] = stream.getvalue().strip()
print(json.dumps(shown))
"""


@pytest.fixture(scope="module")
def shown(tmp_path_factory):
    """What cells that raise show in a real shell, by their source."""
    cells = [f"raise {kind.__name__}({SENTENCE!r})" for kind in CLASSES] + ["raise ValueError('mine')"]
    result = subprocess.run(
        [sys.executable, "-c", SCRIPT, json.dumps(cells)],
        env={**os.environ, "IPYTHONDIR": str(tmp_path_factory.mktemp("ipython"))},
        capture_output=True,
        text=True,
        check=True,
    )
    return json.loads(result.stdout)


@pytest.mark.parametrize("kind", CLASSES)
def test_an_error_is_one_line_in_a_notebook(shown, kind):
    assert shown[f"raise {kind.__name__}({SENTENCE!r})"] == f"{kind.__name__}: {SENTENCE}"


def test_another_error_keeps_its_traceback(shown):
    assert "Traceback (most recent call last)" in shown["raise ValueError('mine')"]


@pytest.mark.parametrize("kind", [each for each in CLASSES if each is not errors.TrackbookError])
def test_every_error_is_caught_as_a_builtin_too(kind):
    builtins = [base for base in kind.__mro__ if base.__module__ == "builtins" and base not in (object, BaseException)]

    assert set(builtins) - {Exception}
