"""Figures of the simulated day: published ones if there are any, else assumptions, marked as such.

The day is 20 August 2025, inside the seventeen days (12 to 28 August 2025) in which ACE withheld automatically.
"""

from datetime import UTC, date, datetime
from typing import Final, NamedTuple

DAY: Final = date(2025, 8, 20)
MIDNIGHT: Final = datetime(2025, 8, 20, 4, tzinfo=UTC)
"""The day's midnight in America/New_York (EDT = UTC-4); seconds of the simulation count from it."""

HOUR: Final = 3600
DAY_SECONDS: Final = 24 * HOUR

MEAN_VALUE_CENTS: Final = 45_00
"""FY2024: $61 bn over 1.36 bn shipments, about $45 each (Red Stag Fulfillment, "How many packages are sent under
de minimis", https://redstagfulfillment.com/how-many-packages-are-sent-under-de-minimis)."""

TAIL: Final = 1.1
"""Sigma of the log-normal values. An assumption: with $45 as the mean the median is $25 and one bill in 1,300 is over
$800 by itself."""

EXCLUDED_ORIGINS: Final = (("CN", 0.05), ("HK", 0.01))
"""Share of bills that say a country of origin which is excluded since 2 May 2025. An assumption: the published fall
from 3.7 M to about 1 M shipments a day (ace-rules section 10) shows that few are still tried."""

ORIGINS: Final = ("VN", "IN", "TH", "MX", "CA", "GB", "DE", "IT", "KR", "JP", "TR", "BD", "ID", "PK", "FR", "ES")


class Traffic(NamedTuple):
    """One mode of transport: its share of the bills, and what its trips look like (hours)."""

    mode: str
    share: float
    type86: float
    """Share of its bills filed as type 86; the others ask for release on the manifest.

    Of all modes together 79 %: FY2023, entry type 86 and the data pilot (US Fashion Industry Association on two CRS
    reports, https://www.usfashionindustry.com/news/fashion-intel-analysis/crs-publishes-two-de-minimis-reports).
    """
    bills: int
    """Bills of a usual trip."""
    journey: tuple[float, float]
    """Shortest and longest time from departure to arrival."""
    filed_before: tuple[float, float]
    """How long before the arrival the manifest is filed: the first bill, the last bill."""
    arrivals: tuple[float, float, float]
    """Hours of the day: first arrival, last arrival, peak."""
    carriers: tuple[str, ...]
    """Invented carrier codes."""


# Air: FY2023, about 880 M of 1.05 bn shipments, 84 % (Export Compliance Daily, 1 March 2024, in ace-rules section 10).
# How the other 16 % divide is not published there: an assumption.
TRAFFIC: Final = (
    Traffic("air", 0.84, 0.88, 300, (3, 12), (9, 1), (0.2, 23.5, 8), ("ZQAV", "XJLF", "QVWA", "ZYAX")),
    Traffic("truck", 0.07, 0.30, 120, (1, 5), (3, 0.5), (4, 22, 11), ("BQDR", "XTRK", "ZNHL")),
    Traffic("mail", 0.05, 0.0, 300, (4, 12), (8, 2), (2, 20, 7), ("QXPM",)),
    Traffic("ocean", 0.03, 0.75, 600, (10, 16), (10, 5), (5, 18, 9), ("ZQOC", "XMAR")),
    Traffic("rail", 0.01, 0.75, 200, (6, 12), (8, 3), (3, 21, 10), ("ZXRL",)),
)


class Habits(NamedTuple):
    """How often something happens to a bill or a trip; assumptions, made so that a day of 10,000 bills shows it all."""

    amended: float = 0.03
    amended_consignee: float = 0.15
    """Of the amended bills: the consignee changes too."""
    deleted: float = 0.01
    repeated: float = 0.005
    """Bill events that come twice, byte for byte."""
    arrived_apart: float = 0.003
    """Bills that are known to have arrived before their conveyance (first part of a split)."""
    filing_error: float = 0.008
    """Type 86 bills against a filing rule."""
    no_state: float = 0.04
    """Truck bills without a US state, which ACE refuses (CSMS 64824427)."""
    ordered: float = 0.6
    """Bills that carry the seller's order number."""
    split_order: float = 0.001
    """Orders over the limit that are sent as two or three bills, for each bill of the day."""
    spelt_otherwise: float = 0.15
    """Bills that spell the consignee's address in another way."""
    disposed: float = 0.5
    """Bills over the limit that leave by another entry, or are exported, abandoned or returned."""
    faults: float = 0.0003
    """Bad records of each kind, for each bill; at least one of each kind."""
    unestimated: float = 0.08
    """Trips that never state an estimate."""
    restated: float = 0.3
    """Trips that state a second one."""
    retracted: float = 0.04
    """Trips whose estimate or arrival is withdrawn and stated again."""
    past_midnight: float = 0.06
    """Trips expected late in the evening that arrive on the next day."""


HABITS: Final = Habits()
