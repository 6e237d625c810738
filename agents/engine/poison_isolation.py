"""How carefully a partition is judged after a death or an error, until the record that caused it is known.

A record is poison when a step raised, or the process died, while it was being judged, three times. An error says which
record it was; a death does not, and most deaths have nothing to do with any record. So each life of a partition leaves
a *watch* in the control topic before it judges, and takes it away when it ends in order. A life that finds a watch
knows that the one before died, and judges the first records in groups, writing a watch before each group; a life that
finds the watch of a group judges its records one by one, again with a watch before each. Only deaths over the watch of
a single record count against it. In the usual case this costs one small transaction when a partition is taken over.
"""

from typing import Final

import msgspec

FATAL_COUNT: Final = 3
"""A record at which judging failed this often halts its partition (DESIGN section 5)."""

GROUP_RECORDS: Final = 400
"""Records judged under one watch after a death."""

FEW_RECORDS: Final = 20
"""Where no more than this wait, they are judged one by one at once."""


class Suspicion(msgspec.Struct, frozen=True):
    """What is written before records are judged; found by the next life if this one dies."""

    at: int
    """The partition's position when it was written."""
    span: int = 0
    """How many records from there on it covers; 0: judging freely."""
    failures: int = 0
    """How often judging the one record that it covers has failed before."""
    alone: int = 0
    """Records from there on that are to be judged one by one."""
    rest: int = 0
    """Records after those that are to be judged in groups."""


class PoisonIsolation(msgspec.Struct, frozen=True):
    """How to judge the next records of one partition."""

    alone: int = 0
    """Records to be judged one by one."""
    rest: int = 0
    """Records after those to be judged in groups."""
    failures: int = 0
    """How often judging the next record, or the suspect, has failed."""
    suspect: int | None = None
    """Offset of a record at which a step raised."""

    @classmethod
    def after(cls, found: Suspicion | None, position: int, region: int) -> "PoisonIsolation":
        """Return the caution that a life owes which takes over at `position` and finds a watch, or none.

        `region` is how many records the life before may have had in hand.
        """
        if found is None:
            return cls()
        if found.at != position or found.span == 0:
            return cls(rest=region)
        if found.span > 1:
            return cls(alone=found.span, rest=max(0, found.rest - found.span))
        return cls(alone=max(found.alone, 1), rest=found.rest, failures=found.failures + 1)

    @property
    def fatal(self) -> bool:
        """Tell whether the next record has failed too often."""
        return self.failures >= FATAL_COUNT

    def _span(self, waiting: int) -> int:
        return 1 if self.alone or waiting <= FEW_RECORDS else GROUP_RECORDS

    def limit(self, next_offset: int, waiting: int, most: int) -> int:
        """Return how many records may be judged in one transaction, of those that wait, the first at `next_offset`."""
        if self.suspect is not None:
            # Offsets have holes, so this many records may reach the suspect; the lane stops before it.
            return 1 if next_offset >= self.suspect else min(waiting, most)
        return min(waiting, self._span(waiting) if self.alone or self.rest else most)

    def watch(self, position: int, next_offset: int | None, waiting: int) -> Suspicion | None:
        """Return the watch that must stand before judging on from `position`; None: any that says "freely" will do."""
        if self.suspect is not None:
            at_suspect = next_offset is not None and next_offset >= self.suspect
            return Suspicion(position, 1, self.failures, 1) if at_suspect else None
        if self.alone or self.rest:
            return Suspicion(position, self._span(waiting), self.failures, self.alone, self.rest)
        return None

    def passed(self, records: int, last_offset: int) -> "PoisonIsolation":
        """Return the caution after records were judged and committed, the last at `last_offset`."""
        if self.suspect is not None:
            return self if last_offset < self.suspect else PoisonIsolation()
        if self.alone:
            return PoisonIsolation(alone=self.alone - records, rest=self.rest)
        return PoisonIsolation(rest=max(0, self.rest - records))

    def raised(self, offset: int) -> "PoisonIsolation":
        """Return the caution after a step raised at the record with this offset."""
        known = self.suspect == offset or (self.suspect is None and self.failures > 0)
        return PoisonIsolation(failures=self.failures + 1 if known else 1, suspect=offset)

    def parting(self, position: int, next_offset: int | None) -> Suspicion | None:
        """Return the watch to leave when a process ends in order: none, unless there is more to be careful about."""
        left = self.watch(position, next_offset, FEW_RECORDS)
        # The next life counts the watch it finds as a failure, but this one ends without.
        return left and Suspicion(position, 1, left.failures - 1, left.alone, left.rest)
