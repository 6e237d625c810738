"""What the pages tell a newcomer to type in the sandbox, typed there: the minute, and every example of six pages."""

import asyncio
import os
import re
import subprocess
import sys
from collections.abc import Iterator
from gzip import compress
from pathlib import Path

import pytest
from aiokafka import AIOKafkaConsumer, TopicPartition

from agents.embedded.embedded_broker import PARTITIONS
from tests.docs.commands import Block, blocks
from tests.integration.sandbox.running import RunningSandbox, sandbox
from tests.prerequisites import ROOT
from tests.waiting import wait_for

pytestmark = pytest.mark.slow

PAGES = ("publishing", "explaining", "gateway", "subscribing", "scanning", "officer")
"""In the order in which they are typed: what is published first is asked for later."""
EXAMPLES = [block for page in PAGES for block in blocks() if block.page == f"docs/{page}.md"]
WITH_MISTAKES = "tallygate publish docs/examples/parcels-with-mistakes.csv"
"""Ends with 1, as its page says."""
SERVES = "tallygate gateway"
"""Left out: the sandbox has a gateway, and this one would serve until it is stopped."""
STREAMS = "curl --no-buffer"
"""Never ends; it is ended when something has come."""
UNKNOWN_TOKEN, NO_SUCH_BILL = '"status":401', '"status":404'
"""What a problem of the gateway says; the bill of one example is made up."""
PERSON = """{"name": "Ann Example", "address": {"lines": ["12 Oak Street"], "city": "Springfield", "state": "IL",
"country": "US"}}"""


def minute(page: str) -> tuple[str, str, str]:
    """Return how the sandbox is started, what is typed then, and what the last command prints."""
    part = (ROOT / page).read_text("utf-8").partition("\n## Try it in a minute\n")[2].partition("\n## ")[0]
    start, commands = re.findall(r"```sh\n(.*?)```", part, re.DOTALL)
    (printed,) = re.findall(r"```text\n(.*?)```", part, re.DOTALL)
    return start.strip(), commands, printed


def typed(script: str, folder: Path, **more: str) -> "subprocess.CompletedProcess[str]":
    """Type commands in a folder, with our commands in reach."""
    return subprocess.run(
        ["sh", "-eu", "-c", script], cwd=folder, stdin=subprocess.DEVNULL, capture_output=True, text=True, check=False,
        env={**os.environ, "PATH": f"{Path(sys.executable).parent}{os.pathsep}{os.environ['PATH']}",
             "PYTHONPATH": str(ROOT), **more},
    )  # fmt: skip


@pytest.fixture(scope="module")
def running(tmp_path_factory: pytest.TempPathFactory) -> Iterator[RunningSandbox]:
    """Run a sandbox in a folder that has the documents, and copy its tokens as the page says."""
    work = tmp_path_factory.mktemp("work")
    (work / "docs").symlink_to(ROOT / "docs")
    with sandbox(work / "sandbox") as made:
        made.ready()
        assert typed("cp sandbox/*-token .", work).returncode == 0
        yield made


@pytest.mark.parametrize("page", ["README.md", "docs/sandbox.md"])
def test_the_minute(page: str, running: RunningSandbox) -> None:
    """The page's minute goes from `tallygate sandbox` to an explanation and a scan, and prints what the page shows."""
    start, commands, printed = minute(page)
    assert start == "tallygate sandbox"
    publishes, _, asks = commands.partition("tallygate explain")
    done = typed(publishes, running.folder.parent)
    assert "published 4 events to tallygate.shipments.v1" in done.stdout, done.stderr
    decided(running, "ACME00002", "withhold")
    done = typed(f"{publishes.splitlines()[0]}\ntallygate explain{asks}", running.folder.parent)
    assert (done.returncode, "Traceback" in done.stderr) == (0, False), done.stderr
    assert " HOLD  ACME00002: withheld" in done.stdout
    assert printed in done.stdout


def decided(running: RunningSandbox, bill: str, outcome: str) -> None:
    """Wait until a bill has this outcome."""
    wait_for(lambda: running.ask(f"/v1/bills/{bill}", "scan")[1].get("outcome") == outcome, f"{outcome} of {bill}")


@pytest.fixture
def work(running: RunningSandbox) -> Path:
    """Return a folder with the files that the examples name."""
    folder = running.folder.parent
    events = (ROOT / "docs/examples/three-parcels.jsonl").read_bytes()
    (folder / "events.jsonl").write_bytes(events)
    (folder / "events.jsonl.gz").write_bytes(compress(events))
    (folder / "event.json").write_bytes(events.splitlines()[0])
    (folder / "bills.txt").write_text("ACME00001\nACME00002\n")
    (folder / "person.json").write_text(PERSON)
    return folder


def meant(block: Block, running: RunningSandbox) -> str:
    """Return a block as the page on the sandbox says to read it, without what serves until it is stopped."""
    known = running.environment
    lines = [line for line in block.text.splitlines() if line.strip() != SERVES]
    text = "\n".join(lines).replace("tokens.json", "sandbox/tokens.json")
    text = text.replace("localhost:9092", known["TALLYGATE_KAFKA__BROKERS"])
    return re.sub(r"https://gate\.example|http://(localhost|127\.0\.0\.1):8080", known["GATEWAY"], text)


def test_every_example_runs_in_the_sandbox(running: RunningSandbox, work: Path) -> None:
    """Each block of the six pages ends as its page says, and the gateway refuses no request."""
    known = running.environment
    assert len(EXAMPLES) >= 16
    for block in EXAMPLES:
        script = meant(block, running)
        if STREAMS in script:
            continue
        token = known["PLAN_TOKEN" if "headroom" in script else "PUBLISH_TOKEN"]
        done = typed(script, work, **{**known, "TOKEN": token})
        while UNKNOWN_TOKEN in done.stdout:  # the gateway learns of a new one within seconds
            done = typed(script, work, **{**known, "TOKEN": token})
        assert done.returncode == (1 if block.text.strip() == WITH_MISTAKES else 0), (block, done.stderr)
        assert '"status":' not in done.stdout.replace(NO_SUCH_BILL, ""), (block, done.stdout)
        if "publish parcels.csv" in script:
            decided(running, "ACME00002", "withhold")


def test_example_of_a_stream_runs_in_the_sandbox(running: RunningSandbox, work: Path) -> None:
    """The stream of the page begins, and goes on to its first heartbeat."""
    (block,) = [each for each in EXAMPLES if STREAMS in each.text]
    known = running.environment
    with subprocess.Popen(
        ["sh", "-eu", "-c", f"exec {meant(block, running)}"], cwd=work, stdout=subprocess.PIPE,
        stderr=subprocess.DEVNULL, text=True, env={**os.environ, "TOKEN": known["SCAN_TOKEN"]},
    ) as process:  # fmt: skip
        assert process.stdout is not None
        said = [process.stdout.readline() for _ in range(4)]
        process.terminate()
    assert any(line.startswith("id: 1.") for line in said), said


def programs() -> dict[str, str]:
    """Return the Python programs of the page on publishing, and that of the README."""
    publishing, readme = ((ROOT / page).read_text("utf-8") for page in ("docs/publishing.md", "README.md"))
    typed_client, other_client = re.findall(r"```python\n(.*?)```", publishing, re.DOTALL)
    (plain_client,) = re.findall(r"```python\n(.*?)```", readme, re.DOTALL)
    return {"typed_client.py": typed_client, "other_client.py": other_client, "plain_client.py": plain_client}


async def written(running: RunningSandbox) -> int:
    """Return how many shipment events were ever written."""
    async with AIOKafkaConsumer(bootstrap_servers=running.environment["TALLYGATE_KAFKA__BROKERS"]) as consumer:
        places = [TopicPartition("tallygate.shipments.v1", number) for number in range(PARTITIONS)]
        return sum((await consumer.end_offsets(places)).values())


@pytest.mark.parametrize(
    "command",
    [
        "python typed_client.py",
        "python other_client.py $TALLYGATE_KAFKA__BROKERS tallygate.shipments.v1 events.jsonl",
        "python plain_client.py $TALLYGATE_KAFKA__BROKERS events.jsonl",
    ],
)
def test_programs_of_the_pages_publish_into_the_sandbox(running: RunningSandbox, work: Path, command: str) -> None:
    """Our client, one of librdkafka and one of aiokafka publish; the events are in the log afterwards."""
    name, before = command.split()[1], asyncio.run(written(running))
    (work / name).write_text(programs()[name])
    done = typed(command, work, **running.environment)
    assert done.returncode == 0, done.stderr
    assert asyncio.run(written(running)) - before == (3 if name == "typed_client.py" else 4)


def test_pages_that_run_here_are_named(root: Path) -> None:
    """The page on the sandbox names the six pages, and no other, whose examples run in it."""
    part = (root / "docs/sandbox.md").read_text("utf-8").partition("\n## The examples of the other pages\n")[2]
    assert sorted(re.findall(r"\]\((\w+)\.md\)", part.partition("\n## ")[0])) == sorted(PAGES)
