"""The pages of `docs/programmes/`, written from the entries: what is summed, the limits, and how certain that is."""

from collections.abc import Iterator, Mapping, Sequence

from state.rules.entries import FilingRule, Measured, ProgrammeRule, Scoped
from state.rules.programmes import ENABLED_UNLESS_SET, Programme
from state.rules.rule_words import amount, meaning, period, summed
from state.rules.rulebook import Rulebook

CERTAINTIES = {
    "A": "the official text was seen",
    "B": "the official position was seen through the press, a broker, a law firm or a carrier",
    "C": "inference, or a choice of this project",
    "D": "a vendor's claim without official support",
}
"""What each mark means."""

OVERFLOWS = {
    "setting": "the setting `overflow` says which bills stop above the limit",
    "skip": "a bill that does not fit stops, and a later one that fits still passes",
    "latch": "the first bill that does not fit stops, and every later one with it",
    "all_or_none": "if all bills together are above the limit, none of them is exempt",
    "excess": "what is above the limit is dutiable, what is below it is not",
}
"""What happens above the limit, in words."""

INTRODUCTION = """\
# Programmes

A programme is an exemption with limits per person and period. Tallygate keeps each person's total for it. A bill names
the programme that it claims in `programme`. A bill that names none claims the one of the setting `default_programme`.
You enable programmes in a setting. Without it `us-321`, `us-gift` and `us-gift-insular` are enabled.

Most rules outside the United States were seen through others. Each page says how certain its rules are, and what to
check in the text itself before you rely on them. A country that is not here is [a rule file](../rules.md) of your own.

| programme | | enabled unless set | certainty | verified |
|---|---|---|---|---|
"""


def programme_pages(rulebook: Rulebook, examples: Mapping[str, str] | None = None) -> dict[str, str]:
    """Write all pages as Markdown, by file name; `examples` are worked examples, as Markdown by programme."""
    pages = {f"{name}.md": _page(rulebook, name, (examples or {}).get(name, "")) for name in rulebook.known}
    return {"README.md": _index(rulebook), **pages}


def _index(rulebook: Rulebook) -> str:
    lines = [INTRODUCTION.rstrip("\n")]
    for rule in sorted(rulebook.data.programme, key=lambda rule: rule.id):
        enabled = "yes" if rule.id in ENABLED_UNLESS_SET else "no"
        marks = " ".join(_marks(rule, _measured(rulebook, rule)))
        lines.append(f"| [`{rule.id}`]({rule.id}.md) | {rule.title} | {enabled} | {marks} | {rule.verified} |")
    lines += ["", "## Known and not judged", ""]
    for entry in rulebook.data.unjudged:
        lines += [f"* **{entry.title}** (certainty {entry.certainty}). {entry.text} *Missing:* {entry.missing}"]
    return "\n".join([*lines, ""])


def _page(rulebook: Rulebook, name: str, examples: str) -> str:
    rule = next(entry for entry in rulebook.data.programme if entry.id == name)
    limits = [entry for entry in rulebook.data.limit if entry.programme == name]
    caps = [entry for entry in rulebook.data.single if entry.programme == name]
    lines = [f"# {rule.title}", "", *_certainty(rule, [*limits, *caps]), "", rule.text, ""]
    lines += [*_fields(rule, rulebook.known[name]), "", "## Limits", "", *_amounts(limits, rule), ""]
    lines += ["## Caps of a single bill", "", *(_amounts(caps, rule) if caps else ["There is none."]), ""]
    lines += ["## Other rules", "", *_others(rulebook, rulebook.known[name]), ""]
    if examples:
        lines += ["## Worked examples", "", examples.strip(), ""]
    return "\n".join([*lines, "## Sources", "", *_sources([rule, *limits, *caps]), ""])


def _measured(rulebook: Rulebook, rule: ProgrammeRule) -> list[Measured]:
    return [entry for entry in (*rulebook.data.limit, *rulebook.data.single) if entry.programme == rule.id]


def _marks(rule: ProgrammeRule, amounts: Sequence[Measured]) -> list[str]:
    return sorted({entry.certainty for entry in (rule, *amounts)})


def _certainty(rule: ProgrammeRule, amounts: Sequence[Measured]) -> Iterator[str]:
    marks = _marks(rule, amounts)
    yield f"**Certainty {' and '.join(marks)}.**"
    yield from (f"{mark}: {CERTAINTIES[mark]}." for mark in marks)
    yield "Read the sources yourself before you rely on these rules."
    yield "The next lines say what to check there, and what is inference."


def _fields(rule: ProgrammeRule, programme: Programme) -> Iterator[str]:
    enabled = "yes" if rule.id in ENABLED_UNLESS_SET else "no: name it in the setting `programmes`"
    day = "the day of arrival" if rule.date == "arrival" else "the day of purchase (`purchased_on`)"
    end = "each bill's own day" if rule.window == "conveyance" else "the period's last day"
    needs = [
        name
        for name, is_needed in (
            ("purchased_on", rule.date == "purchase"),
            ("seller", programme.per_seller),
            ("weight_grams", programme.asks_weight),
        )
        if is_needed
    ]
    rows = {
        "programme": f"`{rule.id}`",
        "enabled unless set": enabled,
        "summed": f"{summed(rule)} (`{rule.window}`)",
        "the day that counts": f"{day}, in {rule.zone}",
        "currency": rule.currency,
        "above the limit": f"{OVERFLOWS[rule.overflow]} (`{rule.overflow}`)",
        "modes out of the sum": ", ".join(rule.unaggregated_modes) or "none",
        "fields that a bill needs": ", ".join(f"`{name}`" for name in needs) or "none beside the usual ones",
        "open for late changes": f"{rule.open_days} days after {end}",
        "topics keep at least": f"{programme.kept_days} days for it",
    }
    yield "| | |"
    yield "|---|---|"
    yield from (f"| {name} | {said} |" for name, said in rows.items())


def _amounts(entries: Sequence[Measured], rule: ProgrammeRule) -> Iterator[str]:
    yield "| rule | amount | holds | certainty | |"
    yield "|---|---|---|---|---|"
    for entry in entries:
        yield f"| `{entry.id}` | {amount(entry, rule)} | {period(entry)} | {entry.certainty} | {entry.text} |"


def _others(rulebook: Rulebook, programme: Programme) -> Iterator[str]:
    unasked = {"unknown-programme"}
    unasked |= set() if programme.date == "purchase" else {"no-purchase-date"}
    unasked |= set() if programme.per_seller else {"no-seller"}
    unasked |= set() if programme.asks_weight else {"no-weight"}
    for _section, entries in rulebook.data:
        for entry in entries:
            if not isinstance(entry, Scoped) or not entry.concerns(programme.id):
                continue
            if not isinstance(entry, FilingRule) or entry.error not in unasked:
                yield f"* [`{entry.id}`](../rules.md): {meaning(entry, rulebook.data)}, {period(entry)}"


def _sources(entries: Sequence[ProgrammeRule | Measured]) -> Iterator[str]:
    named: dict[str, list[str]] = {}
    for entry in entries:
        named.setdefault(f"{entry.source}, verified {entry.verified}", []).append(f"`{entry.id}`")
    yield from (f"* {', '.join(ids)}: {source}" for source, ids in named.items())
