"""The toy step: counts records per key, and does what a record tells it to."""

import os
import re
import time
from collections.abc import Iterator, Mapping
from struct import Struct

from state.step import StepRefusedError
from state.table import Overlay
from stream.records import Fate, Outgoing, Record, Result, Sink

COUNT = Struct(">QQ")
COUNT_SUFFIX = b"count"


class ToyStep:
    """One decision for each record: `<key> <count> <partition> <offset>`, exact only if nothing repeats.

    A value that begins with `!` is an order: `!raise`, `!kill`, `!sleep <s>`, `!hold`, `!many <n>`, `!dead <code>`,
    `!stale`, `!refuse <id>`, which is obeyed unless the programme is known.
    """

    name = "toy"
    fates: tuple[tuple[Fate, str], ...] = ((Fate.APPLIED, ""), (Fate.APPLIED, "many"), (Fate.STALE, ""))
    """And a dead letter of any code that a record orders."""

    def __init__(
        self, fingerprint: str = "toy-1", reads: tuple[str, ...] = (), programmes: Mapping[str, str] | None = None
    ) -> None:
        """Judge under a fingerprint, and the structures of programmes."""
        self.fingerprint, self.reads, self.programmes = fingerprint, reads, programmes or {}

    def __call__(self, record: Record, table: Overlay) -> Result:
        """Count the record and decide, unless it orders otherwise."""
        value = record.value or b""
        if value.startswith(b"!"):
            return self._obey(record, table, value[1:].decode().split(" "))
        return self._decide(record, table)

    def sweep(self, table: Overlay, budget: int) -> int:  # noqa: ARG002
        """Sweep nothing."""
        return 0

    def _decide(self, record: Record, table: Overlay) -> Result:
        key = record.key or b"-"
        group = table.group(key)
        row = group.get(COUNT_SUFFIX)
        count, last = COUNT.unpack(row) if row else (0, 0)
        if row and record.offset <= last:
            raise RuntimeError("judged twice")
        group.put(COUNT_SUFFIX, COUNT.pack(count + 1, record.offset))
        value = b"%b %d %d %d" % (key, count + 1, record.partition, record.offset)
        return Result(Fate.APPLIED, "", (Outgoing(Sink.DECISIONS, record.partition, key, value),))

    def _obey(self, record: Record, table: Overlay, order: list[str]) -> Result:
        match order:
            case ["raise"]:
                raise ValueError("as told")
            case ["kill"]:
                os._exit(9)
            case ["sleep", seconds]:
                time.sleep(float(seconds))
                return Result(Fate.APPLIED, "", ())
            case ["hold"] if os.environ.get("TALLYGATE_TOY_HOLDS") == "no":
                os._exit(9)  # as the watchdog would end it, but at once
            case ["hold"]:
                re.match(r"(a+)+b", "a" * 99)  # one call without end, in which no other thread gets a turn
                raise AssertionError("it ended")
            case ["many", number]:
                return Result(Fate.APPLIED, "many", self._many(record, int(number)))
            case ["dead", code]:
                dead = Outgoing(
                    Sink.DEAD_LETTERS, record.partition, record.key, record.value, (("x-error", code.encode()),)
                )
                return Result(Fate.DEAD_LETTERED, code, (dead,))
            case ["refuse", programme]:
                if programme not in self.programmes:
                    raise StepRefusedError(f"{programme} is not enabled")
                return self._decide(record, table)
            case ["stale"]:
                return Result(Fate.STALE, "", ())
        raise ValueError(order)

    def _many(self, record: Record, number: int) -> Iterator[Outgoing | None]:
        for index in range(number):
            if index % 100 == 0:
                yield None
            value = b"many %d %d %d" % (index, record.partition, record.offset)
            yield Outgoing(Sink.DECISIONS, record.partition, b"many", value)


def toy(_settings: object, _partitions: int) -> ToyStep:
    """Make the step; for import by path."""
    reads = os.environ.get("TALLYGATE_TOY_READS", "").split()
    programmes = dict(each.split("=") for each in os.environ.get("TALLYGATE_TOY_PROGRAMMES", "").split())
    return ToyStep(os.environ.get("TALLYGATE_TOY_FINGERPRINT", "toy-1"), tuple(reads), programmes)
