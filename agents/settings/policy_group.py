"""Settings of the policy: how a day over its limit is judged."""

from datetime import date
from typing import Literal

from agents.settings.settings_group import SettingsGroup


class PolicySettings(SettingsGroup):
    """How a day over its limit is judged. A change needs a new epoch and a rebuild."""

    overflow: Literal["skip", "latch", "all_or_none"] = "skip"
    """After a bill that does not fit: `skip` goes on with later bills, `latch` stops, `all_or_none` releases no bill of
    the day."""
    rounding: Literal["cents", "whole-dollars"] = "cents"
    """Count exact cents, or round each bill to whole units of its programme's currency, half up."""
    enforcement: Literal["auto", "warn", "withhold"] = "auto"
    """Withhold an arrived bill that does not fit, or only warn. `auto`: as the dated rules say."""
    as_of: date | None = None
    """Judge every day by the rules as they stood on this day; none: each day by its own."""
