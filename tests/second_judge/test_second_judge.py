"""The steps and a judge written apart from them agree on random files, decision by decision."""

from typing import Any

import pytest

from tests.second_judge.comparing import compare, judge_really
from tests.second_judge.lives import Event, life


@pytest.mark.parametrize("seed", range(18))
def test_both_judges_agree(seed: int) -> None:
    """Under each policy every fate, decision and alert of a random file is the same by both."""
    difference, agreed = compare(seed, 250)
    assert not difference
    assert agreed > 50


def test_a_bill_that_comes_again_leaves_its_former_order() -> None:
    """A bill posted after its conveyance was forgotten counts in the order that it names now, and in that alone."""
    first = _bill("AAAA0001", "2017-01-20T12:00:00Z", "2017-01-20T12:00:00Z", "500", "o-1")
    again = _bill("AAAA0001", "2017-03-24T12:00:00Z", "2017-03-24T12:00:00Z", "500", None)
    other = _bill("AAAA0002", "2017-03-24T13:00:00Z", "2017-01-20T13:00:00Z", "850", "o-1")
    told = judge_really([first, again, other])[-1]
    (decision,) = next(iter(told.decisions.values()))
    assert decision["advice"] == {"entry_type": "11", "next_day": None, "dutiable_cents": None, "caution": None}


def test_a_difference_is_found() -> None:
    """Where the plain judge is told another value the comparison says so: it can fail."""

    def a_cent_more(events: list[Event]) -> list[Event]:
        return [_dearer(event) for event in events]

    difference, _ = compare(3, 250, a_cent_more)
    assert "value_cents" in difference


def test_lives_meet_what_they_are_made_for() -> None:
    """The files of a few seeds hold every type of event, repeats, exits before bills, mail and split orders."""
    events = [event for seed in range(6) for event in life(seed)]
    whole = [event["data"] for event in events if "lines" in event["data"]]
    assert len({event["type"] for event in events}) == 6
    assert {"mail", "truck"} <= {data["mode"] for data in whole}
    assert {"type86", "manifest"} == {data["filing"] for data in whole}
    assert {"o-1", "o-2", "", None} == {data["order"] for data in whole}
    assert {"fda", "pga", "irc-tax"} <= {flag for data in whole for line in data["lines"] for flag in line["flags"]}


def _dearer(event: Event) -> Event:
    data: dict[str, Any] = event["data"]
    if "lines" not in data:
        return event
    first, *others = data["lines"]
    amount = f"{float(first['value']['amount']) + 0.01:.2f}"
    return {**event, "data": {**data, "lines": [{**first, "value": {**first["value"], "amount": amount}}, *others]}}


def _bill(number: str, time: str, manifested_at: str, amount: str, order: str | None) -> Event:
    line = {
        "description": "shirt", "hts": "", "origin": "FR", "quantity": 1,
        "value": {"amount": amount, "currency": "USD"},
    }  # fmt: skip
    data = {
        "bill": number, "conveyance": "air:T1", "sequence": 1, "manifested_at": manifested_at, "mode": "air",
        "filing": "manifest", "consignee": {"identifier_type": "EI", "identifier": "1"}, "arrived_at": time,
        "shipper": {"name": "S", "country": "FR"}, "lines": [line], "order": order,
    }  # fmt: skip
    kind = "tallygate.bill.manifested.v1"
    return {"specversion": "1.0", "id": f"{number} {time}", "source": "/t", "type": kind, "time": time, "data": data}
