"""Both judges over one file, and where they differ."""

from collections import Counter
from collections.abc import Callable, Collection, Iterable, Sequence
from functools import cache
from itertools import product
from typing import Any, Final, NamedTuple

import msgspec

from agents.judge.offline_judge import EPOCH, Judge
from state.manifest.step import ManifestStep
from state.rules.loading import rulebook_of, shipped_texts
from state.rules.rule_files import RuleText
from state.rules.rulebook import Rulebook
from state.withholding import WithholdingStep
from stream.consignee import JUDGE_SECRET, KeyMaker
from stream.decisions import Policy
from stream.records import Fate, Outgoing, Sink
from stream.topics import Topics
from tests.second_judge.ledgers import Ledgers
from tests.second_judge.lives import Event, Life
from tests.second_judge.manifest import Manifest, instant
from tests.second_judge.regimes import REGIMES, rates_file

POLICIES: Final = tuple(
    product(("skip", "latch", "all_or_none"), ("cents", "whole-dollars"), ("auto", "warn", "withhold"))
)
JOINS: Final = (1000, 1, 7, 50, 1000)
BOOKS_LOST_BELOW: Final = 50
"""Where tables join more often than this, what is kept beside the rows is lost each time, as when room is short."""
ALERTS: Final = frozenset({"near-limit", "duplicate-bill", "release-superseded"})

Told = dict[str, Any]


class Judged(NamedTuple):
    """What a judge made of one event: its fate, its decisions by consignee in order, and its alerts."""

    fate: str
    decisions: dict[str, list[Told]]
    alerts: list[tuple[str, str, str | None, str | None]]


class World(NamedTuple):
    """What both judges are told beside the events: the policy, and which programmes are enabled."""

    policy: Policy = Policy()
    enabled: Sequence[str] = tuple(REGIMES)
    default: str = "us-321"
    join_each: int = 1000
    """Events after which the tables take over what changed, and expired rows are swept: no judge may show it."""


PLAIN: Final = World()


def judge_plainly(events: list[Event], world: World = PLAIN) -> list[Judged]:
    """Judge a file by this folder."""
    policy = world.policy
    manifest = Manifest(world.enabled, world.default)
    ledgers, found = Ledgers(policy.overflow, policy.rounding, policy.enforcement), []
    for event in events:
        fate, posts = manifest.take(event)
        decisions = {}
        for consignee, bills in posts:
            conveyance = event["data"]["conveyance"]
            decisions[consignee] = ledgers.judge(instant(event["time"]), consignee, conveyance, bills)
        found.append(Judged(fate, {who: told for who, told in decisions.items() if told}, ledgers.alerts))
        ledgers.alerts = []
    return found


@cache
def rulebook() -> Rulebook:
    """Return the shipped rules with the made-up rates."""
    return rulebook_of(shipped_texts(), [RuleText("rates.toml", rates_file())])


def measure_of(rule: str | None) -> str | None:
    """Return what a limit or a cap of this id is on, None for another rule."""
    entries = (*rulebook().data.limit, *rulebook().data.single)
    return {entry.id: str(entry.measure) for entry in entries}.get(rule or "")


def judge_really(events: list[Event], world: World = PLAIN) -> list[Judged]:
    """Judge a file by the steps themselves, as `tallygate judge` does."""
    rules = rulebook().with_programmes(sorted(world.enabled), world.default)
    return judge_by(rules, events, world.policy, world.join_each)


def judge_by(rules: Rulebook, events: list[Event], policy: Policy, join_each: int) -> list[Judged]:
    """Judge a file by the steps, under any rulebook."""
    sent: list[Outgoing] = []
    topics, book = Topics(epoch=EPOCH), rules.as_of(policy.as_of).with_enforcement(policy.enforcement)
    manifest = ManifestStep(book, KeyMaker(JUDGE_SECRET))
    judge = Judge(manifest, WithholdingStep(book, policy, EPOCH, topics.shipments), sent.append, topics)
    found = []
    for offset, event in enumerate(events):
        sent.clear()
        fate, code = judge.push(msgspec.json.encode(event), offset)
        if offset % join_each == join_each - 1:
            judge.join()
            if join_each < BOOKS_LOST_BELOW:
                for root in list(judge._withholding_table.roots()):
                    judge._withholding_table.take_cache(root)
        decisions: dict[str, list[Told]] = {}
        alerts = []
        for outgoing in sent:
            if outgoing.sink in {Sink.DEAD_LETTERS, Sink.NOTICES}:
                continue
            data = msgspec.json.decode(outgoing.value or b"")["data"]
            if outgoing.sink is Sink.DECISIONS:
                data |= {"asked": measure_of(data["rule"]), "overflow": data["policy"]["overflow"]}
                decisions.setdefault(data["consignee"], []).append(data)
            else:
                alerts.append((data["alert"], data["programme"], data["period"], data["bill"]))
        names = {Fate.APPLIED: "applied", Fate.STALE: "stale"}
        found.append(Judged(names.get(fate, code), decisions, alerts))
    return found


def compare(
    seed: int,
    count: int = 400,
    spoil: Callable[[list[Event]], list[Event]] | None = None,
    other: Callable[[list[Event], World], list[Judged]] = judge_really,
) -> tuple[str, int]:
    """Return the first difference over the file of a seed, empty if there is none, and how many decisions agreed.

    `spoil` changes what the plain judge is given: a test that a difference is found. `other` is who must agree with it.
    """
    overflow, rounding, enforcement = POLICIES[seed % len(POLICIES)]
    policy = msgspec.convert({"overflow": overflow, "rounding": rounding, "enforcement": enforcement}, Policy)
    life = Life(seed)
    events, world = life.events(count), World(policy, life.enabled, life.default, JOINS[seed % len(JOINS)])
    plain = judge_plainly(spoil(events) if spoil else events, world)
    agreed, sellers = 0, dict[str, str]()
    for number, (mine, real) in enumerate(zip(plain, other(events, world), strict=True)):
        difference = differing(mine, real, sellers)
        if difference:
            return f"seed {seed}, event {number}: {difference}", agreed
        agreed += sum(map(len, mine.decisions.values()))
    return "", agreed


def differing(mine: Judged, real: Judged, sellers: dict[str, str], kinds: Collection[str] = ALERTS) -> str:
    """Say what differs over one event; whose key is whose is learned, their decisions in order are compared."""
    if mine.fate != real.fate:
        return f"plain {mine.fate}, real {real.fate}"
    raised, known = ([alert for alert in one.alerts if alert[0] in kinds and is_settled(alert)] for one in (mine, real))
    if Counter(raised) != Counter(known):
        return f"alerts: plain {sorted(raised, key=str)}, real {sorted(known, key=str)}"
    by_bill = {(told[0]["bill"], told[0]["conveyance"]): told for told in real.decisions.values()}
    if len(by_bill) != len(mine.decisions):
        return f"decisions for {len(mine.decisions)} consignees, really for {len(by_bill)}"
    for told in mine.decisions.values():
        others = by_bill.get((told[0]["bill"], told[0]["conveyance"]), [])
        if len(others) != len(told):
            return f"{told[0]['bill']}: {len(told)} decisions, really {len(others)}"
        for one, other in zip(told, others, strict=True):
            other["seller"] = _learned(sellers, other["seller"], one["seller"])
            fields = {name: (value, other[name]) for name, value in one.items() if value != other[name]}
            if fields:
                return f"{one['bill']} {one['outcome']} {one['reason']}, plain and real: {fields}"
    return ""


def is_settled(alert: tuple[str, str, str | None, str | None]) -> bool:
    """Tell whether it is settled when an alert comes: not that of a conveyance, which may be over and begin again."""
    return alert[0] != "near-limit" or alert[2] != "conveyance"


def _learned(sellers: dict[str, str], key: str | None, name: str | None) -> str | None:
    """Return whom a seller key stands for, as it was first seen; a name that has another key is a difference."""
    if key is None or name is None:
        return key
    if key not in sellers and name not in sellers.values():
        sellers[key] = name
    return sellers.get(key, key)


def merged(judged: Iterable[Judged]) -> list[Told]:
    """Return all decisions, in order."""
    return [told for one in judged for decisions in one.decisions.values() for told in decisions]
