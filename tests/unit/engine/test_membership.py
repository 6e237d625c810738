"""Errors of the group's coordinator are taken, and taken seriously when they do not end."""

import pytest
from aiokafka.errors import GroupAuthorizationFailedError, KafkaError

from agents.engine.membership import ERRORS_MAX, Membership
from agents.kafka.errors import EngineError


class Coordinator:
    """Has the three parts of aiokafka's coordinator that are used; tests/contract pins them."""

    def __init__(self, error: KafkaError | None, *, ended: bool = False) -> None:
        self._error = error
        self._ended = ended
        self._coordination_task = self
        self.rejoins = 0

    def done(self) -> bool:
        """Tell whether its task has ended."""
        return self._ended

    def check_errors(self) -> None:
        """Raise the pending error."""
        if self._error is not None:
            raise self._error

    def request_rejoin(self) -> None:
        """Count it."""
        self.rejoins += 1


def test_an_error_is_taken_and_the_group_joined_again() -> None:
    """Without an error nothing is done; with one the coordinator goes on, from the beginning."""
    sound, troubled = Coordinator(None), Coordinator(KafkaError("CoordinatorNotAvailable"))
    for coordinator in (sound, troubled):
        Membership().look(coordinator)
    assert (sound.rejoins, troubled.rejoins) == (0, 1)


def test_errors_without_end_end_the_process() -> None:
    """A group that cannot be joined is no place to stay in: the supervisor starts the worker again."""
    membership, coordinator = Membership(), Coordinator(GroupAuthorizationFailedError("g"))
    for _ in range(ERRORS_MAX - 1):
        membership.look(coordinator)
    with pytest.raises(EngineError, match="GroupAuthorizationFailedError"):
        membership.look(coordinator)


def test_a_coordinator_that_has_ended_ends_the_process() -> None:
    """No task of it is left that could join again."""
    with pytest.raises(EngineError, match="coordinator ended"):
        Membership().look(Coordinator(KafkaError("Unexpected error during coordination"), ended=True))
