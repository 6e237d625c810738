"""Errors of the demo that its user sees as one sentence, without a traceback."""

from agents.embedded.embedded_errors import BrokerError, EmbeddedError


class NoSuchProgrammeError(EmbeddedError):
    """No shipped programme has the id."""

    status = 2


class DayTooLargeError(EmbeddedError):
    """The day would not fit into the embedded broker."""

    status = 2


class BrokerAwayError(BrokerError):
    """The broker does not answer; trying again later helps."""

    status = 75
