"""Facts become words in a locale, by Unicode CLDR (through Babel), so that every medium says them the same way."""

from datetime import date
from decimal import Decimal

from babel import Locale, UnknownLocaleError
from babel.dates import format_date
from babel.numbers import format_currency, format_decimal, format_percent

from onevoice.domain.brief import Price
from onevoice.domain.errors import BadInput
from onevoice.domain.offer import Offer

#: What an offer is called, by language; `{}` is its amount. English stands in for a language not listed.
PHRASES: dict[str, dict[str, str]] = {
    "en": {"percent": "{} off", "amount": "{} off", "points": "{} points", "minimum": "on {} or more",
           "until": "Valid through {}", "from": "from {} through {}", "was": "was {}", "unsubscribe": "Unsubscribe",
           "why": "You get this because you agreed to hear from {}.", "code": "Your code", "terms": "Terms",
           "scan": "Scan to begin", "stop": "STOP to opt out"},
    "de": {"percent": "{} Rabatt", "amount": "{} Rabatt", "points": "{} Punkte", "minimum": "ab {}",
           "until": "Gültig bis einschließlich {}", "from": "von {} bis {}", "was": "statt {}",
           "unsubscribe": "Abmelden", "why": "Sie erhalten dies, weil Sie Nachrichten von {} zugestimmt haben.",
           "code": "Ihr Code", "terms": "Bedingungen", "scan": "Hier scannen", "stop": "STOP zum Abmelden"},
    "fr": {"percent": "{} de remise", "amount": "{} de remise", "points": "{} points", "minimum": "dès {}",
           "until": "Valable jusqu’au {}", "from": "du {} au {}", "was": "au lieu de {}",
           "unsubscribe": "Se désabonner", "why": "Vous recevez ce message car vous avez accepté ceux de {}.",
           "code": "Votre code", "terms": "Conditions", "scan": "À scanner", "stop": "STOP pour ne plus recevoir"},
}  # fmt: skip


class UnknownLocale(BadInput):
    """The locale is not known; write it as language and region, such as en-US or de-AT."""


def locale_of(text: str) -> Locale:
    """
    Return a locale.

    Raises:
        UnknownLocale: CLDR does not know it.
    """
    try:
        return Locale.parse(text.replace("-", "_"))
    except (UnknownLocaleError, ValueError) as error:
        raise UnknownLocale(f"locale: {text!r} is not known; write it like en-US or de-AT.") from error


def phrase(name: str, locale: str) -> str:
    """Return one of our own phrases in the language of a locale."""
    return PHRASES.get(locale_of(locale).language, PHRASES["en"])[name]


def percent(amount: Decimal, locale: str) -> str:
    """Return `20%` or `20 %`, as the locale writes it."""
    return format_percent(amount / 100, locale=locale_of(locale), decimal_quantization=False)


def money(amount: Decimal, currency: str, locale: str) -> str:
    """Return `$12.50` or `12,50 €`; whole amounts lose their cents."""
    known = locale_of(locale)
    if amount != amount.to_integral_value():
        return format_currency(amount, currency, locale=known)
    pattern = str(known.currency_formats["standard"].pattern).replace("0.00", "0")
    return format_currency(amount, currency, format=pattern, locale=known, currency_digits=False)


def number(amount: Decimal, locale: str) -> str:
    """Return a number with the locale's separators."""
    return format_decimal(amount, locale=locale_of(locale))


def day(value: date, locale: str, style: str = "long") -> str:
    """Return `August 14, 2026` (long) or `Aug 14, 2026` (medium)."""
    return format_date(value, format=style, locale=locale_of(locale))


def offer_text(offer: Offer, locale: str) -> str:
    """Return the offer in a few words: `20% off`, `$10 off`, its title for a gift or content."""
    if offer.kind == "percent":
        return phrase("percent", locale).format(percent(offer.amount, locale))
    if offer.kind == "amount":
        return phrase("amount", locale).format(money(offer.amount, offer.currency, locale))
    if offer.kind == "points":
        return phrase("points", locale).format(number(offer.amount, locale))
    return offer.title


def minimum_text(offer: Offer, locale: str) -> str:
    """Return the least spend in words, or nothing."""
    if not offer.minimum:
        return ""
    return phrase("minimum", locale).format(money(offer.minimum, offer.currency, locale))


def until_text(offer: Offer, locale: str, style: str = "long") -> str:
    """Return the last day in words."""
    return phrase("until", locale).format(day(offer.valid.end, locale, style))


def price_texts(price: Price, offer: Offer, locale: str) -> dict[str, str]:
    """Return a price's product, now, was and unit as words."""
    return {
        "product": price.product,
        "now": money(price.now, offer.currency, locale),
        "was": money(price.was, offer.currency, locale) if price.was is not None else "",
        "unit": price.unit,
    }
