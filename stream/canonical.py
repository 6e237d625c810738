"""The canonical form of a consignee, version 2: the text that is keyed and digested into a consignee key.

A form is a tag and fields, one per line. In the *normalised* form the fields are folded (`stream.letters`,
`stream.pub28`), in the *exact* form they are raw. A raw field begins with "=", is in Unicode form C, and has backslash
and line feed escaped. A folded field never begins with "=" and never holds a line feed, so a form shows which field is
which. docs/consignee-key.md says which spellings are alike.
"""

from collections.abc import Sequence
from unicodedata import normalize

from stream.letters import FIELD_END, fold, tighten
from stream.pub28 import COUNTRIES, FORM_VERSION, STATES, TERRITORIES, fold_address

NAME_TAG = f"na{FORM_VERSION}"
IDENTIFIER_TAG = f"id{FORM_VERSION}"
SELLER_TAG = f"se{FORM_VERSION}"

_FIELD_ENDS = 5
_ADDRESS = 1
_UNITED_STATES = "US"
_ZIP_DIGITS = 5
_ZIP_PLUS_4_DIGITS = 9
_NO_LETTERS = str.maketrans(FIELD_END + "&", "  ")


def name_form(name: str, lines: Sequence[str], city: str, state: str, postal: str, country: str) -> str:
    """Return the normalised form of a name and address.

    A name or address that has only signs would fold to nothing. It stays raw, so that two odd names never become one.
    """
    street = " ".join(lines)
    joined = f"{name}{FIELD_END}{street}{FIELD_END}{city}{FIELD_END}{state}{FIELD_END}{postal}{FIELD_END}{country}"
    if joined.count(FIELD_END) > _FIELD_ENDS:
        joined = FIELD_END.join(field.replace(FIELD_END, " ") for field in (name, street, city, state, postal, country))
    folded_name, address, town, region, code, land = _fold_fields(joined)
    land, region, code = tighten(land), tighten(region), "".join(code.split())
    if land in COUNTRIES:
        address, region, code = fold_address(address), STATES.get(region, region), _zip(code)
        if land in TERRITORIES:
            land, region = _UNITED_STATES, land
    else:
        address = " ".join(address.replace("#", " ").split())
    folded_name = tighten(folded_name) or raw(name)
    address = address or FIELD_END.join(raw(line) for line in lines if line and not line.isspace())
    return f"{NAME_TAG}\n{folded_name}\n{address}\n{tighten(town)}\n{region}\n{code}\n{land}"


def exact_name_form(name: str, lines: Sequence[str], city: str, state: str, postal: str, country: str) -> str:
    """Return the exact form of a name and address: raw fields, with each address line on a line of its own."""
    return FIELD_END.join((NAME_TAG, *map(raw, (name, *lines, city, state, postal, country))))


def identifier_form(identifier_type: str, identifier: str) -> str:
    """Return the normalised form of an identifier: letters and digits only, in capitals; the type stays as it is."""
    folded = "".join(fold(identifier.translate(_NO_LETTERS)).replace("#", " ").split())
    return FIELD_END.join((IDENTIFIER_TAG, identifier_type, folded or raw(identifier)))


def exact_identifier_form(identifier_type: str, identifier: str) -> str:
    """Return the exact form of an identifier."""
    return FIELD_END.join((IDENTIFIER_TAG, identifier_type, raw(identifier)))


def seller_form(name: str) -> str:
    """Return the normalised form of a seller's name, which is folded like a consignee's."""
    return f"{SELLER_TAG}\n{tighten(fold(name.replace(FIELD_END, ' ')).replace('#', ' ')) or raw(name)}"


def exact_seller_form(name: str) -> str:
    """Return the exact form of a seller's name."""
    return FIELD_END.join((SELLER_TAG, raw(name)))


def zip_warning(postal: str | None, country: str | None) -> str | None:
    """Return a warning about the postal code of a United States address, or None. It never quotes the code.

    Spreadsheets drop the leading zero of a code. With the shorter code the consignee counts as another person.
    """
    if tighten(fold((country or "").translate(_NO_LETTERS))) not in COUNTRIES:
        return None
    code = "".join(fold((postal or "").translate(_NO_LETTERS)).split())
    if not code or (code.isdecimal() and len(code) in {_ZIP_DIGITS, _ZIP_PLUS_4_DIGITS}):
        return None
    return "expected a postal code of 5 or 9 digits: with another code the same consignee counts as another person"


def raw(field: str) -> str:
    """Return a field unfolded: marked with "=" and escaped, so that it is one line and differs from a folded field."""
    return "=" + normalize("NFC", field).replace("\\", "\\\\").replace(FIELD_END, "\\n")


def _fold_fields(joined: str) -> list[str]:
    text = fold(joined)
    fields = text.split(FIELD_END)
    if "#" in text:
        # Only an address keeps it: there it is a unit.
        fields = [field if place == _ADDRESS else field.replace("#", " ") for place, field in enumerate(fields)]
    return fields


def _zip(postal: str) -> str:
    """Cut ZIP+4 to ZIP: the last four digits are a route, which the same address may have or leave out."""
    if len(postal) == _ZIP_PLUS_4_DIGITS and postal.isdecimal():
        return postal[:_ZIP_DIGITS]
    return postal
