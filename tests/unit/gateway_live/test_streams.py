"""Open streams: counted, limited, ended."""

from datetime import UTC, datetime

import pytest

from agents.gateway.http.auth import Caller
from agents.gateway.live.streams import GOING_AWAY, TOKEN_ENDED, TOO_SLOW, Streams, TooManyStreamsError, gone


class Someone(Caller, frozen=True):
    """A caller whose token ends when it is told to."""

    ends: list[bool]

    def is_live(self) -> bool:
        """Tell whether the token is good."""
        return not self.ends


def someone(name: str) -> Someone:
    return Someone(name, frozenset(), datetime(2030, 1, 1, tzinfo=UTC), (), None, [])  # type: ignore[arg-type]


async def test_streams_are_counted_and_limited() -> None:
    """No more than allowed are open, in all and of one token; who goes makes room."""
    streams, caller = Streams(3, 2), someone("a")
    with streams.opened("sse", caller), streams.opened("scan", caller):
        with pytest.raises(TooManyStreamsError), streams.opened("scan", caller):
            pass
        with streams.opened("sse", someone("b")):
            with pytest.raises(TooManyStreamsError), streams.opened("sse", someone("c")):
                pass
            assert len(streams) == 3
    with streams.opened("sse", caller):
        assert len(streams) == 1
    assert len(streams) == 0


async def test_the_first_reason_to_end_counts() -> None:
    """Streams of an ended token are swept, others stay; one that has ended keeps its reason."""
    streams, ended, other = Streams(9, 9), someone("a"), someone("b")
    with (
        streams.opened("sse", ended) as first,
        streams.opened("scan", ended) as slow,
        streams.opened("scan", other) as third,
    ):
        slow.end(TOO_SLOW)
        ended.ends.append(True)
        streams.sweep()
        assert first.ending.result() is TOKEN_ENDED
        assert slow.ending.result() is TOO_SLOW
        assert not third.ending.done()
        streams.stop()
        assert third.ending.result() is GOING_AWAY
        with streams.opened("sse", other) as late:
            assert late.ending.result() is GOING_AWAY


def test_an_ending_is_a_problem() -> None:
    """What a reader is told last says what to do."""
    document = gone("too old").problem().document()
    assert (document["status"], document["title"]) == (410, "Gone")
    assert document["detail"] == "too old; connect without an id"
