"""Time zones that a programme may name: those of the tzdata wheel, never of the machine."""

from functools import cache
from importlib.resources import files


@cache
def zone_names() -> frozenset[str]:
    """Names of the IANA time zone database, such as `Asia/Seoul`."""
    return frozenset(files("tzdata").joinpath("zones").read_text("utf-8").split())
