"""Panels of the dashboards, from the few values that differ: title, description, unit, queries, limit."""

from typing import TYPE_CHECKING, Final, NamedTuple

from grafana_foundation_sdk.builders import common as looks
from grafana_foundation_sdk.builders import dashboard as builders
from grafana_foundation_sdk.builders import prometheus, stat, table, timeseries
from grafana_foundation_sdk.models import common, dashboard
from grafana_foundation_sdk.models import prometheus as models

from deploy.grafana.alert_limits import Limit

if TYPE_CHECKING:
    from collections.abc import Callable

DATASOURCE: Final = common.DataSourceRef(type_val="prometheus", uid="${datasource}")
ABOVE_ZERO: Final = 0.001
"""A threshold of Grafana begins at its number, a limit of 0 is passed above it."""


class Variable(NamedTuple):
    """What the reader of a dashboard may choose: values of a label."""

    name: str
    title: str
    label: str
    metric: str
    """Which metric has the values."""

    @property
    def chosen(self) -> str:
        """The matcher for what is chosen, to stand behind the one for the job."""
        return f', {self.label}=~"${self.name}"'

    @property
    def query(self) -> str:
        """The query for the values."""
        of_job = "" if self.label == "job" else '{job=~"$job"}'
        return f"label_values({self.metric}{of_job}, {self.label})"


PROGRAMME: Final = Variable("programme", "Programme", "programme", "tallygate_decisions_total")
WORKER: Final = Variable("worker", "Worker", "instance", "tallygate_engine_ready")
PARTITION: Final = Variable("partition", "Partition", "partition", "tallygate_engine_lag_offsets")
PROCESS: Final = Variable("process", "Kind of process", "process", "up")
GATEWAY: Final = Variable("gateway", "Gateway", "instance", "tallygate_gateway_subscribers")


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
    """`timeseries`, `stat` for one large number, or `table` for the labels of what is found."""
    width: int = 8
    height: int = 8
    stacked: bool = False
    named: bool = False
    """Of a large number, its legend beside it, such as the currency."""
    limit: Limit | None = None
    """Where the number turns red: where an alert of it fires."""
    words: tuple[tuple[str, str], ...] = ()
    """Of a large number, words instead of some values."""
    more: str = ""
    """Which dashboard a click on the number opens."""

    def build(self) -> dashboard.Panel:
        """Return the panel in Grafana's types, without its place."""
        made: dict[str, Callable[[], timeseries.Panel | stat.Panel | table.Panel]]
        made = {"timeseries": self._lines, "stat": self._number, "table": self._rows}
        panel = made[self.kind]()
        panel.title(self.title).description(self.description).datasource(DATASOURCE).unit(self.unit)
        panel.span(self.width).height(self.height)
        for place, query in enumerate(self.queries):
            target = prometheus.Dataquery().ref_id(chr(ord("A") + place)).datasource(DATASOURCE)
            target.expr(query.expression).legend_format(query.legend or "__auto")
            if self.kind == "table":
                target.format(models.PromQueryFormat.TABLE)
            panel.with_target(target.range() if self.kind == "timeseries" else target.instant())
        return panel.build()

    def _lines(self) -> timeseries.Panel:
        mode = common.StackingMode.NORMAL if self.stacked else common.StackingMode.NONE
        legend = looks.VizLegendOptions().display_mode(common.LegendDisplayMode.LIST).show_legend(True)
        tooltip = looks.VizTooltipOptions().mode(common.TooltipDisplayMode.MULTI).sort(common.SortOrder.DESCENDING)
        panel = timeseries.Panel().min(0).fill_opacity(40 if self.stacked else 5)
        panel.show_points(common.VisibilityMode.NEVER).stacking(looks.StackingConfig().mode(mode).group("A"))
        return panel.legend(legend.placement(common.LegendPlacement.BOTTOM)).tooltip(tooltip)

    def _number(self) -> stat.Panel:
        colour = common.BigValueColorMode.BACKGROUND if self.limit else common.BigValueColorMode.NONE
        text = common.BigValueTextMode.VALUE_AND_NAME if self.named else common.BigValueTextMode.AUTO
        panel = stat.Panel().min(0).color_mode(colour).graph_mode(common.BigValueGraphMode.NONE).text_mode(text)
        panel.reduce_options(looks.ReduceDataOptions().calcs(["lastNotNull"])).no_value("no data")
        if self.words:
            words = {value: dashboard.ValueMappingResult(text=word) for value, word in self.words}
            panel.mappings([dashboard.ValueMap(options=words)])
        if self.limit:
            panel.thresholds(_thresholds(self.limit))
        if self.more:
            panel.data_links([builders.DashboardLink("Look closer").url(f"/d/{self.more}?${{__url_time_range}}")])
        return panel

    def _rows(self) -> table.Panel:
        options: dict[str, object] = {
            "excludeByName": dict.fromkeys(("Time", "Value", "__name__", "job", "alertstate"), True),
            "indexByName": {"severity": 0, "alertname": 1},
            "renameByName": {"severity": "Severity", "alertname": "Alert"},
        }
        return table.Panel().with_transformation(dashboard.DataTransformerConfig(id_val="organize", options=options))


def _thresholds(limit: Limit) -> builders.ThresholdsConfig:
    good, bad = ("red", "green") if limit.at_most else ("green", "red")
    passed = limit.number + 1 if limit.at_most else limit.number or ABOVE_ZERO
    steps = [dashboard.Threshold(value=None, color=good), dashboard.Threshold(value=passed, color=bad)]
    return builders.ThresholdsConfig().mode(dashboard.ThresholdsMode.ABSOLUTE).steps(steps)


def quantiles(metric: str, by: str = "step", more: str = "") -> tuple[Query, ...]:
    """Return the queries for the median and the 99th percentile of a histogram, by a label if one is named."""
    labels = ", ".join(filter(None, (by, "le")))
    rate = f'sum by ({labels}) (rate({metric}_bucket{{job=~"$job"{more}}}[$__rate_interval]))'
    legend = f"{{{{{by}}}}} " if by else ""
    return tuple(
        Query(f"histogram_quantile({quantile}, {rate})", f"{legend}{name}")
        for quantile, name in ((0.5, "p50"), (0.99, "p99"))
    )


def rate(metric: str, by: str, more: str = "") -> Query:
    """Return the query for the rate of a counter, by labels."""
    return Query(f'sum by ({by}) (rate({metric}{{job=~"$job"{more}}}[$__rate_interval]))', legend_of(by))


def most(metric: str, by: str, more: str = "") -> Query:
    """Return the query for the largest value of a gauge, by labels."""
    return Query(f'max by ({by}) ({metric}{{job=~"$job"{more}}})', legend_of(by))


def added(metric: str, by: str, more: str = "") -> Query:
    """Return the query for the sum of a gauge, by labels."""
    return Query(f'sum by ({by}) ({metric}{{job=~"$job"{more}}})', legend_of(by))


def legend_of(by: str) -> str:
    """Return the legend that shows these labels."""
    return " ".join(f"{{{{{label}}}}}" for label in by.split(", "))
