"""A walk in blocks agrees with a plain sorted list, however small the blocks are."""

from bisect import insort

import pytest
from hypothesis import given
from hypothesis import strategies as st

from state.withholding.walk import Block, Walk

Operation = tuple[str, int, int, bool]
Model = list[tuple[bytes, int, bool]]
operations = st.lists(
    st.tuples(
        st.sampled_from(("insert", "insert", "insert", "append", "remove", "flip")),
        st.integers(0, 999),
        st.integers(0, 50),
        st.booleans(),
    ),
    max_size=60,
)


@given(todo=operations, block_max=st.sampled_from((1, 2, 5, 512)))
def test_a_walk_is_a_sorted_list(todo: list[Operation], block_max: int) -> None:
    """After each change it holds the same bills in the same order, with right sums, in blocks within their bound."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr("state.withholding.walk.BLOCK_MAX", block_max)
        walk, model = Walk(), Model()
        for operation in todo:
            change(walk, model, operation)
            compare(walk, model)
            assert all(0 < len(block.keys) <= block_max for block in walk.blocks)


def change(walk: Walk, model: Model, operation: Operation) -> None:
    """Change both."""
    what, number, value, fits = operation
    key = b"%09d" % (number if what == "insert" else 1000 + len(model))
    if what in {"insert", "append"}:
        if key not in {held for held, _, _ in model}:
            walk.insert(key, value, fits=fits)
            insort(model, (key, value, fits))
    elif model:
        key, value, before = model.pop(number % len(model))
        if what == "remove":
            assert walk.remove(key) == (value, before)
        else:
            block, place = place_of(walk, key)
            walk.set_fits(block, place, fits=not before)
            insort(model, (key, value, not before))


def place_of(walk: Walk, key: bytes) -> tuple[Block, int]:
    """Find a bill the slow way."""
    return next((block, block.keys.index(key)) for block in walk.blocks if key in block.keys)


def compare(walk: Walk, model: Model) -> None:
    """Compare bills and sums."""
    assert list(walk.items()) == model
    assert (len(walk), walk.total) == (len(model), sum(value for _, value, _ in model))
    fitting = [value for _, value, fits in model if fits]
    assert (walk.fit_count, walk.fit_total) == (len(fitting), sum(fitting))
    assert walk.last_key() == (model[-1][0] if model else b"")
    assert not model or walk.first() == model[0][:2]
    for block in walk.blocks:
        block.refresh()
        assert (block.total, block.need) == figures(block)


def figures(block: Block) -> tuple[int, int | None]:
    """Return the sum of what fits, and the least total at which a misfit would, by their definitions."""
    needs, total = [], 0
    for value, fits in zip(block.values, block.fits, strict=True):
        if fits:
            total += value
        else:
            needs.append(total + value)
    return total, min(needs, default=None)


@pytest.mark.parametrize("absent", [b"1", b"5", b"9"])
def test_a_bill_that_is_not_there_cannot_be_taken_out(absent: bytes) -> None:
    """Before, between and after the others an absent key raises, and nothing changes."""
    walk = Walk()
    for key in (b"3", b"7"):
        walk.insert(key, 10, fits=True)
    with pytest.raises(KeyError):
        walk.remove(absent)
    compare(walk, [(b"3", 10, True), (b"7", 10, True)])


def test_appending_leaves_full_blocks(monkeypatch: pytest.MonkeyPatch) -> None:
    """A manifest comes in order, so splitting the last block leaves the one before it full, not half empty."""
    monkeypatch.setattr("state.withholding.walk.BLOCK_MAX", 10)
    walk = Walk()
    for number in range(100):
        walk.insert(b"%03d" % number, 1, fits=True)
    assert [len(block.keys) for block in walk.blocks] == [10] * 10
