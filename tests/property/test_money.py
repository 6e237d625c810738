"""Money for any amount: the integer arithmetic equals Decimal's."""

from decimal import ROUND_HALF_UP, Decimal

from hypothesis import given
from hypothesis import strategies as st

from stream.money import AmountError, convert, format_cents, parse_amount, whole_dollars

CENTS = st.integers(0, 99_999_999_999)


@given(CENTS)
def test_writing_and_reading_are_inverse(cents: int) -> None:
    """What `format_cents` writes `parse_amount` reads back."""
    assert parse_amount(format_cents(cents)) == cents


@given(st.one_of(st.from_regex(r"[0-9]{0,11}\.?[0-9]{0,3}", fullmatch=True), st.text(max_size=14)))
def test_exactly_the_contracts_texts_are_read(text: str) -> None:
    """An amount is what DESIGN's pattern matches, no more and no less."""
    whole, point, fraction = text.partition(".")
    digits = set("0123456789")
    expected = 1 <= len(whole) <= 9 and set(whole) <= digits and set(fraction) <= digits
    expected = expected and (1 <= len(fraction) <= 2 if point else True)
    try:
        read = parse_amount(text)
    except AmountError:
        assert not expected
    else:
        assert expected
        assert read == int(Decimal(text) * 100)


@given(CENTS, st.integers(1, 10**9), st.integers(1, 10**9))
def test_conversion_equals_decimals(cents: int, numerator: int, denominator: int) -> None:
    """The result is the nearest integer to the exact product, and of two nearest the higher."""
    twice = 2 * convert(cents, numerator, denominator)
    assert -denominator < twice * denominator - 2 * cents * numerator <= denominator


@given(CENTS)
def test_whole_dollars_equal_decimals(cents: int) -> None:
    """Rounding to dollars equals Decimal's ROUND_HALF_UP."""
    assert whole_dollars(cents) == 100 * int((Decimal(cents) / 100).quantize(Decimal(1), ROUND_HALF_UP))
