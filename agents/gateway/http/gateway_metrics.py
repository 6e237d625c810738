"""What the gateway counts: requests, subscribers, events that it takes in, tokens that it refuses."""

from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from typing import Final

from agents.observability.process_metrics import tell_build
from agents.observability.registry import OTHER, QUICK, Area, Label

GATEWAY: Final = Area("gateway", "Gateway")
tell_build(GATEWAY)

METHODS: Final = ("GET", "POST", "DELETE", "PUT", "PATCH", "HEAD", "OPTIONS")
UNMATCHED: Final = "unmatched"
"""Route of a request that fits none of ours."""
READERS: Final = ("sse", "scan")
"""Kinds of subscribers: `GET /v1/decisions` and `GET /v1/scan`."""
REFUSALS: Final = ("missing", "unknown", "expired", "scope")
"""Why a token is refused: none was sent, it is not in the file, it has expired, it lacks the scope."""
INGEST_RESULTS: Final = ("accepted", "invalid", "unavailable")
"""What became of a publication: acknowledged by Kafka, refused by our checks, or Kafka was away."""

_ROUTE = Label("route", bound="the route patterns of `/openapi.json`, and `unmatched`")
_READER = Label("kind", READERS)

_requests = GATEWAY.counter(
    "tallygate_gateway_requests_total",
    "requests",
    "HTTP requests answered. A stream counts when it ends, with the status that it began with.",
    _ROUTE,
    Label("method", METHODS),
    Label("status", bound="HTTP status codes that the gateway answers with"),
)
_request_seconds = GATEWAY.spread(
    "tallygate_gateway_request_seconds",
    "seconds",
    "Time until a request was answered, without streams.",
    QUICK,
    _ROUTE,
)
_subscribers = GATEWAY.level(
    "tallygate_gateway_subscribers", "subscribers", "Readers connected to a stream now.", _READER
)
_cut = GATEWAY.counter(
    "tallygate_gateway_slow_readers_total", "readers", "Readers disconnected because they did not keep up.", _READER
)
_events = GATEWAY.counter(
    "tallygate_gateway_ingest_events_total",
    "events",
    "Events that publishers sent, by result.",
    Label("result", INGEST_RESULTS),
)
_ingest_seconds = GATEWAY.spread(
    "tallygate_gateway_ingest_seconds",
    "seconds",
    "Time from the arrival of a request until Kafka acknowledged all its events.",
    QUICK,
)
_refused = GATEWAY.counter(
    "tallygate_gateway_refused_tokens_total",
    "requests",
    "Requests refused because of their token, by reason.",
    Label("reason", REFUSALS),
)
_limited = GATEWAY.counter(
    "tallygate_gateway_rate_limited_total", "requests", "Requests refused by the rate limit.", _ROUTE
)
_verdict_seconds = GATEWAY.spread(
    "tallygate_gateway_verdict_seconds",
    "seconds",
    "Time from a decision's record in Kafka until it was written to a subscriber that was up to date. What a "
    "subscriber missed and reads later does not count.",
    QUICK,
    _READER,
)
_probing = GATEWAY.counter(
    "tallygate_gateway_probing_total",
    "consignees",
    "Times that the live feed saw a consignee's total tried out with expected bills, each deleted or amended.",
)
_feed_lag = GATEWAY.level(
    "tallygate_gateway_feed_lag_offsets", "offsets", "Lag: offsets of the decisions topic that the live feed is behind."
)
_feed_heard = GATEWAY.level(
    "tallygate_gateway_feed_heard_timestamp_seconds",
    "seconds",
    "Unix time at which the live feed last heard from Kafka.",
)


def requests_begin(answers: Iterable[tuple[str, str, int]], limited: Iterable[str]) -> None:
    """Show as 0 every answer that can be given, by route, method and status, and every route with a rate limit."""
    of_unmatched = [(UNMATCHED, method, status) for method in (*METHODS, OTHER) for status in (404, 405)]
    for route, method, status in (*answers, *of_unmatched):
        _requests.begin(route, method, str(status))
        _request_seconds.under(route)
    for route in limited:
        _limited.begin(route)


def request_done(route: str, method: str, status: int, seconds: float | None) -> None:
    """Count an answered request; `route` is the pattern, never the path, and `seconds` None for a stream."""
    _requests.add(route, method, str(status))
    if seconds is not None:
        _request_seconds.observe(seconds, route)


@contextmanager
def subscribed(kind: str) -> Iterator[None]:
    """Count a reader (`sse` or `scan`) for as long as it is connected."""
    _subscribers.add(1, kind)
    try:
        yield
    finally:
        _subscribers.add(-1, kind)


def slow_reader_cut(kind: str) -> None:
    """Count a reader that was cut because its queue was full."""
    _cut.add(kind)


def ingested(result: str, events: int, seconds: float | None = None) -> None:
    """Count a publication's events: `accepted` with the seconds until acknowledged, `invalid` or `unavailable`."""
    _events.add(result, amount=events)
    if seconds is not None:
        _ingest_seconds.observe(seconds)


def token_refused(reason: str) -> None:
    """Count a refused request: `missing`, `unknown`, `expired` or `scope`."""
    _refused.add(reason)


def rate_limited(route: str) -> None:
    """Count a request above the rate limit."""
    _limited.add(route)


def verdict_written(kind: str, seconds: float) -> None:
    """Count a decision written to a reader so long after its record's timestamp in Kafka."""
    _verdict_seconds.observe(max(0.0, seconds), kind)


def probing_noticed() -> None:
    """Count a consignee's total that was tried out."""
    _probing.add()


def feed_stands(lag_offsets: int, heard_at: float) -> None:
    """State the live feed's lag, and when Kafka last answered it (Unix time); call it every second or so."""
    _feed_lag.set(lag_offsets)
    _feed_heard.set(heard_at)
