"""DESIGN section 2, "Which day", sentence by sentence: the answer to the last event of each history."""

import pytest

from tests.unit.manifest.step_in_words import CONVEYANCE, StepInWords, cases, event, whole_bill


@pytest.mark.parametrize(("history", "answer"), cases("which_day.txt"))
def test_day(history: list[str], answer: str) -> None:
    """Each sentence holds; consignees may come in any order, so the parts of an answer are compared as a set."""
    in_words = StepInWords()
    for words in history[:-1]:
        in_words.answer(words)
    last = in_words.answer(history[-1])
    assert sorted(last.removeprefix("applied: ").split("; ")) == sorted(answer.removeprefix("applied: ").split("; "))


@pytest.mark.parametrize(
    ("instant", "day"),
    [
        ("2025-08-20T03:59:59.999999Z", 19),
        ("2025-08-20T04:00:00Z", 20),
        ("2025-08-20T13:00:00+09:00", 20),
        ("2025-08-20T12:59:59+09:00", 19),
    ],
)
def test_day_is_new_yorks(instant: str, day: int) -> None:
    """The day of an arrival is the date of its instant in New York, whatever its offset."""
    in_words = StepInWords()
    in_words.answer("bill 1")
    postings = in_words.send(event("conveyance.arrived", {"conveyance": CONVEYANCE, "arrived_at": instant}))
    assert [bill.day and bill.day.day for bill in postings[0].bills] == [day]


@pytest.mark.parametrize("instant", ["0002-01-01T00:00:00+14:00", "9998-12-31T23:59:59-12:00"])
def test_edges_of_the_calendar(instant: str) -> None:
    """The first and last instants that an event may say have a day, and come back from the row as they were."""
    in_words = StepInWords()
    in_words.send(event("bill.manifested", whole_bill(manifested_at=instant, arrived_at=instant)))
    first = in_words.outputs[0].value
    postings = in_words.send(event("bill.amended", whole_bill(version=2, manifested_at=instant, arrived_at=instant)))
    assert postings[0].bills[0].stand == "arrived"
    assert (first or b"").replace(b'"version":1,"posting":1', b'"version":2,"posting":2').replace(
        b'"offset":1', b'"offset":2'
    ) == in_words.outputs[0].value
