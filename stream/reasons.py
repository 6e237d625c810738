"""The lines that a warehouse worker sees beside the one word: what to do, then why; no figures of any person."""

from typing import Final

from stream.outcomes import Action

ACTION_LINES: Final[dict[Action, str]] = {
    Action.GO: "Let it go.",
    Action.HOLD: "Set aside. Ask the lead.",
    Action.STOP: "Take it out. It must not go.",
    Action.WAIT: "Not yet. Ask the lead.",
    Action.DONE: "It should not be here. Ask the lead.",
}
"""What to do with the parcel, said before the reason."""
KEEP_LINE: Final = "Keep it here and wait."
"""What to do while no answer can be trusted."""
SCAN_AGAIN_LINE: Final = "Scan again."
"""What to do when no bill number was read."""

REASON_LINES: Final[dict[str, str]] = {
    "deleted": "Taken off the manifest.",
    "entry-01": "Entered formally (type 01).",
    "entry-11": "Entered informally (type 11).",
    "exported": "Exported.",
    "abandoned": "Abandoned.",
    "returned": "Returned to the sender.",
    "superseded": "Counted on another conveyance.",
    "filing-error": "The filing is incomplete or wrong.",
    "no-day": "No arrival is known yet.",
    "day-closed": "Its day is closed: an entry is needed.",
    "suspended": "No exemption on that day: an entry is needed.",
    "origin-excluded": "Its origin is excluded: an entry is needed.",
    "goods-excluded": "Its goods are excluded: an entry is needed.",
    "single-value-over-limit": "Worth more than the limit: an entry is needed.",
    "single-weight-over-limit": "Heavier than the limit: an entry is needed.",
    "not-aggregated": "Mail: not in the day's total.",
    "daily-limit": "Over the consignee's limit for the day.",
    "period-limit": "Over the consignee's limit for the period.",
    "within-limit": "Within the consignee's limit for the day.",
}
"""Reason of a decision -> its line. Every reason of `stream.outcomes.VERDICTS` has one."""

PERIOD_LINES: Final[dict[str, str]] = {
    "day-closed": "Its period is closed: an entry is needed.",
    "within-limit": "Within the consignee's limit for the period.",
}
"""Where the period is not one day, the lines that say so instead."""

UNKNOWN_LINE: Final = "Nothing is known of this bill."
STALE_LINE: Final = "No live connection: what is known may be old."
