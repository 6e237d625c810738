"""A token that names sources publishes events of these and of no other, in whatever form they are sent."""

import json
from pathlib import Path

import pytest

from tests.integration.gateway.gateway_setup import GatewaySetup
from tests.integration.gateway.test_forms_of_events import JSON, MANY, ONE, binary
from tests.integration.gateway.test_ingest import BATCH, SINGLE, arrival

TAKEN = 503
"""Without Kafka: the event was right and the token allowed."""


@pytest.mark.parametrize(
    ("sources", "source", "status"),
    [
        ((), "/any", TAKEN), (("/a",), "/a", TAKEN), (("/a", "/b"), "/b", TAKEN),
        (("/a",), "/b", 403), (("/a",), "/a/", 403), (("/a",), "/A", 403), (("/ab",), "/a", 403),
    ],
)  # fmt: skip
async def test_only_events_of_its_sources(tmp_path: Path, sources: tuple[str, ...], source: str, status: int) -> None:
    """Alone, in a batch and in binary mode an event is taken if its source is exactly one of the token's."""
    setup = GatewaySetup(tmp_path)
    setup.make_token("own", ["publish"], sources=sources)
    event = arrival() | {"source": source}
    body, attributes = binary(event)
    async with setup.serving() as client:
        for path, media, sent, more in (
            (ONE, SINGLE, json.dumps(event).encode(), {}),
            (MANY, BATCH, json.dumps([event]).encode(), {}),
            (ONE, JSON, body, attributes),
        ):
            headers = setup.bearer("own") | {"Content-Type": media} | more
            async with client.post(path, data=sent, headers=headers) as response:
                assert (response.status, media) == (status, media)


async def test_one_foreign_event_refuses_its_batch(tmp_path: Path) -> None:
    """The first event of another source is named by its place, not by its source; bad events are named before it."""
    setup = GatewaySetup(tmp_path)
    setup.make_token("own", ["publish"], sources=["/a"])
    events = [arrival() | {"source": source} for source in ("/a", "/canarina", "/canarina")]
    headers = setup.bearer("own") | {"Content-Type": BATCH}
    async with setup.serving() as client:
        async with client.post(MANY, data=json.dumps(events), headers=headers) as response:
            problem = await response.json(content_type=None)
            assert (response.status, problem["detail"].partition(",")[0]) == (403, "event 1")
            assert "canarina" not in json.dumps(problem)
        async with client.post(MANY, data=json.dumps([*events, {}]), headers=headers) as response:
            assert response.status == 400
