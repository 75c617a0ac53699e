"""The one handler of all routes: who may ask, what was asked, and how it is answered or refused."""

from __future__ import annotations

import asyncio
from collections.abc import Mapping
from http import HTTPStatus
from typing import Any

import msgspec
from jupyter_server.auth.decorator import authorized
from jupyter_server.base.handlers import APIHandler
from tornado.web import HTTPError, authenticated
from trackbook.errors import InvalidValueError, TrackbookError
from trackbook.records import strict

from trackbook_server.failures import failure_of, status_of
from trackbook_server.jobs import Jobs
from trackbook_server.places import Places
from trackbook_server.route import Asked, Operation, Route

_A_YEAR = 31_536_000


class ApiHandler(APIHandler):
    """Answers one route. Every method is authenticated, authorised as ``trackbook``, and checked against its types."""

    auth_resource = "trackbook"

    def initialize(self, route: Route, places: Places, jobs: Jobs) -> None:
        """Take what the route is, where stores are, and what runs the jobs."""
        super().initialize()
        self._route = route
        self._places = places
        self._jobs = jobs

    @authenticated
    @authorized
    async def get(self, **path: str) -> None:
        """Answer a reading; nothing is changed by one."""
        await self._answer(path)

    @authenticated
    @authorized
    async def post(self, **path: str) -> None:
        """Make something."""
        await self._answer(path)

    @authenticated
    @authorized
    async def patch(self, **path: str) -> None:
        """Change what may be changed."""
        await self._answer(path)

    @authenticated
    @authorized
    async def delete(self, **path: str) -> None:
        """Stop something, or take it away."""
        await self._answer(path)

    async def _answer(self, path: Mapping[str, str]) -> None:
        operation = self._route.operations.get(self.request.method or "")
        if operation is None:
            self.set_header("Allow", ", ".join(sorted(self._route.operations)))
            raise HTTPError(HTTPStatus.METHOD_NOT_ALLOWED)
        try:
            query, body = self._query(operation), self._body(operation)
            answer = await asyncio.to_thread(self._act, operation, path, query, body)
        except TrackbookError as error:
            self._refuse(error)
            return
        if operation.is_lasting:
            self.set_header("Cache-Control", f"private, max-age={_A_YEAR}, immutable")
        self.finish(msgspec.json.encode(answer))

    def _act(self, operation: Operation, path: Mapping[str, str], query: Any, body: Any) -> object:
        asked = Asked(
            project=self._places.project(query.at),
            place=self._places.path(query.at),
            jobs=self._jobs,
            path=path,
            query=query,
            body=body,
            user=self.current_user.username,
        )
        return strict(msgspec.to_builtins(operation.act(asked)))  # strict: JSON has no NaN

    def _query(self, operation: Operation) -> Any:
        given = {key: values[-1].decode() for key, values in self.request.query_arguments.items() if key != "token"}
        try:
            return msgspec.convert(given, operation.query, strict=False)
        except msgspec.ValidationError as error:
            raise InvalidValueError(f"The query of {self._route.path} can't be taken: {error}.") from None

    def _body(self, operation: Operation) -> Any:
        if operation.body is None:
            return None
        try:
            return msgspec.json.decode(self.request.body or b"{}", type=operation.body)
        except (msgspec.ValidationError, msgspec.DecodeError) as error:
            raise InvalidValueError(f"What was sent to {self._route.path} can't be taken: {error}.") from None

    def _refuse(self, error: TrackbookError) -> None:
        self.set_status(status_of(error))
        self.finish(msgspec.json.encode(failure_of(error)))
