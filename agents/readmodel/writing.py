"""The writing side, for the projection: runs of records applied by one script, each exactly where Redis stands."""

from collections.abc import Iterable, Sequence
from typing import Any, Final, Self

import msgspec

from agents.readmodel.keys import Keys
from agents.readmodel.store import StoreError, StoreSettings, connect, own_error, own_errors, script

SWEEP_SECONDS: Final = 86_400
"""A sweep that nobody ends is forgotten after a day."""
_SCAN: Final = 1_000


class Run(msgspec.Struct, frozen=True):
    """Records of one partition that follow each other."""

    topic: str
    """`decisions` or `alerts`."""
    partition: int
    partitions: int
    """How many the topic has."""
    start: int | None
    """Where Redis must stand for this run to be applied; None: nowhere, as after it was emptied."""
    stop: int
    """Where it stands afterwards."""
    items: Sequence[str | bytes] = ()
    """Flat: five of each decision, three of each alert."""
    fresh_ms: int | None = None
    """When nothing more was to be read than what is applied with this run."""


class Applied(msgspec.Struct, frozen=True):
    """The run was applied."""

    changed: int
    """How many of its records changed anything; the others were known or outranked."""


class Elsewhere(msgspec.Struct, frozen=True):
    """Redis stands elsewhere, None: nowhere; nothing was applied."""

    position: int | None


class Sweeping(msgspec.Struct, frozen=True):
    """Everything is being removed; nothing was applied."""

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
        """Return the positions as they are kept; makes sure as well that Redis knows the script. Raise StoreError."""
        with own_errors():
            self._sha = await self._redis.script_load(self._script)
            found: Any = await self._redis.hgetall(self.keys.positions)
        return {field.decode(): value.decode() for field, value in found.items()}

    async def apply(self, runs: Iterable[Run]) -> list[Answer]:
        """Apply runs in order, in one round trip; an answer each. Raise StoreError; any may be applied then."""
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
        """Forget all positions and stop all writing, until the sweep with this token is over. Raise StoreError."""
        with own_errors():
            pipe = self._redis.pipeline(transaction=True)
            pipe.delete(self.keys.positions)
            pipe.hset(self.keys.positions, "sweeping", token)
            pipe.expire(self.keys.positions, SWEEP_SECONDS)
            await pipe.execute()

    async def sweep(self, token: str) -> int:
        """Remove all keys of this Tallygate, then let writing begin; several may sweep at once, or end each other's.

        Gives the number of keys removed here. Raise StoreError.
        """
        removed = 0
        with own_errors():
            sweeper = self._redis.register_script(script("sweep.lua"))
            pattern = self.keys.prefix.replace("[", "\\[") + "*"
            cursor = 0
            while True:
                cursor, names = await self._redis.scan(cursor, match=pattern, count=_SCAN)
                gone = int(await sweeper(keys=[self.keys.positions, *names], args=[token]))
                if gone < 0:
                    return removed
                removed += gone
                if not cursor:
                    break
            # Over: where the sweep is still on, its mark goes, and with it the key.
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
