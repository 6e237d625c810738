"""`GET /v1/bills/{bill}/history`: who may see it, its pages, and what it says while Kafka or Redis is away."""

import asyncio
from pathlib import Path
from typing import Any

import pytest

from agents.bills.history import History, HistoryAwayError, read_history
from agents.gateway.endpoints import bill_history
from agents.readmodel.store import StoreSettings
from agents.readmodel.writing import Writer
from tests.integration.bills.history.test_reading import BILL, send, story
from tests.integration.gateway.gateway_setup import NOWHERE, setup_on
from tests.kafka.harness import KafkaHarness
from tests.unit.readmodel.filling import fill

pytestmark = [pytest.mark.kafka, pytest.mark.redis]

PATH = f"/v1/bills/{BILL}/history"


@pytest.fixture
def known(harness: KafkaHarness, store: StoreSettings) -> StoreSettings:
    """Return a read model's place under the harness's prefix, with a history of five in Kafka."""
    send(harness, story(5))
    return StoreSettings(store.url, harness.topics.prefix)


async def test_officer_sees_every_decision(harness: KafkaHarness, known: StoreSettings, tmp_path: Path) -> None:
    """With scope audit the whole history comes, oldest first, for a number typed with any separators."""
    setup = setup_on(tmp_path, known, harness.broker.address)
    async with Writer(known) as writer:
        await fill(writer, story(5))
    async with (
        setup.serving() as client,
        client.get("/v1/bills/acme-0001/history", headers=setup.bearer("audit")) as answer,
    ):
        assert answer.status == 200
        body = await answer.json()
    assert [each["revision"] for each in body["decisions"]] == [1, 2, 3, 4, 5]
    assert (body["bill"], body["complete"], body["next"]) == (BILL, True, None)


async def test_pages_go_on_by_next(
    harness: KafkaHarness, known: StoreSettings, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Where not all could be read `next` leads to the rest."""

    async def hurried(*arguments: Any, **more: Any) -> History:
        return await read_history(*arguments, most=2, **more)

    monkeypatch.setattr(bill_history, "read_history", hurried)
    setup = setup_on(tmp_path, known, harness.broker.address)
    revisions: list[int] = []
    query: dict[str, str] = {}
    async with setup.serving() as client:
        for _ in range(4):
            async with client.get(PATH, params=query, headers=setup.bearer("audit")) as answer:
                body = await answer.json()
            revisions += [each["revision"] for each in body["decisions"]]
            if body["complete"]:
                break
            query = {"after": body["next"]}
    assert revisions == [1, 2, 3, 4, 5]


@pytest.mark.parametrize(
    ("path", "scope", "status"),
    [
        (PATH, "scan", 403),
        (PATH, "publish", 403),
        ("/v1/bills/x/history", "audit", 404),
        (f"{PATH}?after=x", "audit", 400),
        (f"{PATH}?after=-1", "audit", 400),
        (f"{PATH}?after={'9' * 19}", "audit", 400),
    ],
)
async def test_others_and_nonsense_are_refused(
    path: str, scope: str, status: int, store: StoreSettings, tmp_path: Path
) -> None:
    """Other scopes, what is no bill and what is no place are problems, before anything is read."""
    setup = setup_on(tmp_path, store)
    async with setup.serving() as client, client.get(path, headers=setup.bearer(scope)) as answer:
        assert (answer.status, answer.content_type) == (status, "application/problem+json")


async def test_history_needs_no_redis(harness: KafkaHarness, known: StoreSettings, tmp_path: Path) -> None:
    """With Redis away the history is read from the topic's beginning, and is as exact."""
    setup = setup_on(tmp_path, StoreSettings("redis://127.0.0.1:9/0", known.prefix), harness.broker.address)
    async with setup.serving() as client, client.get(PATH, headers=setup.bearer("audit")) as answer:
        assert len((await answer.json())["decisions"]) == 5


async def test_absent_kafka_is_worth_another_try(store: StoreSettings, tmp_path: Path) -> None:
    """With Kafka away the answer is 503, says when to ask again, and does not name the address of Kafka."""
    setup = setup_on(tmp_path, store)
    async with setup.serving() as client, client.get(PATH, headers=setup.bearer("audit")) as answer:
        assert (answer.status, answer.headers["Retry-After"]) == (503, "10")
        assert NOWHERE not in await answer.text()


async def test_few_are_read_at_a_time(store: StoreSettings, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """More histories than may be read at a time are told to come again, and it goes on afterwards."""
    going, over = asyncio.Event(), asyncio.Event()

    async def slow(*_arguments: Any, **_more: Any) -> History:
        going.set()
        await over.wait()
        raise HistoryAwayError("away")

    monkeypatch.setattr(bill_history, "read_history", slow)
    monkeypatch.setattr(bill_history, "AT_A_TIME", 1)
    setup = setup_on(tmp_path, store)
    async with setup.serving() as client:

        async def ask() -> int:
            async with client.get(PATH, headers=setup.bearer("audit")) as answer:
                title = (await answer.json())["title"]
                return {"Busy": 1, "Kafka is away": 2}[title]

        first = asyncio.create_task(ask())
        await going.wait()
        assert await ask() == 1
        over.set()
        assert await first == 2
        assert await ask() == 2
