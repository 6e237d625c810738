"""Requests to a gateway with a token; what it answers instead of success is an error in its own words."""

import asyncio
from http import HTTPStatus
from pathlib import Path
from types import TracebackType
from typing import Any, Final, Self

import aiohttp
import msgspec

REQUEST_SECONDS: Final = 30.0
BUSY: Final = frozenset({HTTPStatus.TOO_MANY_REQUESTS, HTTPStatus.SERVICE_UNAVAILABLE})
TRIES: Final = 8
WAIT_SECONDS_MAX: Final = 10.0


class GatewayError(Exception):
    """The gateway refuses; the text says why and what to do."""

    def __init__(self, status: int, title: str, detail: str, document: dict[str, Any] | None = None) -> None:
        super().__init__(f"{title} ({status}): {detail}")
        self.status = status
        self.document = document or {}
        """The whole problem (RFC 9457)."""


class GatewayAwayError(Exception):
    """The gateway does not answer, or says that it cannot now."""


def read_token(file: Path) -> str:
    """Read a token from its file. Raises GatewayError where there is none."""
    try:
        token = file.read_text("utf-8").strip()
    except (OSError, UnicodeDecodeError) as error:
        raise GatewayError(0, "no token", f"{file}: {getattr(error, 'strerror', None) or 'not text'}") from None
    if not token or not token.isascii() or len(token.split()) != 1:
        raise GatewayError(0, "no token", f"{file}: expected one line with a token from `tallygate token create`")
    return token


class Gateway:
    """A gateway at an address such as `http://localhost:8080`; used as an async context manager."""

    def __init__(self, url: str, token: str) -> None:
        self.url = url.rstrip("/")
        self._headers = {"Authorization": f"Bearer {token}"}
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
        """Give the answer to GET. Raises GatewayError, GatewayAwayError."""
        return await self._ask("GET", path, params=query)

    async def post(self, path: str, body: bytes, content_type: str = "application/json") -> dict[str, Any]:
        """Give the answer to POST. Raises GatewayError, GatewayAwayError."""
        return await self._ask("POST", path, data=body, headers={"Content-Type": content_type})

    async def _ask(self, method: str, path: str, **how: Any) -> dict[str, Any]:
        """Ask, and again while the gateway says that it is busy."""
        status, wait, document = await self._once(method, path, **how)
        for _ in range(TRIES - 1):
            if status not in BUSY:
                break
            await asyncio.sleep(min(wait, WAIT_SECONDS_MAX))
            status, wait, document = await self._once(method, path, **how)
        if status < HTTPStatus.BAD_REQUEST:
            return document
        error = GatewayError(
            status, str(document.get("title", "refused")), str(document.get("detail", "without details")), document
        )
        if status >= HTTPStatus.INTERNAL_SERVER_ERROR or status in BUSY:
            raise GatewayAwayError(f"the gateway at {self.url} cannot answer now: {error}")
        raise error

    async def _once(self, method: str, path: str, **how: Any) -> tuple[int, float, dict[str, Any]]:
        try:
            async with self.session.request(method, f"{self.url}{path}", **how) as response:
                body = await response.read()
                wait = response.headers.get("Retry-After", "1")
                return response.status, float(wait) if wait.isdigit() else 1.0, _document(body)
        except aiohttp.InvalidURL:
            raise GatewayError(0, "no address", "expected one such as http://localhost:8080") from None
        except (aiohttp.ClientError, TimeoutError, OSError) as error:
            raise GatewayAwayError(f"the gateway at {self.url} does not answer ({type(error).__name__})") from None


def _document(body: bytes) -> dict[str, Any]:
    try:
        found = msgspec.json.decode(body)
    except msgspec.DecodeError:
        return {}
    return found if isinstance(found, dict) else {}
