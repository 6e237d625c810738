"""The dashboard *Scanners and publishers*: what the gateway's callers get."""

from typing import Final

from deploy.grafana.panels import Dashboard, Panel, Query, quantiles, rate

_G: Final = "tallygate_gateway_"

_SCANNERS: Final = (
    Panel(
        "Connected",
        "Readers connected now: `scan` are scanners, `sse` are subscribers of the stream.",
        "short",
        (Query(f'sum by (kind) ({_G}subscribers{{job=~"$job"}})', "{{kind}}"),),
    ),
    Panel(
        "Delay of a decision",
        "Time from a decision's record in Kafka until the gateway writes it to a reader.",
        "s",
        quantiles(f"{_G}verdict_seconds", "kind"),
    ),
    Panel(
        "Slow readers",
        "Readers disconnected a second, because they did not keep up.",
        "short",
        (rate(f"{_G}slow_readers_total", "kind"),),
    ),
    Panel(
        "Live feed: lag",
        "Offsets of the decisions topic that the live feed of each gateway is behind.",
        "short",
        (Query(f'max by (instance) ({_G}feed_lag_offsets{{job=~"$job"}})', "{{instance}}"),),
    ),
    Panel(
        "Live feed: heard",
        "Time since the live feed last heard from Kafka.",
        "s",
        (Query(f'max by (instance) (time() - ({_G}feed_heard_timestamp_seconds{{job=~"$job"}} > 0))', "{{instance}}"),),
    ),
    Panel(
        "Answers may be so old",
        "The read model has everything that was decided this long ago or earlier.",
        "s",
        (Query('max(tallygate_projection_behind_seconds{job=~"$job"})', "read model"),),
    ),
)
_REQUESTS: Final = (
    Panel(
        "Requests by route",
        "Requests a second, by route.",
        "reqps",
        (rate(f"{_G}requests_total", "route"),),
        stacked=True,
    ),
    Panel(
        "Requests by status",
        "Requests a second, by status.",
        "reqps",
        (rate(f"{_G}requests_total", "status"),),
        stacked=True,
    ),
    Panel(
        "Time to answer",
        "Time to answer a request, by route, without streams.",
        "s",
        quantiles(f"{_G}request_seconds", "route"),
    ),
    Panel(
        "Refused tokens",
        "Requests refused a second because of their token, by reason.",
        "reqps",
        (rate(f"{_G}refused_tokens_total", "reason"),),
        width=12,
    ),
    Panel(
        "Too many requests",
        "Requests refused a second by the rate limit.",
        "reqps",
        (Query(f'sum(rate({_G}rate_limited_total{{job=~"$job"}}[$__rate_interval])) or vector(0)', "requests"),),
        width=12,
    ),
)
_PUBLISHERS: Final = (
    Panel(
        "Events taken in",
        "Events a second, by result: accepted, invalid, or unavailable (Kafka did not answer).",
        "short",
        (rate(f"{_G}ingest_events_total", "result"),),
        stacked=True,
    ),
    Panel(
        "Time until acknowledged",
        "Time from the arrival of a request until Kafka acknowledges all its events.",
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
        "Events a second that could not be judged, by code. It includes events that did not come through the gateway.",
        "short",
        (rate("tallygate_engine_records_total", "code", ', fate="dead-lettered", step="manifest"'),),
    ),
)
_WEBHOOKS: Final = (
    Panel(
        "Webhooks: attempts",
        "Attempts a second to deliver to webhooks, by result.",
        "short",
        (
            Query(
                'sum by (result) (rate(tallygate_webhook_attempts_total{job=~"$job"}[$__rate_interval])) or vector(0)',
                "{{result}}",
            ),
        ),
        width=6,
    ),
    Panel(
        "Webhooks: lag",
        "Offsets of the decisions topic that each webhook has not read yet.",
        "short",
        (Query('max by (webhook) (tallygate_webhook_lag_offsets{job=~"$job"}) or vector(0)', "{{webhook}}"),),
        width=6,
    ),
    Panel(
        "Webhooks: failing",
        "How long the oldest delivery that fails has failed, by webhook.",
        "s",
        (Query('max by (webhook) (tallygate_webhook_failing_seconds{job=~"$job"}) or vector(0)', "{{webhook}}"),),
        width=6,
    ),
    Panel(
        "Webhooks: dead",
        "1: nothing is sent to this webhook until `tallygate webhooks enable`.",
        "short",
        (Query('max by (webhook) (tallygate_webhook_dead{job=~"$job"}) or vector(0)', "{{webhook}}"),),
        width=6,
    ),
)

READERS: Final = Dashboard(
    "tallygate-readers",
    "Tallygate / Scanners and publishers",
    "What the gateway's callers get: scanners, subscribers and publishers. And what webhooks get.",
    "now-1h",
    (("Scanners", _SCANNERS), ("Requests", _REQUESTS), ("Publishers", _PUBLISHERS), ("Webhooks", _WEBHOOKS)),
)
