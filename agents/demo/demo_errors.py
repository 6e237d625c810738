"""Errors of the demo that its user sees as one sentence, without a traceback."""


class DemoError(Exception):
    """The demo cannot start or go on; the message says why and what to do."""

    status = 1
    """Exit code, see `agents.cli.exits`."""


class NoSuchProgrammeError(DemoError):
    """No shipped programme has the id."""

    status = 2


class DayTooLargeError(DemoError):
    """The day would not fit into the embedded broker."""

    status = 2


class LogMovedError(DemoError):
    """The embedded broker dropped records, so no count can be trusted."""


class BrokerError(DemoError):
    """The broker cannot be used, or refuses to create the demo's topics."""


class BrokerAwayError(BrokerError):
    """The broker does not answer; trying again later helps."""

    status = 75


class WorkerDiedError(DemoError):
    """A worker ended by itself."""


class EmbeddedRedisError(DemoError):
    """The embedded Redis does not start."""
