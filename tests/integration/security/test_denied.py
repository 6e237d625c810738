"""Each role can do what it is for on the broker and nothing else; the table here is written by hand."""

from collections.abc import Iterator
from pathlib import Path

import pytest
from aiokafka.client import AIOKafkaClient
from aiokafka.protocol.fetch import FetchRequest
from confluent_kafka import Consumer, KafkaError, KafkaException, Producer
from confluent_kafka.admin import AdminClient
from confluent_kafka.admin._acl import AclBinding, AclOperation, AclPermissionType
from confluent_kafka.admin._resource import ResourcePatternType, ResourceType

from agents.ops.access.roles import principal, read_roles
from tests.integration.security.secured_system import SecuredSystem, ask
from tests.kafka.secured import SecuredBroker
from tests.waiting import HANG_SECONDS, wait_for

pytestmark = [pytest.mark.kafka, pytest.mark.slow]

TOPICS = "shipments postings decisions alerts dead_letters notices control manifest withholding".split()
# r: may read, w: may write, -: neither; in the order of TOPICS, of which the last two are changelogs.
MAY = """
topics-admin  -  -  -  -  -  -  -  -  -
publisher     w  -  -  -  -  -  -  -  -
manifest      r  w  -  -  w  w  rw rw -
withholding   -  r  w  w  -  -  rw -  rw
projection    -  -  r  r  -  -  -  -  -
gateway       w  -  r  r  -  r  -  -  -
webhooks      -  -  r  -  -  -  rw -  -
auditor       -  r  r  r  -  -  -  -  -
operator      -  -  -  -  -  -  rw -  -
dead-letters  w  -  -  -  r  -  rw -  -
rebuild       rw rw rw rw rw rw rw rw rw
"""
TABLE = {role: cells for role, *cells in (line.split() for line in MAY.strip().splitlines())}
GROUPS = {"manifest", "withholding", "projection"}
FETCH_BYTES = 1000
BROKER = 1


@pytest.fixture(scope="module")
def system(secured: SecuredBroker, tmp_path_factory: pytest.TempPathFactory) -> Iterator[SecuredSystem]:
    """Yield topics with a record in each partition, and the roles."""
    with SecuredSystem(secured, tmp_path_factory.mktemp("denied"), "denied") as made:
        made.run("topics", "create", environment=made.environment("topics-admin"))
        producer = Producer(secured.login())
        for name in TOPICS:
            producer.produce(topic(made, name), b"{}", b"key", 0)
        assert producer.flush(HANG_SECONDS) == 0
        yield made


def topic(system: SecuredSystem, name: str) -> str:
    """The name of a topic on the broker; that of a step is its changelog."""
    return system.topics.changelog(name) if name in GROUPS else str(getattr(system.topics, name))


def can_write(system: SecuredSystem, role: str) -> set[str]:
    """Try to write into every topic, and give those whose broker took it."""
    taken: set[str] = set()
    producer = Producer(system.client(role))
    for name in TOPICS:

        def told(error: KafkaError | None, _message: object, name: str = name) -> None:
            assert error is None or error.code() == KafkaError.TOPIC_AUTHORIZATION_FAILED, error
            taken.update([] if error else [name])

        producer.produce(topic(system, name), b"{}", b"key", 0, on_delivery=told)
    assert producer.flush(HANG_SECONDS) == 0
    return taken


async def can_read(system: SecuredSystem, role: str) -> set[str]:
    """Ask for the records of every topic at once, and give those whose broker did not refuse them."""
    names = {topic(system, name): name for name in TOPICS}
    client = AIOKafkaClient(**system.connection(role).arguments())
    try:
        await client.bootstrap()
        asked = FetchRequest(100, 1, FETCH_BYTES, 0, [(name, [(0, 0, FETCH_BYTES)]) for name in names])
        answer = await client.send(BROKER, asked)
    finally:
        await client.close()
    codes = {name: partitions[0][1] for name, partitions in answer.topics}
    assert set(codes.values()) <= {0, KafkaError.TOPIC_AUTHORIZATION_FAILED}, codes
    assert set(codes) == set(names)
    return {names[name] for name, code in codes.items() if not code}


def refusal(consumer: Consumer) -> int | None:
    """What a consumer hears next, if it is an error."""
    message = consumer.poll(1.0)
    error = None if message is None else message.error()
    return None if error is None else error.code()


def test_table_has_every_role() -> None:
    """No role goes untried."""
    assert set(TABLE) == set(read_roles())


@pytest.mark.parametrize("role", TABLE)
def test_role_reads_and_writes_what_it_is_for(role: str, system: SecuredSystem) -> None:
    """Of every topic, each role can read and write what the table says, and is refused the rest by the broker."""
    cells = dict(zip(TOPICS, TABLE[role], strict=True))
    assert can_write(system, role) == {name for name, cell in cells.items() if "w" in cell}
    assert ask(can_read(system, role)) == {name for name, cell in cells.items() if "r" in cell}


@pytest.mark.parametrize("role", ["gateway", "withholding", "publisher"])
def test_nobody_takes_the_place_of_a_worker(role: str, system: SecuredSystem) -> None:
    """A role can neither join a step's group nor write under its workers' transactional ids, and so not fence them."""
    group = system.topics.group("manifest")
    consumer = Consumer({**system.client(role), "group.id": group})
    consumer.subscribe([system.topics.shipments])
    wait_for(lambda: refusal(consumer) == KafkaError.GROUP_AUTHORIZATION_FAILED, "the broker to refuse the group")
    assert not consumer.assignment()
    consumer.close()
    producer = Producer({**system.client(role), "transactional.id": f"{group}-0"})
    with pytest.raises(KafkaException) as refused:
        producer.init_transactions(HANG_SECONDS)
    assert refused.value.args[0].code() == KafkaError.TRANSACTIONAL_ID_AUTHORIZATION_FAILED


def test_only_the_administrator_makes_topics(system: SecuredSystem) -> None:
    """Topics are made by the role for it and under its prefix only; a worker's login makes none."""
    wrong = {"TALLYGATE_KAFKA__EPOCH": "2"}
    done = system.attempt("topics", "create", environment=system.environment("manifest") | wrong)
    assert done.returncode == 2
    assert "uthoriz" in done.stderr, done.stderr
    elsewhere = {"TALLYGATE_KAFKA__PREFIX": "elsewhere"}
    assert system.attempt("topics", "create", environment=system.environment("topics-admin") | elsewhere).returncode


def test_wrong_password_is_said_in_a_line(system: SecuredSystem, tmp_path: Path) -> None:
    """A command with a wrong password ends at once, and says so without a traceback."""
    wrong = tmp_path / "wrong"
    wrong.write_text("not-the-password")
    login = system.login(principal(system.topics, "operator"), wrong)
    done = system.attempt("topics", "check", environment=login)
    assert done.returncode == 2
    assert "Traceback" not in done.stderr
    assert "refuses the login" in done.stderr, done.stderr
    assert "not-the-password" not in done.stderr


def test_granting_again_takes_away_what_a_role_no_longer_has(system: SecuredSystem) -> None:
    """What somebody once allowed a login beyond its role is gone after the next granting."""
    place = (ResourceType.TOPIC, system.topics.dead_letters, ResourcePatternType.LITERAL)
    extra = AclBinding(*place, "User:denied-auditor", "*", AclOperation.READ, AclPermissionType.ALLOW)
    admin = AdminClient(system.broker.login())
    (made,) = admin.create_acls([extra]).values()
    made.result(HANG_SECONDS)
    wait_for(lambda: "dead_letters" in ask(can_read(system, "auditor")), "the further ACL")
    system.run("access", "grant", "auditor", "--passwords", str(system.passwords), environment=system.admin())
    wait_for(lambda: ask(can_read(system, "auditor")) == {"postings", "decisions", "alerts"}, "the ACL to go")
    assert "dead_letters" not in ask(can_read(system, "auditor"))
