"""The dashboard *Scanners and publishers*: what the gateway's callers get."""

from typing import Final

from deploy.grafana.board import Dashboard
from deploy.grafana.panels import GATEWAY, Panel, Query, added, most, quantiles, rate

_G: Final = "tallygate_gateway_"

_SCANNERS: Final = (
    Panel(
        "Connected",
        "Readers connected now: `scan` are scanners, `sse` are subscribers of the stream.",
        "short",
        (added(f"{_G}subscribers", "kind", GATEWAY.chosen),),
    ),
    Panel(
        "Delay of a decision",
        "Time from a decision's record in Kafka until the gateway writes it to a reader.",
        "s",
        quantiles(f"{_G}verdict_seconds", "kind", GATEWAY.chosen),
    ),
    Panel(
        "Slow readers",
        "Readers disconnected a second, because they did not keep up.",
        "cps",
        (rate(f"{_G}slow_readers_total", "kind", GATEWAY.chosen),),
    ),
    Panel(
        "Live feed: offsets behind",
        "Offsets of the decisions topic that the live feed of each gateway is behind.",
        "short",
        (most(f"{_G}feed_lag_offsets", "instance", GATEWAY.chosen),),
        width=12,
    ),
    Panel(
        "Live feed: time since Kafka was heard",
        "Time since the live feed last heard from Kafka.",
        "s",
        (
            Query(
                f'max by (instance) (time() - ({_G}feed_heard_timestamp_seconds{{job=~"$job"{GATEWAY.chosen}}} > 0))',
                "{{instance}}",
            ),
        ),
        width=12,
    ),
)
_REQUESTS: Final = (
    Panel(
        "Requests by route",
        "Requests a second, by route.",
        "reqps",
        (rate(f"{_G}requests_total", "route", GATEWAY.chosen),),
        stacked=True,
        width=12,
    ),
    Panel(
        "Requests by status",
        "Requests a second, by status.",
        "reqps",
        (rate(f"{_G}requests_total", "status", GATEWAY.chosen),),
        stacked=True,
        width=12,
    ),
    Panel(
        "Time to answer",
        "Time to answer a request, by route, without streams.",
        "s",
        quantiles(f"{_G}request_seconds", "route", GATEWAY.chosen),
        width=12,
    ),
    Panel(
        "Refused requests",
        "Requests refused a second: for their token, by reason, or because there were too many.",
        "reqps",
        (
            rate(f"{_G}refused_tokens_total", "reason", GATEWAY.chosen),
            Query(
                f'sum(rate({_G}rate_limited_total{{job=~"$job"{GATEWAY.chosen}}}[$__rate_interval])) or vector(0)',
                "too many",
            ),
        ),
        width=12,
    ),
)
_PUBLISHERS: Final = (
    Panel(
        "Events taken in",
        "Events a second, by result: accepted, invalid, or unavailable (Kafka did not answer).",
        "eps",
        (rate(f"{_G}ingest_events_total", "result", GATEWAY.chosen),),
        stacked=True,
    ),
    Panel(
        "Time until acknowledged",
        "Time from the arrival of a request until Kafka acknowledges all its events.",
        "s",
        quantiles(f"{_G}ingest_seconds", "", GATEWAY.chosen),
    ),
    Panel(
        "Dead letters",
        "Events a second that could not be judged, by code. It includes events that did not come through the gateway.",
        "eps",
        (rate("tallygate_engine_records_total", "code", ', fate="dead-lettered", step="manifest"'),),
    ),
)

READERS: Final = Dashboard(
    "tallygate-readers",
    "Tallygate / Scanners and publishers",
    "What the gateway's callers get: scanners, subscribers and publishers.",
    "now-1h",
    (("Scanners and subscribers", _SCANNERS), ("Requests", _REQUESTS), ("Publishers", _PUBLISHERS)),
    (GATEWAY,),
)
