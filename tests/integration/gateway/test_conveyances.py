"""`GET /v1/conveyances`: what a board shows of a day and of a conveyance, and how old it is."""

from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest

from agents.gateway.endpoints.conveyances import actions_of
from agents.readmodel.store import StoreSettings
from agents.readmodel.writing import Writer
from stream.outcomes import Action, action
from tests.integration.gateway.gateway_setup import setup_on
from tests.redis.events import decision
from tests.unit.readmodel.filling import FRESH_MS, fill

pytestmark = pytest.mark.redis

FRESH = datetime.fromtimestamp(FRESH_MS / 1000, UTC)
AIR, SEA = "air:1", "sea:2"
HELD: dict[str, Any] = {"outcome": "withhold", "reason": "daily-limit", "counts": False}
REFUSED: dict[str, Any] = {"outcome": "reject", "reason": "suspended", "counts": False}
EXPECTED: dict[str, Any] = {"outcome": "clear", "basis": "estimated", "counts": False}
WARNED: dict[str, Any] = {"outcome": "warn", "reason": "daily-limit", "counts": False}
BILLS = [
    decision("ACME0001", AIR),
    decision("ACME0002", AIR, minutes=9, **HELD),
    decision("ACME0003", AIR, minutes=2, **HELD),
    decision("ACME0004", AIR, minutes=3, **REFUSED),
    decision("ACME0005", AIR, **WARNED),
    decision("ACME0006", AIR, **{**WARNED, "basis": "estimated"}),
    decision("ACME0007", AIR, **EXPECTED),
    decision("ACME0008", AIR, outcome="closed", reason="returned", counts=False),
    decision("ACME0009", SEA, outcome="pending", reason="no-day", basis=None, day=None, counts=False),
]


async def asked(
    folder: Path, store: StoreSettings, *paths: str, moment: datetime = FRESH
) -> list[tuple[int, dict[str, Any]]]:
    """Ask a gateway over the bills at a moment, with the scope of a scanner."""
    async with Writer(store) as writer:
        await fill(writer, BILLS)
    setup = setup_on(folder, store)
    found = []
    async with setup.serving(lambda: moment) as client:
        for path in paths:
            async with client.get(f"/v1/{path}", headers=setup.bearer("scan")) as response:
                found.append((response.status, await response.json(content_type=None)))
    return found


async def test_board_of_a_conveyance(tmp_path: Path, store: StoreSettings) -> None:
    """Counts by action are those of the bills' own answers; what to pull is listed, the latest of each by its event."""
    [(status, board), (_, none), (bad, _)] = await asked(
        tmp_path, store, f"conveyances/{AIR}", "conveyances/air:none", "conveyances/%20"
    )
    expected = dict.fromkeys(Action, 0)
    for each in BILLS[:8]:
        expected[action(each.data.outcome, each.data.basis)] += 1
    assert (status, board["bills"], board["actions"]) == (200, 8, expected)
    assert expected[Action.GO] == 2  # one of them is a warning after arrival
    assert [(each["bill"], each["action"]) for each in board["pull"]] == [
        ("ACME0002", "HOLD"), ("ACME0003", "HOLD"), ("ACME0004", "STOP"),
    ]  # fmt: skip
    assert {word: each["bill"] for word, each in board["latest"].items()} == {"HOLD": "ACME0002", "STOP": "ACME0004"}
    assert (board["complete"], board["stale"], "order" in str(board), "consignee" in board["pull"][0]) == (
        True, False, False, False,
    )  # fmt: skip
    assert (none["bills"], none["pull"], none["latest"], bad) == (0, [], {}, 400)


async def test_conveyances_of_a_day(tmp_path: Path, store: StoreSettings) -> None:
    """Only conveyances with a bill on the day are listed; one without a day is found by its name."""
    [(status, day), (_, sea), (_, other), (bad, _), (missing, _)] = await asked(
        tmp_path, store, "conveyances?day=2025-08-20", f"conveyances/{SEA}", "conveyances?day=2025-08-21",
        "conveyances?day=today", "conveyances",
    )  # fmt: skip
    assert (status, [each["conveyance"] for each in day["conveyances"]], day["stale"]) == (200, [AIR], False)
    assert day["conveyances"][0]["actions"]["HOLD"] == 2
    assert (sea["actions"]["HOLD"], [each["bill"] for each in sea["pull"]]) == (1, ["ACME0009"])
    assert (other["conveyances"], bad, missing) == ([], 400, 400)


async def test_board_says_when_it_is_old(tmp_path: Path, store: StoreSettings) -> None:
    """From the age on at which answers are HOLD, the board is stale, and still lists what to pull."""
    late = FRESH + timedelta(seconds=10, microseconds=1)
    [(_, board), (_, day)] = await asked(
        tmp_path, store, f"conveyances/{AIR}", "conveyances?day=2025-08-20", moment=late
    )
    assert (board["stale"], day["stale"], len(board["pull"])) == (True, True, 3)


@pytest.mark.parametrize("held", BILLS, ids=lambda each: str(each.data.bill))
def test_action_of_a_list_is_that_of_its_bills(held: Any) -> None:
    """A bill counts under the action that a scanner would show for it."""
    outcome, basis = held.data.outcome, held.data.basis
    counted = actions_of({(outcome, basis if outcome == "warn" else None): 1})
    assert counted[action(outcome, basis)] == 1
    assert sum(counted.values()) == 1
