"""The dashboard *Today*: what was decided since midnight, for the people responsible for the day."""

from typing import Final

from deploy.grafana.board import Dashboard
from deploy.grafana.panels import PROGRAMME, Panel, Query, rate

EASTERN: Final = "America/New_York"
"""The day of customs begins at midnight there, whatever the browser's own time is."""
CHOSEN: Final = PROGRAMME.chosen
_DECISIONS: Final = "tallygate_decisions_total"
_VALUES: Final = "tallygate_decisions_value_total"
_ALERTS: Final = "tallygate_alerts_total"
_ARRIVED: Final = ', basis="actual"'


def _total(title: str, description: str, matchers: str, metric: str = _DECISIONS) -> Panel:
    query = Query(f'sum(increase({metric}{{job=~"$job"{CHOSEN}{matchers}}}[$__range])) or vector(0)')
    return Panel(title, description, "short", (query,), kind="stat", width=4, height=4)


def _value(title: str, description: str, matchers: str) -> Panel:
    # Values of two currencies are never added up: each has a number of its own, with its name.
    found = f'sum by (currency) (increase({_VALUES}{{job=~"$job"{CHOSEN}{matchers}}}[$__range]))'
    query = Query(f"{found} or on () vector(0)", "{{currency}}")
    return Panel(title, description, "short", (query,), kind="stat", width=4, height=4, named=True)


TODAY: Final = Dashboard(
    "tallygate-today",
    "Tallygate / Today",
    "What was decided today, from midnight in New York, under the programmes that you choose, by default all. A bill "
    "gets a new decision at each change, so these panels count decisions, not bills. The gateway has the exact "
    "present total of a consignee.",
    "now/d",
    (
        (
            "At arrival",
            (
                _total("Released", "Decisions GO: the bill was released at arrival.", f', outcome="release"{_ARRIVED}'),
                _total(
                    "Withheld",
                    "Decisions HOLD: the bill does not fit its programme's limit.",
                    f', outcome="withhold"{_ARRIVED}',
                ),
                _total("Rejected", "Decisions STOP: the bill needs an entry.", f', outcome="reject"{_ARRIVED}'),
                _value("Value released", "Value of the bills released at arrival.", f', outcome="release"{_ARRIVED}'),
                _value("Value withheld", "Value of the bills withheld at arrival.", f', outcome="withhold"{_ARRIVED}'),
                _total(
                    "People near the limit",
                    "Consignees whose released total of a day or longer period went above nine tenths of the limit.",
                    ', kind="near-limit"',
                    _ALERTS,
                ),
            ),
        ),
        (
            "Decisions",
            (
                Panel(
                    "At arrival by outcome",
                    "Decisions a second on bills that have arrived.",
                    "cps",
                    (rate(_DECISIONS, "outcome", CHOSEN + _ARRIVED),),
                    stacked=True,
                ),
                Panel(
                    "Before arrival by outcome",
                    "Decisions a second on estimates. If nothing changes, clear becomes a release; warn does not.",
                    "cps",
                    (rate(_DECISIONS, "outcome", f'{CHOSEN}, basis="estimated"'),),
                    stacked=True,
                ),
                Panel(
                    "Withheld, warned and rejected by reason",
                    "Why bills do not pass: decisions a second.",
                    "cps",
                    (rate(_DECISIONS, "outcome, reason", f'{CHOSEN}, outcome=~"withhold|warn|reject"'),),
                    stacked=True,
                ),
                Panel(
                    "By mode of transport",
                    "Decisions a second by mode of transport.",
                    "cps",
                    (rate(_DECISIONS, "mode", CHOSEN),),
                    stacked=True,
                ),
                Panel(
                    "Value at arrival by outcome",
                    "Value a second of the bills decided at arrival, each currency by itself.",
                    "short",
                    (rate(_VALUES, "outcome, currency", CHOSEN + _ARRIVED),),
                ),
                Panel(
                    "Closed, by the way they left",
                    "Bills closed a second, by the way they left.",
                    "cps",
                    (rate(_DECISIONS, "reason", f'{CHOSEN}, outcome="closed"'),),
                    stacked=True,
                ),
            ),
        ),
    ),
    (PROGRAMME,),
    timezone=EASTERN,
)
