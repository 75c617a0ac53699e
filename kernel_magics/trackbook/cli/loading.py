"""Which module has which command: only that one is imported, so that a command waits for no other."""

from __future__ import annotations

from importlib import import_module

MODULES = {
    "annotate": "tag note",
    "browse": "status runs show log compare",
    "data": "data checks",
    "environment": "environment",
    "explain": "why diff stale",
    "export": "export",
    "gate": "gate",
    "house": "init verify gc completion",
    "new": "new",
    "pipeline": "pipeline",
    "pipeline_export": "pipeline",
    "pipeline_run": "pipeline",
    "reproduce": "reproduce",
    "slice": "slice",
    "step": "step",
    "sweep": "sweep",
}
"""By module: the commands that it gives to the group, or adds to."""


def load(command: str) -> None:
    """Import what a command is made of; nothing where there is none of that name."""
    for module, commands in MODULES.items():
        if command in commands.split():
            import_module(f"trackbook.cli.{module}")


def load_all() -> None:
    """Import every command."""
    for module in MODULES:
        import_module(f"trackbook.cli.{module}")
