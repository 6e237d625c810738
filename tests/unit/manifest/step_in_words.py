"""A in words with one manifest step: events written in a few words go in, answers in a few words come out.

Words of an event, in this order: `bill 2`, `amend 2`, `delete 2`, `dispose 2 exported`, `eta 20`, `ata 20` (noon
Eastern of 20 August 2025, or `none`); then, as needed, `#2` (which bill), `A` (whose), `$12`, `est=20,21`, `arr=20`,
`seq=`, `order=`, `mode=`, `filing=`, `at=5` (event time in minutes; else each event is a minute after the last).

An answer is `stale: word`, `dead: code`, or `applied:` and each bill as `whose stand day version posting`, where the
day has an `e` if it is estimated and an `a` if it is actual, and the way out of a closed bill ends the line.
"""

from collections.abc import Mapping
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import msgspec
import pytest

from state.manifest.step import ManifestStep
from state.rules.loading import load_rulebook
from state.rules.rulebook import Rulebook
from state.table import Table
from stream.consignee import JUDGE_SECRET, KeyMaker
from stream.postings import PostedBill, Posting
from stream.records import Fate, Outgoing, PlainRecord, Record, Result, Sink

CONVEYANCE = "air:AF0066:2025-08-20"
NOON = "2025-08-{day}T12:00:00-04:00"
START = datetime(2025, 8, 18, tzinfo=UTC)
MANIFESTED = "2025-08-18T15:00:00Z"
RULEBOOK = load_rulebook()
PROGRAMMES = Path(__file__).parent / "programmes.toml"
"""Programmes that are made up: one of each kind that the step tells apart."""
EVERY_ID = list(load_rulebook([PROGRAMMES]).known)
EVERY = load_rulebook([PROGRAMMES]).with_programmes(EVERY_ID, "us-321")
KEYS = KeyMaker(JUDGE_SECRET)
Event = dict[str, Any]
postings_decoder = msgspec.json.Decoder(Posting)


def consignee(whose: str) -> Event:
    """Somebody whose name and address are canaries: they must show up nowhere."""
    address = {
        "lines": [f"{whose} Canary Street"],
        "city": "Springfield",
        "state": "IL",
        "postal": "62701",
        "country": "US",
    }
    return {"name": f"{whose} Canary", "address": address}


def key_of(whose: str) -> str:
    """Consignee key of somebody."""
    return KEYS.of_name(f"{whose} Canary", [f"{whose} Canary Street"], "Springfield", "IL", "62701", "US")


WHOSE = {key_of(letter): letter for letter in "ABCDEFGH"}


def line(amount: str = "12.00", currency: str = "USD", origin: str = "FR", flags: tuple[str, ...] = ()) -> Event:
    """One line of goods."""
    value = {"amount": amount, "currency": currency}
    return {
        "description": "toy",
        "hts": "9503.00.0073",
        "origin": origin,
        "quantity": 1,
        "value": value,
        "flags": list(flags),
    }


def whole_bill(number: str = "ACME0001", version: int = 1, whose: str = "A", **changes: Any) -> Event:
    """Data of a whole bill, with changed or further fields."""
    return {
        "bill": number,
        "version": version,
        "conveyance": CONVEYANCE,
        "sequence": 1,
        "manifested_at": MANIFESTED,
        "mode": "air",
        "filing": "manifest",
        "consignee": consignee(whose),
        "shipper": {"name": "Works", "country": "FR"},
        "lines": [line()],
        **changes,
    }


def event(kind: str, data: Event, time: datetime = START) -> Event:
    """A CloudEvent of this kind, such as `bill.deleted`."""
    attributes = {"specversion": "1.0", "id": "e", "source": "/test", "type": f"tallygate.{kind}.v1"}
    return {**attributes, "time": time.isoformat(), "data": data}


def cases(table: str) -> list[Any]:
    """Cases of a text table beside this file: history and answer, named by the sentence."""
    found = []
    for text in (Path(__file__).parent / table).read_text("utf-8").splitlines():
        if "|" in text and not text.startswith("#"):
            sentence, history, answer = (cell.strip() for cell in text.split("|"))
            found.append(pytest.param(history.split("; "), answer, id=sentence))
    return found


def written(words: str, time: datetime) -> Event:
    """Read an event from its words."""
    verb, what, *rest = words.split()
    number, whose, options = "ACME0001", "A", dict[str, str]()
    for word in rest:
        name, equals, value = word.partition("=")
        if equals:
            options[name] = value
        elif word[0] == "#":
            number = f"ACME{word[1:]:0>4}"
        elif word[0] == "$":
            options["amount"] = word[1:]
        elif len(word) == 1:
            whose = word
    if "at" in options:
        time = START + timedelta(minutes=int(options.pop("at")))
    if verb in {"eta", "ata"}:
        instant = None if what == "none" else NOON.format(day=what)
        if verb == "eta":
            return event("conveyance.estimated", {"conveyance": CONVEYANCE, "estimated_arrival": instant}, time)
        return event("conveyance.arrived", {"conveyance": CONVEYANCE, "arrived_at": instant}, time)
    data: Event = {"bill": number, "conveyance": CONVEYANCE, "version": int(what)}
    if verb == "delete":
        return event("bill.deleted", data, time)
    if verb == "dispose":
        return event("bill.disposed", {**data, "how": rest[0]}, time)
    data = whole_bill(number, int(what), whose, **_changes(options))
    return event({"bill": "bill.manifested", "amend": "bill.amended"}[verb], data, time)


def _changes(options: Mapping[str, str]) -> Event:
    changes: Event = {}
    for name, value in options.items():
        match name:
            case "amount":
                changes["lines"] = [line(value)]
            case "est":
                changes["estimated_arrivals"] = [f"2025-08-{day}" for day in value.split(",") if day]
            case "arr":
                changes["arrived_at"] = NOON.format(day=value)
            case "seq":
                changes["sequence"] = int(value)
            case _:
                changes[name] = value
    return changes


class StepInWords:
    """One step over one table; every event is its own transaction."""

    def __init__(self, partitions: int | None = None, rulebook: Rulebook = RULEBOOK) -> None:
        self.step = ManifestStep(rulebook, KEYS, partitions)
        self.table = Table()
        self.sent = 0
        self.result = Result(Fate.APPLIED, "", ())
        self.outputs: list[Outgoing] = []

    def record(self, sent: Event) -> PlainRecord:
        """The record of an event, at the next offset."""
        self.sent += 1
        key = str(sent["data"]["conveyance"]).encode()
        return PlainRecord("shipments", 0, self.sent, -1, key, msgspec.json.encode(sent))

    def judge(self, record: Record) -> list[Posting]:
        """Judge a record; gives its postings, and keeps result and outputs."""
        overlay = self.table.overlay()
        self.result = self.step(record, overlay)
        self.outputs = [output for output in self.result.outputs if output is not None]
        overlay.join()
        return [postings_decoder.decode(one.value or b"") for one in self.outputs if one.sink is Sink.POSTINGS]

    def send(self, sent: Event) -> list[Posting]:
        """Judge an event."""
        return self.judge(self.record(sent))

    def answer(self, words: str) -> str:
        """Judge an event given in words; gives the answer in words."""
        postings = self.send(written(words, START + timedelta(minutes=self.sent + 1)))
        match self.result.fate:
            case Fate.STALE:
                return f"stale: {self.result.code}"
            case Fate.DEAD_LETTERED:
                return f"dead: {self.result.code}"
            case _:
                return f"applied: {'; '.join(said(one, bill) for one in postings for bill in one.bills) or 'nothing'}"


def said(posting: Posting, bill: PostedBill) -> str:
    """A posted bill in words."""
    day = "-" if bill.day is None else f"{bill.day.day}{'a' if bill.arrived else 'e'}"
    number = "" if bill.bill == "ACME0001" else f"#{int(bill.bill[4:])} "
    way = f" {bill.exit}" if bill.exit else ""
    return f"{number}{WHOSE[posting.consignee]} {bill.stand} {day} v{bill.version} p{bill.posting}{way}"
