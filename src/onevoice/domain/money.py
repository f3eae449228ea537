"""Money is counted in whole millionths of a currency unit, so sums are exact and do not depend on order."""

from decimal import ROUND_HALF_EVEN, Decimal, InvalidOperation

import msgspec

from onevoice.domain.errors import BadInput

MICROS = 1_000_000


class BadAmount(BadInput):
    """The amount is not a number; write it as 12.50, without a currency sign."""


def to_micros(value: object) -> int:
    """
    Return an amount as whole millionths, rounding half to even.

    Raises:
        BadAmount: The value is not a finite number.
    """
    if isinstance(value, bool) or not isinstance(value, int | float | str | Decimal):
        raise BadAmount
    try:
        exact = Decimal(str(value))
        return int((exact * MICROS).to_integral_value(ROUND_HALF_EVEN))
    except (InvalidOperation, OverflowError, ValueError) as error:
        raise BadAmount from error


class Money(msgspec.Struct, frozen=True):
    """An amount of one currency."""

    micros: int
    currency: str  #: ISO 4217, upper case

    @property
    def amount(self) -> Decimal:
        """The amount in currency units."""
        return Decimal(self.micros) / MICROS
