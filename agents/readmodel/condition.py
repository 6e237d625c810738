"""How Redis itself does, for who looks after it; nothing of the read model is read."""

from typing import Any

import msgspec

from agents.readmodel.store import StoreError, StoreSettings, connect, own_errors


class Condition(msgspec.Struct, frozen=True):
    """What Redis says of itself; None where this user may not ask."""

    version: str | None
    policy: str | None
    """`maxmemory-policy`."""
    limit_bytes: int | None
    """`maxmemory`; 0 is none."""
    used_bytes: int | None


async def look(settings: StoreSettings) -> Condition:
    """Ask. Raise StoreError where Redis is away or lets us not in."""
    client = connect(settings)
    try:
        with own_errors():
            await client.ping()
        found: dict[Any, Any] = {}
        for section in ("server", "memory"):
            try:
                with own_errors():
                    found |= await client.info(section)
            except StoreError:
                continue
        try:
            with own_errors():
                found |= await client.config_get("maxmemory-policy")
        except StoreError:
            pass
    finally:
        await client.aclose()
    version = found.get("valkey_version") or found.get("redis_version")
    policy = found.get("maxmemory-policy") or found.get("maxmemory_policy")
    return Condition(_text(version), _text(policy), _number(found.get("maxmemory")), _number(found.get("used_memory")))


def _text(value: object) -> str | None:
    return None if value is None else str(value)


def _number(value: object) -> int | None:
    return value if isinstance(value, int) else None
