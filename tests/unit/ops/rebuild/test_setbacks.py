"""A role that ends again and again: three times at one place are enough, and what is said of it."""

import pytest

from agents.engine.control import Halt
from agents.kafka.errors import EXIT_REFUSED, EXIT_RETRY, EngineError
from agents.ops.rebuild.group_lag import RebuildGroup
from agents.ops.rebuild.setbacks import Setbacks, StuckPlace, objection_to

GROUP = RebuildGroup("rebuilt-alerts", "p.rebuilt-alerts.e2", "p.rebuilt-alerts.e2")
HERE = StuckPlace({0: 12, 1: 3}, {b"watch": b"1"})


def ended(*ends: tuple[int, StuckPlace]) -> EngineError | None:
    """Note these ends; give the error in which that results."""
    setbacks = Setbacks()
    try:
        for status, place in ends:
            setbacks.note(GROUP, status, place)
    except EngineError as error:
        return error
    return None


@pytest.mark.parametrize(
    ("statuses", "status"), [((1, 1, 1), EXIT_REFUSED), ((75, 1, 75), EXIT_REFUSED), ((75, 75, 75), EXIT_RETRY)]
)
def test_three_ends_at_one_place_are_enough(statuses: tuple[int, ...], status: int) -> None:
    """It says who, where and with which status; only where each end asked for another try does the command so too."""
    assert ended(*((each, HERE) for each in statuses[:2])) is None
    error = ended(*((each, HERE) for each in statuses))
    assert error is not None
    assert error.status == status
    for words in ("rebuilt-alerts ended 3 times", f"status {statuses[-1]}", "offset 12 of partition 0, offset 3 of"):
        assert words in str(error)


@pytest.mark.parametrize("other", [StuckPlace({0: 13, 1: 3}, HERE.rows), StuckPlace(HERE.stands, {b"watch": b"2"})])
def test_who_gets_on_may_end_more_often(other: StuckPlace) -> None:
    """A record more was judged, or the engine has narrowed down which one it is: counting begins again."""
    assert ended((1, HERE), (1, HERE), (1, other), (1, other)) is None
    assert ended((1, HERE), (1, HERE), (1, other), (1, other), (1, other)) is not None


def test_two_roles_are_counted_apart() -> None:
    """Two ends of each are no three of one."""
    setbacks, other = Setbacks(), RebuildGroup("rebuilt-decisions", "g", "t")
    for group in (GROUP, other, GROUP, other):
        setbacks.note(group, 1, HERE)
    with pytest.raises(EngineError, match="rebuilt-decisions ended 3 times"):
        setbacks.note(other, 1, HERE)


def test_a_record_that_cannot_be_judged_is_named() -> None:
    """Topic, partition and offset, and the command that has it tried again."""
    error = objection_to(Halt(GROUP.group_id, 3, 17, "poison"), GROUP, "EPOCH=2")
    assert error.status == EXIT_REFUSED
    assert "offset 17 of partition 3 of p.rebuilt-alerts.e2" in str(error)
    assert "`EPOCH=2 tallygate resume rebuilt-alerts/3`" in str(error)
