"""Every route there is."""

from __future__ import annotations

from trackbook_server.route import Route
from trackbook_server.routes import runs

ROUTES: tuple[Route, ...] = (*runs.ROUTES,)
