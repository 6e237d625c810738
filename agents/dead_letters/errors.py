"""What keeps dead letters from being listed or sent again."""

from collections.abc import Sequence


class DeadLettersError(Exception):
    """It cannot be done as asked; the text says what to do and quotes nothing of a record."""


class MissingTopicsError(DeadLettersError):
    """The topics are not there: another prefix, or never made."""

    def __init__(self, names: Sequence[str]) -> None:
        super().__init__(
            f"no topic {', '.join(names)}: is TALLYGATE_KAFKA__PREFIX right? else run `tallygate topics create`"
        )


class NoSuchLetterError(DeadLettersError):
    """A letter that was named is not there."""


class FencedRetryError(DeadLettersError):
    """Another retry under the same prefix began meanwhile: only one may send."""

    def __init__(self, count: int) -> None:
        super().__init__(f"another retry has started; this one sent {count:,} and stops. Run it again for the rest")
