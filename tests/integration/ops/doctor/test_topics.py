"""A missing topic, another partition count, a changelog that deletes, shipments by the producer's clock."""

import asyncio
import uuid
from collections.abc import Iterator

import pytest

from agents.kafka.topic_admin import create_topics
from stream.topics import TopicPlan
from tests.integration.ops.doctor.ward import Answer, environment, examined
from tests.kafka.broker import Broker
from tests.kafka.field import Field

pytestmark = [pytest.mark.kafka, pytest.mark.slow]


@pytest.fixture(scope="module")
def spoilt(broker: Broker, tmp_path_factory: pytest.TempPathFactory) -> Iterator[tuple[Field, Answer]]:
    """Return topics with four faults, and what the doctor says of them."""
    folder = tmp_path_factory.mktemp("spoilt")
    with Field(broker, f"spoilt{uuid.uuid4().hex[:8]}", folder) as field:
        topics = field.topics
        changelog = topics.changelog("withholding")
        odd = {
            topics.decisions: (TopicPlan(topics.decisions, {"retention.ms": "1000"}), 3),
            changelog: (TopicPlan(changelog, {"cleanup.policy": "delete"}), 2),
            topics.shipments: (TopicPlan(topics.shipments, {}), 2),
        }
        field.create_topics(2, leave_out=[topics.control, *odd], steps=())
        for plan, partitions in odd.values():
            asyncio.run(create_topics(field.connection, [plan], partitions, 1))
        yield field, examined(environment(broker.address, topics.prefix, folder))


def one(answer: Answer, *words: str) -> str:
    """Return the one wrong finding that has all these words."""
    (found,) = [each for each in answer.wrong() if all(word in each for word in words)]
    return found


def test_a_missing_topic_is_named_with_the_command_that_makes_it(spoilt: tuple[Field, Answer]) -> None:
    """The finding has the topic and `tallygate topics create`, and the status says that something is wrong."""
    field, answer = spoilt
    assert one(answer, field.topics.control, "is missing").endswith("-> tallygate topics create")
    assert answer.status == 1


def test_another_partition_count_is_told_with_the_way_out(spoilt: tuple[Field, Answer]) -> None:
    """The topics are listed with their counts, and what can still be done."""
    field, answer = spoilt
    found = one(answer, "partition counts differ")
    assert f"{field.topics.decisions} 3" in found
    assert "delete an empty new topic" in found


def test_settings_of_topics_come_with_the_command_that_mends_them(spoilt: tuple[Field, Answer]) -> None:
    """A changelog that deletes and shipments by the producer's clock come with `kafka-configs.sh` as it is needed."""
    field, answer = spoilt
    changelog = one(answer, field.topics.changelog("withholding"), "cleanup.policy is delete")
    assert "--add-config cleanup.policy=compact" in changelog
    shipments = one(answer, field.topics.shipments, "message.timestamp.type is CreateTime")
    assert f"--entity-name {field.topics.shipments} --add-config message.timestamp.type=LogAppendTime" in shipments


def test_what_may_be_meant_is_told_as_such(spoilt: tuple[Field, Answer]) -> None:
    """Another retention is told, and that it may be left as it is."""
    field, answer = spoilt
    assert one(answer, field.topics.decisions, "retention.ms is 1000").endswith(
        "if the difference is intended, leave it"
    )


def test_nothing_is_made_by_looking(spoilt: tuple[Field, Answer]) -> None:
    """The missing topic is still missing after the doctor was there."""
    field, _answer = spoilt
    again = examined(environment(field.broker.address, field.topics.prefix, field.folder))
    assert one(again, field.topics.control, "is missing")
