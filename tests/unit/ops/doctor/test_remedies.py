"""Every fault of a topic has its command, and every login is told which roles it can play."""

from collections.abc import Iterable

import pytest

from agents.kafka.connection import Connection
from agents.kafka.describing import OPERATIONS
from agents.kafka.topic_admin import Found, problems
from agents.ops.access.roles import grants, read_roles
from agents.ops.doctor import broker_checks, role_checks, topic_checks
from agents.ops.doctor.finding import Finding, State
from agents.ops.doctor.role_checks import Rights
from agents.settings.settings import KafkaSettings, Settings
from stream.topics import Topics

TOPICS = Topics("t")
PLANS = TOPICS.plans()
ALL = sum(1 << bit for bit in OPERATIONS.values())
GROUPS = role_checks.examples("group", TOPICS)
WRITERS = set(role_checks.examples("transactional-id", TOPICS))
WHOLE = {plan.name: Found(4, plan.config) for plan in PLANS}


def remedies(found: dict[str, Found]) -> list[str]:
    """Return the remedy of each problem of topics."""
    return [topic_checks._remedy(line, PLANS) for line in problems(PLANS, found)]


def test_topics_as_planned_need_no_remedy() -> None:
    """What `tallygate topics create` makes is right."""
    assert remedies(WHOLE) == []


@pytest.mark.parametrize("name", [plan.name for plan in PLANS])
def test_a_missing_topic_is_made_by_one_command(name: str) -> None:
    """Whichever topic it is."""
    assert remedies({key: value for key, value in WHOLE.items() if key != name}) == ["tallygate topics create"]


@pytest.mark.parametrize(("plan", "key"), [(plan, key) for plan in PLANS for key in plan.config])
def test_a_setting_is_mended_by_kafkas_own_command(plan: object, key: str) -> None:
    """For every setting of every topic the command has topic, setting and the planned value."""
    (planned,) = [each for each in PLANS if each is plan]
    (remedy,) = remedies({**WHOLE, planned.name: Found(4, {**planned.config, key: "other"})})
    assert f"--entity-name {planned.name} --add-config {key}={planned.config[key]}" in remedy
    meant = remedy.endswith("leave it")
    assert meant is (key not in {"cleanup.policy", "message.timestamp.type", "max.message.bytes"})


def test_names_that_are_asked_about_are_those_of_workers() -> None:
    """The groups are those that workers join, and under each transactional id a worker of the step could write."""
    assert {TOPICS.group(step) for step in ("manifest", "withholding", "projection")} <= set(GROUPS)
    assert "t.dead-letters-retry" in WRITERS
    assert [each for each in WRITERS if f"{TOPICS.group('manifest')}-0".startswith(each)]


def test_a_long_list_is_cut() -> None:
    """Of many partitions three are named and the rest counted."""
    assert broker_checks._some(["a", "b", "c"]) == "a, b, c"
    assert broker_checks._some(["a", "b", "c", "d", "e"]) == "a, b, c and 2 more"


async def told(monkeypatch: pytest.MonkeyPatch, rights: Rights, role: str | None = None) -> Finding:
    """Return what the doctor says of a login's rights."""

    async def asked(_settings: Settings, _connection: Connection) -> Rights:
        return rights

    monkeypatch.setattr(role_checks, "rights_of", asked)
    settings = Settings(kafka=KafkaSettings(prefix="t"))
    (found,) = [each async for each in role_checks.roles(settings, Connection("nowhere:1"), role)]
    return found


def rights_for(names: Iterable[str]) -> Rights:
    """Return exactly the rights of some roles, on the topics and groups that there are."""
    bits = {plan.name: 0 for plan in PLANS} | dict.fromkeys(GROUPS, 0)
    held = set()
    for role in names:
        for grant in grants(role, TOPICS):
            if grant.resource == "transactional-id":
                held |= {each for each in WRITERS if role_checks._covers(grant, each)}
                continue
            for name in bits:
                if name == grant.name or (grant.pattern == "prefixed" and name.startswith(grant.name)):
                    bits[name] |= sum(1 << OPERATIONS[each] for each in grant.operations if each in OPERATIONS)
    described = {name: value | (1 << OPERATIONS["Describe"] if value else 0) for name, value in bits.items()}
    return Rights(
        {name: value for name, value in described.items() if name not in GROUPS},
        {name: value for name, value in described.items() if name in GROUPS},
        held,
    )


@pytest.mark.parametrize("role", read_roles())
async def test_a_login_with_the_rights_of_a_role_is_told_so(monkeypatch: pytest.MonkeyPatch, role: str) -> None:
    """For every role there is: asked for by name it is right, and unasked the role is among those it can play."""
    asked = await told(monkeypatch, rights_for([role]), role)
    assert asked.state is State.RIGHT, asked
    unasked = await told(monkeypatch, rights_for([role]))
    assert unasked.state is State.RIGHT
    assert role in unasked.says


async def test_a_login_that_may_do_everything_is_something_to_look_at(monkeypatch: pytest.MonkeyPatch) -> None:
    """A broker without access lists lets everybody do everything: fine at home, not in production."""
    everything = Rights({plan.name: ALL for plan in PLANS}, dict.fromkeys(GROUPS, ALL), WRITERS)
    found = await told(monkeypatch, everything)
    assert found.state is State.DOUBTFUL
    assert "tallygate access" in found.remedy


async def test_a_login_without_rights_lacks_what_a_role_needs(monkeypatch: pytest.MonkeyPatch) -> None:
    """Held against a role everything that is missing is listed; unasked the nearest role is named."""
    nothing = Rights({plan.name: 0 for plan in PLANS}, dict.fromkeys(GROUPS, 0), set())
    asked = await told(monkeypatch, nothing, "gateway")
    assert asked.state is State.WRONG
    assert "Write on topic t.shipments.v1" in asked.says
    assert "Read on topic t.decisions.v1" in asked.says
    unasked = await told(monkeypatch, nothing)
    assert unasked.state is State.UNKNOWN
    assert "no complete role" in unasked.says
