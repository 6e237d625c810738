"""The writing side, for the projection: a script applies runs of records, each only at the position of Redis."""

from collections.abc import Iterable, Sequence
from typing import Any, Final, Self

import msgspec

from agents.readmodel.keys import Keys
from agents.readmodel.store import StoreError, StoreSettings, connect, own_error, own_errors, script

SWEEP_SECONDS: Final = 86_400
"""A sweep that is never completed is forgotten after a day."""
_SCAN: Final = 1_000


class Run(msgspec.Struct, frozen=True):
    """Consecutive records of one partition."""

    topic: str
    """`decisions` or `alerts`."""
    partition: int
    partitions: int
    """Number of partitions of the topic."""
    start: int | None
    """The position at which Redis applies this run; None: it must have no position, as after it was emptied."""
    stop: int
    """Its position afterwards."""
    items: Sequence[str | bytes] = ()
    """One flat list: five items of each decision, three of each alert."""
    fresh_ms: int | None = None
    """The time at which the topic had no more records than are applied with this run."""


class Applied(msgspec.Struct, frozen=True):
    """The run was applied."""

    changed: int
    """Number of records that changed anything; the others were known or outranked."""


class Elsewhere(msgspec.Struct, frozen=True):
    """Redis has another position, or None; nothing was applied."""

    position: int | None


class Sweeping(msgspec.Struct, frozen=True):
    """A sweep is removing all keys; nothing was applied."""

    token: str


Answer = Applied | Elsewhere | Sweeping


class Writer:
    """Writes the read model of one Tallygate."""

    def __init__(self, settings: StoreSettings) -> None:
        self._settings = settings
        self._redis = connect(settings)
        self.keys = Keys(settings.prefix)
        self._script = script("apply.lua")
        self._sha = ""
        self._fixed = (settings.ttl_seconds, settings.changes_length)

    async def __aenter__(self) -> Self:
        return self

    async def __aexit__(self, *_error: object) -> None:
        await self._redis.aclose()

    async def positions(self) -> dict[str, str]:
        """Load the script into Redis, and return the positions that Redis holds. Raise StoreError."""
        with own_errors():
            self._sha = await self._redis.script_load(self._script)
            found: Any = await self._redis.hgetall(self.keys.positions)
        return {field.decode(): value.decode() for field, value in found.items()}

    async def apply(self, runs: Iterable[Run]) -> list[Answer]:
        """Apply runs in order, in one round trip; return an answer for each. After StoreError any may be applied."""
        with own_errors():
            pipe = self._redis.pipeline(transaction=False)
            for run in runs:
                pipe.evalsha(self._sha, 1, self.keys.positions, *self._arguments(run))
            answers = await pipe.execute(raise_on_error=False)
        failed = next((answer for answer in answers if isinstance(answer, Exception)), None)
        if failed is not None:
            raise own_error(failed)
        return [_answer(answer) for answer in answers]

    def _arguments(self, run: Run) -> list[str | bytes | int]:
        place = f"{run.topic}/{run.partition}"
        start = "" if run.start is None else run.start
        fresh = "" if run.fresh_ms is None else run.fresh_ms
        return [self.keys.prefix, place, start, run.stop, run.partitions, fresh, *self._fixed, run.topic, *run.items]

    async def begin_sweep(self, token: str) -> None:
        """Forget all positions and stop all writing until the sweep with this token ends. Raise StoreError."""
        with own_errors():
            pipe = self._redis.pipeline(transaction=True)
            pipe.delete(self.keys.positions)
            pipe.hset(self.keys.positions, "sweeping", token)
            pipe.expire(self.keys.positions, SWEEP_SECONDS)
            await pipe.execute()

    async def sweep(self, token: str) -> int:
        """Remove all keys of this Tallygate, then allow writing; several processes may sweep at once.

        Keys of earlier versions go too. Return the number of keys removed here. Raise StoreError.
        """
        removed = 0
        with own_errors():
            sweeper = self._redis.register_script(script("sweep.lua"))
            pattern = self.keys.every_version.replace("[", "\\[") + "*"
            cursor = 0
            while True:
                cursor, names = await self._redis.scan(cursor, match=pattern, count=_SCAN)
                gone = int(await sweeper(keys=[self.keys.positions, *names], args=[token]))
                if gone < 0:
                    return removed
                removed += gone
                if not cursor:
                    break
            # The sweep ends: remove its mark, and the key with it, unless another sweep began.
            await self._redis.eval(
                "if redis.call('HGET', KEYS[1], 'sweeping') == ARGV[1] then return redis.call('DEL', KEYS[1]) end",
                1,
                self.keys.positions,
                token,
            )
        return removed

    async def evicts(self) -> str | None:
        """Return Redis's maxmemory-policy if it may remove our keys; None if it may not, or if Redis does not say."""
        try:
            with own_errors():
                found = await self._redis.config_get("maxmemory-policy")
        except StoreError:
            return None
        policy = str(found.get("maxmemory-policy", "noeviction"))
        return None if policy == "noeviction" else policy


def _answer(answer: list[bytes | int]) -> Answer:
    match answer:
        case [b"applied", int(changed)]:
            return Applied(changed)
        case [b"elsewhere", bytes(position)]:
            return Elsewhere(int(position) if position else None)
        case [b"sweeping", bytes(token)]:
            return Sweeping(token.decode())
    raise StoreError("the script gave an unexpected answer")
