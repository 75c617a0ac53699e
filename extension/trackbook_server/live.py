"""Live updates: one websocket a page, fed by one look at each open store four times a second while somebody listens."""

from __future__ import annotations

import asyncio
import json
from collections.abc import Iterable, Mapping
from contextlib import suppress
from typing import Any, Protocol

from jupyter_server.auth.decorator import authorized, ws_authenticated
from jupyter_server.base.handlers import JupyterHandler
from jupyter_server.base.websocket import WebSocketMixin
from tornado.ioloop import PeriodicCallback
from tornado.websocket import WebSocketClosedError, WebSocketHandler
from trackbook import clock
from trackbook.errors import TrackbookError
from trackbook.records import Session
from trackbook.store.contract import Store
from trackbook.store.rules import is_gone

from trackbook_server.jobs import Jobs
from trackbook_server.places import Places

_LOOK_MILLISECONDS = 250
_GONE = "gone"
_ABSENT = "none yet"


class Listener(Protocol):
    """Who is told the news."""

    def tell(self, changed: Iterable[str], jobs: Iterable[str]) -> None:
        """Take which stores have changed and which jobs went on. It returns at once, and never raises."""


class News:
    """Tells listeners which stores have changed and which jobs went on.

    However many listen, each store is looked at once a turn, and none where nobody does. A store that is made where
    somebody has asked for one, or deleted, has changed. Who is new is told all stores at once: what happened between
    its first question and its first turn, nobody knows.
    """

    def __init__(self, places: Places, jobs: Jobs) -> None:
        self._places = places
        self._jobs = jobs
        self._listeners: set[Listener] = set()
        self._newcomers: set[Listener] = set()
        self._tokens: Mapping[str, object] = {}
        self._clock: PeriodicCallback | None = None
        self._looking = 0
        self._alive = _Alive()

    @property
    def is_resting(self) -> bool:
        """Whether no store is being looked at, and none will be until somebody listens."""
        return self._clock is None and not self._looking

    def add(self, listener: Listener) -> None:
        """Tell a listener from now on; the first starts the clock."""
        self._listeners.add(listener)
        self._newcomers.add(listener)
        if self._clock is None:
            self._clock = PeriodicCallback(self.look, _LOOK_MILLISECONDS)
            self._clock.start()

    def remove(self, listener: Listener) -> None:
        """Tell it no more; the last stops the clock."""
        self._listeners.discard(listener)
        self._newcomers.discard(listener)
        if not self._listeners and self._clock is not None:
            self._clock.stop()
            self._clock = None

    async def look(self) -> None:
        """Look once, and tell what is new; the next turn begins when this has ended."""
        newcomers, self._newcomers = self._newcomers, set()
        self._looking += 1
        try:
            found = await asyncio.to_thread(self._read)
        finally:
            self._looking -= 1
        before, self._tokens = self._tokens, found
        changed = sorted(place for place in found.keys() | before.keys() if found.get(place) != before.get(place))
        jobs = self._jobs.take_news()
        for listener in [*self._listeners]:
            told = sorted(found) if listener in newcomers else changed
            if told or jobs:
                listener.tell(told, jobs)

    def _read(self) -> dict[str, object]:
        """Return what tells each store's state from others, by its location, and of folders which store they have."""
        tokens: dict[str, object] = {str(folder): store or _ABSENT for folder, store in self._places.found().items()}
        for project in self._places.opened():
            try:
                token = project.store.change_token()
                tokens[project.location] = (token, self._alive.of(project.store, token))
            except TrackbookError:
                tokens[project.location] = _GONE  # that is told once, and what is asked next says why
        return tokens


class _Alive:
    """Which sessions of each store live: a kernel that is killed writes nothing, and its runs end all the same."""

    def __init__(self) -> None:
        self._known: dict[str, tuple[int, list[Session]]] = {}

    def of(self, store: Store, token: int) -> frozenset[str]:
        """Return the ids of the sessions that live now; they are read again only when the store has changed."""
        now = clock.now()
        read, sessions = self._known.get(store.location, (None, []))
        if read != token:
            sessions = store.sessions()
        sessions = [session for session in sessions if not is_gone(session, now)]
        self._known[store.location] = token, sessions
        return frozenset(session.session_id for session in sessions)


class LiveSocket(WebSocketMixin, WebSocketHandler, JupyterHandler):
    """A page's websocket. It sends ``{"changed": [STORE, ...], "jobs": [JOB, ...]}`` and takes nothing.

    While a message is under way, what else is new waits and goes as one: a slow page is told late, not more and more.
    """

    auth_resource = "trackbook"

    def initialize(self, news: News) -> None:
        """Take where news come from."""
        super().initialize()
        self._news = news
        self._changed: set[str] = set()
        self._jobs: set[str] = set()
        self._sending: asyncio.Task[None] | None = None

    async def pre_get(self) -> None:
        """Prepare nothing."""

    @ws_authenticated
    @authorized("read")  # type: ignore[untyped-decorator]  # of jupyter_server
    async def get(self, *args: Any, **kwargs: Any) -> None:  # type: ignore[override]  # as each of its sockets does
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
        if self._sending is not None:
            self._sending.cancel()

    def tell(self, changed: Iterable[str], jobs: Iterable[str]) -> None:
        """Send which stores have changed and which jobs went on."""
        self._changed.update(changed)
        self._jobs.update(jobs)
        if self._sending is None or self._sending.done():
            self._sending = asyncio.create_task(self._send())

    async def _send(self) -> None:
        with suppress(WebSocketClosedError):  # it is gone; `on_close` says so
            while self._changed or self._jobs:
                said = {"changed": sorted(self._changed), "jobs": sorted(self._jobs)}
                self._changed.clear()
                self._jobs.clear()
                await self.write_message(json.dumps(said))
