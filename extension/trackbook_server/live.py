"""Live updates: one websocket a page, fed by one look at each open store four times a second while somebody listens."""

from __future__ import annotations

import asyncio
import json
from typing import Any

from jupyter_server.auth.decorator import authorized, ws_authenticated
from jupyter_server.base.handlers import JupyterHandler
from jupyter_server.base.websocket import WebSocketMixin
from tornado.ioloop import PeriodicCallback
from tornado.websocket import WebSocketHandler
from trackbook.errors import TrackbookError

from trackbook_server.jobs import Jobs
from trackbook_server.places import Places

_LOOK_MILLISECONDS = 250


class News:
    """Tells listeners which stores have changed. However many listen, each store is looked at once a turn."""

    def __init__(self, places: Places, jobs: Jobs) -> None:
        self._places = places
        self._jobs = jobs
        self._listeners: set[LiveSocket] = set()
        self._tokens: dict[str, int] = {}
        self._clock: PeriodicCallback | None = None

    def add(self, listener: LiveSocket) -> None:
        """Tell a listener from now on; the first starts the clock."""
        self._listeners.add(listener)
        if self._clock is None:
            self._clock = PeriodicCallback(self._look, _LOOK_MILLISECONDS)
            self._clock.start()

    def remove(self, listener: LiveSocket) -> None:
        """Tell it no more; the last stops the clock."""
        self._listeners.discard(listener)
        if not self._listeners and self._clock is not None:
            self._clock.stop()
            self._clock = None

    async def _look(self) -> None:
        found = await asyncio.to_thread(self._read)
        changed = sorted(place for place, token in found.items() if self._tokens.get(place) != token)
        self._tokens = found
        if changed:
            for listener in [*self._listeners]:
                listener.tell(changed)

    def _read(self) -> dict[str, int]:
        tokens = {}
        for project in self._places.opened():
            try:
                tokens[project.location] = project.store.change_token()
            except TrackbookError:
                tokens[project.location] = -1  # it is gone; that is told once, and what is asked next says why
        return tokens


class LiveSocket(WebSocketMixin, WebSocketHandler, JupyterHandler):
    """A page's websocket. It sends ``{"changed": [STORE, ...]}`` and takes nothing."""

    auth_resource = "trackbook"

    def initialize(self, news: News) -> None:
        """Take where news come from."""
        super().initialize()
        self._news = news

    async def pre_get(self) -> None:
        """Prepare nothing."""

    @ws_authenticated
    @authorized("read")
    async def get(self, *args: Any, **kwargs: Any) -> None:
        """Open the socket."""
        await self.pre_get()
        await super().get(*args, **kwargs)

    def open(self, *args: Any, **kwargs: Any) -> None:
        """Begin to listen."""
        super().open(*args, **kwargs)
        self._news.add(self)

    def on_message(self, message: str | bytes) -> None:
        """Take nothing."""

    def on_close(self) -> None:
        """Listen no more."""
        self._news.remove(self)

    def tell(self, changed: list[str]) -> None:
        """Send which stores have changed."""
        self.write_message(json.dumps({"changed": changed}))
