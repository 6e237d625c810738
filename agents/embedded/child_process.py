"""A child process: `python -m agents.embedded.child_process`, which reads its settings from standard input.

It runs the code of `tallygate worker`, `projection` or `gateway`. It reports on standard output after each commit,
and ends in order when its input ends, so no process is left behind if its parent dies.
"""

import contextlib
import logging
import os
import signal
import sys
import threading
import time
from pathlib import Path
from typing import Any, Final, NoReturn

import msgspec

from agents.embedded.messages import ChildReport, ChildSpec, Counts
from agents.engine.engine_progress import EngineProgress, SilentObserver
from agents.engine.job import Job, job_of
from agents.settings.gateway_group import GatewaySettings
from agents.settings.kafka_group import KafkaSettings
from agents.settings.key_group import KeySettings
from agents.settings.policy_group import PolicySettings
from agents.settings.redis_group import RedisSettings
from agents.settings.settings import Settings
from agents.settings.worker_group import WorkerSettings
from agents.worker.worker import STEPS, make_job, run_worker
from stream.postings import US_321
from stream.records import Fate

PROJECTION: Final = "projection"
GATEWAY: Final = "gateway"
IDLE_FETCH_MS: Final = 50
"""The embedded broker answers an empty fetch no sooner than this; workers have a setting of their own."""
ORDERLY_SECONDS: Final = 10.0
"""A worker has this long to end in order."""


class Reporter(SilentObserver):
    """An observer that writes counts to standard output after each commit."""

    def committed(self, progress: EngineProgress, _seconds: float) -> None:
        """Report the counts of a commit."""
        _say(ChildReport(ready=True, counts=counts_of(progress)))

    def ready(self, progress: EngineProgress) -> None:
        """Report that judging begins."""
        _say(ChildReport(ready=True, counts=counts_of(progress)))


def counts_of(progress: EngineProgress) -> Counts:
    """Sum up a worker's partitions."""
    partitions = progress.partitions.values()
    applied, stale, dead = (
        sum(each.count(fate) for each in partitions) for fate in (Fate.APPLIED, Fate.STALE, Fate.DEAD_LETTERED)
    )
    return Counts(applied, stale, dead, progress.transactions)


def settings_of(spec: ChildSpec) -> Settings:
    """Return the settings, without the environment, so that the system is the same everywhere."""
    options = reading_of(spec.step) if spec.embedded else {}
    kafka = KafkaSettings(
        brokers=spec.brokers, prefix=spec.prefix, epoch=spec.epoch, partitions=spec.partitions, options=options
    )
    enabled: dict[str, Any] = {} if spec.programme == US_321 else {"programmes": (US_321, spec.programme)}
    return Settings(
        kafka=kafka,
        key=KeySettings(secret_file=Path(spec.secret_file)),
        policy=PolicySettings(),
        worker=WorkerSettings(gather_ms=spec.gather_ms),
        redis=RedisSettings(url=spec.redis),
        gateway=GatewaySettings(host="127.0.0.1", port=spec.port, tokens_file=Path(spec.tokens_file)),
        rules=(),
        **enabled,
    )


def reading_of(step: str) -> dict[str, Any]:
    """Return options of consumers of the embedded broker, which writes commit markers without a checksum."""
    return {"check_crcs": False, **({"fetch_max_wait_ms": IDLE_FETCH_MS} if step in {PROJECTION, GATEWAY} else {})}


def job_for(spec: ChildSpec, settings: Settings) -> Job:
    """Return the job; only the embedded broker is not asked about its topics, since it cannot answer."""
    if spec.embedded:
        return job_of(STEPS[spec.step](settings, spec.partitions), settings.kafka.topics())
    return make_job(settings, spec.step, None)


def work(spec: ChildSpec) -> NoReturn:
    """Run the step, the projection or the gateway until the input ends; exits the process."""
    settings = settings_of(spec)
    if spec.step == PROJECTION:
        from agents.embedded.child_projection import run_projection  # noqa: PLC0415 - each process loads its own part

        run_projection(settings, spec.partitions if spec.embedded else None, _say)
    if spec.step == GATEWAY:
        from agents.embedded.child_gateway import run_gateway  # noqa: PLC0415 - as above

        run_gateway(settings, _say)
    run_worker(
        spec.step,
        lambda settings: job_for(spec, settings),
        lambda *_: (Reporter(), None),
        settings,
        mock_broker=spec.embedded,
        compression="lz4",
    )


def main() -> NoReturn:
    """Read the settings from the first line of standard input, and run."""
    logging.basicConfig(level=logging.WARNING, format="%(levelname)s %(message)s", stream=sys.stderr)
    spec = msgspec.json.decode(sys.stdin.buffer.readline(), type=ChildSpec)
    # Until the step handles the signal itself, there is nothing to end in order.
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(0))
    threading.Thread(target=_end_with_input, daemon=True).start()
    work(spec)


def _end_with_input() -> None:
    """End in order when the input ends, or at once a little later: without a broker there is no orderly end."""
    sys.stdin.buffer.read()
    os.kill(os.getpid(), signal.SIGTERM)
    time.sleep(ORDERLY_SECONDS)
    os._exit(1)


def _say(report: ChildReport) -> None:
    # The parent may have gone; the child must still end in order.
    with contextlib.suppress(BrokenPipeError):
        sys.stdout.buffer.write(msgspec.json.encode(report) + b"\n")
        sys.stdout.buffer.flush()


if __name__ == "__main__":
    main()
