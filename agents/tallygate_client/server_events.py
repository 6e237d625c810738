"""Server-sent events out of bytes as they come: names, data and ids, by the rules of the HTML standard."""

import re
from collections.abc import Iterator
from typing import Final, NamedTuple

_ENDS: Final = re.compile(rb"\r\n|\r|\n")


class ServerEvent(NamedTuple):
    """One block of the stream; without data it only moves the id on, as a heartbeat does."""

    name: str
    data: str | None
    id: str | None
    """None: the block says none."""


class EventReader:
    """Cuts a stream into blocks; one reader a connection."""

    def __init__(self) -> None:
        self._held = b""
        self._fields: dict[str, list[str]] = {}

    def feed(self, data: bytes) -> Iterator[ServerEvent]:
        """Take what came, and yield each block that is whole with it."""
        *lines, self._held = self._cut(self._held + data)
        for line in lines:
            if line:
                self._take(line.decode("utf-8", "replace"))
            elif self._fields:
                yield self._block()

    @staticmethod
    def _cut(data: bytes) -> list[bytes]:
        # A CR at the end may be half of a line's end: it waits for what follows.
        waits = data.endswith(b"\r")
        lines = _ENDS.split(data[:-1] if waits else data)
        if waits:
            lines[-1] += b"\r"
        return lines

    def _take(self, line: str) -> None:
        name, _, value = line.partition(":")
        if name in {"event", "data", "id"}:
            self._fields.setdefault(name, []).append(value.removeprefix(" "))

    def _block(self) -> ServerEvent:
        fields, self._fields = self._fields, {}
        data = fields.get("data")
        return ServerEvent(
            fields.get("event", ["message"])[-1],
            None if data is None else "\n".join(data),
            fields.get("id", [None])[-1],
        )
