"""Random lives of bills on two conveyances: the manifest step says what a plain re-statement of DESIGN says."""

from datetime import timedelta
from typing import Any

import msgspec
from hypothesis import given, settings
from hypothesis import strategies as st

from state.manifest.step import ManifestStep
from state.table import Table
from stream.consignee import JUDGE_SECRET, KeyMaker
from stream.postings import Posting
from stream.records import PlainRecord
from tests.compaction import compacted
from tests.reference.manifest import ManifestReference
from tests.unit.manifest.step_in_words import RULEBOOK, START, Event, event, line, postings_decoder, whole_bill

CONVEYANCES = ("air:one", "truck:two")
DAYS = ("2025-08-19", "2025-08-20")
INSTANTS = ("2025-08-19T12:00:00Z", "2025-08-20T03:59:59Z", "2025-08-20T04:00:00Z", "2025-08-20T00:00:00-04:00")
KINDS = ("manifested", "manifested", "amended", "amended", "deleted", "disposed", "estimated", "estimated", "arrived")
KEYS = KeyMaker(JUDGE_SECRET)
PEOPLE: dict[str, Event] = {
    "A": {
        "name": "Ann",
        "address": {"lines": ["1 Oak"], "city": "X", "state": "NJ", "postal": "07001", "country": "US"},
    },
    "B": {"name": "Bob", "address": {"lines": ["1 Oak"], "city": "X", "postal": "1", "country": "CA"}},
    "C": {"identifier_type": "EI", "identifier": "12-3456789"},
}
TYPE86: Event = {"filing": "type86", "bill_type": "H", "quantity": 1, "planned_port": "4701"}
BLANK = ("order", "estimated_arrivals", "arrived_at", "bill_type", "quantity", "planned_port")


def key_of(whose: Event) -> str:
    """Consignee key of one of the people."""
    if "identifier" in whose:
        return KEYS.of_identifier(whose["identifier_type"], whose["identifier"])
    address = whose["address"]
    return KEYS.of_name(
        whose["name"], address["lines"], "X", address.get("state"), address["postal"], address["country"]
    )


PERSON_OF = {key_of(whose): person for person, whose in PEOPLE.items()}
rarely = st.sampled_from([False, False, False, True])
goods = st.builds(
    line,
    st.sampled_from(["0.01", "12.00", "12", "799.99"]),
    st.sampled_from(["USD", "USD", "USD", "JPY"]),
    st.sampled_from(["FR", "CN"]),
    st.sampled_from([(), (), ("pga",), ("fda", "pga"), ("quota", "adcvd", "quota")]),
)
words = st.fixed_dictionaries(
    {},
    optional={
        "description": st.sampled_from(["", "12", "toy", "TOY", "玩具"]),
        "hts": st.sampled_from(["", "9503", "9503000073", "9503.00.0073"]),
        "quantity": st.integers(0, 2),
        "flags": st.sampled_from([None, ""]),
    },
)
lines = st.lists(st.builds(lambda one, other: {**one, **other}, goods, words), min_size=1, max_size=2)


@st.composite
def whole_bills(draw: st.DrawFn) -> Event:
    """Changes that make a whole bill of the plain one; most are the same, so that repeats happen."""
    changes: Event = {"consignee": PEOPLE[draw(st.sampled_from("AAABC"))], "sequence": draw(st.integers(0, 2))}
    optional: dict[str, st.SearchStrategy[Any]] = {
        "lines": lines,
        "order": st.sampled_from(["o-1", "o-2"]),
        "arrived_at": st.sampled_from(INSTANTS),
        "mode": st.sampled_from(["truck", "mail"]),
        "filing": st.just("type86"),
        "manifested_at": st.sampled_from(
            ["2019-09-28T03:59:59Z", "2019-09-28T04:00:00Z", "2024-07-25T03:59:59Z", "2025-08-18T14:59:59Z"]
        ),
    }
    changes |= dict.fromkeys(draw(st.sets(st.sampled_from(BLANK))), draw(st.sampled_from(["", None])))
    if draw(st.booleans()):
        # Mostly the same date, so that versions keep it while the conveyance states another.
        changes["estimated_arrivals"] = draw(st.sampled_from([[DAYS[0]]] * 4 + [[DAYS[1]], [*DAYS], [DAYS[0]] * 2]))
    changes |= TYPE86 if draw(rarely) else {}
    changes |= {"quantity": 0} if draw(rarely) else {}
    return changes | {name: draw(values) for name, values in optional.items() if draw(rarely)}


@st.composite
def events(draw: st.DrawFn, place: int) -> Event:
    """One event of any type; few bills, versions and times, so that they meet. Both rise with its place in a life."""
    days = draw(st.sampled_from([0] * 30 + [45, 46, 91]))
    time = START + timedelta(days=days, minutes=place // 2 + draw(st.integers(0, 3)))
    version = place // 6 + draw(st.integers(1, 4))
    conveyance = draw(st.sampled_from([CONVEYANCES[0], *CONVEYANCES]))
    number = draw(st.sampled_from(["ACME0001"] * 3 + ["ACME0002", "ACME0003"]))
    data: Event = {"bill": number, "conveyance": conveyance}
    instant = st.one_of(st.none(), st.sampled_from(INSTANTS))
    match draw(st.sampled_from(KINDS)):
        case "manifested" | "amended" as kind:
            changes = draw(whole_bills())
            return event(f"bill.{kind}", {**whole_bill(version=version), **data, **changes}, time)
        case "deleted":
            return event("bill.deleted", {**data, "version": version}, time)
        case "disposed":
            how = draw(st.sampled_from(["entry-01", "exported"]))
            return event("bill.disposed", {**data, "version": version, "how": how}, time)
        case "estimated":
            return event("conveyance.estimated", {"conveyance": conveyance, "estimated_arrival": draw(instant)}, time)
        case _:
            return event("conveyance.arrived", {"conveyance": conveyance, "arrived_at": draw(instant)}, time)


@st.composite
def lives(draw: st.DrawFn) -> list[Event]:
    """Events one after another."""
    return [draw(events(place)) for place in range(draw(st.integers(0, 40)))]


def by_consignee(postings: list[Posting]) -> dict[str, bytes]:
    """Postings of one event; consignees may come in any order, and a person's key is their letter."""
    found = {}
    for posting in postings:
        person = PERSON_OF.get(posting.consignee, posting.consignee)
        found[person] = msgspec.json.encode(msgspec.structs.replace(posting, consignee=person))
    assert len(found) == len(postings)
    return found


@settings(max_examples=300)
@given(lives(), st.data())
def test_step_equals_the_restatement(life: list[Event], data: st.DataObject) -> None:
    """Fate and postings of every event agree, however transactions are cut and wherever a table is restored."""
    step, table, reference = ManifestStep(RULEBOOK, KEYS), Table(), ManifestReference(letter)
    overlay, log = table.overlay(), list[tuple[bytes, bytes | None]]()
    for offset, sent in enumerate(life):
        record = PlainRecord("s", 0, offset, -1, sent["data"]["conveyance"].encode(), msgspec.json.encode(sent))
        result = step(record, overlay)
        sent_out = [output for output in result.outputs if output is not None]
        expected = reference.read(sent, 0, offset)
        assert (result.fate, result.code if result.fate == "dead-lettered" else "") == (expected.fate, expected.code)
        if result.fate != "dead-lettered":
            postings = [postings_decoder.decode(output.value or b"") for output in sent_out]
            assert by_consignee(postings) == by_consignee(expected.postings)
        what = data.draw(st.integers(0, 3))
        if what == 0:
            log.extend(overlay.changes())
            overlay.join()
            overlay = table.overlay()
        elif what == 1 and not list(overlay.changes()):
            table = restored(log)
            overlay = table.overlay()


def restored(log: list[tuple[bytes, bytes | None]]) -> Table:
    """A table made of its changelog alone."""
    table = Table()
    for _ in table.restore(dict(reversed(compacted(log).items()))):
        pass
    return table


def letter(whose: Event) -> str:
    """Which of the people this is."""
    return next(person for person, known in PEOPLE.items() if known == whose)


@settings(max_examples=100)
@given(lives())
def test_repeats_do_nothing(life: list[Event]) -> None:
    """Whatever is sent twice in a row is not applied the second time, posts nothing and leaves every row as it was."""
    step, table = ManifestStep(RULEBOOK, KEYS), Table()
    for offset, sent in enumerate(life):
        record = PlainRecord("s", 0, offset, -1, sent["data"]["conveyance"].encode(), msgspec.json.encode(sent))
        for fates in ({"applied", "stale", "dead-lettered"}, {"stale", "dead-lettered"}):
            before = sorted(table.rows())
            overlay = table.overlay()
            result = step(record, overlay)
            assert result.fate in fates
            outputs = list(result.outputs)
            overlay.join()
            if result.fate != "applied":
                assert sorted(table.rows()) == before
                sinks = [] if result.fate == "stale" else ["dead-letters", "dead-letter-notices"]
                assert [output.sink for output in outputs if output] == sinks
