"""Reads percents, amounts, dates and codes back out of text, in the locale it was written in."""

import re
from datetime import date
from decimal import Decimal, InvalidOperation
from functools import lru_cache

import msgspec
from babel import Locale
from babel.numbers import NumberFormatError, get_currency_symbol, parse_decimal

from onevoice.compose.wording import locale_of

#: Currencies whose signs are looked for, besides the offer's own.
SIGNS = ("USD", "EUR", "GBP", "CHF", "JPY", "CAD", "AUD", "PLN", "SEK", "INR", "BRL")
_SPACES = "\u00a0\u202f "
CODE = re.compile(r"\b(?:[A-Z0-9]+-)*[0-9A-HJKMNP-TV-Z]{5}-[0-9A-HJKMNP-TV-Z]{1,5}(?:-[0-9A-HJKMNP-TV-Z]{1,5})*\b")


class Token(msgspec.Struct, frozen=True):
    """One fact-like piece of text."""

    kind: str  #: percent | money | date
    value: str  #: canonical: a plain decimal, `12.5 EUR`, an ISO date
    span: str  #: as it was written


def tokens(text: str, locale: str, currency: str = "") -> list[Token]:
    """Return every percent, amount of money and date of a text, in reading order by kind."""
    known = locale_of(locale)
    return [*_percents(text, known), *_money(text, known, currency), *_dates(text, known)]


@lru_cache(maxsize=64)
def _digits(locale: Locale) -> str:
    """The pattern of a number; only where a locale groups thousands by a space may one stand inside."""
    group = str(locale.number_symbols["latn"]["group"]) if "latn" in locale.number_symbols else ","
    spaced = rf"\d{{1,3}}(?:[{_SPACES}]\d{{3}})+(?:[.,]\d+)?|" if group in _SPACES else ""
    return rf"(?<![\d.,]){spaced}(?<![\d.,])\d[\d.,'’]*\d|(?<![\d.,])\d"


def _percents(text: str, locale: Locale) -> list[Token]:
    found = re.finditer(rf"({_digits(locale)})[\s\u00a0\u202f]*(?:%|percent\b|Prozent\b|pour cent\b)", text)
    read = ((_decimal(match[1], locale), match[0]) for match in found)
    return [Token("percent", plain(value), span) for value, span in read if value is not None]


@lru_cache(maxsize=64)
def _signs(locale: Locale, currency: str) -> tuple[tuple[str, str], ...]:
    codes = tuple(dict.fromkeys((currency, *SIGNS) if currency else SIGNS))
    pairs = {code: code for code in codes}
    for code in reversed(codes):  # the offer's own currency wins a shared sign
        pairs[get_currency_symbol(code, locale=locale)] = code
        pairs[get_currency_symbol(code, locale="en_US")] = code
    return tuple(sorted(pairs.items(), key=lambda pair: -len(pair[0])))


@lru_cache(maxsize=64)
def _money_pattern(locale: Locale, currency: str) -> re.Pattern[str]:
    signs = "|".join(re.escape(sign) for sign, _ in _signs(locale, currency))
    digits = _digits(locale)
    gap = r"[\s\u00a0\u202f]?"
    return re.compile(rf"(?<![A-Za-z])({signs}){gap}({digits})|({digits}){gap}({signs})(?![A-Za-z])")


def _money(text: str, locale: Locale, currency: str) -> list[Token]:
    names = dict(_signs(locale, currency))
    out = []
    for found in _money_pattern(locale, currency).finditer(text):
        value = _decimal(found[2] or found[3], locale)
        if value is not None:
            out.append(Token("money", f"{plain(value)} {names[found[1] or found[4]]}", found[0]))
    return out


def _decimal(text: str, locale: Locale) -> Decimal | None:
    bare = re.sub(r"[\s\u00a0\u202f]", "", text).rstrip(".,")
    try:
        return parse_decimal(bare, locale=locale, strict=False)
    except (NumberFormatError, InvalidOperation):
        return None


@lru_cache(maxsize=64)
def _months(locale: Locale) -> dict[str, int]:
    names: dict[str, int] = {}
    for width in ("wide", "abbreviated"):
        for form in ("format", "stand-alone"):
            for number, name in locale.months[form][width].items():
                names[str(name).lower().rstrip(".")] = int(number)
    return names


@lru_cache(maxsize=64)
def _date_patterns(locale: Locale) -> tuple[re.Pattern[str], ...]:
    names = "|".join(sorted((re.escape(name) for name in _months(locale)), key=len, reverse=True))
    ordinal, of = r"(?:er|\.|st|nd|rd|th)?", r"(?:de\s+)?"
    return (
        re.compile(r"\b(?P<y>\d{4})-(?P<m>\d{2})-(?P<d>\d{2})\b"),
        re.compile(rf"\b(?P<n>{names})\.?\s+(?P<d>\d{{1,2}}){ordinal},?\s+(?P<y>\d{{4}})\b", re.IGNORECASE),
        re.compile(rf"\b(?P<d>\d{{1,2}}){ordinal}\s+{of}(?P<n>{names})\.?,?\s+{of}(?P<y>\d{{4}})\b", re.IGNORECASE),
        re.compile(r"\b(?P<d>\d{1,2})\.\s?(?P<m>\d{1,2})\.\s?(?P<y>\d{4}|\d{2})\b"),
        re.compile(r"(?<![\d-])(?P<d>\d{1,2})-(?P<m>\d{1,2})-(?P<y>\d{4})\b"),
        re.compile(r"\b(?P<a>\d{1,2})/(?P<b>\d{1,2})/(?P<y>\d{2,4})\b"),
    )


def _dates(text: str, locale: Locale) -> list[Token]:
    out = []
    for pattern in _date_patterns(locale):
        for found in pattern.finditer(text):
            value = _date(found.groupdict(), locale)
            out.append(Token("date", value, found[0]))
    return out


def _date(part: dict[str, str], locale: Locale) -> str:
    if "a" in part:
        month_first = locale.territory == "US"
        day, month = (part["b"], part["a"]) if month_first else (part["a"], part["b"])
    else:
        day = part["d"]
        month = part["m"] if "m" in part else str(_months(locale)[part["n"].lower().rstrip(".")])
    year = int(part["y"]) + (2000 if len(part["y"]) == 2 else 0)
    try:
        return date(year, int(month), int(day)).isoformat()
    except ValueError:
        return f"no such day: {part['y']}-{month}-{day}"


def plain(value: Decimal) -> str:
    """Return a decimal without trailing zeros or an exponent."""
    text = f"{value:f}"
    return text.rstrip("0").rstrip(".") if "." in text else text


def codes(text: str) -> list[str]:
    """Return what looks like a coupon code."""
    return [found[0] for found in CODE.finditer(text)]
