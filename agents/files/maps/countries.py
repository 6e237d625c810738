"""Names of countries and their two letters, from the table that ships with the time zones."""

from functools import cache
from importlib.resources import files
from typing import Final

from anyascii import anyascii

_OTHER_NAMES: Final = {
    "AE": ("UAE",),
    "BA": ("Bosnia and Herzegovina",),
    "BN": ("Brunei Darussalam",),
    "BO": ("Plurinational State of Bolivia",),
    "CD": ("Democratic Republic of the Congo",),
    "CG": ("Republic of the Congo",),
    "CI": ("Ivory Coast",),
    "CV": ("Cabo Verde",),
    "CZ": ("Czechia",),
    "GB": ("UK", "United Kingdom", "Great Britain", "England", "Scotland", "Wales", "Northern Ireland"),
    "HK": ("Hong Kong SAR", "Hong Kong SAR China"),
    "KP": ("North Korea",),
    "KR": ("South Korea", "Republic of Korea"),
    "LA": ("Lao People's Democratic Republic",),
    "MD": ("Republic of Moldova",),
    "MK": ("Macedonia",),
    "MM": ("Burma",),
    "MO": ("Macao", "Macao SAR", "Macao SAR China"),
    "NL": ("Holland", "The Netherlands"),
    "RU": ("Russian Federation",),
    "SY": ("Syrian Arab Republic",),
    "SZ": ("Swaziland",),
    "TR": ("Türkiye",),
    "TW": ("Taiwan, Province of China",),
    "TZ": ("United Republic of Tanzania",),
    "US": ("USA", "United States of America", "United States (US)", "U.S.A."),
    "VA": ("Holy See",),
}
"""Names that shops write and the table lacks."""


def folded(name: str) -> str:
    """Return a name without case, accents and signs, as it is compared."""
    plain = anyascii(name).casefold().replace("&", " and ")
    return " ".join("".join(each if each.isalnum() else " " for each in plain).split())


def country_key(name: str) -> str:
    """Return a name of a country as the table has it: folded, and without spaces."""
    return folded(name).replace(" ", "")


@cache
def country_codes() -> dict[str, str]:
    """Return the code of each name, and of each code itself, by its key."""
    table = files("tzdata").joinpath("zoneinfo/iso3166.tab").read_text("utf-8")
    rows = [line.split("\t", 1) for line in table.splitlines() if line and not line.startswith("#")]
    codes = {country_key(code): code for code, _ in rows}
    codes |= {country_key(name): code for code, name in rows}
    return codes | {country_key(name): code for code, names in _OTHER_NAMES.items() for name in names}
