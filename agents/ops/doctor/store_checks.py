"""Checks of Redis and of the read model in it."""

import ssl
from collections.abc import AsyncIterator, Iterator
from datetime import UTC, datetime
from typing import Final

from agents.ops.doctor.finding import Finding, doubtful, right, unknown, wrong
from agents.readmodel.condition import Condition, look
from agents.readmodel.connecting import store_settings
from agents.readmodel.queries import ReadModel
from agents.readmodel.store import StoreAwayError, StoreError, StoreRefusedError
from agents.settings.connection_groups import REDIS
from agents.settings.settings import Settings

OLDEST: Final = (7, 0)
"""Version that the scripts are tested with, at least."""
FULL: Final = 0.9
STALE_SECONDS: Final = 30.0
MIB: Final = 1 << 20


async def store(settings: Settings) -> AsyncIterator[Finding]:
    """Reach Redis, look at its condition, and at the read model's freshness. Raise RefusedError."""
    place = store_settings(settings.redis, settings.kafka.prefix)
    try:
        condition = await look(place)
    except StoreError as error:
        yield unreachable(error)
        return
    yield right("redis", f"version {condition.version or 'unknown'}, accepts this login")
    for finding in conditions(condition):
        yield finding
    async with ReadModel(place) as model:
        yield freshness((await model.freshness()).as_of, datetime.now(UTC))


def unreachable(error: StoreError) -> Finding:
    """Say why Redis lets us not in; the text of its answers quotes no password."""
    text = str(error).partition(". ")[0].rstrip(".")
    if isinstance(error, StoreRefusedError) or "WRONGPASS" in text or "NOAUTH" in text or "Authentication" in text:
        says = f"it refuses the login ({text.partition(' ')[0]})"
        return wrong("redis", says, f"mend the password in {REDIS}PASSWORD_FILE, or the user in {REDIS}URL")
    if isinstance(error.__cause__, ssl.SSLError) or "certificate" in text.lower() or "ssl" in text.lower():
        return wrong("redis", f"the TLS handshake failed ({text})", f"mend {REDIS}CA_FILE, or the scheme in {REDIS}URL")
    away = isinstance(error, StoreAwayError)
    return wrong("redis", f"it {'does not answer' if away else 'refuses'} ({text})", f"start it, or mend {REDIS}URL")


def conditions(condition: Condition) -> Iterator[Finding]:
    """Judge version, memory and what happens when it is full."""
    if condition.version and _numbers(condition.version) < OLDEST:
        yield doubtful("redis", f"version {condition.version} is older than 7.0", "use Redis 7 or Valkey 7.2, or later")
    if condition.policy is None:
        yield unknown("redis", "this user may not see maxmemory-policy; it must be noeviction")
    elif condition.policy == "noeviction":
        yield right("redis", "maxmemory-policy is noeviction")
    else:
        says = f"maxmemory-policy is {condition.policy}: if Redis is full it removes bills"
        yield wrong("redis", says, "set maxmemory-policy noeviction")
    limit, used = condition.limit_bytes, condition.used_bytes
    if limit and used is not None and used > FULL * limit:
        says = f"{used // MIB} of {limit // MIB} MiB are used"
        yield doubtful("redis", says, "raise maxmemory, or lower TALLYGATE_REDIS__KEEP_DAYS")


def freshness(as_of: datetime | None, now: datetime) -> Finding:
    """Judge how old the read model is."""
    remedy = "start it: tallygate projection; if it runs, see its log"
    if as_of is None:
        return doubtful("read model", "it is empty or being filled: the gateway answers HOLD", remedy)
    age = (now - as_of).total_seconds()
    if age > STALE_SECONDS:
        return wrong("read model", f"it is {age:,.0f} s old: the gateway answers HOLD", remedy)
    return right("read model", f"it is {max(0.0, age):.0f} s old")


def _numbers(version: str) -> tuple[int, ...]:
    return tuple(int(part) for part in version.split(".")[:2] if part.isdigit())
