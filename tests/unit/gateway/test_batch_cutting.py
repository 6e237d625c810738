"""A batch is cut into its events, and however a body is made, the work for it is bounded; counted, not timed."""

import asyncio
from itertools import groupby
from typing import Any

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from agents.gateway.endpoints import batch_cutting, ingest
from agents.gateway.endpoints.batch_cutting import COMMAS_MAX, NoEventError, TooManyEventsError, cut
from agents.gateway.endpoints.batch_repeats import Subjects
from agents.gateway.http.problems import Problem
from stream.reading import Reader

EVENT = {"specversion": "1.0", "id": "1", "source": "/a", "type": "t", "time": "2025-08-19T21:04:11Z", "data": {}}
LONG = 4_000_000
HOSTILE = {
    "numbers": b"[" + b"1," * LONG + b"1]",
    "arrays": b"[" + b"[]," * (LONG // 2) + b"1]",
    "events with no data": b"[" + b"{}," * (LONG // 2) + b"{}]",
    "after one event": b"[" + msgspec.json.encode(EVENT) + b",1" * LONG + b"]",
    "never closed": b"[" + b"1," * LONG,
    "no array": b'"' + b"," * LONG + b'"',
}


@pytest.mark.parametrize("body", HOSTILE.values(), ids=HOSTILE)
def test_no_body_makes_millions_of_pieces(body: bytes, monkeypatch: pytest.MonkeyPatch) -> None:
    """Eight megabytes of next to nothing are refused before they are cut."""
    made: list[int] = []

    def count(text: bytes) -> Any:
        pieces = msgspec.json.decode(text, type=list[msgspec.Raw])
        made.append(len(pieces))
        return pieces

    monkeypatch.setattr(batch_cutting, "_decode_batch", count)
    with pytest.raises((NoEventError, ValueError)):
        cut(body, 10_000)
    assert max(made, default=0) <= COMMAS_MAX


@given(st.lists(st.sampled_from([msgspec.json.encode(EVENT), b"{}", b"1", b'"[,"', b"null", b'[1,{"a":"]"}]'])))
def test_pieces_are_those_of_the_array(pieces: list[bytes]) -> None:
    """Good or bad, each piece comes out as it went in, in its place."""
    assert list(cut(b"[" + b" ,\n".join(pieces) + b"]", 100)) == pieces
    if pieces:
        with pytest.raises(TooManyEventsError):
            cut(b"[" + b",".join(pieces) + b"]", len(pieces) - 1)


@pytest.mark.parametrize("size", [100, 5_000, 400_000])
async def test_others_have_their_turn_between_events(size: int, monkeypatch: pytest.MonkeyPatch) -> None:
    """Between two turns of the loop no more is checked than a slice and one event, however large they are."""
    checked: list[tuple[int, int]] = []
    turn, whole = 0, Reader.read

    def read(reader: Reader, record: Any) -> Any:
        checked.append((turn, len(record.value)))
        return whole(reader, record)

    async def turning() -> None:
        nonlocal turn
        while True:
            turn += 1
            await asyncio.sleep(0)

    monkeypatch.setattr(Reader, "read", read)
    other = asyncio.create_task(turning())
    values = [b'{"a":"' + b"[" * size + b'"}'] * (8_000_000 // size)
    with pytest.raises(Problem):
        await ingest._check(values, 0, Subjects())
    other.cancel()
    turns = [list(each) for _, each in groupby(checked, key=lambda each: each[0])]
    assert max(sum(length for _turn, length in each) for each in turns) <= ingest.BYTES_A_TURN + size + 10
    assert max(map(len, turns)) <= ingest.EVENTS_A_TURN + 1
