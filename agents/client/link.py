"""The scanner's WebSocket: it comes back by itself, asks again for what was scanned, and says when it is not live."""

import asyncio
from collections.abc import Callable
from contextlib import suppress
from http import HTTPStatus
from typing import Any, Final

import aiohttp
import msgspec

from agents.client.gateway import Gateway, GatewayError
from stream.outcomes import Action

MESSAGE_BYTES: Final = 1_000_000
MISSED_HEARTBEATS: Final = 2.5
HELLO_SECONDS: Final = 10.0
PAUSE_SECONDS: Final = 0.2
PAUSE_SECONDS_MAX: Final = 5.0
TOKEN_ENDED: Final = 4401
BILLS_KEPT: Final = 50


class Verdict(msgspec.Struct, frozen=True):
    """What the gateway says of a bill."""

    bill: str
    action: Action
    line: str
    changed: bool = False
    """It comes by itself, since something changed."""
    stale: bool = False
    """What is known may be old."""


class _Message(msgspec.Struct, frozen=True):
    type: str
    stale: bool = False
    heartbeat_seconds: float = 5.0


class Listener:
    """Whoever is told what comes; every method returns at once."""

    def verdict(self, verdict: Verdict) -> None:
        """Take a verdict."""

    def live(self) -> None:
        """Learn that what is known is up to date from now on."""

    def lost(self, why: str) -> None:
        """Learn that nothing may be relied on until `live` is called again."""


class Link:
    """One scanner's connection; `run` keeps it, `ask` may be called at any time."""

    def __init__(self, gateway: Gateway, listener: Listener, sleep: Callable[[float], Any] = asyncio.sleep) -> None:
        self._gateway = gateway
        self._listener = listener
        self._sleep = sleep
        self._socket: aiohttp.ClientWebSocketResponse | None = None
        self._bills: dict[str, None] = {}
        self._heartbeat = HELLO_SECONDS
        self.is_live = False

    async def ask(self, bill: str) -> None:
        """Have a bill answered and watched, now or as soon as there is a connection."""
        self._bills.pop(bill, None)
        self._bills[bill] = None
        await self._say({"bill": bill})
        if len(self._bills) > BILLS_KEPT:
            oldest = next(iter(self._bills))
            del self._bills[oldest]
            await self._say({"forget": oldest})

    async def run(self) -> None:
        """Keep connected; never returns. Raises GatewayError where the gateway refuses for good."""
        pause = PAUSE_SECONDS
        while True:
            why = "the gateway does not answer"
            try:
                why = await self._connect()
                pause = PAUSE_SECONDS
            except aiohttp.WSServerHandshakeError as error:
                why = _refusal(error.status)
            except aiohttp.InvalidURL:
                raise GatewayError(0, "no address", "expected one such as http://localhost:8080") from None
            except msgspec.MsgspecError:
                why = "the gateway's answer is not as expected"
            except (aiohttp.ClientError, OSError, TimeoutError) as error:
                why = f"the gateway does not answer ({type(error).__name__})"
            self._lose(why)
            await self._sleep(pause)
            pause = min(2 * pause, PAUSE_SECONDS_MAX)

    async def _connect(self) -> str:
        """Talk until the connection ends; gives why it ended."""
        address = f"{self._gateway.url}/v1/scan"
        async with self._gateway.session.ws_connect(address, max_msg_size=MESSAGE_BYTES) as socket:
            self._socket, self._heartbeat = socket, HELLO_SECONDS
            try:
                while True:
                    message = await socket.receive(timeout=MISSED_HEARTBEATS * self._heartbeat)
                    if message.type is aiohttp.WSMsgType.TEXT:
                        await self._take(message.data)
                    elif message.type in {aiohttp.WSMsgType.CLOSE, aiohttp.WSMsgType.CLOSED, aiohttp.WSMsgType.ERROR}:
                        break
            except TimeoutError:
                return "the gateway has stopped answering"
            finally:
                self._socket = None
        if socket.close_code == TOKEN_ENDED:
            raise GatewayError(401, "Not signed in", "the token was revoked or has expired")
        return f"the gateway closed the connection ({socket.close_code})"

    async def _take(self, text: str) -> None:
        message = msgspec.json.decode(text, type=_Message)
        match message.type:
            case "verdict":
                verdict = msgspec.json.decode(text, type=Verdict)
                self._listener.verdict(verdict)
                if verdict.stale and self.is_live:
                    self._lose("the gateway is behind")
            case "hello":
                self._heartbeat = message.heartbeat_seconds
                await self._freshen(stale=message.stale)
                if message.stale:
                    await self._ask_all()  # to be told what may be said of them for now
            case "heartbeat":
                await self._freshen(stale=message.stale)

    async def _freshen(self, *, stale: bool) -> None:
        if stale:
            self._lose("the gateway is behind")
        elif not self.is_live:
            # Whatever was missed meanwhile: the answers to these say how things stand now.
            self.is_live = True
            self._listener.live()
            await self._ask_all()

    async def _ask_all(self) -> None:
        for bill in tuple(self._bills):
            await self._say({"bill": bill})

    def _lose(self, why: str) -> None:
        self.is_live = False
        self._listener.lost(why)

    async def _say(self, message: dict[str, str]) -> None:
        if self._socket is not None and not self._socket.closed:
            # Should it break, `run` notices, connects anew and asks again.
            with suppress(ConnectionError):
                await self._socket.send_json(message)


def _refusal(status: int) -> str:
    if status in {HTTPStatus.UNAUTHORIZED, HTTPStatus.FORBIDDEN}:
        raise GatewayError(status, "Not allowed", "scanning needs a valid token with the scope scan")
    if status == HTTPStatus.NOT_FOUND:
        raise GatewayError(status, "Not found", "there is no Tallygate gateway at this address")
    return f"the gateway refuses the connection for now ({status})"
