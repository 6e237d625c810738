"""Settings of the log: its level and its format."""

from typing import Literal

from pydantic import BaseModel, ConfigDict


class LogSettings(BaseModel):
    """The log that each process writes to standard error."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    level: Literal["DEBUG", "INFO", "WARNING", "ERROR"] = "INFO"
    """Lowest level that is written. `DEBUG` adds a line for each transaction."""
    format: Literal["auto", "json", "text"] = "auto"
    """Lines of JSON, or text for people. `auto`: text on a terminal, else JSON."""
