"""Offers, tokens and personal words refuse what contradicts itself, and say what to do."""

from datetime import date
from decimal import Decimal

import msgspec
import pytest

from onevoice.compose import personal, tokens
from onevoice.compose.media import email
from onevoice.domain.brand import Brand, Logo
from onevoice.domain.moment import to_iso
from onevoice.domain.offer import BadOffer, CodeRule, Offer, Validity, is_gtin
from tests.compose.samples import ANNA, BRAND, OFFER, sample

VALID = Validity(start=date(2026, 3, 1), end=date(2026, 3, 31), zone="Europe/Berlin")


@pytest.mark.parametrize(
    ("wrong", "says"),
    [
        ({"amount": Decimal(120)}, "amount: a percentage lies between 0 and 100"),
        ({"kind": "amount", "amount": Decimal(5)}, "currency: name the ISO 4217 code"),
        ({"kind": "amount", "amount": Decimal(0), "currency": "EUR"}, "amount: must be more than nothing"),
        ({"valid": Validity(start=date(2026, 3, 2), end=date(2026, 3, 1))}, "valid.end: lies before"),
        ({"code": CodeRule(kind="shared")}, "code.text: a shared code needs its text"),
        ({"products": ("9520001234560",)}, "products: every GTIN"),
    ],
)
def test_contradictory_offer_is_refused(wrong: dict[str, object], says: str) -> None:
    """Each contradiction names its field."""
    with pytest.raises(BadOffer, match=says):
        Offer(**{"title": "t", "kind": "percent", "amount": Decimal(10), "valid": VALID, **wrong})  # type: ignore[arg-type]


def test_validity_ends_with_its_last_local_minute() -> None:
    """An offer holds to the end of its last day in its own zone, also when the clocks change in between."""
    assert "2026-02-28T23:00:00.000Z" == to_iso(VALID.opens_at)
    assert "2026-03-31T22:00:00.000Z" == to_iso(VALID.closes_at)


@pytest.mark.parametrize(
    ("text", "right"),
    [("4006381333931", True), ("4006381333932", False), ("96385074", True), ("036000291452", True), ("12", False)],
)
def test_gtin_check_digit(text: str, right: bool) -> None:
    """Known product numbers pass, one with a wrong check digit fails."""
    assert right == is_gtin(text)


def test_aliases_and_colour_objects_are_resolved() -> None:
    """A token may point at another, and a colour may be an object with its hex."""
    look = tokens.palette(BRAND)

    assert ("#1f5f3f", "#ffffff", "#1f2430") == (look.primary, look.on_primary, look.ink)


@pytest.mark.parametrize(
    "given", [{"$value": "green"}, {"$value": "{color.primary}"}, {"$value": {"colorSpace": "srgb"}}]
)
def test_bad_token_is_refused_by_name(given: dict[str, object]) -> None:
    """A colour that is none, and an alias to itself, name the token."""
    brand = Brand(title="t", url="", logo=Logo(text="t"), tokens={"color": {"primary": given}})
    with pytest.raises(tokens.BadToken, match=r"tokens\.color\.primary"):
        tokens.palette(brand)


def test_contrast_of_black_on_white() -> None:
    """Black on white is 21 to 1, and WCAG's own borderline grey #767676 on white just passes 4.5."""
    assert (21.0, 4.54) == (
        round(tokens.contrast("#000000", "#ffffff"), 2),
        round(tokens.contrast("#767676", "#ffffff"), 2),
    )


def test_missing_value_without_default_is_refused() -> None:
    """Words that need an unknown name stop for that person and say how to mend the words."""
    rendering = email.compile_brief(sample(headline="Hello {{ person.nickname }}"))
    with pytest.raises(personal.Unaddressable, match=r"nickname.*default"):
        rendering.letter(ANNA)


def test_values_are_escaped_in_html_only() -> None:
    """A name with markup is text in the mail's HTML and stays as it is in its text part."""
    to = msgspec.structs.replace(ANNA, traits={"first_name": "<b>Bo</b>"})
    letter = email.compile_brief(sample()).letter(to)

    assert "&lt;b&gt;Bo&lt;/b&gt;" in letter.html
    assert "<b>Bo" not in letter.html
    assert "year, <b>Bo</b>" in letter.text


def test_letter_carries_one_click_headers() -> None:
    """The headers of RFC 8058 name the personal link and the one-click form."""
    letter = email.compile_brief(sample()).letter(ANNA)

    assert f"<{ANNA.unsubscribe}>" == letter.headers["List-Unsubscribe"]
    assert "List-Unsubscribe=One-Click" == letter.headers["List-Unsubscribe-Post"]


def test_sample_offer_knows_its_facts() -> None:
    """The words of the offer are the locale's own."""
    facts = sample(locale="de-DE").facts()["offer"]

    assert ("20\u00a0% Rabatt", "ab 30\u00a0$", "14. August 2026") == (facts["text"], facts["minimum"], facts["until"])
    assert OFFER.code is not None
