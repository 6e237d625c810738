"""The whole examination: every check in turn, each safe from the failure of another; one with no broker is left out."""

import asyncio
from collections.abc import AsyncIterator, Callable, Iterator
from typing import Final

from aiokafka.errors import KafkaError

from agents.kafka.connection import Connection
from agents.kafka.errors import EngineError
from agents.kafka.probing import explained
from agents.ops.doctor.broker_checks import brokers, replicas
from agents.ops.doctor.clock_checks import clocks
from agents.ops.doctor.finding import Finding, State, refused, unknown, wrong
from agents.ops.doctor.group_checks import epochs, groups, halts
from agents.ops.doctor.local_checks import gateway_files, key_secret, rules, secret_files, settings_findings, versions
from agents.ops.doctor.role_checks import roles
from agents.ops.doctor.store_checks import store
from agents.ops.doctor.topic_checks import changelogs, topics
from agents.settings.settings import Settings, SettingsError, read_settings

CHECK_SECONDS: Final = 20.0
LOCAL: Final[tuple[Callable[[Settings], Iterator[Finding]], ...]] = (
    settings_findings, versions, rules, key_secret, secret_files, gateway_files
)  # fmt: skip
Check = tuple[str, Callable[[Settings, Connection], AsyncIterator[Finding]]]
ON_KAFKA: Final[tuple[Check, ...]] = (
    ("topics", topics),
    ("replicas", replicas),
    ("halts", halts),
    ("epoch", epochs),
    ("groups", groups),
    ("changelogs", changelogs),
    ("clock", clocks),
)
"""Checks with their areas, once a broker has let us in."""


async def examine(role: str | None = None) -> AsyncIterator[Finding]:
    """Return every finding, as it is made; `role` is the one that the login is meant for."""
    try:
        settings = read_settings()
    except SettingsError as error:
        for mistake in error.mistakes:
            yield _mistake(mistake)
        yield unknown("kafka", "not checked: the settings cannot be used")
        return
    for local in LOCAL:
        for finding in local(settings):
            yield finding
    async for finding in _kafka(settings, role):
        yield finding
    async for finding in _safely("redis", store(settings), None):
        yield finding


async def _kafka(settings: Settings, role: str | None) -> AsyncIterator[Finding]:
    try:
        connection = settings.kafka.connection()
    except EngineError as error:
        yield refused("kafka", error)
        return
    reached = False
    async for finding in _safely("kafka", brokers(settings, connection), connection):
        reached = reached or finding.state is State.RIGHT
        yield finding
    if not reached:
        return
    checks = [*ON_KAFKA, ("rights", lambda known, there: roles(known, there, role))]
    for area, check in checks:
        async for finding in _safely(area, check(settings, connection), connection):
            yield finding


async def _safely(
    area: str, check: AsyncIterator[Finding], connection: Connection | None
) -> AsyncIterator[Finding]:  # fmt: skip
    """Return a check's findings; where it fails, the failure is one."""
    try:
        async with asyncio.timeout(CHECK_SECONDS):
            async for finding in check:
                yield finding
    except EngineError as error:
        yield refused(area, error)
    except TimeoutError:
        yield wrong(area, f"no answer within {CHECK_SECONDS:.0f} s", "see whether the broker is overloaded or frozen")
    except KafkaError as error:
        if connection is None:
            raise
        if "Authorization" in type(error).__name__:
            yield unknown(
                area, f"this login may not see it ({type(error).__name__})", "run it with another role's login"
            )
        else:
            yield refused(area, await explained(connection, error))
    except Exception as error:  # noqa: BLE001 - a check that fails must not take the others with it
        yield wrong(area, f"the check itself failed ({type(error).__name__})", "report this line")


def _mistake(text: str) -> Finding:
    says, colon, remedy = text.partition(": ")
    return wrong("settings", says if colon else text, remedy or "see docs/settings.md")
