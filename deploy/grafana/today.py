"""The dashboard *Today*: what was decided since midnight, for whoever answers for the day."""

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
    "What was decided in the time that is chosen, today at first. A bill is decided anew whenever something changes, "
    "so these are decisions; the exact present total of a consignee and day is in the gateway.",
    "now/d",
    (
        (
            "At arrival",
            (
                _total("Released", "Decisions GO: released at arrival.", f'outcome="release"{_ARRIVED}'),
                _total("Withheld", "Decisions HOLD: the day's limit is used up.", f'outcome="withhold"{_ARRIVED}'),
                _total("Rejected", "Decisions STOP: needs an entry.", f'outcome="reject"{_ARRIVED}'),
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
                    "Consignee days whose released total went above nine tenths of the limit.",
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
                    "Decisions a second on estimates: clear will be released if nothing changes, warn will not.",
                    "short",
                    (rate(_DECISIONS, "outcome", ', basis="estimated"'),),
                    stacked=True,
                ),
                Panel(
                    "Withheld, warned and rejected by reason",
                    "Why bills do not pass, decisions a second.",
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
                    "Value at arrival by outcome",
                    "US dollars a second of the bills decided at arrival.",
                    "currencyUSD",
                    (rate("tallygate_decisions_value_dollars_total", "outcome", _ARRIVED),),
                    stacked=True,
                ),
                Panel(
                    "Alerts by kind",
                    "Alerts for the officer, a second: near the limit, structuring, duplicates, releases superseded.",
                    "short",
                    (rate("tallygate_alerts_total", "kind"),),
                ),
                Panel(
                    "Left by exit",
                    "Bills closed, a second, by the way they left.",
                    "short",
                    (rate(_DECISIONS, "reason", ', outcome="closed"'),),
                    width=12,
                ),
                Panel(
                    "Events that could not be judged",
                    "Dead letters a second by code; the runbook says what each producer must mend.",
                    "short",
                    (rate("tallygate_engine_records_total", "code", ', fate="dead-lettered", step="manifest"'),),
                    width=12,
                ),
            ),
        ),
    ),
)
