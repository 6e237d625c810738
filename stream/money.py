"""Money as integer hundredths of a currency unit: cents for USD. No floats, no Decimal.

Amounts arrive as decimal text with at most two places (DESIGN section 2). So a hundredth is the minor unit of every
currency here, even of currencies that have no cents in daily life.
"""


class AmountError(ValueError):
    """The text is not an amount. The message never quotes the text."""


def parse_amount(text: str) -> int:
    r"""Read decimal text into hundredths: "12" is 1200, "12.5" is 1250.

    Accept exactly `^\d{1,9}(\.\d{1,2})?$` in ASCII digits. Raise AmountError for any other text.
    """
    whole, point, fraction = text.partition(".")
    # isdigit alone accepts "²" and Arabic digits; int would read some of them.
    if whole.isdigit() and len(whole) < 10 and text.isascii():
        if not point:
            return int(whole) * 100
        if fraction.isdigit():
            if len(fraction) == 2:
                return int(whole + fraction)
            if len(fraction) == 1:
                return int(whole + fraction) * 10
    raise AmountError("not an amount: up to nine digits, then at most two decimal places")


def format_cents(cents: int) -> str:
    """Return hundredths as decimal text with two places: 1200 is "12.00", -5 is "-0.05"."""
    sign = "-" if cents < 0 else ""
    whole, fraction = divmod(abs(cents), 100)
    return f"{sign}{whole}.{fraction:02d}"


def whole_dollars(cents: int) -> int:
    """Return cents rounded half up to a whole dollar, still in cents: 1250 is 1300, 1249 is 1200."""
    return (cents + 50) // 100 * 100


def convert(minor: int, numerator: int, denominator: int) -> int:
    """Multiply an amount in hundredths by the rate numerator/denominator, half up, once and exactly.

    `denominator` is positive: the rulebook checks its rates on load.
    """
    return (2 * minor * numerator + denominator) // (2 * denominator)
