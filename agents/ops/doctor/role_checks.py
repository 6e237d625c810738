"""Checks of what this login may do on Kafka, against the roles of `ops/access/roles.toml`; nothing is tried out."""

from collections.abc import AsyncIterator
from typing import Any, Final

from aiokafka.errors import GroupAuthorizationFailedError

from agents.kafka.connection import Connection
from agents.kafka.describing import NOT_SAID, GroupsAsked, TopicsAsked, TransactionsAsked, allows, may
from agents.kafka.probing import open_connection, versions_of
from agents.kafka.topic_admin import admin_client
from agents.ops.access.roles import Grant, grants, read_roles
from agents.ops.doctor.finding import Finding, doubtful, right, unknown, wrong
from agents.settings.settings import Settings
from stream.topics import Topics

TRANSACTIONS: Final = 65
DENIED_TRANSACTION: Final = 53
DENIED_GROUP: Final = 30


class Rights:
    """What a login may do, as the broker says."""

    def __init__(self, topics: dict[str, int], groups: dict[str, int], transactions: set[str]) -> None:
        """Take bits of topics and groups by name, and the transactional ids that are open to it."""
        self._topics = topics
        self._groups = groups
        self._transactions = transactions

    def lacks(self, wanted: list[Grant]) -> list[str]:
        """Say what of these grants it does not have; of names only that begin alike, those there are."""
        return [line for grant in wanted for line in self._lacks(grant)]

    def _lacks(self, grant: Grant) -> list[str]:
        if grant.resource == "transactional-id":
            held = any(_covers(grant, each) for each in self._transactions)
            return [] if held else [f"Write on the transactional id {grant.name}"]
        # Rights on the cluster itself are not asked: whatever needs them says so where it is refused.
        known = {"topic": self._topics, "group": self._groups}.get(grant.resource, {})
        names = [name for name in known if _covers(grant, name)]
        checked = [each for each in grant.operations if each != "Create"]
        return [
            f"{each} on {grant.resource} {name}" for name in names for each in checked if not may(known[name], each)
        ]


def _covers(grant: Grant, name: str) -> bool:
    return name.startswith(grant.name) if grant.pattern == "prefixed" else name == grant.name


async def roles(settings: Settings, connection: Connection, role: str | None) -> AsyncIterator[Finding]:
    """Say which roles this login can play; of `role` say what is missing."""
    topics, known, area = settings.kafka.topics(), read_roles(), "rights"
    rights = await rights_of(settings, connection)
    missing = {name: rights.lacks(grants(name, topics, known)) for name in known}
    remedy = "tallygate access grant {}, as an administrator; or tallygate access acls {}"
    if role is not None:
        lacks = missing[role]
        if lacks:
            yield wrong(area, f"for {role} this login lacks {', '.join(lacks)}", remedy.format(role, role))
        else:
            yield right(area, f"this login may do what {role} needs")
        return
    whole = [name for name, lacks in missing.items() if not lacks]
    if len(whole) == len(known):
        yield doubtful(area, "this login may do everything", "in production a login for each role: tallygate access")
    elif whole:
        yield right(area, f"this login may do what {', '.join(whole)} needs")
    else:
        nearest = min(missing, key=lambda name: len(missing[name]))
        yield unknown(area, f"this login has no complete role; for {nearest} it lacks {', '.join(missing[nearest])}")


async def rights_of(settings: Settings, connection: Connection) -> Rights:
    """Ask what this login may do with our topics, groups and transactional ids."""
    topics = settings.kafka.topics()
    wanted = examples("transactional-id", topics)
    opened = await open_connection(connection)
    try:
        answer: Any = await opened.send(TopicsAsked([plan.name for plan in topics.plans()]))
        bits = {plan.name: 0 for plan in topics.plans()} | allows(answer)
        missing = {each[1] for each in answer.topics if each[0] == 3}
        held = set(wanted)
        if TRANSACTIONS in versions_of(opened):
            told: Any = await opened.send(TransactionsAsked(wanted))
            held = {each[1] for each in told.states if each[0] != DENIED_TRANSACTION}
    finally:
        opened.close()
    found = {name: value for name, value in bits.items() if name not in missing}
    return Rights(found, await _groups(connection, examples("group", topics)), held)


def examples(resource: str, topics: Topics) -> list[str]:
    """Return names of a kind that the roles' grants are about; of those that only begin alike, one of this epoch."""
    known = read_roles()
    wanted = [grant for role in known for grant in grants(role, topics, known) if grant.resource == resource]
    whole = f"{topics.prefix}."
    return sorted({
        grant.name if grant.pattern == "literal" else f"{grant.name}{topics.epoch}"
        for grant in wanted
        if grant.name != whole
    })  # fmt: skip


async def _groups(connection: Connection, names: list[str]) -> dict[str, int]:
    bits = {}
    async with admin_client(connection) as client:
        for name in names:
            try:
                node = await client.find_coordinator(name)
            except GroupAuthorizationFailedError:
                bits[name] = 0
                continue
            answer: Any = await client._client.send(node, GroupsAsked([name]))  # noqa: SLF001 - it has no such request
            (group,) = answer.groups
            bits[name] = 0 if group[0] == DENIED_GROUP or group[6] == NOT_SAID else max(0, group[6])
    return bits
