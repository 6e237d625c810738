"""The weeks of a courier: under each shipped programme they are sound events around the turn of a period."""

from collections import Counter
from datetime import timedelta
from random import Random
from typing import Any
from zoneinfo import ZoneInfo

import msgspec
import pytest

from agents.demo.agenda import Planned
from agents.demo.choosing import choose, days_kept
from agents.demo.courier_weeks import COUNTRIES, CourierWeeks
from agents.demo.demo_errors import NoSuchProgrammeError
from agents.demo.played import BEFORE, THE_DAY, Played, weeks_under
from agents.demo.simulated_day import BILLS_MIN
from agents.judge.offline_judge import JudgeOptions, open_judge
from state.rules.loading import load_rulebook
from stream.deadletters import Fault
from stream.events import Shipment
from stream.periods import CONVEYANCE
from stream.postings import US_321
from stream.records import Outgoing, Sink

BOOK = load_rulebook()
OTHERS = [name for name in BOOK.known if name != US_321]
FAULTS = {fault.value for fault in Fault}


def weeks(programme: str, bills: int = 600, seed: int = 3) -> tuple[Played, list[Planned]]:
    """Return what is played under a programme, and its records."""
    played, events = choose(bills, seed, programme)
    return played, list(events)


def decided(programme: str, events: list[Planned]) -> list[dict[str, Any]]:
    """Return the decisions of the offline judge."""
    found = []

    def take(sent: Outgoing) -> None:
        if sent.sink is Sink.DECISIONS:
            found.append(msgspec.json.decode(sent.value or b"")["data"])

    judge = open_judge(JudgeOptions(programmes=(US_321, programme)), take)
    for offset, planned in enumerate(events):
        if planned.kind not in FAULTS:
            judge.push(planned.value, offset)
    return found


@pytest.mark.parametrize("programme", OTHERS)
def test_weeks_are_sound_and_meet_the_limit(programme: str) -> None:
    """Events have the exact shape and come in the order of time; bills fit, do not fit, and wait, in the currency."""
    _, events = weeks(programme)
    unsound = FAULTS | {"repeat"}
    sound = [msgspec.json.decode(planned.value, type=Shipment) for planned in events if planned.kind not in unsound]
    assert [event.time for event in sound] == sorted(event.time for event in sound)
    decisions = decided(programme, events)
    assert {decision["programme"] for decision in decisions} == {programme}
    assert {decision["currency"] for decision in decisions} == {BOOK.known[programme].currency}
    met = Counter(decision["outcome"] for decision in decisions)
    assert met["release"] > met["withhold"] > 5
    assert not any(decision["filing_errors"] for decision in decisions)
    assert not {"suspended", "day-closed"} & {decision["reason"] for decision in decisions}


@pytest.mark.parametrize("programme", OTHERS)
def test_a_period_turns_within_the_weeks(programme: str) -> None:
    """Decisions are about periods before and after the turn; of a programme by conveyance each trip is its own."""
    played, events = weeks(programme)
    periods = {decision["period"] for decision in decided(programme, events) if decision["period"]}
    if BOOK.known[programme].window == CONVEYANCE:
        assert periods == {CONVEYANCE}
        assert played.period(0) == ""
    else:
        turn = str((played.begins + BEFORE).date())
        assert min(periods)[: len(turn)] < turn <= max(periods)[: len(turn)]
        assert played.period(0) != played.period(events[-1].at)


def test_totals_begin_again_in_the_new_year() -> None:
    """Under ec somebody whose year was full at its end has parcels released in the next one."""
    _, events = weeks("ec", 2_000)
    decisions = decided("ec", events)
    full = {each["consignee"] for each in decisions if each["outcome"] == "withhold" and each["day"] < "2026"}
    again = {each["consignee"] for each in decisions if each["outcome"] == "release" and each["day"] >= "2026"}
    assert full & again


def test_same_seed_same_weeks() -> None:
    """A seed gives the same weeks byte for byte, another seed other ones."""
    assert weeks("uz") == weeks("uz")
    assert weeks("uz") != weeks("uz", seed=4)


def test_every_kind_occurs() -> None:
    """Every type of event, a repeat and every fault occurs, each bill once; fewer bills than show it are refused."""
    played, events = weeks("ec", 2_000)
    kinds = Counter(planned.kind for planned in events)
    assert kinds["bill.manifested"] == 2_000
    assert kinds.keys() == FAULTS | {
        *("bill.manifested", "bill.amended", "bill.deleted", "bill.disposed"),
        *("conveyance.estimated", "conveyance.arrived", "repeat"),
    }
    assert Counter(planned.kind for planned in weeks("ec", BILLS_MIN)[1]).keys() >= FAULTS
    with pytest.raises(ValueError, match="at least"):
        CourierWeeks(Random(1), BILLS_MIN - 1, played, BOOK)


def test_limits_hold_around_the_turn() -> None:
    """A programme that has ended is played in its last weeks, where its limits still held on every day."""
    played = weeks_under(BOOK.known["kr-until-2022"], BOOK)
    first = played.begins.date()
    assert f"{first:%Y-%m}" == "2022-10"
    assert all(BOOK.limits(first + timedelta(days=day), "kr-until-2022") for day in range(21))


@pytest.mark.parametrize("programme", OTHERS)
def test_every_shipped_zone_has_its_country(programme: str) -> None:
    """Addresses lie in the programme's country, and second 0 is a midnight there."""
    zone = BOOK.known[programme].zone
    played = weeks(programme, BILLS_MIN)[0]
    assert zone in COUNTRIES
    assert f"{played.begins.astimezone(ZoneInfo(zone)):%H:%M}" == "00:00"


def test_the_day_of_august_stays() -> None:
    """Without a programme the day of August 2025 is played; a programme that is unknown is refused."""
    assert choose(100, 1, US_321)[0] is THE_DAY
    with pytest.raises(NoSuchProgrammeError, match="no programme has the id zz"):
        choose(100, 1, "zz")


def test_topics_are_kept_as_long_as_the_programme_needs() -> None:
    """A calendar year and the days that it stays open are more than the usual 60 days."""
    assert (days_kept(US_321), days_kept("ec")) == (60, 396)
