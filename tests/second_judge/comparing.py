"""Both judges over one file, and where they differ."""

from collections import Counter
from collections.abc import Callable
from itertools import product
from typing import Any, Final, NamedTuple

import msgspec

from agents.judge.offline_judge import JudgeOptions, open_judge
from stream.decisions import Policy
from stream.records import Fate, Outgoing, Sink
from tests.second_judge.ledgers import Ledgers
from tests.second_judge.lives import Event, life
from tests.second_judge.manifest import Manifest, instant

POLICIES: Final = tuple(
    product(("skip", "latch", "all_or_none"), ("cents", "whole-dollars"), ("auto", "warn", "withhold"))
)
ALERTS: Final = frozenset({"near-limit", "duplicate-bill"})

Told = dict[str, Any]


class Judged(NamedTuple):
    """What a judge made of one event: its fate, its decisions by consignee in order, and its alerts."""

    fate: str
    decisions: dict[str, list[Told]]
    alerts: list[tuple[str, str, str | None]]


def judge_plainly(events: list[Event], overflow: str, rounding: str, enforcement: str) -> list[Judged]:
    """Judge a file by this folder."""
    manifest, ledgers, found = Manifest(), Ledgers(overflow, rounding, enforcement), []
    for event in events:
        fate, posts = manifest.take(event)
        decisions = {}
        for consignee, bills in posts:
            conveyance = event["data"]["conveyance"]
            decisions[consignee] = ledgers.judge(instant(event["time"]), consignee, conveyance, bills)
        found.append(Judged(fate, {who: told for who, told in decisions.items() if told}, ledgers.alerts))
        ledgers.alerts = []
    return found


def judge_really(events: list[Event], policy: Policy) -> list[Judged]:
    """Judge a file by the steps themselves, as `tallygate judge` does."""
    sent: list[Outgoing] = []
    judge, found = open_judge(JudgeOptions(policy), sent.append), []
    for offset, event in enumerate(events):
        sent.clear()
        fate, code = judge.push(msgspec.json.encode(event), offset)
        decisions: dict[str, list[Told]] = {}
        alerts = []
        for outgoing in sent:
            if outgoing.sink is Sink.DEAD_LETTERS:
                continue
            data = msgspec.json.decode(outgoing.value or b"")["data"]
            if outgoing.sink is Sink.DECISIONS:
                decisions.setdefault(data["consignee"], []).append(data)
            elif data["alert"] in ALERTS:
                alerts.append((data["alert"], data["day"], data["bill"]))
        names = {Fate.APPLIED: "applied", Fate.STALE: "stale"}
        found.append(Judged(names.get(fate, code), decisions, alerts))
    return found


def compare(seed: int, count: int = 400, spoil: Callable[[list[Event]], list[Event]] | None = None) -> tuple[str, int]:
    """Return the first difference over the file of a seed, empty if there is none, and how many decisions agreed.

    `spoil` changes what the plain judge is given: a test that a difference is found.
    """
    overflow, rounding, enforcement = POLICIES[seed % len(POLICIES)]
    policy = msgspec.convert({"overflow": overflow, "rounding": rounding, "enforcement": enforcement}, Policy)
    events = life(seed, count)
    plain = judge_plainly(spoil(events) if spoil else events, overflow, rounding, enforcement)
    agreed = 0
    for number, (mine, real) in enumerate(zip(plain, judge_really(events, policy), strict=True)):
        difference = differing(mine, real)
        if difference:
            return f"seed {seed}, event {number}: {difference}", agreed
        agreed += sum(map(len, mine.decisions.values()))
    return "", agreed


def differing(mine: Judged, real: Judged) -> str:
    """Say what differs over one event; whose key is whose is left open, their decisions in order are not."""
    if mine.fate != real.fate:
        return f"plain {mine.fate}, real {real.fate}"
    if Counter(mine.alerts) != Counter(real.alerts):
        return f"alerts: plain {sorted(mine.alerts, key=str)}, real {sorted(real.alerts, key=str)}"
    by_bill = {(told[0]["bill"], told[0]["conveyance"]): told for told in real.decisions.values()}
    if len(by_bill) != len(mine.decisions):
        return f"decisions for {len(mine.decisions)} consignees, really for {len(by_bill)}"
    for told in mine.decisions.values():
        others = by_bill.get((told[0]["bill"], told[0]["conveyance"]), [])
        if len(others) != len(told):
            return f"{told[0]['bill']}: {len(told)} decisions, really {len(others)}"
        for one, other in zip(told, others, strict=True):
            fields = {name: (value, other[name]) for name, value in one.items() if value != other[name]}
            if fields:
                return f"{one['bill']} {one['outcome']} {one['reason']}, plain and real: {fields}"
    return ""
