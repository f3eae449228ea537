"""A profile is a view: the merge of a person's facets, with their identifiers, household and consents."""

from collections.abc import Iterable, Mapping, Sequence

from onevoice.domain.consent import Consent
from onevoice.domain.identifier import Identifier, Trust
from onevoice.domain.profile import Amounts, Buying, Category, Facet, Known, Profile, Trait
from onevoice.profile import trait
from onevoice.profile.amount import add, correction
from onevoice.profile.facet import merged

#: Traits that are addresses: from a public key they are a claim and must not be written to.
CONTACT = frozenset({"email", "phone", "address", "mobile"})


def view(
    person: str,
    identifiers: Sequence[tuple[int, Identifier]],
    facets: Iterable[Facet],
    consents: Iterable[Consent] = (),
    *,
    household: str = "",
    absorbed: Sequence[str] = (),
    strategies: Mapping[str, trait.Strategy] = trait.STRATEGIES,
) -> Profile:
    """Return the profile of a person from what the stores hold of their nodes."""
    facet = merged(facets)
    orders, revenue = _corrected(facet)
    names = tuple(known(node, identifier) for node, identifier in identifiers)
    return Profile(
        person=person,
        identifiers=names,
        household=household,
        absorbed=tuple(absorbed),
        events=facet.count,
        first_at=facet.first,
        last_at=facet.last,
        orders=orders,
        first_order_at=facet.first_order,
        last_order_at=facet.last_order,
        revenue=revenue,
        channels=channels(facet),
        categories=categories(facet),
        names=dict(sorted(facet.names.items(), key=lambda item: (-item[1].count, item[0]))),
        first_touch=facet.first_touch,
        last_touch=facet.last_touch,
        traits=traits(facet, strategies, firm=any(one.contactable for one in names)),
        tags=tuple(sorted(tag for tag, mark in facet.tags.items() if mark.on)),
        notes=tuple(sorted(facet.notes.values(), reverse=True)),
        consents=tuple(consents),
    )


def known(node: int, identifier: Identifier) -> Known:
    """Return an identifier with whether the person may be addressed there: never where it was only claimed."""
    return Known(node=node, identifier=identifier, contactable=identifier.trust >= Trust.VERIFIED)


def traits(
    facet: Facet, strategies: Mapping[str, trait.Strategy] = trait.STRATEGIES, *, firm: bool = False
) -> dict[str, Trait]:
    """
    Return every trait as it counts, by name.

    Of a *firm* person (somebody verified who they are) an address that was only claimed is no trait at all: anybody can
    claim one through a public key.
    """
    found = {
        name: trait.chosen(name, _believed(name, facet.traits[name], firm), strategies) for name in sorted(facet.traits)
    }
    return {name: one for name, one in found.items() if one is not None}


def _believed(name: str, values: trait.Values, firm: bool) -> trait.Values:
    if not firm or name not in CONTACT:
        return values
    return {key: one for key, one in values.items() if one.trust >= Trust.VERIFIED}


def channels(facet: Facet) -> dict[str, Buying]:
    """Return recency, frequency and monetary value by channel, amended orders counted as they stand now."""
    orders = {channel: one.orders for channel, one in facet.channels.items()}
    revenue = {channel: dict(one.revenue) for channel, one in facet.channels.items()}
    for order in facet.open_orders.values():
        if order.channel in orders:
            count, difference = correction(order)
            orders[order.channel] += count
            _add(revenue[order.channel], difference)
    return {
        channel: Buying(
            count=one.count,
            first_at=one.first,
            last_at=one.last,
            orders=orders[channel],
            revenue=revenue[channel],
        )
        for channel, one in sorted(facet.channels.items())
    }


def categories(facet: Facet) -> dict[str, Category]:
    """Return what was bought by category, the largest revenue first."""
    ranked = sorted(facet.categories.items(), key=lambda item: (-sum(item[1].revenue.values()), item[0]))
    return {
        name: Category(lines=one.lines, quantity=one.quantity / 1_000_000, revenue=one.revenue, last_at=one.last)
        for name, one in ranked
    }


def _corrected(facet: Facet) -> tuple[int, Amounts]:
    """Return order count and revenue, amended orders counted as they stand now."""
    orders, revenue = facet.orders, dict(facet.revenue)
    for order in facet.open_orders.values():
        count, difference = correction(order)
        orders += count
        _add(revenue, difference)
    return orders, revenue


def _add(into: Amounts, difference: Amounts) -> None:
    for currency, micros in difference.items():
        add(into, currency, micros)
