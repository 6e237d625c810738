"""Following decisions over all interruptions, whatever library sends: where to resume, and when to connect again."""

import logging
import random
from collections import deque
from collections.abc import Callable, Iterable
from http import HTTPStatus
from pathlib import Path
from typing import Final, cast

from .client_errors import RefusedError, refusal
from .exchange import GatewayAnswer, document_of, wait_seconds
from .id_file import IdFile
from .messages import Outcome, Verdict
from .server_events import EventReader, ServerEvent

PATH: Final = "/v1/decisions"
SILENCE_SECONDS: Final = 13.0
"""A gateway says something every five seconds; after so long without a word the connection is dead."""
PAUSE_SECONDS: Final = 0.2
PAUSE_SECONDS_MAX: Final = 5.0
FOR_GOOD: Final = frozenset({HTTPStatus.BAD_REQUEST, HTTPStatus.UNAUTHORIZED, HTTPStatus.FORBIDDEN, HTTPStatus.GONE})
"""What ends a stream that has begun, so that connecting again does not help."""

log = logging.getLogger(__name__)


class Filters:
    """Which decisions are wanted; each filter may have several values, and without a value lets all pass."""

    def __init__(
        self, conveyance: str | Iterable[str], outcome: Outcome | Iterable[Outcome], programme: str | Iterable[str]
    ) -> None:
        self.query: list[tuple[str, str | int | float | bool | None]] = [
            (name, value)
            for name, values in (("conveyance", conveyance), ("outcome", outcome), ("programme", programme))
            for value in ((values,) if isinstance(values, str) else values)
        ]


class KeptPlace:
    """Where a subscriber resumes, and where it is kept: `after`, unless the file has an id already."""

    def __init__(
        self, after: str | None, id_file: Path | str | None, processed: Callable[[str], object] | None
    ) -> None:
        self._file = None if id_file is None else IdFile(Path(id_file))
        self._processed = processed
        kept = None if self._file is None else self._file.load()
        self.last_id = after if kept is None else kept
        """Everything up to it has been processed."""

    def move(self, last_id: str) -> None:
        """Note that everything up to an id has been processed."""
        if last_id == self.last_id:
            return
        self.last_id = last_id
        if self._file is not None:
            self._file.save(last_id)
        if self._processed is not None:
            self._processed(last_id)

    def flush(self) -> None:
        """Keep what is not on the disk yet."""
        if self._file is not None:
            self._file.flush()


class Following:
    """What has come and waits, and what was handed out last: that is processed once `done` is called."""

    def __init__(self, place: KeptPlace) -> None:
        self._place = place
        self._reader = EventReader()
        self._waiting: deque[ServerEvent] = deque()
        self._handed_out: str | None = None
        self._pause = PAUSE_SECONDS
        self.why = ""
        """Why the gateway ended the stream; empty: it did not."""

    @property
    def last_id(self) -> str | None:
        """Everything up to it has been processed; None: nothing has come yet."""
        return self._place.last_id

    def headers(self) -> dict[str, str]:
        """Begin a connection, and return what its request says: where to resume."""
        self._reader, self.why = EventReader(), ""
        last = self.last_id
        return {"Accept": "text/event-stream", **({"Last-Event-ID": last} if last else {})}

    def connected(self) -> None:
        """Note that the gateway serves the stream."""
        self._pause = PAUSE_SECONDS

    def feed(self, data: bytes) -> None:
        """Take what came over the connection."""
        self._waiting.extend(self._reader.feed(data))

    def take(self) -> Verdict | None:
        """Return the next decision; None: nothing waits. Raise RefusedError if the gateway ends the stream for good."""
        while self._waiting:
            event = self._waiting.popleft()
            if event.data is not None and event.name == "error":
                self._end(event.data)
            elif event.data is not None and event.name == "decision":
                self._handed_out = event.id
                return cast("Verdict", document_of(event.data))
            elif event.id is not None:
                self._place.move(event.id)
        self._place.flush()
        return None

    def done(self) -> None:
        """Note that what was handed out last has been processed."""
        if self._handed_out is not None:
            last, self._handed_out = self._handed_out, None
            self._place.move(last)

    def flush(self) -> None:
        """Keep what is not on the disk yet."""
        self._place.flush()

    def pause_seconds(self, why: str, least: float = 0.0) -> float:
        """Return how long to wait before the next connection: longer each time, and not all subscribers alike."""
        log.warning("no decisions come (%s): connecting again", self.why or why)
        pause, self._pause = self._pause, min(2 * self._pause, PAUSE_SECONDS_MAX)
        return max(least, pause * (0.5 + random.random() / 2))  # noqa: S311 - spreads connections, guards nothing

    def refused(self, answer: GatewayAnswer, url: str) -> float:
        """Return how long to wait after an answer that is no stream. Raise RefusedError if it stands."""
        error = answer.error(url)
        if isinstance(error, RefusedError):
            raise error
        return self.pause_seconds(f"status {answer.status}", wait_seconds(answer.retry_after))

    def _end(self, data: str) -> None:
        problem = document_of(data)
        status = problem.get("status")
        error = refusal(status if isinstance(status, int) else 0, problem)
        if error.status in FOR_GOOD:
            raise error
        self.why = str(error)
