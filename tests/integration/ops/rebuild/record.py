"""Records a system for the tests of upgrades: `python -m tests.integration.ops.rebuild.record FILE`.

Run it with the code of the release that is to be recorded, never with later code: `data/release-0.1.msgpack.gz` was
made with the product code of commit 01da891, version 0.1.0, and must not be made again with any other.
"""

import subprocess
import sys
import tempfile
from importlib.metadata import version
from pathlib import Path
from typing import Final

from tests.integration.ops.rebuild.long_history import LongHistorySystem, create
from tests.integration.ops.rebuild.recording import take_down, write
from tests.kafka.broker import Broker
from tests.kafka.harness import KafkaHarness

PREFIX: Final = "lived01"
PRODUCT: Final = ("agents", "state", "stream")


def main(path: Path) -> None:
    """Run the history of a system, and write its topics down."""
    changed = subprocess.run(
        ["git", "diff", "--stat", "HEAD", "--", *PRODUCT], capture_output=True, text=True, check=True
    )
    if changed.stdout:
        sys.exit(f"the product's code is not that of a commit:\n{changed.stdout}")
    commit = subprocess.run(["git", "rev-parse", "HEAD"], capture_output=True, text=True, check=True).stdout.strip()
    with tempfile.TemporaryDirectory() as folder:
        broker = Broker(Path(folder, "kafka")).format().start()
        try:
            with KafkaHarness(broker, PREFIX, Path(folder)) as harness:
                create(harness)
                system = LongHistorySystem(harness, Path(folder))
                system.run_history()
                system.stop()
                settings = {name: value for name, value in system.settings.items() if name != "key__secret_file"}
                secret = Path(system.settings["key__secret_file"]).read_bytes()
                write(take_down(harness, f"{version('tallygate')}, commit {commit}", settings, secret), path)
        finally:
            broker.stop()


if __name__ == "__main__":
    main(Path(sys.argv[1]))
