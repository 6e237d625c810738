"""What the gateway counts arrives where it belongs; the counts are the process's, so each test takes differences."""

import pytest

from agents.gateway.http import gateway_metrics
from tests.unit.observability.scraping import scrape, value, values


def test_requests_count_by_pattern_and_streams_take_no_time() -> None:
    """A request counts by route, method and status; a stream's duration says nothing."""
    gateway_metrics.request_done("/v1/test/{bill}", "GET", 200, 0.004)
    gateway_metrics.request_done("/v1/test/{bill}", "GET", 200, None)
    gateway_metrics.request_done("/v1/test/{bill}", "BREW", 418, 0.004)
    text = scrape(gateway_metrics.GATEWAY)
    assert value(text, "tallygate_gateway_requests_total", route="/v1/test/{bill}", status="200", method="GET") == 2
    assert value(text, "tallygate_gateway_requests_total", status="418", method="other") == 1
    assert value(text, "tallygate_gateway_request_seconds_count", route="/v1/test/{bill}") == 2


def test_subscribers_are_counted_while_they_are_connected() -> None:
    """Whatever ends a connection takes it out of the count."""
    before = value(scrape(gateway_metrics.GATEWAY), "tallygate_gateway_subscribers", kind="scan")
    during: list[float] = []

    def connected() -> None:
        with gateway_metrics.subscribed("scan"):
            during.append(value(scrape(gateway_metrics.GATEWAY), "tallygate_gateway_subscribers", kind="scan"))
            raise ConnectionResetError

    with pytest.raises(ConnectionResetError):
        connected()
    assert during == [before + 1]
    assert value(scrape(gateway_metrics.GATEWAY), "tallygate_gateway_subscribers", kind="scan") == before


def test_everything_else_counts() -> None:
    """Publications, tokens, limits, readers cut, verdicts and the feed each move their own metric."""
    before = scrape(gateway_metrics.GATEWAY)
    gateway_metrics.ingested("accepted", 3, 0.02)
    gateway_metrics.ingested("unavailable", 2)
    gateway_metrics.token_refused("expired")
    gateway_metrics.rate_limited("/v1/test")
    gateway_metrics.slow_reader_cut("sse")
    gateway_metrics.verdict_written("scan", -0.5)
    gateway_metrics.feed_stands(12, 1_755_000_000.5)
    after = scrape(gateway_metrics.GATEWAY)
    for ending, labels, by in (
        ("ingest_events_total", {"result": "accepted"}, 3),
        ("ingest_events_total", {"result": "unavailable"}, 2),
        ("ingest_seconds_count", {}, 1),
        ("refused_tokens_total", {"reason": "expired"}, 1),
        ("slow_readers_total", {"kind": "sse"}, 1),
        ("verdict_seconds_count", {"kind": "scan"}, 1),
        ("verdict_seconds_sum", {"kind": "scan"}, 0),
    ):
        name = f"tallygate_gateway_{ending}"
        assert value(after, name, **labels) - value(before, name, **labels) == by
    assert value(after, "tallygate_gateway_rate_limited_total", route="/v1/test") == 1
    assert values(after, "tallygate_gateway_feed_heard_timestamp_seconds") == {frozenset(): 1_755_000_000.5}
    assert value(after, "tallygate_gateway_feed_lag_offsets") == 12
    assert value(after, "tallygate_build_info") == 1
