"""Lives under random programmes: the step agrees with the plain model to the byte, in every form of a ledger."""

import random
from collections import Counter
from collections.abc import Iterator
from typing import Any

import pytest

from state.withholding.step import INDEX_ROWS_MIN, WithholdingStep
from stream.decisions import DecisionData, Policy
from tests.property.withholding.lives import FIRST_DAYS, Lives
from tests.property.withholding.trial import Trial, policies
from tests.reference.drawn import draw_world
from tests.reference.rule_file import rulebook_for
from tests.reference.shipped import EVERY

ACTS = 70
SMALL = (100, 700, 1_500, 2_500, 5_000, 9_999, 0, 0, 30_000)


def trial_of(rng: random.Random, **changes: Any) -> tuple[Lives, Trial]:
    """Return lives whose bills claim random programmes, and both judges of them."""
    first_day = rng.choice(FIRST_DAYS)
    world = draw_world(rng.choice, first_day, 2)
    drawn = [name for name in world.programmes if name.startswith("x-")]
    policy = Policy(
        rng.choice(("skip", "latch", "all_or_none")),
        rng.choice(("cents", "whole-dollars")),
        rng.choice(("auto", "auto", "warn", "withhold")),
        rng.choice((None, None, None, first_day)),
    )
    programmes = [*drawn * 5, "us-321", "us-gift", "unknown"]
    lives = Lives(first_day, world=world, programmes=programmes, **changes)
    return lives, Trial(policy, rng.choice((INDEX_ROWS_MIN, 0, 0, 1, 3)), world, rulebook_for(world))


def live(rng: random.Random, lives: Lives, trial: Trial, acts: int) -> Iterator[DecisionData]:
    """Let things happen, with commits, losses and replays; yield all decisions."""
    for _ in range(acts):
        for judged in trial.post(lives.anything(rng.choice)):
            yield from judged.decisions
        trial.check_at_rest()
        number = rng.choice((0, 1))
        match rng.choice(("commit", "commit", "lose books", "lose books", "go on", "drop", "rebuild")):
            case "commit":
                trial.commit(number, rng.choice((0, 1, 100)))
            case "lose books":
                trial.commit(number)
                trial.lose_books(number)
            case "drop":
                trial.drop(number)
            case "rebuild":
                trial.rebuild(number)


@pytest.mark.parametrize("seed", range(40))
def test_any_programme(seed: int) -> None:
    """Programmes of any window, overflow, measures, sellers, zone and dates, with limits that turn."""
    rng = random.Random(seed)
    lives, trial = trial_of(rng)
    assert sum(1 for _ in live(rng, lives, trial, ACTS)) > 0


@pytest.mark.parametrize("seed", range(10))
def test_crowded_ledgers(seed: int) -> None:
    """Ledgers of dozens of small bills, some of them worth nothing."""
    rng = random.Random(f"crowded-{seed}")
    lives, trial = trial_of(rng, numbers=[f"CROWD{number}" for number in range(30)], values=SMALL)
    assert sum(1 for _ in live(rng, lives, trial, 2 * ACTS)) > 0


@pytest.mark.parametrize("seed", range(6))
def test_sweeping_never_shows(seed: int) -> None:
    """Whether and when rows of closed ledgers are swept changes no output, over years."""
    rng = random.Random(f"sweeping-{seed}")
    first_day = rng.choice(FIRST_DAYS)
    world = draw_world(rng.choice, first_day, 3)
    lives = Lives(first_day, world=world, programmes=[*world.programmes])
    trials = [Trial(Policy(), 3, world, rulebook_for(world)) for _ in range(3)]
    gone = 0
    for _ in range(150):
        for posting in lives.anything(rng.choice):
            said = [trial.judge(posting) for trial in trials]
            assert said[0] == said[1] == said[2]
        if rng.random() < 0.1:
            lives.skip_ahead(days=rng.choice((5, 16, 50, 90, 370)))
        for number in (0, 1):
            for trial, budget in zip(trials, (1000, 0, rng.choice((0, 1, 3))), strict=True):
                gone += trial.commit(number, budget)
    assert gone > 0


def test_every_shipped_programme_judges_as_the_plain_model() -> None:
    """The programmes of the table of regimes, side by side under random policies, meet what tells them apart."""
    rng = random.Random("shipped")
    met: Counter[str] = Counter()
    book = rulebook_for(EVERY)
    for first_day, policy in zip(FIRST_DAYS * 2, rng.sample(policies(), 2 * len(FIRST_DAYS)), strict=True):
        lives = Lives(first_day, world=EVERY, programmes=[*EVERY.programmes])
        trial = Trial(policy, rng.choice((INDEX_ROWS_MIN, 0)), EVERY, book)
        for decision in live(rng, lives, trial, 2 * ACTS):
            met[decision.programme] += 1
            met[f"{decision.outcome} {decision.reason}"] += 1
            met["covered in part"] += decision.reason == "period-limit" and decision.counts
            met["measures"] += len(decision.measures) > 0
        met.update(trial.rested)
    expected = [*EVERY.programmes, "withhold period-limit", "warn period-limit", "covered in part", "measures"]
    expected += [f"{one.id} {one.overflow}" for one in EVERY.programmes.values() if one.overflow != "setting"]
    expected += [f"us-321 {overflow}" for overflow in ("skip", "latch", "all_or_none")]
    assert [name for name in expected if met[name] < 2] == []


def test_heads_judge_bills_of_long_periods(monkeypatch: pytest.MonkeyPatch) -> None:
    """Without books a posting is judged by heads, and by all bills only where heads do not tell."""
    seen: Counter[str] = Counter()
    by_heads = WithholdingStep._by_heads

    def counted(step: WithholdingStep, *arguments: Any) -> Any:
        found = by_heads(step, *arguments)
        seen["told" if found is not None else "read"] += 1
        return found

    monkeypatch.setattr(WithholdingStep, "_by_heads", counted)
    rng = random.Random("heads")
    lives = Lives(FIRST_DAYS[0], world=EVERY, programmes=["ec", "uz", "az", "pe", "ge"])
    trial = Trial(Policy(), 0, EVERY, rulebook_for(EVERY))
    for _ in range(300):
        trial.post(lives.anything(rng.choice))
        for number in (0, 1):
            trial.commit(number)
            trial.lose_books(number)
    assert seen["told"] > 100
    assert seen["read"] > 0
