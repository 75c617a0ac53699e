"""One table: which error is answered with which status, and how it is told."""

from __future__ import annotations

from http import HTTPStatus

import msgspec
from trackbook.errors import (
    AmbiguousError,
    ImmutableError,
    InvalidValueError,
    NewerSchemaError,
    NotFoundError,
    QueryError,
    StoreError,
    TrackbookError,
)

STATUS: dict[type[TrackbookError], HTTPStatus] = {
    InvalidValueError: HTTPStatus.BAD_REQUEST,
    NotFoundError: HTTPStatus.NOT_FOUND,
    AmbiguousError: HTTPStatus.CONFLICT,
    ImmutableError: HTTPStatus.CONFLICT,
    NewerSchemaError: HTTPStatus.CONFLICT,
    StoreError: HTTPStatus.SERVICE_UNAVAILABLE,
    TrackbookError: HTTPStatus.CONFLICT,
}


class Failure(msgspec.Struct, kw_only=True, omit_defaults=True):
    """What went wrong: the name of the error, one sentence, and of a query the place of the mistake (from 0)."""

    error: str
    message: str
    position: int | None = None


def status_of(error: TrackbookError) -> HTTPStatus:
    """Return the status of an error: that of the nearest of its classes in the table."""
    return next(STATUS[kind] for kind in type(error).__mro__ if kind in STATUS)


def failure_of(error: TrackbookError) -> Failure:
    """Return how an error is told."""
    if isinstance(error, QueryError):
        return Failure(error=type(error).__name__, message=error.sentence, position=error.position)
    return Failure(error=type(error).__name__, message=str(error))
