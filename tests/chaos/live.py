"""The long fault run of the gateway's open streams: `python -m tests.chaos --live`, Kafka away for a minute."""

import asyncio
import tempfile
from pathlib import Path

from tests.integration.gateway_live.faults import Faults, Run
from tests.kafka.broker import Broker
from tests.kafka.harness import KafkaHarness
from tests.prerequisites import redis_missing
from tests.redis.server import RedisServer

LONG = Faults(between=10.0, redis_away=10.0, kafka_away=60.0, rate=300.0)


def main() -> int:
    """Run, audit and report."""
    if missing := redis_missing():
        print(f"no such run without Redis: {missing}")
        return 2
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        broker = Broker(folder / "kafka").format().start()
        redis = RedisServer(folder).start()
        try:
            with KafkaHarness(broker, "live", folder) as harness:
                harness.create_topics(partitions=4, steps=())
                report = asyncio.run(Run(harness, redis, folder, LONG, lambda line: print(line, flush=True)).go())
        except AssertionError as error:
            print(f"NOT EXACT: {error}")
            return 1
        finally:
            redis.kill()
            broker.stop()
    print("EXACT: " + ", ".join(f"{name} {value:,.0f}" for name, value in report._asdict().items()))
    return 0
