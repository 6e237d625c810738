"""`tallygate what-if`: the same events judged under two policies, and what changes."""

import sys
from pathlib import Path
from typing import Annotated, Any, Final

import typer

from agents.cli.exits import refuse
from agents.cli.judging_options import (
    AsOfOption,
    DefaultProgrammeOption,
    EnforcementOption,
    EventsFile,
    MatchOption,
    OverflowOption,
    ProgrammesOption,
    RoundingOption,
    RulesOption,
    split_programmes,
)
from agents.cli.map_options import MapOption, SetOption, chosen_map
from stream.decisions import Policy
from stream.postings import US_321

SHOWN: Final = 20


def command(
    file: EventsFile,
    overflow: OverflowOption = "skip",
    rounding: RoundingOption = "cents",
    enforcement: EnforcementOption = "auto",
    as_of: AsOfOption = None,
    match: MatchOption = "normalised",
    rules: RulesOption = None,
    programmes: ProgrammesOption = None,
    default_programme: DefaultProgrammeOption = None,
    rules_of_both: Annotated[
        list[Path] | None,
        typer.Option(metavar="FILE", help="Rules for both judgings, such as a country of your own; may be repeated."),
    ] = None,
    map_name: MapOption = None,
    settings: SetOption = None,
    bills: Annotated[int, typer.Option(min=0, help="Changed bills to show at most; 0: all.")] = SHOWN,
    as_json: Annotated[bool, typer.Option("--json", help="Print all of it as JSON.")] = False,
) -> None:
    """Judge a file of events twice, offline: as `tallygate judge` does by default, and with the options given here.

    It shows how many bills end with each outcome, how much is released under each programme, and which bills change
    outcome or reason. The same programmes are judged both times.
    Exit code 0: compared; 2: bad usage, or a file that cannot be read or has no readable line.
    """
    from agents.bills.comparing import compare
    from agents.judge import FileError, JudgeOptions
    from state.rules import RulebookError

    policy = Policy(overflow, rounding, enforcement, as_of.date() if as_of else None)
    enabled = split_programmes(programmes)
    usual = JudgeOptions(rules=rules_of_both, programmes=enabled, default_programme=default_programme)
    other = usual._replace(policy=policy, match=match, rules=[*(rules_of_both or ()), *(rules or ())] or None)
    if other == usual:
        refuse("give at least one option that differs from the default, such as --overflow latch")
    try:
        found = compare(file, usual, other, chosen_map(map_name, settings))
    except (FileError, RulebookError) as error:
        refuse(error)
    if as_json:
        import msgspec

        print(msgspec.json.format(msgspec.json.encode(found), indent=1).decode())
    else:
        _print(found, bills)
    if 0 < found.events == found.bad_events:
        refuse(f"{file}: no line of it could be read")


def _print(found: Any, most: int) -> None:
    from agents.bills.words import day_words, money

    print(f"{'':<36} {'default':>14} {'what if':>14}")
    for words in dict.fromkeys([*found.before.counts, *found.after.counts]):
        print(f"{words:<36} {found.before.counts.get(words, 0):>14,} {found.after.counts.get(words, 0):>14,}")
    for sums in found.released:
        before, after = money(sums.before_cents, sums.currency), money(sums.after_cents, sums.currency)
        print(f"{f'released{_under(sums.programme)}':<36} {before:>14} {after:>14}")
    print(f"\n{len(found.changes):,} of {sum(found.before.counts.values()):,} bills end otherwise")
    for change in found.changes[: most or None]:
        bill, after = change.before, change.after
        amount = "no value" if bill.counted_cents is None else money(bill.counted_cents, bill.currency)
        day = "no day" if bill.day is None else day_words(bill.day)
        turned = f"{bill.words} -> {after.words}{_under(bill.programme)}"
        print(f"  {bill.bill}  {bill.conveyance}  {day}  {amount}  {turned}")
    if most and len(found.changes) > most:
        print(f"  and {len(found.changes) - most:,} more; --bills 0 shows all")
    for sums in found.otherwise:
        before, after = money(sums.before_cents, sums.currency), money(sums.after_cents, sums.currency)
        bills_that = "bill ends the same and counts" if sums.bills == 1 else "bills end the same and count"
        print(f"{sums.bills:,} {bills_that} otherwise{_under(sums.programme)}: {before} -> {after}")
    if found.bad_events:
        print(
            f"{found.bad_events:,} of {found.events:,} events could not be read: tallygate judge --dead-letters FILE",
            file=sys.stderr,
        )


def _under(programme: str) -> str:
    return "" if programme == US_321 else f" under {programme}"
