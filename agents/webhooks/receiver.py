"""Sends one delivery over HTTP and says what became of it; it never follows a redirect and reads no long answer."""

from asyncio import IncompleteReadError
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager, suppress
from importlib.metadata import version
from typing import Final, Literal, get_args

import msgspec
from aiohttp import ClientConnectorError, ClientError, ClientSession, ClientTimeout, DummyCookieJar, TCPConnector

from agents.gateway.endpoints.views import AnswerFreshness, unknown
from agents.settings.webhooks_group import WebhooksSettings
from agents.webhooks.addresses import AddressError, BlockedAddressError, check_url, public_socket
from agents.webhooks.signing import key_of, signed_headers
from agents.webhooks.subscriptions import Webhook
from agents.webhooks.waits import as_instant, retry_after_seconds

AttemptResult = Literal["delivered", "refused", "timeout", "away", "blocked"]
"""`refused`: an answer other than 2xx. `away`: no connection. `blocked`: settings do not allow the address."""
RESULTS: Final[tuple[AttemptResult, ...]] = get_args(AttemptResult)

ANSWER_BYTES: Final = 16 * 1024
"""So much of an answer is read, so that its connection can be used again."""
GONE: Final = 410
TEST_BILL: Final = "TALLYGATETEST"


class Delivery(msgspec.Struct, frozen=True):
    """A decision on its way to one receiver."""

    id: str
    """The webhook-id."""
    body: bytes
    partition: int
    offset: int


class ReceiverAnswer(msgspec.Struct, frozen=True):
    """What became of an attempt."""

    result: AttemptResult
    status: int | None = None
    retry_after: float = 0.0
    """Seconds that the receiver asks for."""

    @property
    def word(self) -> str:
        """Return the status, or a word where there is none."""
        return str(self.status or self.result)


class Receiver:
    """One webhook's end of its connections."""

    def __init__(
        self, webhook: Webhook, settings: WebhooksSettings, session: ClientSession, clock: Callable[[], float]
    ) -> None:
        """Measure by `clock`, in seconds since 1970."""
        self._webhook = webhook
        self._settings = settings
        self._clock = clock
        self._keys = [key_of(secret) for secret in webhook.secrets]
        self._session = session

    async def post(self, message_id: str, body: bytes) -> ReceiverAnswer:
        """Make one attempt."""
        now = self._clock()
        headers = signed_headers(self._keys, message_id, int(now), body)
        try:
            self._check()
            async with self._session.post(
                self._webhook.url, data=body, headers=headers, allow_redirects=False
            ) as response:
                status, asked = response.status, response.headers.get("Retry-After")
                with suppress(OSError, ClientError, IncompleteReadError):
                    # What it says does not matter, but its status counts however the rest ends.
                    await response.content.readexactly(ANSWER_BYTES)
        except (BlockedAddressError, AddressError):
            return ReceiverAnswer("blocked")
        except TimeoutError:
            return ReceiverAnswer("timeout")
        except ClientConnectorError as error:
            return ReceiverAnswer("blocked" if isinstance(error.os_error, BlockedAddressError) else "away")
        except (ClientError, OSError, ValueError):
            return ReceiverAnswer("away")  # ValueError: the host is no name that can be looked up
        if 200 <= status < 300:
            return ReceiverAnswer("delivered", status)
        return ReceiverAnswer("refused", status, retry_after_seconds(asked, now))

    def _check(self) -> None:
        """Check the URL, for settings may have become stricter since it was added. Raise AddressError."""
        allowed = self._settings
        check_url(self._webhook.url, allow_http=allowed.allow_http, allow_private=allowed.allow_private)


@asynccontextmanager
async def open_receiver(
    webhook: Webhook, settings: WebhooksSettings, clock: Callable[[], float]
) -> AsyncIterator[Receiver]:
    """Yield a webhook's receiver; its connections close with the block."""
    factory = None if settings.allow_private else public_socket
    async with ClientSession(
        connector=TCPConnector(limit=settings.concurrency, socket_factory=factory),
        timeout=ClientTimeout(total=settings.timeout_seconds),
        headers={"User-Agent": f"Tallygate/{version('tallygate')}", "Content-Type": "application/json"},
        cookie_jar=DummyCookieJar(),
        auto_decompress=False,
        trust_env=False,
    ) as session:
        yield Receiver(webhook, settings, session, clock)


async def send_test(
    webhook: Webhook, settings: WebhooksSettings, clock: Callable[[], float], tail: str
) -> ReceiverAnswer:
    """Make one attempt with the answer for a bill of which nothing is known; `tail` ends its webhook-id."""
    body = msgspec.json.encode(unknown(TEST_BILL, AnswerFreshness(as_instant(clock()), stale=False)))
    async with open_receiver(webhook, settings, clock) as receiver:
        return await receiver.post(f"test_{tail}", body)
