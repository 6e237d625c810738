"""One withholding step over one table: postings go in, outputs come out; a posting is a transaction."""

from collections.abc import Iterable
from datetime import UTC, date, datetime, timedelta
from typing import Any

import msgspec

from state.rules.loading import load_rulebook
from state.rules.rulebook import Rulebook
from state.table import Overlay, Table
from state.withholding import WithholdingStep
from state.withholding.clock import Clock
from state.withholding.deciding import Deciding
from stream.alerts import Alert, AlertData
from stream.days import EPOCH_ORDINAL
from stream.decisions import Decision, DecisionData, Policy
from stream.instants import MICROS_A_DAY
from stream.postings import PostedBill, Posting
from stream.records import Outgoing, PlainRecord, Sink

RULEBOOK = load_rulebook()
SHIPMENTS = "tallygate.shipments.v1"
CONSIGNEE = "na2:one"
NOON = datetime(2025, 8, 20, 16, tzinfo=UTC)
DAY = date(2025, 8, 20)
LIMIT = 80_000

_decision = msgspec.json.Decoder(Decision)
_alert = msgspec.json.Decoder(Alert)


def posted(number: int = 1, cents: int | None = 100, stand: str = "arrived", **changes: Any) -> PostedBill:
    """Return a bill as an event posts it; `number` is its place in the manifest too."""
    on_a_day = stand in {"arrived", "expected"}
    plain = {
        "bill": f"ACME{number:07d}",
        "version": 1,
        "posting": 1,
        "stand": stand,
        "manifested_at": NOON,
        "sequence": number,
        "mode": "air",
        "filing": "manifest",
        "day": DAY if on_a_day else None,
        "arrived": stand == "arrived",
        "exit": "deleted" if stand == "closed" else None,
        "value_cents": cents,
        "origins": ("FR",),
    }
    return PostedBill(**{**plain, **changes})


def posting(*bills: PostedBill, **changes: Any) -> Posting:
    """Return a posting record of these bills."""
    plain = {"time": NOON, "consignee": CONSIGNEE, "conveyance": "air:1", "partition": 2, "offset": 7, "bills": bills}
    return Posting(**{**plain, **changes})


def later(days: int) -> datetime:
    """Return noon, days later."""
    return NOON + timedelta(days=days)


def deciding_under(policy: Policy, rulebook: Rulebook = RULEBOOK) -> Deciding:
    """Return what decides under a policy, with the programmes that are enabled unless set."""
    return Deciding(rulebook, policy, 1, SHIPMENTS)


def clock_on(day: int, deciding: Deciding | None = None) -> Clock:
    """Return a clock that shows noon of the day with this ordinal, in UTC."""
    deciding = deciding or deciding_under(Policy())
    clock = Clock(deciding.terms, deciding.us_321.open_days)
    clock.set((day - EPOCH_ORDINAL) * MICROS_A_DAY + MICROS_A_DAY // 2)
    return clock


class JudgedStep:
    """Posts to a step and remembers what it wrote."""

    def __init__(self, policy: Policy | None = None, table: Table | None = None, rulebook: Rulebook = RULEBOOK) -> None:
        self.step = WithholdingStep(rulebook, policy or Policy(), 1, SHIPMENTS)
        self.table = table or Table()
        self.changes: list[tuple[bytes, bytes | None]] = []
        """The changelog records of the last posting."""
        self.code = ""
        """The code of its result."""

    def run(self, post: Posting, overlay: Overlay) -> list[Outgoing | None]:
        """Judge within a transaction; gives outputs and breaths."""
        result = self.step(record(post), overlay)
        self.code = result.code
        return list(result.outputs)

    def send(self, post: Posting) -> list[Outgoing]:
        """Judge in a transaction of its own; gives outputs without breaths."""
        overlay = self.table.overlay()
        outputs = self.run(post, overlay)
        self.changes = list(overlay.changes())
        overlay.join()
        return [output for output in outputs if output is not None]

    def post(self, *bills: PostedBill, **changes: Any) -> list[DecisionData]:
        """Judge bills of one record; gives the decisions."""
        return decisions(self.send(posting(*bills, **changes)))

    def verdicts(self, *bills: PostedBill, **changes: Any) -> list[str]:
        """Judge bills of one record; gives number and verdict of each decision, such as `1 release within-limit`."""
        return [f"{int(one.bill[4:])} {one.outcome} {one.reason}" for one in self.post(*bills, **changes)]

    def sweep(self, budget: int) -> int:
        """Sweep in a transaction of its own; gives how many rows went."""
        overlay = self.table.overlay()
        gone = self.step.sweep(overlay, budget)
        overlay.join()
        return gone

    def rows(self) -> dict[bytes, bytes]:
        """Return all rows, keyed as in the changelog."""
        return dict(self.table.rows())


def record(post: Posting) -> PlainRecord:
    """Return the record of a posting."""
    return PlainRecord("postings", 0, 0, -1, post.consignee.encode(), msgspec.json.encode(post))


def decisions(outputs: Iterable[Outgoing | None]) -> list[DecisionData]:
    """Read the decisions among outputs."""
    return [_decision.decode(one.value or b"").data for one in outputs if one and one.sink is Sink.DECISIONS]


def alerts(outputs: Iterable[Outgoing | None]) -> list[AlertData]:
    """Read the alerts among outputs."""
    return [_alert.decode(one.value or b"").data for one in outputs if one and one.sink is Sink.ALERTS]
