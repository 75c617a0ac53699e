"""The one handler of all routes: who may ask, what was asked, and how it is answered or refused."""

from __future__ import annotations

import asyncio
import hashlib
import json
from collections.abc import Mapping
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from functools import partial
from http import HTTPStatus
from typing import Any
from urllib.parse import quote

import msgspec
from jupyter_server.auth.decorator import authorized
from jupyter_server.base.handlers import APIHandler
from tornado.web import HTTPError, authenticated
from trackbook.errors import InvalidValueError, NotFoundError, TrackbookError
from trackbook.records import strict

from trackbook_server.failures import Failure, failure_of, status_of
from trackbook_server.jobs import Jobs
from trackbook_server.places import Places
from trackbook_server.route import Asked, File, Operation, Route

_A_YEAR = 31_536_000
_MOST_AT_ONCE = 8
_encode = json.JSONEncoder(allow_nan=False, separators=(",", ":")).encode
_workers = ThreadPoolExecutor(_MOST_AT_ONCE, thread_name_prefix="trackbook")
"""Threads of our own: however much we are asked, what else the server does in threads doesn't wait for us."""


@dataclass(frozen=True, slots=True)
class _Answer:
    """What is to be sent, None if who asks has it already; and what tells it from all others if it never changes."""

    content: bytes | File | None
    tag: str | None


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
    async def head(self, **path: str) -> None:
        """Answer the head of a reading."""
        await self._answer(path)

    @authenticated
    @authorized
    async def post(self, **path: str) -> None:
        """Make something."""
        await self._answer(path)

    @authenticated
    @authorized
    async def put(self, **path: str) -> None:
        """Nothing is put whole; who may not ask is not even told so."""
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
        try:
            operation = self._operation()
            act = partial(self._act, operation, path, self._query(operation), self._body(operation))
            known = self.request.headers.get("If-None-Match", "")
            answer = await asyncio.get_running_loop().run_in_executor(
                _workers, act, self.current_user.username, self.request.uri or "", known
            )
        except TrackbookError as error:
            self.set_status(status_of(error))
            self.finish(json_of(failure_of(error)))
        else:
            self._send(operation, answer)

    def _act(
        self, operation: Operation, path: Mapping[str, str], query: Any, body: Any, user: str, uri: str, known: str
    ) -> _Answer:
        """Answer, unless who asks has the answer already. The slow part, in a thread."""
        asked = Asked(
            find_project=partial(self._places.project, query.at),
            place=self._places.path(query.at),
            root=self._places.root,
            jobs=self._jobs,
            path=path,
            query=query,
            body=body,
            user=user,
        )
        mark = operation.mark(asked) if operation.mark is not None else None
        tag = None if mark is None else f'"{hashlib.sha256(f"{uri} {mark}".encode()).hexdigest()[:32]}"'
        if tag is not None and tag in known:
            return _Answer(None, tag)
        found = operation.act(asked)
        if isinstance(found, File):
            return _Answer(found, tag)
        return _Answer(json_of(found), tag)

    def _operation(self) -> Operation:
        operations = self._route.operations
        if not operations:
            raise NotFoundError("There is no such route. The document at openapi.json names them all.")
        method = "GET" if self.request.method == "HEAD" else self.request.method
        if method not in operations:
            raise HTTPError(HTTPStatus.METHOD_NOT_ALLOWED)
        return operations[method]

    def _query(self, operation: Operation) -> Any:
        try:
            given = {key: values[-1].decode() for key, values in self.request.query_arguments.items() if key != "token"}
            return msgspec.convert(given, operation.query, strict=False)
        except (msgspec.ValidationError, UnicodeDecodeError) as error:
            raise InvalidValueError(f"The query of {self._route.path} can't be taken: {error}.") from None

    def _body(self, operation: Operation) -> Any:
        if operation.body is None:
            return None
        try:
            return msgspec.json.decode(self.request.body or b"{}", type=operation.body)
        except (msgspec.ValidationError, msgspec.DecodeError, UnicodeDecodeError) as error:
            raise InvalidValueError(f"What was sent to {self._route.path} can't be taken: {error}.") from None

    def _send(self, operation: Operation, answer: _Answer) -> None:
        if answer.tag is not None:
            self.set_header("Etag", answer.tag)
        kept = f"max-age={_A_YEAR}, immutable" if operation.is_lasting else "no-cache"
        self.set_header("Cache-Control", f"private, {kept}")
        if isinstance(answer.content, File):
            self._send_file(answer.content)
        elif answer.content is not None:
            self.finish(answer.content)
        else:
            self.set_status(HTTPStatus.NOT_MODIFIED)
            self.finish()

    def _send_file(self, file: File) -> None:
        """Send bytes that somebody's notebook made, such that nothing in them runs in a page of this server's."""
        self.set_header("Content-Security-Policy", "default-src 'none'; sandbox")
        self.set_header("X-Content-Type-Options", "nosniff")
        self.set_header("Cross-Origin-Resource-Policy", "same-origin")
        if file.name is not None:
            name = quote(file.name.encode("utf-8", "replace"), safe="")
            self.set_header("Content-Disposition", f"attachment; filename*=UTF-8''{name}")
        self.finish(file.content, set_content_type=file.media_type)

    def compute_etag(self) -> str | None:
        """Return the tag that was set, else one of what is sent."""
        given = self._headers.get("Etag")
        return given if given is not None else super().compute_etag()

    def write_error(self, status_code: int, **kwargs: Any) -> None:
        """Refuse as everything is refused: with the name of the error, and a sentence."""
        status = HTTPStatus(status_code)
        error = kwargs.get("exc_info", (None, None))[1]
        if status is HTTPStatus.METHOD_NOT_ALLOWED:
            operations = self._route.operations
            self.set_header("Allow", ", ".join([*operations, *(["HEAD"] if "GET" in operations else [])]))
        sentence = (error.log_message if isinstance(error, HTTPError) else None) or status.description or status.phrase
        if status is HTTPStatus.INTERNAL_SERVER_ERROR:
            sentence = "This is a fault of Trackbook's own. The server's log has the details."
        self.finish(json_of(Failure(error=status.phrase.title().replace(" ", ""), message=str(sentence))))


def json_of(value: object) -> bytes:
    """Return a value as strict JSON in ASCII: texts that no UTF-8 has and integers of any size are written, too."""
    plain = msgspec.to_builtins(value)
    try:
        text = _encode(plain)
    except (TypeError, ValueError):  # there is a NaN in it, say; that is rare, and to look for it first takes longer
        text = _encode(strict(plain))
    return text.encode()
