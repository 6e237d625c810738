"""A name, an address and an identifier put into events are found nowhere but in the events and their dead letters."""

import gzip
import json
import os
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from state.manifest.step import ManifestStep
from state.rules import load_rulebook
from state.table import Table
from state.withholding import WithholdingStep
from stream.consignee import JUDGE_SECRET, KeyMaker
from stream.decisions import Policy
from stream.records import Outgoing, PlainRecord, Sink

CANARIES = ("Zyxwvut", "Quonkstrasse", "Vlorbingen", "98-7654321", "Grumblewick", "Snorfle")
"""Name, street, city, identifier, shipper and goods: none of them occurs in any text of ours."""

NAMED = {
    "name": f"{CANARIES[0]} Person",
    "address": {"lines": [f"1 {CANARIES[1]}"], "city": CANARIES[2], "postal": "10115", "country": "DE"},
}
IDENTIFIED = {"identifier_type": "EI", "identifier": CANARIES[3]}


def event(kind: str, time: str = "2025-08-19T12:00:00Z", **data: Any) -> bytes:
    """Return an event as JSON."""
    envelope = {"specversion": "1.0", "id": "e", "source": "/t", "type": f"tallygate.{kind}.v1", "time": time}
    return json.dumps({**envelope, "data": {"conveyance": "air:1", **data}}).encode()


def bill(number: int, consignee: object = NAMED, **more: Any) -> bytes:
    """Return a bill for 500 dollars that has arrived."""
    value = {"amount": "500.00", "currency": "USD"}
    line = {"description": CANARIES[5], "hts": "6109", "origin": "FR", "quantity": 1, "value": value}
    whole = {
        "bill": f"ACME{number:04}",
        "version": 1,
        "sequence": number,
        "manifested_at": "2025-08-19T12:00:00Z",
        "mode": "air",
        "filing": "manifest",
        "consignee": consignee,
        "shipper": {"name": CANARIES[4], "country": "FR"},
        "lines": [line],
        "arrived_at": "2025-08-19T15:00:00Z",
        "order": "o-1",
        "seller": CANARIES[4],
    }
    return event("bill.manifested", **{**whole, **more})


def life() -> Iterator[bytes]:
    """Yield events that lead to every kind of output: decisions, alerts, moves, exits and dead letters."""
    yield from (bill(number, who) for number in (1, 2) for who in (NAMED, IDENTIFIED))
    yield bill(2, IDENTIFIED, version=2)
    yield bill(3, {**NAMED, "identifier": CANARIES[3]})
    yield bill(4, NAMED, mode=CANARIES[0])
    yield bill(5, NAMED, manifested_at=CANARIES[1])
    yield bill(6, CANARIES[2])
    yield bill(7, NAMED, **{CANARIES[0]: 1, "sequence": CANARIES[3]})
    yield event(f"bill.{CANARIES[0]}", bill="ACME0001")
    yield bill(8)[:-40]
    yield event("bill.disposed", bill="ACME0001", version=3, how="exported", entry_number=CANARIES[3])
    yield bill(9, programme="kr", purchased_on="2025-08-19")
    yield event("conveyance.arrived", arrived_at="2025-08-20T15:00:00Z")
    yield bill(8, version="one").replace(b'"/t"', f'"{CANARIES[0]} of {CANARIES[2]}"'.encode())


def assert_clean(what: str, *texts: bytes | str | None) -> None:
    """Fail if a canary is in one of the texts, in whatever case."""
    for text in texts:
        plain = text.decode("utf-8", "replace") if isinstance(text, bytes) else text or ""
        assert not [canary for canary in CANARIES if canary.lower() in plain.lower()], what


def run(step: ManifestStep | WithholdingStep, records: list[PlainRecord], table: Table) -> list[Outgoing]:
    """Run a step over records and join what it kept."""
    overlay = table.overlay()
    sent: list[Outgoing] = []
    for record in records:
        result = step(record, overlay)
        assert_clean("the code of a result", result.code)
        sent += [outgoing for outgoing in result.outputs if outgoing is not None]
    overlay.join()
    return sent


def test_nothing_that_the_steps_send_or_keep_names_a_person() -> None:
    """Postings, decisions, alerts, rows of both tables, notices and the headers of dead letters are clean."""
    rulebook, keys = load_rulebook(), KeyMaker(JUDGE_SECRET)
    rulebook = rulebook.with_programmes(list(rulebook.known), rulebook.default_programme)
    manifest, withholding = Table(), Table()
    events = [PlainRecord("s", 0, number, -1, b"air:1", value) for number, value in enumerate(life())]
    posted = run(ManifestStep(rulebook, keys), events, manifest)
    postings = [one for one in posted if one.sink is Sink.POSTINGS]
    letters = [one for one in posted if one.sink is Sink.DEAD_LETTERS]
    notices = [one for one in posted if one.sink is Sink.NOTICES]
    read = [PlainRecord("p", 0, number, -1, one.key, one.value) for number, one in enumerate(postings)]
    decided = run(WithholdingStep(rulebook, Policy(), 1, "s"), read, withholding)
    assert {one.sink for one in decided} == {Sink.DECISIONS, Sink.ALERTS}
    assert len(letters) == len(notices) >= 7
    for one in [*postings, *decided, *notices]:
        assert_clean(f"a record for {one.sink}", one.key, one.value)
    for letter in letters:
        assert_clean("a header of a dead letter", *(value for _, value in letter.headers))
    for table in (manifest, withholding):
        assert_clean("a row", *(part for row in table.rows() for part in row))


@pytest.mark.parametrize("packed", [False, True], ids=["plain", "gz"])
def test_judge_says_nothing_of_a_person(tmp_path: Path, packed: bool) -> None:
    """Decisions, alerts, the summary and the details of dead letters of `tallygate judge` are clean."""
    file = tmp_path / ("events.jsonl.gz" if packed else "events.jsonl")
    text = b"\n".join(life())
    file.write_bytes(gzip.compress(text) if packed else text)
    letters = tmp_path / "letters"
    command = [sys.executable, "-c", "from agents.cli.main import main; main()", "judge", str(file)]
    command += ["--dead-letters", str(letters), "--alerts", str(tmp_path / "alerts")]
    ran = subprocess.run(command, capture_output=True, env=os.environ, check=True)
    assert ran.stdout.count(b"\n") >= 4
    assert_clean("standard output", ran.stdout)
    assert_clean("standard error", ran.stderr)
    assert_clean("the alerts", (tmp_path / "alerts").read_bytes())
    for line in letters.read_bytes().splitlines():
        assert_clean("the detail of a dead letter", json.loads(line)["detail"])


def test_a_canary_would_be_found() -> None:
    """The check fails where there is something to find."""
    with pytest.raises(AssertionError):
        assert_clean("a text", b"for zyxwvut, by air")
