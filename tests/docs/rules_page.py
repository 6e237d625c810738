"""The page `docs/rules.md`, generated from the rule entries so that the two always agree."""

from collections.abc import Iterator

from msgspec import structs

from state.rules.entries import SECTIONS, Dated, RuleData, RuleEntry, Unjudged
from state.rules.rule_files import REMEDIES
from state.rules.rule_words import meaning, period
from state.rules.rulebook import Rulebook

INTRODUCTION = """\
# Rules

This page lists every dated rule that Tallygate judges by, with its source and how certain that source is. Rules are
data, not code: `make docs` writes this page from the rule files, and a test compares the two.

The $800 exemption, `us-321`, has been suspended since 29 August 2025: a shipment that arrives today is rejected,
`suspended`. Its rules from before that day serve back-tests, audits, training and planning. The limits of gifts and of
other countries are in force; [each programme](programmes/README.md) says how certain they are.

Some rules of `us-321` are law. Others were only how ACE worked:

* The limit is law: it covers the goods that one person imports on one day (19 USC 1321, 19 CFR 10.151). The cap of a
  single bill is law too, and it covers mail (19 CFR 145.31). Leaving mail out of the daily total was ACE's automation
  alone: the law counts mail as well.
* A day is the calendar day of the arrival, midnight to midnight Eastern. It is never 24 hours from anything.
* The value is the fair retail value in the country of shipment. It is neither the price with freight nor the insured
  value.
* An entry is informal (type 11) up to $2,500. The law applies this figure to one consignee on one conveyance: these
  goods belong on one entry, and their sum decides (19 CFR 141.51; exceptions in 141.52). Tallygate's advice is per
  bill.

How to read the rules:

* A period is given in whole days of the programme's zone, US Eastern time for `us-321`. It includes its first and its
  last day.
* **Certainty** A: the official text was seen. B: the official position was seen through a broker, a law firm or the
  trade press. C: inference, or a choice of this project. D: a vendor's claim without official support.
* **Verified** is the day on which somebody last read the source.
* Each decision names the rule that decided it by its id. It names `setting:enforcement` where you set the enforcement
  by hand.

* `tallygate rules show --on 2025-08-20` prints the rules of one day, `--programme us-321` those of one programme.
* `tallygate rules timeline` prints the days on which rules begin and end.
* `tallygate rules diff 2025-08-11 2025-08-12` prints how two days differ.
* `tallygate rules diff shipped FILE` prints what a file changes.
* `tallygate rules check FILE` checks a file.
"""

DAY_NOTE = "The day that counts is the day of arrival; before the arrival, it is the expected day."
CODES_NOTE = """\
Tallygate looks a code up by the filing first, then by the mode. A rule that names reasons goes before one that names
none. Where no entry matches, no code is known and the decision carries none: a withheld truck manifest bill is an
example."""

RATES_NOTE = """\
No rate ships: no primary source could be read. Without a rate, Tallygate rejects a bill in a currency other than the
dollar with `no-exchange-rate`. Add the rates that you need in a file of your own.
A programme in another currency than the dollar, such as `ge`, needs rates `to` that currency."""

PROGRAMMES_NOTE = """\
A programme is an exemption with limits per person and period. Each has [a page of its own](programmes/README.md). An
entry of another section names the programmes that it is of. An entry that names none is of `us-321`."""

LIMITS_NOTE = """\
A programme has at most one limit for each measure on any day. There is no gap between its first day and its last. A day
outside them is refused, `suspended`. A total of exactly the limit still passes."""

CAPS_NOTE = """\
A programme has at most one cap for each measure on any day. It covers mail too. A day without an entry has no cap."""

ENFORCEMENT_NOTE = """\
Each day has exactly one entry. A programme without any entry withholds."""

UNJUDGED_NOTE = """\
These limits per person and period exist, and Tallygate does not judge them. Each entry says what is missing."""

HEADINGS = {
    "programme": ("Programmes", PROGRAMMES_NOTE),
    "limit": ("Limits", LIMITS_NOTE),
    "single": ("The cap of a single bill", CAPS_NOTE),
    "enforcement": ("Warn or withhold", ENFORCEMENT_NOTE),
    "suspension": ("Suspensions", "On these days nothing is exempt."),
    "exclusion": ("Excluded origins", DAY_NOTE),
    "goods": ("Excluded goods", DAY_NOTE),
    "filing": ("Filing rules", "The day that counts is the day of `manifested_at`."),
    "code": ("Codes", CODES_NOTE),
    "documented": ("Codes that no decision carries", "They are listed so that you need not look for them again."),
    "rate": ("Exchange rates", RATES_NOTE),
    "constant": ("Figures", "These figures hold on every day. You can replace one by its id. You cannot remove one."),
    "codelist": ("Lists of codes", "Entries and filings are checked against these lists. You cannot remove a list."),
    "unjudged": ("Limits that are not judged", UNJUDGED_NOTE),
}

FORMAT = """\
## Your own rule file

A rule file is TOML. Pass it with `--rules FILE`. Tallygate adds it to the shipped rules:

* an entry with an id that exists replaces that whole entry;
* an entry with a new id is added;
* `remove = ["single-800"]`, at the top of the file, removes entries.

If you pass several files, Tallygate adds them in order. The rulebook must be complete after each file. This file asks
how days would have gone under a limit of $500 from September 2025, with no suspension. It changes the cap of a single
bill to match:

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

Tallygate refuses a file in these cases, and names the file, the entry, the problem and what to do:

* a key is unknown, missing or of the wrong kind;
* two entries decide the same thing on one day;
* a day between two limits of a programme has none, or a limit cuts a period that is longer than a day;
* limits of a programme do not go together: several measures need `overflow = "all_or_none"`, and `excess` goes by value
  alone;
* a day is left without an enforcement;
* an id occurs twice in the file;
* a programme, zone, country, currency, flag, mode or reason does not exist.

A long text may run over several lines between `\"\"\"`. `verified` may be left out of your own entries.

Release 0.1 wrote a limit as `dollars = "500.00"`. Such a file is refused. Write that line as `amount = "500.00"`, and
add the lines `programme = "us-321"` and `measure = "value"`.

This file adds an exchange rate; the figure is made up. A rate holds for the calendar quarter of `manifested_at`, also
under `--as-of`. Amounts have at most two decimals in every currency, so no minor units are needed:

```toml
[[rate]]
id = "rate-eur-2025q3"
currency = "EUR"
quarter = "2025Q3"
rate = "1.2345"
source = "where this rate was certified"
certainty = "A"
```

This file adds a country; everything in it is made up. Here a person may receive three shipments in a half-year. Enable
it in the setting `programmes`, and name it in the bills that claim it:

```toml
[[programme]]
id = "xx"
title = "An example, three shipments per person and half-year"
zone = "Asia/Kolkata"
currency = "INR"
date = "arrival"
window = "half-year"
overflow = "skip"
open_days = 20
source = "where the rule is written"
certainty = "C"
text = "Three shipments per person and half-year are free."

[[limit]]
id = "xx-limit-3"
programme = "xx"
measure = "count"
amount = 3
from = 2026-01-01
source = "where the amount is written"
certainty = "C"
text = "From 1 January 2026 three shipments are free."
```

## Proposing a rule

1. Change the file under `state/rules/data`.
2. Name the source that you read (a citation or an address) and mark how certain it is. If you did not see something,
   say so in the text; never fill it in.
3. Run `tallygate rules check`, then `make docs`, and propose both files together.

A new rule does not rewrite the past. End the rule that it replaces on the day before (`until`).

## Keys
"""


def rules_page(rulebook: Rulebook) -> str:
    """Return the page about all entries and the format of rule files, as Markdown."""
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
    if isinstance(entry, Unjudged):
        yield f"Missing: {entry.missing}"
    yield ""
    verified = f", verified {entry.verified}" if entry.verified else ""
    yield f"Certainty {entry.certainty}{verified}. Source: {entry.source}"
    yield ""


def _keys() -> Iterator[str]:
    yield "Every entry has `id`, `source`, `certainty` and `text`, and may have `verified`."
    yield "A rate may leave out its text."
    yield ""
    yield "| section | further keys (you may leave out those in brackets) |"
    yield "|---|---|"
    shared = {"id", "source", "certainty", "text", "verified"}
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
