"""A conveyance's rows go 45 days after its last event, and whether they are swept yet changes no decision."""

from datetime import UTC, datetime, timedelta

import pytest

from state.manifest.expiry import ROWS_A_GROUP
from state.table import Table, split_changelog_key
from stream.postings import Posting
from tests.unit.manifest.step_in_words import CONVEYANCE, RULEBOOK, START, Event, StepInWords, event, whole_bill

KEPT = RULEBOOK.conveyance_days
OTHER = "sea:OTHER:2025"


def bill_on(conveyance: str, days: int, number: str = "ACME0001", version: int = 1) -> Event:
    """A bill manifested this many days after the start."""
    data = whole_bill(number, version, conveyance=conveyance)
    return event("bill.manifested", data, START + timedelta(days=days))


def sweep(in_words: StepInWords, budget: int = 100) -> int:
    """One transaction that only sweeps."""
    overlay = in_words.table.overlay()
    removed = in_words.step.sweep(overlay, budget)
    overlay.join()
    return removed


def bills_held(in_words: StepInWords) -> int:
    """Rows of bills in the table."""
    return sum(len(split_changelog_key(key)[1]) > 4 for key, _ in in_words.table.rows())


def test_kept_days_are_the_rulebooks() -> None:
    """The rule's figure is 45 days."""
    assert KEPT == 45


@pytest.mark.parametrize(("days", "held"), [(KEPT, 2), (KEPT + 1, 1)])
def test_rows_go_after_the_last_event(days: int, held: int) -> None:
    """On the 45th day of stream time after its last event the rows are still there, on the 46th they go."""
    in_words = StepInWords()
    in_words.send(bill_on(CONVEYANCE, 0))
    in_words.send(bill_on(OTHER, days))
    assert sweep(in_words) == 2 * (2 - held)
    assert bills_held(in_words) == held


def test_an_event_keeps_the_conveyance() -> None:
    """Any event that applies counts as the last one, a conveyance's as well as a bill's."""
    in_words = StepInWords()
    in_words.send(bill_on(CONVEYANCE, 0))
    estimate = {"conveyance": CONVEYANCE, "estimated_arrival": None}
    in_words.send(event("conveyance.estimated", estimate, START + timedelta(days=30)))
    in_words.send(bill_on(OTHER, KEPT + 30))
    assert sweep(in_words) == 0
    in_words.send(bill_on(CONVEYANCE, KEPT + 30, version=2))
    in_words.send(bill_on(OTHER, 2 * KEPT + 30, version=2))
    assert sweep(in_words) == 0
    assert bills_held(in_words) == 2


def test_stream_time_is_the_highest_event_time() -> None:
    """A late event does not turn the stream day back; its conveyance is kept from when it came."""
    in_words = StepInWords()
    in_words.send(bill_on(OTHER, KEPT + 1))
    in_words.send(bill_on(CONVEYANCE, 0))
    assert sweep(in_words) == 0
    in_words.send(bill_on(OTHER, 2 * KEPT + 1, version=2))
    assert sweep(in_words) == 0
    in_words.send(bill_on(OTHER, 2 * KEPT + 2, version=3))
    assert sweep(in_words) == 2


def test_dead_and_stale_events_do_not_move_stream_time() -> None:
    """A refused or ignored event of next year expires nothing."""
    in_words = StepInWords()
    in_words.send(bill_on(CONVEYANCE, 0))
    in_words.send(bill_on(OTHER, 40, version=2))
    refused = event("bill.manifested", whole_bill(version=2, conveyance=OTHER, order="o"), START + timedelta(days=60))
    in_words.send(refused)
    assert in_words.result.code == "version-conflict"
    in_words.send(bill_on(OTHER, 60))
    assert in_words.result.code == "version"
    assert sweep(in_words) == 0


def history(days: int) -> list[Event]:
    """A conveyance with bills, an exit and dates; then, this many days later, events for it again."""
    late = START + timedelta(days=days)
    return [
        bill_on(CONVEYANCE, 0),
        bill_on(CONVEYANCE, 0, "ACME0002", 3),
        event("bill.deleted", {"bill": "ACME0003", "conveyance": CONVEYANCE, "version": 5}),
        event("conveyance.arrived", {"conveyance": CONVEYANCE, "arrived_at": START.isoformat()}),
        bill_on(OTHER, days),
        bill_on(CONVEYANCE, days),
        bill_on(CONVEYANCE, days, "ACME0002", 2),
        event("bill.manifested", whole_bill("ACME0003"), late),
        event("bill.amended", whole_bill("ACME0001", 2, "B"), late),
        event("conveyance.arrived", {"conveyance": CONVEYANCE, "arrived_at": late.isoformat()}, START),
        event("bill.disposed", {"bill": "ACME0001", "conveyance": CONVEYANCE, "version": 2, "how": "exported"}, late),
    ]


def judged(days: int, *, sweeping: bool) -> tuple[list[tuple[str, str, list[Posting]]], dict[bytes, bytes]]:
    """Fates, codes and postings of the history, and the rows at the end."""
    in_words, answers = StepInWords(), []
    for sent in history(days):
        postings = in_words.send(sent)
        answers.append((in_words.result.fate.value, in_words.result.code, postings))
        if sweeping:
            sweep(in_words)
    return answers, dict(in_words.table.rows())


@pytest.mark.parametrize("days", [KEPT - 1, KEPT, KEPT + 1, KEPT + 200])
def test_sweeping_changes_no_decision(days: int) -> None:
    """Swept or not, late events are answered alike, and leave the same rows."""
    assert judged(days, sweeping=True) == judged(days, sweeping=False)


def test_late_event_begins_an_expired_conveyance_anew() -> None:
    """After expiry versions, dates and waiting exits are forgotten."""
    answers, _ = judged(KEPT + 1, sweeping=False)
    assert {fate for fate, _, _ in answers} == {"applied"}
    stands = [bill.stand for _, _, postings in answers[5:8] for posting in postings for bill in posting.bills]
    assert stands == ["waiting", "waiting", "waiting"]
    kept, _ = judged(KEPT, sweeping=False)
    assert [code for _, code, _ in kept[5:8]] == ["repeat", "version", ""]


def test_event_that_expires_its_own_conveyance() -> None:
    """The stream day counts with the event's own time: it finds nothing of a conveyance that long quiet."""
    in_words = StepInWords()
    in_words.send(bill_on(CONVEYANCE, 0, version=9))
    (posting,) = in_words.send(bill_on(CONVEYANCE, KEPT + 1, version=1))
    assert (posting.bills[0].version, posting.bills[0].posting) == (1, 1)


def test_sweep_is_bounded_and_goes_on() -> None:
    """A call removes at most ten rows a conveyance of its budget; many calls remove all, also of one big group."""
    in_words = StepInWords()
    for number in range(90):
        in_words.send(bill_on(CONVEYANCE, 0, f"ACME{number:04d}"))
    for number in range(20):
        in_words.send(bill_on(f"truck:{number}", 0))
    in_words.send(bill_on(OTHER, KEPT + 1))
    removed = [sweep(in_words, 2) for _ in range(40)]
    assert max(removed) <= 2 * ROWS_A_GROUP
    assert sum(removed) == 91 + 40
    assert bills_held(in_words) == 1


def test_half_swept_conveyance_is_as_absent_as_a_whole_one() -> None:
    """An event for a conveyance in the middle of its sweep finds nothing, and what is left of it goes."""
    in_words = StepInWords()
    for number in range(50):
        in_words.send(bill_on(CONVEYANCE, 0, f"ACME{number:04d}", 5))
    in_words.send(bill_on(OTHER, KEPT + 1))
    while bills_held(in_words) == 51:
        sweep(in_words, 1)
    assert 1 < bills_held(in_words) < 51
    in_words.send(bill_on(CONVEYANCE, KEPT + 1, "ACME0007"))
    assert (in_words.result.code, bills_held(in_words)) == ("", 2)


def test_a_sweep_that_fails_is_begun_again() -> None:
    """Where the transaction of a sweep is lost, a later one removes the rows."""
    in_words = StepInWords()
    in_words.send(bill_on(CONVEYANCE, 0))
    in_words.send(bill_on(OTHER, KEPT + 1))
    in_words.step.sweep(in_words.table.overlay(), 10)
    assert bills_held(in_words) == 2
    assert sweep(in_words) == 2


def test_one_step_sweeps_several_tables() -> None:
    """Each partition's table has its own walk."""
    in_words, tables = StepInWords(), [Table(), Table()]
    for table in tables:
        in_words.table = table
        in_words.send(bill_on(CONVEYANCE, 0))
        in_words.send(bill_on(OTHER, KEPT + 1))
    removed = []
    for table in tables * 2:
        in_words.table = table
        removed.append(sweep(in_words))
    assert removed == [2, 2, 0, 0]


def test_sweep_of_an_empty_table() -> None:
    """A partition without events has nothing to sweep."""
    assert sweep(StepInWords()) == 0


def test_day_is_utcs() -> None:
    """Stream days are dates in UTC, whatever the offset of an event's time."""
    in_words = StepInWords()
    data = whole_bill()
    in_words.send(event("bill.manifested", data, datetime(2025, 8, 18, 23, tzinfo=UTC)))
    last = datetime(2025, 8, 18, tzinfo=UTC) + timedelta(days=KEPT + 1)
    sent = event("bill.manifested", whole_bill(conveyance=OTHER))
    in_words.send({**sent, "time": last.replace(tzinfo=None).isoformat() + "+00:01"})
    assert sweep(in_words) == 0
    sent = event("bill.manifested", whole_bill(version=2, conveyance=OTHER))
    in_words.send({**sent, "time": last.isoformat()})
    assert sweep(in_words) == 2
