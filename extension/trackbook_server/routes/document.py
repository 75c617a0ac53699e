"""The OpenAPI document, to ask for."""

from __future__ import annotations

from functools import cache
from typing import Any

from trackbook_server.openapi import document
from trackbook_server.route import Asked, Operation, Route


def with_document(routes: tuple[Route, ...]) -> tuple[Route, ...]:
    """Return routes with one more: that of the document which describes all of them."""

    @cache
    def made() -> dict[str, Any]:
        return document(whole)

    def describe_routes(_: Asked) -> dict[str, Any]:
        return made()

    operation = Operation(act=describe_routes, summary="Describe all routes", answer=dict[str, Any])
    whole = (*routes, Route(path="/openapi.json", operations={"GET": operation}))
    return whole
