"""A consignee's day as CSV: on request, whole, for scope audit, and with no cell that a spreadsheet would run."""

import csv
import io
from datetime import UTC, datetime
from pathlib import Path

import pytest

from agents.gateway.endpoints import consignee_days
from agents.gateway.http.csv_reply import guarded
from agents.readmodel.store import StoreSettings
from agents.readmodel.writing import Writer
from tests.integration.gateway.gateway_setup import GatewaySetup, setup_on
from tests.redis.events import decision
from tests.unit.readmodel.filling import FRESH_MS, fill

DAY = "/v1/consignees/na2:a/days/2025-08-20"


@pytest.fixture
def setup(tmp_path: Path, store: StoreSettings) -> GatewaySetup:
    return setup_on(tmp_path, store)


@pytest.mark.parametrize(
    ("cell", "text"),
    [
        ("=1+1", "'=1+1"), ("+49", "'+49"), ("-x", "'-x"), ("@a", "'@a"), ("\t=1", "'\t=1"), ("o-1", "o-1"), ("", ""),
        (None, ""), (-5, "-5"), (True, "true"), (False, "false"),
    ],
)  # fmt: skip
def test_text_that_is_a_formula_is_guarded(cell: object, text: str) -> None:
    """Text alone is guarded: a number below zero stays a number."""
    assert guarded(cell) == text


@pytest.mark.redis
async def test_day_comes_as_a_table(setup: GatewaySetup, store: StoreSettings, monkeypatch: pytest.MonkeyPatch) -> None:
    """By address or header, whole or a page; the order that is a formula is text; what is too long is 400."""
    bills = [decision(f"ACME000{number}", cents=1_250, order='=HYPERLINK("x")', minutes=number) for number in range(5)]
    async with Writer(store) as writer:
        await fill(writer, [*bills, decision("ACME0009", consignee="na2:b")])
    accept = {"Accept": "text/csv"}
    async with setup.serving(lambda: datetime.fromtimestamp(FRESH_MS / 1000, UTC)) as client:
        found = []
        for query, more in (("?format=csv", {}), ("", accept), ("?format=csv&limit=2&after=2", {})):
            async with client.get(f"{DAY}{query}", headers=setup.bearer("audit") | more) as response:
                assert (response.status, response.content_type) == (200, "text/csv")
                assert "attachment" in response.headers["Content-Disposition"]
                found.append(list(csv.DictReader(io.StringIO(await response.text()))))
        for query, more in (("?format=json", accept), ("", {"Accept": "text/csv, application/json"}), ("", {})):
            async with client.get(f"{DAY}{query}", headers=setup.bearer("audit") | more) as response:
                assert (response.status, response.content_type) == (200, "application/json")
        monkeypatch.setattr(consignee_days, "TABLE_BILLS", 4)
        for query, scope, status in (
            ("format=csv", "audit", 400),
            ("format=xlsx", "audit", 400),
            ("format=csv", "scan", 403),
        ):
            async with client.get(f"{DAY}?{query}", headers=setup.bearer(scope)) as response:
                assert response.status == status
    whole, accepted, page = found
    assert whole == accepted
    assert [row["bill"] for row in whole] == [each.data.bill for each in bills]
    assert [row["bill"] for row in page] == ["ACME0002", "ACME0003"]
    assert {row["order"] for row in whole} == {'\'=HYPERLINK("x")'}
    (row,) = whole[:1]
    assert (row["value"], row["total"], row["headroom"], row["counts"]) == ("12.50", "62.50", "737.50", "true")
    assert (row["action"], row["currency"], row["as_of"]) == ("GO", "USD", "2025-08-20T14:26:40+00:00")
