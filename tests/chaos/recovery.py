"""The table of faults: how long until decisions come again after each, `python -m tests.chaos --recovery`.

A fault that mends itself counts from when it happens, any other from when it is mended. Two workers of the toy step
share four partitions; at the end every record is accounted for.
"""

import signal
import statistics
import subprocess
import tempfile
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import Final, NamedTuple

from tests.chaos.standstill import Stand, Standstill
from tests.chaos.toy import ToyScenario
from tests.kafka.harness import KafkaHarness
from tests.kafka.proxied import ProxiedBroker
from tests.prerequisites import kafka_missing
from tests.waiting import wait_for

FROZEN_SECONDS: Final = 35.0
DISK_BYTES: Final = 64 << 20
SMALL_LOGS: Final = "log.segment.bytes=1048576\nlog.index.size.max.bytes=65536\n"

Mended = tuple[float, float] | Standstill
"""When it began and when it was mended; or what was measured already."""


class Place(NamedTuple):
    """Where faults happen."""

    stand: Stand
    broker: ProxiedBroker
    folder: Path


def _dead(place: Place, stage: str) -> Mended:
    """Have worker `a` die at a stage; it mends itself from then on."""
    order = place.folder / "order"
    post = place.stand.posts[0]
    former = dict(post.settings)
    post.settings |= {
        "observer": "tests.toy.observers:DiesAt",
        "test_die_at": stage,
        "test_die_after": "1" if stage == "restore" else "20",
        "test_die_order": str(order),
    }
    _end(place)
    place.stand.steady()
    order.write_text("die")
    if stage == "restore":
        _end(place)
    deaths = 2 if stage == "restore" else 1
    wait_for(lambda: len(post.ends) >= deaths and not order.exists(), f"a death {stage}")
    at = post.ends[-1][0]
    post.settings = former
    return at, at


def _end(place: Place) -> None:
    worker = place.stand.posts[0].worker
    assert worker is not None
    worker.kill()


def _killed(place: Place) -> Mended:
    at = time.monotonic()
    _end(place)
    return at, at


def _frozen_worker(place: Place) -> Mended:
    """Freeze worker `a`; another takes its partitions meanwhile, so it counts from the freezing."""
    worker, at = place.stand.posts[0].worker, time.monotonic()
    assert worker is not None
    worker.signal(signal.SIGSTOP)
    taken = place.stand.wait_after(at, at, "a frozen worker")
    time.sleep(max(0.0, at + FROZEN_SECONDS - time.monotonic()))
    worker.signal(signal.SIGCONT)
    return taken


def _broker_killed(place: Place, seconds: float) -> Mended:
    began = time.monotonic()
    place.broker.kill()
    time.sleep(seconds)
    place.broker.start()
    return began, time.monotonic()


def _broker_frozen(place: Place) -> Mended:
    began = time.monotonic()
    place.broker.freeze()
    time.sleep(FROZEN_SECONDS)
    place.broker.thaw()
    return began, time.monotonic()


def _cut(place: Place, *, hang_up: bool) -> Mended:
    began = time.monotonic()
    place.broker.relay.cut()
    time.sleep(FROZEN_SECONDS)
    if hang_up:
        place.broker.relay.hang_up()
    place.broker.relay.mend()
    return began, time.monotonic()


def _disk_full(place: Place) -> Mended:
    began, ballast = time.monotonic(), place.folder / "disk" / "ballast"
    with ballast.open("wb", buffering=0) as file, suppress(OSError):
        while True:
            file.write(bytes(1 << 16))
    wait_for(place.broker.ended, "the broker to end for want of room", 120)
    time.sleep(20)
    ballast.unlink()
    place.broker.start()
    return began, time.monotonic()


FAULTS: Final[dict[str, Callable[[Place], Mended]]] = {
    "worker killed": _killed,
    "worker killed before anything is sent": lambda place: _dead(place, "before"),
    "worker killed between sending and commit": lambda place: _dead(place, "sent"),
    "worker killed right after a commit": lambda place: _dead(place, "after"),
    "worker killed in its restore": lambda place: _dead(place, "restore"),
    "worker frozen for 35 s": _frozen_worker,
    "broker killed, back after 2 s": lambda place: _broker_killed(place, 2),
    "broker killed, back after 30 s": lambda place: _broker_killed(place, 30),
    "broker frozen for 35 s": _broker_frozen,
    "network silent for 35 s": lambda place: _cut(place, hang_up=False),
    "network silent for 35 s, connections lost": lambda place: _cut(place, hang_up=True),
    "disk full, broker ends": _disk_full,
}


class Row(NamedTuple):
    """One fault, measured some times."""

    fault: str
    measured: list[Standstill]
    ends: list[int]
    """With what status workers ended by themselves."""


def measure(
    names: Sequence[str], rounds: int, folder: Path, say: Callable[[str], None], **settings: str
) -> tuple[list[Row], list[str]]:
    """Let each fault happen some times; return the table, and what an audit of all records found.

    `settings` are those in which the workers differ from workers as they are shipped.
    """
    rows = {name: Row(name, [], []) for name in names}
    with _place(folder, settings, small="disk full, broker ends" in names) as place:
        for name in [name for _ in range(rounds) for name in names]:
            place.stand.steady()
            found = FAULTS[name](place)
            taken = found if isinstance(found, Standstill) else place.stand.wait_after(*found, name)
            ends = [status for post in place.stand.posts for _at, status in post.ends]
            rows[name].measured.append(taken)
            rows[name].ends.extend(ends)
            say(f"{taken.first:6.1f} s  {taken.every:6.1f} s  {name}, workers ended with {ends}")
        place.stand.steady()
        harness = place.stand.harness
        place.stand.__exit__()
        scenario = ToyScenario(0, harness)
        wait_for(lambda: scenario.behind(harness) == 0, "everything to be judged", 120)
        return list(rows.values()), scenario.audit(harness)


@contextmanager
def _place(folder: Path, settings: Mapping[str, str], *, small: bool) -> Iterator[Place]:
    with _disk(folder / "disk", small=small) as disk:
        broker = ProxiedBroker(disk / "broker", extra=SMALL_LOGS if small else "")
        broker.format().start()
        try:
            with KafkaHarness(broker, "recovery", folder) as harness:
                harness.create_topics(partitions=4)
                with Stand(harness, broker.relayed, **settings) as stand:
                    yield Place(stand, broker, folder)
        finally:
            broker.stop()


@contextmanager
def _disk(folder: Path, *, small: bool) -> Iterator[Path]:
    """Yield a folder, on a disk of its own in memory if it is to be a small one."""
    folder.mkdir()
    if small:
        subprocess.run(["mount", "-t", "tmpfs", "-o", f"size={DISK_BYTES}", "tmpfs", folder], check=True)
    try:
        yield folder
    finally:
        if small:
            subprocess.run(["umount", "--lazy", folder], check=True)


def main(names: Sequence[str], rounds: int) -> int:
    """Measure and print the table; exit status 1 if anything was lost, repeated or wrong."""
    if missing := kafka_missing():
        print(f"no recovery without a real Kafka: {missing}")
        return 2
    wanted = [name for name in FAULTS if any(part in name for part in names or [""])]
    rows: list[Row] = []
    faults: list[str] = []
    for group in ([name for name in wanted if "disk" not in name], [name for name in wanted if "disk" in name]):
        if group:
            with tempfile.TemporaryDirectory() as folder:
                measured, found = measure(group, rounds, Path(folder), lambda line: print(line, flush=True))
                rows, faults = rows + measured, faults + found
    print("| fault | first decision after, s | every partition after, s | worst of all, s |\n|---|---|---|---|")
    for row in rows:
        first = statistics.median(each.first for each in row.measured)
        every = statistics.median(each.every for each in row.measured)
        worst = max(each.every for each in row.measured)
        print(f"| {row.fault} | {first:.1f} | {every:.1f} | {worst:.1f} |")
    for fault in faults:
        print(f"FAULT  {fault}")
    print("NOT EXACT" if faults else "EXACT: every record was judged once")
    return 1 if faults else 0
