"""Errors of the embedded system that its user sees as one sentence, without a traceback."""


class EmbeddedError(Exception):
    """The embedded system cannot start or go on; the message says why and what to do."""

    status = 1
    """Exit code, see `agents.cli.exits`."""


class BrokerError(EmbeddedError):
    """The broker cannot be used, or refuses to create topics."""


class LogMovedError(EmbeddedError):
    """The embedded broker dropped records, so no count can be trusted."""


class BrokerFullError(LogMovedError):
    """The embedded broker dropped records while its logs were kept."""

    status = 78


class ChildDiedError(EmbeddedError):
    """A part of the system ended by itself."""


class EmbeddedRedisError(EmbeddedError):
    """The embedded Redis does not start."""
