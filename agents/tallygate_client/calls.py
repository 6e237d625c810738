"""The gateway's calls, as both clients make them with httpx: addresses, time limits, and what each failure means."""

import ssl
from collections.abc import Iterable, Iterator, Mapping
from typing import Any, Final, NamedTuple
from urllib.parse import quote

import httpx

from .client_errors import TallygateError, WrongEventsError, wrong_events
from .exchange import BATCH_TYPE, EVENTS, GatewayAnswer, batches, bearer, encode_event, no_address

FAILURES: Final = (httpx.TransportError, httpx.StreamError, OSError)
"""What httpx raises where no answer comes."""


class Call(NamedTuple):
    """One request."""

    method: str
    path: str
    body: bytes | None = None
    headers: Mapping[str, str] | None = None


class How(NamedTuple):
    """How a client reaches its gateway; `how` makes it."""

    url: str
    token: str
    tries: int
    seconds: float
    verify: ssl.SSLContext | bool

    def options(self) -> dict[str, Any]:
        """Return what a client of httpx is made with."""
        # "identity": a stream that something between packs comes late.
        headers = {**bearer(self.token), "Accept-Encoding": "identity"}
        return {"base_url": self.url, "headers": headers, "timeout": self.seconds, "verify": self.verify}

    def stream_timeout(self, silence_seconds: float) -> httpx.Timeout:
        """Return the limits of a stream: silence ends it, however long it has been open."""
        return httpx.Timeout(self.seconds, read=silence_seconds)


def how(url: str, token: str, tries: int, seconds: float, *, verify: ssl.SSLContext | bool) -> How:
    """Return how a client reaches its gateway. Raise RefusedError if the address is none."""
    try:
        found = httpx.URL(url)
    except httpx.InvalidURL:
        raise no_address() from None
    if found.scheme not in {"http", "https"} or not found.host:
        raise no_address()
    return How(url.rstrip("/"), token, tries, seconds, verify)


def bill_call(bill: str) -> Call:
    """Return the question for a bill's answer."""
    return Call("GET", f"/v1/bills/{quote(bill, safe='')}")


def history_call(bill: str) -> Call:
    """Return the question for all decisions on a bill."""
    return Call("GET", f"/v1/bills/{quote(bill, safe='')}/history")


class Publishing:
    """The requests that a list of events takes, and how many events are acknowledged so far."""

    def __init__(self, events: Mapping[str, Any] | Iterable[Mapping[str, Any]]) -> None:
        listed = [events] if isinstance(events, Mapping) else list(events)
        self._values = [encode_event(index, event) for index, event in enumerate(listed)]
        self.accepted = 0

    def calls(self) -> Iterator[Call]:
        """Yield the requests; the next one is asked for once the one before is acknowledged."""
        for count, body in batches(self._values):
            yield Call("POST", EVENTS, body, {"Content-Type": BATCH_TYPE})
            self.accepted += count

    def told(self, error: TallygateError) -> TallygateError:
        """Return the error with places in the whole list, and how many were acknowledged before it."""
        if isinstance(error, WrongEventsError) and self.accepted:
            errors = [{**each, "index": each.get("index", 0) + self.accepted} for each in error.events]
            error = wrong_events(error.status, error.title, {**error.document, "errors": errors})
        error.accepted = self.accepted
        return error


def answer_of(response: httpx.Response, body: bytes) -> GatewayAnswer:
    """Return an answer of httpx as the client judges it."""
    return GatewayAnswer(response.status_code, response.headers.get("Retry-After"), body)
