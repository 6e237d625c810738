"""The page `docs/rules.md`, written from the entries so that it cannot tell anything else than they do."""

from collections.abc import Iterator

from msgspec import structs

from state.rules.entries import SECTIONS, Dated, RuleData, RuleEntry
from state.rules.rule_files import REMEDIES
from state.rules.rule_words import meaning, period
from state.rules.rulebook import Rulebook

INTRODUCTION = """\
# Rules

Tallygate judges by dated rules that are data, not code. This page shows every rule that ships, where it comes from and
how certain that is. It is generated from the rule files (`make docs`), and a test compares the two.

The exemption itself has been suspended since 29 August 2025: a shipment that arrives today is refused, `suspended`. The
rules before that day serve back-tests, audits, training and planning.

What is the law's and what was only ACE's:

* The limit is the law's: goods imported by one person on one day (19 USC 1321, 19 CFR 10.151). So is the cap of a
  single bill, mail included (19 CFR 145.31). That mail stays out of the daily total is ACE's automation alone: the
  law's day counts mail as well.
* A day is a calendar day of the arrival, midnight to midnight Eastern; never 24 hours from anything.
* The value is the fair retail value in the country of shipment: neither the price with freight, nor what was insured.
* $2,500, up to which an entry is informal (type 11), goes by consignee and conveyance: what one consignee has on one
  conveyance belongs on one entry, and its sum decides (19 CFR 141.51; exceptions in 141.52). Here the advice is per
  bill.

* A period is given in whole days of US Eastern time, the first and the last day included.
* **Certainty** A: the official text was seen. B: the official position was seen through a broker, a law firm or the
  trade press. C: inference, or a choice of this project. D: a vendor's claim without official support.
* Each decision names the rule that decided it by its id. `setting:enforcement` stands there where the enforcement was
  set by hand.

`tallygate rules show --on 2025-08-20` prints what holds on one day, `tallygate rules check FILE` checks a file.
"""

CODES_NOTE = """\
By the filing first, then by the mode; a rule that names reasons goes before one that names none. Where no entry speaks,
no code is known and the decision has none, as for a truck manifest bill that is withheld."""

RATES_NOTE = """\
None ships: no primary source could be read. Without a rate a bill in another currency than the dollar is refused,
`no-exchange-rate`; add the rates you need in a file of your own."""

PROGRAMMES_NOTE = """\
An exemption with limits per person and period; each has [a page of its own](programmes/README.md)."""

LIMITS_NOTE = """\
At most one entry for each measure of a programme and day, and no gap between them; a day outside them is refused,
`suspended`. Exactly the limit still passes."""

CAPS_NOTE = """\
At most one entry for each measure of a programme and day; it holds for mail too. Where none holds there is no cap."""

ENFORCEMENT_NOTE = """\
One entry for each day, without gap or overlap; a programme that has none withholds."""

HEADINGS = {
    "programme": ("Programmes", PROGRAMMES_NOTE),
    "limit": ("Limits", LIMITS_NOTE),
    "single": ("The cap of a single bill", CAPS_NOTE),
    "enforcement": ("Warn or withhold", ENFORCEMENT_NOTE),
    "suspension": ("Suspensions", "On these days nothing is exempt."),
    "exclusion": ("Excluded origins", "The day that counts is the day of arrival, or the expected one before it."),
    "goods": ("Excluded goods", "The day that counts is the day of arrival, or the expected one before it."),
    "filing": ("Filing rules", "The day that counts is that of `manifested_at`."),
    "code": ("Codes", CODES_NOTE),
    "documented": ("Codes that no decision carries", "They stand here so that nobody has to look for them again."),
    "rate": ("Exchange rates", RATES_NOTE),
    "constant": ("Figures", "They hold on every day; replace one by its id, none can be removed."),
    "codelist": ("Lists of codes", "Entries and filings are checked against them; none can be removed."),
}

FORMAT = """\
## Your own rule file

A rule file is TOML. Give it with `--rules FILE`; it is added to the shipped rules:

* an entry with an id that exists replaces that entry, whole;
* an entry with a new id is added;
* `remove = ["single-800"]`, at the top of the file, takes entries out.

Several files are added in order, and after each the rulebook must be whole. This file asks how days would have gone
under a limit of $500 from September 2025, with no suspension. The cap of a single bill goes along:

```toml
remove = ["suspension-2025", "suspension-2026-regulation"]

[[limit]]
id = "limit-800"
programme = "us-321"
measure = "value"
from = 2016-03-10
until = 2025-08-31
amount = "800.00"
source = "19 CFR 10.151"
certainty = "A"
text = "As shipped, but ending on 31 August 2025."

[[limit]]
id = "limit-500-proposed"
programme = "us-321"
measure = "value"
from = 2025-09-01
amount = "500.00"
source = "a proposal of our planning department"
certainty = "C"
text = "What if the limit were $500?"

[[single]]
id = "single-800"
programme = "us-321"
measure = "value"
amount = "800.00"
from = 2016-03-10
until = 2025-08-31
source = "19 CFR 10.151"
certainty = "A"
text = "As shipped, but ending on 31 August 2025."

[[single]]
id = "single-500-proposed"
programme = "us-321"
measure = "value"
amount = "500.00"
from = 2025-09-01
source = "a proposal of our planning department"
certainty = "C"
text = "What if a single bill were exempt up to $500?"
```

A file is refused, with its name, the entry, what is wrong and what to do: when a key is unknown, missing or of the
wrong kind; when two entries decide the same thing on one day; when a day between two limits has none, or a limit cuts a
period longer than a day; when a day is left without an enforcement; when an id occurs twice in it; or when a programme,
zone, country, currency, flag, mode or reason does not exist. Long texts may run over several lines between `\"\"\"`.

In release 0.1 a limit had `dollars = "500.00"`. Such a file is refused: write that line as `amount = "500.00"`, and add
`programme = "us-321"` and `measure = "value"`.

An exchange rate (the figure is made up; rates hold for the calendar quarter of `manifested_at`, also under `--as-of`;
amounts have at most two decimals in every currency, so no minor units are needed):

```toml
[[rate]]
id = "rate-eur-2025q3"
currency = "EUR"
quarter = "2025Q3"
rate = "1.2345"
source = "where this rate was certified"
certainty = "A"
```

## Proposing a rule

Change the file under `state/rules/data`, name the source you read (a citation or an address) and mark how certain it
is; what was not seen is said in the text, never filled in. Run `tallygate rules check`, then `make docs`, and propose
both files together. A rule that replaces another ends it on the day before (`until`); it does not rewrite the past.

## Keys
"""


def rules_page(rulebook: Rulebook) -> str:
    """Write the page about all entries and the format of rule files, as Markdown."""
    lines = [INTRODUCTION]
    for section, entries in rulebook.data:
        title, note = HEADINGS[section]
        lines += [f"## {title}", "", f"Section `{section}`. {note}", ""]
        for entry in entries:
            lines += _entry(entry, rulebook.data)
    return "\n".join([*lines, FORMAT, *_keys()])


def _entry(entry: RuleEntry, data: RuleData) -> Iterator[str]:
    yield f"### `{entry.id}`"
    yield ""
    yield (
        f"**{meaning(entry, data)}**, {period(entry)}." if isinstance(entry, Dated) else f"**{meaning(entry, data)}**."
    )
    if entry.text:
        yield entry.text
    yield ""
    yield f"Certainty {entry.certainty}. Source: {entry.source}"
    yield ""


def _keys() -> Iterator[str]:
    yield "Every entry has `id`, `source`, `certainty` and `text` (a rate may go without its text)."
    yield ""
    yield "| section | further keys (those in brackets may be left out) |"
    yield "|---|---|"
    shared = {"id", "source", "certainty", "text"}
    for section, kind in SECTIONS.items():
        keys = [field for field in structs.fields(kind) if field.encode_name not in shared]
        names = [f"`{field.encode_name}`" if field.required else f"(`{field.encode_name}`)" for field in keys]
        yield f"| `{section}` | {' '.join(names)} |"
    yield ""
    yield "| key | what to write |"
    yield "|---|---|"
    for key, remedy in REMEDIES.items():
        yield f"| `{key}` | {remedy} |"
    yield ""
