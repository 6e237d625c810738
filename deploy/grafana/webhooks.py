"""The dashboard *Webhooks*: what is sent to the receivers of others, and which of them do not take it."""

from typing import Final

from deploy.grafana.board import Dashboard
from deploy.grafana.panels import Panel, Query

_W: Final = "tallygate_webhook_"


def _by_webhook(metric: str) -> tuple[Query, ...]:
    """Return the query for the highest value of each webhook; 0 where there is no webhook."""
    return (Query(f'max by (webhook) ({_W}{metric}{{job=~"$job"}}) or vector(0)', "{{webhook}}"),)


_SENT: Final = (
    Panel(
        "Attempts",
        "Attempts a second to deliver to webhooks, by result.",
        "cps",
        (
            Query(
                f'sum by (result) (rate({_W}attempts_total{{job=~"$job"}}[$__rate_interval])) or vector(0)',
                "{{result}}",
            ),
        ),
        width=12,
    ),
    Panel(
        "Offsets behind",
        "Offsets of the decisions topic that each webhook has not read yet.",
        "short",
        _by_webhook("lag_offsets"),
        width=12,
    ),
)
_WRONG: Final = (
    Panel(
        "Failing for",
        "How long the oldest delivery that fails has failed, by webhook.",
        "s",
        _by_webhook("failing_seconds"),
        width=12,
    ),
    Panel(
        "Dead",
        "1: nothing is sent to this webhook until `tallygate webhooks enable`.",
        "bool",
        _by_webhook("dead"),
        width=12,
    ),
)

WEBHOOK_BOARD: Final = Dashboard(
    "tallygate-webhooks",
    "Tallygate / Webhooks",
    "Which decisions go to the receivers of others, and who does not take them?",
    "now-1h",
    (("Deliveries", _SENT), ("What is wrong", _WRONG)),
)
