"""The live view: one screen of a terminal, from 80 columns and 24 lines on, and plain lines where there is none."""

from collections.abc import Mapping
from typing import Final

from rich.console import Group, RenderableType
from rich.layout import Layout
from rich.panel import Panel
from rich.progress_bar import ProgressBar
from rich.table import Table
from rich.text import Text

from agents.demo.demo_state import DemoState, Rates, milliseconds
from agents.demo.played import Played
from stream.decisions import DecisionData, Outcome
from stream.outcomes import Action, action

COLOURS: Final = {
    Action.GO: "bold green",
    Action.HOLD: "bold yellow",
    Action.STOP: "bold red",
    Action.WAIT: "cyan",
    Action.DONE: "dim",
}
OUTCOMES: Final[tuple[tuple[Outcome, Action, str], ...]] = (
    ("release", Action.GO, "released"),
    ("withhold", Action.HOLD, "withheld: over {}"),
    ("pending", Action.HOLD, "no day known yet"),
    ("reject", Action.STOP, "rejected"),
    ("clear", Action.WAIT, "expected, fits"),
    ("warn", Action.WAIT, "expected, too much"),
    ("closed", Action.DONE, "left another way"),
)
"""Braces stand for the limit."""
KEY_CHARACTERS: Final = 12
KEY_CHARACTERS_OF_PERIODS: Final = 8
"""A period needs more room than a day of one month."""
NEAR: Final = 90
"""A consignee's day is near its limit from this per cent on."""
TITLE_LINES: Final = 2
FOOT_LINES: Final = 5
FRAME_LINES: Final = 3
"""Border and header of a panel."""


def screen(demo: DemoState, rates: Rates, height: int) -> Layout:
    """Draw everything for a terminal of so many lines."""
    layout = Layout()
    middle = len(OUTCOMES) + 1 + FRAME_LINES
    layout.split_column(
        Layout(_title(demo), size=TITLE_LINES),
        Layout(name="middle", size=middle),
        Layout(_decisions(demo, max(1, height - TITLE_LINES - middle - FRAME_LINES - FOOT_LINES))),
        Layout(_foot(demo, rates), size=FOOT_LINES),
    )
    layout["middle"].split_row(Layout(_outcomes(demo), ratio=4), Layout(_nearest(demo), ratio=3))
    return layout


def _title(demo: DemoState) -> RenderableType:
    grid = Table.grid(expand=True, padding=(0, 1))
    grid.add_column()
    grid.add_column(justify="right")
    grid.add_row(
        Text.assemble(("Tallygate", "bold"), f"  {demo.phase}", ("  Ctrl-C ends it", "dim"), no_wrap=True),
        Text.assemble((demo.clock, "bold"), f"  {demo.share:>4.0%}"),
    )
    return Group(grid, ProgressBar(total=1.0, completed=demo.share, complete_style="green"))


def _columns(*names: str, right: tuple[str, ...]) -> Table:
    table = Table(box=None, expand=True, pad_edge=False, collapse_padding=True, header_style="dim")
    for name in names:
        table.add_column(name, justify="right" if name in right else "left", no_wrap=True)
    return table


def _outcomes(demo: DemoState) -> RenderableType:
    tally, played = demo.tally, demo.played
    table = _columns("do", "bills that are", "bills", "value", right=("bills", "value"))
    for outcome, act, meaning in OUTCOMES:
        count, amount = f"{tally.bills[outcome]:,}", played.figure(tally.cents[outcome])
        table.add_row(Text(act, style=COLOURS[act]), meaning.format(played.short_limit), count, amount)
    table.add_row("", "all", f"{tally.known:,}", played.figure(tally.cents.total()), style="bold")
    return Panel(table, title=f"Bills by current decision{played.currency_words}", border_style="dim")


def _nearest(demo: DemoState) -> RenderableType:
    span, figure = demo.played.column, demo.played.figure
    room = KEY_CHARACTERS if demo.played.programme is None else KEY_CHARACTERS_OF_PERIODS
    table = _columns("consignee", span, "released", "held", right=(span, "released", "held"))
    for day in demo.tally.nearest(len(OUTCOMES) + 1):
        style, when = "yellow" if day.percent >= NEAR else "", demo.played.short_period(day)
        table.add_row(short(day.consignee, room), when, figure(day.total_cents), str(day.held or ""), style=style)
    return Panel(table, title=f"Nearest to {demo.played.limit_words}", border_style="dim")


def _decisions(demo: DemoState, lines: int) -> RenderableType:
    played = demo.played
    heads = ("value", "day so far", "else entry") if played.programme is None else ("value", "so far", "else")
    table = _columns("do", "bill", "because", *heads, right=heads[:2])
    for data in demo.tally.last(lines):
        act = action(data.outcome, data.basis)
        total = "" if data.total_cents is None else played.figure(data.total_cents)
        value = "" if data.value_cents is None else played.figure(data.value_cents)
        table.add_row(Text(act, style=COLOURS[act]), data.bill, reason(data), value, total, advice(data, played))
    now = f", {played.name} {demo.period or 'by trip'}" if played.programme else ""
    return Panel(table, title=f"Last decisions{now}{played.currency_words}", border_style="dim")


def _foot(demo: DemoState, rates: Rates) -> RenderableType:
    latency = demo.latency
    return Group(
        Text(f"events   {_accounts(demo)}", no_wrap=True, overflow="ellipsis"),
        Text(f"dead     {listed(demo.tally.dead_letters) or 'none'}", no_wrap=True, overflow="ellipsis"),
        Text(f"speed    {rates.events:,.0f} events/s in, {rates.decisions:,.0f} decisions/s out", no_wrap=True),
        Text(
            f"latency  from producing to reading the decision: p50 {milliseconds(latency.recent(50))}, "
            f"p99 {milliseconds(latency.recent(99))}",
            no_wrap=True,
        ),
        Text(f"scan     {demo.page or 'soon'}", no_wrap=True),
    )


def _accounts(demo: DemoState) -> str:
    published, counts = demo.publisher.total, demo.counts.get("manifest")
    if counts is None:
        return f"{published:,} published"
    return (
        f"{published:,} published, {counts.applied:,} applied + {counts.stale:,} stale "
        f"+ {counts.dead_lettered:,} dead letters"
    )


def listed(counts: Mapping[str, int]) -> str:
    """List counts, the largest first."""
    ordered = sorted(counts.items(), key=lambda pair: (-pair[1], pair[0]))
    return ", ".join(f"{number:,} {name}" for name, number in ordered)


def short(key: str, characters: int = KEY_CHARACTERS) -> str:
    """Shorten a consignee key."""
    return key if len(key) <= characters else f"{key[: characters - 1]}…"


def reason(data: DecisionData) -> str:
    """Return the reason in a few words."""
    if data.filing_errors:
        return f"{data.outcome}: {data.reason} {', '.join(data.filing_errors)}"
    return f"{data.outcome}: {data.reason}"


def advice(data: DecisionData, played: Played) -> str:
    """Return what to do with a bill that does not fit: file an entry, pay duty, or bring it in on that day."""
    if data.advice is None:
        return ""
    entry, dutiable, next_day = data.advice.entry_type, data.advice.dutiable_cents, data.advice.next_day
    later = "" if next_day is None else f"{next_day:%d %b}"
    if played.programme is None:
        return f"{entry or 'mail'}{f' or {later}' if later else ''}"
    first = entry or ("duty" if dutiable is None else f"duty {played.figure(dutiable)}")
    return ", ".join(filter(None, (first, later)))


def line(demo: DemoState, rates: Rates) -> str:
    """Return the state of the day in one line, for output without a terminal."""
    tally = demo.tally
    if not demo.publisher.total:
        return demo.phase
    money = demo.played.money
    period = f"{demo.played.name} {demo.period}".rstrip() + "  " if demo.played.programme else ""
    return (
        f"{demo.clock}  {period}{demo.publisher.total:,} events, {tally.decisions:,} decisions: "
        f"{tally.bills['release']:,} bills released ({money(tally.cents['release'])}), "
        f"{tally.bills['withhold']:,} withheld ({money(tally.cents['withhold'])}), "
        f"{tally.bills['reject']:,} rejected; {tally.dead_letters.total()} dead letters; "
        f"{rates.events:,.0f} events/s, p50 {milliseconds(demo.latency.recent(50))}, "
        f"p99 {milliseconds(demo.latency.recent(99))}"
    )
