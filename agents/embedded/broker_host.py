"""Hosts the embedded broker: `python -m agents.embedded.broker_host SPEC`, which ends a while after its input ends.

It prints a line of JSON with the broker's address. With a folder it first sends the broker what is kept there, then
copies the logs every second, and prints a line whenever they are a per cent fuller.
"""

import asyncio
import contextlib
import os
import signal
import sys
import threading
import time
from pathlib import Path
from typing import Final

import msgspec

from agents.embedded.embedded_broker import PARTITIONS, START_SECONDS
from agents.embedded.embedded_errors import EmbeddedError
from agents.embedded.kept_log import KeptLog, Place
from agents.embedded.log_keeper import LogKeeper
from agents.embedded.messages import BrokerReport, BrokerSpec

COPY_SECONDS: Final = 1.0
"""So much of what was acknowledged is lost at most if this process is killed."""
LINGER_SECONDS: Final = 3.0
"""When the parent dies, its other children still need a broker to end in order."""


def host(spec: BrokerSpec) -> int:
    """Host the broker until standard input ends, or SIGTERM; return the exit code."""
    from confluent_kafka import Producer  # noqa: PLC0415 - only this process needs librdkafka

    # The broker lives inside this client and dies with it.
    client = Producer({"test.mock.num.brokers": 1, "log_level": 2})
    for topic in spec.topics:
        client.list_topics(topic, timeout=START_SECONDS)  # a topic appears when its metadata is asked for
    broker = next(iter(client.list_topics(timeout=START_SECONDS).brokers.values()))
    address = f"{broker.host}:{broker.port}"
    if not spec.folder:
        _say(BrokerReport(address=address))
        sys.stdin.buffer.read()
        time.sleep(LINGER_SECONDS)
        return 0
    try:
        asyncio.run(_keep(address, spec))
    except EmbeddedError as error:
        _say(BrokerReport(failed=str(error), status=error.status))
        return 1
    return 0


async def _keep(address: str, spec: BrokerSpec) -> None:
    """Restore the logs, and copy them until the end, and then once more."""
    stop = asyncio.Event()
    loop = asyncio.get_running_loop()
    loop.add_signal_handler(signal.SIGTERM, stop.set)
    threading.Thread(target=_stop_after_input, args=(loop, stop), daemon=True).start()
    places = [Place(topic, number) for topic in spec.topics for number in range(PARTITIONS)]
    log = KeptLog(Path(spec.folder))
    async with LogKeeper.connected(address, places, log, spec.topics[0]) as keeper:
        await keeper.restore()
        _say(BrokerReport(address=address))
        told = 0
        while not stop.is_set():
            await keeper.copy()
            full = log.per_cent_full()
            if full.per_cent > told:
                told = full.per_cent
                _say(full)
            with contextlib.suppress(TimeoutError):
                await asyncio.wait_for(stop.wait(), COPY_SECONDS)
        await keeper.copy()


def _stop_after_input(loop: asyncio.AbstractEventLoop, stop: asyncio.Event) -> None:
    # Unbuffered: a thread that holds the buffer's lock makes the interpreter abort when it ends.
    while os.read(sys.stdin.fileno(), 4096):
        pass
    time.sleep(LINGER_SECONDS)
    with contextlib.suppress(RuntimeError):  # the loop has ended meanwhile
        loop.call_soon_threadsafe(stop.set)


def _say(report: BrokerReport) -> None:
    # The parent may have gone; the logs must still be copied.
    with contextlib.suppress(BrokenPipeError):
        sys.stdout.buffer.write(msgspec.json.encode(report) + b"\n")
        sys.stdout.buffer.flush()


if __name__ == "__main__":
    sys.exit(host(msgspec.json.decode(sys.argv[1], type=BrokerSpec)))
