"""Money: what is an amount, and how it is rounded."""

import pytest

from stream.money import AmountError, convert, format_cents, parse_amount, whole_dollars


@pytest.mark.parametrize(
    ("text", "cents"),
    [("0", 0), ("12", 1200), ("12.5", 1250), ("12.05", 1205), ("007.00", 700), ("999999999.99", 99_999_999_999)],
)
def test_amount_is_read_exactly(text: str, cents: int) -> None:
    """Decimal text of at most two places becomes hundredths without loss."""
    assert parse_amount(text) == cents


@pytest.mark.parametrize(
    "text",
    [
        "",
        ".",
        "1.",
        ".5",
        "1.234",
        "-1",
        "+1",
        " 1",
        "1 ",
        "1_0",
        "1e3",
        "1,000",
        "1.2.3",
        "1234567890",
        "٣",
        "1.²",
        "NaN",
    ],
)
def test_other_text_is_refused_unquoted(text: str) -> None:
    """What is not an amount raises one fixed message, which therefore quotes nothing."""
    with pytest.raises(AmountError, match=r"^not an amount: up to nine digits, then at most two decimal places$"):
        parse_amount(text)


@pytest.mark.parametrize(
    ("cents", "text"), [(0, "0.00"), (5, "0.05"), (1200, "12.00"), (-5, "-0.05"), (-1200, "-12.00")]
)
def test_cents_are_written_with_two_places(cents: int, text: str) -> None:
    """Every amount has two places, and a headroom below zero keeps its sign."""
    assert format_cents(cents) == text


@pytest.mark.parametrize(
    ("cents", "rounded"), [(0, 0), (49, 0), (50, 100), (1249, 1200), (1250, 1300), (80_000, 80_000)]
)
def test_whole_dollars_round_half_up(cents: int, rounded: int) -> None:
    """Fifty cents are a dollar, forty-nine are none."""
    assert whole_dollars(cents) == rounded


@pytest.mark.parametrize(
    ("minor", "numerator", "denominator", "cents"),
    [(1000, 1, 1, 1000), (1, 1, 2, 1), (3, 1, 2, 2), (1, 49, 100, 0), (10_000, 1_157, 1_000, 11_570), (7, 1, 3, 2)],
)
def test_conversion_rounds_half_up_once(minor: int, numerator: int, denominator: int, cents: int) -> None:
    """A converted amount is the exact product, rounded half up at the end (the rates are made up)."""
    assert convert(minor, numerator, denominator) == cents
