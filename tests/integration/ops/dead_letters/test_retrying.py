"""`tallygate dead-letters retry` on a real Kafka."""

import asyncio
from pathlib import Path

import msgspec
import pytest

from agents.ops.dead_letters import retrying
from agents.ops.dead_letters.letter import LetterPlace
from agents.ops.dead_letters.letter_errors import FencedRetryError
from agents.ops.dead_letters.retrying import send_again
from tests.integration.ops.dead_letters.post import (
    BILL,
    HOME,
    KEY,
    PARTITIONS,
    TRACE,
    Sent,
    letters,
    post,
    run,
    run_on_terminal,
    shipments,
)
from tests.kafka.field import Field, wait_for

pytestmark = pytest.mark.kafka

OTHER = (HOME + 1) % PARTITIONS


@pytest.fixture
def posted(field: Field) -> Field:
    """Return topics with dead letters."""
    post(field)
    return field


def test_record_is_sent_as_it_came(posted: Field) -> None:
    """Value, key and the producer's own headers are those that came, the partition is that of the key."""
    code, lines, _ = run(posted, "retry", "--code", "wrong-partition", "--yes")
    assert (code, lines) == (0, [f"to {posted.topics.shipments}: 1 (wrong-partition 1)", "sent 1 again"])
    marked = ("x-retried-from", f"{OTHER}:0".encode())
    assert shipments(posted) == [Sent(HOME, KEY, BILL, [*TRACE, marked])]


def test_what_was_sent_is_left_out(posted: Field) -> None:
    """A second retry sends only what the first did not, unless told to send it again."""
    run(posted, "retry", "--at", f"{HOME}:1", "--at", f"{HOME}:3", "--yes")
    assert [one["offset"] for one in letters(posted) if one["retried"]] == [1, 3]
    left_out = "left out 2: sent again before; --again sends them once more"
    code, lines, _ = run(posted, "retry", "--all", "--yes")
    assert (code, lines[0], lines[-1], len(shipments(posted))) == (0, left_out, "sent 6 again", 8)
    assert run(posted, "retry", "--all", "--yes")[1] == [left_out.replace(" 2", " 8"), "nothing to send"]
    assert run(posted, "retry", "--at", f"{HOME}:1", "--again", "--yes")[1][-1] == "sent 1 again"
    assert len(shipments(posted)) == 9


def test_row_of_marks_that_cannot_be_read(posted: Field) -> None:
    """It is named, with its place; its letters are listed and left out, unless told to send them; others are sent."""
    topics = posted.topics
    row = f"{topics.dead_letters}/{HOME}/retried/0".encode()
    posted.produce([b'{"retried":"damaged"}'], 0, row, topic=topics.control)
    named = f"the row {row.decode()} of the control topic ({topics.control}, partition 0, offset "
    code, lines, said = run(posted, "list")
    assert (code, {msgspec.json.decode(line)["retried"] for line in lines}) == (0, {None, False})
    assert named in said[0]
    code, lines, said = run(posted, "retry", "--all", "--yes")
    left_out = "left out 7: whether they were sent again before cannot be read; --again sends them"
    assert (code, lines[0], lines[-1], len(said)) == (0, left_out, "sent 1 again", 1)
    assert named in said[0]
    assert run(posted, "retry", "--at", f"{HOME}:1", "--again", "--yes")[1][-1] == "sent 1 again"
    assert run(posted, "retry", "--all", "--yes")[1][-1] == "nothing to send"


def test_order_is_kept(posted: Field) -> None:
    """Letters of a partition are sent in their order."""
    run(posted, "retry", "--all", "--yes")
    marks = [dict(sent.headers)["x-retried-from"] for sent in shipments(posted) if sent.key == KEY]
    home = [mark for mark in marks if mark.startswith(b"%d:" % HOME)]
    assert home == [b"%d:%d" % (HOME, offset) for offset in (0, 1, 2, 5)]


def test_place_without_a_letter_sends_nothing(posted: Field) -> None:
    """One place that has no letter keeps the others from being sent."""
    code, lines, said = run(posted, "retry", "--at", f"{HOME}:0", "--at", f"{HOME}:99", "--yes")
    assert (code, lines) == (2, [])
    assert said == [f"tallygate dead-letters: no dead letter at {HOME}:99; nothing was sent"]
    assert shipments(posted) == []


def test_record_of_others_stays(posted: Field) -> None:
    """What Tallygate did not put there is listed as such, and not sent."""
    posted.produce([b"A Canary"], 0, topic=posted.topics.dead_letters)
    assert [one["error"] for one in letters(posted)].count("unlabelled") == 1
    lines = run(posted, "retry", "--all", "--yes")[1]
    assert lines[0] == "left out 1: not put there by Tallygate"
    assert len(shipments(posted)) == 8


@pytest.mark.parametrize(("answer", "said", "count"), [("y\n", "sent 2 again", 2), ("\n", "nothing was sent", 0)])
def test_terminal_is_asked(posted: Field, answer: str, said: str, count: int) -> None:
    """On a terminal the counts by code are shown, and nothing is sent without a yes."""
    code, text = run_on_terminal(posted, ["retry", "--code", "wrong-shape"], answer)
    assert code == 0
    assert "2 (wrong-shape 2)" in text
    assert said in text
    assert len(shipments(posted)) == count


def test_broker_that_goes_away_is_named(posted: Field) -> None:
    """When Kafka dies before the answer nothing is sent, and address and remedy are said."""
    broker = posted.broker
    try:
        code, text = run_on_terminal(posted, ["retry", "--all"], "y\n", meanwhile=broker.kill)
    finally:
        broker.start()
    assert code == 75
    assert f"Kafka at {broker.address} does not answer" in text
    assert "0 are sent for good; run the command again for the rest" in text
    assert shipments(posted) == []


def test_only_one_retry_sends(posted: Field, monkeypatch: pytest.MonkeyPatch) -> None:
    """A retry that begins while another runs stops that one, and no letter is sent twice."""
    monkeypatch.setattr(retrying, "PORTION_RECORDS", 1)
    places = [LetterPlace(HOME, offset) for offset in range(7)]

    def begin_another(count: int) -> None:
        if count == 2:
            assert run(posted, "retry", "--all", "--yes")[1][-1] == "sent 6 again"

    with pytest.raises(FencedRetryError, match="this one sent 2 and stops"):
        asyncio.run(send_again(posted.connection, posted.topics, places, begin_another))
    marks = [dict(sent.headers)["x-retried-from"] for sent in shipments(posted)]
    assert (len(marks), len(set(marks))) == (8, 8)


def test_retried_records_are_judged_once(field: Field, tmp_path: Path) -> None:
    """Through a real worker: what is right now is applied once, what is not comes back and says from where."""
    secret = tmp_path / "secret"
    secret.write_bytes(b"a secret made up for tests")
    field.produce([BILL], OTHER, KEY, field.topics.shipments)
    field.produce([BILL[:-9]], HOME, KEY, field.topics.shipments)
    field.worker(step="manifest", key__secret_file=str(secret))
    wait_for(lambda: len(field.values(field.topics.dead_letters)) == 2, "two dead letters")
    assert field.values(field.topics.postings) == []

    assert run(field, "retry", "--all", "--yes")[1][-1] == "sent 2 again"
    wait_for(lambda: len(field.values(field.topics.dead_letters)) == 3, "the one that failed again")
    wait_for(lambda: field.values(field.topics.postings), "the posting of the other")
    found = {f"{one['partition']}:{one['offset']}": one for one in letters(field)}
    newer = next(one for one in found.values() if one["retried_from"])
    place = f"{newer['partition']}:{newer['offset']}"
    assert (newer["error"], found[newer["retried_from"]]["failed_again"]) == ("not-json", place)
    assert [one["retried"] for one in found.values()].count(True) == 2

    # Once more, all of them: the bill says what it said before, and so it is stale.
    assert run(field, "retry", "--all", "--again", "--yes")[1][-1] == "sent 3 again"
    wait_for(lambda: len(field.values(field.topics.dead_letters)) == 5, "those that failed once more")
    assert len(field.values(field.topics.postings)) == 1
