"""The same files through the plain model of the tests: it and this folder share no code, and must agree as well."""

from typing import Any, Final

import msgspec

from agents.judge.offline_judge import EPOCH
from state.rules.rulebook import Rulebook
from stream.decisions import Policy
from stream.postings import Posting
from stream.records import Fate
from stream.topics import Topics
from tests.reference.day import Reference
from tests.reference.manifest import ManifestReference
from tests.reference.plain import Rate
from tests.reference.plain import World as Rules
from tests.reference.shipped import EVERY
from tests.second_judge.comparing import PLAIN, Judged, Told, World, measure_of, rulebook
from tests.second_judge.lives import Event
from tests.second_judge.manifest import person
from tests.second_judge.regimes import RATES

NAMES: Final = {Fate.APPLIED: "applied", Fate.STALE: "stale"}
RATES_OF_MODEL: Final = tuple(
    Rate(old, new, year, quarter, str(over / under)) for (old, new, year, quarter), (over, under) in RATES.items()
)


def judge_by_model(events: list[Event], world: World = PLAIN) -> list[Judged]:
    """Judge a file by the plain model: its manifest first, then its ledgers."""
    rules = Rules(EVERY.enabled(*world.enabled).programmes, world.default, RATES_OF_MODEL)
    return model(rulebook().with_programmes(sorted(world.enabled), world.default), events, world.policy, rules)


def model(book: Rulebook, events: list[Event], policy: Policy, rules: Rules) -> list[Judged]:
    """Judge a file by the plain model under any rules; the rulebook gives it names alone."""
    manifest = ManifestReference(person, rules)
    ledgers, found = Reference(book, policy, EPOCH, Topics(epoch=EPOCH).shipments, rules), []
    for offset, event in enumerate(events):
        read = manifest.read(event, 0, offset)
        decisions: dict[str, list[Told]] = {}
        alerts = []
        for posting in sorted(read.postings, key=_first_withdrawn):
            judged = ledgers.judge(posting, 0)
            told = [_told(one) for one in judged.decisions]
            if told:
                decisions.setdefault(posting.consignee, []).extend(told)
            for alert in judged.alerts:
                data = msgspec.json.decode(msgspec.json.encode(alert))
                alerts.append((data["alert"], data["programme"], data["period"], data["bill"]))
        found.append(Judged(NAMES.get(read.fate, read.code), decisions, alerts))
    return found


def _first_withdrawn(posting: Posting) -> bool:
    return all(bill.stand != "moved" for bill in posting.bills)


def _told(decision: Any) -> Told:
    data: Told = msgspec.json.decode(msgspec.json.encode(decision))
    del data["consignee"]
    return data | {"asked": measure_of(data["rule"]), "overflow": data["policy"]["overflow"]}
