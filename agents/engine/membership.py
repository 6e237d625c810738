"""Staying a member of the group: aiokafka's coordinator stops at an error until its owner takes the error.

Its `getmany` would do so; our pump reads past it. A coordinator that has stopped may go on with its heartbeats and hear
of no rebalance: the group then waits for this member, up to the whole rebalance time-out, and gives it up.
"""

import logging
from collections import deque
from time import monotonic
from typing import Any, Final

from aiokafka.errors import KafkaError

from agents.kafka.errors import EngineError

log = logging.getLogger(__name__)

ERRORS_MAX: Final = 10
WITHIN_SECONDS: Final = 60.0


class Membership:
    """Takes errors from the coordinator and joins again; only in the consumer's thread."""

    def __init__(self) -> None:
        """Start without any error."""
        self._errors: deque[float] = deque(maxlen=ERRORS_MAX)

    def look(self, coordinator: Any) -> None:
        """Take an error, if there is one, and have the group joined again. Raise EngineError if that does not help."""
        try:
            coordinator.check_errors()
        except KafkaError as error:
            self._taken(error, ended=coordinator._coordination_task.done())
            coordinator.request_rejoin()

    def _taken(self, error: KafkaError, *, ended: bool) -> None:
        now = monotonic()
        self._errors.append(now)
        if ended:
            raise EngineError(f"the group's coordinator ended: {error!r}") from None
        if len(self._errors) == ERRORS_MAX and now - self._errors[0] < WITHIN_SECONDS:
            raise EngineError(f"the group cannot be joined, {ERRORS_MAX} errors in a row: {error!r}") from None
        log.warning("the group's coordinator answered with an error, joining the group again: %r", error)
