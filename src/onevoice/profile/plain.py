"""A profile as plain JSON, the same shape as the machine API's: what `onevoice people` prints and an export holds."""

from typing import Any

from onevoice.domain.consent import Consent
from onevoice.domain.moment import to_iso
from onevoice.domain.money import Money
from onevoice.domain.profile import Amounts, Buying, Known, Profile, Touch, Trait


def person(profile: Profile) -> dict[str, Any]:
    """Return everything known about a person; moments are ISO 8601, amounts decimal text by currency."""
    return {
        "id": profile.person,
        "identifiers": [identifier(one) for one in profile.identifiers],
        "household": profile.household,
        "absorbed": list(profile.absorbed),
        "traits": {name: trait.value for name, trait in profile.traits.items()},
        "provenance": {name: provenance(trait) for name, trait in profile.traits.items()},
        "facets": facets(profile),
        "tags": list(profile.tags),
        "notes": [{"at": when(one.at), "text": one.text, "actor": one.actor} for one in profile.notes],
        "consents": [consent(one) for one in profile.consents],
    }


def identifier(known: Known) -> dict[str, Any]:
    """Return one identifier with its trust, and whether the person may be addressed there."""
    one = known.identifier
    return {"kind": one.kind, "value": one.value, "trust": one.trust.name.lower(), "contactable": known.contactable}


def provenance(trait: Trait) -> dict[str, Any]:
    """Return where a trait's value comes from, and the values that lost."""
    return {
        "at": when(trait.at),
        "source": trait.source,
        "trust": trait.trust.name.lower(),
        "event": trait.event,
        "others": [{"value": one.value, "at": when(one.at), "source": one.source} for one in trait.others],
    }


def facets(profile: Profile) -> dict[str, Any]:
    """Return what was counted."""
    return {
        "events": profile.events,
        "orders": profile.orders,
        "revenue": money(profile.revenue),
        "first_at": when(profile.first_at),
        "last_at": when(profile.last_at),
        "first_order_at": when(profile.first_order_at),
        "last_order_at": when(profile.last_order_at),
        "channels": {name: buying(one) for name, one in profile.channels.items()},
        "categories": {
            name: {
                "lines": one.lines,
                "quantity": one.quantity,
                "revenue": money(one.revenue),
                "last_at": when(one.last_at),
            }
            for name, one in profile.categories.items()
        },
        "first_touch": touch(profile.first_touch),
        "last_touch": touch(profile.last_touch),
    }


def buying(one: Buying) -> dict[str, Any]:
    """Return what was done in one channel."""
    return {
        "events": one.count,
        "orders": one.orders,
        "revenue": money(one.revenue),
        "first_at": when(one.first_at),
        "last_at": when(one.last_at),
    }


def touch(one: Touch | None) -> dict[str, Any] | None:
    """Return a contact and the campaign that led to it."""
    if one is None:
        return None
    campaign = {"source": one.source, "medium": one.medium, "campaign": one.campaign}
    return {"at": when(one.at), "channel": one.channel, "event": one.event, **campaign}


def consent(one: Consent) -> dict[str, Any]:
    """Return one entry of the ledger with its proof."""
    return {
        "channel": one.channel,
        "purpose": one.purpose,
        "state": one.state,
        "at": when(one.at),
        "source": one.source,
        "text_version": one.text_version,
        "event": one.event,
        "actor": one.actor,
        "trust": one.trust.name.lower(),
    }


def money(amounts: Amounts) -> dict[str, str]:
    """Return amounts as decimal text, at least two decimals."""
    found = {currency: Money(micros, currency).amount.normalize() for currency, micros in sorted(amounts.items())}
    return {
        currency: f"{amount:f}" if -int(amount.as_tuple().exponent) > 2 else f"{amount:.2f}"
        for currency, amount in found.items()
    }


def when(at: int) -> str:
    """Return a moment as ISO 8601; "" for never."""
    return to_iso(at) if at else ""
