"""The worked examples of a programme as Markdown, for its page among the documents."""

from collections.abc import Iterable, Iterator, Sequence

from tests.scenarios.by_programme import Example, Row, Table, programmes, read_table
from tests.scenarios.table import Book, Cells, read_book
from tests.scenarios.table import Row as BookRow

COLUMNS = ("bill", "event", "when", "who", "amount", "with", "outcome", "reason", "period", "counts", "total", "advice")
BOOK_COLUMNS = ("bill", "event", "when", "who", "amount", "by", "with", "outcome", "reason", "total", "code", "alerts")
WORDS = {
    "arrived": "manifested, and arrived",
    "expected": "manifested, and expected",
    "amended": "the whole bill once more",
    "docks": "its conveyance arrives",
    "moves": "its conveyance is expected",
    "later": "time goes by",
}
INTRODUCTION = """\
Each line of a table is one shipment event, with the decision that it leads to. A line without an event is one more
decision of the event above. Times are those of {zone} unless they end in Z (UTC). `counts` is what of the bill is in
the released total then, `total` is the total that the decision states. Amounts are in {currency}.

{marks}
"""
MARKS = """\
A mark says how certain an example is. A: an official text was seen. B: an official position was seen through others.
C: it is inference. A/C and B/C: the rule is A or B, and the numbers or which bill is meant are inferred.\
"""
OF_US_321 = f"""\
These are the examples of the domain, by their numbers in the list that Tallygate was built from. Each line of a table
is one shipment event, with the decision that it leads to. A line without an event is one more decision of the event
above. Times are Eastern unless they end in Z (UTC). Amounts are US dollars. `total` is the total of the day that the
decision states, `code` is what customs would send.

{MARKS}
"""


def worked_examples() -> dict[str, str]:
    """Return the examples of every programme that has a table, as Markdown."""
    return {"us-321": _of_us_321(read_book()), **{name: _examples(read_table(name)) for name in programmes()}}


def _of_us_321(book: Book) -> str:
    lines = [OF_US_321]
    for example in book.examples:
        lines += [
            f"### Example {example.label}",
            "",
            _basis(sorted(example.marks), example.sources, example.options),
            "",
        ]
        rows = [cells for row in example.rows for cells in _book_lines(row)]
        lines += [*_table([column for column in BOOK_COLUMNS if any(cells.get(column) for cells in rows)], rows), ""]
    lines += ["Examples outside the contract:", ""]
    lines += [f"* {number}: {cells['reason']}" for number, cells in book.outside.items()]
    lines += ["", "Where the examples come from:", ""]
    return "\n".join([*lines, *(f"* {name}: {where}" for name, where in book.sources.items())])


def _book_lines(row: BookRow) -> Iterator[Cells]:
    event = {**row.cells, "event": WORDS.get(row.cells["event"], row.cells["event"])}
    yield event
    yield from (dict(told._asdict()) for told in row.decisions[1:])


def _examples(table: Table) -> str:
    lines = [INTRODUCTION.format(zone=table.zone, currency=table.currency, marks=MARKS)]
    for example in table.examples:
        lines += _example(example)
    lines += ["Where the examples come from:", ""]
    lines += [f"* {name}: {where}" for name, where in table.sources.items()]
    return "\n".join(lines)


def _example(example: Example) -> Iterator[str]:
    yield f"### {example.label}. {example.shows}"
    yield ""
    yield _basis(example.marks, example.sources, example.policy.items())
    yield ""
    rows = [cells for row in example.rows for cells in _lines(row)]
    shown = [column for column in COLUMNS if any(cells.get(column) for cells in rows)]
    if any(cells.get("measures") for cells in rows):
        shown.insert(shown.index("total") + 1, "measures")
    if any(cells.get("alerts") for cells in rows):
        shown.append("alerts")
    yield from _table(shown, rows)
    yield ""


def _basis(marks: Sequence[str], sources: Sequence[str], options: Iterable[tuple[str, str]]) -> str:
    policy = "".join(f", with `{name}: {value}`" for name, value in options)
    return f"{'/'.join(marks)}, from {', '.join(sources)}{policy}."


def _lines(row: Row) -> Iterator[Cells]:
    event = {**row.cells, "event": WORDS.get(row.cells["event"], row.cells["event"])}
    first, *others = row.told or [{}]
    yield {**event, **first, "bill": row.cells["bill"]}
    yield from others


def _table(columns: Sequence[str], rows: Sequence[Cells]) -> Iterator[str]:
    yield f"| {' | '.join(columns)} |"
    yield "|---" * len(columns) + "|"
    for cells in rows:
        yield f"| {' | '.join(cells.get(column, '') for column in columns)} |"
