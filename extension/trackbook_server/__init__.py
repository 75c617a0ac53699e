"""Trackbook's routes in a Jupyter server: JSON over the services. They read and write stores, and run no notebook."""

from __future__ import annotations

from typing import Any


def _jupyter_server_extension_points() -> list[dict[str, str]]:
    """Tell jupyter_server where the extension is."""
    return [{"module": "trackbook_server"}]


def _jupyter_labextension_paths() -> list[dict[str, str]]:
    """Tell JupyterLab where the built panel is, for ``jupyter-builder develop``."""
    return [{"src": "labextension", "dest": "trackbook-lab"}]


def _load_jupyter_server_extension(server_app: Any) -> None:
    """Add the routes when the server starts."""
    from trackbook_server.extension import load

    load(server_app)
