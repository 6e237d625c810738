"""The walk of docs/publishing.md, typed as it stands there: two mistakes, mended, scanned, explained, sent again."""

import json
import os
import re
import subprocess
import sys
from pathlib import Path

import pytest

from tests.integration.publish.ground import Ground
from tests.pieces import ROOT

pytestmark = [pytest.mark.kafka, pytest.mark.redis, pytest.mark.slow]

PAGE = (ROOT / "docs" / "publishing.md").read_text("utf-8")
WALK = PAGE.partition("\n## A first walk\n")[2].partition("\n## ")[0]
BLOCKS = re.findall(r"```(sh|text)\n(.*?)```", WALK, re.DOTALL)


def typed(ground: Ground, script: str) -> str:
    """Run a block of the page; gives what it said on both outputs."""
    script = script.replace("http://localhost:8080", ground.address)
    path = f"{Path(sys.executable).parent}{os.pathsep}{os.environ['PATH']}"
    done = subprocess.run(
        ["sh", "-u", "-c", script],
        cwd=ground.folder,
        env={**os.environ, "PATH": path, "PYTHONPATH": str(ROOT), **ground.environment},
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
        check=False,
    )
    said = done.stdout.replace(ground.field.topics.prefix, "tallygate")
    return said.replace(ground.field.broker.address, "localhost:9092")


def test_walk_goes_as_the_page_says(ground: Ground) -> None:
    """Each block says what the page shows, in the page's order; published again the file leads to nothing."""
    (_, wrong), (_, named), (_, mended), (_, sent), (_, scan), (_, answered), (_, explain), (_, why) = BLOCKS
    before = len(ground.field.decisions())
    assert typed(ground, wrong) == named
    assert ground.applied() == 0
    assert typed(ground, mended) == sent
    ground.settled_decisions(before + 6)
    assert typed(ground, scan) == answered
    assert typed(ground, explain).startswith(why)
    assert typed(ground, mended) == sent
    assert ground.applied() == 8
    # What comes later on the same trip is decided after all of it, were there anything to decide.
    later = (ground.folder / "parcels.csv").read_bytes().replace(b"ACME", b"LATE").replace(b"Doe", b"Roe")
    assert ground.run("publish", "-", given=later.replace(b"DOE", b"ROE")).returncode == 0
    decisions = ground.field.wait_for_decisions(before + 6 + 3)
    assert sum(b'"data":{"bill":"ACME0000' in value for value in decisions) == 6
    for bill in ("ACME00001", "ACME00002", "ACME00003"):
        told = json.loads(ground.run("explain", bill, "--json").stdout)
        assert len(told["facts"]["history"]) == 2, "what the workers decided is where a bill's history is looked for"
