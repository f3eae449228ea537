"""An offer is a promise in typed facts: what, how much, on which conditions, until when, by which code."""

from datetime import date, datetime, time, timedelta
from decimal import Decimal
from typing import Literal
from zoneinfo import ZoneInfo

import msgspec

from onevoice.domain.errors import BadInput
from onevoice.domain.moment import from_datetime

Kind = Literal["percent", "amount", "gift", "points", "content"]


class BadOffer(BadInput):
    """The offer contradicts itself."""


class Validity(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """From the first minute of one day to the last minute of another, in the zone of the promise."""

    start: date
    end: date  #: inclusive
    zone: str = "UTC"

    @property
    def opens_at(self) -> int:
        """The first moment at which the offer holds."""
        return from_datetime(datetime.combine(self.start, time(), ZoneInfo(self.zone)))

    @property
    def closes_at(self) -> int:
        """The first moment at which the offer no longer holds."""
        return from_datetime(datetime.combine(self.end + timedelta(days=1), time(), ZoneInfo(self.zone)))


class CodeRule(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """How the offer is redeemed: one code a person, or one for all."""

    kind: Literal["unique", "shared"] = "unique"
    text: str = ""  #: the shared code
    prefix: str = ""  #: leads every unique code
    length: int = 10  #: unguessable characters of a unique code, five bits each
    uses: int = 1  #: how often one code may be redeemed; 0: without limit


class Offer(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """
    One offer.

    Raises:
        BadOffer: The kind and its amount, currency, validity, code or product numbers do not fit together.
    """

    title: str
    kind: Kind
    valid: Validity
    amount: Decimal = Decimal(0)  #: percent, money or points, by kind
    currency: str = ""  #: ISO 4217
    minimum: Decimal = Decimal(0)  #: least spend
    conditions: tuple[str, ...] = ()
    products: tuple[str, ...] = ()  #: GTINs; empty: everything
    code: CodeRule | None = None

    def __post_init__(self) -> None:
        for wrong, message in self._faults():
            if wrong:
                raise BadOffer(message)

    def _faults(self) -> tuple[tuple[bool, str], ...]:
        money = self.kind == "amount" or self.minimum > 0
        return (
            (self.kind == "percent" and not 0 < self.amount <= 100, "amount: a percentage lies between 0 and 100."),
            (self.kind in {"amount", "points"} and self.amount <= 0, "amount: must be more than nothing."),
            (money and len(self.currency) != 3, "currency: name the ISO 4217 code, such as EUR."),
            (self.valid.end < self.valid.start, "valid.end: lies before valid.start."),
            (self._shared_without_text, "code.text: a shared code needs its text."),
            (not all(map(is_gtin, self.products)), "products: every GTIN needs 8, 12, 13 or 14 digits and its check."),
        )

    @property
    def _shared_without_text(self) -> bool:
        return self.code is not None and self.code.kind == "shared" and not self.code.text


def is_gtin(text: str) -> bool:
    """Tell whether digits are a GTIN with a right check digit (GS1 General Specifications 7.9)."""
    if not text.isascii() or not text.isdigit() or len(text) not in {8, 12, 13, 14}:
        return False
    weighted = sum(int(digit) * (3 if at % 2 else 1) for at, digit in enumerate(reversed(text)))
    return weighted % 10 == 0
