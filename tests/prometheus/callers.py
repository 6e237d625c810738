"""Callers of a gateway, all at once: publishers, scanners, subscribers, and somebody with a wrong token."""

import asyncio
import contextlib
import json
import threading
from collections.abc import Awaitable, Callable, Iterator, Mapping
from types import TracebackType
from typing import Self

from aiohttp import ClientError, ClientSession

from agents.demo.agenda import Planned

BATCH = 20
PAUSE_SECONDS = 0.2
AWAY_SECONDS = 1.0
WRONG = {"Authorization": "Bearer tg_0_0"}


class Callers:
    """They call until the block ends; an outage of the gateway or of Kafka behind it makes them try again."""

    def __init__(self, address: str, tokens: Mapping[str, str], events: Iterator[Planned]) -> None:
        """Call with a token for each scope; `events` are published."""
        self._address = address
        self._tokens = tokens
        self._events = events
        self._bill = "NOBODYKNOWS1"
        self._stop = threading.Event()
        self._thread = threading.Thread(target=lambda: asyncio.run(self._run()), daemon=True)
        self.published = 0
        """Events that the gateway has accepted."""

    def __enter__(self) -> Self:
        self._thread.start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._stop.set()
        self._thread.join(30)

    async def _run(self) -> None:
        async with ClientSession(self._address) as client:
            works = (self._publish, self._ask, self._subscribe, self._scan)
            tasks = [asyncio.create_task(self._again(work, client)) for work in works]
            await asyncio.to_thread(self._stop.wait)
            for task in tasks:
                task.cancel()
            await asyncio.wait(tasks)

    async def _again(self, work: Callable[[ClientSession], Awaitable[None]], client: ClientSession) -> None:
        while True:
            with contextlib.suppress(ClientError, TimeoutError, OSError):
                await work(client)
            await asyncio.sleep(PAUSE_SECONDS)

    def _bearer(self, scope: str) -> dict[str, str]:
        return {"Authorization": f"Bearer {self._tokens[scope]}"}

    async def _publish(self, client: ClientSession) -> None:
        events = [json.loads(next(self._events).value) for _ in range(BATCH)]
        self._bill = next((event["data"]["bill"] for event in events if "bill" in event["data"]), self._bill)
        headers = {**self._bearer("publish"), "Content-Type": "application/cloudevents-batch+json"}
        async with client.post("/v1/events", data=json.dumps(events), headers=headers) as answer:
            if answer.status == 202:
                self.published += len(events)
            else:
                await asyncio.sleep(AWAY_SECONDS)

    async def _ask(self, client: ClientSession) -> None:
        for headers in (self._bearer("scan"), WRONG, {}):
            async with client.get(f"/v1/bills/{self._bill}", headers=headers) as answer:
                await answer.read()

    async def _subscribe(self, client: ClientSession) -> None:
        async with client.get("/v1/decisions", headers=self._bearer("scan")) as answer:
            async for _line in answer.content:
                pass

    async def _scan(self, client: ClientSession) -> None:
        async with client.ws_connect("/v1/scan", headers=self._bearer("scan")) as socket:
            while True:
                await socket.send_json({"bill": self._bill})
                with contextlib.suppress(TimeoutError):
                    await asyncio.wait_for(socket.receive(), 1.0)
                await asyncio.sleep(PAUSE_SECONDS)
                if socket.closed:
                    return
