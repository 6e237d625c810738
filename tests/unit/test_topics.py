"""Topics and groups of one Tallygate: names that follow prefix and epoch, and settings that keep what must be kept."""

import re

import pytest

from stream.topics import DAY_MS, RECORD_BYTES_MAX, TOPIC_RECORD_BYTES, TopicPlan, Topics

PLANS = {plan.name: plan for plan in Topics().plans()}
CHANGELOGS = {Topics().changelog(step) for step in ("manifest", "withholding")}


def test_names_of_the_contract() -> None:
    """Without a setting the topics are those that DESIGN names."""
    topics = Topics()
    assert topics.shipments == "tallygate.shipments.v1"
    assert topics.postings == "tallygate.postings.v1"
    assert topics.decisions == "tallygate.decisions.v1"
    assert topics.alerts == "tallygate.alerts.v1"
    assert topics.dead_letters == "tallygate.shipments.v1.dlq"
    assert topics.notices == "tallygate.dead-letter-notices.v1"


def test_a_prefix_shares_nothing_with_another() -> None:
    """A back-test under its own prefix has no topic and no group in common with the real day."""
    real, test = Topics(), Topics("backtest")
    assert not {plan.name for plan in real.plans()} & {plan.name for plan in test.plans()}
    assert real.group("manifest") != test.group("manifest")


def test_an_epoch_changes_tables_groups_and_postings_alone() -> None:
    """A new epoch has new changelogs, groups and postings, and goes on with the same messages."""
    first, second = Topics(epoch=1), Topics(epoch=2)
    changed = {plan.name for plan in second.plans()} - {plan.name for plan in first.plans()}
    assert changed == {second.changelog("manifest"), second.changelog("withholding"), second.postings}
    assert second.postings == "tallygate.postings.e2.v1"
    assert first.group("withholding") != second.group("withholding")


def test_the_manifest_step_may_keep_its_epoch() -> None:
    """Where only the withholding step is rebuilt, its new epoch judges the postings of the manifest step's former."""
    first, second = Topics(epoch=1), Topics(epoch=2, manifest_epoch=1)
    changed = {plan.name for plan in second.plans()} - {plan.name for plan in first.plans()}
    assert changed == {second.changelog("withholding")}
    assert second.group("manifest") == first.group("manifest")


def test_a_rebuild_has_topics_of_its_own_that_keep_everything() -> None:
    """What is not published yet expires as little as it is mixed with what is."""
    topics = Topics(epoch=2)
    plans = {plan.name: plan.config for plan in topics.rebuild_plans()}
    assert not set(plans) & {plan.name for plan in topics.plans()}
    for kind in ("decisions", "alerts"):
        assert plans[topics.rebuilt(kind)]["retention.ms"] == "-1"
        assert plans[topics.changelog(f"rebuilt-{kind}")]["cleanup.policy"] == "compact"


def test_steps_share_no_changelog_and_no_group() -> None:
    """Each step is an app of its own."""
    topics = Topics()
    assert topics.changelog("manifest") != topics.changelog("withholding")
    assert topics.group("manifest") != topics.group("withholding")


@pytest.mark.parametrize("plan", PLANS.values(), ids=PLANS)
def test_names_are_legal_for_kafka_and_operators(plan: TopicPlan) -> None:
    """Lower case, digits, dots and hyphens, under 63 characters, so that Kubernetes names can be the same."""
    assert re.fullmatch(r"[a-z0-9.-]{1,62}", plan.name)


@pytest.mark.parametrize("plan", PLANS.values(), ids=PLANS)
def test_either_deleted_in_time_or_compacted(plan: TopicPlan) -> None:
    """Tables and the control topic are compacted and never deleted; messages are deleted and never compacted."""
    compacted = plan.name in {*CHANGELOGS, Topics().control}
    assert plan.config["cleanup.policy"] == ("compact" if compacted else "delete")
    assert ("retention.ms" in plan.config) is not compacted


def test_shipments_carry_the_brokers_clock() -> None:
    """Only the shipments topic needs the broker's append time, by which a `time` far ahead is found."""
    stamped = {name for name, plan in PLANS.items() if "message.timestamp.type" in plan.config}
    assert stamped == {Topics().shipments}
    assert PLANS[Topics().shipments].config["message.timestamp.type"] == "LogAppendTime"


def test_messages_stay_long_enough_to_rebuild_tables() -> None:
    """Shipments outlive the 45 days of a conveyance; dead letters are kept longest."""
    kept = {name: int(plan.config["retention.ms"]) for name, plan in PLANS.items() if "retention.ms" in plan.config}
    assert kept[Topics().shipments] >= 45 * DAY_MS
    assert max(kept, key=kept.__getitem__) == Topics().dead_letters


def test_messages_may_be_kept_for_longer() -> None:
    """More days change what is judged and what came of it; dead letters and compacted topics stay as they are."""
    longer = {plan.name: plan for plan in Topics().plans(396)}
    changed = {name for name, plan in longer.items() if plan != PLANS[name]}
    assert changed == set(Topics().record)
    assert {longer[name].config["retention.ms"] for name in changed} == {str(396 * DAY_MS)}


def test_every_topic_takes_an_event_of_full_size() -> None:
    """A record of one megabyte fits each topic, and with our headers on top the dead letters too."""
    sizes = {name: int(plan.config["max.message.bytes"]) for name, plan in PLANS.items()}
    assert min(sizes.values()) == TOPIC_RECORD_BYTES > RECORD_BYTES_MAX
    assert sizes[Topics().dead_letters] == 2 * TOPIC_RECORD_BYTES


def test_plans_name_each_topic_once() -> None:
    """No topic is planned twice, and every name that steps use is planned."""
    topics = Topics("once", 4)
    names = [plan.name for plan in topics.plans()]
    assert len(names) == len(set(names))
    used = {topics.shipments, topics.postings, topics.decisions, topics.alerts, topics.dead_letters, topics.control}
    assert used <= set(names)


def test_changelogs_compact_soon() -> None:
    """A restore reads little more than the live rows: segments are short and cleaned at a small share of garbage."""
    for name in CHANGELOGS:
        config = PLANS[name].config
        assert int(config["segment.ms"]) <= 3_600_000
        assert float(config["min.cleanable.dirty.ratio"]) <= 0.2
        assert int(config["max.compaction.lag.ms"]) <= DAY_MS


def test_dead_letters_stand_beside_their_topic() -> None:
    """The dead letters' topic is named after the one whose records it keeps, under any prefix."""
    topics = Topics("backtest")
    assert topics.dead_letters == f"{topics.shipments}.dlq"
