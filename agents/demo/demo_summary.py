"""The summary at the end: every event accounted for, every bill decided, and what to try next."""

from collections.abc import Iterator
from textwrap import wrap
from typing import NamedTuple

from agents.demo.demo_state import DemoState, milliseconds
from agents.demo.played import Played
from agents.demo.view import OUTCOMES, listed
from agents.embedded.messages import Counts
from state.rules.programmes import ENABLED_UNLESS_SET
from stream.deadletters import Fault
from stream.postings import US_321

NEXT = (
    ("make test", "the proof, also on a real Kafka"),
    ("{} demo --stay", "scan its bills in a browser"),
    ("{} demo --save day.jsonl", "this day as a file"),
    ("{} judge day.jsonl", "the same rules offline"),
    ("{} demo --broker HOST:PORT", "on your Kafka, exactly once"),
    ("docs/", "events in, decisions out, rules"),
)
"""What to try next; the braces are replaced by how the user called this command."""

INDENT = " " * 8
WIDTH = 79


class AccountingClaim(NamedTuple):
    """One sum that must be right."""

    holds: bool
    text: str


def claims(demo: DemoState) -> list[AccountingClaim]:
    """Return the sums: events by fate, dead letters, bills, and decisions each read once."""
    published, counts, tally = demo.publisher.published, demo.counts.get("manifest", Counts()), demo.tally
    letters, bills = tally.dead_letters.total(), published["bill.manifested"]
    projected = demo.counts.get("projection", Counts()).applied
    sent_bad = sum(published[fault.value] for fault in Fault)
    return [
        AccountingClaim(
            published.total() == counts.records,
            f"{published.total():,} events published = {counts.applied:,} applied + {counts.stale:,} stale "
            f"+ {counts.dead_lettered:,} dead letters",
        ),
        AccountingClaim(
            letters == counts.dead_lettered == sent_bad,
            f"{sent_bad:,} bad records sent = {letters:,} dead letters read",
        ),
        AccountingClaim(tally.known == bills, f"{bills:,} bills manifested = {tally.known:,} bills with a decision"),
        AccountingClaim(
            tally.repeated == 0,
            f"{tally.decisions:,} decisions read, {tally.repeated:,} of them twice",
        ),
        AccountingClaim(
            projected == tally.decisions + tally.alerts.total(),
            f"{tally.decisions:,} decisions + {tally.alerts.total():,} alerts = {projected:,} in Redis",
        ),
    ]


def summary(demo: DemoState, seconds: float, command: str) -> Iterator[str]:
    """Return the lines of the summary; `command` is how the user calls this command."""
    tally, latency, played = demo.tally, demo.latency, demo.played
    yield f"Tallygate demo: {demo.share:.0%} of the {played.span} in {seconds:.0f} s, up to {demo.clock}"
    if played.programme is not None:
        yield f"Programme {played.name}, {played.limit_words} per person; amounts in {played.programme.currency}"
        yield f"Period now: {demo.period or 'each conveyance'}"
    yield ""
    for outcome, act, meaning in OUTCOMES:
        amount = played.money(tally.cents[outcome])
        yield f"  {act:<5} {tally.bills[outcome]:>8,}  {amount:>12}  {meaning.format(played.limit)}"
    yield f"  {'':<5} {tally.known:>8,}  {played.money(tally.cents.total()):>12}  all bills"
    yield ""
    for claim in claims(demo):
        yield f"  {'ok   ' if claim.holds else 'WRONG'} {claim.text}"
    yield from _wrapped("dead letters", listed(tally.dead_letters))
    yield from _wrapped("alerts", listed(tally.alerts))
    yield (
        f"{INDENT}from producing an event to reading its decision: "
        f"p50 {milliseconds(latency.overall(50))}, p99 {milliseconds(latency.overall(99))}"
    )
    yield ""
    yield "Try next"
    known = [(said.format(command), what) for said, what in next_steps(played)]
    width = max(len(said) for said, _ in known)
    yield from (f"  {said:<{width}}  {what}" for said, what in known)


def next_steps(played: Played) -> tuple[tuple[str, str], ...]:
    """Return commands and what they are for; those about the events name the programme that is played."""
    if played.programme is None:
        return NEXT
    name = played.programme.id
    demo, enabled = f"{{}} demo --programme {name}", f" --programmes {US_321},{name}"
    return (
        ("make test", "the proof"),
        (f"{demo} --stay", "in a browser"),
        (f"{demo} --save weeks.jsonl", "as a file"),
        (f"{{}} judge weeks.jsonl{'' if name in ENABLED_UNLESS_SET else enabled}", "judged offline"),
        (f"{demo} --broker HOST:PORT", "on your Kafka"),
        ("docs/", "the rules"),
    )


def _wrapped(name: str, text: str) -> list[str]:
    return wrap(
        f"{name}: {text or 'none'}",
        WIDTH,
        initial_indent=INDENT,
        subsequent_indent=INDENT + "  ",
        break_on_hyphens=False,
    )
