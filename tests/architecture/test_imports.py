"""What is loaded when, and that every module says why it exists."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path

LIBRARY = Path(__file__).parents[2] / "kernel_magics" / "trackbook"
HEAVY = {
    "IPython", "ipykernel", "pandas", "numpy", "sqlalchemy", "alembic", "sklearn", "click", "traitlets", "rich",
    "fsspec", "pyarrow", "polars", "matplotlib", "psutil", "nbformat",
}  # fmt: skip


def loaded_by(code: str) -> set[str]:
    """Return the top-level modules that a fresh Python has loaded after some code."""
    script = f"import sys\n{code}\nimport json\nprint(json.dumps([name.partition('.')[0] for name in sys.modules]))"
    result = subprocess.run([sys.executable, "-c", script], capture_output=True, text=True, check=True)
    return set(json.loads(result.stdout.splitlines()[-1]))


def test_import_trackbook_loads_nothing_heavy():
    assert loaded_by("import trackbook") & HEAVY == set()


def test_import_of_the_records_loads_nothing_heavy():
    assert loaded_by("import trackbook.records, trackbook.errors, trackbook.clock") & HEAVY == set()


def test_help_of_the_command_line_loads_no_data_libraries():
    code = "from trackbook.cli import cli\ntry: cli.main(['runs', '-h'])\nexcept SystemExit: pass"

    assert loaded_by(code) & (HEAVY - {"click"}) == set()


def test_every_name_that_trackbook_offers_is_there():
    import trackbook

    assert [name for name in trackbook.__all__ if not hasattr(trackbook, name)] == []
    assert set(trackbook.__all__) <= set(dir(trackbook))


def test_every_module_says_why_it_exists():
    silent = [
        str(path.relative_to(LIBRARY))
        for path in LIBRARY.rglob("*.py")
        if path.name not in ("_version.py", "env.py") and not path.read_text("utf-8").startswith('"""')
    ]

    assert silent == []
