"""A worker shows its engine's numbers as they stand, and what its step decided once that is committed."""

from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

from agents.engine.engine_progress import EngineProgress, PartitionProgress
from agents.engine.watchdog import Watchdog
from agents.worker.engine_metrics import ENGINE, EngineMetrics
from agents.worker.watching import stalled, unready
from state.rules import load_rulebook
from state.step import Step
from stream.records import Fate
from tests.toy.step import toy
from tests.unit.observability.scraping import Labels, scrape, value, values
from tests.unit.withholding.judged_step import JudgedStep, posted


@contextmanager
def shown(step: Step, progress: EngineProgress) -> Iterator[EngineMetrics]:
    """Show an engine for a while."""
    metrics = EngineMetrics(step)
    metrics.attached(lambda: progress, lambda: 7.0)
    yield metrics
    ENGINE.registry.unregister(metrics.reading)


def risen(text: str, name: str) -> dict[Labels, float]:
    """Return the samples of this name that are not 0, by their labels."""
    return {labels: number for labels, number in values(text, name).items() if number}


def toy_step() -> Step:
    """Return a step that keeps no tally."""
    return toy(None, 4)


def test_counts_are_read_when_they_are_asked_for() -> None:
    """Fates, transactions, lags, waiting records, tables and halts are those of the engine at the scrape."""
    known = PartitionProgress(
        position=70,
        stable_offset=100,
        event_lag_ms=1500,
        halted="poison",
        waiting_records=5,
        waiting_bytes=900,
        table_rows=8,
        table_bytes=640,
    )
    progress = EngineProgress(
        partitions={3: known}, transactions=4, aborted=1, outputs=30, restored_rows=9, restore_seconds=0.5, settled=True
    )
    progress.fates = Counter({(Fate.APPLIED, ""): 6, (Fate.DEAD_LETTERED, "not-json"): 2})
    with shown(toy_step(), progress):
        text = scrape(ENGINE)
        progress.transactions = 5
        assert value(scrape(ENGINE), "tallygate_engine_transactions_total", result="committed") == 5
    wanted = {
        "records_total": ({"fate": "dead-lettered", "code": "not-json"}, 2),
        "transactions_total": ({"result": "aborted"}, 1),
        "outputs_total": ({}, 30),
        "restored_rows_total": ({}, 9),
        "restore_seconds_total": ({}, 0.5),
        "ready": ({}, 1),
        "partitions": ({}, 1),
        "watchdog_age_seconds": ({}, 7),
        "halted": ({"partition": "3", "reason": "poison"}, 1),
        "lag_offsets": ({"partition": "3"}, 30),
        "event_lag_seconds": ({"partition": "3"}, 1.5),
        "waiting_records": ({"partition": "3"}, 5),
        "waiting_bytes": ({"partition": "3"}, 900),
        "table_rows": ({"partition": "3"}, 8),
        "table_bytes": ({"partition": "3"}, 640),
    }
    found = {name: value(text, f"tallygate_engine_{name}", **labels) for name, (labels, _) in wanted.items()}
    assert found == {name: number for name, (_, number) in wanted.items()}
    assert value(text, "tallygate_engine_halted", partition="3", reason="ceiling") == 0
    assert value(text, "tallygate_engine_records_total", fate="stale") == 0


def test_fetches_and_transactions_are_spread() -> None:
    """Each chunk and each transaction counts once, a transaction by the records since the one before."""
    progress = EngineProgress()
    before = scrape(ENGINE)
    with shown(toy_step(), progress) as metrics:
        metrics.fetched(40, 9_000)
        for records in (30, 40):
            progress.records = records
            metrics.committed(progress, 0.02)
        text = scrape(ENGINE)

    def grown(name: str) -> float:
        name = f"tallygate_engine_{name}"
        return value(text, name, step="toy") - sum(
            number for labels, number in values(before, name).items() if ("step", "toy") in labels
        )

    assert {name: grown(f"{name}_sum") for name in ("chunk_records", "chunk_bytes", "transaction_records")} == {
        "chunk_records": 40,
        "chunk_bytes": 9_000,
        "transaction_records": 40,
    }
    assert grown("transaction_seconds_count") == 2


def test_decisions_count_once_they_are_committed() -> None:
    """What an aborted transaction decided counts for nothing; it is decided again."""
    judged_step = JudgedStep()
    with shown(judged_step.step, EngineProgress()) as metrics:
        judged_step.post(posted(1, 250))
        metrics.aborted()
        judged_step.post(posted(2, 12_345, mode="ocean"))
        assert risen(scrape(ENGINE), "tallygate_decisions_total") == {}
        metrics.committed(EngineProgress(), 0.01)
        text = scrape(ENGINE)
    labels = {"outcome": "release", "reason": "within-limit", "basis": "actual", "mode": "ocean", "programme": "us-321"}
    assert risen(text, "tallygate_decisions_total") == {frozenset(labels.items()): 1}
    assert value(text, "tallygate_decisions_value_total", **labels, currency="USD") == 123.45
    told = values(text, "tallygate_alerts_total")
    assert {dict(labels)["programme"] for labels in told} == {"us-321", "us-gift", "us-gift-insular"}
    assert set(told.values()) == {0}


def test_values_and_alerts_say_their_programme() -> None:
    """Values of a programme are counted in its currency, and an alert near a limit names the programme."""
    rulebook = load_rulebook().with_programmes(["us-321", "us-gift", "ge"], "us-321")
    judged_step = JudgedStep(rulebook=rulebook)
    with shown(judged_step.step, EngineProgress()) as metrics:
        of_ge: dict[str, Any] = {"programme": "ge", "seller": "se2:a", "weight_grams": 100}
        judged_step.post(posted(1, 29_950, **of_ge))
        judged_step.post(posted(2, 1_050, programme="us-gift"))
        metrics.committed(EngineProgress(), 0.01)
        text = scrape(ENGINE)
    found = {
        (dict(labels)["programme"], dict(labels)["currency"]): amount
        for labels, amount in risen(text, "tallygate_decisions_value_total").items()
    }
    assert found == {("ge", "GEL"): 299.5, ("us-gift", "USD"): 10.5}
    assert value(text, "tallygate_alerts_total", kind="near-limit", programme="ge") == 1
    assert value(text, "tallygate_alerts_total", kind="near-limit", programme="us-gift") == 0


def test_decisions_are_counted_by_enabled_programmes_alone() -> None:
    """A bill that claims a programme that is not enabled makes no series of its own."""
    judged_step = JudgedStep()
    with shown(judged_step.step, EngineProgress()) as metrics:
        unknown: dict[str, Any] = {"stand": "waiting", "cents": None, "filing_errors": ("unknown-programme",)}
        for number, name in enumerate(("made-up-1", "made-up-2"), 1):
            judged_step.post(posted(number, programme=name, **unknown))
        judged_step.post(posted(3, 100, programme="us-gift"))
        metrics.committed(EngineProgress(), 0.01)
        text = scrape(ENGINE)
    found = {dict(labels)["programme"]: made for labels, made in risen(text, "tallygate_decisions_total").items()}
    assert found == {"other": 2, "us-gift": 1}
    assert {dict(labels)["programme"] for labels in risen(text, "tallygate_decisions_value_total")} == {"us-gift"}


def test_ready_is_taken_over_and_restored() -> None:
    """Until then it says what is left to do."""
    progress = EngineProgress(partitions={0: PartitionProgress(restore_left=70), 1: PartitionProgress()})
    assert unready(progress) == "restoring, 70 offsets left"
    assert unready(EngineProgress()) == "partitions are being handed over"
    progress.settled = True
    assert unready(progress) == ""


def test_live_is_not_stalled() -> None:
    """A worker lives until its watchdog is about to end it."""
    watchdog = Watchdog(lambda: ("", None), 60, print)
    watchdog.stalled_seconds = 59
    assert stalled(watchdog) == ""
    watchdog.stalled_seconds = 60
    assert stalled(watchdog) == "no progress for 60 s"
