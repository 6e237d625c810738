"""Settings of the consignee keys."""

from pathlib import Path
from typing import Literal

from agents.settings.settings_group import SettingsGroup


class KeySettings(SettingsGroup):
    """How consignee keys are made. A change needs a new epoch and a rebuild."""

    secret_file: Path | None = None
    """File with the secret of the keyed digest, at least 16 bytes. Workers need it."""
    match: Literal["exact", "normalised"] = "normalised"
    """`normalised`: names and addresses that are written differently may be one consignee. `exact`: they may not."""
