"""The walk of docs/publishing.md, typed as it stands there: two mistakes, mended, scanned, explained, sent again."""

import json
import os
import re
import subprocess
import sys
from pathlib import Path

import pytest

from tests.integration.publish.installation import Installation
from tests.prerequisites import ROOT

pytestmark = [pytest.mark.kafka, pytest.mark.redis, pytest.mark.slow]

PAGE = (ROOT / "docs" / "publishing.md").read_text("utf-8")
WALK = PAGE.partition("\n## A first walk\n")[2].partition("\n## ")[0]
BLOCKS = re.findall(r"```(sh|text)\n(.*?)```", WALK, re.DOTALL)


def typed(installation: Installation, script: str) -> str:
    """Run a block of the page; return what it said on both outputs."""
    script = script.replace("http://localhost:8080", installation.address)
    path = f"{Path(sys.executable).parent}{os.pathsep}{os.environ['PATH']}"
    done = subprocess.run(
        ["sh", "-u", "-c", script],
        cwd=installation.folder,
        env={**os.environ, "PATH": path, "PYTHONPATH": str(ROOT), **installation.environment},
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
        check=False,
    )
    said = done.stdout.replace(installation.harness.topics.prefix, "tallygate")
    return said.replace(installation.harness.broker.address, "localhost:9092")


def test_walk_goes_as_the_page_says(installation: Installation) -> None:
    """Each block says what the page shows, in the page's order; published again the file leads to nothing."""
    (_, wrong), (_, named), (_, mended), (_, sent), (_, scan), (_, answered), (_, explain), (_, why) = BLOCKS
    shipments = installation.harness.values(installation.harness.topics.shipments)
    assert not any(b"ACME0000" in value for value in shipments), "the walk goes once on an installation"
    before, applied = len(installation.harness.decisions()), len(shipments)
    assert typed(installation, wrong) == named
    assert installation.applied() == applied
    assert typed(installation, mended) == sent
    installation.settled_decisions(before + 6)
    assert typed(installation, scan) == answered
    assert typed(installation, explain).startswith(why)
    assert typed(installation, mended) == sent
    assert installation.applied() == applied + 8
    # What comes later on the same trip is decided after all of it, were there anything to decide.
    later = (installation.folder / "parcels.csv").read_bytes().replace(b"ACME", b"LATE").replace(b"Doe", b"Roe")
    assert installation.run("publish", "-", given=later.replace(b"DOE", b"ROE")).returncode == 0
    decisions = installation.harness.wait_for_decisions(before + 6 + 3)
    assert sum(b'"data":{"bill":"ACME0000' in value for value in decisions) == 6
    for bill in ("ACME00001", "ACME00002", "ACME00003"):
        told = json.loads(installation.run("explain", bill, "--json").stdout)
        assert len(told["facts"]["history"]) == 2, "what the workers decided is where a bill's history is looked for"
