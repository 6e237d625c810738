"""Plain data written as a rule file, so that the real rulebook knows the same programmes and rates."""

from collections.abc import Iterator
from datetime import date

from state.rules.loading import rulebook_of, shipped_texts
from state.rules.rule_files import RuleText
from state.rules.rulebook import Rulebook
from tests.reference.plain import Amount, Dated, Programme, World
from tests.reference.shipped import EVERY

WORDS = {"source": "made up by the tests", "certainty": "C", "text": "Made up by the tests."}

Value = str | int | date | tuple[str, ...] | None


def rulebook_for(world: World) -> Rulebook:
    """Return the shipped rulebook with the programmes and rates of a world, and these alone enabled."""
    text = rule_file(world)
    added = [RuleText("drawn.toml", text)] if text else []
    return rulebook_of(shipped_texts(), added).with_programmes(sorted(world.programmes), world.default)


def rule_file(world: World) -> str:
    """Return what is in a world and does not ship, as text of a rule file."""
    sections = [*_rates(world)]
    for programme in world.programmes.values():
        if programme.id not in EVERY.programmes:
            sections += _programme(programme)
    return "\n".join(sections)


def _rates(world: World) -> Iterator[str]:
    for rate in world.rates:
        quarter = f"{rate.year}Q{rate.quarter}"
        name = f"rate-{rate.currency}-{rate.to}-{quarter}".lower()
        facts = {"currency": rate.currency, "to": rate.to, "quarter": quarter, "rate": rate.rate}
        yield _section("rate", name, **facts)


def _programme(programme: Programme) -> Iterator[str]:
    yield _section(
        "programme",
        programme.id,
        title=f"Made up: {programme.id}",
        zone=programme.zone,
        currency=programme.currency,
        date=programme.date,
        window=programme.window,
        per=("seller",) if programme.per_seller else (),
        overflow=programme.overflow,
        unaggregated_modes=tuple(sorted(programme.unaggregated)),
        open_days=programme.open_days,
    )
    for section, amounts in (("limit", programme.limits), ("single", programme.singles)):
        for entry in amounts:
            yield _section(section, entry.id, programme=programme.id, **_dates(entry), **_amount(entry))
    of: dict[str, Value] = {"programmes": (programme.id,)}
    for suspension in programme.suspensions:
        yield _section("suspension", suspension.id, **of, **_dates(suspension))
    for exclusion in programme.exclusions:
        yield _section("exclusion", exclusion.id, **of, **_dates(exclusion), origins=tuple(sorted(exclusion.origins)))
    for goods in programme.goods:
        filings = tuple(sorted(goods.filings))
        yield _section("goods", goods.id, **of, **_dates(goods), flag=goods.flag, filings=filings)
    for rule in programme.enforcement:
        yield _section("enforcement", rule.id, **of, **_dates(rule), enforcement=rule.enforced)


def _dates(entry: Dated) -> dict[str, Value]:
    return {"from": entry.first, "until": entry.last}


def _amount(entry: Amount) -> dict[str, Value]:
    money = f"{entry.amount // 100}.{entry.amount % 100:02}"
    return {"measure": entry.measure, "amount": money if entry.measure == "value" else entry.amount}


def _section(section: str, name: str, **facts: Value) -> str:
    known = {"id": name, **facts, **WORDS}
    lines = [f"{field} = {_written(value)}" for field, value in known.items() if value is not None]
    return "\n".join([f"[[{section}]]", *lines, ""])


def _written(value: Value) -> str:
    if isinstance(value, tuple):
        return "[" + ", ".join(map(_written, value)) + "]"
    return f'"{value}"' if isinstance(value, str) else str(value)
