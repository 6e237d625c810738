"""Replay seeds: `python -m tests.simulation SEED [LAST]`; the first failure ends it with its traceback."""

import sys

from tests.simulation.simulator import Simulation


def main(first: int, last: int) -> None:
    """Run the seeds from first to last."""
    for seed in range(first, last + 1):
        try:
            Simulation(seed).run()
        except BaseException:
            print(f"seed {seed} failed; replay it: python -m tests.simulation {seed}", file=sys.stderr)
            raise
    print(f"{last - first + 1} seeds hold")


if __name__ == "__main__":
    bounds = [int(word) for word in sys.argv[1:3]] or [1, 1000]
    main(bounds[0], bounds[-1])
