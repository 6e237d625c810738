"""Queries of the dashboards as Grafana sends them, with its variables filled in."""

import re


def concrete(expression: str, window: str) -> str:
    """Return a query over this window, such as `10s`: of the job `tallygate`, and of all else that may be chosen."""
    chosen = {"__rate_interval": window, "__range": window, "job": "tallygate"}
    return re.sub(r"\$(\w+)", lambda found: chosen.get(found[1], ".+"), expression)
