"""Both pages as people use them: answers as they are decided, faults as they happen, nothing green that is not sure."""

import signal
import uuid
from collections.abc import Iterator
from datetime import date, timedelta
from typing import Any

import msgspec
import pytest

from stream.alerts import AlertData, alert_event
from stream.decisions import Advice, Cause, Code, Decision
from tests.browser.driver import Browser
from tests.browser.officer_day import CONSIGNEE, HOSTILE
from tests.integration.pages.page_site import PageSite, site_on
from tests.kafka.broker import Broker
from tests.kafka.harness import KafkaHarness
from tests.redis.events import DAY, START, decision

pytestmark = [pytest.mark.chromium, pytest.mark.kafka, pytest.mark.redis]

FLIGHT = "air:AF0066:2025-08-20"
WITHHELD: dict[str, Any] = {
    "outcome": "withhold", "reason": "daily-limit", "counts": False, "advice": Advice("11", DAY + timedelta(days=2)),
    "code": Code("manifest-status", "4M", "Withhold Entry Release – De Minimis Met"),
}  # fmt: skip
EXPECTED: dict[str, Any] = {"outcome": "clear", "basis": "estimated", "counts": False}


@pytest.fixture(scope="module")
def site(broker: Broker, tmp_path_factory: pytest.TempPathFactory) -> Iterator[PageSite]:
    """Return topics, Redis, projection and gateway, for all tests here; each has bills of its own."""
    folder = tmp_path_factory.mktemp("pages")
    with KafkaHarness(broker, f"t{uuid.uuid4().hex[:8]}", folder) as harness:
        harness.create_topics(partitions=4)
        with site_on(harness, folder) as made:
            yield made


@pytest.fixture
def scanner(browser: Browser, site: PageSite) -> Iterator[Browser]:
    """Return the scanner page, signed in and live; GO was never shown without a live link."""
    browser.sign_in(f"{site.address}/", site.setup.tokens["scan"])
    browser.shows("#link", "Live")
    yield browser
    seen = browser.recorded("shown")
    assert [each for each in seen if each.endswith("GO") and each != "live GO"] == []
    assert browser.asked() <= {site.address.removeprefix("http://")}


def answers(scanner: Browser, bill: str, action: str, line: str) -> None:
    """Scan a bill and wait for its answer."""
    scanner.scan(bill)
    scanner.until(
        "['word', 'bill', 'line'].map((id) => document.getElementById(id).textContent).join('|') === arguments[0]",
        f"{action}|{bill}|{line}",
    )


def test_answers_and_changes(scanner: Browser, site: PageSite) -> None:
    """Each action is shown as decided, unknown bills are HOLD, and a later change comes up, big if it is not GO."""
    site.decide(
        decision("ACME1001", FLIGHT),
        decision("ACME1002", FLIGHT, **WITHHELD),
        decision("ACME1003", FLIGHT, outcome="reject", reason="origin-excluded", counts=False),
        decision("ACME1004", FLIGHT, **EXPECTED),
        decision("ACME1005", FLIGHT, outcome="closed", reason="returned"),
    )
    site.read_model.settle()
    answers(scanner, "ACME1003", "STOP", "Its origin is excluded: an entry is needed.")
    answers(scanner, "ACME1004", "WAIT", "Within the consignee's limit for the day.")
    answers(scanner, "ACME1005", "DONE", "Returned to the sender.")
    answers(scanner, "ACME1999", "HOLD", "Nothing is known of this bill.")
    answers(scanner, "ACME1001", "GO", "Within the consignee's limit for the day.")
    scanner.picture("scanner-go")
    answers(scanner, "ACME1002", "HOLD", "Over the consignee's limit for the day.")
    scanner.picture("scanner-hold")
    site.decide(decision("ACME1004", FLIGHT, rank=(1, 1, 2, 1)))
    scanner.shows("#recent", "was WAIT")
    assert (scanner.text("#word"), scanner.text("#bill")) == ("HOLD", "ACME1002")
    site.decide(decision("ACME1001", FLIGHT, rank=(1, 1, 2, 1), **WITHHELD))
    scanner.shows("#changed", "WAS GO")
    assert (scanner.text("#word"), scanner.text("#bill")) == ("HOLD", "ACME1001")
    scanner.picture("scanner-changed")
    assert scanner.barriers() == []
    assert scanner.complaints() == []


def test_killed_gateway_is_no_live_connection(scanner: Browser, site: PageSite) -> None:
    """The page holds at once, finds the next gateway by itself, still signed in, and shows what it missed."""
    site.decide(decision("ACME2001", FLIGHT))
    answers(scanner, "ACME2001", "GO", "Within the consignee's limit for the day.")
    site.kill_gateway()
    scanner.shows("#line", "No live connection.")
    assert scanner.text("#word") == "HOLD"
    scanner.picture("scanner-no-connection")
    site.decide(decision("ACME2001", FLIGHT, rank=(1, 1, 2, 1), **WITHHELD))
    site.open_gateway()
    scanner.shows("#changed", "WAS GO")
    assert scanner.text("#word") == "HOLD"
    scanner.shows("#line", "Over the consignee's limit for the day.")


def test_frozen_gateway_is_no_live_connection(scanner: Browser, site: PageSite) -> None:
    """A gateway that stands still on an open connection is found out by its heartbeats, and believed again later."""
    site.decide(decision("ACME5001", FLIGHT))
    answers(scanner, "ACME5001", "GO", "Within the consignee's limit for the day.")
    site.signal_gateway(signal.SIGSTOP)
    scanner.shows("#line", "No live connection.")
    assert scanner.text("#word") == "HOLD"
    site.signal_gateway(signal.SIGCONT)
    scanner.shows("#word", "GO")


def test_emptied_read_model_is_no_reason_for_go(scanner: Browser, site: PageSite) -> None:
    """A gateway that begins with an empty Redis and no projection shows GO only when both have caught up."""
    site.decide(decision("ACME3001", FLIGHT))
    answers(scanner, "ACME3001", "GO", "Within the consignee's limit for the day.")
    site.read_model.projections[-1].kill()
    with site.read_model.redis.client() as client:
        client.flushall()
    site.kill_gateway()
    scanner.shows("#line", "No live connection.")
    site.open_gateway()
    scanner.until("document.body.dataset.state !== 'lost'")
    answers(scanner, "ACME3001", "HOLD", "Not up to date: what is known may be old.")
    assert scanner.text("#link") == "Not up to date"
    site.read_model.project()
    scanner.shows("#word", "GO")
    assert scanner.js("return document.getElementById('changed').hidden")


def day_of_decisions() -> list[Decision]:
    """Return a consignee's day as it might be: released, withheld after it was expected, refused, expected."""
    common: dict[str, Any] = {"conveyance": FLIGHT, "consignee": CONSIGNEE}
    refused: dict[str, Any] = {"outcome": "reject", "reason": "goods-excluded", "rule": "goods-adcvd", "counts": False}
    over = {**WITHHELD, "total_cents": 61_240, "headroom_cents": 18_760}
    return [
        decision("ACME4001", cents=24_950, order="A-1001", **common),
        decision("ACME4002", cents=31_000, order="A-1002", minutes=1, **common),
        decision("ACME4003", cents=25_900, order="A-1002", minutes=2, **common, **EXPECTED),
        decision("ACME4003", cents=25_900, order="A-1002", minutes=9, **common, **over, rank=(1, 1, 2, 1)),
        decision("ACME4004", cents=5_290, order="A-1003", minutes=3, **common),
        decision("ACME4005", cents=4_000, order="A-1004", minutes=4, **common, **refused),
        decision("ACME4006", cents=9_900, order="A-1005", minutes=5, **common, **EXPECTED),
        decision("ACME4999", cents=100, order=HOSTILE, **{**common, "consignee": "na2:b"}),
    ]


def structuring() -> bytes:
    """Return an alert of the consignee."""
    data = AlertData("structuring", CONSIGNEE, None, None, None, "A-1002", 56_900, 80_000, 1, Cause("shipments", 0, 9))
    return msgspec.json.encode(alert_event(data, START))


@pytest.fixture
def officer(browser: Browser, site: PageSite) -> Iterator[Browser]:
    """Return the officer page, signed in, with a day to look at; it asked only this gateway, without complaint."""
    site.decide(*day_of_decisions(), alerts=(structuring(),))
    site.read_model.settle()
    browser.sign_in(f"{site.address}/consignee", site.setup.tokens["audit"])
    browser.until("!document.getElementById('page').hidden")
    yield browser
    assert browser.asked() <= {site.address.removeprefix("http://")}
    assert browser.complaints() == []


def test_officer_sees_the_day_and_a_bill(officer: Browser) -> None:
    """Looked up by bill: headroom, bills in order, advice, alert; opened: rule, source and history from Kafka."""
    officer.js("document.getElementById('bill').focus()")
    officer.scan("acme-4003")
    officer.shows("table", "ACME4006")
    officer.shows(".figures", "$187.60")
    officer.shows(".alerts", "Several bills of one order")
    officer.shows(".held", "type 11, an informal entry. The first day on which it would have fitted: Friday, 22 August")
    officer.resize(1280, 1440)
    officer.picture("officer-day")
    assert officer.barriers() == []
    officer.js("document.querySelector('.found button').click()")
    officer.shows("#detail", "81 FR 58831")
    officer.shows(".history", "Expected to be released")
    officer.shows(".history", "$612.40 of $800.00")
    officer.resize(1280, 1120)
    officer.picture("officer-bill")
    assert officer.barriers() == []


def test_officer_asks_for_a_year(officer: Browser, site: PageSite) -> None:
    """By key, a day of it and the programme: the year's total, its bills of other days, certainty, currency."""
    year: dict[str, Any] = {
        "conveyance": FLIGHT, "consignee": "na2:c", "programme": "ec", "period": "2025-01-01/2025-12-31",
        "currency": "USD", "limit_cents": 160_000, "rule": "ec-limit-1600",
    }  # fmt: skip
    over = {**WITHHELD, "reason": "period-limit", "advice": Advice(None, date(2026, 1, 1))}
    site.decide(
        *(
            decision(
                f"ACME600{month}", cents=37_500, day=DAY.replace(month=month), minutes=month,
                **year, **(over if month == 7 else {}),
            )
            for month in range(3, 8)
        )
    )  # fmt: skip
    site.read_model.settle()
    officer.js("document.getElementById('consignee').value = 'na2:c'")
    officer.js("document.getElementById('day').value = '2025-11-30'")
    officer.js("document.getElementById('programme').focus()")
    officer.type("ec")
    officer.until("document.getElementById('day-label').innerText === 'Day (America/Guayaquil)'")
    officer.js("document.querySelector('#by-day button').click()")
    officer.shows(".day h2", "ec: 2025-01-01 to 2025-12-31")
    officer.shows(".figures", "$1,500.00 of $1,600.00 released, $100.00 left.")
    officer.shows(".held", "Declare it with duty. The first day on which it would have fitted: Thursday, 1 January")
    officer.shows(".day .warning", "Certainty B")
    assert officer.text("tbody").count("limit for the period.") == 5
    officer.resize(1280, 1280)
    officer.picture("officer-year")
    assert officer.barriers() == []
    officer.js("document.querySelectorAll('tbody button')[4].click()")
    officer.shows("#detail .warning", "Certainty B: the official position, seen through others.")
    officer.shows("#detail", "2025-01-01 to 2025-12-31")
    assert officer.barriers() == []


def test_text_of_publishers_is_only_shown(officer: Browser) -> None:
    """An order number that is markup goes all the way from the topic to the page, and is text there."""
    officer.js("document.getElementById('bill').focus()")
    officer.scan("ACME4999")
    officer.shows("table", HOSTILE)
    assert officer.driver.title == "Tallygate: a consignee"
    assert officer.js("return document.querySelectorAll('img[onerror]').length") == 0


def test_tokens_of_the_wrong_kind_are_told_so(browser: Browser, site: PageSite) -> None:
    """A token that is not known and one that may only publish do not get in; a scanner's does not see totals."""
    browser.sign_in(f"{site.address}/", "not a token")
    browser.shows("#sign-in-error", "not known")
    browser.scan(site.setup.tokens["publish"])
    browser.shows("#sign-in-error", "no scope scan")
    browser.scan(site.setup.tokens["scan"])
    browser.shows("#link", "Live")
    browser.driver.get(f"{site.address}/consignee")
    browser.shows("#sign-in-error", "no scope audit")
    assert browser.barriers() == []
