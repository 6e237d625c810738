"""Posting records: what one shipment event means for one consignee (DESIGN sections 1 and 3).

The manifest step writes them and the withholding step judges them. They never name a person.
"""

from datetime import date, datetime
from typing import Final, Literal

import msgspec

from stream.events import Filing, Flag, Mode

US_321: Final = "us-321"
"""The programme of the $800 rule: what a posting that names none is of."""

BILLS_MAX: Final = 1000
"""Most bills in one posting record; more bills go in more records."""

BYTES_MAX: Final = 500_000
"""Most bytes in one posting record; more bills go in more records."""

Stand = Literal["expected", "arrived", "waiting", "closed", "moved"]
"""Where a posting puts a bill: on a day as expected or arrived, on no day yet (`waiting`), out by an exit (`closed`),
or with another consignee (`moved`: this consignee loses the bill, and the decision comes with the other one)."""

Exit = Literal["deleted", "entry-01", "entry-11", "exported", "abandoned", "returned"]


class PostedBill(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True, gc=False):
    """One bill as an event posts it."""

    bill: str
    version: int
    posting: int
    """Number of the event that posted this bill on this conveyance, from 1."""
    stand: Stand
    manifested_at: datetime
    """Time of the first applied version on this conveyance; with `sequence` it places the bill in manifest order."""
    sequence: int
    mode: Mode
    filing: Filing
    day: date | None = None
    """The day it is on, in the programme's zone; of a closed bill that of its last live posting; of a moved one null.
    Under a programme by date of purchase it is that date."""
    arrived: bool = False
    """Whether the bill has arrived (`actual`), or `day` is that of an estimate or of a purchase before arrival."""
    exit: Exit | None = None
    """The way by which a closed bill left."""
    order: str | None = None
    value_cents: int | None = None
    """Sum of the lines in hundredths of the programme's currency; null where an exchange rate is missing."""
    origins: tuple[str, ...] = ()
    """Countries of origin of the lines, each once, sorted."""
    flags: tuple[Flag, ...] = ()
    """Flags of the lines, each once, sorted."""
    filing_errors: tuple[str, ...] = ()
    programme: str = US_321
    """The exemption that is claimed, the default filled in."""
    seller: str | None = None
    """Seller key, only where the programme sums per seller."""
    weight_grams: int | None = None
    """Only where an entry of the programme is on weight."""


class Posting(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True, gc=False):
    """One consignee's bills that one event posts, moves away or closes, in manifest order."""

    time: datetime
    """Time of the event."""
    consignee: str
    """Consignee key; also the record key."""
    conveyance: str
    partition: int
    """With `offset`, the place of the shipment event in the shipments topic."""
    offset: int
    bills: tuple[PostedBill, ...]
