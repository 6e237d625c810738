"""`tallygate explain` on a real Redis and Kafka, and over a real gateway: the same words by either way."""

import json
import signal
from typing import Any

import msgspec
import pytest

from agents.bills import fact_sources
from agents.bills.fact_sources import NothingAnswersError, Stores
from agents.bills.history import History, read_history
from agents.settings.settings import KafkaSettings, RedisSettings, Settings
from tests.integration.publish.ground import Ground
from tests.redis.events import decision

pytestmark = [pytest.mark.kafka, pytest.mark.redis]

NOWHERE = "127.0.0.1:9"


def explained(known: Ground, *arguments: str, over: str = "stores", scope: str = "audit") -> tuple[int, str, str]:
    """Ask; return exit status and both outputs."""
    way = known.gateway(scope) if over == "gateway" else []
    done = known.run("explain", *way, *arguments)
    return done.returncode, done.stdout.decode(), done.stderr.decode()


def settings_of(known: Ground, *, kafka: str | None = None, redis: str | None = None) -> Settings:
    """Return settings for this ground, with one of its places elsewhere."""
    brokers = kafka or known.field.broker.address
    return Settings(
        kafka=KafkaSettings(brokers=brokers, prefix=known.field.topics.prefix),
        redis=RedisSettings(url=redis or known.stage.redis.url),
    )


def without_times(text: str) -> list[str]:
    """Return the lines, without the one that tells how fresh the read model was at that moment."""
    return [line for line in text.splitlines() if "day's figures" not in line]


def test_both_ways_say_the_same(known: Ground) -> None:
    """From Redis and Kafka and over the gateway the explanation is the same, and has everything in it."""
    status, said, wrong = explained(known, "acme-0002")
    assert (status, wrong) == (0, "")
    other = explained(known, "ACME0002", over="gateway")
    assert other[0] == 0
    assert without_times(other[1]) == without_times(said)
    for text in (
        " HOLD  ACME0002: withheld",
        "It counts $400.00. Released on that day were $700.00 of $800.00, so $100.00 was left.",
        "The next day on which it would fit, as things stood: Thu 21 Aug 2025.",
        ">   2. ACME0002",
        "Released now: $700.00 of $800.00; $100.00 is left.",
        "limit-800: $800.00 per person and day",
        "On other conveyances",
        "2025-08-20 08:00 ET  HOLD  pending no-day",
        "2025-08-20 08:05 ET  HOLD  withhold daily-limit",
        "The decision and its history are exact: read from Kafka just now.",
    ):
        assert text in said
    assert said.index("Why") < said.index("What to do") < said.index("The rule") < said.index("What happened")


@pytest.mark.parametrize("over", ["stores", "gateway"])
def test_json_has_it_all(over: str, known: Ground) -> None:
    """As JSON it is one document, by either way."""
    status, said, _ = explained(known, "--json", "ACME0002", over=over)
    found = json.loads(said)
    assert status == 0
    assert (found["action"], found["facts"]["history_complete"]) == ("HOLD", True)
    assert [each["data"]["reason"] for each in found["facts"]["history"]] == ["no-day", "deleted", "daily-limit"]


@pytest.mark.parametrize("over", ["stores", "gateway"])
def test_unknown_bill_is_one(over: str, known: Ground) -> None:
    """Of a bill that nobody decided about it says so, where to look, and ends with 1."""
    status, said, wrong = explained(known, "NOBODY01", over=over)
    assert (status, wrong) == (1, "")
    assert " HOLD  NOBODY01: Nothing is known of this bill." in said
    assert "tallygate dead-letters list" in said


@pytest.mark.parametrize("scope", ["scan", "publish"])
def test_other_scopes_are_refused(scope: str, known: Ground) -> None:
    """A token that may not see everything ends it with 2, and says which scope it needs."""
    status, said, wrong = explained(known, "ACME0002", over="gateway", scope=scope)
    assert (status, said) == (2, "")
    assert "scope" in wrong


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (["x"], "4 to 35 letters"),
        (["ACME0001", "--gateway", "http://x"], "go together"),
        (["ACME0001", "--gateway", "http://x", "--token-file", "no-such"], "no-such"),
    ],
)
def test_bad_usage_is_two(arguments: list[str], said: str, known: Ground) -> None:
    """What cannot be a bill, half an address, or no token ends with 2 and says why."""
    status, _, wrong = explained(known, *arguments)
    assert status == 2
    assert said in wrong


async def test_without_redis_the_decision_is_still_exact(known: Ground) -> None:
    """With Redis away decision and history come from Kafka, and the day is said to be unknown."""
    found = await Stores(settings_of(known, redis=f"redis://{NOWHERE}/0")).facts("ACME0002")
    assert found.decision is not None
    assert found.decision.data.reason == "daily-limit"
    assert (found.history_complete, found.day, found.stale) == (True, None, True)
    assert found.missing == (fact_sources.NO_REDIS,)


async def test_without_kafka_the_read_model_answers(known: Ground) -> None:
    """With Kafka away the decision and the day come from Redis, and the history is said to be unknown."""
    found = await Stores(settings_of(known, kafka=NOWHERE)).facts("ACME0002")
    assert found.decision is not None
    assert found.decision.data.reason == "daily-limit"
    assert found.day is not None
    assert found.day.total_cents == 70_000
    assert (found.history, found.history_complete) == ((), False)
    assert "the history is not known" in found.missing[0]


async def test_without_both_nothing_answers(known: Ground) -> None:
    """With both away there is nothing to explain from, and it says so of both."""
    with pytest.raises(NothingAnswersError, match=r"Redis does not answer.*history is not known"):
        await Stores(settings_of(known, kafka=NOWHERE, redis=f"redis://{NOWHERE}/0")).facts("ACME0002")


def test_nothing_that_answers_is_worth_another_try(known: Ground) -> None:
    """As a command it ends with 75 then, by either way."""
    nowhere = {"TALLYGATE_KAFKA__BROKERS": NOWHERE, "TALLYGATE_REDIS__URL": f"redis://{NOWHERE}/0"}
    kept = dict(known.environment)
    known.environment.update(nowhere)
    try:
        status, said, wrong = explained(known, "ACME0002")
    finally:
        known.environment.update(kept)
    assert (status, said) == (75, "")
    assert "Redis does not answer" in wrong
    token = str(known.folder / "audit-token")
    assert explained(known, "ACME0002", "--gateway", f"http://{NOWHERE}", "--token-file", token)[0] == 75


async def test_decision_that_is_ahead_of_redis_counts(known: Ground) -> None:
    """Where the projection is stopped, the decision that only Kafka has is the one that is explained."""
    projection = known.stage.projections[0].process
    projection.send_signal(signal.SIGSTOP)
    try:
        known.stage.send([msgspec.json.encode(decision("AHEAD001", consignee="na2:b"))])
        found = await Stores(settings_of(known)).facts("AHEAD001")
    finally:
        projection.send_signal(signal.SIGCONT)
    assert found.decision is not None
    assert found.decision.data.outcome == "release"


async def test_long_history_is_read_page_by_page(known: Ground, monkeypatch: pytest.MonkeyPatch) -> None:
    """A history of many pages is put together; where time is over first, it says that it is not complete."""
    story = [decision("LONG0001", consignee="na2:b", rank=(1, 1, 1, 1 + number), minutes=number) for number in range(7)]
    known.tell(*story)

    async def small(*arguments: Any, **more: Any) -> History:
        return await read_history(*arguments, most=2, **more)

    monkeypatch.setattr(fact_sources, "read_history", small)
    found = await Stores(settings_of(known)).facts("LONG0001")
    assert [each.data.revision for each in found.history] == [1, 2, 3, 4, 5, 6, 7]
    monkeypatch.setattr(fact_sources, "HISTORY_SECONDS", -1.0)
    hurried = await Stores(settings_of(known)).facts("LONG0001")
    assert (len(hurried.history), hurried.history_complete) == (2, False)
    assert hurried.missing == (fact_sources.NOT_READ,)
    assert hurried.decision is not None
    assert hurried.decision.data.revision == 7
