"""Clients as others would write them: a reader of server-sent events that resumes, and a scanner that reconnects."""

import asyncio
import time
from contextlib import suppress
from typing import Any

import msgspec
from aiohttp import ClientError, ClientSession, ClientTimeout, WSMsgType

PAUSE_SECONDS = 0.1
FOR_EVER = ClientTimeout(total=None, sock_connect=5)
Json = dict[str, Any]


class Subscriber:
    """Follows `GET /v1/decisions` over all interruptions, by the last id, and keeps what it was told."""

    def __init__(self, address: str, headers: dict[str, str], query: str = "", last: str = "") -> None:
        self.query = query
        self.last = last
        """The last id."""
        self.start = last
        """The first id it heard: from there on it must hear everything."""
        self.told: list[Json] = []
        self.problems: list[Json] = []
        self.statuses: list[int] = []
        self.connections = 0
        self.heartbeats = 0
        self._url = f"{address}/v1/decisions{query}"
        self._headers = headers

    async def follow(self) -> None:
        """Follow until cancelled; it tries again whatever comes, except where it is told that its id is gone."""
        async with ClientSession(timeout=FOR_EVER) as client:
            while 410 not in self.statuses:
                with suppress(ClientError, ConnectionError, TimeoutError):
                    await self._connect(client)
                await asyncio.sleep(PAUSE_SECONDS)

    async def _connect(self, client: ClientSession) -> None:
        headers = {**self._headers, **({"Last-Event-ID": self.last} if self.last else {})}
        async with client.get(self._url, headers=headers) as response:
            self.statuses.append(response.status)
            if response.status != 200:
                self.problems.append(await response.json(content_type=None))
                return
            self.connections += 1
            block: list[str] = []
            async for line in response.content:
                text = line.decode().rstrip("\n")
                if text:
                    block.append(text)
                else:
                    self._take(block)
                    block = []

    def _take(self, block: list[str]) -> None:
        fields = dict(line.split(": ", 1) for line in block)
        if "id" in fields:
            self.last = fields["id"]
            self.start = self.start or self.last
        self.heartbeats += fields.get("") == "heartbeat"
        if fields.get("event") == "decision":
            self.told.append(msgspec.json.decode(fields["data"]))
        elif fields.get("event") == "error":
            self.problems.append(msgspec.json.decode(fields["data"]))


class Scanner:
    """Watches bills over `GET /v1/scan`, over all interruptions, and keeps what it was shown, and when."""

    def __init__(self, address: str, headers: dict[str, str], bills: list[str]) -> None:
        self.shown: list[tuple[int, Json]] = []
        """Verdicts, and when they came (ms)."""
        self.beats: list[tuple[int, Json]] = []
        self.errors: list[Json] = []
        self.codes: list[int | None] = []
        self.bills = bills
        self.open = False
        self.mark = 0
        """How many verdicts had come before the connection that is open now."""
        self._url = f"{address}/v1/scan"
        self._headers = headers

    async def watch(self, *, again: bool = True) -> None:
        """Watch until cancelled; or until the connection ends, unless it is to connect `again`."""
        async with ClientSession(timeout=FOR_EVER) as client:
            while True:
                with suppress(ClientError, ConnectionError, TimeoutError):
                    await self._connect(client)
                if not again:
                    return
                await asyncio.sleep(PAUSE_SECONDS)

    async def _connect(self, client: ClientSession) -> None:
        async with client.ws_connect(self._url, headers=self._headers) as socket:
            self.mark, self.open = len(self.shown), True
            try:
                for bill in self.bills:
                    await socket.send_json({"bill": bill})
                async for message in socket:
                    if message.type is WSMsgType.TEXT:
                        self._take(msgspec.json.decode(message.data))
            finally:
                self.open = False
                self.codes.append(socket.close_code)

    def _take(self, message: Json) -> None:
        moment = time.time_ns() // 1_000_000
        if message["type"] == "verdict":
            self.shown.append((moment, message))
        elif message["type"] == "error":
            self.errors.append(message)
        else:
            self.beats.append((moment, message))

    def last(self, bill: str) -> Json:
        """Return the verdict that a bill's screen shows now."""
        return next((shown for _, shown in reversed(self.shown) if shown["bill"] == bill), {})
