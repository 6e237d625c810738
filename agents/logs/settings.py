"""Settings of the log: how much of it, and in which form."""

from typing import Literal

from pydantic import BaseModel, ConfigDict


class LogSettings(BaseModel):
    """What processes write to standard error."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    level: Literal["DEBUG", "INFO", "WARNING", "ERROR"] = "INFO"
    """Nothing below is written; `DEBUG` has a line for each transaction."""
    format: Literal["auto", "json", "text"] = "auto"
    """A line of JSON each, or text for people; `auto`: text on a terminal, else JSON."""
