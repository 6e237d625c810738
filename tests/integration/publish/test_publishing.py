"""Publishing on a running Tallygate: the same twice, to Kafka and over the gateway, and the page's programs."""

import json
import re
import subprocess
import sys

import pytest

from stream.partition import partition_of
from tests.integration.publish.installation import EXAMPLE, Installation, unique
from tests.prerequisites import ROOT
from tests.redis.contents import contents
from tests.waiting import wait_for

pytestmark = [pytest.mark.kafka, pytest.mark.redis, pytest.mark.slow]

PAGE = (ROOT / "docs" / "publishing.md").read_text("utf-8")
PROGRAMS = re.findall(r"```python\n(.*?)```", PAGE, re.DOTALL)
MENDED = EXAMPLE.read_bytes().replace(b"$400", b"400.00").replace(b"France", b"FR")
LINES = (ROOT / "docs" / "examples" / "three-parcels.jsonl").read_bytes()


def about(values: list[bytes], text: bytes) -> dict[str, list[str]]:
    """Return what was decided about the bills of a file, in order: outcome and reason by bill."""
    bills = set(re.findall(rb"T[0-9A-F]{6}0000[0-9]", text))
    found: dict[str, list[str]] = {}
    for value in values:
        data = json.loads(value)["data"]
        if data["bill"].encode() in bills:
            found.setdefault(data["bill"][-1], []).append(f"{data['outcome']} {data['reason']}")
    return found


@pytest.mark.parametrize("over", ["kafka", "gateway"])
@pytest.mark.parametrize("text", [MENDED, LINES], ids=["csv", "jsonl"])
def test_file_published_twice_is_decided_once(text: bytes, over: str, installation: Installation) -> None:
    """By either way and in either form a file leads to its decisions, and published again to none."""
    mine = unique(text)
    way = installation.gateway("publish") if over == "gateway" else []
    for _ in range(2):
        done = installation.run("publish", *way, "-", given=mine)
        assert (done.returncode, done.stderr) == (0, b"")
        assert done.stdout.startswith(b"published 4 events to ")
    # One more trip event is applied after everything of the trip, so its decisions come last.
    conveyance = re.findall(rb"air:[0-9A-F]{6}:2025-08-20", mine)[0].decode()
    last = f"event,conveyance,time,arrived_at\narrived,{conveyance},2025-08-21T12:00:00Z,2025-08-21T10:00:00Z\n"
    assert installation.run("publish", "-", given=last.encode()).returncode == 0
    expected = {
        "1": ["pending no-day", "release within-limit", "release within-limit"],
        "2": ["pending no-day", "withhold daily-limit", "withhold daily-limit"],
        "3": ["pending no-day", "release within-limit", "release within-limit"],
    }
    wait_for(lambda: sum(map(len, about(installation.harness.decisions(), mine).values())) >= 9, "the decisions")
    assert about(installation.harness.decisions(), mine) == expected


@pytest.mark.parametrize("over", ["kafka", "gateway"])
def test_mistakes_send_nothing_unless_asked(over: str, installation: Installation) -> None:
    """With mistakes the topic stays as it is; with --skip-bad what is right is sent, and the status still says 1."""
    before = installation.applied()
    way = installation.gateway("publish") if over == "gateway" else []
    wrong = unique(EXAMPLE.read_bytes())
    assert installation.run("publish", *way, "-", given=wrong).returncode == 1
    assert installation.applied() == before
    done = installation.run("publish", *way, "--skip-bad", "-", given=wrong)
    assert done.returncode == 1
    assert done.stdout.startswith(b"published 2 events to ")
    assert installation.applied() == before + 2


def test_nobody_is_named_anywhere(installation: Installation) -> None:
    """A name and an address that were published, right and wrong, are in no output, no log and not in Redis."""
    text = unique(MENDED).replace(b"Jane", b"Canary").replace(b"1200 N", b"77 Aviary").replace(b"Springfield", b"Cage")
    bad = text.replace(b",US,", b",Birdland,").replace(b",air,", b",Canary,")
    said = b""
    for way in ([], installation.gateway("publish")):
        for given in (text, bad):
            done = installation.run("publish", *way, "-", given=given)
            said += done.stdout + done.stderr
    bill = re.findall(rb"T[0-9A-F]{6}00001", text)[0].decode()
    wait_for(lambda: len(about(installation.harness.decisions(), text)) == 3, "the decisions")
    installation.read_model.settle()
    for arguments in (["explain", bill], ["explain", *installation.gateway("audit"), bill, "--json"]):
        done = installation.run(*arguments)
        assert done.returncode == 0
        said += done.stdout + done.stderr
    said += installation.run("scan", *installation.gateway("scan"), given=bill.encode()).stdout
    logs = b"".join(path.read_bytes() for path in installation.folder.glob("*.log"))
    kept = repr(contents(installation.read_model.redis, installation.harness.topics.prefix)).encode()
    assert bill.encode() in said
    assert bill.encode() in kept
    assert b"wrong-shape" in said
    for word in (b"Canary", b"Aviary", b"Cage", b"Birdland"):
        assert word not in said
        assert word not in logs
        assert word not in kept


def test_token_of_another_scope_is_refused(installation: Installation) -> None:
    """A token that may not publish ends it with 2 and the gateway's own words."""
    done = installation.run("publish", *installation.gateway("scan"), "-", given=unique(LINES))
    assert done.returncode == 2
    assert b"this needs a token with the scope publish" in done.stderr


def test_missing_topic_is_said(installation: Installation) -> None:
    """Under a prefix without topics it ends with 2 and says what to run."""
    installation.environment["TALLYGATE_KAFKA__PREFIX"] = "nobody"
    try:
        done = installation.run("publish", "-", given=LINES)
    finally:
        installation.environment["TALLYGATE_KAFKA__PREFIX"] = installation.harness.topics.prefix
    assert done.returncode == 2
    assert b"no topic nobody.shipments.v1" in done.stderr
    assert b"tallygate topics create" in done.stderr


def programmed(installation: Installation, program: str, *arguments: str) -> "subprocess.CompletedProcess[str]":
    """Run a program of the page."""
    return subprocess.run(
        [sys.executable, "-c", program, *arguments],
        env={"PYTHONPATH": str(ROOT), "PATH": "", **installation.environment},
        capture_output=True,
        text=True,
        check=False,
    )


def test_python_of_the_page_publishes(installation: Installation) -> None:
    """The program for the typed client runs as it stands, and its three records are acknowledged."""
    before = installation.applied()
    done = programmed(installation, PROGRAMS[0])
    assert (done.returncode, done.stdout, done.stderr) == (0, "2 more are acknowledged\n", "")
    assert installation.applied() == before + 3


def test_plain_client_of_the_page_publishes(installation: Installation) -> None:
    """The program for librdkafka puts every record under its key on the partition that the contract demands."""
    mine = unique(LINES)
    path = installation.folder / "mine.jsonl"
    path.write_bytes(mine)
    done = programmed(
        installation, PROGRAMS[1], installation.harness.broker.address, installation.harness.topics.shipments, str(path)
    )
    assert (done.returncode, done.stderr) == (0, "")
    found = installation.harness.read(installation.harness.topics.shipments)
    values = {value: (key, partition) for partition, rows in found.items() for _offset, key, value in rows}
    for line in mine.splitlines():
        key = json.loads(line)["data"]["conveyance"].encode()
        assert values[line] == (key, partition_of(key, installation.harness.partitions))


def test_curl_of_the_page_publishes(installation: Installation) -> None:
    """The request that the page shows is accepted, and answered as it says."""
    part = PAGE.partition("\n## Over HTTP\n")[2]
    command, said = (re.findall(rf"```{kind}\n(.*?)```", part, re.DOTALL)[0] for kind in ("sh", "text"))
    (installation.folder / "event.json").write_bytes(unique(LINES).splitlines()[0])
    done = subprocess.run(
        ["sh", "-c", command.replace("http://localhost:8080", installation.address)],
        cwd=installation.folder, capture_output=True, text=True, check=False,
    )  # fmt: skip
    assert (done.returncode, done.stdout.strip()) == (0, said.strip())
