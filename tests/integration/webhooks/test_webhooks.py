"""Webhooks end to end: exact, in order and signed, while receivers fail and die and the sender is killed."""

import re
from collections.abc import Iterator
from urllib.request import urlopen

import pytest

from stream.decisions import DecisionData
from tests.integration.gateway_live.decision_writer import DecisionWriter
from tests.integration.webhooks.hooking import Hooks, audit, count_of
from tests.kafka.broker import Broker
from tests.kafka.harness import KafkaHarness
from tests.waiting import ended, never, wait_for

pytestmark = [pytest.mark.kafka, pytest.mark.slow]

FILTERS = ("--outcome", "withhold", "--outcome", "reject", "--conveyance", "air:1")


@pytest.fixture(scope="module")
def broker(mortal_broker: Broker) -> Broker:
    """Return a broker that may be killed."""
    return mortal_broker


@pytest.fixture
def hooks(harness: KafkaHarness) -> Iterator[Hooks]:
    """Yield webhooks whose processes do not outlive the test."""
    made = Hooks(harness)
    try:
        yield made
    finally:
        made.end()


def test_exact_whatever_is_killed(hooks: Hooks) -> None:
    """Each matching decision arrives, each id with one body, each bill in order; the dead are shown and revive."""
    writer = DecisionWriter(hooks.harness, rate=0)
    writer.commit(100)
    lame, sound = hooks.add("lame", *FILTERS), hooks.add("sound")
    lame.behave("flaky")
    lame.start()
    sound.start()
    sender = hooks.send()
    wait_for(lambda: lame.distinct() >= 5, "the lame one to take some", in_vain=ended(sender))
    lame.kill()
    writer.commit(100)
    wait_for(lambda: sound.distinct() == 200, "the sound one, which nothing holds up", in_vain=ended(sender))
    assert lame.distinct() < 100

    sender.kill()
    writer.commit(100)
    sender = hooks.send()
    wait_for(lambda: sound.distinct() > 220, "the sender to be in the middle", in_vain=ended(sender))
    sender.kill()
    lame.start()
    sender, before = hooks.send(), lame.distinct()
    wait_for(lambda: lame.distinct() > before, "the lame one to be served again", in_vain=ended(sender))
    hooks.harness.broker.kill()
    hooks.harness.broker.start()
    every, some = hooks.wanted(lambda _: True), hooks.wanted(wanted)
    wait_for(lambda: all(each.left == 0 for each in hooks.standings()), "both to be done", in_vain=ended(sender))
    assert (audit(sound, every), audit(lame, some)) == ({}, {})
    assert (count_of(every), sound.distinct()) == (300, 300)
    assert 20 < count_of(some) == lame.distinct() < 100
    assert len(lame.taken()) > lame.distinct()
    assert [each.word for each in hooks.standings()] == ["well", "well"]

    dies_and_revives(hooks, writer)
    assert sender.stop() == 0
    said = sender.log() + (hooks.folder / "sender.log").read_text()
    secrets = [(each.folder / "secret").read_text().strip() for each in hooks.receivers]
    assert [each for each in ("ACME", "of-the-query", "whsec_", *secrets) if each in said] == []


def dies_and_revives(hooks: Hooks, writer: DecisionWriter) -> None:
    """After 410 a webhook is dead, and is told so; once enabled it gets what it missed."""
    lame, sound = hooks.receivers
    lame.behave("gone")
    writer.commit(100)
    wait_for(lambda: hooks.standings()[0].word == "dead", "410 to kill", in_vain=never)
    wait_for(lambda: hooks.standings()[1].left == 0, "the sound one to go on")
    assert sound.distinct() == 400
    listed = hooks.command("list")
    rows = [line.split("\t") for line in listed.stdout.decode().splitlines()]
    assert (listed.returncode, rows[0][0], len(rows)) == (1, "id", 3)
    assert re.fullmatch(r"dead \(since [0-9: -]+ UTC, gone, last answer 410\)", rows[1][1])
    assert rows[1][4:] == [lame.url.partition("?")[0], "air:1 reject withhold", "lame"]
    assert rows[2][1:3] == ["well", "0"]
    with urlopen(f"http://127.0.0.1:{hooks.metrics + 4}/metrics") as answer:
        shown = answer.read().decode()
    assert f'tallygate_webhook_dead{{webhook="{rows[1][0]}"}} 1.0' in shown
    assert f'tallygate_webhook_dead{{webhook="{rows[2][0]}"}} 0.0' in shown

    lame.behave("well")
    assert hooks.command("test", rows[1][0]).stdout == b"taken: 204\n"
    tested = lame.taken()[-1]
    assert (tested.id[:5], tested.bill) == ("test_", "TALLYGATETEST")
    (lame.folder / "taken.jsonl").write_text("".join((lame.folder / "taken.jsonl").read_text().splitlines(True)[:-1]))
    assert hooks.command("enable", rows[1][0]).returncode == 0
    wait_for(lambda: all(each.left == 0 for each in hooks.standings()), "the revived one to be done")
    assert (audit(lame, hooks.wanted(wanted)), audit(sound, hooks.wanted(lambda _: True))) == ({}, {})


def wanted(data: DecisionData) -> bool:
    """Return what the filters of the lame one let through."""
    return data.outcome in {"withhold", "reject"} and data.conveyance == "air:1"
