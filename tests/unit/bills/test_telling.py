"""An explanation: the answers to an officer's questions, in order, and what is not known."""

from datetime import date
from typing import Any

import msgspec
import pytest

from agents.bills.explanation import Explanation, explain, rule_facts
from agents.bills.facts import DayFacts
from state.rules import ENFORCEMENT_SETTING, load_rulebook
from stream.answers import choose
from stream.decisions import Advice, Code, Measure, Policy
from stream.outcomes import Action
from tests.redis.events import DAY, LIMIT
from tests.unit.bills.known import WITHHELD, facts, standing

RULEBOOK = load_rulebook()
OTHER_BILL = "another bill of the day changed"


def section(found: Explanation, title: str) -> str:
    """Return what stands under the heading that begins so; empty where there is none."""
    return "\n".join(line for each in found.sections if each.title.startswith(title) for line in each.lines)


def test_withheld_bill_is_explained() -> None:
    """A bill over the limit is told with action, figures, entry, next day, the day's bills, rule and policy."""
    found = explain(facts(standing("ACME0002", **WITHHELD)), RULEBOOK)
    assert (found.action, found.bill) == (Action.HOLD, "ACME0001")
    assert found.headline == "withheld: it has arrived and must not go (on air:1)"
    assert [each.title for each in found.sections] == [
        "Why", "What to do", "The person's day, Wed 20 Aug 2025", "The rule", "The policy", "What happened",
        "How sure this is",
    ]  # fmt: skip
    assert "$100.00 was left" in section(found, "Why")
    assert "Wed 20 Aug 2025, Eastern time: it arrived on that day" in section(found, "Why")
    assert "type 11" in section(found, "What to do")
    assert "Thu 21 Aug 2025" in section(found, "What to do")
    day = section(found, "The person's day").splitlines()
    assert [line[:2] for line in day[1:3]] == ["  ", "> "]
    assert ["ACME0001" in day[1], "ACME0002" in day[2]] == [True, True]
    assert ["counts" in day[1], "counts" in day[2]] == [True, False]
    assert day[3] == "Released now: $700.00 of $800.00; $100.00 is left."
    assert "skip: after a bill that does not fit" in section(found, "The policy")


def test_a_programme_is_told_first_with_its_certainty() -> None:
    """A parcel above a month's limit: programme and certainty stand before all else, amounts have their currency."""
    more: dict[str, Any] = {
        "programme": "uz", "period": "2025-08-01/2025-08-31", "outcome": "withhold", "reason": "period-limit",
        "counted_cents": 4_000, "total_cents": 20_000, "limit_cents": 20_000, "headroom_cents": 0,
        "rule": "uz-limit-200", "advice": Advice(None, date(2025, 9, 1), 6_000, None),
        "policy": Policy("skip", "cents", "auto", None),
    }  # fmt: skip
    found = explain(facts(standing(**more)), RULEBOOK)
    assert found.sections[0].title == "The programme"
    assert section(found, "The programme").splitlines() == [
        "uz: Uzbekistan by courier, USD 200 per person and month.",
        "Certainty B: the official position was seen through others. Check it in the text of the law.",
    ]
    why = section(found, "Why")
    assert "Released in that period were $200.00 of $200.00, so $0.00 was left. Duty is due on $60.00." in why
    assert "Wed 20 Aug 2025, in Asia/Tashkent: it arrived on that day." in why
    todo = section(found, "What to do")
    assert todo.startswith("Declare it with duty, or wait")
    assert "Mon 1 Sep 2025" in todo
    assert "mail" not in todo
    assert found.sections[3].title == "The person's month, 2025-08-01/2025-08-31"


@pytest.mark.parametrize(
    ("rule", "certainty"),
    [("suspension-2026-regulation", "B"), ("filing-no-description", "C"), ("limit-800", "A")],
)
def test_a_rule_that_is_not_certain_is_told_first(rule: str, certainty: str) -> None:
    """Under us-321 too the first lines say it where the deciding rule has certainty B or C; of A they do not."""
    found = explain(facts(standing(rule=rule)), RULEBOOK)
    assert found.rule is not None
    assert found.rule.certainty == certainty
    first = "\n".join(found.sections[0].lines)
    assert (f"Certainty {certainty}" in first) == (certainty != "A")


def test_another_currency_stands_beside_each_amount() -> None:
    """A parcel for Georgia is told in lari, by its flight, with the grams of the flight; no dollar sign is near."""
    more: dict[str, Any] = {
        "programme": "ge", "period": "conveyance", "currency": "GEL", "rule": "ge-limit-300", "limit_cents": 30_000,
        "headroom_cents": 28_800, "seller": "se2:a", "measures": (Measure("weight", 900, 30_000),),
    }  # fmt: skip
    day = DayFacts(1_200, 30_000, (standing(**more).data,), 1)
    found = explain(facts(standing(**more), day=day), RULEBOOK)
    said = "\n".join(line for each in found.sections for line in each.lines if "law" not in each.title)
    assert "It counts 12.00 GEL; with it 12.00 GEL of 300.00 GEL were used." in said
    assert "Released now: 12.00 GEL of 300.00 GEL; 288.00 GEL is left." in said
    assert "When this was decided: 900 g of 30,000." in said
    assert "$" not in said
    assert "What the person has on air:1" in [each.title for each in found.sections]


def test_rule_comes_with_period_source_and_certainty() -> None:
    """The rule that decided is told with what it says, when it holds, where it comes from and how certain that is."""
    found = explain(facts(standing(rule="limit-800")), RULEBOOK)
    assert found.rule is not None
    text = section(found, "The rule")
    assert text.startswith("limit-800: $800.00 per person and day, from ")
    assert f"Source: {found.rule.source} (certainty {found.rule.certainty}: " in text


@pytest.mark.parametrize(
    ("rule", "said"),
    [
        (None, "No dated rule decided."),
        (ENFORCEMENT_SETTING, "The enforcement was set by hand, not by a rule."),
        ("of-another-house", "of-another-house: not among the rules here"),
    ],
)
def test_decision_without_a_known_rule_says_so(rule: str | None, said: str) -> None:
    """No rule, a setting, or a rule that is not loaded here: each is said, none is made up."""
    found = explain(facts(standing(rule=rule)), RULEBOOK)
    assert found.rule is None
    assert said in section(found, "The rule")


def test_every_rule_has_its_facts() -> None:
    """Whatever entry decides, it can be told."""
    for _section, entries in RULEBOOK.data:
        for entry in entries:
            found = rule_facts(RULEBOOK, entry.id)
            assert found is not None
            assert (found.id, found.source) == (entry.id, entry.source)
            assert found.says
            assert found.holds


def test_filing_errors_and_code_are_in_the_reasons() -> None:
    """Each broken filing rule is told with its text, an unknown one by its code; so is the customs' code."""
    broken = standing(
        outcome="reject", reason="filing-error", filing_errors=("282", "new-one"), rule="filing-282",
        code=Code("cbp", "4M", "Withhold Entry Release"),
    )  # fmt: skip
    text = section(explain(facts(broken), RULEBOOK), "Why")
    assert "  282: " in text
    assert "\n  new-one\n" in text
    assert "Customs would have sent: 4M Withhold Entry Release" in text


@pytest.mark.parametrize(("basis", "said"), [("actual", "it arrived on"), ("estimated", "it is expected on")])
def test_day_says_whether_it_arrived(basis: str, said: str) -> None:
    """The day that counts is named, and whether it is that of an arrival."""
    assert said in section(explain(facts(standing(basis=basis)), RULEBOOK), "Why")


def test_bill_without_a_day_has_no_day() -> None:
    """Of a bill that waits for its day neither a day nor bills of it are told."""
    waiting = standing(outcome="pending", reason="no-day", day=None, basis=None, total_cents=None)
    found = explain(facts(waiting, day=None), RULEBOOK)
    assert found.action is Action.HOLD
    assert section(found, "The person's day") == ""
    assert "The day that counts" not in section(found, "Why")


def test_long_day_says_how_many_more() -> None:
    """Of a day with more bills than are shown the others are counted; without a limit none is made up."""
    decided = standing()
    found = explain(facts(decided, day=DayFacts(1_200, None, (decided.data,), 345)), RULEBOOK)
    text = section(found, "The person's day")
    assert "and 344 more" in text
    assert text.endswith("Released now: $12.00.")


def test_history_tells_every_decision_with_its_cause() -> None:
    """Each decision is a line with time, action and version; one that another bill led to says so."""
    story = (
        standing(outcome="pending", reason="no-day", day=None, basis=None),
        standing(rank=(1, 1, 2, 1), minutes=5, **WITHHELD),
        standing(rank=(1, 1, 2, 2), minutes=9),
    )
    lines = section(explain(facts(story[2], history=story), RULEBOOK), "What happened").splitlines()
    assert lines == [
        "2025-08-20 08:00 ET  HOLD  pending no-day  (no day, version 1, air:1)",
        "2025-08-20 08:05 ET  HOLD  withhold daily-limit  (Wed 20 Aug 2025, version 1, air:1)",
        f"2025-08-20 08:09 ET  GO    release within-limit  (Wed 20 Aug 2025, version 1, air:1; {OTHER_BILL})",
    ]


def test_times_are_those_of_the_programme() -> None:
    """Under a programme of another country history and freshness are told in the zone whose dates it counts."""
    found = explain(facts(standing(programme="ec")), RULEBOOK)
    assert "2025-08-20 07:00 America/Guayaquil" in section(found, "What happened")
    assert "up to date, to 2025-08-20 07:00 America/Guayaquil" in section(found, "How sure")
    assert "ET" not in section(found, "What happened") + section(found, "How sure")


def test_other_conveyances_are_told() -> None:
    """A bill that is on two conveyances has the other one's decision told too."""
    other = standing(conveyance="air:2", outcome="closed", reason="superseded")
    found = explain(facts(standing(), others=(other,)), RULEBOOK)
    assert "DONE  closed superseded" in section(found, "On other conveyances")


def test_other_policies_are_told() -> None:
    """A policy other than the default is told in its words, with the day whose rules were asked."""
    policy = Policy("latch", "whole-dollars", "warn", DAY)
    text = section(explain(facts(standing(policy=policy)), RULEBOOK), "The policy")
    assert "no later one fits" in text
    assert "whole dollars" in text
    assert "only warned about" in text
    assert "those of Wed 20 Aug 2025" in text


@pytest.mark.parametrize(
    ("more", "said"),
    [
        ({}, ["exact: read from Kafka", "figures are up to date, to 2025-08-20 08:00 ET"]),
        ({"stale": True}, ["exact: read from Kafka", "those of 2025-08-20 08:00 ET: the projection is behind"]),
        ({"as_of": None, "stale": True}, ["being filled", "Ask again"]),
        ({"history_complete": False}, ["may not be the latest", "up to date"]),
        ({"missing": ("the moon",)}, ["Not known: the moon"]),
    ],
)
def test_how_sure_it_is_is_said(more: dict[str, object], said: list[str]) -> None:
    """What is exact, what may be old and since when, and what could not be found out."""
    text = section(explain(facts(standing(), **more), RULEBOOK), "How sure")
    assert [each for each in said if each not in text] == []


def test_unknown_bill_says_where_to_look() -> None:
    """For a bill without a decision it says so, says what to check, and never GO."""
    found = explain(facts(day=None), RULEBOOK)
    assert (found.action, found.headline) == (Action.HOLD, "Nothing is known of this bill.")
    assert "dead-letters" in section(found, "What to do")
    assert "exact" in section(found, "How sure")


def test_explanation_can_be_read_by_programs() -> None:
    """As JSON it has everything that the words say, with the facts beside them."""
    found = msgspec.to_builtins(explain(facts(standing("ACME0002", **WITHHELD)), RULEBOOK))
    assert found["action"] == "HOLD"
    assert found["facts"]["decision"]["data"]["headroom_cents"] == 10_000
    assert found["facts"]["day"]["limit_cents"] == LIMIT
    assert found["rule"]["id"] == "limit-800"


def test_newest_decision_of_all_that_is_known_counts() -> None:
    """Of the decisions in history and read model the highest rank on a conveyance counts, in any order."""
    old, new = standing(rank=(1, 1, 1, 1)), standing(rank=(1, 1, 2, 1), **WITHHELD)
    closed = standing(conveyance="air:2", outcome="closed", reason="deleted")
    for known in ((old, new, closed), (closed, new, old), (new, closed, old, new)):
        assert choose(known) == (new, (closed,))
    assert choose(()) == (None, ())
