"""Requests to a gateway with a token; a refusal is an error in the gateway's own words.

What an answer means, and when to try again, is that of `agents.tallygate_client`; only the library for HTTP is another.
"""

import asyncio
from types import TracebackType
from typing import Any, Self

import aiohttp

from agents.tallygate_client import AwayError as GatewayAwayError
from agents.tallygate_client import RefusedError as GatewayError
from agents.tallygate_client import read_token
from agents.tallygate_client.exchange import REQUEST_SECONDS, GatewayAnswer, bearer, does_not_answer, no_address

__all__ = ["Gateway", "GatewayAwayError", "GatewayError", "read_token"]


class Gateway:
    """A gateway at an address such as `http://localhost:8080`; used as an async context manager."""

    def __init__(self, url: str, token: str) -> None:
        self.url = url.rstrip("/")
        self._headers = bearer(token)
        self._session: aiohttp.ClientSession | None = None

    async def __aenter__(self) -> Self:
        self._session = aiohttp.ClientSession(
            headers=self._headers, timeout=aiohttp.ClientTimeout(total=REQUEST_SECONDS), raise_for_status=False
        )
        return self

    async def __aexit__(
        self, _kind: type[BaseException] | None, _error: BaseException | None, _trace: TracebackType | None
    ) -> None:
        await self.session.close()

    @property
    def session(self) -> aiohttp.ClientSession:
        """The session, with the token in its headers."""
        if self._session is None:
            raise RuntimeError("a gateway is used within `async with`")
        return self._session

    async def get(self, path: str, **query: str) -> dict[str, Any]:
        """Return the answer to GET. Raise GatewayError, GatewayAwayError."""
        return await self._ask("GET", path, params=query)

    async def post(self, path: str, body: bytes, content_type: str = "application/json") -> dict[str, Any]:
        """Return the answer to POST. Raise GatewayError, GatewayAwayError."""
        return await self._ask("POST", path, data=body, headers={"Content-Type": content_type})

    async def _ask(self, method: str, path: str, **how: Any) -> dict[str, Any]:
        """Ask, and again while the gateway says that it is busy."""
        tries = 1
        answer = await self._once(method, path, **how)
        while (wait := answer.wait_seconds(tries)) is not None:
            await asyncio.sleep(wait)
            answer = await self._once(method, path, **how)
            tries += 1
        return answer.document(self.url)

    async def _once(self, method: str, path: str, **how: Any) -> GatewayAnswer:
        try:
            async with self.session.request(method, f"{self.url}{path}", **how) as response:
                return GatewayAnswer(response.status, response.headers.get("Retry-After"), await response.read())
        except aiohttp.InvalidURL:
            raise no_address() from None
        except (aiohttp.ClientError, TimeoutError, OSError) as error:
            raise does_not_answer(self.url, error) from None
