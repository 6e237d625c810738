"""Which records are judged alone after deaths and errors, and which are convicted."""

from agents.engine.poison_isolation import FEW_RECORDS, GROUP_RECORDS, PoisonIsolation, Suspicion

FREELY = PoisonIsolation()
MANY = 10_000


def lives(poison: int, end: int, region: int) -> tuple[int, int, int]:
    """Let life after life judge records up to `end`, dying at `poison`; give halt, deaths, and records judged."""
    position, deaths, suspicion, judged = 0, 0, Suspicion(0), 0
    while True:
        isolation = PoisonIsolation.after(suspicion, position, region)
        while not isolation.fatal:
            waiting = end - position
            suspicion = isolation.suspicion(position, position, waiting) or Suspicion(position)
            count = isolation.limit(position, waiting, MANY)
            if position <= poison < position + count:
                deaths += 1
                break
            position, judged = position + count, judged + count
            isolation = isolation.passed(count, position - 1)
        else:
            return position, deaths, judged


def test_a_killer_is_found_wherever_it_is() -> None:
    """From the first to the last record of the region the halt is at the record itself, after at most five deaths."""
    for poison in (0, 1, FEW_RECORDS, GROUP_RECORDS - 1, GROUP_RECORDS, 2 * GROUP_RECORDS + 7, 4999):
        assert lives(poison, 5000, 5000) == (poison, 4, poison), poison


def test_where_few_records_wait_they_are_alone_at_once() -> None:
    """At low rates the first death is followed by three over the record alone."""
    assert lives(3, FEW_RECORDS, 100) == (3, 3, 3)


def test_without_a_watch_there_is_no_caution() -> None:
    """A life that ended in order leaves nothing to be careful about."""
    assert PoisonIsolation.after(None, 5, MANY) == FREELY
    assert FREELY.limit(5, 700, MANY) == 700
    assert FREELY.suspicion(5, 5, 700) is None


def test_a_death_elsewhere_convicts_nobody() -> None:
    """A suspicion over a single record counts only while the partition stands before that record."""
    found = Suspicion(at=5, span=1, failures=2, alone=1)
    assert PoisonIsolation.after(found, 5, MANY).fatal
    assert not PoisonIsolation.after(found, 6, MANY).fatal


def test_judging_a_suspect_well_acquits_it() -> None:
    """Failures belong to one record: the next one starts from none."""
    isolation = PoisonIsolation.after(Suspicion(at=5, span=1, failures=1, alone=3, rest=50), 5, MANY)
    assert isolation.failures == 2
    assert isolation.passed(1, 5) == PoisonIsolation(alone=2, rest=50)


def test_an_error_names_its_record() -> None:
    """What comes before a suspect is judged freely, the suspect alone, what follows freely again."""
    isolation = FREELY.raised(40)
    assert isolation.limit(10, 100, MANY) == 100
    assert isolation.suspicion(10, 10, 100) is None
    assert isolation.limit(40, 100, MANY) == 1
    assert isolation.suspicion(40, 40, 100) == Suspicion(40, 1, 1, 1)
    assert isolation.passed(30, 39) == isolation
    assert isolation.passed(1, 40) == FREELY


def test_three_errors_at_one_record_are_fatal_and_two_records_share_none() -> None:
    """Counts do not carry over from one record to another."""
    once = FREELY.raised(40)
    assert not once.raised(40).fatal
    assert once.raised(40).raised(40).fatal
    assert once.raised(41).failures == 1


def test_an_error_counts_with_deaths_over_the_same_record() -> None:
    """A record over which two lives died and at which the step then raises is convicted."""
    isolation = PoisonIsolation.after(Suspicion(at=5, span=1, failures=1, alone=1), 5, MANY)
    assert isolation.raised(5).fatal


def test_parting_in_order_is_no_failure() -> None:
    """A life that stops while being careful leaves a suspicion that the next one counts to the same number."""
    isolation = PoisonIsolation(alone=3, rest=9, failures=1)
    left = isolation.parting(5, 5)
    assert left is not None
    assert PoisonIsolation.after(left, 5, MANY) == isolation
    assert FREELY.parting(5, 5) is None
