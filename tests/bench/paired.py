"""Two trees on the same records: `python -m tests.bench.paired OLD_TREE [--rounds 30] [--bills 1000]`.

Each tree runs in a process of its own, in turn, so that both meet the same noise. The table has, by step, life and
phase, how the second tree (this one, unless told) compares with the first: bytecodes, which are exact, the ratio of the
least times, and the median of the ratios. A tree to compare with comes from `git worktree add`.
"""

import argparse
import json
import os
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from pathlib import Path
from statistics import median
from typing import Final, NamedTuple

import msgspec

from tests.bench.lives import all_phases

HERE: Final = Path(__file__).resolve()
THIS_TREE: Final = HERE.parents[2]
PROGRAM: Final = HERE.with_name("paired_tree.py")

Said = dict[str, tuple[float, str]]


class Pair(NamedTuple):
    """One step, life and phase in both trees."""

    name: str
    bytecodes: tuple[float, float]
    times: tuple[tuple[float, ...], tuple[float, ...]]
    same: bool
    """Whether both sent the same postings or decisions."""

    @property
    def bytecode_ratio(self) -> float:
        """Return the bytecodes of the second tree for each of the first."""
        return self.bytecodes[1] / self.bytecodes[0]

    @property
    def least_ratio(self) -> float:
        """Return the ratio of the least times."""
        return min(self.times[1]) / min(self.times[0])

    @property
    def median_ratio(self) -> float:
        """Return the median of the ratios of each round."""
        return median(new / old for old, new in zip(*self.times, strict=True))


class Tree:
    """A tree at work in a process of its own."""

    def __init__(self, process: "subprocess.Popen[str]") -> None:
        self._process = process

    @classmethod
    @contextmanager
    def started(cls, folder: Path, lives: Path) -> Iterator["Tree"]:
        """Start the program over a tree."""
        command = [sys.executable, "-P", str(PROGRAM), str(lives)]
        environment = {**os.environ, "PYTHONPATH": str(folder.resolve()), "PYTHONHASHSEED": "0"}
        with subprocess.Popen(
            command, cwd=folder, env=environment, text=True, stdin=subprocess.PIPE, stdout=subprocess.PIPE
        ) as process:
            yield cls(process)
            process.communicate()

    def ask(self, command: str) -> Said:
        """Run all lives once."""
        assert self._process.stdin is not None
        assert self._process.stdout is not None
        print(command, file=self._process.stdin, flush=True)
        return {name: (took, said) for name, (took, said) in json.loads(self._process.stdout.readline()).items()}


def compare(old: Path, new: Path, rounds: int, bills: int) -> list[Pair]:
    """Run two trees in turn on the same records."""
    with ExitStack() as stack:
        lives = Path(stack.enter_context(tempfile.TemporaryDirectory())) / "lives"
        lives.write_bytes(msgspec.msgpack.encode(list(all_phases(bills))))
        trees = [stack.enter_context(Tree.started(folder, lives)) for folder in (old, new)]
        # The first run fills caches and lets the interpreter specialise.
        _ = [tree.ask("time") for tree in trees]
        counted = [tree.ask("count") for tree in trees]
        timed = [[tree.ask("time") for tree in trees] for _ in range(rounds)]
    return [
        Pair(
            name,
            (counted[0][name][0], counted[1][name][0]),
            (tuple(first[name][0] for first, _ in timed), tuple(second[name][0] for _, second in timed)),
            counted[0][name][1] == counted[1][name][1],
        )
        for name in counted[0]
    ]


def main() -> None:
    """Print the table."""
    parser = argparse.ArgumentParser(prog="python -m tests.bench.paired", description=__doc__)
    parser.add_argument("old", type=Path, help="the tree to compare with")
    parser.add_argument("--new", type=Path, default=THIS_TREE, help="the tree to compare, this one by default")
    parser.add_argument("--rounds", type=int, default=30, help="30 by default; 0 counts bytecodes only")
    parser.add_argument("--bills", type=int, default=1000)
    arguments = parser.parse_args()
    print(f"{'step: life: phase':45} {'bytecodes':>9} {'least':>6} {'median':>6}  new/old")
    for pair in compare(arguments.old, arguments.new, arguments.rounds, arguments.bills):
        ratios = f"{pair.bytecode_ratio:9.3f}"
        if pair.times[0]:
            ratios += f" {pair.least_ratio:6.3f} {pair.median_ratio:6.3f}"
        print(f"{pair.name:45} {ratios}{'' if pair.same else '  OTHER BYTES'}")


if __name__ == "__main__":
    main()
