"""The pages' files as the gateway sends them: what may be run and asked, what is kept, and nothing from elsewhere."""

import json
import re
from collections.abc import AsyncIterator
from pathlib import Path

import pytest
from aiohttp import ClientSession

from agents.gateway.pages.page_server import static_files
from tests.browser.driver import Browser
from tests.browser.stand_in import StandIn
from tests.integration.gateway.gateway_setup import GatewaySetup
from tests.prerequisites import ROOT

VECTORS = json.loads((ROOT / "docs" / "scan-vectors.json").read_text("utf-8"))["vectors"]
MODULES = {name: file.body.decode() for name, file in static_files().items() if name.endswith(".js")}


@pytest.fixture
async def client(tmp_path: Path) -> AsyncIterator[ClientSession]:
    """Return a client of a gateway for which neither Kafka nor Redis is there: the pages need none of them."""
    async with GatewaySetup(tmp_path).serving() as made:
        yield made


@pytest.mark.parametrize("path", ["/", "/board", "/consignee"])
async def test_page_may_run_only_what_the_gateway_sends(client: ClientSession, path: str) -> None:
    """A page is sent without a token, holds no script or style of its own, and forbids the browser all else."""
    async with client.get(path) as answer:
        text, policy = await answer.text(), answer.headers["Content-Security-Policy"].split("; ")
        assert (answer.status, answer.content_type) == (200, "text/html")
    assert {"default-src 'none'", "script-src 'self'", "connect-src 'self'", "frame-ancestors 'none'"} <= set(policy)
    assert [each for each in policy if "unsafe" in each or "http" in each] == []
    assert (
        re.findall(r"<style|\sstyle=|\son\w+=|<script(?! type=\"module\" src=\"/pages/\w+\.js\"></script>)", text) == []
    )
    for address in re.findall(r"(?:src|href)=\"(/pages/[^\"]+)\"", text):
        async with client.get(address) as answer:
            assert answer.status == 200


async def test_pages_can_be_installed_and_keep_nothing(client: ClientSession) -> None:
    """The manifest has all that browsers ask of an app; no page has a worker that could answer without the gateway."""
    async with client.get("/pages/app.webmanifest") as answer:
        manifest = await answer.json(content_type="application/manifest+json")
    assert (manifest["start_url"], manifest["scope"], manifest["display"]) == ("/", "/", "standalone")
    assert {"192x192", "512x512"} <= {icon["sizes"] for icon in manifest["icons"]}
    for icon in manifest["icons"]:
        async with client.get(icon["src"]) as answer:
            assert (answer.status, answer.content_type) == (200, icon["type"])
    assert [name for name, text in MODULES.items() if "serviceWorker" in text or "caches." in text] == []


async def test_files_are_kept_until_they_change(client: ClientSession) -> None:
    """A browser that has a file is told so by its tag; what is not there is a problem like any other."""
    async with client.get("/pages/scanner.js") as answer:
        tag = answer.headers["ETag"]
        assert (answer.content_type, answer.headers["Cache-Control"]) == ("text/javascript", "no-cache")
    for given, status in ((tag, 304), ('"another"', 200)):
        async with client.get("/pages/scanner.js", headers={"If-None-Match": given}) as answer:
            assert (answer.status, answer.headers["ETag"]) == (status, tag)
    for path in ("/pages/none.js", "/pages/../serving.py", "/pages/%2e%2e/serving.py"):
        async with client.get(path) as answer:
            assert (answer.status, answer.content_type) == (404, "application/problem+json")


async def test_rules_are_told_in_words(client: ClientSession) -> None:
    """The officer's page finds each dated rule by the id that decisions name."""
    async with client.get("/pages/rules.json") as answer:
        found = await answer.json()
    assert found["limit-800"]["says"] == "$800.00 per person and day"
    assert found["suspension-2025"]["period"] == "2025-08-29 to 2026-06-23"
    assert found["filing-no-state"]["error"] == "no-state"
    assert all(card["source"] for rule, card in found.items() if not rule.startswith("rate"))


@pytest.mark.parametrize("name", sorted(MODULES))
def test_module_is_small_and_writes_text_only(name: str) -> None:
    """Each module says what it is for, stays below 200 lines, imports only its neighbours, and makes no markup."""
    text = MODULES[name]
    assert text.startswith("// ")
    assert text.count("\n") < 200
    assert (
        re.findall(
            r"innerHTML|outerHTML|insertAdjacentHTML|document\.write|eval\(|new Function|https?://(?!www\.w3\.org/)",
            text,
        )
        == []
    )
    assert {each.removeprefix("/pages/") for each in re.findall(r"from \"([^\"]+)\"", text)} <= MODULES.keys()


@pytest.mark.chromium
def test_bills_are_folded_as_everywhere(browser: Browser, stand_in: StandIn) -> None:
    """The page makes of each vector the bill number that stands beside it, as `stream.bills` does."""
    browser.driver.get(f"{stand_in.address}/")
    folded = browser.driver.execute_async_script(
        "const [given, done] = arguments; import('/pages/folding.js').then((it) => done(given.map(it.foldBill)))",
        [vector["sent"] for vector in VECTORS],
    )
    assert folded == [vector["bill"] for vector in VECTORS]
