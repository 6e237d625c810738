"""The settings that hold, fit for a log: no password, whatever way it came in."""

import re
from typing import Any, Final

from pydantic import BaseModel

MASK: Final = "***"
SECRET: Final = re.compile(r"password|secret|token|credential", re.IGNORECASE)
PLACE: Final = re.compile(r"_file$")
"""Names of settings that say where a secret is."""
LOGIN: Final = re.compile(r"(\w+://[^/@\s:]*):[^@\s]*@")


def effective(settings: BaseModel) -> dict[str, Any]:
    """Return all settings by group and field, masked."""
    return {name: masked(value, name) for name, value in settings.model_dump(mode="json").items()}


def masked(value: Any, name: str = "") -> Any:
    """Mask what is called a secret, and passwords in addresses, however deep."""
    match value:
        case dict():
            return {key: masked(each, str(key)) for key, each in value.items()}
        case list() | tuple():
            return [masked(each, name) for each in value]
        case str() if SECRET.search(name) and not PLACE.search(name):
            return MASK
        case str():
            return LOGIN.sub(rf"\1:{MASK}@", value)
    return value
