"""`GET /v1/dead-letters`: a publisher sees what became of its own events, in pages, and never what a record holds."""

from pathlib import Path
from typing import Any

import pytest
from aiohttp import ClientSession

from stream.deadletters import REMEDIES
from tests.integration.gateway.gateway_setup import GatewaySetup
from tests.integration.ops.dead_letters.made_letters import PARTITIONS, post
from tests.kafka.harness import KafkaHarness

pytestmark = pytest.mark.kafka

SOURCE = "/test"
READABLE = ["key-mismatch", "unknown-type", "version-conflict", "wrong-partition", "wrong-shape", "wrong-shape"]
UNREADABLE = ["not-json", "not-json"]


@pytest.fixture
def setup(harness: KafkaHarness, tmp_path: Path) -> GatewaySetup:
    """Return a gateway on a Kafka with dead letters, and tokens of several publishers."""
    harness.create_topics(partitions=PARTITIONS, steps=())
    post(harness)
    made = GatewaySetup(tmp_path, harness.broker.address, harness.topics.prefix)
    made.make_token("own", ["publish"], sources=["/other", SOURCE])
    made.make_token("foreign", ["publish"], sources=["/other"])
    made.make_token("both", ["publish", "audit"], sources=[SOURCE])
    return made


async def page(client: ClientSession, setup: GatewaySetup, token: str, **query: str) -> dict[str, Any]:
    """Ask for a page; the answer never has what is in a record."""
    async with client.get("/v1/dead-letters", params=query, headers=setup.bearer(token)) as response:
        assert response.status == 200
        text = await response.text()
        assert "Canary" not in text
        found: dict[str, Any] = await response.json()
    return found


def codes(found: dict[str, Any]) -> list[str]:
    """Return the codes of a page."""
    return sorted(letter["code"] for letter in found["letters"])


async def test_publisher_sees_its_own(setup: GatewaySetup) -> None:
    """By source, by code, by time and in pages: each letter once, with its remedy; the rest needs the scope audit."""
    async with setup.serving() as client:
        own = await page(client, setup, "own")
        assert (codes(own), own["complete"]) == (READABLE, True)
        assert {letter["source"] for letter in own["letters"]} == {SOURCE}
        for letter in own["letters"]:
            assert letter["remedy"] == REMEDIES[letter["code"]]
            assert letter["detail"].startswith(("$", "record"))
        assert codes(await page(client, setup, "publish")) == READABLE
        assert codes(await page(client, setup, "foreign")) == []
        assert codes(await page(client, setup, "both")) == sorted(READABLE + UNREADABLE)
        assert codes(await page(client, setup, "own", code="wrong-shape")) == ["wrong-shape"] * 2
        assert codes(await page(client, setup, "own", since="2999-01-01T00:00:00Z")) == []
        pages = [await page(client, setup, "own", limit="4")]
        pages.append(await page(client, setup, "own", limit="4", after=pages[0]["next"]))
        assert [len(each["letters"]) for each in pages] == [4, 2]
        places = [(each["partition"], each["offset"]) for one in pages for each in one["letters"]]
        assert sorted(places) == sorted((each["partition"], each["offset"]) for each in own["letters"])
        last = await page(client, setup, "own", after=pages[1]["next"])
        assert (last["letters"], last["complete"]) == ([], True)


async def test_what_is_no_question_is_refused(setup: GatewaySetup) -> None:
    """Another scope is 403; a wrong code, time or page is 400, also one of a topic with other partitions."""
    async with setup.serving() as client:
        for query, token, status in (
            ("", "audit", 403), ("?code=lost", "own", 400), ("?since=yesterday", "own", 400), ("?after=x", "own", 400),
            ("?after=1.2", "own", 400), ("?after=1.2.3.4&since=2025-08-20T00:00:00Z", "own", 400),
            ("?limit=0", "own", 400),
        ):  # fmt: skip
            async with client.get(f"/v1/dead-letters{query}", headers=setup.bearer(token)) as response:
                assert (query, response.status) == (query, status)


async def test_without_kafka_or_its_topic_it_is_503(harness: KafkaHarness, tmp_path: Path) -> None:
    """Where the topic is missing, as where Kafka is away, the publisher is told to come back."""
    setup = GatewaySetup(tmp_path, harness.broker.address, f"{harness.topics.prefix}-none")
    async with (
        setup.serving() as client,
        client.get("/v1/dead-letters", headers=setup.bearer("publish")) as response,
    ):
        assert (response.status, response.headers["Retry-After"]) == (503, "10")
