"""A dead letter shows its labels and nothing of what it says."""

import pytest
from msgspec import json

from agents.ops.dead_letters.ledger import Ledger
from agents.ops.dead_letters.letter import (
    UNLABELLED,
    Letter,
    LetterPlace,
    LetterSource,
    concerns,
    headers_to_send,
    letter_of,
)
from agents.ops.dead_letters.letter_table import cells, json_line, summary
from agents.ops.dead_letters.listing import Listing, WantedLetters
from agents.ops.dead_letters.retrying import RetrySelection, partition_to, why_not
from stream.deadletters import Fault, dead_letter
from stream.partition import partition_of
from stream.records import PlainRecord
from stream.topics import TOPIC_RECORD_BYTES

TOPIC = "tallygate.shipments.v1"
CANARY = b"Jane Canary"


def letter_record(
    fault: Fault = Fault.WRONG_SHAPE,
    key: bytes | None = b"air:1",
    value: bytes | None = CANARY,
    headers: tuple[tuple[str, bytes], ...] = (),
    offset: int = 7,
    topic: str = TOPIC,
    millis: int = 1000,
) -> PlainRecord:
    """A record of the topic of dead letters, as the manifest step makes it."""
    sent = dead_letter(PlainRecord(topic, 2, 40, 0, key, value, headers), fault, "$.data.lines[0]: expected a list")
    return PlainRecord(TOPIC + ".dlq", sent.partition, offset, millis, sent.key, sent.value, sent.headers)


def shown(record: PlainRecord) -> tuple[str | None, int | None]:
    letter = letter_of(record)
    return letter.conveyance, letter.key_bytes


def listing_of(*records: PlainRecord, wanted: WantedLetters | None = None, ledger: Ledger | None = None) -> Listing:
    listing = Listing(wanted or WantedLetters(), ledger or Ledger("dlq", {}))
    for record in records:
        listing.take(record)
    return listing


def test_labels_are_read() -> None:
    """Code, detail and source are those that the step wrote."""
    assert letter_of(letter_record()) == Letter(
        place=LetterPlace(2, 7),
        millis=1000,
        error="wrong-shape",
        detail="$.data.lines[0]: expected a list",
        source=LetterSource(TOPIC, 2, 40),
        conveyance="air:1",
        key_bytes=5,
        size=len(CANARY),
        retried_from=None,
    )


def test_labels_of_a_producer_do_not_count() -> None:
    """A producer's headers of the same names are neither believed nor taken from its record."""
    own = (("x-error", CANARY), ("x-topic", CANARY), ("traceparent", b"00"))
    record = letter_record(headers=own)
    assert letter_of(record).error == "wrong-shape"
    assert headers_to_send(record) == [*own, ("x-retried-from", b"2:7")]


def test_only_the_latest_attempt_is_named() -> None:
    """A record sent again a second time says where it lay last."""
    record = letter_record(headers=(("x-retried-from", b"2:3"),))
    assert letter_of(record).retried_from == LetterPlace(2, 3)
    assert headers_to_send(record) == [("x-retried-from", b"2:7")]


@pytest.mark.parametrize("said", [b"Jane Canary", b"1:2 ", b"-1:2", b"", b"\xff"])
def test_strange_ancestor_is_none(said: bytes) -> None:
    """What is not a place is not shown as one."""
    assert letter_of(letter_record(headers=(("x-retried-from", said),))).retried_from is None


@pytest.mark.parametrize(
    "headers",
    [
        (),
        (("x-error", b"wrong-shape"),),
        (*letter_record().headers[:-1], ("x-offset", CANARY)),
        (("x-error", CANARY), *letter_record().headers[1:]),
        (*letter_record().headers[:2], ("x-topic", CANARY), *letter_record().headers[3:]),
        (*letter_record().headers, ("more", b"1")),
    ],
)
def test_record_of_others_is_unlabelled(headers: tuple[tuple[str, bytes], ...]) -> None:
    """A record without our five labels, as we write them, shows none and is not sent again."""
    record = letter_record()._replace(headers=headers)
    letter = letter_of(record)
    assert (letter.error, letter.detail, letter.source) == (UNLABELLED, "", None)
    assert why_not(record, letter, TOPIC) == "not put there by Tallygate"


@pytest.mark.parametrize(
    ("key", "fault", "answer"),
    [
        (b"air:AF0066:2025-08-20", Fault.NOT_JSON, ("air:AF0066:2025-08-20", 21)),
        (CANARY, Fault.NOT_JSON, (None, 11)),
        (b"air:1\n", Fault.NOT_JSON, (None, 6)),
        (b"a" * 101, Fault.NOT_JSON, (None, 101)),
        (b"JaneCanary", Fault.KEY_MISMATCH, (None, 10)),
        (b"", Fault.NOT_JSON, (None, 0)),
        (None, Fault.NOT_JSON, (None, None)),
    ],
)
def test_key_is_shown_only_as_a_conveyance(
    key: bytes | None, fault: Fault, answer: tuple[str | None, int | None]
) -> None:
    """A key that does not look like a conveyance, or is known to be something else, is a number of bytes."""
    assert shown(letter_record(fault, key)) == answer


def test_shown_letter_holds_no_value() -> None:
    """Neither form says anything of what the record holds, its key and its own headers included."""
    record = letter_record(key=CANARY, headers=(("who", CANARY),))
    listing = listing_of(record)
    said = json_line(listing, letter_of(record)).decode() + " ".join(cells(listing, letter_of(record)))
    assert "Canary" not in said
    assert json.decode(json_line(listing, letter_of(record)))["source"] == {
        "topic": TOPIC, "partition": 2, "offset": 40,
    }  # fmt: skip


def test_place_is_read_as_it_is_written() -> None:
    """A place survives writing and reading, and nothing else is one."""
    assert LetterPlace.parsed(str(LetterPlace(3, 17))) == LetterPlace(3, 17)
    with pytest.raises(ValueError, match="such as 3:17"):
        LetterPlace.parsed("3")


@pytest.mark.parametrize(
    ("key", "fault", "value", "found"),
    [
        (b"air:1", Fault.NOT_JSON, b"{", True),
        (b"air:2", Fault.NOT_JSON, b'{"data":{"conveyance":"air:1"}}', False),
        (b"air:2", Fault.KEY_MISMATCH, b'{"data":{"conveyance":"air:1"}}', True),
        (None, Fault.KEY_MISMATCH, b'{"data":{"conveyance":"air:2"}}', False),
        (None, Fault.KEY_MISMATCH, b"[]", False),
        (None, Fault.KEY_MISMATCH, b"\xff", False),
    ],
)
def test_conveyance_is_found_under_a_wrong_key(key: bytes | None, fault: Fault, value: bytes, found: bool) -> None:
    """A letter is of the conveyance that is its key, or that its event names where the key is at fault."""
    assert concerns(letter_record(fault, key, value), "air:1") is found


def test_list_counts_all_and_shows_the_newest() -> None:
    """The limit takes the newest, oldest first; the counts are of all that are wanted."""
    records = [letter_record(offset=number, millis=9000 - number) for number in range(5)]
    records.append(letter_record(Fault.NOT_JSON, offset=9, millis=1))
    wanted = WantedLetters(codes=frozenset({"wrong-shape"}), since_millis=8997, limit=2)
    ledger = Ledger("dlq", {})
    ledger.mark([LetterPlace(2, 3)])
    listing = listing_of(*records, wanted=wanted, ledger=ledger)
    assert [letter.place.offset for letter in listing.letters()] == [1, 0]
    assert listing.summary() == [("wrong-shape", 4, 1)]
    assert summary(listing) == ["4 dead letters, the newest 2 shown", "  wrong-shape          4  1 retried"]


def test_lineage_is_told() -> None:
    """A letter that was sent again and failed names the newer one, and that names its ancestor."""
    first, second = letter_record(offset=7), letter_record(offset=8, headers=(("x-retried-from", b"2:7"),))
    listing = listing_of(first, second)
    assert cells(listing, letter_of(first))[-1] == "failed again as 2:8"
    assert cells(listing, letter_of(second))[-1] == "retry of 2:7"


@pytest.mark.parametrize(
    ("record", "reason"),
    [
        (letter_record(), None),
        (letter_record(topic="other"), f"not from {TOPIC}"),
        (letter_record(key=None, value=None), "neither key nor value: there is nothing to send"),
        (letter_record(key=None), None),
        (
            letter_record(value=b"x" * (TOPIC_RECORD_BYTES - 100)),
            "too large for the topic with the header that is added",
        ),
    ],
)
def test_what_cannot_be_sent_is_left_out(record: PlainRecord, reason: str | None) -> None:
    """Only records of the shipments topic that fit into it can go there again."""
    assert why_not(record, letter_of(record), TOPIC) == reason


def test_selection_is_by_code_or_place() -> None:
    """Codes and places select; without either every letter is."""
    letter = letter_of(letter_record())
    selections = [
        RetrySelection(),
        RetrySelection(codes=frozenset({"wrong-shape"})),
        RetrySelection(codes=frozenset({"not-json"})),
        RetrySelection(places=frozenset({LetterPlace(2, 7)})),
        RetrySelection(places=frozenset({LetterPlace(2, 8)})),
    ]
    assert [each.takes(letter) for each in selections] == [True, True, False, True, False]


def test_partition_is_that_of_the_key() -> None:
    """A record goes where its key belongs; without a key, where it was."""
    assert partition_to(letter_record(), 12) == partition_of(b"air:1", 12)
    assert partition_to(letter_record(key=None), 12) == 2
