"""Members of a group whose processes were killed: the broker waits for their sessions, a test need not."""

import asyncio
from collections.abc import Iterable
from typing import Any

from aiokafka.protocol.group import LeaveGroupRequest

from agents.kafka.connection import Connection
from agents.kafka.protocol import GroupDescription
from agents.kafka.topic_admin import admin_client


def remove_members(connection: Connection, groups: Iterable[str]) -> None:
    """Have all members leave their groups at once; only where none of them lives."""

    async def leave() -> None:
        async with admin_client(connection) as client:
            for group in groups:
                node = await client.find_coordinator(group)
                found: Any = await client._send_request(GroupDescription(group), node)
                for member, *_ in found.groups[0][5]:
                    await client._send_request(LeaveGroupRequest(group, member), node)

    asyncio.run(leave())
