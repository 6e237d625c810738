"""A Chromium without a window, with the few gestures and looks that the tests need."""

import io
import json
import os
import shutil
from pathlib import Path
from typing import Any, Final, Self
from urllib.parse import urlsplit

from axe_core_python.selenium import Axe
from PIL import Image
from selenium.webdriver import ActionChains, Chrome, ChromeOptions, ChromeService, Keys

from tests.prerequisites import ROOT
from tests.waiting import wait_for

IMAGES: Final = ROOT / "docs" / "images"
FLAGS: Final = (
    "--headless=new", "--no-sandbox", "--disable-dev-shm-usage", "--disable-gpu", "--hide-scrollbars", "--mute-audio",
    "--disable-background-networking", "--disable-component-update", "--no-first-run",
)  # fmt: skip
WIDE: Final = (1280, 720)
COLOURS: Final = 128
"""Of a picture in the documents: pages have few, and the file stays small."""


class Browser:
    """One browser with one page open in it."""

    def __init__(self) -> None:
        options = ChromeOptions()
        options.binary_location = shutil.which("chromium") or ""
        for flag in FLAGS:
            options.add_argument(flag)
        options.set_capability("goog:loggingPrefs", {"browser": "ALL", "performance": "ALL"})
        self.driver = Chrome(options, ChromeService(shutil.which("chromedriver")))
        recorder = Path(__file__).with_name("recorder.js").read_text("utf-8")
        self.devtools("Page.addScriptToEvaluateOnNewDocument", source=recorder)
        self.resize(*WIDE)

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_error: object) -> None:
        self.driver.quit()

    def devtools(self, command: str, **arguments: Any) -> Any:
        """Say something to the browser that pages cannot say."""
        return self.driver.execute_cdp_cmd(command, arguments)

    def forget(self) -> None:
        """Take away cookies, stores, and what was logged."""
        self.devtools("Network.clearBrowserCookies")
        self.complaints()
        self.asked()
        self.resize(*WIDE)

    def leave(self) -> None:
        """Leave the page, so that it no longer asks a gateway that is gone."""
        if not self.driver.current_url.startswith("data:"):
            self.js("localStorage.clear(); sessionStorage.clear()")
        self.driver.get("data:,")

    def resize(self, width: int, height: int, scale: int = 1) -> None:
        """Return the page so many pixels of its own; at scale 2 as on a screen twice as large, zoomed to 200 %."""
        self.devtools(
            "Emulation.setDeviceMetricsOverride", width=width, height=height, deviceScaleFactor=scale, mobile=False
        )

    def js(self, script: str, *arguments: Any) -> Any:
        """Run a script's body in the page and give what it returns."""
        return self.driver.execute_script(script, *arguments)

    def until(self, expression: str, *arguments: Any) -> Any:
        """Wait until an expression is true in the page, and give its value."""
        found: list[Any] = []

        def holds() -> bool:
            found[:] = [self.js(f"return {expression}", *arguments)]
            return bool(found[0])

        def lost() -> str:
            address = str(self.js("return location.href"))
            return f"the browser shows {address}" if address.startswith("chrome-error:") else ""

        try:
            wait_for(holds, f"{expression} {arguments}", in_vain=lost, every=0.02)
        except TimeoutError as error:
            raise TimeoutError(f"{error}; the page says: {self.text('body')}") from None
        return found[0]

    def text(self, selector: str) -> str:
        """Return the text that an element shows."""
        return str(self.js("return document.querySelector(arguments[0])?.innerText ?? ''", selector))

    def shows(self, selector: str, text: str) -> None:
        """Wait until an element shows a text, whatever else it shows."""
        self.until("document.querySelector(arguments[0])?.innerText.includes(arguments[1])", selector, text)

    def type(self, *keys: str) -> None:
        """Press keys, wherever the focus is."""
        ActionChains(self.driver, duration=0).send_keys(*keys).perform()

    def chord(self, *keys: str, held: str = Keys.CONTROL) -> None:
        """Press keys with Ctrl, or another key, held down."""
        ActionChains(self.driver, duration=0).key_down(held).send_keys(*keys).key_up(held).perform()

    def scan(self, text: str) -> None:
        """Do as a keyboard-wedge scanner does."""
        self.type(text, Keys.ENTER)

    def clip(self, text: str) -> None:
        """Put a text where Ctrl and V take it from."""
        permissions = ["clipboardReadWrite", "clipboardSanitizedWrite"]
        self.devtools("Browser.grantPermissions", permissions=permissions)
        self.js("return navigator.clipboard.writeText(arguments[0])", text)

    def sign_in(self, address: str, token: str) -> None:
        """Open a page and sign in with the keyboard."""
        self.driver.get(address)
        self.until("document.activeElement.id === 'token'")
        self.scan(token)

    def recorded(self, what: str) -> list[Any]:
        """Return what the page has `shown`, "state action", or `said`, "link | line", or the `pitches` and `buzzes`."""
        return list(self.js("return window.recorded[arguments[0]]", what))

    def complaints(self) -> list[str]:
        """Return what the browser complained about since last asked; refused answers are no complaint."""
        logged = [entry for entry in self._log("browser") if entry["level"] in {"WARNING", "SEVERE"}]
        found = [str(entry["message"]) for entry in logged]
        return [each for each in found if "the server responded with a status of" not in each]

    def asked(self) -> set[str]:
        """Return the hosts that were asked for anything since last asked."""
        messages = [json.loads(entry["message"])["message"] for entry in self._log("performance")]
        requests = [each["params"] for each in messages if each["method"] == "Network.requestWillBeSent"]
        sockets = [each["params"] for each in messages if each["method"] == "Network.webSocketCreated"]
        addresses = [*(each["request"]["url"] for each in requests), *(each["url"] for each in sockets)]
        return {urlsplit(each).netloc for each in addresses} - {""}

    def _log(self, kind: str) -> list[dict[str, Any]]:
        # Selenium leaves this one method without types.
        return list(self.driver.get_log(kind))  # type: ignore[no-untyped-call]

    def barriers(self) -> list[str]:
        """Return what keeps people with disabilities out of the page as it stands, by axe-core."""
        found = Axe().run(self.driver)
        return [f"{each['id']}: {node['html']}" for each in found["violations"] for node in each["nodes"]]

    def picture(self, name: str) -> None:
        """Keep a picture of the page for the documents, if it is missing or `TALLYGATE_PICTURES` is set."""
        path = IMAGES / f"{name}.png"
        if path.exists() and not os.environ.get("TALLYGATE_PICTURES"):
            return
        self.js("return document.fonts.ready.then(() => null)")
        taken = Image.open(io.BytesIO(self.driver.get_screenshot_as_png()))
        path.parent.mkdir(exist_ok=True)
        taken.convert("RGB").quantize(COLOURS).save(path, optimize=True)
