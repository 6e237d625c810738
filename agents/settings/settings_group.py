"""What every group of settings has: its model, and the form of names."""

import re
from typing import Annotated

from pydantic import BaseModel, ConfigDict, StringConstraints

Name = Annotated[str, StringConstraints(pattern=re.compile(r"^[A-Za-z0-9._-]{1,100}$"))]


class SettingsGroup(BaseModel):
    """A group of settings. It refuses a field that it does not know."""

    model_config = ConfigDict(extra="forbid", frozen=True)
