"""The OpenAPI document, and a server of its own that is asked whatever the document lets one ask, and more."""

from __future__ import annotations

import hashlib
from collections.abc import Iterator
from typing import Any

import pytest
import schemathesis
from hypothesis import HealthCheck, settings
from schemathesis.checks import CHECKS
from trackbook_server.openapi import document
from trackbook_server.routes import ROUTES

from .conftest import Ask
from .lone import TOKEN, LoneServer, lone_server
from .work import PIXEL, Work

schema = schemathesis.openapi.from_dict(document(ROUTES))
_NOT_OURS = {"positive_data_acceptance"}  # no schema says what a query is: one that can't be read is refused


@pytest.fixture(scope="module")
def server(work: Work, tmp_path_factory: pytest.TempPathFactory) -> Iterator[LoneServer]:
    with lone_server(work.folder, tmp_path_factory.mktemp("lone")) as server:
        yield server
        assert "Traceback" not in server.log.read_text()


async def test_document_is_served_and_names_every_route(ask: Ask) -> None:
    found = await ask("GET", "/openapi.json")

    assert found.status == 200
    assert found.json["openapi"].startswith("3.1")
    assert {*found.json["paths"]} == {route.path for route in ROUTES}
    for path, operations in found.json["paths"].items():
        for operation in operations.values():
            assert operation["summary"], path
            assert {"200", "400", "403", "404"} <= {*operation["responses"]}, path
    names = [each["operationId"] for operations in found.json["paths"].values() for each in operations.values()]
    assert len(names) == len({*names})


@schema.include(method=["GET", "PATCH"]).parametrize()
@settings(max_examples=10, deadline=None, derandomize=True, suppress_health_check=[*HealthCheck])
def test_whatever_is_asked_is_answered_as_the_document_says(
    case: schemathesis.Case, server: LoneServer, work: Work
) -> None:
    known = {
        "run": [work.first, work.parent, work.by_hand, "latest"],
        "digest": [hashlib.sha256(PIXEL).hexdigest()],
        "model": ["model"],
    }
    case.path_parameters = {name: _real(value, known.get(name)) for name, value in case.path_parameters.items()}

    checks = [CHECKS.get_one(name) for name in CHECKS.get_all_names() if name not in _NOT_OURS]
    response = case.call(base_url=server.api, headers={"Authorization": f"token {TOKEN}"}, timeout=60)
    case.validate_response(response, checks=checks)


def _real(generated: Any, known: list[str] | None) -> Any:
    """Return mostly a name of something that there is, where some are known: others are not found, and ask nothing."""
    number = int(hashlib.sha256(repr(generated).encode()).hexdigest(), 16)
    return known[number % len(known)] if known and number % 4 else generated
