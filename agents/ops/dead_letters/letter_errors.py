"""Why dead letters cannot be listed or sent again."""

from collections.abc import Sequence


class DeadLettersError(Exception):
    """The request cannot be met; the text says what to do and quotes no record."""


class MissingTopicsError(DeadLettersError):
    """The topics do not exist: another prefix, or they were never created."""

    def __init__(self, names: Sequence[str]) -> None:
        super().__init__(
            f"no topic {', '.join(names)}: is TALLYGATE_KAFKA__PREFIX right? else run `tallygate topics create`"
        )


class NoSuchLetterError(DeadLettersError):
    """A letter that was named does not exist."""


class FencedRetryError(DeadLettersError):
    """Another retry under the same prefix has started: only one may send."""

    def __init__(self, count: int) -> None:
        super().__init__(f"another retry has started; this one sent {count:,} and stops. Run it again for the rest")
