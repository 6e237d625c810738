"""The incremental step equals the plain model after every posting record, whatever befalls bills and transactions."""

import random
from collections import Counter
from collections.abc import Callable, Iterator
from typing import Any, get_args

import pytest
from hypothesis import HealthCheck, settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, invariant, rule

from state.withholding.step import INDEX_ROWS_MIN
from stream.alerts import AlertKind
from stream.decisions import DecisionData, Overflow, Policy
from stream.outcomes import VERDICTS
from tests.property.withholding.lives import BILLS, CONVEYANCES, FIRST_DAYS, Lives
from tests.property.withholding.trial import Trial, policies

CROWDED_VALUES = (100, 700, 1_500, 2_500, 5_000, 9_999, 0, 30_000)
NUMBERS = st.sampled_from((0, 1))
BILL = st.sampled_from(BILLS)
CONVEYANCE = st.sampled_from(CONVEYANCES)


def picker(data: st.DataObject) -> Callable[..., Any]:
    """Let Hypothesis choose, so that it can find a plainer case of a failure."""
    return lambda options: data.draw(st.sampled_from(options))


class LivesOfBills(RuleBasedStateMachine):
    """Bills come, change, move and go; transactions end, fail and are replayed; tables are rebuilt."""

    @initialize(
        first_day=st.sampled_from(FIRST_DAYS),
        policy=st.sampled_from(policies()),
        index_rows_min=st.sampled_from((INDEX_ROWS_MIN, 0, 1, 3)),
    )
    def begin(self, first_day: Any, policy: Policy, index_rows_min: int) -> None:
        self.lives = Lives(first_day)
        self.trial = Trial(policy, index_rows_min)

    @rule(bill=BILL, conveyance=CONVEYANCE, data=st.data())
    def whole_bill(self, bill: str, conveyance: str, data: st.DataObject) -> None:
        self.trial.post(self.lives.whole_bill(bill, conveyance, picker(data)))

    @rule(bill=BILL, conveyance=CONVEYANCE, data=st.data())
    def same_again(self, bill: str, conveyance: str, data: st.DataObject) -> None:
        self.trial.post(self.lives.whole_bill(bill, conveyance, picker(data)))

    @rule(bill=BILL, conveyance=CONVEYANCE, data=st.data())
    def leave(self, bill: str, conveyance: str, data: st.DataObject) -> None:
        self.trial.post(self.lives.leave(bill, conveyance, picker(data)))

    @rule(conveyance=CONVEYANCE, data=st.data())
    def move_conveyance(self, conveyance: str, data: st.DataObject) -> None:
        self.trial.post(self.lives.move_conveyance(conveyance, picker(data)))

    @rule(data=st.data())
    def pass_time(self, data: st.DataObject) -> None:
        self.lives.pass_time(picker(data))

    @rule(number=NUMBERS, sweep_budget=st.sampled_from((0, 1, 100)))
    def commit(self, number: int, sweep_budget: int) -> None:
        self.trial.commit(number, sweep_budget)

    @rule(number=NUMBERS)
    def drop(self, number: int) -> None:
        self.trial.drop(number)

    @rule(number=NUMBERS)
    def rebuild(self, number: int) -> None:
        self.trial.rebuild(number)

    @invariant()
    def at_rest(self) -> None:
        if hasattr(self, "trial"):
            self.trial.check_at_rest()


LivesOfBills.TestCase.settings = settings(
    max_examples=60,
    stateful_step_count=40,
    suppress_health_check=[HealthCheck.too_slow, HealthCheck.data_too_large],
)
TestLivesOfBills = LivesOfBills.TestCase


@pytest.mark.parametrize("index_rows_min", [INDEX_ROWS_MIN, 0, 2])
@pytest.mark.parametrize("policy", policies(), ids=lambda policy: "-".join(map(str, policy_words(policy))))
def test_long_lives(policy: Policy, index_rows_min: int) -> None:
    """Long seeded lives, which Hypothesis would be slow to draw, agree too under every policy."""
    rng = random.Random(f"{policy}-{index_rows_min}")
    for _ in range(3):
        lives, trial = Lives(rng.choice(FIRST_DAYS)), Trial(policy, index_rows_min)
        for _ in range(70):
            trial.post(lives.anything(rng.choice))
            trial.check_at_rest()
            number = rng.choice((0, 1))
            match rng.choice(("commit", "commit", "go on", "go on", "drop", "rebuild")):
                case "commit":
                    trial.commit(number, rng.choice((0, 1, 100)))
                case "drop":
                    trial.drop(number)
                case "rebuild":
                    trial.rebuild(number)


def test_lives_meet_whatever_the_contract_tells_apart() -> None:
    """What decisions, alerts and rows tell apart does happen in lives: no agreement on what never was asked."""
    rng = random.Random("meetings")
    met: Counter[str] = Counter()
    for first_day in FIRST_DAYS * 6:
        lives, trial = Lives(first_day), Trial(Policy(rng.choice(("skip", "latch", "all_or_none"))))
        for _ in range(150):
            postings = lives.anything(rng.choice)
            for judged in trial.post(postings):
                met.update(f"alert {alert.alert}" for alert in judged.alerts)
                for decision in judged.decisions:
                    met.update(words_of(decision))
            met.update(f"shared {len(trial.shared_numbers()) > 0}" for _ in "1")
            trial.commit(rng.choice((0, 1)), rng.choice((0, 100)))
    assert {name: met[name] for name in MEETINGS if met[name] < 3} == {}


OF_OTHER_PROGRAMMES = {"period-limit", "single-weight-over-limit"}
"""Reasons that us-321 never gives: `test_worlds` has them."""
MEETINGS = (
    *(f"reason {reason}" for verdict in VERDICTS for reason in verdict.reasons if reason not in OF_OTHER_PROGRAMMES),
    *(f"alert {kind}" for kind in get_args(AlertKind)),
    *("rule single-200", "rule single-800", "rule goods-fda-manifest", "rule goods-pga-manifest"),
    *("rule origin-cn-hk-2025-02", "rule origin-cn-hk-2025-05"),
    *("rule suspension-2025", "rule suspension-2026-regulation"),
    *("closed counts", "mail single-value-over-limit", "errors though closed", "shared True"),
    *("caution with daily-limit", "caution with single-value-over-limit", "next day", "no next day"),
)


def words_of(decision: DecisionData) -> Iterator[str]:
    """Name what a decision meets."""
    advice = decision.advice
    yield f"reason {decision.reason}"
    yield f"rule {decision.rule}"
    if decision.outcome == "closed" and decision.counts:
        yield "closed counts"
    if decision.outcome == "closed" and decision.filing_errors:
        yield "errors though closed"
    if advice is not None:
        if advice.entry_type is None:
            yield f"mail {decision.reason}"
        if advice.caution is not None:
            yield f"caution with {decision.reason}"
        elif decision.reason == "daily-limit":
            yield "next day" if advice.next_day else "no next day"


@pytest.mark.parametrize("overflow", ["skip", "latch", "all_or_none"])
@pytest.mark.parametrize("block_max", [1, 3, 512])
def test_crowded_days(overflow: Overflow, block_max: int, monkeypatch: pytest.MonkeyPatch) -> None:
    """Days of dozens of small bills agree too, also where the walk is cut into blocks of one or three."""
    monkeypatch.setattr("state.withholding.walk.BLOCK_MAX", block_max)
    rng = random.Random(f"{overflow}-{block_max}")
    numbers = [f"CROWD{number}" for number in range(40)]
    for _ in range(4):
        lives, trial = Lives(FIRST_DAYS[0], numbers=numbers, values=CROWDED_VALUES), Trial(Policy(overflow))
        for _ in range(220):
            trial.post(lives.anything(rng.choice))
            trial.commit(rng.choice((0, 1)), rng.choice((0, 10)))
        trial.check_at_rest()


@pytest.mark.parametrize("seed", range(20))
def test_sweeping_never_shows(seed: int) -> None:
    """Over years the outputs do not tell whether and when expired rows were swept."""
    rng = random.Random(seed)
    lives, gone = Lives(rng.choice(FIRST_DAYS)), 0
    swept, unswept, at_times = Trial(Policy()), Trial(Policy()), Trial(Policy())
    for _ in range(200):
        for posting in lives.anything(rng.choice):
            assert swept.judge(posting) == unswept.judge(posting) == at_times.judge(posting)
        if rng.random() < 0.1:
            lives.skip_ahead(days=rng.choice((5, 16, 50, 90)))
        for number in (0, 1):
            gone += swept.commit(number, 1000)
            unswept.commit(number)
            at_times.commit(number, rng.choice((0, 1, 3)))
    assert gone > 0


def policy_words(policy: Policy) -> tuple[str, ...]:
    """Name a policy."""
    return policy.overflow, policy.rounding, policy.enforcement, str(policy.as_of)
