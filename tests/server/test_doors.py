"""Who may ask: nobody without a token, nobody whom the server's authorizer refuses, no page of somebody else's."""

from __future__ import annotations

import hashlib
import json
import re
from collections.abc import Awaitable, Callable
from typing import Any

import pytest
from jupyter_server.auth import Authorizer
from jupyter_server.serverapp import ServerApp
from tornado.httpclient import AsyncHTTPClient, HTTPResponse
from trackbook.store import Store
from trackbook_server.routes import ROUTES
from traitlets.config import Config

from .conftest import Ask
from .work import NOTEBOOK, PIXEL, Work

METHODS = ("GET", "HEAD", "POST", "PUT", "PATCH", "DELETE")
PATHS = [re.sub(r"\{\w+\}", "latest", route.path) for route in ROUTES] + ["/live", "/no-such-route", ""]
API = "trackbook/api/v1"

Fetch = Callable[..., Awaitable[HTTPResponse]]


@pytest.fixture
def fetch(jp_serverapp: ServerApp, http_server_client: AsyncHTTPClient, jp_base_url: str) -> Fetch:
    """Ask for a path exactly as it is given, without a token."""

    async def fetch_path(method: str, path: str, **given: Any) -> HTTPResponse:
        return await http_server_client.fetch(
            f"{jp_base_url}{path}", method=method, raise_error=False, allow_nonstandard_methods=True, **given
        )

    return fetch_path


async def test_every_route_and_method_is_closed_without_a_token(fetch: Fetch) -> None:
    answers = {(method, path): await fetch(method, f"{API}{path}") for path in PATHS for method in METHODS}

    assert len(answers) > 150
    others = {key: each.code for key, each in answers.items() if each.code != 403}
    assert others == {("HEAD", "/live"): 405}  # a websocket has no head
    assert all(b"latest" not in (each.body or b"") for each in answers.values())


async def test_question_before_a_request_tells_nothing(fetch: Fetch) -> None:
    answers = [await fetch("OPTIONS", f"{API}{path}") for path in PATHS]

    assert all(not each.body for each in answers if each.code == 200)
    assert all("Access-Control-Allow-Origin" not in each.headers for each in answers)


async def test_wrong_token_is_no_token(fetch: Fetch) -> None:
    answers = [
        await fetch("GET", f"{API}/runs", headers={"Authorization": "token wrong"}),
        await fetch("GET", f"{API}/runs?token=wrong"),
    ]

    assert [each.code for each in answers] == [403, 403]


async def test_unknown_route_and_method_are_refused_in_a_sentence(ask: Ask) -> None:
    route = await ask("GET", "/no/such/route")
    method = await ask("DELETE", "/runs")

    assert (route.status, route.json["error"]) == (404, "NotFoundError")
    assert (method.status, method.json["error"], method.headers["Allow"]) == (405, "MethodNotAllowed", "GET, HEAD")


async def test_reading_changes_nothing(ask: Ask, work: Work, store: Store) -> None:
    before = store.change_token()

    for route in ROUTES:
        path = route.path.replace("{run}", work.first).replace("{digest}", hashlib.sha256(PIXEL).hexdigest())
        if "GET" in route.operations and "{" not in path and not path.startswith("/pipelines/"):
            query = {"/compare": {"runs": work.parent}, "/groups": {"by": "C"}, "/notebook": {"at": NOTEBOOK}}
            query["/groups/parts"] = {"by": "C"}
            query["/diff"] = {"before": work.first, "after": work.second}
            answer = await ask("GET", path, **query.get(path, {}))
            assert answer.status == 200, (path, answer.content)

    assert store.change_token() == before


async def test_json_is_shown_as_nothing_else(ask: Ask, work: Work) -> None:
    for path in ("/state", f"/runs/{work.first}", "/runs/nobody", "/no-such-route"):
        found = await ask("GET", path)

        assert found.headers["Content-Type"].startswith("application/json")
        assert found.headers["X-Content-Type-Options"] == "nosniff"
        assert "default-src 'none'" in found.headers["Content-Security-Policy"]


async def test_head_is_answered_wherever_a_reading_is(ask: Ask, work: Work) -> None:
    for path in ("/runs", f"/runs/{work.first}", f"/runs/{work.first}/executions", "/openapi.json"):
        head, whole = await ask("HEAD", path), await ask("GET", path)

        assert (head.status, head.content) == (200, b"")
        assert head.headers["Etag"] == whole.headers["Etag"]
        assert head.headers["Content-Length"] == str(len(whole.content))


class Refusing(Authorizer):
    """Lets everybody read everything else, and write nothing of ours."""

    asked: list[tuple[str, str]]

    def is_authorized(self, handler: Any, user: Any, action: str, resource: str) -> bool:
        self.asked = [*getattr(self, "asked", []), (action, resource)]
        return resource != "trackbook"


class TestOwnAuthorizer:
    @pytest.fixture
    def jp_server_config(self) -> Config:
        return Config({"ServerApp": {"jpserver_extensions": {"trackbook_server": True}, "authorizer_class": Refusing}})

    async def test_whom_it_refuses_gets_nothing(self, ask: Ask, jp_serverapp: ServerApp) -> None:
        asking = [(method, path) for path in PATHS for method in METHODS if path != "/live" or method == "GET"]
        answers = [await ask(method, path) for method, path in asking]
        asked = {each for each in jp_serverapp.authorizer.asked if each[1] == "trackbook"}

        assert {each.status for each in answers} == {403}
        assert asked == {("read", "trackbook"), ("write", "trackbook")}


async def test_page_of_somebody_else_changes_nothing_with_the_cookie(
    fetch: Fetch, ask: Ask, work: Work, jp_serverapp: ServerApp
) -> None:
    token = jp_serverapp.identity_provider.token
    login = await fetch("GET", f"lab?token={token}", follow_redirects=False)
    cookies = [cookie.partition(";")[0] for cookie in login.headers.get_list("Set-Cookie")]
    xsrf = next(cookie.partition("=")[2] for cookie in cookies if cookie.startswith("_xsrf="))
    cookie = {"Cookie": "; ".join(cookies)}
    body, path = json.dumps({"tags": {"by": "cookie"}}), f"{API}/runs/{work.second}"

    reading = await fetch("GET", path, headers=cookie)
    without = await fetch("PATCH", path, headers=cookie, body=body)
    unmarked = (await ask("GET", f"/runs/{work.second}")).json["tags"]
    with_it = await fetch("PATCH", path, headers={**cookie, "X-XSRFToken": xsrf}, body=body)
    foreign = {**cookie, "X-XSRFToken": xsrf, "Origin": "https://elsewhere.example"}
    elsewhere = await fetch("PATCH", path, headers=foreign, body=body)

    assert (reading.code, without.code, with_it.code) == (200, 403, 200)
    assert elsewhere.code in (403, 404)
    assert "by" not in unmarked
    assert (await ask("GET", f"/runs/{work.second}")).json["tags"]["by"] == "cookie"


@pytest.mark.parametrize("jp_base_url", ["/", "/hub/user/ana+x/", "/a.b/"])
async def test_routes_stand_beneath_the_servers_own_address(ask: Ask, fetch: Fetch, jp_base_url: str) -> None:
    found = await ask("GET", "/state")

    assert found.status == 200
    if jp_base_url != "/":
        assert (await fetch("GET", f"../../../../{API}/state")).code == 404
