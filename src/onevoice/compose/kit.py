"""A kit is everything that a medium is made from: brand, offer, brief and their words in one locale."""

from typing import Any

import msgspec

from onevoice.compose import wording
from onevoice.compose.tokens import Palette, palette
from onevoice.domain.brand import Brand
from onevoice.domain.brief import Brief
from onevoice.domain.offer import Offer
from onevoice.domain.rendering import Addressee


class Kit(msgspec.Struct, frozen=True, kw_only=True):
    """The pinned documents of one brief."""

    brand: Brand
    offer: Offer
    brief: Brief
    palette: Palette

    @property
    def locale(self) -> str:
        """The locale in which everything is said."""
        return self.brief.locale

    @property
    def terms(self) -> str:
        """The conditions of the offer and the short small print, as one text."""
        return " ".join((*self.offer.conditions, self.brief.terms.short)).strip()

    def facts(self) -> dict[str, Any]:
        """Return what Liquid may name besides the person: offer, prices, terms, action, brand."""
        offer, locale = self.offer, self.locale
        return {
            "offer": {
                "title": offer.title,
                "text": wording.offer_text(offer, locale),
                "minimum": wording.minimum_text(offer, locale),
                "from": wording.day(offer.valid.start, locale),
                "until": wording.day(offer.valid.end, locale),
                "conditions": list(offer.conditions),
            },
            "prices": [wording.price_texts(price, offer, locale) for price in self.brief.prices],
            "terms": {"short": self.terms, "url": self.brief.terms.url},
            "action": {"verb": self.brief.action.verb},
            "brand": {"title": self.brand.title, "url": self.brand.url},
        }

    def values(self, to: Addressee) -> dict[str, Any]:
        """Return what Liquid may name of one addressee; the facts are the template's own."""
        values: dict[str, Any] = {"person": to.traits, "link": to.link, "code": to.code}
        return values


def kit(brand: Brand, offer: Offer, brief: Brief) -> Kit:
    """Bring the documents of a brief together."""
    wording.locale_of(brief.locale)
    return Kit(brand=brand, offer=offer, brief=brief, palette=palette(brand))
