"""The long fault run: `python -m tests.chaos [--events N] [--faults N] [--seed N]`; exit status 1 if not exact."""

import argparse
import random
import sys
import tempfile
import time
from pathlib import Path

from tests.chaos import files, live, outage
from tests.chaos.customs import CustomsScenario
from tests.chaos.driver import Driver, drawn
from tests.chaos.toy import ToyScenario
from tests.kafka.broker import Broker
from tests.kafka.field import Field
from tests.pieces import kafka_missing

SPACING_SECONDS = 6.0


def main() -> int:
    """Run, audit and report."""
    parser = argparse.ArgumentParser(prog="python -m tests.chaos", description=__doc__)
    parser.add_argument("--events", type=int, default=1_000_000)
    parser.add_argument("--faults", type=int, default=60)
    parser.add_argument("--toy", action="store_true", help="a toy step instead of the real two: the engine alone")
    parser.add_argument("--live", action="store_true", help="instead: the gateway's open streams, Kafka away a minute")
    parser.add_argument("--seed", type=int, default=int(time.time()))
    parser.add_argument("--outage", type=float, metavar="SECONDS", help="instead: the broker away, alerts watched")
    parser.add_argument("--rate", type=int, default=200, help="events a second during an outage")
    parser.add_argument("--files", type=int, metavar="SEEDS", help="instead: so many spoilt files through publish")
    arguments = parser.parse_args()
    if arguments.files:
        return files.main(arguments.files, arguments.seed)
    if arguments.outage:
        return outage.main(arguments.outage, arguments.rate)
    if missing := kafka_missing():
        print(f"no chaos without a real Kafka: {missing}")
        return 2
    if arguments.live:
        return live.main()
    print(f"seed {arguments.seed}: {arguments.events} events, {arguments.faults} faults")
    with tempfile.TemporaryDirectory() as name:
        broker = Broker(Path(name) / "kafka").format().start()
        try:
            with Field(broker, "chaos", Path(name)) as field:
                field.create_topics(partitions=8)
                faults = list(drawn(random.Random(arguments.seed), arguments.faults, SPACING_SECONDS))
                seed = arguments.seed
                scenario = ToyScenario(seed) if arguments.toy else CustomsScenario(seed, field)
                outcome = Driver(field, scenario, seed).run(arguments.events, faults)
        finally:
            broker.stop()
    for what, count in sorted(outcome.tally.items()):
        print(f"{count:6d}  {what}")
    for fault in outcome.faults:
        print(f"FAULT  {fault}")
    print(f"{'NOT ' if outcome.faults else ''}EXACT: {arguments.events} events in {outcome.seconds:.0f} s")
    return 1 if outcome.faults else 0


if __name__ == "__main__":
    sys.exit(main())
