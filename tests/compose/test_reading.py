"""What the house writes in a locale, the house reads back as the same fact."""

from datetime import date
from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from onevoice.compose import reading, wording

LOCALES = st.sampled_from(["en-US", "en-GB", "de-DE", "fr-FR", "es-ES", "it-IT", "nl-NL", "pl-PL"])
AMOUNTS = st.decimals("0.01", "99999", places=2)


@given(AMOUNTS, st.sampled_from(["USD", "EUR", "GBP", "CHF"]), LOCALES)
def test_money_is_read_back(amount: Decimal, currency: str, locale: str) -> None:
    """An amount written in any locale is read as exactly that amount and currency."""
    text = f"Only {wording.money(amount, currency, locale)}, today."

    assert [f"{reading.plain(amount)} {currency}"] == [one.value for one in reading.tokens(text, locale, currency)]


@given(st.decimals("0.5", "100", places=1), LOCALES)
def test_percent_is_read_back(amount: Decimal, locale: str) -> None:
    """A percentage written in any locale is read as exactly that number."""
    text = f"ZIP 62701 {wording.percent(amount, locale)} x"

    assert [("percent", reading.plain(amount))] == [(one.kind, one.value) for one in reading.tokens(text, locale)]


@given(st.dates(date(2020, 1, 1), date(2039, 12, 31)), LOCALES, st.sampled_from(["long", "medium", "short"]))
def test_date_is_read_back(day: date, locale: str, style: str) -> None:
    """A day written in any locale, long or short, is read as that day."""
    text = f"x {wording.day(day, locale, style)}. y"

    assert day.isoformat() in [one.value for one in reading.tokens(text, locale) if one.kind == "date"]


@pytest.mark.parametrize("text", ["62701", "call 555-0100", "size 12.5", "2026"])
def test_plain_numbers_are_no_facts(text: str) -> None:
    """A postcode, a phone number or a size is not taken for a price, a percentage or a date."""
    assert [] == reading.tokens(text, "en-US", "USD")
