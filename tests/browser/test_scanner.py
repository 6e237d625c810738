"""The scanner page under faults and gestures that a real gateway seldom shows; GO is never seen without a live link."""

from collections.abc import Iterator

import pytest
from selenium.webdriver import Keys

from stream.outcomes import Action
from stream.reasons import ACTION_LINES
from tests.browser.driver import Browser
from tests.browser.stand_in import HEARTBEAT_SECONDS, TOKEN, StandIn, verdict

pytestmark = pytest.mark.chromium

FITS = "Within the consignee's limit for the day."
OVER = "Over the consignee's limit for the day."
ACTIONS = {
    "GO": FITS,
    "HOLD": OVER,
    "STOP": "Its origin is excluded: an entry is needed.",
    "WAIT": "Within the consignee's limit for the day, unless more comes.",
    "DONE": "Returned to the sender.",
}


def is_one_truth(link: str, line: str) -> bool:
    """Whether the line of an answer says of the link what the head of the page says of it."""
    begins = next((words for words in ("No live connection", "Not up to date") if line.startswith(words)), None)
    if begins is None:
        return True
    return link.startswith(begins) or (link in {"Connecting …", "Signed out"} and begins == "No live connection")


@pytest.fixture
def page(browser: Browser, stand_in: StandIn) -> Iterator[Browser]:
    """Return the page, signed in and live; whatever the test did, nothing was complained about or fetched elsewhere."""
    browser.sign_in(f"{stand_in.address}/", TOKEN)
    browser.shows("#link", "Live")
    yield browser
    seen = browser.recorded("shown")
    assert [each for each in seen if each.endswith("GO") and each != "live GO"] == []
    assert [each for each in browser.recorded("said") if not is_one_truth(*each.split(" | "))] == []
    assert browser.asked() <= {f"127.0.0.1:{stand_in.port}"}
    assert [each for each in browser.complaints() if "WebSocket" not in each and "ERR_" not in each] == []


def looks(page: Browser, action: str) -> tuple[str, ...]:
    """Return what tells an action apart, colours left out: word, shape, frame, and the background for comparison."""
    page.until("document.getElementById('word').textContent === arguments[0]", action)
    return tuple(
        page.js("""
        const answer = document.getElementById("answer"), style = getComputedStyle(answer);
        const shape = document.querySelector(document.getElementById("icon-use").getAttribute("href")).innerHTML;
        const stripes = getComputedStyle(answer, "::before").content;
        return [document.getElementById("word").innerText, shape, `${style.borderTopStyle} ${stripes}`,
                getComputedStyle(document.body).backgroundColor];""")
    )


def test_actions_are_told_apart_by_more_than_colour(page: Browser, stand_in: StandIn) -> None:
    """Word, shape, frame and sound of each action are its own, no state has a barrier, and all fits at 200 %."""
    seen, sounds = [], []
    for number, (action, line) in enumerate(ACTIONS.items()):
        bill = f"ACME0000{number}"
        stand_in.answers[bill] = verdict(bill, action, line)
        before = len(page.recorded("pitches"))
        page.scan(bill)
        seen.append(looks(page, action))
        sounds.append(tuple(page.recorded("pitches")[before:]))
        assert page.barriers() == []
        page.shows("#line", line)
        page.shows("#todo", ACTION_LINES[Action(action)])
    looks_and_sounds = (*zip(*seen, strict=True), sounds, page.recorded("buzzes"))
    assert [len(set(column)) for column in looks_and_sounds] == [5] * 6
    page.resize(640, 360, scale=2)
    assert page.js("return document.documentElement.scrollWidth <= innerWidth")
    for part in ("#word", "#todo", "#bill", "#line", "#typed", "#recent li"):
        page.until("document.querySelector(arguments[0]).getBoundingClientRect().bottom <= innerHeight", part)
    assert page.barriers() == []


def test_missed_heartbeats_end_go(page: Browser, stand_in: StandIn) -> None:
    """A link that is open but silent is no live one: HOLD, for the last scans as well, and GO once it is back."""
    stand_in.announced = HEARTBEAT_SECONDS
    stand_in.cut(1001)
    page.until("window.recorded.shown.some((each) => each.startsWith('lost'))")
    stand_in.answers["ACME0001"] = verdict("ACME0001")
    page.scan("ACME0001")
    page.shows("#word", "GO")
    page.scan("ACME0002")
    page.shows("#recent", "GO")
    stand_in.silent = True
    page.shows("#line", "No live connection")
    assert (page.text("#word"), "GO" in page.text("#recent")) == ("HOLD", False)
    assert page.text("#link") == "No live connection – trying again"
    assert page.barriers() == []
    stand_in.silent = False
    page.shows("#recent", "GO")


def test_pulled_cable_ends_go_at_once(page: Browser, stand_in: StandIn) -> None:
    """When the computer itself knows that it is offline, no heartbeat is waited for; then everything is asked again."""
    stand_in.answers["ACME0001"] = verdict("ACME0001")
    page.scan("ACME0001")
    page.shows("#word", "GO")
    offline = {"latency": 0, "downloadThroughput": 0, "uploadThroughput": 0}
    page.devtools("Network.emulateNetworkConditions", offline=True, **offline)
    page.shows("#line", "No live connection")
    assert page.text("#word") == "HOLD"
    page.devtools(
        "Network.emulateNetworkConditions", offline=False, latency=0, downloadThroughput=-1, uploadThroughput=-1
    )
    page.shows("#word", "GO")


def test_gateway_that_comes_back_is_asked_again(page: Browser, stand_in: StandIn) -> None:
    """What was scanned meanwhile is answered then, and what changed meanwhile comes on top, marked."""
    stand_in.answers["ACME0001"] = verdict("ACME0001")
    page.scan("acme 0001")
    page.shows("#word", "GO")
    stand_in.stop()
    page.shows("#line", "No live connection")
    page.scan("ACME0002")
    page.shows("#bill", "0002")
    page.shows("#word", "HOLD")
    stand_in.answers = {"ACME0001": verdict("ACME0001", "HOLD", OVER), "ACME0002": verdict("ACME0002", "WAIT")}
    stand_in.start()
    page.shows("#changed", "WAS GO")
    page.shows("#bill", "0001")
    page.shows("#recent", "WAIT")
    assert stand_in.asked[-2:] == ["ACME0002", "ACME0001"]


def test_stale_gateway_is_no_ground_for_go(page: Browser, stand_in: StandIn) -> None:
    """While the gateway says that what it knows may be old, everything is HOLD; a bill may be stale by itself."""
    stand_in.answers["ACME0001"] = verdict("ACME0001")
    page.scan("ACME0001")
    page.shows("#word", "GO")
    stand_in.stale = True
    page.shows("#line", "what is known may be old")
    assert (page.text("#word"), page.text("#link")) == ("HOLD", "Not up to date")
    page.scan("ACME0001")
    stand_in.stale = False
    page.shows("#word", "GO")
    stand_in.push({"type": "verdict", "changed": False, **verdict("ACME0001"), "stale": True})
    page.shows("#word", "HOLD")
    assert (page.text("#link"), page.text("#line")) == (
        "Not up to date", "Not up to date: what is known may be old.",
    )  # fmt: skip
    stand_in.push({"type": "verdict", "changed": False, **verdict("ACME0001")})
    page.shows("#word", "GO")
    assert page.text("#link") == "Live"
    assert page.js("return document.getElementById('changed').hidden")


def test_later_change_comes_on_top(page: Browser, stand_in: StandIn) -> None:
    """A bill scanned earlier that changes is on screen at once, marked, with a trill before its sound."""
    for bill in ("ACME0001", "ACME0002"):
        stand_in.answers[bill] = verdict(bill, "WAIT")
        page.scan(bill)
        page.shows("#word", "WAIT")
    before = len(page.recorded("pitches"))
    stand_in.change("ACME0001", "HOLD", OVER)
    page.shows("#changed", "CHANGED: WAS WAIT")
    assert (page.text("#word"), page.text("#bill")) == ("HOLD", "ACME0001")
    assert page.recorded("pitches")[before:] == [988, 1245, 1568, 1976, 330, 330]
    assert page.barriers() == []
    motion = "return getComputedStyle(document.getElementById('changed')).animationName"
    assert page.js(motion) == "nudge"
    page.devtools("Emulation.setEmulatedMedia", features=[{"name": "prefers-reduced-motion", "value": "reduce"}])
    assert page.js(motion) == "none"
    page.devtools("Emulation.setEmulatedMedia", features=[])
    stand_in.push({"type": "verdict", "changed": True, **stand_in.answers["ACME0002"]})
    page.scan("ACME0001")
    page.until("document.getElementById('changed').hidden")
    assert "was" not in page.text("#recent")  # a decision that says the same is no change here


def test_page_loaded_anew_notices_what_changed(page: Browser, stand_in: StandIn) -> None:
    """What was scanned before a reload is watched on."""
    stand_in.answers["ACME0001"] = verdict("ACME0001")
    page.scan("ACME0001")
    page.shows("#word", "GO")
    stand_in.answers["ACME0001"] = verdict("ACME0001", "STOP", "Its day is closed: an entry is needed.")
    page.driver.refresh()
    page.shows("#changed", "WAS GO")
    assert page.text("#word") == "STOP"


def test_keys_go_to_the_field_wherever_the_focus_is(page: Browser, stand_in: StandIn) -> None:
    """A scan is caught with the focus on a button; Enter or Tab ends it; what is no bill is HOLD."""
    page.js("document.getElementById('leave').focus()")
    page.scan("057-1234 5675")
    page.shows("#bill", "05712345675")
    page.type("acme_0001", Keys.TAB)
    page.shows("#bill", "ACME0001")
    page.scan("??")
    page.shows("#line", "That is no bill number")
    assert (page.text("#word"), page.text("#todo"), page.text("#read")) == ("HOLD", "Scan again.", "Read: “??”")
    card = f"tg_{'a1' * 5}_{'0f' * 8}"
    page.scan(card)
    page.shows("#line", "That is a card for signing in")
    assert card not in page.js("return document.body.innerHTML")
    page.type("half", Keys.ESCAPE)
    page.clip("acme0003")
    page.js("document.getElementById('leave').focus()")
    page.chord("v")
    page.type(Keys.ENTER)
    page.shows("#bill", "ACME0003")
    assert stand_in.asked == ["05712345675", "ACME0001", "ACME0003"]


def test_sound_is_muted_by_key(page: Browser, stand_in: StandIn) -> None:
    """F2 mutes, the button with Space as well; both say so, and a muted page is silent and stays muted."""
    page.type(Keys.F2)
    page.shows("#mute", "Sound off")
    before = len(page.recorded("pitches"))
    page.scan("ACME0001")
    page.shows("#word", "HOLD")
    assert len(page.recorded("pitches")) == before
    page.driver.refresh()
    page.shows("#mute", "Sound off")
    page.js("document.getElementById('mute').focus()")
    page.type(Keys.SPACE)
    page.shows("#mute", "Sound on")
    assert stand_in.asked.count("ACME0001") == 2


def test_what_is_not_understood_is_hold(page: Browser, stand_in: StandIn) -> None:
    """An action that the page does not know, an error of the gateway and one of the page itself all are HOLD."""
    stand_in.answers["ACME0001"] = verdict("ACME0001", "FLY")
    page.scan("ACME0001")
    page.shows("#word", "HOLD")
    stand_in.answers["ACME0001"] = verdict("ACME0001")
    page.scan("ACME0001")
    page.shows("#word", "GO")
    stand_in.push({"type": "error", "status": 400, "title": "Not understood", "detail": "x"})
    page.shows("#line", "Not understood (400)")
    page.scan("ACME0001")
    page.shows("#word", "GO")
    page.js("setTimeout(() => { throw new Error('made for the test'); })")
    page.shows("#line", "Something went wrong on this page")
    assert page.text("#word") == "HOLD"
    assert any("made for the test" in each for each in page.complaints())


def test_token_that_ends_leads_to_the_form(page: Browser, stand_in: StandIn) -> None:
    """When the gateway ends the session nothing stays on screen, and the next token starts with a clean page."""
    stand_in.answers["ACME0001"] = verdict("ACME0001")
    page.scan("ACME0001")
    page.shows("#word", "GO")
    stand_in.cut(4401)
    page.shows("#sign-in-error", "You are signed out.")
    assert page.js("return document.getElementById('page').hidden")
    assert page.text("#bill") + page.text("#recent") == ""
    page.scan(TOKEN)
    page.shows("#word", "SCAN")
    page.scan("ACME0001")
    page.shows("#word", "GO")
    page.driver.delete_all_cookies()
    page.driver.refresh()
    page.until("document.activeElement.id === 'token'")
    page.scan(TOKEN)
    page.shows("#word", "SCAN")
    page.driver.delete_all_cookies()
    stand_in.cut(1001)
    page.shows("#sign-in-error", "You are signed out.")


def test_signing_in_and_out(browser: Browser, stand_in: StandIn) -> None:
    """A wrong token, one without the scope and a gateway that is away are told; signing out needs the gateway."""
    browser.sign_in(f"{stand_in.address}/", "wrong")
    browser.shows("#sign-in-error", "not known")
    assert browser.barriers() == []
    browser.js("document.querySelector('#sign-in button').focus()")
    browser.scan("wrong again")
    browser.until("document.activeElement.id === 'token' && !document.activeElement.value")
    browser.scan(" ")
    browser.shows("#sign-in-error", "first")
    stand_in.scopes = ["publish"]
    browser.scan(TOKEN)
    browser.shows("#sign-in-error", "This token has no scope scan.")
    browser.driver.refresh()
    browser.shows("#sign-in-error", "Sign in with one that has it.")
    stand_in.scopes = ["scan"]
    browser.scan(TOKEN)
    browser.shows("#link", "Live")
    stand_in.stop()
    browser.js("document.getElementById('leave').click()")
    browser.shows("#line", "Not signed out")
    stand_in.start()
    browser.shows("#link", "Live")
    browser.js("document.getElementById('leave').click()")
    browser.shows("#sign-in-error", "You are signed out.")
    stand_in.stop()
    browser.scan(TOKEN)
    browser.shows("#sign-in-error", "does not answer")


def test_token_in_the_address_signs_in_and_is_forgotten(browser: Browser, stand_in: StandIn) -> None:
    """The demo hands its token over behind the #: it leaves the address bar, and displaces no session."""
    browser.driver.get(f"{stand_in.address}/#{TOKEN}")
    browser.shows("#link", "Live")
    assert browser.js("return location.href") == f"{stand_in.address}/"
    browser.driver.get("data:,")
    browser.driver.get(f"{stand_in.address}/#tg_wrong")
    browser.shows("#link", "Live")
    assert browser.js("return location.hash") == ""


def test_signing_in_by_address(browser: Browser, stand_in: StandIn) -> None:
    """A token behind the # of the address, as the demo gives it, signs in and leaves the address at once."""
    browser.driver.get(f"{stand_in.address}/#{TOKEN}")
    browser.shows("#link", "Live")
    assert browser.driver.current_url == f"{stand_in.address}/"


@pytest.mark.parametrize(
    ("language", "tag", "word", "todo", "line"),
    [
        ("es", "es", "RETENER", "Apártelo. Pregunte al supervisor.", "Supera el límite del destinatario"),
        ("zh", "zh-Hans", "暂扣", "放到一边，请问主管。", "超过收件人当日限额。 (ec)"),
        ("de", "de", "ZURÜCKHALTEN", "Beiseitestellen. Schichtleitung fragen.", "Über der Tagesgrenze"),
    ],
)
def test_page_speaks_the_language_of_its_reader(
    browser: Browser, stand_in: StandIn, language: str, tag: str, word: str, todo: str, line: str
) -> None:
    """The English word stays big, its translation stands below; a line that the table lacks is marked as English."""
    browser.sign_in(f"{stand_in.address}/?lang={language}", TOKEN)
    browser.until("document.body.dataset.state === 'live'")
    stand_in.answers["ACME0001"] = verdict("ACME0001", "HOLD", f"{OVER} (ec)")
    stand_in.answers["ACME0002"] = verdict("ACME0002", "STOP", "A newer gateway says this.")
    browser.scan("ACME0001")
    browser.shows("#line", line)
    shown = [browser.text(each) for each in ("#word", "#word-here", "#todo")]
    assert shown == ["HOLD", word, todo]
    assert browser.js("return document.documentElement.lang") == tag
    browser.scan("ACME0002")
    browser.shows("#line", "A newer gateway says this.")
    assert browser.js("return document.getElementById('line').lang") == "en"
    assert browser.barriers() == []
    browser.resize(640, 360, scale=2)
    for part in ("#word", "#word-here", "#todo", "#bill", "#line", "#typed"):
        browser.until("document.querySelector(arguments[0]).getBoundingClientRect().bottom <= innerHeight", part)


def test_language_is_that_of_the_browser(browser: Browser, stand_in: StandIn) -> None:
    """Without ?lang= it is the first of the browser's languages that the table has; else English."""
    agent = browser.js("return navigator.userAgent")
    for languages, expected in (("fr-FR,es-MX,en", "es"), ("fr-FR", "en")):
        browser.devtools("Emulation.setUserAgentOverride", userAgent=agent, acceptLanguage=languages)
        browser.driver.get(f"{stand_in.address}/?lang=xx")
        browser.until("document.activeElement.id === 'token'")
        assert browser.js("return document.documentElement.lang") == expected
    browser.devtools("Emulation.setUserAgentOverride", userAgent=agent, acceptLanguage="en-US")
