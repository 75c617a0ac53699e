"""The OpenAPI document of all routes, made from the types that requests are checked with."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from http import HTTPStatus
from typing import Any

import msgspec

from trackbook_server.failures import STATUS, Failure
from trackbook_server.route import File, Operation, Route

_TEMPLATE = "#/components/schemas/{name}"
_PLACEHOLDER = re.compile(r"\{(\w+)\}")
_JSON = "application/json"


def document(routes: Iterable[Route]) -> dict[str, Any]:
    """Return the document (OpenAPI 3.1) of routes."""
    routes = tuple(routes)
    operations = [operation for route in routes for operation in route.operations.values()]
    kinds = [kind for each in operations for kind in (each.answer, each.body) if kind not in (None, File)]
    types = [Failure, *kinds]
    schemas, components = msgspec.json.schema_components(types, ref_template=_TEMPLATE)
    schema_of = {_key(kind): schema for kind, schema in zip(types, schemas, strict=True)}
    return {
        "openapi": "3.1.0",
        "info": {"title": "Trackbook", "version": "1", "description": "What the store of a notebook holds."},
        "servers": [{"url": "./"}],
        "paths": {
            route.path: {
                method.lower(): _operation(route, operation, schema_of)
                for method, operation in route.operations.items()
            }
            for route in routes
        },
        "components": {"schemas": components},
    }


def _operation(route: Route, operation: Operation, schema_of: dict[str, Any]) -> dict[str, Any]:
    described: dict[str, Any] = {
        "operationId": operation.act.__name__,
        "summary": operation.summary,
        "parameters": [*_path_parameters(route), *_query_parameters(operation)],
        "responses": {
            "200": {"description": operation.summary, "content": _answer(operation, schema_of)},
            **{
                str(status.value): {"description": status.phrase, "content": _content(schema_of[_key(Failure)])}
                for status in sorted({*STATUS.values(), HTTPStatus.FORBIDDEN})
            },
        },
    }
    if operation.body is not None:
        content = _content(schema_of[_key(operation.body)])
        described["requestBody"] = {"required": not _may_be_empty(operation.body), "content": content}
    return described


def _may_be_empty(body: Any) -> bool:
    """Return whether nothing needs to be sent, which stands for an object without anything in it."""
    try:
        msgspec.convert({}, body)
    except msgspec.ValidationError:
        return False
    return True


def _answer(operation: Operation, schema_of: dict[str, Any]) -> dict[str, Any]:
    if operation.answer is File:
        return {"*/*": {"schema": {"type": "string", "format": "binary"}}}
    return _content(schema_of[_key(operation.answer)])


def _content(schema: Any) -> dict[str, Any]:
    return {_JSON: {"schema": schema}}


def _path_parameters(route: Route) -> Iterator[dict[str, Any]]:
    for name in _PLACEHOLDER.findall(route.path):
        yield {"name": name, "in": "path", "required": True, "schema": {"type": "string"}}


def _query_parameters(operation: Operation) -> Iterator[dict[str, Any]]:
    (_,), components = msgspec.json.schema_components([operation.query], ref_template=_TEMPLATE)
    described = components[operation.query.__name__]
    for name, schema in described["properties"].items():
        yield {"name": name, "in": "query", "required": name in described.get("required", ()), "schema": schema}


def _key(kind: Any) -> str:
    return str(kind)
