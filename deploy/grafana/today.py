"""The dashboard *Today*: what was decided since midnight, for the people responsible for the day."""

from typing import Final

from deploy.grafana.panels import Dashboard, Panel, Query, rate

_DECISIONS: Final = "tallygate_decisions_total"
_ARRIVED: Final = ', basis="actual"'


def _total(title: str, description: str, matchers: str, metric: str = _DECISIONS, unit: str = "short") -> Panel:
    query = Query(f'sum(increase({metric}{{job=~"$job", {matchers}}}[$__range])) or vector(0)')
    return Panel(title, description, unit, (query,), kind="stat", width=4, height=4)


TODAY: Final = Dashboard(
    "tallygate-today",
    "Tallygate / Today",
    "What was decided in the chosen time, by default today. A bill gets a new decision at each change, so these "
    "panels count decisions, not bills. The gateway has the exact present total of a consignee and day.",
    "now/d",
    (
        (
            "At arrival",
            (
                _total("Released", "Decisions GO: the bill was released at arrival.", f'outcome="release"{_ARRIVED}'),
                _total(
                    "Withheld",
                    "Decisions HOLD: the bill does not fit the day's limit.",
                    f'outcome="withhold"{_ARRIVED}',
                ),
                _total("Rejected", "Decisions STOP: the bill needs an entry.", f'outcome="reject"{_ARRIVED}'),
                _total(
                    "Value released",
                    "Value of the bills released at arrival.",
                    f'outcome="release"{_ARRIVED}',
                    "tallygate_decisions_value_dollars_total",
                    "currencyUSD",
                ),
                _total(
                    "Value withheld",
                    "Value of the bills withheld at arrival.",
                    f'outcome="withhold"{_ARRIVED}',
                    "tallygate_decisions_value_dollars_total",
                    "currencyUSD",
                ),
                _total(
                    "Near the limit",
                    "Days of consignees whose released total went above nine tenths of the limit.",
                    'kind="near-limit"',
                    "tallygate_alerts_total",
                ),
            ),
        ),
        (
            "Decisions",
            (
                Panel(
                    "At arrival by outcome",
                    "Decisions a second on bills that have arrived.",
                    "short",
                    (rate(_DECISIONS, "outcome", _ARRIVED),),
                    stacked=True,
                ),
                Panel(
                    "Before arrival by outcome",
                    "Decisions a second on estimates. If nothing changes, clear becomes a release; warn does not.",
                    "short",
                    (rate(_DECISIONS, "outcome", ', basis="estimated"'),),
                    stacked=True,
                ),
                Panel(
                    "Withheld, warned and rejected by reason",
                    "Why bills do not pass: decisions a second.",
                    "short",
                    (rate(_DECISIONS, "outcome, reason", ', outcome=~"withhold|warn|reject"'),),
                    stacked=True,
                ),
                Panel(
                    "By mode",
                    "Decisions a second by mode of transport.",
                    "short",
                    (rate(_DECISIONS, "mode"),),
                    stacked=True,
                ),
                Panel(
                    "By programme",
                    "Decisions a second by the programme that bills claim; other: one that is not enabled.",
                    "short",
                    (rate(_DECISIONS, "programme"),),
                    stacked=True,
                ),
                Panel(
                    "Value at arrival by outcome",
                    "Value of the bills decided at arrival under programmes in US dollars, US dollars a second.",
                    "currencyUSD",
                    (rate("tallygate_decisions_value_dollars_total", "outcome", _ARRIVED),),
                    stacked=True,
                ),
                Panel(
                    "Alerts by kind",
                    "Alerts for the officer a second: near the limit, structuring, duplicates, superseded releases.",
                    "short",
                    (rate("tallygate_alerts_total", "kind"),),
                ),
                Panel(
                    "Left by exit",
                    "Bills closed a second, by the way they left.",
                    "short",
                    (rate(_DECISIONS, "reason", ', outcome="closed"'),),
                    width=12,
                ),
                Panel(
                    "Events that could not be judged",
                    "Dead letters a second, by code. docs/dead-letters.md says what the producer must fix.",
                    "short",
                    (rate("tallygate_engine_records_total", "code", ', fate="dead-lettered", step="manifest"'),),
                    width=12,
                ),
            ),
        ),
    ),
)
