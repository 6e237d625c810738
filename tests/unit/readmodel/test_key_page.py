"""The page of keys and what is really in Redis say the same."""

import re
from pathlib import Path
from typing import get_args

import pytest

from agents.readmodel.keys import LISTS, ledger_name, ledger_parts
from agents.readmodel.store import StoreSettings
from agents.readmodel.writing import Writer
from agents.settings.settings import RedisSettings
from stream.decisions import Outcome
from tests.redis.events import alert, decision
from tests.redis.server import RedisServer
from tests.unit.readmodel.filling import fill

DATE = r"\d{4}-\d\d-\d\d"


def listed(root: Path) -> list[tuple[str, str]]:
    """Return name and type of each key in the table of the page."""
    text = (root / "docs" / "read-model.md").read_text("utf-8").partition("## Keys")[2].partition("\n## ")[0]
    return re.findall(r"^\| `([^`]+)` \| (\w+) \|", text, re.MULTILINE)


def pattern(name: str) -> re.Pattern[str]:
    """Return what the names of a kind of key match."""
    parts = {
        "<bill>": r"[A-Z0-9]{4,35}",
        "<consignee>": r"(?:na2|id2:\w+):\w+",
        "<ledger>": rf"(?:{DATE}|{DATE}/{DATE}/\w+|{DATE}/kr/se2:\w+|conveyance/pe/air:\d)?",
        "<period>": DATE,
        "<day>": DATE,
        "<conveyance>": r"air:\d",
        "<list>": f"(?:{'|'.join(LISTS)})",
        "<part>": r"(?:\d|[12]\d|3[01])",
        "<programme>": "(?:kr|pe)",
    }
    return re.compile(re.sub(r"<\w+>", lambda place: parts[place[0]], name))


@pytest.mark.redis
async def test_redis_holds_what_the_page_lists(root: Path, redis_server: RedisServer, store: StoreSettings) -> None:
    """Every key in Redis is of one kind on the page, of its type, and ends; every kind is there, once on the page."""
    kinds = listed(root)
    decisions = [decision(), decision("ACME0002", day=None, counts=False), decision("ACME0003", consignee="id2:EI:b")]
    decisions += [
        decision("ACME0004", programme="uz", period="2025-08-01/2025-08-31"),
        decision("ACME0005", programme="kr", period="2025-08-20", seller="se2:s"),
        decision("ACME0006", programme="pe", period="conveyance"),
    ]
    async with Writer(store) as writer:
        await fill(writer, decisions, [alert(), alert("structuring", None)])
    seen: set[tuple[str, str]] = set()
    with redis_server.client() as client:
        for name in client.scan_iter(f"{{{store.prefix}}}*"):
            short = name.decode().removeprefix(f"{{{store.prefix}}}:v2:")
            (kind,) = [key for key in kinds if pattern(key[0]).fullmatch(short)]
            assert (client.type(name).decode(), client.ttl(name) > 0) == (kind[1], True)
            seen.add(kind)
    assert sorted(seen) == sorted(kinds)


def test_page_names_the_lists(root: Path) -> None:
    """The lists by outcome are those of the code, and those of the code are an outcome each, or one of a warning."""
    text = (root / "docs" / "read-model.md").read_text("utf-8")
    named = re.search(r"A `<list>` is (.+?)\.", text, re.DOTALL)
    assert named is not None
    assert tuple(re.findall(r"`([a-z-]+)`", named[1])) == LISTS
    assert {name.removesuffix("-actual") for name in LISTS} == {*get_args(Outcome)}


def test_page_lists_the_settings(root: Path) -> None:
    """Each setting of Redis is on the page with its default, and no other."""
    text = (root / "docs" / "read-model.md").read_text("utf-8")
    rows = dict(re.findall(r"^\| `TALLYGATE_REDIS__(\w+)` \| `?([^`|]+?)`? \|", text, re.MULTILINE))
    defaults = {name.upper(): str(field.default or "none") for name, field in RedisSettings.model_fields.items()}
    assert rows == defaults


@pytest.mark.parametrize(
    ("programme", "period", "seller", "conveyance"),
    [
        ("us-321", "2025-08-20", None, None),
        ("uz", "2025-08-01/2025-08-31", None, None),
        ("kr", "2025-08-20", "se2:s", None),
        ("pe", "conveyance", None, "air:1"),
        ("ge", "conveyance", "se2:s", "air:AF0066:2025-08-20"),
    ],
)
def test_seller_and_conveyance_are_read_from_a_ledgers_name(
    programme: str, period: str, seller: str | None, conveyance: str | None
) -> None:
    """What tells a person's ledgers of one day apart is in their names, and comes out of them again."""
    name = ledger_name(programme, period, "2025-08-20", seller, conveyance or "air:7")
    assert ledger_parts(name, programme, period) == (seller, conveyance)
