"""`POST /v1/events` on a real Kafka: all or nothing, in the right place, and refused by the very code of the steps."""

import asyncio
import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from aiohttp import ClientSession

from stream.deadletters import Fault
from stream.partition import partition_of
from tests.integration.gateway.gateway_setup import GatewaySetup
from tests.kafka.harness import KafkaHarness
from tests.prerequisites import ROOT

pytestmark = pytest.mark.kafka

SINGLE = "application/cloudevents+json"
BATCH = "application/cloudevents-batch+json"
CASES = ROOT / "docs" / "conformance" / "cases"
PAUSE_SECONDS = 0.05
"""Before asking again: who asks all the time gets 429."""
NEEDS_THE_TABLE = Fault.VERSION_CONFLICT.value
"""Whether a version conflicts only the manifest step can know."""


@pytest.fixture
def setup(harness: KafkaHarness, tmp_path: Path) -> GatewaySetup:
    return GatewaySetup(tmp_path, harness.broker.address, harness.topics.prefix)


def arrival(conveyance: str = "air:1", number: int = 1, **more: Any) -> dict[str, Any]:
    noon = "2025-08-20T12:00:00Z"
    event = {"specversion": "1.0", "id": f"e-{number}", "source": "/tests", "time": noon, **more}
    data = {"conveyance": conveyance, "arrived_at": noon}
    return {**event, "type": "tallygate.conveyance.arrived.v1", "data": data}


async def send(client: ClientSession, setup: GatewaySetup, body: Any, media: str = BATCH) -> tuple[int, dict[str, Any]]:
    """Publish, once the gateway has found Kafka; return status and answer."""
    data = body if isinstance(body, bytes) else json.dumps(body).encode()
    while True:
        headers = setup.bearer("publish") | {"Content-Type": media}
        async with client.post("/v1/events", data=data, headers=headers) as response:
            if response.status != 503:
                return response.status, await response.json(content_type=None)
        await asyncio.sleep(PAUSE_SECONDS)


def sent(harness: KafkaHarness) -> dict[int, list[tuple[bytes, bytes]]]:
    """Return what is in the shipments topic, key and value by partition."""
    rows = harness.read(harness.topics.shipments)
    return {partition: [(key or b"", value or b"") for _, key, value in each] for partition, each in rows.items()}


async def test_events_arrive_as_they_were_sent(harness: KafkaHarness, setup: GatewaySetup) -> None:
    """Each event is in the partition of its conveyance under that key, byte for byte, in the order of the batch."""
    events = [arrival(f"air:{number % 7}", number) for number in range(50)]
    body = (
        b"[" + b" ,\n".join(json.dumps(event, indent=number % 3).encode() for number, event in enumerate(events)) + b"]"
    )
    async with setup.serving() as client:
        assert await send(client, setup, body) == (202, {"accepted": 50, "repeats": [*range(7, 50)]})
        single = json.dumps(arrival("air:single", extra="é"), ensure_ascii=False).encode()
        assert await send(client, setup, single, f"{SINGLE}; charset=utf-8") == (202, {"accepted": 1})
        assert await send(client, setup, []) == (202, {"accepted": 0})
    found = sent(harness)
    assert all(partition_of(key, 4) == partition for partition, rows in found.items() for key, _value in rows)
    assert {key for rows in found.values() for key, _ in rows} == {b"air:single", *(b"air:%d" % n for n in range(7))}
    for name in {event["data"]["conveyance"] for event in events}:
        given = [event for event in events if event["data"]["conveyance"] == name]
        assert [
            json.loads(value) for key, value in found[partition_of(name.encode(), 4)] if key == name.encode()
        ] == given
    assert single in [value for rows in found.values() for _key, value in rows]


async def test_a_large_batch_is_acknowledged_whole(harness: KafkaHarness, setup: GatewaySetup) -> None:
    """Thousands of events and a batch's most are all there once 202 is said; one more is 413 and nothing is sent."""
    events = [arrival(f"air:{number % 100}", number) for number in range(5_000)]
    async with setup.serving(batch_events=5_000) as client:
        assert await send(client, setup, events) == (202, {"accepted": 5_000, "repeats": [*range(100, 5_000)]})
        assert sum(map(len, sent(harness).values())) == 5_000
        status, problem = await send(client, setup, [*events, arrival()])
    assert (status, "5000" in problem["detail"]) == (413, True)
    assert sum(map(len, sent(harness).values())) == 5_000


async def test_every_bad_event_is_named_and_nothing_sent(harness: KafkaHarness, setup: GatewaySetup) -> None:
    """Of a batch with some bad events each is named by place, code and detail without its values; none is sent."""
    events: list[Any] = [arrival(number=number) for number in range(8)]
    events[1]["data"]["conveyance"] = "canarina quill"
    events[2]["time"] = "2999-01-01T00:00:00Z"
    del events[4]["source"]
    events[5]["type"] = "canarina.v1"
    events[6] = ["canarina"]
    async with setup.serving() as client:
        status, problem = await send(client, setup, events)
    assert status == 400
    assert [(bad["index"], bad["code"]) for bad in problem["errors"]] == [
        (1, "wrong-shape"), (2, "time-ahead"), (4, "wrong-envelope"), (5, "unknown-type"), (6, "wrong-envelope"),
    ]  # fmt: skip
    assert problem["errors"][0]["detail"].startswith("$.data.conveyance: expected text such as air:")
    assert "canarina" not in json.dumps(problem)
    assert sent(harness) == {}


async def test_what_is_no_batch_is_refused(setup: GatewaySetup) -> None:
    """A body that is no JSON array of events is 400 with a code, whatever it is."""
    bodies = [b"", b"{}", b"[", b"[1,]", b"\xff", b'["\xff"]', b"[" * 5_000 + b"]" * 5_000, b"[] []"]
    async with setup.serving() as client:
        for body in bodies:
            status, problem = await send(client, setup, body)
            assert (status, body) == (400, body)
            assert {bad["code"] for bad in problem["errors"]} <= {"not-json", "wrong-envelope"}


def conformance() -> Iterator[tuple[str, bytes, str | None]]:
    """Return every event of the conformance corpus with its place and the code of the dead letter that it becomes."""
    for case in sorted(CASES.iterdir()):
        letters = case / "expected-dead-letters.jsonl"
        lines = letters.read_text().splitlines() if letters.exists() else []
        codes = {each["line"]: each["error"] for each in map(json.loads, lines)}
        padded = json.loads((case / "case.json").read_text()).get("padded", {})
        for number, line in enumerate((case / "events.jsonl").read_bytes().split(b"\n"), 1):
            padding = b"x" * max(0, padded.get(str(number), 0) - len(line))
            whole = line.replace(b'"padding":""', b'"padding":"' + padding + b'"')
            if whole.strip():
                yield f"{case.name}:{number}", whole, codes.get(number)


async def test_corpus_is_refused_as_the_manifest_step_does(setup: GatewaySetup) -> None:
    """Each event of the conformance corpus is taken or refused with the code that the steps give its dead letter."""
    wrong, codes = [], set()
    async with setup.serving(requests_per_second=10_000, requests_burst=10_000) as client:
        for place, line, code in conformance():
            expected = None if code == NEEDS_THE_TABLE else code
            status, answer = await send(client, setup, line, SINGLE)
            found = None if status == 202 else answer["errors"][0]["code"]
            codes.add(found)
            if found != expected:
                wrong.append((place, found, expected))
    assert wrong == []
    assert {None, "not-json", "wrong-envelope", "wrong-shape", "unknown-type", "too-large"} <= codes
