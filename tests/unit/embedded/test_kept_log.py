"""The logs of the embedded broker as files: batches found in bytes, open transactions left out, one moment kept."""

from collections.abc import Callable
from pathlib import Path
from struct import pack

import msgspec
import pytest

from agents.embedded.batches import LogBatch, batches_in, closed
from agents.embedded.embedded_broker import PARTITION_BATCHES_MAX, PARTITION_BYTES_MAX
from agents.embedded.kept_log import ENDS, End, KeptLog, KeptLogError, Place

TRANSACTIONAL, CONTROL = 0x10, 0x30
PLACE = Place("decisions", 3)


def batch(base: int, records: int = 1, attributes: int = 0, producer: int = 1, payload: bytes = b"x") -> LogBatch:
    """Return a batch, made of its bytes."""
    rest = pack(">ibIhiqqqhii", 0, 2, 0, attributes, records - 1, 0, 0, producer, 0, 0, records) + payload
    (found,) = batches_in(pack(">qi", base, len(rest)) + rest)
    return found


def test_batches_are_found_and_a_part_of_one_is_left_out() -> None:
    """Each batch has its offsets, producer and kind; a batch that is cut off at the end is none."""
    whole = [batch(0, 3), batch(3, 1, TRANSACTIONAL, 7), batch(4, 1, CONTROL, 7)]
    data = b"".join(each.raw for each in whole)
    assert list(batches_in(data)) == whole
    assert list(batches_in(data[:-1])) == whole[:2]
    assert [(each.base, each.end, each.producer) for each in whole] == [(0, 3, 1), (3, 4, 7), (4, 5, 7)]
    assert [(each.transactional, each.control) for each in whole] == [(False, False), (True, False), (True, True)]


def test_log_is_cut_before_the_first_open_transaction() -> None:
    """What follows an open transaction waits with it, even if it is committed itself."""
    plain, first, end, second = batch(0), batch(1, 1, TRANSACTIONAL), batch(2, 1, CONTROL), batch(3, 1, TRANSACTIONAL)
    assert closed([plain, first]) == [plain]
    assert closed([plain, first, end]) == [plain, first, end]
    assert closed([plain, first, end, second]) == [plain, first, end]
    assert closed([batch(0, 1, TRANSACTIONAL, 2), first, end]) == []


def test_only_what_was_kept_counts(tmp_path: Path) -> None:
    """What was appended after the last `keep` is gone in the next process, and is written over."""
    log = KeptLog(tmp_path / "logs")
    log.append(PLACE, [batch(0, 2)])
    log.keep()
    log.append(PLACE, [batch(2, payload=b"lost")])
    again = KeptLog(tmp_path / "logs")
    assert again.end(PLACE).offset == 2
    again.append(PLACE, [batch(2)])
    again.keep()
    assert list(KeptLog(tmp_path / "logs").read(PLACE)) == [batch(0, 2), batch(2)]


@pytest.mark.parametrize("spoil", [lambda data: data[:-1], lambda data: data[:-70] + bytes(70)], ids=["short", "zeros"])
def test_damaged_file_is_refused(tmp_path: Path, spoil: Callable[[bytes], bytes]) -> None:
    """A file that is too short, or is overwritten, is named, with what to do."""
    log = KeptLog(tmp_path)
    log.append(PLACE, [batch(0), batch(1)])
    log.keep()
    file = tmp_path / PLACE.name
    file.write_bytes(spoil(file.read_bytes()))
    with pytest.raises(KeptLogError, match=r"decisions-3.log is damaged after offset 1; start again with --reset"):
        list(KeptLog(tmp_path).read(PLACE))


def test_damaged_ends_are_refused(tmp_path: Path) -> None:
    """Without its ends a folder is no log."""
    (tmp_path / ENDS).write_text("[]")
    with pytest.raises(KeptLogError, match=r"ends.json cannot be used .*--reset"):
        KeptLog(tmp_path)


def test_fullest_partition_is_told_by_bytes_or_batches(tmp_path: Path) -> None:
    """The broker drops the oldest when either is too much, so the greater share counts."""
    assert KeptLog(tmp_path).per_cent_full().per_cent == 0
    ends = {"a-0.log": End(9, PARTITION_BYTES_MAX // 2, 9), "b-1.log": End(9, 9, PARTITION_BATCHES_MAX * 9 // 10)}
    (tmp_path / ENDS).write_bytes(msgspec.json.encode(ends))
    report = KeptLog(tmp_path).per_cent_full()
    assert (report.per_cent, report.fullest) == (90, "b-1")
