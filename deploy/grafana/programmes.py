"""The dashboard *Programmes*: the day of each programme beside the others."""

from typing import Final

from deploy.grafana.board import Dashboard
from deploy.grafana.panels import PROGRAMME, Panel, rate
from deploy.grafana.today import EASTERN

_DECISIONS: Final = "tallygate_decisions_total"
_VALUES: Final = "tallygate_decisions_value_total"
_ARRIVED: Final = f'{PROGRAMME.chosen}, basis="actual"'

_DECIDED: Final = (
    Panel(
        "Decisions by programme",
        "Decisions a second by the programme that bills claim; other: one that is not enabled.",
        "cps",
        (rate(_DECISIONS, "programme", PROGRAMME.chosen),),
        stacked=True,
        width=12,
    ),
    Panel(
        "Alerts for the officer by kind and programme",
        "Alerts for the officer a second: near the limit, structuring, duplicates, superseded releases.",
        "cps",
        (rate("tallygate_alerts_total", "kind, programme", PROGRAMME.chosen),),
        width=12,
    ),
)
_AT_ARRIVAL: Final = (
    Panel(
        "Released at arrival by programme",
        "Decisions GO a second: the bill was released at arrival.",
        "cps",
        (rate(_DECISIONS, "programme", f'{_ARRIVED}, outcome="release"'),),
        stacked=True,
    ),
    Panel(
        "Withheld at arrival by programme",
        "Decisions HOLD a second: the bill does not fit its programme's limit.",
        "cps",
        (rate(_DECISIONS, "programme", f'{_ARRIVED}, outcome="withhold"'),),
        stacked=True,
    ),
    Panel(
        "Rejected at arrival by programme",
        "Decisions STOP a second: the bill needs an entry.",
        "cps",
        (rate(_DECISIONS, "programme", f'{_ARRIVED}, outcome="reject"'),),
        stacked=True,
    ),
    Panel(
        "Value released by programme",
        "Value a second of the bills released at arrival, each currency by itself.",
        "short",
        (rate(_VALUES, "programme, currency", f'{_ARRIVED}, outcome="release"'),),
        width=12,
    ),
    Panel(
        "Value withheld by programme",
        "Value a second of the bills withheld at arrival, each currency by itself.",
        "short",
        (rate(_VALUES, "programme, currency", f'{_ARRIVED}, outcome="withhold"'),),
        width=12,
    ),
)

PROGRAMMES: Final = Dashboard(
    "tallygate-programmes",
    "Tallygate / Programmes",
    "What is decided under each programme, from midnight in New York?",
    "now/d",
    (("Decisions", _DECIDED), ("At arrival", _AT_ARRIVAL)),
    (PROGRAMME,),
    timezone=EASTERN,
)
