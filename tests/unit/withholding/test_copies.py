"""One bill number on many conveyances: a row for each copy, and an event costs the same however many there are."""

from collections import Counter
from datetime import timedelta
from typing import Any

import pytest

from state.table import Group
from state.unreadable_rows import RowFormatError
from state.withholding import book, copies, rivals
from state.withholding.bill import posted_bill
from state.withholding.keys import copy_suffix
from state.withholding.rivals import Rivals
from state.withholding.rows import shared_copies
from stream.decisions import DecisionData, Overflow, Policy
from tests.unit.withholding.judged_step import CONSIGNEE, DAY, LIMIT, JudgedStep, alerts, later, posted, posting

NUMBER = b"ACME0000001"


def copy_of(judged_step: JudgedStep, name: str, *, cents: int = 100, **changes: Any) -> list[DecisionData]:
    """Post the one bill on a conveyance."""
    return judged_step.post(posted(1, cents, **changes), conveyance=name)


def suffixes(judged_step: JudgedStep) -> dict[bytes, bytes]:
    """Return the consignee's rows by suffix, without the alerts."""
    found = {
        key[1 + key[0] :]: row for key, row in judged_step.rows().items() if key[1 : 1 + key[0]] == CONSIGNEE.encode()
    }
    return {suffix: row for suffix, row in found.items() if suffix[:1] in b"bc"}


def test_a_number_gets_a_row_a_copy_when_it_is_shared() -> None:
    """One copy is the number's row; from the second on each has its own, and the number's row counts them."""
    judged_step = JudgedStep()
    copy_of(judged_step, "air:1")
    alone = suffixes(judged_step)
    assert list(alone) == [b"b" + NUMBER]
    copy_of(judged_step, "air:2")
    both = suffixes(judged_step)
    assert sorted(both) == [b"b" + NUMBER, copy_suffix(NUMBER, b"air:1"), copy_suffix(NUMBER, b"air:2")]
    assert both[copy_suffix(NUMBER, b"air:1")] == alone[b"b" + NUMBER]
    assert shared_copies(both[b"b" + NUMBER]) == 2
    copy_of(judged_step, "air:1", stand="closed", posting=2)
    assert shared_copies(suffixes(judged_step)[b"b" + NUMBER]) == 1
    copy_of(judged_step, "air:2", stand="moved", posting=2)
    assert suffixes(judged_step) == {}


def test_a_copy_of_the_former_format_is_refused() -> None:
    """A copy's own row says its format too."""
    judged_step = JudgedStep()
    copy_of(judged_step, "air:1")
    copy_of(judged_step, "air:2")
    overlay = judged_step.table.overlay()
    group = overlay.group(CONSIGNEE.encode())
    suffix = copy_suffix(NUMBER, b"air:2")
    group.put(suffix, b"\1" + (group.get(suffix) or b"")[1:])
    with pytest.raises(RowFormatError, match="rebuild tables --epoch N"):
        judged_step.run(posting(posted(1)), overlay)


def test_swept_copies_take_the_number_with_them() -> None:
    """Copies of closed days go one by one, the count with them; the number's row goes with its last copy."""
    judged_step = JudgedStep()
    for name, day in (("air:1", DAY), ("air:2", DAY), ("air:3", DAY + timedelta(1))):
        copy_of(judged_step, name, day=day)
    judged_step.post(posted(99, stand="closed"), time=later(16), consignee="na2:passing")
    assert judged_step.sweep(100) == 3
    assert {suffix: shared_copies(row) for suffix, row in suffixes(judged_step).items()} == {
        b"b" + NUMBER: 1,
        copy_suffix(NUMBER, b"air:3"): 0,
    }
    judged_step.post(posted(99, stand="closed"), time=later(17), consignee="na2:passing")
    assert judged_step.sweep(100) == 2
    assert suffixes(judged_step) == {}


def counted(patch: pytest.MonkeyPatch) -> Counter[str]:
    """Count what is read, written, unpacked and walked."""
    seen: Counter[str] = Counter()

    def counting(owner: Any, name: str) -> None:
        function = getattr(owner, name)

        def call(*arguments: Any, **named: Any) -> Any:
            seen[name] += 1
            return function(*arguments, **named)

        patch.setattr(owner, name, call)

    for name in ("get", "put", "delete", "items"):
        counting(Group, name)
    for name in ("join", "leave", "contenders"):
        counting(Rivals, name)
    counting(copies, "open_row")
    counting(book, "open_row")
    counting(rivals, "heappop")
    return seen


@pytest.mark.parametrize("overflow", ["skip", "latch", "all_or_none"])
def test_an_event_costs_the_same_however_many_copies_there_are(
    overflow: Overflow, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A copy that comes, changes, wins, leaves or moves touches as many rows with 20 copies as with 6,000."""
    steps, sizes = [], []
    for many in (20, 6_000):
        judged_step = JudgedStep(Policy(overflow))
        for number in range(many):
            copy_of(judged_step, f"air:{number:05d}", cents=LIMIT)
        with monkeypatch.context() as patch:
            seen = counted(patch)
            for changes in (
                {"name": "air:9"},
                {"name": "air:9", "version": 2, "posting": 2},
                {"name": "air:00000", "version": 3, "posting": 2, "stand": "closed"},
                {"name": "air:9", "version": 3, "posting": 3, "day": DAY + timedelta(1)},
                {"name": "air:9", "version": 4, "posting": 4, "stand": "moved"},
                {"name": "air:00001", "version": 3, "posting": 2, "stand": "closed", "exit": "exported"},
            ):
                copy_of(judged_step, cents=LIMIT, **changes)
                sizes.append(sum(len(key) + len(row or b"") for key, row in judged_step.changes))
        steps.append(dict(seen))
    assert steps[0] == steps[1]
    assert sizes[:6] == sizes[6:]


def test_thousands_of_copies_are_reported_once_and_one_counts() -> None:
    """However the copies come and go, one of them counts, and the alert says so once a day."""
    judged_step = JudgedStep()
    raised = []
    for number in range(50):
        raised += alerts(judged_step.send(posting(posted(1, 100), conveyance=f"air:{number:02d}")))
    assert [(alert.alert, alert.conveyance) for alert in raised] == [("duplicate-bill", "air:00")]
    left = copy_of(judged_step, "air:00", stand="closed", posting=2)
    assert [(one.conveyance, one.outcome, one.reason) for one in left] == [
        ("air:00", "closed", "deleted"),
        ("air:01", "release", "within-limit"),
    ]
    assert left[1].total_cents == 100


def test_a_heap_of_rivals_does_not_grow_with_what_left() -> None:
    """A copy that changes its version a thousand times leaves no more behind than a few entries."""
    held = Rivals()
    first, second = (posted_bill(posted(1), name, DAY.toordinal()) for name in ("air:1", "air:2"))
    held.join(second)
    for version in range(1, 1_000):
        first.version = version
        held.leave("air:1")
        held.join(first)
        assert held.contenders() == {"air:1"}
    assert len(held._heap) <= 2 * len(held) + 8
    held.leave("air:1")
    assert held.contenders() == {"air:2"}
