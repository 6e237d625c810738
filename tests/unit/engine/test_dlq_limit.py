"""The DLQ limit: more than 100 among the last 1000 records, two codes aside."""

import pytest

from agents.engine.dlq_limit import DlqLimit


def test_the_hundred_and_first_is_one_too_many() -> None:
    """A hundred are allowed, the next is not."""
    window = DlqLimit()
    assert [window.add(ordinal, "bad-shape") for ordinal in range(1, 102)] == [False] * 100 + [True]
    assert window.exceeded


def test_only_the_last_thousand_records_count() -> None:
    """One in ten records is just allowed for ever."""
    window = DlqLimit()
    assert not any(window.add(ordinal, "bad-shape") for ordinal in range(10, 100_000, 10))
    assert len(window) == 100


@pytest.mark.parametrize("code", ["unknown-type", "version-conflict"])
def test_two_codes_never_count(code: str) -> None:
    """Newer and repeating producers make unknown types and conflicting versions."""
    window = DlqLimit()
    assert not any(window.add(ordinal, code) for ordinal in range(1, 500))
    assert len(window) == 0


def test_the_row_keeps_the_window() -> None:
    """What is written is read back; no row is an empty window."""
    window = DlqLimit((3, 2**40))
    assert DlqLimit.decode(window.encode()).encode() == window.encode() != b""
    assert len(DlqLimit.decode(None)) == 0


def test_a_copy_leaves_the_window_alone() -> None:
    """A transaction that fails must not have counted."""
    window = DlqLimit((1,))
    window.copy().add(2, "bad-shape")
    assert len(window) == 1
