"""Who comes in: tokens, scopes, sessions, how often; and that a refusal tells nothing. No other server is needed."""

import asyncio
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from aiohttp import ClientResponse, ClientSession, CookieJar

from agents.gateway.endpoints.openapi import document
from agents.gateway.http.token_file import revoke_token
from tests.integration.gateway.gateway_setup import GatewaySetup

SCOPES = {"publish", "scan", "audit", "plan"}
GUARDED = [
    (method, path, operation["security"][0]["bearer"][0])
    for path, methods in document()["paths"].items()
    for method, operation in methods.items()
    if operation["security"] and operation["security"][0]["bearer"]
]
"""Method, path and scope of every operation that needs one."""


@pytest.fixture
def setup(tmp_path: Path) -> GatewaySetup:
    return GatewaySetup(tmp_path)


def path_of(pattern: str) -> str:
    return pattern.format(
        bill="ACME0001", key="na2:aaaaaaaaaaaaaaaaaaaaaaaaaa", day="2025-08-20", conveyance="air:AF0066:2025-08-20"
    )


async def problem_in(response: ClientResponse) -> dict[str, Any]:
    """Return the problem that an answer is."""
    assert response.content_type == "application/problem+json"
    found: dict[str, Any] = await response.json(content_type=None)
    assert found["status"] == response.status
    return found


async def test_nothing_is_open_without_a_token(setup: GatewaySetup) -> None:
    """Each operation that has a scope refuses who has no token, and says that a bearer token is wanted."""
    async with setup.serving() as client:
        for method, path, _scope in GUARDED:
            async with client.request(method, path_of(path)) as response:
                assert (response.status, path) == (401, path)
                assert response.headers["WWW-Authenticate"].startswith("Bearer")
                await problem_in(response)
    assert len(GUARDED) >= 4


async def test_only_the_right_scope_opens(setup: GatewaySetup) -> None:
    """Each operation refuses the tokens of all other scopes with 403, audit's aside where scan is asked for."""
    async with setup.serving() as client:
        for method, path, scope in GUARDED:
            others = SCOPES - {scope} - ({"audit"} if scope == "scan" else set())
            for other in sorted(others):
                async with client.request(method, path_of(path), headers=setup.bearer(other)) as response:
                    assert (response.status, path, other) == (403, path, other)
                    assert scope in (await problem_in(response))["detail"]


async def test_refusals_do_not_tell_why(setup: GatewaySetup) -> None:
    """Unknown, expired, wrong in one character, doubled, of another scheme: each gets the very same answer."""
    setup.make_token("expired", ["scan"], now=datetime.now(UTC) - timedelta(days=2))
    good = setup.tokens["scan"]
    wrong = good[:-1] + ("0" if good[-1] != "0" else "1")
    headers = [
        [("Authorization", f"Bearer {setup.tokens['expired']}")], [("Authorization", f"Bearer {wrong}")],
        [("Authorization", "Bearer ")], [("Authorization", f"Basic {good}")],
        [("Authorization", f"Bearer {good}"), ("Authorization", f"Bearer {good}")],
        [("Authorization", "Bearer " + "x" * 5_000)], [("Cookie", f"tallygate_session={good}")],
    ]  # fmt: skip
    bodies = set()
    async with setup.serving() as client:
        for given in headers:
            async with client.get("/session", headers=given) as response:
                assert response.status == 401
                bodies.add(await response.text())
        async with client.get("/session", params={"access_token": good}) as response:
            assert response.status == 401
            bodies.add(await response.text())
    assert len(bodies) == 1


async def test_revoked_token_is_refused_soon(setup: GatewaySetup) -> None:
    """A token that is revoked while the gateway runs opens nothing any more, by itself or by its session."""
    async with setup.serving() as client:
        async with client.post("/session", json={"token": setup.tokens["scan"]}) as response:
            cookie = {"Cookie": f"tallygate_session={response.cookies['tallygate_session'].value}"}
        revoke_token(setup.tokens_file, setup.ids["scan"])
        for given in (setup.bearer("scan"), cookie):
            status = 200
            while status == 200:
                async with client.get("/session", headers=given) as response:
                    status = response.status
                await asyncio.sleep(0.05)
            assert status == 401
        async with client.get("/session", headers=setup.bearer("audit")) as response:
            assert response.status == 200


@pytest.mark.parametrize("form", [False, True])
async def test_browser_signs_in_and_out(setup: GatewaySetup, form: bool) -> None:
    """A token buys a cookie that scripts cannot read and other sites cannot send; signing out takes it back."""
    async with setup.serving() as plain, ClientSession(plain._base_url, cookie_jar=CookieJar(unsafe=True)) as browser:
        given = {"token": setup.tokens["audit"]}
        sent = {"data": given} if form else {"json": given}
        async with browser.request("POST", "/session", **sent) as response:  # type: ignore[arg-type]
            assert await response.json() == {
                "id": setup.ids["audit"], "scopes": ["audit", "scan"], "expires": (await response.json())["expires"],
            }  # fmt: skip
            cookie = response.headers["Set-Cookie"]
        assert setup.tokens["audit"] not in cookie
        assert {"HttpOnly", "SameSite=Strict", "Path=/"} <= set(cookie.split("; "))
        assert "Max-Age=43" in cookie
        async with browser.get("/session") as response:
            assert (response.status, (await response.json())["id"]) == (200, setup.ids["audit"])
        origin = {"Origin": str(plain._base_url).rstrip("/")}
        async with browser.delete("/session", headers=origin) as response:
            assert response.status == 204
        async with browser.get("/session") as response:
            assert response.status == 401


@pytest.mark.parametrize("body", [b"", b"{}", b'{"token": 1}', b'{"token": "x"}', b"token=x", b"\xff"])
@pytest.mark.parametrize("media", ["application/json", "application/x-www-form-urlencoded", "text/plain"])
async def test_nothing_else_signs_in(setup: GatewaySetup, body: bytes, media: str) -> None:
    """Whatever else is sent there is refused with a problem and no cookie."""
    headers = {"Content-Type": media}
    async with setup.serving() as client, client.post("/session", data=body, headers=headers) as response:
        assert response.status in {400, 401, 415}
        assert "Set-Cookie" not in response.headers
        await problem_in(response)


async def test_other_sites_cannot_use_a_session(setup: GatewaySetup) -> None:
    """With a cookie, what changes something or opens a WebSocket needs the Origin of this very gateway."""
    async with setup.serving() as client:
        async with client.post("/session", json={"token": setup.tokens["plan"]}) as response:
            cookie = {"Cookie": f"tallygate_session={response.cookies['tallygate_session'].value}"}
        own = str(client._base_url).rstrip("/")
        statuses = {}
        for origin in (None, "null", "https://evil.example", own.replace("http:", "https:"), own + ".evil", own):
            headers = cookie | ({"Origin": origin} if origin else {})
            async with client.post("/v1/headroom", data=b"{", headers=headers) as response:
                statuses[origin] = response.status
        assert statuses.pop(own) == 415
        assert set(statuses.values()) == {403}
        upgrade = {"Upgrade": "websocket", "Connection": "Upgrade", "Origin": "https://evil.example"}
        async with client.get("/session", headers=cookie | upgrade) as response:
            assert response.status == 403
        async with client.post("/session", json={"token": setup.tokens["plan"]}, headers=upgrade) as response:
            assert response.status == 403


async def test_session_outlives_the_gateway(setup: GatewaySetup) -> None:
    """After a restart browsers are still signed in."""
    given = {"token": setup.tokens["scan"]}
    async with setup.serving() as client, client.post("/session", json=given) as response:
        cookie = {"Cookie": f"tallygate_session={response.cookies['tallygate_session'].value}"}
    async with setup.serving() as client, client.get("/session", headers=cookie) as response:
        assert response.status == 200


async def test_behind_a_proxy_with_tls_the_cookie_is_secure(setup: GatewaySetup) -> None:
    """With a public origin of https the cookie goes over TLS only and its name binds it to the host."""
    async with setup.serving(public_origin="https://gate.example") as client:
        headers = {"Origin": "https://gate.example"}
        async with client.post("/session", json={"token": setup.tokens["scan"]}, headers=headers) as response:
            cookie = response.headers["Set-Cookie"]
    assert cookie.startswith("__Host-tallygate_session=")
    assert "Secure" in cookie.split("; ")


async def test_who_asks_too_often_waits(setup: GatewaySetup) -> None:
    """Beyond its share a token gets 429 and when to come back; other tokens are not touched."""
    async with setup.serving(requests_per_second=1, requests_burst=3) as client:
        answers = []
        for _ in range(4):
            async with client.get("/session", headers=setup.bearer("scan")) as response:
                answers.append((response.status, response.headers.get("Retry-After")))
        assert answers == [(200, None), (200, None), (200, None), (429, "1")]
        async with client.get("/session", headers=setup.bearer("audit")) as response:
            assert response.status == 200


async def test_log_tells_refusals_by_id_only(setup: GatewaySetup, caplog: pytest.LogCaptureFixture) -> None:
    """The log says which token was refused for what, and holds no token."""
    with caplog.at_level("DEBUG", "agents.gateway"):
        async with setup.serving() as client:
            for headers in (setup.bearer("publish"), {"Authorization": "Bearer tg_0_canary"}):
                async with client.get("/v1/bills/ACME0001", headers=headers) as response:
                    assert response.status in {401, 403}
    assert f"token {setup.ids['publish']} has no scope scan" in caplog.text
    assert [word for word in (setup.tokens["publish"], "canary") if word in caplog.text] == []
