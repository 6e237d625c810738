"""A dashboard: rows of panels under headings, with what all dashboards share."""

import json
from collections.abc import Iterator
from typing import Any, Final, NamedTuple

from grafana_foundation_sdk.builders import dashboard as builders
from grafana_foundation_sdk.cog.encoder import JSONEncoder
from grafana_foundation_sdk.models import dashboard

from deploy.grafana.panels import DATASOURCE, Panel, Variable

COLUMNS: Final = 24
BROWSER: Final = "browser"
TAG: Final = "tallygate"
JOBS: Final = 'job=~"$job"'
JOB: Final = Variable("job", "Job", "job", "tallygate_build_info")
RESTARTS: Final = 'process_start_time_seconds{job=~"$job"} * 1000'
"""The value is the moment at which to draw the line."""
DEPLOYS: Final = (
    'group by (version) (tallygate_build_info{job=~"$job"}) '
    'unless on (version) group by (version) (tallygate_build_info{job=~"$job"} offset 5m)'
)
"""A version that no process had five minutes ago."""

Json = dict[str, Any]


class Line(dashboard.AnnotationQuery):
    """Vertical lines at moments that a query finds; the SDK does not know two of Prometheus's own fields."""

    def __init__(self, name: str, color: str, expression: str, text: str, *, at_value: bool = False) -> None:
        super().__init__(name, DATASOURCE, icon_color=color, expr=expression)
        self._of_prometheus = {"titleFormat": text, "useValueForTime": at_value}

    def to_json(self) -> dict[str, object]:
        """Return it as Grafana stores it."""
        return {**super().to_json(), **self._of_prometheus}


class Dashboard(NamedTuple):
    """One dashboard."""

    uid: str
    title: str
    description: str
    since: str
    """Start of the time range that the dashboard opens with, such as `now/d` or `now-1h`."""
    rows: tuple[tuple[str, tuple[Panel, ...]], ...]
    variables: tuple[Variable, ...] = ()
    """What a reader may choose beside the job; the queries hold what is chosen."""
    timezone: str = BROWSER
    """Whose midnight `now/d` is."""
    of_the_rules: bool = False
    """Whether it shows what the alert rules see, the job `tallygate`; a reader then has no job to choose."""

    @property
    def name(self) -> str:
        """The name of its file, and of its picture."""
        return self.uid.removeprefix("tallygate-")

    def panels(self) -> Iterator[Panel]:
        """Yield all panels in order."""
        for _heading, panels in self.rows:
            yield from panels

    def as_json(self) -> Json:
        """Return the dashboard as Grafana stores it."""
        made = builders.Dashboard(self.title).uid(self.uid).description(self.description).tags([TAG]).readonly()
        made.tooltip(dashboard.DashboardCursorSync.CROSSHAIR).refresh("15s").timezone(self.timezone)
        made.time(self.since, "now")
        made.with_variable(builders.DatasourceVariable("datasource").label("Data source").type("prometheus"))
        for variable in () if self.of_the_rules else (JOB, *self.variables):
            made.with_variable(_choice(variable))
        links = builders.DashboardLink("Tallygate").type(dashboard.DashboardLinkType.DASHBOARDS).tags([TAG])
        made.link(links.keep_time(True).include_vars(True))
        built = made.build()
        built.annotations = dashboard.AnnotationContainer(list_val=list(self.lines()))
        built.panels = list(self._laid_out())
        stored: Json = json.loads(json.dumps(built, cls=JSONEncoder))
        return stored

    def lines(self) -> Iterator["Line"]:
        """Yield what draws the vertical lines over all panels."""
        job = 'job="tallygate"' if self.of_the_rules else JOBS
        yield Line(
            "Restarts", "orange", RESTARTS.replace(JOBS, job), "{{process}} at {{instance}} began", at_value=True
        )
        yield Line("Deploys", "blue", DEPLOYS.replace(JOBS, job), "version {{version}}")

    def _laid_out(self) -> Iterator[dashboard.Panel | dashboard.RowPanel]:
        number = y = 0
        for heading, panels in self.rows:
            number += 1
            yield builders.Row(heading).id(number).grid_pos(dashboard.GridPos(1, COLUMNS, 0, y)).build()
            y, x, height = y + 1, 0, 0
            for panel in panels:
                if x + panel.width > COLUMNS:
                    x, y, height = 0, y + height, 0
                number += 1
                made = panel.build()
                made.id_val, made.grid_pos = number, dashboard.GridPos(panel.height, panel.width, x, y)
                yield made
                x, height = x + panel.width, max(height, panel.height)
            y += height


def _choice(variable: Variable) -> builders.QueryVariable:
    every = dashboard.VariableOption(text="All", value="$__all")
    made = builders.QueryVariable(variable.name).label(variable.title).datasource(DATASOURCE).query(variable.query)
    made.refresh(dashboard.VariableRefresh.ON_TIME_RANGE_CHANGED).sort(dashboard.VariableSort.NATURAL_ASC)
    return made.multi(True).include_all(True).all_value(".+").current(every)
