"""`python -m tests.bench [NAME...]`: measure all, or what is named, and print a table of medians with the goals."""

import argparse
import logging
import sys
from collections.abc import Callable, Iterator
from contextlib import ExitStack
from time import monotonic
from typing import Final, NamedTuple

from tests.bench import (
    days,
    hostile,
    judge,
    latency,
    memory,
    postings,
    read_model,
    restore,
    restore_large,
    scanners,
    shipments,
)
from tests.bench.kafka_bench import KafkaBench
from tests.bench.page import FILE, keep
from tests.bench.report import Figure, print_figures, say_noise
from tests.prerequisites import kafka_missing

RUNS: Final = 3
POSTINGS: Final = 720_000
RESTORED_ROWS: Final = 8_000_000
SHIPMENTS: Final = 120_000
DECISIONS: Final = 300_000
JUDGED_BILLS: Final = 200_000
KEPT_BILLS: Final = 1_000_000
DAY_BILLS: Final = 100_000
LATENCY_SECONDS: Final = 10.0
SCANNERS: Final = 2_000
SCANNING_SECONDS: Final = 20.0
PROFILED: Final = 200_000

Ask = Callable[[], KafkaBench]
"""Returns the kafka bench, which is made when it is first asked for."""


class Bench(NamedTuple):
    """One measurement by name."""

    measure: Callable[[Ask, int], Iterator[Figure]]
    needs_kafka: bool = True


def _days(ask: Ask, runs: int) -> Iterator[Figure]:
    yield from days.measure(DAY_BILLS, runs)
    if kafka_missing() is None:
        yield from days.measure_stall(ask(), DAY_BILLS, runs)


BENCHES: Final = {
    "postings": Bench(lambda ask, runs: postings.measure(ask(), POSTINGS, runs)),
    "restore": Bench(lambda ask, runs: restore.measure(ask(), POSTINGS, runs)),
    "restore-large": Bench(lambda ask, runs: restore_large.measure(ask(), POSTINGS, RESTORED_ROWS, runs)),
    "shipments": Bench(lambda ask, runs: shipments.measure(ask(), SHIPMENTS, runs)),
    "read-model": Bench(lambda ask, runs: read_model.measure(ask(), DECISIONS, runs)),
    "scanners": Bench(lambda ask, runs: scanners.measure(ask(), SCANNERS, SCANNING_SECONDS, runs)),
    "latency": Bench(lambda ask, runs: latency.measure(ask(), LATENCY_SECONDS, runs)),
    "judge": Bench(lambda _, runs: judge.measure(JUDGED_BILLS, runs), needs_kafka=False),
    "memory": Bench(lambda _, _runs: memory.measure(KEPT_BILLS), needs_kafka=False),
    "days": Bench(_days, needs_kafka=False),
    "hostile": Bench(lambda _, _runs: hostile.measure(), needs_kafka=False),
}
PROFILES: Final = ("postings", "judge")


def main() -> None:
    """Read the command line and measure."""
    parser = argparse.ArgumentParser(prog="python -m tests.bench", description=__doc__)
    parser.add_argument("names", nargs="*", metavar="NAME", help=", ".join(BENCHES))
    parser.add_argument("--runs", type=int, default=RUNS, help="runs of each measurement, 3 by default")
    parser.add_argument("--profile", action="store_true", help="show where the time of postings or judge goes instead")
    parser.add_argument(
        "--page", action="store_true", help="keep the figures in docs/performance.json and write the page of them"
    )
    parser.add_argument("--pictures", action="store_true", help="draw the dashboards of a run under load instead")
    arguments = parser.parse_args()
    if arguments.pictures:
        from tests.bench import pictures  # noqa: PLC0415 - matplotlib is slow to load

        sys.exit(pictures.main())
    wrong = set(arguments.names) - set(BENCHES)
    if wrong:
        parser.error(f"no such measurement: {', '.join(sorted(wrong))}; there are {', '.join(BENCHES)}")
    # A topic that was just made has no leader yet; the client tries again.
    logging.getLogger("aiokafka").setLevel(logging.CRITICAL)
    with ExitStack() as stack:
        grounds: list[KafkaBench] = []

        def ask() -> KafkaBench:
            if not grounds:
                grounds.append(stack.enter_context(KafkaBench.own()))
            return grounds[0]

        if arguments.profile:
            _profile(ask, arguments.names or list(PROFILES))
        else:
            _measure(ask, arguments.names or list(BENCHES), arguments.runs, page=arguments.page)


def _measure(ask: Ask, names: list[str], runs: int, *, page: bool) -> None:
    figures, quiet, begun = [], [], monotonic()
    for name in names:
        bench, missing = BENCHES[name], kafka_missing()
        if bench.needs_kafka and missing:
            print(f"{name}: left out, {missing}")
            continue
        noisy = say_noise()
        print(f"{name} ...", file=sys.stderr, flush=True)
        for figure in bench.measure(ask, runs):
            print(f"  {figure.name}: {figure.value:,.4g} {figure.unit}", file=sys.stderr, flush=True)
            figures.append(figure)
            if not noisy:
                quiet.append(figure)
    print_figures(figures)
    print(f"{runs} runs of each; {monotonic() - begun:.0f} s in all")
    if page:
        _write_page(quiet, len(figures) - len(quiet))


def _write_page(figures: list[Figure], noisy: int) -> None:
    from tests.docs.generate import main as write_documents  # noqa: PLC0415 - it loads every document's maker

    keep(figures)
    write_documents([])
    print(f"{len(figures)} figures are kept in {FILE.name}; {noisy} are not, since others used the machine")


def _profile(ask: Ask, names: list[str]) -> None:
    for name in names:
        if name not in PROFILES:
            print(f"{name}: only {' and '.join(PROFILES)} have a profile")
            continue
        print(f"{name}: time in the functions themselves; the profiler itself makes small functions look dearer")
        print(postings.profile(ask(), PROFILED) if name == "postings" else judge.profile(PROFILED))


if __name__ == "__main__":
    main()
