"""What a test may need from its machine beyond Python: where it is missing, a reported skip, or a failure."""

import os
import shutil
from collections import Counter
from collections.abc import Callable, Iterable
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parent.parent

KAFKA_JARS = Path(os.environ.get("TALLYGATE_KAFKA_JARS", ROOT / ".cache" / "kafka"))
"""Where `make kafka` put the jars of Apache Kafka."""


def kafka_missing() -> str | None:
    """Say what keeps a real Kafka from running here, or None if nothing does."""
    if shutil.which("java") is None:
        return "java not found"
    if not any(KAFKA_JARS.glob("kafka_*.jar")):
        return "Kafka's jars not found (make kafka)"
    return None


PIECES: dict[str, Callable[[], str | None]] = {"kafka": kafka_missing}
"""Marker of the tests that need a piece -> what is missing of it."""


def require(piece: str) -> None:
    """Go on if `piece` is there; else skip the test, or fail it if `TALLYGATE_REQUIRE` (names with commas) insists."""
    missing = PIECES[piece]()
    if missing is None:
        return
    reason = f"{piece}: {missing}"
    if piece in os.environ.get("TALLYGATE_REQUIRE", "").split(","):
        pytest.fail(f"required, but {reason}")
    pytest.skip(reason)


def skip_lines(reasons: Iterable[str]) -> list[str]:
    """Sum up the reasons given by `require` in one line for each missing piece."""
    counts = Counter(reason.removeprefix("Skipped: ").partition(": ")[::2] for reason in reasons)
    return [
        f"skipped: {count} {piece.capitalize()} test{'s' if count > 1 else ''}: {missing}"
        for (piece, missing), count in sorted(counts.items())
        if piece in PIECES
    ]
