"""Places: whatever the order in which deliveries end, a place never passes one that is not done."""

from random import Random

from hypothesis import given
from hypothesis import strategies as st

from agents.webhooks.progress import Progress


@given(st.lists(st.tuples(st.integers(0, 2), st.booleans()), max_size=60), st.randoms(use_true_random=False))
def test_place_never_passes_an_open_delivery(records: list[tuple[int, bool]], random: Random) -> None:
    """After each step the place of a partition is its first offset that is not done, or where the reading is."""
    progress, ends = Progress([5, 0, 7]), [5, 0, 7]
    open_: list[tuple[int, int]] = []
    for partition, wanted in records:
        offset = ends[partition]
        ends[partition] += 1
        if wanted:
            progress.take(partition, offset)
            open_.append((partition, offset))
        else:
            progress.reach(partition, offset + 1)
        while open_ and random.random() < 0.5:
            progress.done(*open_.pop(random.randrange(len(open_))))
        expected = [min([at for number, at in open_ if number == each], default=ends[each]) for each in range(3)]
        assert (progress.places(), progress.waiting) == (expected, len(open_))
