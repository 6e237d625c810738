"""Dashboards as files keep the rules of Grafana's own linter, and ask for metrics that exist."""

import json
import re
from pathlib import Path
from typing import Any

import pytest
import yaml
from grafana_foundation_sdk.cog.encoder import JSONEncoder
from grafana_foundation_sdk.models import units
from grafana_foundation_sdk.models.dashboard import Dashboard as GrafanaDashboard

from tests.prerequisites import ROOT
from tests.unit.observability.test_registry import METRICS

GRAFANA = ROOT / "deploy" / "grafana"
BOARDS: dict[str, dict[str, Any]] = {
    path.stem: json.loads(path.read_text("utf-8")) for path in sorted((GRAFANA / "dashboards").glob("*.json"))
}
PANELS = [
    pytest.param(panel, id=f"{name}: {panel['title']}")
    for name, board in BOARDS.items()
    for panel in board["panels"]
    if panel["type"] != "row"
]
UNITS = {value for name, value in vars(units).items() if name.isupper() or name[0].isupper()}
"""Grafana's words for units."""
TOTALS = re.compile(r"\b(\w+_total)\b")
ENTITLED = {
    "overview": set(),
    "today": {"programme"},
    "programmes": {"programme"},
    "pipeline": {"partition"},
    "workers": {"worker", "partition"},
    "processes": {"process", "worker"},
    "readers": {"gateway"},
    "webhooks": set(),
}
"""What a reader may choose on each board, beside the data source and the job."""
SELECTOR = re.compile(r"(?<![\w$:])((?:tallygate|process)_[a-z_]+|up)(?!\w)(\{[^}]*\})?")
BY = re.compile(r"\bby \([^)]*\)")
OF_PROCESSES = {"process_cpu_seconds_total", "process_resident_memory_bytes", "process_start_time_seconds", "up"}


def expressions(panel: dict[str, Any]) -> list[str]:
    """Return the queries of a panel."""
    return [target["expr"] for target in panel.get("targets", ())]


def all_expressions() -> set[str]:
    """Return the queries of all boards, those for the vertical lines too."""
    lines = {line["expr"] for board in BOARDS.values() for line in board["annotations"]["list"]}
    return lines | {query for board in BOARDS.values() for panel in board["panels"] for query in expressions(panel)}


@pytest.mark.parametrize("board", BOARDS.values(), ids=BOARDS)
def test_board_is_described_and_chooses_its_source(board: dict[str, Any]) -> None:
    """Title, description, a data source and what else may be chosen, the shared crosshair; the board is not edited."""
    name = board["uid"].removeprefix("tallygate-")
    variables = {each["name"]: each["type"] for each in board["templating"]["list"]}
    of_jobs = {} if name == "overview" else dict.fromkeys({"job", *ENTITLED[name]}, "query")
    assert variables == {"datasource": "datasource", **of_jobs}
    assert board["title"].startswith("Tallygate / ")
    assert board["description"]
    assert (board["editable"], "tallygate" in board["tags"], board["graphTooltip"]) == (False, True, 1)
    assert board["timezone"] == ("America/New_York" if board["time"]["from"] == "now/d" else "browser")
    asked = json.dumps([board["panels"], board["annotations"]])
    assert {each for each in variables if f"${each}" not in asked and f"${{{each}}}" not in asked} == set()


@pytest.mark.parametrize("board", BOARDS.values(), ids=BOARDS)
def test_board_is_read_at_a_glance(board: dict[str, Any]) -> None:
    """At most twelve panels, no title twice, restarts and deploys as lines, and a way to the other boards."""
    titles = [panel["title"] for panel in board["panels"] if panel["type"] != "row"]
    assert len(titles) == len(set(titles)) <= 12
    assert [line["name"] for line in board["annotations"]["list"]] == ["Restarts", "Deploys"]
    (links,) = board["links"]
    assert (links["type"], links["tags"], links["keepTime"]) == ("dashboards", ["tallygate"], True)


@pytest.mark.parametrize("board", BOARDS.values(), ids=BOARDS)
def test_board_is_what_grafana_stores(board: dict[str, Any]) -> None:
    """Grafana's own types read the board, of the present schema, and write it again without losing a field."""
    written = json.loads(json.dumps(GrafanaDashboard.from_json(board), cls=JSONEncoder))
    for line, again in zip(board["annotations"]["list"], written["annotations"]["list"], strict=True):
        # Prometheus adds two fields of its own to these, which the types leave out.
        assert line == {**again, "titleFormat": line["titleFormat"], "useValueForTime": line["name"] == "Restarts"}
        again.update(line)
    assert written == board
    assert board["schemaVersion"] == GrafanaDashboard().schema_version


@pytest.mark.parametrize("board", BOARDS.values(), ids=BOARDS)
def test_ids_are_unique_and_nothing_overlaps(board: dict[str, Any]) -> None:
    """Each panel has an id and a place of its own within the 24 columns."""
    ids = [panel["id"] for panel in board["panels"]]
    assert len(ids) == len(set(ids))
    taken: set[tuple[int, int]] = set()
    for panel in board["panels"]:
        x, y, width, height = (panel["gridPos"][side] for side in "xywh")
        cells = {(column, line) for column in range(x, x + width) for line in range(y, y + height)}
        assert not cells & taken
        assert x + width <= 24
        taken |= cells
    assert len({each["uid"] for each in BOARDS.values()}) == len(BOARDS)


@pytest.mark.parametrize("panel", PANELS)
def test_panel_says_what_it_shows(panel: dict[str, Any]) -> None:
    """Title, description, unit, and the data source that was chosen."""
    assert panel["title"]
    assert panel["description"].endswith(".")
    assert panel["fieldConfig"]["defaults"]["unit"] in UNITS
    sources = [panel["datasource"], *(target["datasource"] for target in panel["targets"])]
    assert {source["uid"] for source in sources} == {"${datasource}"}
    assert len({target["refId"] for target in panel["targets"]}) == len(panel["targets"]) > 0
    if panel["type"] == "timeseries":
        assert panel["options"]["legend"]["showLegend"]
        assert all(target["legendFormat"] != "__auto" for target in panel["targets"])


@pytest.mark.parametrize("board", BOARDS.values(), ids=BOARDS)
def test_queries_are_sound(board: dict[str, Any]) -> None:
    """Each metric is of the chosen job; a counter stands in a rate over the interval that Grafana computes."""
    for panel in board["panels"]:
        for expression in expressions(panel):
            for name, matchers in SELECTOR.findall(BY.sub("", expression)):
                assert ('job="tallygate"' if board is BOARDS["overview"] else 'job=~"$job"') in matchers, name
            for name in TOTALS.findall(expression):
                assert re.search(rf"(?:rate|increase)\({name}\{{", expression), name
            windows = set(re.findall(r"\[([^\]]+)\]", expression))
            # Alert rules have intervals of their own, and the overview shows what they see.
            own = {"1m:", "5m", "15m"} if board is BOARDS["overview"] else {"$__range"}
            assert windows <= (own if panel["type"] == "stat" else {"$__rate_interval"})


@pytest.mark.parametrize("name", ["today", "programmes"])
def test_programmes_can_be_chosen_wherever_decisions_are_counted(name: str) -> None:
    """Every metric of these boards has the label `programme`, and is filtered by those chosen, by default all."""
    (variable,) = (each for each in BOARDS[name]["templating"]["list"] if each["name"] == "programme")
    assert (variable["current"]["text"], variable["includeAll"], variable["allValue"]) == ("All", True, ".+")
    selected = [
        (metric, 'programme=~"$programme"' in matchers)
        for panel in BOARDS[name]["panels"]
        for expression in expressions(panel)
        for metric, matchers in SELECTOR.findall(BY.sub("", expression))
    ]
    assert {metric for metric, _ in selected} == {
        metric.name for metric in METRICS if "programme" in metric.label_names
    }
    assert all(chosen for _, chosen in selected)


def test_values_of_two_currencies_are_never_added_up() -> None:
    """Every query of values keeps the currency, and shows its name."""
    asked = [
        target
        for board in BOARDS.values()
        for panel in board["panels"]
        for target in panel.get("targets", ())
        if "tallygate_decisions_value_total" in target["expr"]
    ]
    assert len(asked) == 5
    assert all(re.search(r"\bby \([^)]*\bcurrency\b", each["expr"]) for each in asked)
    assert all("{{currency}}" in each["legendFormat"] for each in asked)


def test_metrics_of_the_boards_exist() -> None:
    """Every metric asked for is declared or a process's own, and most of what is declared is shown somewhere."""
    declared = {metric.name for metric in METRICS}
    asked = {
        re.sub(r"_(?:bucket|sum|count)$", "", name)
        for expression in all_expressions()
        for name, _matchers in SELECTOR.findall(BY.sub("", expression))
    }
    assert asked - declared - OF_PROCESSES == set()
    assert len(asked & declared) > 0.8 * len(declared)


def test_provisioning_fits() -> None:
    """Files are where Grafana looks for them, and nothing secret is in them."""
    (source,) = yaml.safe_load(path_of("datasources", "prometheus").read_text("utf-8"))["datasources"]
    assert (source["type"], source["url"]) == ("prometheus", "${PROMETHEUS_URL}")
    (provider,) = yaml.safe_load(path_of("dashboards", "tallygate").read_text("utf-8"))["providers"]
    assert (provider["type"], provider["allowUiUpdates"]) == ("file", False)


def path_of(folder: str, name: str) -> Path:
    """Return a file of the provisioning tree."""
    return GRAFANA / "provisioning" / folder / f"{name}.yaml"
