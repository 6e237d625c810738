"""A consignee with very many bills: the loop may breathe often, and a posting costs what it cost with ten bills."""

from collections.abc import Callable, Iterator
from typing import Any

import pytest

from state.table import Table
from state.withholding.book import Book
from state.withholding.rows import open_row
from state.withholding.walk import Walk
from stream.decisions import Overflow, Policy
from stream.postings import PostedBill
from stream.records import Outgoing
from tests.unit.withholding.judged_step import CONSIGNEE, LIMIT, JudgedStep, decisions, posted, posting, record

MANY = 11_000
"""Bills of the large consignee: more than are sorted at once."""
OUTPUTS_A_BREATH = 250
LOOKS_A_BREATH = 1_100
"""Bills looked at between two breaths: those of one record, and some more."""


def laden(bills: int, cents: int, policy: Policy | None = None, stand: str = "arrived") -> JudgedStep:
    """Return a judged step with so many bills on one day, on the conveyance `air:1`."""
    judged_step = JudgedStep(policy)
    for first in range(0, bills, 1000):
        whole = [posted(number, cents, stand) for number in range(first, min(first + 1000, bills))]
        judged_step.send(posting(*whole))
    return judged_step


class Looks:
    """Counts bills looked at since the last breath, in the two places where a bill of a large day is."""

    def __init__(self, patch: pytest.MonkeyPatch) -> None:
        self.now = self.most = 0
        patch.setattr("state.withholding.copies.open_row", self.counting(open_row))
        patch.setattr(Walk, "set_fits", self.counting(Walk.set_fits))
        patch.setattr(Walk, "remove", self.counting(Walk.remove))

    def counting(self, function: Callable[..., Any]) -> Callable[..., Any]:
        def counted(*arguments: Any, **named: Any) -> Any:
            self.now += 1
            self.most = max(self.most, self.now)
            return function(*arguments, **named)

        return counted

    def gaps(self, outputs: Iterator[Outgoing | None]) -> tuple[list[Outgoing], int]:
        """Drain outputs; give them, and the most in a row without a breath."""
        found: list[Outgoing] = []
        run = longest = 0
        for output in outputs:
            if output is None:
                self.now = run = 0
            else:
                found.append(output)
                run += 1
                longest = max(longest, run)
        return found, longest


def breathes(
    judged_step: JudgedStep, patch: pytest.MonkeyPatch, bill: PostedBill, conveyance: str = "air:2"
) -> list[Outgoing]:
    """Post a bill that changes everything; checks how often the loop may breathe, and gives the outputs."""
    looks = Looks(patch)
    overlay = judged_step.table.overlay()
    result = judged_step.step(record(posting(bill, conveyance=conveyance)), overlay)
    outputs, longest = looks.gaps(iter(result.outputs))
    overlay.join()
    assert longest <= OUTPUTS_A_BREATH
    assert MANY / 100 < looks.most <= LOOKS_A_BREATH
    return outputs


def test_the_loop_breathes_while_all_releases_are_taken_back(monkeypatch: pytest.MonkeyPatch) -> None:
    """Under `all_or_none` one bill can turn a whole day: decisions in manifest order, then alerts, all with breath."""
    judged_step = laden(MANY, 1, Policy("all_or_none"))
    outputs = breathes(judged_step, monkeypatch, posted(99_999, LIMIT - MANY + 1))
    numbers = [decision.bill for decision in decisions(outputs)]
    assert numbers == ["ACME0099999", *(f"ACME{number:07d}" for number in range(MANY))]
    assert {decision.outcome for decision in decisions(outputs)} == {"withhold"}
    assert len(outputs) == 1 + 2 * MANY + 1
    outputs = breathes(judged_step, monkeypatch, posted(99_999, stand="closed"))
    assert {decision.outcome for decision in decisions(outputs)[1:]} == {"release"}
    assert len(outputs) == 1 + MANY


@pytest.mark.parametrize("overflow", ["skip", "latch"])
def test_the_loop_breathes_while_freed_headroom_is_given_away(
    overflow: Overflow, monkeypatch: pytest.MonkeyPatch
) -> None:
    """One bill that leaves lets very many in, and turns as many expected ones."""
    judged_step = JudgedStep(Policy(overflow))
    judged_step.post(posted(99_999, LIMIT), conveyance="air:2")
    for stand, first in (("arrived", 0), ("expected", MANY)):
        for start in range(first, first + MANY, 1000):
            judged_step.send(posting(*(posted(number, 1, stand) for number in range(start, start + 1000))))
    outputs = breathes(judged_step, monkeypatch, posted(99_999, stand="closed"))
    assert len(decisions(outputs)) == len(outputs) == 1 + 2 * MANY


def test_the_loop_breathes_while_a_book_is_built() -> None:
    """The first touch after a restore yields while it takes up the rows, before any output."""
    judged_step = laden(MANY, 1)
    restored = Table()
    for _ in restored.restore(dict(judged_step.table.rows())):
        pass
    outputs = JudgedStep(table=restored).run(posting(posted(99_999)), restored.overlay())
    assert outputs[: MANY // 2000] == [None] * (MANY // 2000)
    assert len([output for output in outputs if output is not None]) == 1


def test_a_conveyance_that_arrives_breathes_in_every_record(monkeypatch: pytest.MonkeyPatch) -> None:
    """Records of a thousand bills of one manifest are judged with a breath between a few hundred outputs."""
    judged_step = laden(3_000, 1, stand="expected")
    looks = Looks(monkeypatch)
    for first in range(0, 3_000, 1000):
        overlay = judged_step.table.overlay()
        whole = [posted(number, 1, posting=2) for number in range(first, first + 1000)]
        outputs, longest = looks.gaps(iter(judged_step.step(record(posting(*whole)), overlay).outputs))
        overlay.join()
        assert (len(outputs), longest <= OUTPUTS_A_BREATH) == (1000, True)
    assert 1000 <= looks.most <= 2 * LOOKS_A_BREATH


def test_a_book_is_kept_between_postings_and_built_anew_when_lost() -> None:
    """The same book serves one posting after the other; a transaction that fails takes it, and the next builds one."""
    judged_step = laden(40, 1)
    held = []
    for number in (50, 51):
        judged_step.post(posted(number))
        overlay = judged_step.table.overlay()
        held.append(overlay.index(CONSIGNEE.encode()))
        overlay.keep_index(CONSIGNEE.encode(), held[-1], 1)
        overlay.join()
    assert isinstance(held[0], Book)
    assert held[0] is held[1]
    judged_step.run(posting(posted(52)), judged_step.table.overlay())
    judged_step.post(posted(53))
    assert isinstance(anew := judged_step.table.overlay().index(CONSIGNEE.encode()), Book)
    assert anew is not held[0]


def written(judged_step: JudgedStep, *bills: PostedBill, conveyance: str = "air:1") -> list[tuple[int, int]]:
    """Post; give how long key and value of each changelog record are."""
    judged_step.post(*bills, conveyance=conveyance)
    return sorted((len(key), len(value or b"")) for key, value in judged_step.changes)


@pytest.mark.parametrize("overflow", ["skip", "latch", "all_or_none"])
def test_a_posting_writes_the_same_however_many_bills_the_day_holds(overflow: Overflow) -> None:
    """Append, amendment, arrival, exit, move and a misfit: rows and bytes for ten bills are those for ten thousand."""
    sizes = []
    for bills in (10, 10_000):
        judged_step = laden(bills, 0, Policy(overflow), stand="expected")
        steps = [
            written(judged_step, posted(20_000, 5, "expected")),
            written(judged_step, posted(20_000, 6, "expected", version=2, posting=2)),
            written(judged_step, posted(20_000, 6, version=2, posting=3)),
            written(judged_step, posted(20_001, 7, order="order-1")),
            written(judged_step, posted(3, 0, posting=2), posted(4, 0, posting=2)),
            written(judged_step, posted(5, 0, stand="closed", version=2, posting=2)),
            written(judged_step, posted(6, 0, stand="moved", version=2, posting=2)),
        ]
        if overflow == "skip":
            steps.append(written(judged_step, posted(20_002, LIMIT)))
        sizes.append(steps)
    assert sizes[0] == sizes[1]
    assert [len(step) for step in sizes[0]][:7] == [1, 1, 1, 2, 2, 1, 1]
