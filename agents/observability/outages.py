"""Kafka away and back: of aiokafka's hundreds of complaints one line, and another when they have ended."""

import logging
import time
from collections.abc import Callable
from threading import Lock, Timer
from typing import Any, Final

log = logging.getLogger(__name__)

COMPLAINTS: Final = (
    "Unable connect to",
    "Unable to update metadata",
    "Unable to request metadata",
    "Failed fetch messages from",
    "Failed fetch offsets from",
    "Heartbeat send request failed",
    "Heartbeat session expired",
    "Group Coordinator Request failed",
    "FindCoordinator Request failed",
    "Error sending",
    "Got error produce response: ",
    "Could not send",
)
"""How what aiokafka says begins while it cannot reach a broker."""
QUIET_SECONDS: Final = 10.0
"""Without a complaint for so long, Kafka is back."""


def later(seconds: float, call: Callable[[], None]) -> None:
    """Call a function after some time, in a thread that keeps no process alive."""
    timer = Timer(seconds, call)
    timer.daemon = True
    timer.start()


class OutageFilter(logging.Filter):
    """Lets no complaint through: it counts them, and logs the beginning and the end of the outage itself."""

    def __init__(
        self,
        clock: Callable[[], float] = time.monotonic,
        schedule: Callable[[float, Callable[[], None]], Any] = later,
    ) -> None:
        """Measure by `clock`, in seconds; `schedule` calls a function after some seconds."""
        super().__init__()
        self._clock = clock
        self._schedule = schedule
        self._lock = Lock()
        self._since: float | None = None
        self._last = 0.0
        self._count = 0

    def filter(self, record: logging.LogRecord) -> bool:
        """Tell whether a record is to be written."""
        text = str(record.msg)
        if not record.name.startswith("aiokafka") or not text.startswith(COMPLAINTS):
            return True
        with self._lock:
            self._last = self._clock()
            self._count += 1
            begins = self._since is None
            if begins:
                self._since = self._last
        if begins:
            more = {"incident": "kafka-away"}
            log.error("Kafka, or one of its brokers, is away: %s", record.getMessage(), extra=more)
            self._schedule(QUIET_SECONDS, self._look)
        return False

    def _look(self) -> None:
        with self._lock:
            quiet = self._clock() - self._last
            over = quiet >= QUIET_SECONDS
            seconds, count = self._last - (self._since or self._last), self._count
            if over:
                self._since, self._count = None, 0
        if over:
            more = {"incident": "kafka-back", "seconds": round(seconds, 1), "complaints": count}
            log.warning("Kafka is back: it was away for %.1f s", seconds, extra=more)
        else:
            self._schedule(QUIET_SECONDS - quiet, self._look)
