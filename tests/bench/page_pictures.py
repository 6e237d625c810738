"""Pictures of scanner page and board, each language at each size: `python -m tests.bench.page_pictures FOLDER`.

They are for looking at after a change of words or style; the few that the documents show are taken by the tests.
A system without a typeface for Chinese shows boxes: `fc-list :lang=zh` says whether there is one.
"""

import json
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Final

from agents.gateway.pages.page_server import static_files
from tests.browser.driver import Browser
from tests.browser.stand_in import TOKEN, StandIn, verdict
from tests.browser.test_board import TRIP, know

SIZES: Final = {
    "phone": (390, 844, 2),
    "handheld": (480, 800, 1),
    "desk": (1280, 720, 1),
    "desk-200": (640, 360, 2),
    "wall": (1920, 1080, 1),
}
"""Width, height and scale by the place where a page hangs or lies."""
LONG: Final = "A" * 35
LIVE: Final = "document.body.dataset.state === 'live'"


def languages() -> list[str]:
    """Return the languages that the table of phrases has."""
    return list(json.loads(static_files()["phrases.json"].body)["languages"])


def draw(browser: Browser, stand_in: StandIn, folder: Path, language: str) -> Iterator[Path]:
    """Draw both pages in a language; yield the files."""
    browser.forget()
    browser.sign_in(f"{stand_in.address}/?lang={language}", TOKEN)
    browser.until(LIVE)
    for bill in ("ACME0002", LONG, "ACME0001"):
        browser.scan(bill)
        browser.until("document.getElementById('bill').textContent === arguments[0]", bill)
    yield from _sizes(browser, folder, f"scanner-{language}")
    for page, query in (("board-day", "day=2025-08-20"), ("board-trip", f"trip={TRIP}")):
        browser.driver.get(f"{stand_in.address}/board?{query}&lang={language}")
        browser.until(f"{LIVE} && document.querySelector('#view table')")
        yield from _sizes(browser, folder, f"{page}-{language}")


def _sizes(browser: Browser, folder: Path, name: str) -> Iterator[Path]:
    for size, (width, height, scale) in SIZES.items():
        browser.resize(width, height, scale)
        browser.js("return document.fonts.ready.then(() => new Promise(requestAnimationFrame)).then(() => null)")
        path = folder / f"{name}-{size}.png"
        browser.driver.save_screenshot(str(path))
        yield path


def main(folder: Path) -> None:
    """Draw all into a folder."""
    folder.mkdir(parents=True, exist_ok=True)
    with StandIn() as stand_in, Browser() as browser:
        know(stand_in)
        stand_in.answers = {
            "ACME0001": verdict("ACME0001", "HOLD", "Over the consignee's limit for the day."),
            LONG: verdict(LONG, "STOP", "Its goods are excluded: an entry is needed."),
        }
        for language in languages():
            for path in draw(browser, stand_in, folder, language):
                print(path)


if __name__ == "__main__":
    main(Path(sys.argv[1]))
