"""No GO of another parcel: whatever comes between one scan and the next, its word and sound are not the former."""

import string
from collections.abc import Callable, Iterator
from functools import partial

import pytest

from tests.browser.driver import Browser
from tests.browser.stand_in import TOKEN, StandIn, verdict
from tests.browser.wedge import Wedge

pytestmark = pytest.mark.chromium

TRILL = [988, 1245, 1568, 1976]
RISING = [880, 1319]
OVER = "Over the consignee's limit for the day."
GLUED = "ACME0001ACME0002"


@pytest.fixture
def page(browser: Browser, stand_in: StandIn) -> Iterator[Browser]:
    """Return the page with ACME0001 scanned and GO; half bills and glued ones would be GO too."""
    stand_in.answers = {bill: verdict(bill) for bill in ("ACME0001", "ACME000", "ACME", "0002", GLUED)}
    browser.sign_in(f"{stand_in.address}/", TOKEN)
    browser.shows("#link", "Live")
    Wedge(browser).send("ACME0001 Enter")
    browser.shows("#word", "GO")
    stand_in.asked.clear()
    yield browser
    assert set(stand_in.asked) <= {"ACME0001", "ACME0002"}
    assert [each for each in browser.complaints() if "WebSocket" not in each and "ERR_" not in each] == []


@pytest.fixture
def wedge(page: Browser) -> Wedge:
    """Return a scanner at the page."""
    return Wedge(page)


def seen_by(page: Browser, deed: Callable[[], object]) -> tuple[list[str], list[int]]:
    """Return the actions that were shown and the pitches that sounded since a deed began, that of now included."""
    shown, pitches = len(page.recorded("shown")), len(page.recorded("pitches"))
    deed()
    page.js("return new Promise((done) => setTimeout(done, 50))")
    now = page.js("return document.body.dataset.action")
    return [each.split()[1] for each in page.recorded("shown")[shown:]] + [now], page.recorded("pitches")[pitches:]


def check_holds(page: Browser, line: str) -> None:
    """Wait for HOLD with a reason."""
    page.shows("#line", line)
    assert (page.text("#word"), page.js("return document.body.dataset.action")) == ("HOLD", "HOLD")


def test_first_character_takes_the_answer_away(page: Browser, wedge: Wedge) -> None:
    """One character, and the former GO is gone; a second later it is HOLD, once heard; Esc does not bring it back."""
    shown, _ = seen_by(page, lambda: wedge.send("A"))
    assert shown[0] == "NONE"
    assert "GO" not in shown
    page.picture("scanner-unfinished")
    assert page.barriers() == []
    check_holds(page, "No Enter from the scanner?")
    assert page.recorded("pitches")[-2:] == [330, 330]
    wedge.send("C")
    check_holds(page, "No Enter from the scanner?")
    wedge.send("Esc")
    page.shows("#word", "SCAN")
    wedge.send("A Pause Backspace")
    page.shows("#word", "SCAN")


@pytest.mark.parametrize("keys", ["Enter", "Ctrl+J", "Ctrl+]", "Ctrl+D", "F8", "Down"])
def test_what_frames_a_scan_keeps_its_answer(page: Browser, wedge: Wedge, keys: str) -> None:
    """What scanners send after Enter neither begins a scan nor takes its answer away."""
    wedge.send(f"ACME0001 Enter {keys}")
    page.shows("#word", "GO")
    assert page.text("#typed") == ""


def test_browser_does_not_act_on_control_characters(page: Browser, wedge: Wedge) -> None:
    """All that scanners send as Ctrl, Alt and function keys is kept from the browser, within a scan and before it."""
    page.js("""window.kept = {}; window.addEventListener("keydown",
        (event) => (window.kept[[event.ctrlKey, event.altKey, event.key]] = event.defaultPrevented))""")
    people = {"Ctrl+C", "Ctrl+V", "Ctrl+-"}
    chords = [*(f"Ctrl+{each}" for each in string.ascii_uppercase), *(f"Ctrl+{each}" for each in "[]\\-")]
    chords += [f"F{number}" for number in range(1, 13)] + ["Alt+0", "Alt+D", "Alt+F"]
    for chord in chords:
        for before in ("Esc", "ACME0001"):
            page.js("window.kept = {}")
            wedge.send(f"Esc {before} {chord}")
            (kept,) = [prevented for keys, prevented in page.js("return window.kept").items() if known(chord, keys)]
            assert kept == (before != "Esc" or chord not in people | {"F2", "F11"} or chord == "F2"), (chord, before)
    wedge.send("Esc")
    assert page.js("return document.hasFocus()")


def known(chord: str, keys: str) -> bool:
    """Tell whether an event is that of a chord."""
    ctrl, alt = chord.startswith("Ctrl+"), chord.startswith("Alt+")
    return keys == f"{str(ctrl).lower()},{str(alt).lower()},{chord.split('+', 1)[-1] if ctrl or alt else chord}"


@pytest.mark.parametrize(
    "between", ["Ctrl+A", "Ctrl+V", "Ctrl+X", "Ctrl+Z", "Alt+1", "F5", "Home", "Left", "Backspace"]
)
def test_nothing_joins_or_shortens(page: Browser, wedge: Wedge, between: str) -> None:
    """A key that is no character makes HOLD of a scan that it stands in, though half of it and all of it are bills."""
    for keys in (f"ACME0001 {between} ACME0002 Enter", f"ACME {between} 000 Enter"):
        wedge.send(keys)
        check_holds(page, "That is no bill number")


def test_person_may_type_slowly(page: Browser, wedge: Wedge, stand_in: StandIn) -> None:
    """Who types by hand may pause and take back; a text left for more than a minute is not gone on with."""
    wedge.send("A Pause C Pause M Pause X Pause Backspace Pause E Pause 0 Pause 0 Pause 0 Pause 1 Pause Enter")
    page.shows("#word", "GO")
    assert stand_in.asked == ["ACME0001"]
    wedge.send("A Pause C")
    wedge.send("M Pause E Pause 0 Pause 0 Pause 0 Pause 1 Pause Enter", after=61)
    check_holds(page, "broke off")


def test_held_key_counts_once(page: Browser, wedge: Wedge) -> None:
    """A key whose release was lost repeats by itself, which is no character of the bill."""
    wedge.send("ACME000")
    wedge.hold("1", 9)
    wedge.send("Enter", after=0)
    page.shows("#word", "GO")
    assert page.text("#bill") == "ACME0001"


def test_answer_that_comes_late_is_not_of_the_next_scan(page: Browser, wedge: Wedge, stand_in: StandIn) -> None:
    """While the next scan is under way or unanswered, an answer to the one before is neither shown big nor sounded."""
    stand_in.silent = True
    wedge.send("ACME0001 Enter")
    page.shows("#line", "Asking")
    wedge.send("A")
    answer = {"type": "verdict", "changed": False, **verdict("ACME0001")}
    shown, pitches = seen_by(page, lambda: stand_in.push(answer))
    assert ("GO" in shown, 880 in pitches) == (False, False)
    wedge.send("Esc ACME0002 Enter")
    page.shows("#line", "Asking")
    shown, pitches = seen_by(page, lambda: stand_in.push(answer))
    assert ("GO" in shown, 880 in pitches) == (False, False)
    stand_in.silent = False


def test_change_to_go_does_not_take_the_screen(page: Browser, wedge: Wedge, stand_in: StandIn) -> None:
    """A bill scanned before that may go now stands in the list, after a trill, whatever is at hand meanwhile."""
    stand_in.answers = {"ACME0001": verdict("ACME0001", "WAIT"), "ACME0002": verdict("ACME0002", "HOLD", OVER)}
    for state, action in (("Enter", "HOLD"), ("", "NONE"), ("Pause Backspace", "NONE")):
        stand_in.change("ACME0001", "WAIT", "Not yet.")
        wedge.send(f"Esc ACME0001 Enter ACME0002 {state}" if state == "Enter" else f"Esc A {state}")
        page.until("document.body.dataset.action === arguments[0]", action)
        shown, pitches = seen_by(page, lambda: stand_in.change("ACME0001", "GO", "It fits."))
        assert ("GO" in shown, pitches[:4], 880 in pitches) == (False, TRILL, False)
        page.shows("#recent", "was WAIT")


def test_change_while_scanning_waits_in_the_list(page: Browser, wedge: Wedge, stand_in: StandIn) -> None:
    """A change to HOLD during a scan is not taken for its answer either; without one under way it takes the screen."""
    wedge.send("A")
    stand_in.change("ACME0001", "HOLD", OVER)
    page.shows("#recent", "was GO")
    assert page.text("#line") != OVER
    wedge.send("Esc")
    stand_in.change("ACME0001", "STOP", "It needs an entry.")
    page.shows("#changed", "WAS HOLD")
    assert page.text("#word") == "STOP"


def test_keys_that_go_elsewhere_end_go(page: Browser, wedge: Wedge, stand_in: StandIn) -> None:
    """A page without the keyboard is HOLD; it comes back without an answer, and half a scan is not gone on with."""
    # Made events: whether Shift and Tab lead out of the page depends on the browser's window, and there is none.
    page.js("window.dispatchEvent(new Event('blur'))")
    check_holds(page, "Keys go to another window")
    stand_in.change("ACME0001", "STOP", OVER)
    page.shows("#recent", "STOP")
    check_holds(page, "Keys go to another window")
    page.js("window.dispatchEvent(new Event('focus'))")
    page.shows("#word", "SCAN")
    page.shows("#recent", "was GO")
    wedge.send("ACME")
    page.js("window.dispatchEvent(new Event('blur'))")  # within a scan no key of the scanner does so
    check_holds(page, "Keys go to another window")
    page.js("window.dispatchEvent(new Event('focus'))")
    check_holds(page, "No Enter from the scanner?")
    wedge.send("0001 Enter", after=0)
    page.until("/no bill|broke off/.test(document.getElementById('line').textContent)")
    assert stand_in.asked == []


@pytest.mark.parametrize("suffix", ["Enter Tab", "Tab Tab"])
def test_tab_after_a_scan_keeps_the_keys_on_the_page(page: Browser, wedge: Wedge, suffix: str) -> None:
    """A Tab too many goes to the page's own buttons, so the next scan lands on the page as well."""
    for _ in range(3):
        wedge.send(f"ACME0001 {suffix}")
        page.shows("#word", "GO")
        assert page.js("return document.activeElement.id") == "mute"


def test_page_that_is_shown_again_has_no_answer(page: Browser, stand_in: StandIn) -> None:
    """Loaded again, or left and come back to, the page has no big answer: who knows what was scanned meanwhile."""
    page.driver.refresh()
    page.shows("#recent", "GO")
    assert page.text("#word") == "SCAN"
    Wedge(page).send("ACME0001 Enter")
    page.shows("#word", "GO")
    page.driver.get(f"{stand_in.address}/consignee")
    page.driver.back()
    page.shows("#recent", "GO")
    assert page.text("#word") == "SCAN"
    assert page.recorded("shown")[-1] == "live NONE"


def test_reconnecting_within_a_scan(page: Browser, wedge: Wedge, stand_in: StandIn) -> None:
    """A link that breaks and comes back while a scan is under way brings no answer back; the scan is answered."""
    wedge.send("AC")

    def reconnect() -> None:
        stand_in.cut(1001)
        page.until("window.recorded.shown.some((each) => each.startsWith('lost'))")
        page.until("document.body.dataset.state === 'live'")

    shown, _ = seen_by(page, reconnect)
    assert "GO" not in shown
    wedge.send("ME0001 Enter", after=0.3)
    page.shows("#word", "GO")


def test_pasted_text_is_a_scan_of_its_own(page: Browser, wedge: Wedge) -> None:
    """A pasted bill is one scan; several lines, a bill before or behind it, are HOLD."""
    for text, keys, answer in (
        ("ACME0001\n", "Esc Ctrl+V Enter", "Within"),
        ("ACME0001\nACME0002", "Esc Ctrl+V Enter", "That is no bill number"),
        ("ACME0001", "Esc Ctrl+V ACME0002 Enter", "That is no bill number"),
        ("ACME0002", "Esc ACME0001 Ctrl+V Enter", "That is no bill number"),
        (f"{'X' * 200}ACME0001", "Esc Ctrl+V Enter", "That is no bill number"),
    ):
        page.clip(text)
        *before, last = keys.split()
        wedge.send(" ".join(before))
        if keys.startswith("Esc Ctrl+V"):
            page.js("document.execCommand('paste')")
        wedge.send(last, after=0.004)
        page.shows("#line", answer)
        assert page.text("#word") == ("GO" if answer == "Within" else "HOLD")


def test_text_without_keys(page: Browser, wedge: Wedge) -> None:
    """Text that is handed over at once, and what an input method makes, begin a scan and are a bill only as such."""
    for text, answer in (
        ("ACME0001\n", "Within"),
        ("ACME0001\nACME0002", "No Enter"),
        ("ACME0001\x1dACME0002", "No Enter"),
    ):
        wedge.send("Esc")
        shown, _ = seen_by(page, partial(page.devtools, "Input.insertText", text=text))
        assert shown[0] == "NONE"
        page.shows("#line", answer)
    wedge.send("Esc")
    compose = {"selectionStart": 0, "selectionEnd": 0}
    shown, _ = seen_by(page, lambda: page.devtools("Input.imeSetComposition", text="あcメ", **compose))
    assert ("NONE" in shown, "GO" in shown) == (True, False)
    page.devtools("Input.insertText", text="あcメ0001")
    wedge.send("Enter")
    page.until("/no bill|broke off/.test(document.getElementById('line').textContent)")


def test_clock_that_jumps(page: Browser, wedge: Wedge) -> None:
    """A clock set forward within a scan makes HOLD of it at most; set back it changes nothing."""
    wedge.send("ACME")
    page.js("const now = Date.now; Date.now = () => now() - 3_600_000")
    wedge.send("0001 Enter", after=0.004)
    page.shows("#word", "GO")
    wedge.send("ACME")
    page.js("const now = Date.now; Date.now = () => now() + 7_200_000")
    wedge.send("0001 Enter", after=0.004)
    check_holds(page, "broke off")
    wedge.send("ACME0001 Enter")
    page.shows("#word", "GO")


def test_caret_stays_at_the_end(page: Browser, wedge: Wedge) -> None:
    """A click into the half typed text does not let the rest of a scan land before it."""
    wedge.send("A Pause C Pause M Pause E")
    page.js("document.getElementById('typed').setSelectionRange(0, 0)")
    page.devtools("Input.insertText", text="0")
    wedge.send("0 Pause 0 Pause 1 Enter")
    page.shows("#word", "GO")
    assert page.text("#bill") == "ACME0001"
