"""Which day a bill is on under any programme, against the sentences of DESIGN section 2 written down once more."""

from datetime import UTC, date, datetime
from zoneinfo import ZoneInfo

from hypothesis import given
from hypothesis import strategies as st

from state.manifest.bill_rows import Glance
from state.manifest.rows import ConveyanceRow
from state.manifest.stand import day_and_basis
from state.rules.programmes import Programme
from stream.instants import MICROS_A_SECOND, from_micros, to_micros
from tests.unit.manifest.step_in_words import EVERY

# Few instants close to midnights of many zones, so that statements meet and days differ.
QUARTER_HOURS = 900 * MICROS_A_SECOND
FIRST = to_micros(datetime(2025, 8, 30, tzinfo=UTC)) // QUARTER_HOURS
INSTANTS = st.integers(FIRST, FIRST + 3 * 96).map(lambda quarter: quarter * QUARTER_HOURS)
TIMES = st.integers(1, 3)
DAYS = st.just(0) | st.integers(date(2025, 8, 29).toordinal(), date(2025, 9, 3).toordinal())
OWN = st.builds(Glance, DAYS, TIMES, st.none() | INSTANTS, st.just("us-321"), DAYS)
CONVEYANCES = st.builds(
    ConveyanceRow, st.just(739_000), st.none() | TIMES, st.none() | INSTANTS, st.none() | TIMES, st.none() | INSTANTS
)


def expected(own: Glance, conveyance: ConveyanceRow, programme: Programme) -> tuple[date | None, bool]:
    """Day and basis as the sentences say it, with the zone of the machine's own library."""
    arrivals = [instant for instant in (own.arrived, conveyance.arrival) if instant is not None]
    if programme.date == "purchase":
        return (None, False) if own.purchase_day == 0 else (date.fromordinal(own.purchase_day), bool(arrivals))
    zone = ZoneInfo(programme.zone)
    if arrivals:
        return from_micros(arrivals[0]).astimezone(zone).date(), True
    estimates = []
    if conveyance.estimate is not None:
        estimates.append((conveyance.estimate_stated or 0, 0, from_micros(conveyance.estimate).astimezone(zone).date()))
    if own.estimate:
        estimates.append((own.estimate_stated, 1, date.fromordinal(own.estimate)))
    return (max(estimates)[2] if estimates else None), False


@given(OWN, CONVEYANCES, st.sampled_from(sorted(EVERY.programmes)))
def test_day_is_as_the_contract_says(own: Glance, conveyance: ConveyanceRow, programme: str) -> None:
    """Of every programme, in its zone, by arrival or by purchase."""
    found = EVERY.programmes[programme]
    assert day_and_basis(own, conveyance, found) == expected(own, conveyance, found)


@given(OWN, CONVEYANCES)
def test_without_a_known_programme_there_is_no_day(own: Glance, conveyance: ConveyanceRow) -> None:
    """Whatever is said of a bill of an unknown programme, it waits."""
    assert day_and_basis(own, conveyance, None) == (None, False)
