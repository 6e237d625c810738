"""What can go wrong with the demo that is worth one sentence to its user, and no traceback."""


class DemoError(Exception):
    """The demo cannot start or go on; the message says why and what to do."""


class DayTooLargeError(DemoError):
    """The day would not fit into the embedded broker."""


class LogMovedError(DemoError):
    """The embedded broker threw records away, so nothing that was counted can be trusted."""


class BrokerError(DemoError):
    """The broker cannot be reached, or does not let the demo have its topics."""


class WorkerDiedError(DemoError):
    """A worker ended by itself."""


class EmbeddedRedisError(DemoError):
    """The embedded Redis does not start."""
