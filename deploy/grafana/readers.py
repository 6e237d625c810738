"""The dashboard *Scanners and publishers*: what the gateway's callers get."""

from typing import Final

from deploy.grafana.panels import Dashboard, Panel, Query, quantiles, rate

_G: Final = "tallygate_gateway_"

_SCANNERS: Final = (
    Panel(
        "Connected",
        "Readers connected now: `scan` are scanners, `sse` subscribers of the stream.",
        "short",
        (Query(f'sum by (kind) ({_G}subscribers{{job=~"$job"}})', "{{kind}}"),),
    ),
    Panel(
        "Delay of a decision",
        "From the decision's record in Kafka until it is written to a reader.",
        "s",
        quantiles(f"{_G}verdict_seconds", "kind"),
    ),
    Panel(
        "Slow readers",
        "Readers cut because they did not keep up, a second.",
        "short",
        (rate(f"{_G}slow_readers_total", "kind"),),
    ),
    Panel(
        "Live feed: lag",
        "Offsets of the decisions topic that each gateway's feed is behind.",
        "short",
        (Query(f'max by (instance) ({_G}feed_lag_offsets{{job=~"$job"}})', "{{instance}}"),),
    ),
    Panel(
        "Live feed: heard",
        "Time since the feed last heard from Kafka.",
        "s",
        (Query(f'max by (instance) (time() - ({_G}feed_heard_timestamp_seconds{{job=~"$job"}} > 0))', "{{instance}}"),),
    ),
    Panel(
        "Answers may be so old",
        "Everything decided so long ago or earlier is in the read model.",
        "s",
        (Query('max(tallygate_projection_behind_seconds{job=~"$job"})', "read model"),),
    ),
)
_REQUESTS: Final = (
    Panel("Requests by route", "Requests a second.", "reqps", (rate(f"{_G}requests_total", "route"),), stacked=True),
    Panel("Requests by status", "Requests a second.", "reqps", (rate(f"{_G}requests_total", "status"),), stacked=True),
    Panel("Time to answer", "By route; streams are left out.", "s", quantiles(f"{_G}request_seconds", "route")),
    Panel(
        "Refused tokens",
        "Requests refused for their token, a second, by reason.",
        "reqps",
        (rate(f"{_G}refused_tokens_total", "reason"),),
        width=12,
    ),
    Panel(
        "Too many requests",
        "Requests refused because there were too many, a second.",
        "reqps",
        (Query(f'sum(rate({_G}rate_limited_total{{job=~"$job"}}[$__rate_interval])) or vector(0)', "requests"),),
        width=12,
    ),
)
_PUBLISHERS: Final = (
    Panel(
        "Events taken in",
        "Events a second by what became of them: accepted, invalid, or Kafka was unavailable.",
        "short",
        (rate(f"{_G}ingest_events_total", "result"),),
        stacked=True,
    ),
    Panel(
        "Time until acknowledged",
        "From a publication's arrival until Kafka has all its events.",
        "s",
        tuple(
            Query(
                f"histogram_quantile({quantile}, "
                f'sum by (le) (rate({_G}ingest_seconds_bucket{{job=~"$job"}}[$__rate_interval])))',
                name,
            )
            for quantile, name in ((0.5, "p50"), (0.99, "p99"))
        ),
    ),
    Panel(
        "Dead letters",
        "Events that could not be judged, a second, by code; also those that did not come through the gateway.",
        "short",
        (rate("tallygate_engine_records_total", "code", ', fate="dead-lettered", step="manifest"'),),
    ),
)

READERS: Final = Dashboard(
    "tallygate-readers",
    "Tallygate / Scanners and publishers",
    "What callers of the gateway get: scanners, subscribers and publishers.",
    "now-1h",
    (("Scanners", _SCANNERS), ("Requests", _REQUESTS), ("Publishers", _PUBLISHERS)),
)
