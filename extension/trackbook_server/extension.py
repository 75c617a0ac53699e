"""What happens when a Jupyter server starts with Trackbook installed: its routes are added, no store is opened yet."""

from __future__ import annotations

import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from jupyter_server.serverapp import ServerApp
from jupyter_server.utils import url_path_join

from trackbook_server.handler import ApiHandler
from trackbook_server.jobs import Jobs
from trackbook_server.live import LiveSocket, News
from trackbook_server.places import Places
from trackbook_server.route import Route
from trackbook_server.routes import ROUTES

PREFIX = "trackbook/api/v1"
_PLACEHOLDER = re.compile(r"\{(\w+)\}")


def load(server_app: ServerApp) -> None:
    """Add Trackbook's routes to a server, beneath its base URL."""
    places, jobs = Places(Path(server_app.root_dir)), Jobs()
    base = re.escape(server_app.web_app.settings["base_url"])
    handlers = [*_handlers(base, places, jobs)]
    server_app.web_app.add_handlers(".*$", handlers)  # type: ignore[no-untyped-call]  # tornado has no types here


def _handlers(base: str, places: Places, jobs: Jobs) -> Iterator[tuple[str, type, dict[str, Any]]]:
    for route in ROUTES:
        given = {"route": route, "places": places, "jobs": jobs}
        yield url_path_join(base, PREFIX, pattern_of(route.path)), ApiHandler, given
    yield url_path_join(base, PREFIX, "/live"), LiveSocket, {"news": News(places, jobs)}
    nowhere = {"route": Route(path="/"), "places": places, "jobs": jobs}
    yield url_path_join(base, PREFIX) + "(?:/.*)?", ApiHandler, nowhere


def pattern_of(path: str) -> str:
    """Return the regular expression of a route's path: ``/runs/{run}`` takes anything but a slash for `run`."""
    return _PLACEHOLDER.sub(r"(?P<\1>[^/]+)", path)
