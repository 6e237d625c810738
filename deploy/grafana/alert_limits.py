"""The limits of the alert rules, for the dashboards: a number turns red where the alert of it fires."""

import re
from functools import cache
from pathlib import Path
from typing import Final, NamedTuple

import yaml

RULES: Final = Path(__file__).resolve().parent.parent / "prometheus" / "rules" / "alerts.yaml"


class Limit(NamedTuple):
    """A limit of an alert's rule."""

    alert: str
    number: float
    at_most: bool = False
    """Whether the alert fires at the number and below, not above it."""


def limit_of(alert: str, compared: str, times: str = "") -> Limit:
    """Return the limit that a rule sets to an expression, plain or as a multiple of another one.

    Raise LookupError if the rule does not compare the expression with a number: panel and rule have come apart.
    """
    right = re.escape(f"*{_bare(times)}") if times else r"(?!\*)"
    found = re.search(rf"{re.escape(_bare(compared))}\)?(>|==)([\d.]+)(?![\d.]){right}", _rules()[alert])
    if found is None:
        raise LookupError(f"{alert} does not compare {compared} with a number")
    sign, number = found[1], float(found[2])
    return Limit(alert, number, at_most=sign == "==" and number == 0)


@cache
def _rules() -> dict[str, str]:
    """Return each alert's expression, without spaces."""
    groups = yaml.safe_load(RULES.read_text("utf-8"))["groups"]
    return {rule["alert"]: _bare(rule["expr"]) for group in groups for rule in group["rules"]}


def _bare(expression: str) -> str:
    return re.sub(r"\s", "", expression)
