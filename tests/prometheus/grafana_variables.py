"""Queries of the dashboards as Grafana sends them, with its variables filled in."""


def concrete(expression: str, window: str) -> str:
    """Return a query over this window, such as `10s`: of the job `tallygate`, and of all programmes."""
    chosen = {"$__rate_interval": window, "$__range": window, "$job": "tallygate", "$programme": ".+"}
    for variable, value in chosen.items():
        expression = expression.replace(variable, value)
    return expression
