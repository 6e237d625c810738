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
    "VN": ("Viet Nam",),
}
"""Names that shops write and the table lacks."""


def folded(name: str) -> str:
    """Return a name without case, accents and signs, as it is looked up."""
    plain = anyascii(name).casefold().replace("&", " and ")
    return " ".join("".join(each if each.isalnum() else " " for each in plain).split())


@cache
def country_codes() -> dict[str, str]:
    """Return the code of each folded name, and of each code itself."""
    table = files("tzdata").joinpath("zoneinfo/iso3166.tab").read_text("utf-8")
    rows = [line.split("\t", 1) for line in table.splitlines() if line and not line.startswith("#")]
    codes = {folded(code): code for code, _ in rows}
    codes |= {folded(name): code for code, name in rows}
    return codes | {folded(name): code for code, names in _OTHER_NAMES.items() for name in names}
