"""The invented consignees: many ordinary persons with few bills, few firms with many."""

from collections import Counter
from random import Random

import msgspec
import pytest

from agents.demo.people import SHARES, Consignees
from stream.events import Consignee

BILLS = 20_000


@pytest.fixture(scope="module")
def consignees() -> Consignees:
    return Consignees(Random(3), BILLS)


def test_ordinary_persons_have_one_to_three_bills(consignees: Consignees) -> None:
    """An ordinary consignee has one to three bills; firms have the share of the bills that the figures give them."""
    counts = Counter(consignees.of_bill)
    assert sum(counts.values()) == BILLS
    assert {count for number, count in counts.items() if not consignees.is_firm(number)} == {1, 2, 3}
    of_firms = sum(count for number, count in counts.items() if consignees.is_firm(number))
    assert of_firms == sum(int(share.of_bills * BILLS) for share in SHARES)


def test_everybody_is_somebody_else(consignees: Consignees) -> None:
    """No two consignees share name and address, and every spelling has the exact shape."""
    numbers = set(consignees.of_bill)
    assert len({consignees.fragment(number) for number in numbers}) == len(numbers)
    for number in list(numbers)[:500] + list(numbers)[-500:]:
        for otherwise, stateless in ((False, False), (True, False), (False, True)):
            text = consignees.fragment(number, otherwise=otherwise, stateless=stateless)
            found = msgspec.json.decode(text, type=Consignee)
            assert found.address is None or (found.address.state is None) == stateless


def test_owners_share_a_warehouse_address(consignees: Consignees) -> None:
    """Several owners are named care of one warehouse: one address, different persons."""
    firms = [
        msgspec.json.decode(consignees.fragment(number), type=Consignee)
        for number in set(consignees.of_bill)
        if consignees.is_firm(number)
    ]
    owners = Counter(tuple(firm.address.lines) for firm in firms if firm.address and firm.name and " c/o " in firm.name)
    assert owners.most_common(1)[0][1] > 1


def test_newcomers_have_no_bill(consignees: Consignees) -> None:
    """A newcomer is an ordinary person, and no bill had it as its consignee before."""
    taken = set(consignees.of_bill)
    for _ in range(50):
        number = consignees.newcomer()
        assert number not in taken
        assert not consignees.is_firm(number)
