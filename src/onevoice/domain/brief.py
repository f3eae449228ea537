"""A brief is what is to be said, written once: facts by reference, words in Markdown, and nothing about any medium."""

from decimal import Decimal

import msgspec


class Action(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """The one thing the reader is asked to do."""

    verb: str  #: "Shop the sale"
    url: str  #: where it is done; https


class Terms(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """The small print: short for every medium, long behind a link."""

    short: str
    url: str = ""
    version: str = "1"


class Price(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """What one product costs now, and what it cost."""

    product: str
    now: Decimal
    was: Decimal | None = None
    unit: str = ""  #: "per kg"
    gtin: str = ""


class Words(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """Other words for one medium; what is empty stays as the brief says. The facts are proven all the same."""

    headline: str = ""
    body: str = ""
    verb: str = ""
    subject: str = ""
    preheader: str = ""


class Brief(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """
    One brief. `headline`, `body`, `subject` and `preheader` may hold Liquid.

    Known values: `person.first_name` …, `offer.text`, `offer.until`, `code`, `link`, `brand.title`.
    """

    title: str
    brand: str  #: name of the brand document
    offer: str  #: name of the offer document
    headline: str
    body: str  #: Markdown
    action: Action
    terms: Terms
    locale: str = "en-US"
    subject: str = ""  #: empty: the headline
    preheader: str = ""
    prices: tuple[Price, ...] = ()
    overrides: dict[str, Words] = {}  #: by medium: email, sms, postcard

    def words(self, medium: str) -> Words:
        """The words of one medium, its overrides applied."""
        own = self.overrides.get(medium, Words())
        return Words(
            headline=own.headline or self.headline,
            body=own.body or self.body,
            verb=own.verb or self.action.verb,
            subject=own.subject or self.subject or own.headline or self.headline,
            preheader=own.preheader or self.preheader,
        )
