"""The forms in which events are taken: as CloudEvents or plain JSON, in binary mode, in batches, packed or not."""

import asyncio
import gzip
import json
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import pytest
from aiohttp import ClientSession

from tests.integration.gateway.gateway_setup import GatewaySetup
from tests.integration.gateway.test_ingest import BATCH, PAUSE_SECONDS, SINGLE, arrival, sent
from tests.kafka.harness import KafkaHarness

JSON = "application/json"
ONE, MANY = "/v1/events", "/v1/events/batch"
GZIP = {"Content-Encoding": "gzip"}
LIMIT = 1024 * 1024


async def post(
    client: ClientSession, setup: GatewaySetup, path: str, media: str, body: bytes, headers: Mapping[str, str] = {}
) -> tuple[int, Any, Mapping[str, str]]:
    """Publish; return status, answer and its headers."""
    given = setup.bearer("publish") | {"Content-Type": media} | dict(headers)
    async with client.post(path, data=body, headers=given) as response:
        return response.status, await response.json(content_type=None), response.headers.copy()


async def post_once_ready(
    client: ClientSession, setup: GatewaySetup, path: str, media: str, body: bytes, headers: Mapping[str, str]
) -> tuple[int, Any]:
    """Publish, once the gateway has found Kafka; return status and answer."""
    while True:
        status, answer, _ = await post(client, setup, path, media, body, headers)
        if status != 503:
            return status, answer
        await asyncio.sleep(PAUSE_SECONDS)


def binary(event: Mapping[str, Any]) -> tuple[bytes, dict[str, str]]:
    """Return the body and the headers of an event in binary mode."""
    headers = {f"ce-{name}": value for name, value in event.items() if name != "data"}
    return json.dumps(event["data"]).encode(), headers


@pytest.mark.kafka
async def test_every_form_brings_the_same_event(harness: KafkaHarness, tmp_path: Path) -> None:
    """An event is in the topic once for each form and path that it was sent in, and always says the same."""
    setup = GatewaySetup(tmp_path, harness.broker.address, harness.topics.prefix)
    event = arrival(trace="one")
    body, headers = binary(event)
    one, many = json.dumps(event).encode(), json.dumps([event]).encode()
    forms: list[tuple[str, str, bytes, dict[str, str]]] = [
        (ONE, SINGLE, one, {}), (ONE, JSON, one, {}), (ONE, JSON, body, headers),
        (ONE, BATCH, many, {}), (ONE, JSON, b" \n" + many, {}), (MANY, BATCH, many, {}), (MANY, JSON, many, {}),
    ]  # fmt: skip
    packed = [(path, media, gzip.compress(plain), more | GZIP) for path, media, plain, more in forms]
    async with setup.serving() as client:
        for path, media, plain, more in [*forms, *packed]:
            answer = await post_once_ready(client, setup, path, media, plain, more)
            assert answer == (202, {"accepted": 1}), (media, more)
    ((rows),) = sent(harness).values()
    assert [key for key, _ in rows] == [event["data"]["conveyance"].encode()] * 2 * len(forms)
    assert [json.loads(value) for _, value in rows] == [event] * 2 * len(forms)


@pytest.mark.parametrize(
    ("path", "media"),
    [(ONE, "text/plain"), (ONE, "application/octet-stream"), (ONE, ""), (MANY, SINGLE), (MANY, "text/plain")],
)
async def test_other_media_types_are_refused(tmp_path: Path, path: str, media: str) -> None:
    """A media type that an address does not take is 415, with those that it does."""
    setup = GatewaySetup(tmp_path)
    async with setup.serving() as client:
        status, problem, _ = await post(client, setup, path, media, b"{}")
    assert (status, BATCH in problem["detail"], SINGLE in problem["detail"]) == (415, True, path == ONE)


@pytest.mark.parametrize("coding", ["br", "deflate", "gzip, gzip", "gzip, identity", "zstd"])
async def test_other_codings_are_refused(tmp_path: Path, coding: str) -> None:
    """A body that is packed in another way is 415, and the answer names gzip as HTTP has it."""
    setup = GatewaySetup(tmp_path)
    async with setup.serving() as client:
        status, _, headers = await post(client, setup, ONE, SINGLE, b"{}", {"Content-Encoding": coding})
    assert (status, headers["Accept-Encoding"]) == (415, "gzip")


@pytest.mark.parametrize(("path", "name"), [("/v1/headroom", "plan"), ("/session", "scan")])
async def test_only_events_come_packed(tmp_path: Path, path: str, name: str) -> None:
    """Small bodies are taken as they are alone."""
    setup = GatewaySetup(tmp_path)
    headers = setup.bearer(name) | GZIP | {"Content-Type": JSON}
    async with setup.serving() as client, client.post(path, data=gzip.compress(b"{}"), headers=headers) as response:
        assert (response.status, response.headers["Accept-Encoding"]) == (415, "identity")


@pytest.mark.parametrize(
    "body",
    [b"{}", b"", gzip.compress(b"{}")[:-1], gzip.compress(b"{}") + b"{}", gzip.compress(b"{}") * 2],
    ids=["plain", "empty", "cut", "plain-behind", "twice"],
)
async def test_what_is_not_whole_gzip_is_refused(tmp_path: Path, body: bytes) -> None:
    """A body that says it is gzip and is not, or is cut off, or goes on behind its end, is 400."""
    setup = GatewaySetup(tmp_path)
    async with setup.serving() as client:
        status, problem, _ = await post(client, setup, ONE, SINGLE, body, GZIP)
    assert (status, problem["title"]) == (400, "Bad encoding")


@pytest.mark.parametrize(("size", "status"), [(LIMIT, 400), (LIMIT + 1, 413), (200 * LIMIT, 413)])
async def test_limit_of_a_body_is_that_of_the_unpacked(tmp_path: Path, size: int, status: int) -> None:
    """A packed body may hold as many bytes as one that is not packed, whatever its own size."""
    setup = GatewaySetup(tmp_path)
    async with setup.serving(body_mib=1) as client:
        found, problem, _ = await post(client, setup, MANY, BATCH, gzip.compress(b" " * size), GZIP)
    assert (found, "errors" in problem) == (status, status == 400)


@pytest.mark.parametrize(
    ("left_out", "more", "place"),
    [
        ("ce-source", {}, "$.source"),
        ("ce-specversion", {}, "$.specversion"),
        ("", {"ce-type": "other"}, "$.type"),
        ("", {"ce-data": "{}"}, "headers"),
        ("", {"ce-id": "%ff"}, "headers"),
    ],
)
async def test_attributes_are_checked_as_those_of_any_event(
    tmp_path: Path, left_out: str, more: dict[str, str], place: str
) -> None:
    """In binary mode a missing or wrong attribute is named as in any event, and nothing is quoted."""
    setup = GatewaySetup(tmp_path)
    body, headers = binary(arrival())
    headers.pop(left_out, None)
    async with setup.serving() as client:
        status, problem, _ = await post(client, setup, ONE, JSON, body, headers | more)
    (bad,) = problem["errors"]
    assert (status, bad["index"], bad["detail"].partition(":")[0]) == (400, 0, place)


async def test_body_in_binary_mode_is_data_alone(tmp_path: Path) -> None:
    """A body that goes on behind its end cannot take the place of an attribute."""
    setup = GatewaySetup(tmp_path)
    body, headers = binary(arrival())
    async with setup.serving() as client:
        status, problem, _ = await post(client, setup, ONE, JSON, body + b',"source":"/other"', headers)
    assert (status, [bad["code"] for bad in problem["errors"]]) == (400, ["not-json"])
