"""The worked examples of a programme as Markdown, for its page among the documents."""

from collections.abc import Iterator, Sequence

from tests.scenarios.by_programme import Example, Row, Table, programmes, read_table
from tests.scenarios.table import Cells

COLUMNS = ("bill", "event", "when", "who", "amount", "with", "outcome", "reason", "period", "counts", "total", "advice")
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
the released total then, `total` is the total that the decision states. Amounts are in {currency}. A mark says how
certain an example is: A an official text was seen, B an official position was seen through others, C it is inference.
"""


def worked_examples() -> dict[str, str]:
    """Return the examples of every programme that has a table, as Markdown."""
    return {name: _examples(read_table(name)) for name in programmes()}


def _examples(table: Table) -> str:
    lines = [INTRODUCTION.format(zone=table.zone, currency=table.currency)]
    for example in table.examples:
        lines += _example(example)
    lines += ["Where the examples come from:", ""]
    lines += [f"* {name}: {where}" for name, where in table.sources.items()]
    return "\n".join(lines)


def _example(example: Example) -> Iterator[str]:
    policy = "".join(f", with `{name}: {value}`" for name, value in example.policy.items())
    yield f"### {example.label}. {example.shows}"
    yield ""
    yield f"{' and '.join(example.marks)}, from {', '.join(example.sources)}{policy}."
    yield ""
    rows = [cells for row in example.rows for cells in _lines(row)]
    shown = [column for column in COLUMNS if any(cells.get(column) for cells in rows)]
    if any(cells.get("measures") for cells in rows):
        shown.insert(shown.index("total") + 1, "measures")
    if any(cells.get("alerts") for cells in rows):
        shown.append("alerts")
    yield from _table(shown, rows)
    yield ""


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
