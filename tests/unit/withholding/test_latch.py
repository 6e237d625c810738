"""Policy `latch` on a day of very many expected bills: an event looks at the border alone, not at what stays."""

from collections import Counter
from collections.abc import Callable
from typing import Any

import pytest

from state.withholding.walk import Block, Walk
from stream.decisions import Policy
from tests.unit.withholding.judged_step import JudgedStep, posted, posting

STEPS: list[dict[str, Any]] = [
    {"number": 100_000, "cents": 7},
    {"number": 0, "cents": 99, "version": 2, "posting": 2},
    {"number": 0, "cents": 100, "version": 3, "posting": 3},
    {"number": 1, "cents": 100, "version": 2, "posting": 2, "stand": "arrived"},
    {"number": 2, "cents": 100, "version": 2, "posting": 2, "stand": "closed"},
    {"number": 3, "cents": 90, "version": 2, "posting": 2, "stand": "moved"},
]
"""A misfit at the end, an amendment down and up, an arrival, a deletion and a move: all before the border but one."""


def looks(patch: pytest.MonkeyPatch) -> Counter[str]:
    """Count what is done to walks and blocks."""
    seen: Counter[str] = Counter()

    def counting(name: str, function: Callable[..., Any]) -> Callable[..., Any]:
        def counted(*arguments: Any, **named: Any) -> Any:
            seen[name] += 1
            return function(*arguments, **named)

        return counted

    for owner, names in ((Walk, ("insert", "remove", "set_fits", "first")), (Block, ("refresh", "__init__"))):
        for name in names:
            patch.setattr(owner, name, counting(name, getattr(owner, name)))
    return seen


def test_an_event_costs_the_same_however_many_expected_bills_there_are(monkeypatch: pytest.MonkeyPatch) -> None:
    """A day of 8,000 has hundreds of blocks of sixteen bills, and each event looks at as much as with 900."""
    monkeypatch.setattr("state.withholding.walk.BLOCK_MAX", 16)
    found = []
    for bills in (900, 8_000):
        judged_step = JudgedStep(Policy("latch"))
        for first in range(0, bills, 1_000):
            whole = (posted(number, 100, "expected") for number in range(first, min(first + 1_000, bills)))
            judged_step.send(posting(*whole))
        judged_step.post(posted(200_000, 100, "expected"))
        with monkeypatch.context() as patch:
            seen = looks(patch)
            verdicts = [judged_step.verdicts(posted(**{"stand": "expected", **step})) for step in STEPS]
        found.append((verdicts, {name: count for name, count in seen.items() if name != "__init__"}))
    assert found[0] == found[1]
    assert [len(decided) for decided in found[0][0]] == [1, 1, 1, 1, 2, 1]
    assert found[0][1]["insert"] < 5 * len(STEPS)
