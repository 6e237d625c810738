"""A changelog that is not what was written: whatever was done to its rows, the table is refused and not judged on."""

from collections.abc import Callable

import pytest

from agents.engine.step_runner import POSITION_KEY
from agents.kafka.errors import EXIT_REFUSED
from state.table import PARTITION_ROOT, changelog_key
from tests.integration.engine.test_judging import exact
from tests.kafka.harness import KafkaHarness
from tests.toy.step import COUNT, COUNT_SUFFIX

pytestmark = pytest.mark.kafka

RECORDS = 400
HELD = RECORDS + 1
"""One row for each key, and the fingerprint."""
Rows = list[tuple[bytes, bytes | None]]


@pytest.fixture
def lived(harness: KafkaHarness) -> KafkaHarness:
    """Return a harness whose partition 2 has many rows, some of them written twice, and no worker is left."""
    for partition in range(4):
        harness.produce([b"x"] * 10, partition)
    worker = harness.worker()
    worker.ready()
    harness.wait_for_decisions(40)
    harness.produce([b"x"] * RECORDS, 2)
    harness.wait_for_decisions(40 + RECORDS)
    assert worker.stop() == 0
    return harness


def rewrite(harness: KafkaHarness, change: Callable[[Rows], Rows]) -> None:
    """Append to partition 2 of the changelog, as by hand, what `change` makes of its rows."""
    changelog = harness.topics.changelog("toy")
    written: Rows = [(key or b"", value) for _offset, key, value in harness.read(changelog)[2]]
    with harness.producer() as producer:
        for key, value in change(written):
            producer.produce(changelog, value, key, 2)


def counted(rows: Rows) -> Rows:
    """Leave out the partition's own rows."""
    return [row for row in rows if not row[0].startswith(changelog_key(PARTITION_ROOT, b""))]


KEY = changelog_key(b"key-2-1", COUNT_SUFFIX)


@pytest.mark.parametrize(
    ("change", "said"),
    [
        (lambda rows: [(key, None) for key in list(dict(counted(rows)))[:300]], f"{HELD} rows and has {HELD - 300}"),
        (lambda rows: [(counted(rows)[0][0], None)], f"{HELD} rows and has {HELD - 1}"),
        (lambda _rows: [(KEY, COUNT.pack(7, 0))], "should hold checksum"),
        (lambda rows: [next(row for row in rows if row[0] == KEY)], "should hold checksum"),
        (
            lambda _rows: [(changelog_key(b"foreign", COUNT_SUFFIX), COUNT.pack(1, 0))],
            f"{HELD} rows and has {HELD + 1}",
        ),
        (lambda _rows: [(POSITION_KEY, None)], f"0 rows and has {HELD}"),
    ],
    ids=["300 tombstones", "one tombstone", "another value", "a former value", "a foreign row", "no position"],
)
def test_a_changelog_that_does_not_add_up_is_refused(
    lived: KafkaHarness, change: Callable[[Rows], Rows], said: str
) -> None:
    """The worker ends with 78, names partition, what it should hold and what it found, and the remedy."""
    rewrite(lived, change)
    lived.produce([b"x"] * 10, 0)
    worker = lived.worker()
    assert worker.refused() == EXIT_REFUSED
    assert "do not add up: partition 2 should h" in worker.log()
    assert said in worker.log()
    assert "tallygate rebuild tables --epoch N" in worker.log()
    assert len(lived.decisions()) == 40 + RECORDS


def test_a_row_written_again_as_it_is_does_no_harm(lived: KafkaHarness) -> None:
    """The last value of every key is what counts: a changelog with repeats, as compaction leaves them, adds up."""
    rewrite(lived, lambda rows: list(dict(rows).items())[:200])
    lived.produce([b"x"] * RECORDS, 2)
    lived.worker().ready()
    decisions = lived.wait_for_decisions(40 + 2 * RECORDS)
    assert len(decisions) == 40 + 2 * RECORDS
    assert exact(decisions)
