"""What the manifest step costs an event, in microseconds: `python -m tests.bench.manifest_step`.

Each figure is processor time, the best of five passes. `--profile` shows where the time of a new bill goes.
"""

import cProfile
import sys
from collections.abc import Callable
from time import process_time

import msgspec

from state.manifest.step import ManifestStep
from state.rules.loading import load_rulebook
from state.table import Overlay, Table
from stream.consignee import JUDGE_SECRET, KeyMaker
from stream.reading import Reader
from stream.records import PlainRecord, Record

BILLS = 20_000
PASSES = 5
TIMESTAMP = 1_755_637_500_000


def bill_record(number: int, consignee: int, conveyance: str, offset: int, **more: object) -> Record:
    """A typical new bill of one line, without order; `more` are further fields of it."""
    event = {
        "specversion": "1.0",
        "id": f"e-{number}",
        "source": "/acme/fulfilment",
        "type": "tallygate.bill.manifested.v1",
        "time": "2025-08-19T21:04:11Z",
        "data": {
            "bill": f"ACME{number:08d}",
            "version": 1,
            "conveyance": conveyance,
            "sequence": number,
            "manifested_at": f"2025-08-19T{number // 3600 % 24:02d}:{number // 60 % 60:02d}:{number % 60:02d}Z",
            "mode": "air",
            "filing": "manifest",
            "consignee": {
                "name": f"Jane Q. Public {consignee}",
                "address": {
                    "lines": [f"{consignee} North Main Street", "Apt 4"],
                    "city": "Springfield",
                    "state": "IL",
                    "postal": "62701-1234",
                    "country": "US",
                },
            },
            "shipper": {"name": "Acme Trading", "country": "FR"},
            "lines": [
                {
                    "description": "cotton shirt",
                    "hts": "6109.10",
                    "origin": "FR",
                    "quantity": 2,
                    "value": {"amount": f"{number % 90 + 1}.{number % 100:02d}", "currency": "USD"},
                    "flags": [],
                }
            ],
            "estimated_arrivals": ["2025-08-20"],
            **more,
        },
    }
    return PlainRecord("shipments", 0, offset, TIMESTAMP, conveyance.encode(), msgspec.json.encode(event))


def arrival_record(conveyance: str, offset: int) -> Record:
    """The arrival of a conveyance."""
    event = {
        "specversion": "1.0",
        "id": f"a-{offset}",
        "source": "/acme/fulfilment",
        "type": "tallygate.conveyance.arrived.v1",
        "time": "2025-08-20T12:00:00Z",
        "data": {"conveyance": conveyance, "arrived_at": "2025-08-20T11:58:00Z"},
    }
    return PlainRecord("shipments", 0, offset, TIMESTAMP, conveyance.encode(), msgspec.json.encode(event))


def bills(consignees: int, bills_a_conveyance: int, count: int = BILLS) -> list[Record]:
    """New bills in order, `bills_a_conveyance` at a time on one conveyance."""
    return [
        bill_record(number, number % consignees, f"air:AF{number // bills_a_conveyance:04d}:2025-08-20", number)
        for number in range(count)
    ]


def new_step() -> ManifestStep:
    """The step with the shipped rules."""
    return ManifestStep(load_rulebook(), KeyMaker(JUDGE_SECRET), 1)


def run(step: ManifestStep, table: Overlay, records: list[Record]) -> None:
    """Judge all records into one overlay."""
    for record in records:
        for _ in step(record, table).outputs:
            pass


def best(prepare: Callable[[], Callable[[], None]], events: int) -> float:
    """Microseconds an event, best of the passes; what is prepared is not counted."""
    times = []
    for _ in range(PASSES):
        work = prepare()
        start = process_time()
        work()
        times.append(process_time() - start)
    return min(times) / events * 1e6


def step_cost(records: list[Record], warm: list[Record]) -> float:
    """Cost of the step alone, with caches as `warm` leaves them."""

    def prepare() -> Callable[[], None]:
        step, table = new_step(), Table().overlay()
        run(step, Table().overlay(), warm)
        return lambda: run(step, table, records)

    return best(prepare, len(records))


def reading_cost(records: list[Record]) -> float:
    """Cost of reading alone."""

    def prepare() -> Callable[[], None]:
        read = Reader(1).read

        def work() -> None:
            for record in records:
                read(record)

        return work

    return best(prepare, len(records))


def fan_out_cost(count: int, consignees: int) -> tuple[float, float]:
    """Microseconds a bill of an arrival with `count` bills, and the longest slice in milliseconds."""
    conveyance = "air:AF9999:2025-08-20"
    step, table = new_step(), Table()
    overlay = table.overlay()
    run(step, overlay, [bill_record(number, number % consignees, conveyance, number) for number in range(count)])
    overlay.join()
    overlay = table.overlay()
    slices, begun = [], process_time()
    start = begun
    for output in step(arrival_record(conveyance, count), overlay).outputs:
        if output is None:
            slices.append(process_time() - start)
            start = process_time()
    slices.append(process_time() - start)
    return (process_time() - begun) / count * 1e6, max(slices) * 1e3


def main() -> None:
    """Print the figures."""
    repeated, fresh = bills(1000, 500), bills(BILLS, 500)
    if "--profile" in sys.argv:
        step, table = new_step(), Table().overlay()
        run(step, Table().overlay(), repeated[:1000])
        profile = cProfile.Profile()
        profile.runcall(run, step, table, repeated)
        profile.print_stats("tottime")
        return
    print(f"reading                              {reading_cost(repeated):7.2f} us a bill")
    print(f"new bill, consignee known            {step_cost(repeated, repeated[:1000]):7.2f} us a bill")
    print(f"new bill, new consignee              {step_cost(fresh, []):7.2f} us a bill")
    for count, consignees in ((20_000, 20_000), (100_000, 100_000), (100_000, 1)):
        cost, longest = fan_out_cost(count, consignees)
        print(
            f"arrival, {count:6} bills, {consignees:6} persons {cost:7.2f} us a bill, slice of {longest:.1f} ms at most"
        )
    overlay = Table().overlay()
    run(new_step(), overlay, repeated[:1])
    sizes = [len(key) + len(value or b"") for key, value in overlay.changes()]
    print(f"rows of one new bill on a new conveyance: {sizes} bytes of changelog key and value")


if __name__ == "__main__":
    main()
