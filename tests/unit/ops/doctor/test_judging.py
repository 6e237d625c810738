"""What the doctor makes of figures: disks, clocks, groups, rights, Redis; and how it shows all that."""

import io
import json
from datetime import UTC, datetime, timedelta
from types import SimpleNamespace
from typing import Any

import pytest
from rich.console import Console

from agents.kafka.describing import NOT_SAID, OPERATIONS, allows, may
from agents.kafka.errors import RefusedError
from agents.ops.access.roles import Grant, grants
from agents.ops.doctor import broker_checks, clock_checks, group_checks, report, store_checks
from agents.ops.doctor.finding import Finding, State, any_wrong, doubtful, refused, right, unknown, wrong
from agents.ops.doctor.role_checks import Rights
from agents.readmodel.condition import Condition
from agents.readmodel.store import StoreAwayError, StoreRefusedError
from stream.topics import Topics

NOW = datetime(2025, 8, 20, 12, 0, tzinfo=UTC)
ALL = sum(1 << bit for bit in OPERATIONS.values())


@pytest.mark.parametrize(
    ("total", "usable", "state"),
    [
        (100, 50, State.RIGHT),
        (100, 14, State.DOUBTFUL),
        (100, 4, State.WRONG),
        (100, 0, State.WRONG),
        (-1, -1, State.UNKNOWN),
    ],
)
def test_room_on_a_disk(total: int, usable: int, state: State) -> None:
    """Below a twentieth it is wrong, below an eighth or so somebody should look; what to do comes with it."""
    found = broker_checks._disk(1, (0, "/folder", [], total << 30, usable << 30))
    assert found.state is state
    assert ("make room" in found.remedy) is (state in {State.DOUBTFUL, State.WRONG})


def test_a_disk_that_has_failed() -> None:
    """A folder that the broker cannot use any more is wrong, by the broker's code."""
    assert broker_checks._disk(2, (56, "/folder", [], 1, 1)).says == "a disk of broker 2 has failed (code 56)"


def test_a_broker_that_is_too_old() -> None:
    """Without stable offsets nothing is exactly once: the request and its version are named."""
    (old,) = broker_checks.version_findings({9: (0, 6), 28: (0, 3)})
    assert old.says == "the broker does not know OffsetFetch version 7"
    assert "2.5 or later" in old.remedy
    (new,) = broker_checks.version_findings({9: (0, 9), 28: (0, 4)})
    assert new.state is State.RIGHT


def record(seconds_ahead: float, source: str = "/acme", *, at: datetime = NOW) -> Any:
    """Return a shipment record whose producer's clock is ahead of the broker's."""
    event = {"source": source, "time": (at + timedelta(seconds=seconds_ahead)).isoformat(), "data": {"name": "Jane"}}
    return SimpleNamespace(value=json.dumps(event).encode(), timestamp=int(at.timestamp() * 1000))


def test_producers_ahead_are_named_each_once() -> None:
    """Each source with the most it is ahead; those within a minute, and what is no event, are left out."""
    records = [record(600, "/b"), record(120, "/b"), record(61, "/a"), record(59, "/c"), record(-9_000, "/d")]
    found = list(clock_checks.producers([*records, SimpleNamespace(value=b"no event", timestamp=0)]))
    assert [each.says for each in found] == [
        "events of /a are up to 61 s ahead of the broker's clock",
        "events of /b are up to 600 s ahead of the broker's clock",
    ]
    assert all(each.state is State.WRONG and "NTP" in each.remedy for each in found)


def test_producers_on_time() -> None:
    """Events that come late are no fault of a clock; nothing is said where there are none."""
    (found,) = clock_checks.producers([record(0), record(-3600)])
    assert found.state is State.RIGHT
    assert list(clock_checks.producers([])) == []


@pytest.mark.parametrize(
    ("skew", "state"), [(0.4, State.RIGHT), (-59, State.RIGHT), (600, State.WRONG), (-600, State.WRONG)]
)
def test_our_own_clock_against_a_fresh_record(skew: float, state: State) -> None:
    """A record that came while we waited bears the broker's time of now."""
    assert clock_checks.own([], [record(0)], NOW.timestamp() + skew).state is state


def test_our_own_clock_without_a_fresh_record() -> None:
    """An old record tells only whether we are behind; else it is said that nothing is known."""
    assert clock_checks.own([record(0)], [], NOW.timestamp() + 600).state is State.UNKNOWN
    behind = clock_checks.own([record(0)], [], NOW.timestamp() - 600)
    assert behind.says == "this machine is at least 600 s behind the broker's clock"
    assert clock_checks.own([], [], 0.0).state is State.UNKNOWN


@pytest.mark.parametrize(
    ("lag", "members", "state"),
    [(0, 1, State.RIGHT), (20_000, 1, State.DOUBTFUL), (0, 0, State.DOUBTFUL), (1, 0, State.WRONG)],
)
def test_groups(lag: int, members: int, state: State) -> None:
    """Work that nobody does is wrong; work that is behind, and nobody there without work, is to be looked at."""
    found = group_checks._finding("projection", group_checks.StoppedPartition(lag, members))
    assert found.state is state
    assert ("tallygate projection" in found.remedy) is (members == 0)


def test_rights_are_held_against_grants() -> None:
    """A login has a role if it may do everything on each of our topics that the grants cover, and no less."""
    topics = Topics("t")
    names = [plan.name for plan in topics.plans()]
    transactions = {"t.manifest.e1-0"}
    full = Rights(dict.fromkeys(names, ALL), {topics.group("manifest"): ALL}, transactions)
    assert full.lacks(grants("manifest", topics)) == []
    reader = Rights(dict.fromkeys(names, 1 << OPERATIONS["Read"]), {topics.group("manifest"): 0}, set())
    lacks = reader.lacks(grants("manifest", topics))
    assert "Write on topic t.postings.v1" in lacks
    assert "Read on group t.manifest.e1" in lacks
    assert [each for each in lacks if "transactional id" in each]
    assert not [each for each in lacks if each.startswith("Read on topic")]


def test_what_a_topic_that_is_to_be_made_needs_is_not_asked() -> None:
    """Create is a right on names that are not there yet: no broker tells it of a topic."""
    grant = Grant("topic", "t.", "prefixed", ("Create", "Describe"))
    assert Rights({"t.a": 1 << OPERATIONS["Describe"]}, {}, set()).lacks([grant]) == []
    assert not may(0, "Describe")


def test_what_the_broker_does_not_say_is_not_allowed() -> None:
    """A topic that is hidden, or whose rights are not told, counts as closed."""
    topics: list[Any] = [(0, "open", False, [], ALL), (29, "hidden", False, [], 0), (0, "mute", False, [], NOT_SAID)]
    assert allows(SimpleNamespace(topics=topics)) == {"open": ALL, "mute": 0}


def states(condition: Condition) -> list[State]:
    """Return the states of what is found in a condition."""
    return [each.state for each in store_checks.conditions(condition)]


def test_the_condition_of_redis() -> None:
    """Old versions, nearly full memories and rules that may evict are told; what is not told is unknown."""
    assert states(Condition("7.2.4", "noeviction", 0, 5)) == [State.RIGHT]
    assert states(Condition("6.2.1", "noeviction", 0, 5)) == [State.DOUBTFUL, State.RIGHT]
    assert states(Condition("8.0", "volatile-lru", 100, 91)) == [State.WRONG, State.DOUBTFUL]
    assert states(Condition(None, None, None, None)) == [State.UNKNOWN]


def test_the_age_of_the_read_model() -> None:
    """Older than half a minute it is wrong, for the gateway holds; empty, it may be on its way."""
    assert store_checks.freshness(NOW, NOW + timedelta(seconds=5)).state is State.RIGHT
    assert (
        store_checks.freshness(NOW, NOW + timedelta(seconds=3600)).says == "it is 3,600 s old: the gateway answers HOLD"
    )
    assert store_checks.freshness(None, NOW).state is State.DOUBTFUL


@pytest.mark.parametrize(
    ("error", "word"),
    [
        (StoreRefusedError("WRONGPASS invalid username-password pair"), "TALLYGATE_REDIS__PASSWORD_FILE"),
        (StoreAwayError("Authentication required."), "TALLYGATE_REDIS__PASSWORD_FILE"),
        (StoreAwayError("[SSL: CERTIFICATE_VERIFY_FAILED]"), "TALLYGATE_REDIS__CA_FILE"),
        (StoreAwayError("Error 111 connecting to localhost:6379."), "start it"),
    ],
)
def test_why_redis_does_not_let_us_in(error: StoreRefusedError, word: str) -> None:
    """Login, certificate, or nobody there: each has its remedy."""
    assert word in store_checks.unreachable(error).remedy


FINDINGS = [
    right("settings", "all are accepted"),
    doubtful("disk", "9 of 90 GiB are free", "make room"),
    wrong("topics", "topic t[1] is missing", "tallygate topics create"),
    unknown("clock", "not compared"),
]


def test_a_refusal_becomes_a_finding_with_its_remedy() -> None:
    """What stands behind the last colon of a refusal is the remedy."""
    assert refused("kafka", RefusedError("a: b: mend c")) == Finding("kafka", State.WRONG, "a: b", "mend c")


def test_one_wrong_finding_is_enough() -> None:
    """Doubts and what is unknown do not end in status 1; one wrong finding does."""
    assert any_wrong(FINDINGS)
    assert not any_wrong([each for each in FINDINGS if each.state is not State.WRONG])


def test_findings_are_shown_whole_in_lines_table_and_json() -> None:
    """Every sentence and every remedy is in each of the three forms, brackets as they are."""
    console = Console(width=120, record=True, file=io.StringIO())
    console.print(report.table(FINDINGS))
    shown = console.export_text()
    lines = "\n".join(map(report.line, FINDINGS))
    document = json.loads(report.as_json(FINDINGS))
    for each in FINDINGS:
        assert each.says in shown
        assert each.remedy in shown
        assert f"{each.area}: {each.says}" in lines
    assert document["counts"] == {"right": 1, "doubtful": 1, "wrong": 1, "unknown": 1}
    assert document["findings"][2]["remedy"] == "tallygate topics create"


def test_the_verdict_counts_what_is_wrong() -> None:
    """One line at the end says how it stands."""
    assert report.verdict(FINDINGS) == "1 wrong, 1 to look at"
    assert report.verdict(FINDINGS[:2]) == "nothing is wrong, 1 to look at"
    assert report.verdict(FINDINGS[:1]) == "all is right"
