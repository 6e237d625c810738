"""Which epoch may be rebuilt, what goes on where it was, and which workers must not run."""

import re

import msgspec
import pytest

from agents.kafka.errors import RefusedError
from agents.ops.rebuild.rebuild import EpochError, choose, former_of
from agents.worker.rebuild_marks import Rebuild, Stage, objection, rebuilds_in
from stream.topics import Topics


def done(epoch: int, manifest_epoch: int | None = None, stage: Stage = "done") -> dict[int, Rebuild]:
    """Return one rebuild by its epoch."""
    source = "shipments" if manifest_epoch in {None, epoch} else "postings"
    return {epoch: Rebuild(epoch, source, manifest_epoch or epoch, stage)}  # type: ignore[arg-type]


def test_a_new_epoch_is_higher_than_all_that_there_were() -> None:
    """Lower ones would be outranked, and one that was used has tables of something else."""
    assert choose({}, {1}, 2, "shipments") == Rebuild(2, "shipments", 2)
    for epoch in (2, 5):
        with pytest.raises(EpochError, match="5 is the highest so far: --epoch 6"):
            choose({}, {1, 5}, epoch, "shipments")


def test_what_was_begun_goes_on() -> None:
    """The same command again takes up the same rebuild, whatever stage it is at; another source is another rebuild."""
    begun = done(3, stage="publishing")
    assert choose(begun, {1, 3}, 3, "shipments") == begun[3]
    with pytest.raises(EpochError, match="begun from the shipments: run `tallygate rebuild tables --epoch 3`"):
        choose(begun, {1, 3}, 3, "postings")


def test_the_former_epoch_is_the_last_that_was_finished() -> None:
    """A rebuild that was broken off was never at work; postings are those of the manifest step's epoch."""
    rebuilds = {**done(2), **done(3, 2), **done(4, stage="filling")}
    assert former_of(rebuilds, {1, 2, 3, 4}, 5) == rebuilds[3]
    assert choose(rebuilds, {1, 2, 3, 4}, 5, "postings").manifest_epoch == 2
    assert former_of({}, {1}, 2).epoch == 1


@pytest.mark.parametrize(
    ("rebuilds", "epoch", "manifest_epoch", "step"),
    [
        ({}, 1, None, "manifest"),
        (done(2), 2, None, "manifest"),
        (done(2), 2, 2, "withholding"),
        (done(2, 1), 2, 1, "manifest"),
        (done(2, 1), 1, None, "manifest"),
        (done(2, stage="filling"), 1, None, "withholding"),
        ({**done(2), **done(3, 2)}, 3, 2, "withholding"),
    ],
)
def test_workers_of_the_current_epoch_run(
    rebuilds: dict[int, Rebuild], epoch: int, manifest_epoch: int | None, step: str
) -> None:
    """Those of the old epoch go on beside a rebuild, and the manifest step wherever its tables were kept."""
    assert objection(rebuilds, Topics("p", epoch, manifest_epoch), step) is None


@pytest.mark.parametrize(
    ("rebuilds", "epoch", "manifest_epoch", "step", "why"),
    [
        ({}, 2, None, "manifest", "epoch 2 has no tables yet: run `tallygate rebuild tables --epoch 2`"),
        (done(2, stage="publishing"), 2, None, "manifest", "being rebuilt: let `tallygate rebuild tables --epoch 2`"),
        (done(2, 1, "filling"), 2, 1, "withholding", "--epoch 2 --from postings"),
        (done(2), 1, None, "manifest", "outranked by epoch 2, .*EPOCH=2 TALLYGATE_KAFKA__MANIFEST_EPOCH=2"),
        (done(2, 1), 1, None, "withholding", "epoch 1 of withholding is outranked by epoch 2"),
        (done(2, 1), 2, None, "withholding", "judges postings of epoch 1: set .*MANIFEST_EPOCH=1"),
        ({**done(2), **done(3)}, 2, None, "manifest", "outranked by epoch 3"),
    ],
)  # fmt: skip
def test_other_workers_refuse(
    rebuilds: dict[int, Rebuild], epoch: int, manifest_epoch: int | None, step: str, why: str
) -> None:
    """Nobody would see their decisions, or their tables are not whole; the message says what to set or run."""
    said = objection(rebuilds, Topics("p", epoch, manifest_epoch), step)
    assert said is not None
    assert re.search(why, said)


@pytest.mark.parametrize("row", [b"", b"\xff", b"[" * 200_000, b'{"epoch":3,"source":"mirrors"}'])
def test_a_mark_that_cannot_be_read_is_named(row: bytes) -> None:
    """A worker would else end again and again and never say at what; rows of other prefixes and kinds do not matter."""
    good, topics = msgspec.json.encode(Rebuild(2, "shipments", 2)), Topics("p")
    rows = {b"p.e2/0/rebuild": good, b"other.e3/0/rebuild": row, b"p.manifest.e1/0/watch": row}
    assert rebuilds_in(rows, topics) == {2: Rebuild(2, "shipments", 2)}
    with pytest.raises(RefusedError, match=r"p\.e3/0/rebuild of p\.control\.v1, partition 0, is no mark") as refused:
        rebuilds_in({**rows, b"p.e3/0/rebuild": row}, topics)
    assert "mirrors" not in str(refused.value)
