"""What can go wrong with the demo that is worth one sentence to its user, and no traceback."""


class DemoError(Exception):
    """The demo cannot start or go on; the message says why and what to do."""

    status = 1
    """Exit code, see `agents.cli.exits`."""


class DayTooLargeError(DemoError):
    """The day would not fit into the embedded broker."""

    status = 2


class LogMovedError(DemoError):
    """The embedded broker threw records away, so nothing that was counted can be trusted."""


class BrokerError(DemoError):
    """The broker cannot be used, or does not let the demo have its topics."""


class BrokerAwayError(BrokerError):
    """The broker does not answer; trying again later helps."""

    status = 75


class WorkerDiedError(DemoError):
    """A worker ended by itself."""


class EmbeddedRedisError(DemoError):
    """The embedded Redis does not start."""
