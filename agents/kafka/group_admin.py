"""What a group's coordinator says of the group: its stable offsets, its members; asked over an admin client."""

import asyncio
from collections.abc import Awaitable, Callable, Iterable
from contextlib import suppress
from typing import Any, Final, TypeVar

from aiokafka.admin import AIOKafkaAdminClient
from aiokafka.errors import (
    GroupCoordinatorNotAvailableError,
    GroupLoadInProgressError,
    NotCoordinatorForGroupError,
    for_code,
)
from aiokafka.protocol.api import Request

from agents.kafka.protocol import GroupDescription, StableOffsetFetch

UNSTABLE: Final = 88
"""The code of an offset that an open transaction may still change."""
RETRY_SECONDS: Final = 0.1
PATIENT_TRIES: Final = 150
MOVING: Final = (GroupCoordinatorNotAvailableError, GroupLoadInProgressError, NotCoordinatorForGroupError)

Answer = TypeVar("Answer")


async def ask_coordinator(client: AIOKafkaAdminClient, group: str, request: Request[Any]) -> Any:
    """Return the answer of a group's coordinator to a request that aiokafka's client has no method for."""
    return await client._send_request(request, await client.find_coordinator(group))


async def stable_offsets(
    client: AIOKafkaAdminClient, group: str, topic: str, partitions: Iterable[int]
) -> dict[int, int | None]:
    """Return what a group has committed once no transaction holds any of it; None where it has nothing.

    Raise what the broker says against it.
    """
    numbers = list(partitions)
    while True:
        response = await ask_coordinator(client, group, StableOffsetFetch(group, topic, numbers))
        found = {part[0]: (part[1], part[4]) for _topic, parts, *_tags in response.topics for part in parts}
        codes = {response.error_code, *(code for _offset, code in found.values())} - {0}
        if not codes:
            return {number: offset if offset >= 0 else None for number, (offset, _code) in found.items()}
        if codes != {UNSTABLE}:
            raise for_code((codes - {UNSTABLE}).pop())(group)
        await asyncio.sleep(RETRY_SECONDS)


async def member_count(client: AIOKafkaAdminClient, group: str) -> int:
    """Return how many members a group has; 0 where there is no such group. Raise what the broker says against it."""
    response = await ask_coordinator(client, group, GroupDescription(group))
    ((error_code, _group, _state, _kind, _protocol, members),) = response.groups
    if error_code:
        raise for_code(error_code)(group)
    return len(members)


async def ask_patiently(ask: Callable[[], Awaitable[Answer]]) -> Answer:
    """Ask again while no broker looks after the group: a new cluster creates its own topics for that first."""
    for _try in range(PATIENT_TRIES):
        with suppress(*MOVING):
            return await ask()
        await asyncio.sleep(RETRY_SECONDS)
    return await ask()
