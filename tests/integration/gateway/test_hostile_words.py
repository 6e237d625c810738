"""Words that cost much or nest deep, on a real socket: each gets its answer, and none leads into slow code."""

import json
import sys
from pathlib import Path
from types import FrameType
from typing import Any

import msgspec
import pytest

from tests.integration.gateway.gateway_setup import GatewaySetup
from tests.integration.gateway.wire import head, say

DEEP = '{"a":' + "[" * 4_000
DOORS = {
    "POST /session": "",
    "POST /v1/events": "publish",
    "POST /v1/headroom": "plan",
    "GET /": "",
    "GET /metrics": "",
    "GET /v1/rules": "scan",
}
KINDS = {
    "separators": ";" * 7_000,
    "an open quote": 'a/b;"' + ";" * 7_000,
    "parameters": "a/b;" + "a=b;" * 1_700,
    "parts of parameters": "a/b;" + "".join(f"a*{place}=b;" for place in range(900)),
}


@pytest.mark.parametrize("kind", KINDS.values(), ids=KINDS)
@pytest.mark.parametrize("line", DOORS)
async def test_parameters_of_a_type_are_not_read(tmp_path: Path, line: str, kind: str) -> None:
    """The parser of e-mail, which takes a second for 8 kB of parameters, never sees them."""
    entered, end = set[str](), kind[-500:]

    def note(frame: FrameType, _event: str, _argument: Any) -> None:
        name = frame.f_code.co_filename
        if "/email/" not in name or any(end in word for word in frame.f_locals.values() if isinstance(word, str)):
            entered.add(name)

    setup = GatewaySetup(tmp_path)
    asked = head(
        line, f"Content-Type: {kind}", "Content-Length: 2", "Connection: close", token=setup.tokens.get(DOORS[line], "")
    )
    async with setup.serving() as client:
        sys.setprofile(note)
        try:
            heard = await say(str(client._base_url), asked + b"{}")
        finally:
            sys.setprofile(None)
    assert heard.status in ({415} if line.startswith("POST") else {200, 404, 503})
    assert any(name.endswith("agents/gateway/http/client_connection.py") for name in entered)
    assert not [name for name in entered if "/email/" in name]


@pytest.mark.parametrize(
    "body", [DEEP, '{"token":"a",' + DEEP[1:], '{"a":' * 600, '{"token":"\xff"}', '{"token":1}', ""]
)
async def test_signing_in_with_a_bad_body_is_a_bad_request(
    tmp_path: Path, body: str, caplog: pytest.LogCaptureFixture
) -> None:
    """However deep it nests, and whether it is text or not: 400, and no traceback."""
    data = body.encode("latin-1")
    asked = head("POST /session", "Content-Type: application/json", f"Content-Length: {len(data)}", "Connection: close")
    async with GatewaySetup(tmp_path).serving() as client:
        heard = await say(str(client._base_url), asked + data)
    assert heard.status == 400
    assert json.loads(heard.text.partition("\r\n\r\n")[2])["title"] == "Not understood"
    assert not [record for record in caplog.records if record.exc_info]


async def test_scanner_that_nests_deep_is_told_so_and_goes_on(tmp_path: Path) -> None:
    """A message of brackets is not understood; the next one is heard as if it had not been."""
    setup = GatewaySetup(tmp_path)
    async with setup.serving() as client, client.ws_connect("/v1/scan", headers=setup.bearer("scan")) as socket:
        titles: list[str] = []
        for message in (DEEP, '{"bill":"A",' + DEEP[1:], '{"a":' * 600, '{"bill":"?"}'):
            await socket.send_str(message)
        while len(titles) < 4:
            told = msgspec.json.decode(await socket.receive_str(timeout=60))
            if told["type"] == "error":
                titles.append(told["title"])
    assert titles == ["Not understood"] * 3 + ["Not a bill number"]
