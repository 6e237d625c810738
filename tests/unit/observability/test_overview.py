"""The overview shows what the alert rules compare, and turns red where they fire."""

import re

import pytest

from deploy.grafana import overview
from deploy.grafana.alert_limits import limit_of
from deploy.grafana.boards import BOARDS
from deploy.grafana.panels import ABOVE_ZERO, Panel
from tests.unit.observability.test_rules import ALERTS

NUMBERS = [panel for panel in overview.OVERVIEW.panels() if panel.kind == "stat"]
RULES = {alert["alert"]: alert for alert in ALERTS}
LIMITS = {
    "Both steps run": ("TallygateNoWorker", 1, "green"),
    "Halted partitions": ("TallygatePartitionHalted", 1, "red"),
    "Kafka has been silent for": ("TallygateKafkaAway", 20, "red"),
    "Requests that fail": ("TallygateGatewayErrors", 0.05, "red"),
    "Work that waits": ("TallygateLagging", 60, "red"),
    "Scanners' answers are behind by": ("TallygateReadModelStale", 30, "red"),
    "Decisions reach readers within": ("TallygateReadersStalled", 10, "red"),
    "Offsets behind their tables": ("TallygateStaleOffsets", ABOVE_ZERO, "red"),
    "Events that cannot be judged": ("TallygateDeadLetters", 0.02, "red"),
    "Records of other programs": ("TallygateForeignRecords", ABOVE_ZERO, "red"),
}
"""Alert, number of the threshold, and colour from there on, as the rules stand."""


def bare(text: str) -> str:
    """Return an expression without spaces."""
    return re.sub(r"\s", "", text)


@pytest.mark.parametrize("panel", NUMBERS, ids=[panel.title for panel in NUMBERS])
def test_number_turns_red_where_its_alert_fires(panel: Panel) -> None:
    """The threshold is the number in the rule, and the number of the panel is made of what the rule compares."""
    assert panel.limit is not None
    thresholds = panel.build().field_config.defaults.thresholds  # type: ignore[union-attr]
    _base, passed = thresholds.steps  # type: ignore[union-attr]
    assert (panel.limit.alert, passed.value, passed.color) == LIMITS[panel.title]
    compared = [bare(each) for name, each in vars(overview).items() if name.isupper() and isinstance(each, str)]
    shown, rule = bare(panel.queries[0].expression), bare(RULES[panel.limit.alert]["expr"])
    assert [each for each in compared if each in shown and re.search(re.escape(each) + r"\)?(?:>|==)", rule)]


@pytest.mark.parametrize("panel", NUMBERS, ids=[panel.title for panel in NUMBERS])
def test_number_leads_to_the_board_of_its_alert(panel: Panel) -> None:
    """A click opens the board that the alert's message links to, and that board exists."""
    assert panel.limit is not None
    assert RULES[panel.limit.alert]["annotations"]["dashboard"].endswith(f"/d/{panel.more}")
    assert panel.more in {board.uid for board in BOARDS}


def test_a_short_silence_alarms_nobody() -> None:
    """The overview waits as long as the alert does until it says that a step has no worker."""
    query = NUMBERS[0].queries[0].expression
    assert f"max_over_time({overview.STEPS_UP}[{RULES['TallygateNoWorker']['for']}:])" in query


def test_all_limits_are_known() -> None:
    """The overview has these numbers and no others."""
    assert [panel.title for panel in NUMBERS] == list(LIMITS)


def test_a_rule_that_compares_something_else_is_refused() -> None:
    """A dashboard is not made with a limit that no rule has."""
    with pytest.raises(LookupError, match="TallygateLagging does not compare"):
        limit_of("TallygateLagging", overview.BEHIND)
