"""Waits of tests end as soon as they cannot end well, and what was done before a process ended counts."""

import subprocess
import sys
import time
from collections.abc import Callable

import pytest

from tests import waiting
from tests.waiting import ended, none_lives, wait_for


class Said:
    """A process that ends at once, or runs on, and has said something."""

    def __init__(self, code: str) -> None:
        self.process = subprocess.Popen([sys.executable, "-c", code])

    def log(self) -> str:
        """Return what it has said."""
        return "its last words"


@pytest.fixture(autouse=True)
def asked_at_once(monkeypatch: pytest.MonkeyPatch) -> None:
    """Have no wait go on because it was asked a moment ago."""
    monkeypatch.setattr(waiting, "IN_VAIN_SECONDS", 0.0)


def test_a_wait_for_a_process_that_ended_ends() -> None:
    """A needed process that has ended is named with its status and last words."""
    dead = Said("raise SystemExit(3)")
    with pytest.raises(TimeoutError, match=r"in vain for a sign.*ended with 3:\nits last words"):
        wait_for(lambda: False, "a sign", in_vain=ended(dead))


def test_one_that_lives_keeps_a_wait_alive() -> None:
    """While one of several processes runs nothing is in vain; once all have ended it is."""
    both = [Said(""), Said("import time; time.sleep(600)")]
    both[0].process.wait()
    assert none_lives(both)() == ""
    both[1].process.kill()
    both[1].process.wait()
    assert "ended with -9" in none_lives(both)()


def test_what_was_done_before_the_end_counts() -> None:
    """A condition that came true while it was asked whether the wait is in vain holds."""
    done: list[bool] = []

    def last_act() -> str:
        done.append(True)
        return "it has ended"

    wait_for(lambda: done, "the act", in_vain=last_act)
    assert done == [True]


def test_a_question_that_costs_much_is_asked_less_often(monkeypatch: pytest.MonkeyPatch) -> None:
    """What a question took of the processor is waited for again and again, up to a bound; a cheap one is asked soon."""
    rests: list[float] = []
    monkeypatch.setattr("tests.waiting.time.sleep", rests.append)

    def costs(seconds: float) -> Callable[[], bool]:
        def asked() -> bool:
            until = time.process_time() + seconds
            while time.process_time() < until:
                pass
            return bool(rests)

        return asked

    for seconds in (0.0, 0.03, 0.2):
        rests.clear()
        wait_for(costs(seconds), "the second question")
        assert max(waiting.ASK_SECONDS, min(4 * seconds, waiting.REST_SECONDS_MAX)) <= rests[0]
        assert rests[0] <= waiting.REST_SECONDS_MAX
