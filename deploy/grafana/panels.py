"""Panels and dashboards in Grafana's format, from the few values that differ: title, description, unit, queries."""

from collections.abc import Iterator, Sequence
from typing import Any, Final, NamedTuple

COLUMNS: Final = 24
SCHEMA: Final = 39
CHOSEN: Final = ', programme=~"$programme"'
"""Matcher for the programmes that the reader of a dashboard has chosen, to stand behind that for the job."""
DATASOURCE: Final = {"type": "prometheus", "uid": "${datasource}"}

Json = dict[str, Any]


class Query(NamedTuple):
    """A query and the legend of its series."""

    expression: str
    legend: str = ""


class Panel(NamedTuple):
    """One panel; `unit` is Grafana's word for it, such as `s`, `bytes`, `short`, `reqps`."""

    title: str
    description: str
    unit: str
    queries: tuple[Query, ...]
    kind: str = "timeseries"
    """`timeseries`, or `stat` for one large number."""
    width: int = 8
    height: int = 8
    stacked: bool = False
    named: bool = False
    """Of a large number, its legend beside it, such as the currency."""

    def as_json(self, number: int, x: int, y: int) -> Json:
        """Return the panel as Grafana stores it."""
        instant = self.kind == "stat"
        return {
            "id": number,
            "type": self.kind,
            "title": self.title,
            "description": self.description,
            "datasource": DATASOURCE,
            "gridPos": {"x": x, "y": y, "w": self.width, "h": self.height},
            "fieldConfig": {"defaults": self._defaults(), "overrides": []},
            "options": self._options(),
            "targets": [
                {
                    "refId": chr(ord("A") + place),
                    "datasource": DATASOURCE,
                    "expr": query.expression,
                    "legendFormat": query.legend or "__auto",
                    "instant": instant,
                    "range": not instant,
                }
                for place, query in enumerate(self.queries)
            ],
        }

    def _defaults(self) -> Json:
        defaults: Json = {"unit": self.unit, "min": 0}
        if self.kind == "timeseries":
            stacking = {"mode": "normal" if self.stacked else "none", "group": "A"}
            defaults["custom"] = {"fillOpacity": 40 if self.stacked else 5, "showPoints": "never", "stacking": stacking}
        return defaults

    def _options(self) -> Json:
        if self.kind == "stat":
            shown = "value_and_name" if self.named else "auto"
            calculated = {"calcs": ["lastNotNull"]}
            return {"colorMode": "none", "graphMode": "none", "textMode": shown, "reduceOptions": calculated}
        legend = {"displayMode": "list", "placement": "bottom", "showLegend": True}
        return {"legend": legend, "tooltip": {"mode": "multi", "sort": "desc"}}


class Dashboard(NamedTuple):
    """One dashboard: rows of panels under headings."""

    uid: str
    title: str
    description: str
    since: str
    """Start of the time range that the dashboard opens with, such as `now/d` or `now-1h`."""
    rows: tuple[tuple[str, tuple[Panel, ...]], ...]
    by_programme: bool = False
    """Whether a reader may choose programmes; its queries hold `CHOSEN`."""

    def panels(self) -> Iterator[Panel]:
        """Yield all panels in order."""
        for _heading, panels in self.rows:
            yield from panels

    def as_json(self) -> Json:
        """Return the dashboard as Grafana stores it."""
        return {
            "uid": self.uid,
            "title": self.title,
            "description": self.description,
            "tags": ["tallygate"],
            "schemaVersion": SCHEMA,
            "editable": False,
            "refresh": "15s",
            "timezone": "browser",
            "time": {"from": self.since, "to": "now"},
            "templating": {"list": [_datasource(), _job(), *([_programme()] if self.by_programme else [])]},
            "panels": list(_laid_out(self.rows)),
        }


def quantiles(metric: str, by: str = "step", more: str = "") -> tuple[Query, ...]:
    """Return the queries for the median and the 99th percentile of a histogram, by a label."""
    rate = f'sum by ({by}, le) (rate({metric}_bucket{{job=~"$job"{more}}}[$__rate_interval]))'
    return tuple(
        Query(f"histogram_quantile({quantile}, {rate})", f"{{{{{by}}}}} {name}")
        for quantile, name in ((0.5, "p50"), (0.99, "p99"))
    )


def rate(metric: str, by: str, more: str = "") -> Query:
    """Return the query for the rate of a counter, by labels."""
    legend = " ".join(f"{{{{{label}}}}}" for label in by.split(", "))
    return Query(f'sum by ({by}) (rate({metric}{{job=~"$job"{more}}}[$__rate_interval]))', legend)


def _laid_out(rows: Sequence[tuple[str, tuple[Panel, ...]]]) -> Iterator[Json]:
    number = y = 0
    for heading, panels in rows:
        number += 1
        place = {"x": 0, "y": y, "w": COLUMNS, "h": 1}
        yield {"id": number, "type": "row", "title": heading, "collapsed": False, "gridPos": place, "panels": []}
        y, x, height = y + 1, 0, 0
        for panel in panels:
            if x + panel.width > COLUMNS:
                x, y, height = 0, y + height, 0
            number += 1
            yield panel.as_json(number, x, y)
            x, height = x + panel.width, max(height, panel.height)
        y += height


def _datasource() -> Json:
    return {"name": "datasource", "label": "Data source", "type": "datasource", "query": "prometheus", "hide": 0}


def _job() -> Json:
    return _choice("job", "Job", "label_values(tallygate_build_info, job)")


def _programme() -> Json:
    return _choice("programme", "Programme", 'label_values(tallygate_decisions_total{job=~"$job"}, programme)')


def _choice(name: str, label: str, query: str) -> Json:
    return {
        "name": name,
        "label": label,
        "type": "query",
        "datasource": DATASOURCE,
        "query": query,
        "refresh": 2,
        "multi": True,
        "includeAll": True,
        "allValue": ".+",
        "current": {"text": "All", "value": "$__all"},
        "hide": 0,
    }
