"""Every panel of every dashboard has data from a real Prometheus that scraped the loaded system, and health is told."""

import math
import re
import urllib.error
import urllib.request
from functools import partial

import pytest

from tests.kafka.harness import KafkaHarness
from tests.prerequisites import ROOT
from tests.prometheus.grafana_variables import concrete
from tests.prometheus.plugin import Start
from tests.prometheus.system import System
from tests.redis.server import RedisServer
from tests.unit.observability.scraping import born_late
from tests.unit.observability.test_dashboards import all_expressions
from tests.waiting import wait_for

pytestmark = [pytest.mark.kafka, pytest.mark.redis, pytest.mark.prometheus]

RULES = sorted((ROOT / "deploy" / "prometheus" / "rules").glob("*.yaml"))
EVENTS_A_SECOND = 200
WINDOW = "10s"


def status(address: str, path: str) -> int:
    """Ask for a path and give the status."""
    try:
        with urllib.request.urlopen(f"http://{address}{path}", timeout=30) as answer:
            return int(answer.status)
    except urllib.error.HTTPError as error:
        return error.code


def ready(address: str) -> bool:
    """Ask whether a process is ready."""
    return status(address, "/readyz") == 200


@pytest.mark.slow
def test_every_panel_has_data(harness: KafkaHarness, redis_server: RedisServer, prometheus: Start) -> None:
    """With workers, projection, gateway and their callers at work, no query of the dashboards comes back empty."""
    with System(harness, redis_server) as system:
        server = prometheus(system.targets, RULES)
        wait_for(lambda: server.up() == system.processes, "every process to answer a scrape")
        for process in ("manifest", "withholding", "projection"):
            (address,) = system.targets[process]
            wait_for(partial(ready, address), f"{process} to be ready")
            assert status(address, "/livez") == 200
        first = scrapes(system)
        with system.load(EVENTS_A_SECOND):
            left = {concrete(query, WINDOW) for query in all_expressions()}

            def all_have_data() -> bool:
                left.difference_update({query for query in left if server.query(query)})
                return not left

            try:
                wait_for(all_have_data, "data for every panel")
            except TimeoutError:
                assert sorted(left) == []
            decided = 'sum(tallygate_decisions_total{job="tallygate"})'
            wait_for(lambda: server.value(decided) > EVENTS_A_SECOND, "the decisions of a second to be scraped")
            assert server.firing() == set()
        # A label set that appears only later begins with a value that no `increase()` sees.
        late = {address: born_late(first[address], text) for address, text in scrapes(system).items()}
        assert [found for found in late.items() if found[1]] == []
        assert late.keys() == first.keys()
        assert_nothing_personal(system)


def scrapes(system: System) -> dict[str, str]:
    """Return what every process shows, by its address."""
    found = {}
    for address in (each for addresses in system.targets.values() for each in addresses):
        with urllib.request.urlopen(f"http://{address}/metrics", timeout=30) as answer:
            found[address] = answer.read().decode()
    return found


def assert_nothing_personal(system: System) -> None:
    """No label has a value that looks like a bill, a consignee key, an address or a token."""
    for text in scrapes(system).values():
        found = re.findall(r'="([^"]*)"', text)
        odd = [value for value in found if re.search(r"[A-Z]{3,4}\d{4,}|na2:|ex1:|tg_|@", value)]
        assert odd == []
        assert not any(math.isnan(float(line.rpartition(" ")[2])) for line in text.splitlines() if line[0] != "#")
