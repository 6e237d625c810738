"""The board: a day's trips, one trip with what to pull, on a wall and on paper; never fresh when it is not."""

from collections.abc import Iterator
from typing import Any

import pytest

from tests.browser.driver import Browser
from tests.browser.stand_in import TOKEN, StandIn

pytestmark = pytest.mark.chromium

TRIP = "air:AF0066:2025-08-20"
TRIPS = "/v1/conveyances"
AS_OF = "2025-08-20T18:04:11Z"
COUNTS = {"GO": 1204, "HOLD": 2, "STOP": 1, "WAIT": 30, "DONE": 7}


def pulled(bill: str, action: str, line: str, reason: str) -> dict[str, Any]:
    """Return a bill to pull as the gateway words it."""
    return {
        "bill": bill, "conveyance": TRIP, "action": action, "line": line, "reason": reason, "day": "2025-08-20",
        "time": "2025-08-20T17:59:00Z",
    }  # fmt: skip


TILES = "[...document.querySelectorAll('.tiles dd')]"
HELD = pulled("ACME0002", "HOLD", "Over the consignee's limit for the day.", "daily-limit")
LONG = pulled("A" * 35, "STOP", "Its goods are excluded: an entry is needed.", "goods-excluded")


def know(stand_in: StandIn, *, stale: bool = False) -> None:
    """Let the scripted gateway know a trip, and the day that it is of."""
    told = {"conveyance": TRIP, "bills": sum(COUNTS.values()), "actions": COUNTS}
    fresh = {"as_of": AS_OF, "stale": stale}
    stand_in.documents[TRIPS] = 200, {"conveyances": [told], **fresh}
    for name in (TRIP, TRIP.replace(":", "%3A")):
        stand_in.documents[f"{TRIPS}/{name}"] = 200, {
            **told, **fresh, "pull": [HELD, LONG], "complete": True, "latest": {"HOLD": HELD, "STOP": LONG},
        }  # fmt: skip


@pytest.fixture
def board(browser: Browser, stand_in: StandIn) -> Iterator[Browser]:
    """Return the board of a day, live; it asked only this gateway, and whenever it was not live it showed no GO."""
    know(stand_in)
    browser.sign_in(f"{stand_in.address}/board?day=2025-08-20", TOKEN)
    browser.shows("#link", "Live")
    yield browser
    assert browser.asked() <= {f"127.0.0.1:{stand_in.port}"}
    assert [each for each in browser.complaints() if "ERR_" not in each] == []


def test_day_and_trip(board: Browser, stand_in: StandIn) -> None:
    """A day lists its trips; a trip shows counts, the latest, and what to pull, STOP first; axe finds no barrier."""
    assert stand_in.queries[TRIPS] == {"day": "2025-08-20"}
    assert "1,204" in board.text("#trips")
    assert board.barriers() == []
    board.js("document.querySelector('#trips a').click()")
    board.shows("#title", TRIP)
    board.shows("#pull", "Set aside. Ask the lead.")
    rows = board.js("return [...document.querySelectorAll('#pull tbody th')].map((each) => each.textContent)")
    assert rows == ["A" * 35, "ACME0002"]
    assert "ACME0002" in board.text(".latest section:nth-child(2)")
    board.picture("board-trip")
    for width, height in ((390, 844), (480, 800), (1280, 720), (1920, 1080)):
        board.resize(width, height)
        assert board.js("return document.documentElement.scrollWidth <= innerWidth"), width
        assert board.js(f"return {TILES}.filter((each) => each.scrollWidth > each.clientWidth).length") == 0, width
        assert board.barriers() == [], width


def test_board_that_is_old_says_so(board: Browser, stand_in: StandIn) -> None:
    """Behind or away, it says so in large type, shows no count of GO and makes no file; then it is live again."""
    board.js("document.querySelector('#trips a').click()")
    board.shows(".tiles", "1,204")
    know(stand_in, stale=True)
    board.shows("#old", "Not up to date: this board is of")
    assert ("1,204" in board.text(".tiles"), board.text("#link")) == (False, "Not up to date")
    board.picture("board-old")
    assert board.barriers() == []
    know(stand_in)
    board.shows(".tiles", "1,204")
    assert board.js("return document.getElementById('old').hidden")
    stand_in.stop()
    board.shows("#link", "No live connection")
    assert ("1,204" in board.text("body"), "ACME0002" in board.text("#pull")) == (False, True)
    assert board.js("return [...document.querySelectorAll('.tools button')].at(-1).disabled")
    stand_in.start()
    board.shows(".tiles", "1,204")


def test_silence_ends_live(board: Browser) -> None:
    """An answer counts for twelve seconds: a question that hangs does not keep the board fresh."""
    board.js("""window.fetch = () => new Promise(() => {});
        const [wall, steady] = [Date.now.bind(Date), performance.now.bind(performance)];
        performance.now = () => steady() + 13000;""")
    board.shows("#link", "No live connection")
    assert "1,204" not in board.text("body")


def test_board_is_kept_as_csv_and_on_paper(board: Browser) -> None:
    """The file has what to pull with the time that it is of, and no formula; paper has neither tools nor header."""
    board.js("document.querySelector('#trips a').click()")
    board.shows("#pull", "ACME0002")
    board.js("""window.kept = [];
        URL.createObjectURL = (blob) => { blob.text().then((text) => window.kept.push(text)); return "#"; };
        [...document.querySelectorAll('.tools button')].at(-1).click();""")
    text = board.until("window.kept[0]")
    head, *rows = text.removeprefix("\ufeff").split("\r\n")
    assert head.split(",")[:3] == ["bill", "conveyance", "action"]
    assert [row.split(",")[0] for row in rows] == ["ACME0002", "A" * 35, ""]
    assert all(row.endswith(f",{AS_OF}") for row in rows[:2])
    made = board.driver.execute_async_script(
        "const [rows, done] = arguments; import('/pages/download.js').then((it) => done(it.csv(rows)))",
        [["=1+1", 'a,"b', None, -5]],
    )
    assert made == '\'=1+1,"a,""b",,-5\r\n'
    board.devtools("Emulation.setEmulatedMedia", media="print")
    shown = "return getComputedStyle(document.querySelector(arguments[0])).display"
    assert [board.js(shown, each) for each in ("header", ".tools", "#pull .box")] == ["none", "none", "table-cell"]
    board.devtools("Emulation.setEmulatedMedia", media="")


def test_board_speaks_the_language_of_its_reader(browser: Browser, stand_in: StandIn) -> None:
    """Words and numbers are those of the language; the English word of an action stays beside its translation."""
    know(stand_in)
    browser.sign_in(f"{stand_in.address}/board?trip={TRIP}&lang=de", TOKEN)
    browser.shows("#pull", "Schichtleitung fragen.")
    assert "1.204" in browser.text(".tiles")
    assert browser.text(".tiles [data-action=HOLD] dt") == "HOLD ZURÜCKHALTEN"
    assert browser.js("return document.documentElement.lang") == "de"
