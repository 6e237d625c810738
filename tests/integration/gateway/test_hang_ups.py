"""A client that hangs up is no error: nothing is logged above DEBUG, and no failure is counted."""

import asyncio
import logging
from pathlib import Path

import pytest

from tests.integration.gateway.gateway_setup import GatewaySetup, port_of
from tests.integration.gateway.test_counting import counted, risen
from tests.integration.gateway.test_ingest import SINGLE
from tests.integration.gateway.wire import head
from tests.waiting import HANG_SECONDS


@pytest.mark.parametrize("abort", [False, True])
async def test_hanging_up_amid_a_body(tmp_path: Path, caplog: pytest.LogCaptureFixture, *, abort: bool) -> None:
    """A publisher that goes before its event is complete gets no answer, and none is counted."""
    setup = GatewaySetup(tmp_path)
    caplog.set_level(logging.DEBUG, "agents.gateway.http.client_connection")
    async with setup.serving() as client:
        before = await counted(client)
        _reader, writer = await asyncio.open_connection("127.0.0.1", port_of(client))
        token = setup.tokens["publish"]
        writer.write(head("POST /v1/events", f"Content-Type: {SINGLE}", "Content-Length: 1000", token=token) + b"half")
        await writer.drain()
        await asyncio.sleep(0.1)
        if abort:
            writer.transport.abort()
        else:
            writer.close()
        async with asyncio.timeout(HANG_SECONDS):
            while not said(caplog):  # noqa: ASYNC110 - the gateway tells it in its log alone
                await asyncio.sleep(0.02)
        found = await risen(client, before)
    assert [(record.levelno, record.message) for record in said(caplog)] == [(logging.DEBUG, "a client hung up")]
    assert {key: value for key, value in found.items() if "/metrics" not in key} == {}


def said(caplog: pytest.LogCaptureFixture) -> list[logging.LogRecord]:
    """Return what was logged of requests and connections."""
    names = ("agents.gateway.http.client_connection", "agents.gateway.http.problems", "aiohttp")
    return [record for record in caplog.records if record.name.startswith(names)]
