"""The officer page: a day in figures and words, a bill opened, refusals said; text never becomes more than text."""

from collections.abc import Iterator
from datetime import date
from typing import Any

import pytest
from selenium.webdriver import Keys

from agents.gateway.endpoints.views import AnswerFreshness, verdict
from stream.decisions import Advice
from tests.browser.driver import Browser
from tests.browser.officer_day import CONSIGNEE, HELD, HOSTILE, plain, prepare
from tests.browser.stand_in import TOKEN, StandIn
from tests.redis.events import DAY, decision

pytestmark = pytest.mark.chromium

NEAR: dict[str, Any] = {
    "kind": "near-limit", "day": None, "bill": None, "order": None, "time": "2025-08-20T12:04:00Z", "programme": "ec",
    "currency": "USD", "total_cents": 145_000, "limit_cents": 160_000,
}  # fmt: skip
DAY_ADDRESS = f"/v1/consignees/{CONSIGNEE}/days/{DAY}"


@pytest.fixture
def page(browser: Browser, stand_in: StandIn) -> Iterator[Browser]:
    """Return the page, signed in, with a day to look up; nothing it did was complained about or went elsewhere."""
    prepare(stand_in)
    browser.sign_in(f"{stand_in.address}/consignee", TOKEN)
    browser.until("!document.getElementById('page').hidden")
    yield browser
    assert browser.asked() <= {f"127.0.0.1:{stand_in.port}"}
    assert [each for each in browser.complaints() if "ERR_CONNECTION" not in each] == []


def look_up(page: Browser, bill: str) -> None:
    """Ask for a bill with the keyboard."""
    page.js("document.getElementById('bill').select()")
    page.scan(bill)


def column(page: Browser, number: int) -> list[str]:
    """Return a column of the table of bills."""
    return list(page.js(
        "return [...document.querySelectorAll('tbody tr')].map((row) => row.cells[arguments[0]].innerText)", number
    ))  # fmt: skip


def test_day_of_a_bill(page: Browser) -> None:
    """Looked up by a bill, the day shows its figures, its bills in order with the total as it grows, and advice."""
    look_up(page, "acme-0003")
    page.shows(".figures", "$151.60")
    for words in ("$648.40", "$800.00", "$99.00 more expected, $151.60 left"):
        assert words in page.text(".figures")
    label, widths = page.js("""
        const bar = document.querySelector(".bar");
        return [bar.getAttribute("aria-label"), [...bar.children].map((piece) => piece.style.width)]""")
    assert label.startswith("$648.40 of $800.00 released")
    assert widths == ["81.05%", "12.375%"]
    assert column(page, 1) == [f"ACME000{number}" for number in range(1, 8)]
    assert column(page, 3) == ["$249.50", "$559.50", "–", "$612.40", "–", "–", "$648.40"]
    assert column(page, 4) == ["GO", "GO", "HOLD", "GO", "STOP", "WAIT", "DONE"]
    assert column(page, 7)[4] == "origin-cn-hk-2025-05"
    assert page.js("return document.querySelector('tr[aria-current]').cells[1].innerText") == HELD
    assert (
        "type 11, an informal entry. The first day on which it would have fitted: Friday, 22 August 2025"
        in page.text(".held")
    )
    assert "20 Aug 2025, 14:04:11 Eastern" in page.text(".as-of")
    assert page.barriers() == []


def test_month_of_a_bill(page: Browser, stand_in: StandIn) -> None:
    """A bill of another programme shows its month: period, certainty and currency in words, and what duty is due on."""
    more: dict[str, Any] = {
        "programme": "ge", "period": "conveyance", "currency": "GEL", "seller": "se2:a", "limit_cents": 30_000,
        "consignee": CONSIGNEE,
    }  # fmt: skip
    withheld: dict[str, Any] = {"outcome": "withhold", "reason": "period-limit", "counts": False}
    advised = Advice(None, date(2025, 9, 1), 2_000, None)
    made = [
        decision("ACME0101", cents=25_000, **more),
        decision("ACME0102", cents=7_000, **more, **withheld, advice=advised),
    ]
    bills = [plain(verdict(each, audit=True, freshness=AnswerFreshness(None, stale=False))) for each in made]
    common: dict[str, Any] = {"programme": "ge", "period": "conveyance", "currency": "GEL", "alerts": [], "next": None}
    other = {**common, "seller": "se2:b", "conveyance": "air:1", "total_cents": 1, "limit_cents": 30_000}
    other |= {"headroom_cents": 29_999, "bills_count": 0, "bills": []}
    own = {**other, "seller": "se2:a", "total_cents": 25_000, "headroom_cents": 5_000, "bills_count": 2, "bills": bills}
    stand_in.documents["/v1/bills/ACME0102"] = 200, bills[1]
    stand_in.documents[DAY_ADDRESS] = 200, {
        **other, "consignee": CONSIGNEE, "day": str(DAY), "certainty": "B", "further": [own], "as_of": None,
        "stale": False,
    }  # fmt: skip
    look_up(page, "ACME0102")
    page.shows(".day h2", "ge: air:1, seller se2:a")
    shown = page.text("#result").replace("\u00a0", " ")
    for words in (
        "Certainty B: the official position, seen through others. Check it in the text of the law.",
        "GEL 250.00 of GEL 300.00 released, GEL 50.00 left.",
        "Duty is due on GEL 20.00. The first day on which it would have fitted: Monday, 1 September 2025",
        "(ge)",
    ):
        assert words in shown
    assert "$" not in shown
    assert page.barriers() == []


def test_year_of_a_person_is_asked_for(page: Browser, stand_in: StandIn) -> None:
    """Asked for by key, day and programme, the year is shown with its bills; the address holds the programme."""
    year: dict[str, Any] = {"programme": "ec", "period": "2025-01-01/2025-12-31", "currency": "USD"}
    made = [decision(f"ACME020{number}", cents=40_000, minutes=number, **year) for number in range(3)]
    bills = [plain(verdict(each, audit=True, freshness=AnswerFreshness(None, stale=False))) for each in made]
    stand_in.documents[DAY_ADDRESS] = 200, {
        **year, "consignee": CONSIGNEE, "day": str(DAY), "certainty": "B", "seller": None, "conveyance": None,
        "total_cents": 120_000, "limit_cents": 160_000, "headroom_cents": 40_000, "measures": [], "bills_count": 3,
        "bills": bills, "alerts": [NEAR], "next": None, "further": [], "as_of": None, "stale": False,
    }  # fmt: skip
    choice = "const choice = document.getElementById('programme');"
    assert page.js(f"{choice} return [choice.value, [...choice.options].map((each) => each.value)]") == [
        "us-321", ["ec", "ge", "kr", "us-321", "us-gift"],
    ]  # fmt: skip
    page.js("document.getElementById('consignee').value = arguments[0]", CONSIGNEE)
    page.js("document.getElementById('day').value = arguments[0]", str(DAY))
    page.js("document.getElementById('programme').focus()")
    page.type("ec")
    page.until("document.getElementById('day-label').innerText === 'Day (America/Guayaquil)'")
    assert page.text("#period") == "The whole year of that day is shown."
    page.js("document.querySelector('#by-day button').click()")
    page.shows(".day h2", "ec: 2025-01-01 to 2025-12-31")
    assert page.driver.current_url.endswith(f"&day={DAY}&programme=ec")
    assert stand_in.queries[DAY_ADDRESS]["programme"] == "ec"
    assert "Certainty B: the official position, seen through others." in page.text(".day .warning")
    assert "$1,200.00 of $1,600.00 released, $400.00 left." in page.text(".figures")
    assert column(page, 3) == ["$400.00", "$800.00", "$1,200.00"]
    assert "More than nine tenths of the limit is used (ec): $1,450.00 of $1,600.00." in page.text(".alerts")
    assert "20 Aug 2025, 07:04:00 America/Guayaquil" in page.text(".alerts")
    assert page.barriers() == []


def test_day_of_several_ledgers_shows_each(page: Browser, stand_in: StandIn) -> None:
    """Where a programme sums per seller, a day has a total for each; more bills of one are asked for it alone."""
    of_ge: dict[str, Any] = {"programme": "ge", "period": "conveyance", "currency": "GEL"}
    ledgers = []
    for number, seller in enumerate(("se2:a", "se2:b")):
        made = decision(f"ACME030{number}", cents=1_000, seller=seller, **of_ge)
        shown = plain(verdict(made, audit=True, freshness=AnswerFreshness(None, stale=False)))
        ledgers.append({
            **of_ge, "seller": seller, "conveyance": "air:1", "total_cents": 2_000, "limit_cents": 30_000,
            "headroom_cents": 28_000, "bills_count": 2, "bills": [shown], "alerts": [], "next": "1",
            "measures": [{"measure": "weight", "total": 900, "limit": 30_000}],
        })  # fmt: skip
    day = {"consignee": CONSIGNEE, "day": str(DAY), "certainty": "B", "as_of": None, "stale": False}
    stand_in.documents[DAY_ADDRESS] = 200, {**ledgers[0], **day, "further": [ledgers[1]]}
    page.driver.get(f"{stand_in.address}/consignee?consignee={CONSIGNEE}&day={DAY}&programme=ge")
    page.until("document.querySelectorAll('.day').length === 2")
    titles = page.js("return [...document.querySelectorAll('.day h2')].map((each) => each.innerText)")
    assert titles == ["ge: air:1, seller se2:a", "ge: air:1, seller se2:b"]
    assert "900 g of 30,000 g" in page.text(".figures")
    assert (
        page.text("#period") == "Each conveyance with a bill of that day is shown. Each seller has a total of its own."
    )
    assert page.js("return document.getElementById('programme').value") == "ge"
    assert page.barriers() == []
    page.js("[...document.querySelectorAll('.as-of button')].at(-1).click()")
    page.until("document.querySelectorAll('tbody tr').length === 3")
    assert column(page, 1) == ["ACME0300", "ACME0301", "ACME0301"]


def test_hostile_text_is_text(page: Browser) -> None:
    """An order number that is markup is shown as it is written, and nothing of it becomes an element or runs."""
    look_up(page, HELD)
    page.shows("table", HOSTILE)
    assert HOSTILE in page.text(".alerts")
    page.js("document.querySelectorAll('tbody button')[3].click()")
    page.shows("#detail-body", HOSTILE)
    assert page.js("return document.querySelectorAll('img:not([src=\"/pages/icon.svg\"])').length") == 0
    assert page.driver.title == "Tallygate: a consignee"
    refused = page.js("try { document.body.innerHTML = '<p>'; return '' } catch (error) { return error.message }")
    assert "TrustedHTML" in refused
    assert any("TrustedHTML" in each for each in page.complaints())


def test_bill_is_opened_with_the_keyboard(page: Browser) -> None:
    """Enter opens a bill with its words, rule, source and history; Escape closes it where one was before."""
    look_up(page, HELD)
    page.shows("table", HELD)
    page.js("document.querySelectorAll('tbody button')[2].focus()")
    page.type(Keys.ENTER)
    page.shows("#detail", "81 FR 58831")
    text = page.text("#detail")
    for words in ("Withheld: its release waits", "$800.00 per person and day", "A: the official text was seen", "4M"):
        assert words in text
    assert text.index("Expected to be released") < text.rindex("Withheld")
    assert page.barriers() == []
    page.resize(640, 360, scale=2)
    assert page.js("const dialog = document.getElementById('detail'); return dialog.scrollWidth <= dialog.clientWidth")
    page.type(Keys.ESCAPE)
    page.until("!document.getElementById('detail').open && document.activeElement.innerText === arguments[0]", HELD)
    assert page.js("return document.documentElement.scrollWidth <= innerWidth")
    assert page.barriers() == []


def test_bill_without_a_history_is_opened_all_the_same(page: Browser, stand_in: StandIn) -> None:
    """Where the gateway has no history or knows no rule, it says so beside what there is."""
    look_up(page, "ACME0005")
    page.shows("table", "ACME0005")
    stand_in.documents["/pages/rules.json"] = 503, {}
    page.js("document.querySelectorAll('tbody button')[4].click()")
    page.shows("#detail-body", "The history cannot be shown. Not found: there is nothing here")
    assert "origin-cn-hk-2025-05" in page.text("#detail .rule")


def test_addresses_lead_back(page: Browser, stand_in: StandIn) -> None:
    """A day is asked for by key and date, stands in the address, and Back leads to what was shown before."""
    page.driver.get(f"{stand_in.address}/consignee?consignee={CONSIGNEE}&day={DAY}")
    page.shows("h2", "Wednesday, 20 August 2025")
    look_up(page, HELD)
    page.shows("#result", "Its rule and history")
    assert page.driver.current_url.endswith(f"/consignee?bill={HELD}")
    assert page.js("return document.getElementById('consignee').value") == CONSIGNEE
    page.driver.back()
    page.until("!document.querySelector('.found') && document.querySelector('.figures')")
    page.js("document.getElementById('consignee').select()")
    page.scan("na2:nobody")
    page.shows("#message", "there is nothing here")
    assert page.text("#result") == ""


def test_more_bills_are_added(page: Browser, stand_in: StandIn) -> None:
    """A day of many bills comes in parts; the total as it grows goes on over them."""
    status, day = stand_in.documents[DAY_ADDRESS]
    bills = day["bills"]
    stand_in.documents[DAY_ADDRESS] = status, {**day, "bills": bills[:3], "next": "3"}
    look_up(page, HELD)
    page.shows("#result", "Show more: 4 bills are left")
    stand_in.documents[DAY_ADDRESS] = status, {**day, "bills": bills[3:]}
    page.js("[...document.querySelectorAll('.as-of button')].at(-1).click()")
    page.shows("table", "ACME0007")
    assert column(page, 3)[-1] == "$648.40"


@pytest.mark.parametrize(
    ("status", "body", "said"),
    [
        (404, {"title": "Unknown bill", "detail": "Nothing is known of this bill."}, "Unknown bill: Nothing is known"),
        (403, {"title": "Not allowed"}, "no scope audit"),
        (503, {"title": "Away"}, "Try again in a moment"),
        (500, "rubbish", "The gateway said 500."),
        (401, {}, "You are signed out."),
    ],
)
def test_refusals_are_said(page: Browser, stand_in: StandIn, status: int, body: object, said: str) -> None:
    """Whatever the gateway refuses is said in words, and nothing of before stays beside it."""
    look_up(page, "ACME0001")
    page.shows(".figures", "Headroom")
    stand_in.documents["/v1/bills/ACME0001"] = status, body
    look_up(page, "ACME0001")
    page.shows("#sign-in-error" if status == 401 else "#message", said)
    assert page.js("return document.querySelector('.figures')") is None


def test_what_cannot_be_looked_up_is_said(page: Browser, stand_in: StandIn) -> None:
    """No bill number, half a question, a bill of no day, old figures and a gateway that is away all have words."""
    look_up(page, "??")
    page.shows("#message", "That is no bill number")
    page.js("document.getElementById('consignee').focus()")
    page.scan("na2:a")
    page.shows("#message", "both the consignee key and the day")
    shown = stand_in.documents["/v1/bills/ACME0001"][1]
    stand_in.documents["/v1/bills/ACME0001"] = 200, {**shown, "day": None}
    look_up(page, "ACME0001")
    page.shows("#result", "It is on no day yet")
    prepare(stand_in, stale=True)
    look_up(page, HELD)
    page.shows(".warning", "These figures may be old")
    assert page.barriers() == []
    stand_in.stop()
    look_up(page, HELD)
    page.shows("#message", "The gateway does not answer")


def test_signing_out_leaves_nothing(page: Browser, stand_in: StandIn) -> None:
    """Signed out, nothing that was looked up is left on the page; a token without the scope is told so."""
    look_up(page, HELD)
    page.shows("table", HELD)
    page.js("document.getElementById('leave').click()")
    page.shows("#sign-in-error", "You are signed out.")
    assert page.text("#result") == ""
    stand_in.scopes = ["scan"]
    page.scan(TOKEN)
    page.shows("#sign-in-error", "This token has no scope audit.")


def test_page_begins_with_words_and_is_dark_where_the_system_is(browser: Browser, stand_in: StandIn) -> None:
    """Before anything is looked up the page says how to begin; dark, a day has no barrier either; paper stays white."""
    prepare(stand_in)
    browser.devtools("Emulation.setEmulatedMedia", features=[{"name": "prefers-color-scheme", "value": "dark"}])
    browser.sign_in(f"{stand_in.address}/consignee", TOKEN)
    browser.shows("#first", "Begin with a bill")
    assert browser.barriers() == []
    browser.driver.get(f"{stand_in.address}/consignee?bill={HELD}")
    browser.shows("table", "ACME0006")
    assert browser.js("return document.getElementById('first').hidden")
    assert browser.barriers() == []
    browser.resize(1280, 1440)
    browser.picture("officer-dark")
    colour = "return getComputedStyle(document.body).backgroundColor"
    dark = browser.js(colour)
    browser.devtools("Emulation.setEmulatedMedia", media="print")
    assert (dark, browser.js(colour)) == ("rgb(18, 22, 28)", "rgb(245, 244, 240)")
    browser.devtools("Emulation.setEmulatedMedia", media="", features=[])


def test_day_is_kept_as_csv(browser: Browser, stand_in: StandIn) -> None:
    """The file has every bill of the day, those of further pages too; figures that may be old are not saved."""
    prepare(stand_in)
    address = f"/v1/consignees/{CONSIGNEE}/days/{DAY}"
    status, day = stand_in.documents[address]
    browser.sign_in(f"{stand_in.address}/consignee?bill={HELD}", TOKEN)
    browser.shows("table", "ACME0006")
    browser.js("""window.kept = [];
        URL.createObjectURL = (blob) => { blob.text().then((text) => window.kept.push(text)); return "#"; };""")
    save = "document.querySelector('.tools button').click()"
    browser.js(save)
    rows = browser.until("window.kept[0]").removeprefix("\ufeff").split("\r\n")
    assert rows[0].startswith("consignee,bill,conveyance,order,day,")
    assert [row.split(",")[1] for row in rows[1:-1]] == [each["bill"] for each in day["bills"]]
    assert '"<img src=x onerror=' in rows[4]  # quoted as the text that it is
    stand_in.documents[address] = status, {**day, "stale": True}
    browser.driver.refresh()
    browser.shows(".warning", "may be old")
    browser.js(save)
    browser.shows("#message", "Not saved: these figures may be old.")
