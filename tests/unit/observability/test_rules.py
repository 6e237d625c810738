"""The alerts as a mixin: checked and tried by promtool, in both directions, each with its section in the runbook."""

import re
import subprocess
from pathlib import Path
from typing import Any

import pytest
import yaml

from deploy.grafana.boards import BOARDS
from tests.prerequisites import ROOT
from tests.unit.observability.test_registry import METRICS

FOLDER = ROOT / "deploy" / "prometheus"
CASES = FOLDER / "tests" / "alerts-test.yaml"
RULES = sorted((FOLDER / "rules").glob("*.yaml"))
RUNBOOK = (ROOT / "docs" / "runbook.md").read_text("utf-8")
GROUPS = [group for path in RULES for group in yaml.safe_load(path.read_text("utf-8"))["groups"]]
ALERTS: list[dict[str, Any]] = [rule for group in GROUPS for rule in group["rules"] if "alert" in rule]
NAMES = [alert["alert"] for alert in ALERTS]
WATCHDOG = "TallygateWatchdog"
"""Fires always, so that something outside notices when it no longer arrives."""
HISTOGRAM = re.compile(r"_(?:bucket|sum|count)$")


def promtool(*arguments: str | Path) -> None:
    """Run promtool; raises if it finds anything wrong."""
    done = subprocess.run(["promtool", *map(str, arguments)], capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stdout + done.stderr


@pytest.mark.prometheus
def test_rules_and_configuration_are_good() -> None:
    """Promtool takes the rules and the configuration that scrapes one machine."""
    promtool("check", "rules", *RULES)
    promtool("check", "config", FOLDER / "prometheus.yaml")
    assert len(ALERTS) > 10


@pytest.mark.prometheus
def test_alerts_fire_and_do_not() -> None:
    """Promtool plays every case: the alert fires where it should, with these words, and not before."""
    promtool("test", "rules", CASES)
    assert RULES


def test_each_alert_has_a_case_in_both_directions() -> None:
    """No alert goes without a moment at which it fires and one at which it does not."""
    tried: dict[str, set[bool]] = {}
    for test in yaml.safe_load(CASES.read_text("utf-8"))["tests"]:
        for case in test["alert_rule_test"]:
            tried.setdefault(case["alertname"], set()).add(bool(case["exp_alerts"]))
    assert tried == {name: {True} if name == WATCHDOG else {True, False} for name in NAMES}


@pytest.mark.parametrize("alert", ALERTS, ids=NAMES)
def test_alert_leads_to_its_section(alert: dict[str, Any]) -> None:
    """The links find a dashboard, and a section that says what it means, what it does, and what to do."""
    name = alert["alert"]
    links = alert["annotations"]
    assert links["runbook_url"] == f"{{{{ $externalLabels.tallygate_docs }}}}/runbook.md#{name.lower()}"
    grafana, _, board = links["dashboard"].partition("/d/")
    assert grafana == "{{ $externalLabels.tallygate_grafana }}"
    assert board in {each.uid for each in BOARDS}
    text = RUNBOOK.partition(f"\n## {name}\n")[2].partition("\n## ")[0]
    assert "**Means.**" in text
    assert "**Impact.**" in text
    assert text.count("\n") > 4
    assert alert["labels"]["severity"] in ({"none"} if name == WATCHDOG else {"page", "ticket"})
    assert {"summary", "description"} <= alert["annotations"].keys()


@pytest.mark.parametrize("name", ["prometheus/prometheus.yaml", "compose/prometheus.yaml"])
def test_links_have_a_setting(name: str) -> None:
    """Both configurations set the two labels that links begin with, and no other."""
    labels = yaml.safe_load((ROOT / "deploy" / name).read_text("utf-8"))["global"]["external_labels"]
    assert labels.keys() == set(
        re.findall(r"\$externalLabels\.(\w+)", (FOLDER / "rules" / "alerts.yaml").read_text("utf-8"))
    )
    assert not any(each.endswith("/") for each in labels.values())


def test_no_section_is_left_over() -> None:
    """The runbook has no alert that is gone."""
    assert re.findall(r"^## (Tallygate\w+)$", RUNBOOK, re.MULTILINE) == NAMES


def test_rules_ask_for_metrics_that_exist() -> None:
    """Every metric in a rule is declared, or recorded by another rule."""
    declared = {metric.name for metric in METRICS} | {"up"}
    recorded = {rule["record"] for group in GROUPS for rule in group["rules"] if "record" in rule}
    asked = {name for group in GROUPS for rule in group["rules"] for name in asked_for(rule["expr"])}
    assert asked - declared - recorded == set()
    assert len(asked) > 15


def asked_for(expression: str) -> set[str]:
    """Return the metrics that an expression asks for, a histogram by its own name."""
    names = set(re.findall(r"(?<![\w:])(?:[a-z_]+:)?tallygate[a-z_]*(?::[a-z0-9_]+)*|\bup\b", expression))
    return {HISTOGRAM.sub("", name) if ":" not in name else name for name in names - {"tallygate"}}
