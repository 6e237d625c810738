"""Who tries out a person's total with expected bills is noticed; who trades is not."""

from typing import Any

import pytest

from agents.gateway.live import tried_totals
from agents.gateway.live.tried_totals import TRIES, WITHIN_MS, Probing
from agents.gateway.live.window import WindowEntry
from tests.redis.events import decision
from tests.unit.observability.scraping import value

MINUTE = 60_000


class Heard:
    """A gateway that has heard decisions, one a minute."""

    def __init__(self, caplog: pytest.LogCaptureFixture) -> None:
        self._probing, self._caplog, self._minute = Probing(), caplog, 0

    def told(self, bill: str, outcome: str, *, minutes: int = 1, late: int = 0, **more: Any) -> None:
        """Hear a decision."""
        self._minute += minutes
        basis = more.pop("basis", "estimated")
        made = decision(bill, outcome=outcome, basis=basis, **more)
        moment = self._minute * MINUTE
        self._probing.hear([WindowEntry(0, self._minute, made, 100, moment + late, moment)])

    def tried(self, number: int, consignee: str = "na2:a", outcome: str = "clear", minutes: int = 1) -> None:
        """Hear of a bill that is filed and taken off."""
        self.told(f"ACME{number:04}", outcome, consignee=consignee, cents=number, minutes=minutes)
        self.told(f"ACME{number:04}", "closed", consignee=consignee, reason="deleted", cents=number)

    @property
    def lines(self) -> list[str]:
        """Give what the audit log says."""
        return [record.getMessage() for record in self._caplog.records if record.name == "agents.gateway.audit"]


@pytest.fixture
def heard(caplog: pytest.LogCaptureFixture) -> Heard:
    return Heard(caplog)


def test_estimates_decided_and_deleted_in_a_row_are_noticed(heard: Heard) -> None:
    """The third within the hour is logged with the key and counted, whatever was decided; the next row is anew."""
    before = counted()
    for number in range(TRIES - 1):
        heard.tried(number, outcome="warn" if number else "clear")
    assert heard.lines == []
    heard.tried(TRIES)
    assert len(heard.lines) == 1
    assert heard.lines[0].endswith("consignee=na2:a")
    for number in range(TRIES):
        heard.tried(10 + number)
    assert (len(heard.lines), counted() - before) == (2, 2)


def test_estimates_amended_in_value_are_tries_too(heard: Heard) -> None:
    """One bill is enough for who amends it; what changes without its value is none."""
    for cents in (100, 100, 100, 100):
        heard.told("ACME0001", "clear", cents=cents)
    assert heard.lines == []
    for cents in (200, 300, 250):
        heard.told("ACME0001", "warn", cents=cents)
    assert len(heard.lines) == 1


def test_who_trades_is_not_noticed(heard: Heard) -> None:
    """Bills that arrive, leave by an entry, are others', or go hours apart are no tries; nor is what was long ago."""
    for number in range(9):
        heard.told(f"ACME{number:04}", "clear")
        heard.told(f"ACME{number:04}", "release", basis="actual")
        heard.told(f"ACME{number:04}", "closed", basis="actual", reason="deleted")
        heard.told(f"BCME{number:04}", "warn")
        heard.told(f"BCME{number:04}", "closed", reason="entry-11")
        heard.tried(100 + number, consignee=f"na2:{number}")
        heard.tried(200 + number, consignee="na2:slow", minutes=WITHIN_MS // MINUTE // (TRIES - 1))
        heard.told(f"CCME{number:04}", "clear", consignee="na2:past")
        heard.told(f"CCME{number:04}", "closed", consignee="na2:past", reason="deleted", late=WITHIN_MS + 1)
    assert heard.lines == []


def test_memory_is_bounded(heard: Heard, monkeypatch: pytest.MonkeyPatch) -> None:
    """However many bills and consignees come, so many are remembered, the latest."""
    monkeypatch.setattr(tried_totals, "BILLS_KEPT", 10)
    monkeypatch.setattr(tried_totals, "CONSIGNEES_KEPT", 10)
    for number in range(100):
        heard.told(f"DCME{number:04}", "clear", consignee=f"na2:{number}")
        heard.tried(number, consignee=f"na2:{number}")
    assert len(heard._probing._expected) in {9, 10}
    assert len(heard._probing._tries) == 10
    assert list(heard._probing._tries)[-1] == "na2:99"


def counted() -> float:
    """Give what the metric says."""
    from agents.gateway.http.gateway_metrics import GATEWAY  # noqa: PLC0415 - only here

    return value(GATEWAY.exposition("")[0].decode(), "tallygate_gateway_probing_total")
