"""Why events are not published; no message quotes an event."""

from stream.faultfinding import FaultFound


class PublishError(Exception):
    """Something was not published; the text says why and what to do."""


class PublishAwayError(PublishError):
    """Kafka or the gateway does not answer; whether the last events arrived is unknown. Sending them again is safe."""


class PublishRefusedError(PublishError):
    """Kafka or the gateway answers, and refuses: trying again does not help."""


class ChangedError(PublishError):
    """The file is no longer what was checked."""


class MiscountError(PublishError):
    """Rows that were read are neither sent nor named: a fault of Tallygate, so nothing may be reported as done."""


class WrongEventError(PublishError):
    """An event would become a dead letter; nothing of what was handed over with it was sent."""

    def __init__(self, index: int, found: FaultFound) -> None:
        super().__init__(f"event {index}: {found.fault}: {found.detail}")
        self.index = index
        """Its place in what was handed over, from 0."""
        self.found = found
