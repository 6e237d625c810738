"""Hundreds of seeded lives hold, and the auditor that says so catches runners and steps that are wrong on purpose."""

import os
from collections.abc import Callable
from functools import cache

import pytest

from stream.outcomes import VERDICTS
from tests.reference.shipped import EVERY
from tests.simulation.flaws import FLAWS, FLAWS_OF_PROGRAMMES
from tests.simulation.simulator import Simulation
from tests.simulation.worker import Worker
from tests.simulation.workload import FAULTS

SEED = os.environ.get("TALLYGATE_SEED")
"""Replay this one instead of all."""

FIFTIES = [range(first, first + 50) for first in range(1, 301, 50)]
SEEDS = [range(int(SEED), int(SEED) + 1)] if SEED else FIFTIES


@cache
def live(seed: int) -> frozenset[str]:
    """Run one seed; a failure names it."""
    try:
        return frozenset(Simulation(seed).run())
    except Exception as failure:
        failure.add_note(f"replay: TALLYGATE_SEED={seed} pytest tests/simulation, or python -m tests.simulation {seed}")
        raise


@pytest.mark.parametrize("seeds", SEEDS, ids=lambda seeds: f"{seeds[0]}-{seeds[-1]}")
def test_lives_hold(seeds: range) -> None:
    """Whatever crashes, repeats and moves: every record is accounted for, every decision present once and right."""
    assert all(live(seed) for seed in seeds)


def test_workload_reaches_everything() -> None:
    """Lives meet every outcome with its reason, alert, fate and fault, and what tells programmes apart."""
    seen = set().union(*(live(seed) for seed in range(1, 301)))
    outcomes = {
        f"{outcome} {reason}"
        for verdict in VERDICTS
        for reason in verdict.reasons
        for outcome in (verdict.outcome, verdict.outcome_estimated)
    }
    alerts = {f"alert {kind}" for kind in ("near-limit", "duplicate-bill", "structuring", "release-superseded")}
    fates = {"applied", "stale", "no-op", *(f"dead-lettered {fault}" for fault in (*FAULTS, "version-conflict"))}
    assert (outcomes | alerts | fates | OF_PROGRAMMES | {"withhold then release", "covered in part"}) - seen == set()


OF_PROGRAMMES = {
    f"{programme.id} {word}"
    for programme in EVERY.programmes.values()
    for word in (
        "within-limit",
        "daily-limit" if programme.window == "day" else "period-limit",
        "day-closed",
        *(() if programme.overflow == "setting" else (programme.overflow, f"{programme.overflow} in the end")),
    )
} | {f"us-321 {overflow}" for overflow in ("skip", "latch", "all_or_none")}


def test_one_seed_is_one_life() -> None:
    """The same seed leaves the same logs, byte for byte."""
    lives = [Simulation(7), Simulation(7)]
    for one in lives:
        one.run()
    assert lives[0].broker.logs == lives[1].broker.logs
    assert lives[0].broker.changelogs == lives[1].broker.changelogs


@pytest.mark.parametrize("flaw", FLAWS, ids=lambda flaw: flaw.__name__)
def test_auditor_catches(flaw: type[Worker]) -> None:
    """A runner with a classic mistake is caught by the auditor within a few lives that hold with a sound one."""
    assert any(caught(seed, flaw) for seed in range(1, 41))


@pytest.mark.parametrize("plant", FLAWS_OF_PROGRAMMES, ids=lambda plant: plant.__name__)
def test_auditor_catches_steps(plant: Callable[[pytest.MonkeyPatch], None], monkeypatch: pytest.MonkeyPatch) -> None:
    """A step that takes a programme wrongly is caught within a few lives that hold with a sound one."""
    plant(monkeypatch)
    assert any(caught(seed, Worker) for seed in range(1, 41))


def caught(seed: int, workers: type[Worker]) -> bool:
    """Tell whether the auditor, and not a step that stumbles over its table, finds fault with a life."""
    try:
        Simulation(seed, workers).run()
    except AssertionError:
        return True
    except (KeyError, IndexError, ValueError, AttributeError, StopIteration):
        return False
    return False
