"""The doctor's answer: a table on a terminal, lines elsewhere, or JSON."""

from collections.abc import Sequence
from typing import Final

import msgspec
from rich.markup import escape
from rich.table import Table

from agents.ops.doctor.finding import Finding, State

MARKS: Final = {State.RIGHT: "ok", State.DOUBTFUL: "look", State.WRONG: "WRONG", State.UNKNOWN: "?"}
STYLES: Final = {State.RIGHT: "green", State.DOUBTFUL: "yellow", State.WRONG: "bold red", State.UNKNOWN: "dim"}


def as_json(findings: Sequence[Finding]) -> str:
    """Return one document: the findings and how many there are of each state."""
    counts = {state.value: sum(each.state is state for each in findings) for state in State}
    return msgspec.json.format(msgspec.json.encode({"counts": counts, "findings": findings})).decode()


def line(finding: Finding) -> str:
    """Return a finding as a line."""
    remedy = f" -> {finding.remedy}" if finding.remedy else ""
    return f"{MARKS[finding.state]:5} {finding.area}: {finding.says}{remedy}"


def table(findings: Sequence[Finding]) -> Table:
    """Return the findings as a table."""
    made = Table(show_lines=False, expand=True)
    made.add_column("", no_wrap=True)
    made.add_column("what", no_wrap=True)
    made.add_column("found, and what to do", overflow="fold")
    for each in findings:
        remedy = f"\n[bold]do:[/bold] {escape(each.remedy)}" if each.remedy else ""
        made.add_row(f"[{STYLES[each.state]}]{MARKS[each.state]}[/]", each.area, f"{escape(each.says)}{remedy}")
    return made


def verdict(findings: Sequence[Finding]) -> str:
    """Say in a line how it stands."""
    bad = sum(each.state is State.WRONG for each in findings)
    look = sum(each.state is State.DOUBTFUL for each in findings)
    if bad:
        return f"{bad} wrong, {look} to look at"
    return f"nothing is wrong, {look} to look at" if look else "all is right"
