"""Dashboards as files keep the rules of Grafana's own linter, and ask for metrics that exist."""

import json
import re
from pathlib import Path
from typing import Any

import pytest
import yaml

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
TOTALS = re.compile(r"\b(\w+_total)\b")
SELECTOR = re.compile(r"(?<![\w$])((?:tallygate|process)_[a-z_]+|up)(?!\w)(\{[^}]*\})?")
BY = re.compile(r"\bby \([^)]*\)")
OF_PROCESSES = {"process_cpu_seconds_total", "process_resident_memory_bytes", "up"}


def expressions(panel: dict[str, Any]) -> list[str]:
    """Return the queries of a panel."""
    return [target["expr"] for target in panel.get("targets", ())]


def all_expressions() -> set[str]:
    """Return the queries of all boards."""
    return {query for board in BOARDS.values() for panel in board["panels"] for query in expressions(panel)}


def test_there_are_three_boards() -> None:
    """Today, the pipeline, and scanners and publishers."""
    titles = {board["title"].removeprefix("Tallygate / ") for board in BOARDS.values()}
    assert titles == {"Today", "Pipeline", "Scanners and publishers"}


@pytest.mark.parametrize("board", BOARDS.values(), ids=BOARDS)
def test_board_is_described_and_chooses_its_source(board: dict[str, Any]) -> None:
    """Title, description, a data source, a job and of decisions a programme to choose; the board is not edited."""
    variables = {each["name"]: each["type"] for each in board["templating"]["list"]}
    of_decisions = {"programme": "query"} if board["title"].endswith("Today") else {}
    assert variables == {"datasource": "datasource", "job": "query", **of_decisions}
    assert board["title"].startswith("Tallygate / ")
    assert board["description"]
    assert (board["editable"], "tallygate" in board["tags"]) == (False, True)


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
    assert panel["fieldConfig"]["defaults"]["unit"]
    sources = [panel["datasource"], *(target["datasource"] for target in panel["targets"])]
    assert {source["uid"] for source in sources} == {"${datasource}"}
    assert len({target["refId"] for target in panel["targets"]}) == len(panel["targets"]) > 0


@pytest.mark.parametrize("panel", PANELS)
def test_queries_are_sound(panel: dict[str, Any]) -> None:
    """Each metric is of the chosen job; a counter stands in a rate over the interval that Grafana computes."""
    for expression in expressions(panel):
        for name, matchers in SELECTOR.findall(BY.sub("", expression)):
            assert 'job=~"$job"' in matchers, name
        for name in TOTALS.findall(expression):
            assert re.search(rf"(?:rate|increase)\({name}\{{", expression), name
        windows = set(re.findall(r"\[([^\]]+)\]", expression))
        assert windows <= ({"$__range"} if panel["type"] == "stat" else {"$__rate_interval"})


def test_programmes_can_be_chosen_wherever_decisions_are_counted() -> None:
    """On *Today* every metric that has the label `programme` is filtered by the programmes chosen, by default all."""
    (variable,) = (each for each in BOARDS["today"]["templating"]["list"] if each["name"] == "programme")
    assert (variable["current"]["text"], variable["includeAll"], variable["allValue"]) == ("All", True, ".+")
    labelled = {metric.name for metric in METRICS if "programme" in metric.label_names}
    selected = [
        (name, 'programme=~"$programme"' in matchers)
        for panel in BOARDS["today"]["panels"]
        for expression in expressions(panel)
        for name, matchers in SELECTOR.findall(BY.sub("", expression))
    ]
    assert {name for name, chosen in selected if chosen} == labelled
    assert {name for name, chosen in selected if not chosen} == {"tallygate_engine_records_total"}


def test_values_of_two_currencies_are_never_added_up() -> None:
    """Every query of values keeps the currency, and shows its name."""
    asked = [
        target
        for board in BOARDS.values()
        for panel in board["panels"]
        for target in panel.get("targets", ())
        if "tallygate_decisions_value_total" in target["expr"]
    ]
    assert len(asked) == 3
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
