"""Folding events into facets, and merging facets: sums, extremes and newest values, so that order never matters."""

from collections.abc import Callable, Iterable, Iterator
from typing import Any, TypeVar

from onevoice.domain.consent import Consent
from onevoice.domain.event import Event
from onevoice.domain.identifier import Trust
from onevoice.domain.profile import (
    CategorySum,
    ChannelSum,
    Facet,
    Mark,
    NameSum,
    Note,
    OrderSum,
    Touch,
)
from onevoice.profile import amount, ledger, trait
from onevoice.profile.vocabulary import KNOWN, QUIET

Entry = TypeVar("Entry")
Find = Callable[[tuple[str, str]], int | None]

#: How many of each a facet keeps. The rule of each limit ranks an entry by something that never falls, so what is
#: kept is the same for every order of arrival and every way of merging.
NAMES = 200  #: event names that are not ours; the first in the alphabet
CATEGORIES = 500  #: the first in the alphabet
TRAITS = 300  #: trait names; the first in the alphabet
OPEN_ORDERS = 500  #: orders that may still be amended; the longest, then greatest, number (the newest of a series)
TAGS = 200  #: the newest
NOTES = 100  #: the newest
NOTE_TEXT = 2_000  #: characters of a note; the event holds all of it


class Facets:
    """
    The facets at work: those loaded, which of them changed, and the consent entries not yet stored.

    After a transaction that failed, call `clear`: what was folded since is not in the store.
    """

    def __init__(self, currency: str = "USD") -> None:
        self.currency = currency  #: assumed where an order names none
        self.loaded: dict[int, Facet] = {}
        self.dirty: set[int] = set()
        self.consents: list[Consent] = []

    def missing(self, nodes: Iterable[int]) -> set[int]:
        """Return those nodes whose facets must be loaded before folding."""
        return set(nodes) - self.loaded.keys()

    def put(self, node: int, facet: Facet) -> None:
        """Take in a facet from the store."""
        self.loaded[node] = facet

    def changed(self) -> Iterator[tuple[int, Facet]]:
        """Yield every changed facet within its limits, by node."""
        for node in sorted(self.dirty):
            facet = self.loaded[node]
            bound(facet)
            yield node, facet

    def saved(self) -> None:
        """Forget what is dirty: it is stored now."""
        self.dirty.clear()
        self.consents.clear()

    def trim(self, limit: int) -> None:
        """Let go of the facets loaded longest ago until *limit* are left; changed ones stay."""
        excess = len(self.loaded) - limit
        if excess > 0:
            for node in [node for node in self.loaded if node not in self.dirty][:excess]:
                del self.loaded[node]

    def clear(self) -> None:
        """Forget everything."""
        self.loaded.clear()
        self.saved()


def fold(facets: Facets, node: int, event: Event, find: Find | None = None) -> None:
    """
    Fold one fresh event into the facet of its anchor *node*; fill the facets first.

    *find* gives the node of an identifier's key, for consent that belongs to another address than the anchor. What the
    house derived itself is not folded, for it depends on the order of arrival; nor is an event without an anchor (0).
    """
    if event.derived or not node:
        return
    facet = facets.loaded.get(node)
    if facet is None:
        facet = facets.loaded[node] = Facet()
    facets.dirty.add(node)
    name = event.name
    at = event.occurred_at
    facet.count += 1
    _fold_name(facet.names, name, at)
    channel = None if name in QUIET else _fold_act(facet, event, at)
    if event.traits:
        trait.fold_traits(facet.traits, event, trust_of(event, node, find))
        if len(facet.traits) > 2 * TRAITS:
            _shrink(facet.traits, TRAITS, _text)
    if name in SPECIAL:
        SPECIAL[name](facets, facet, node, channel, event, find)


def trust_of(event: Event, node: int, find: Find | None = None) -> Trust:
    """Return how far an event may be believed: as far as its anchor (its first identifier, unless *find* knows)."""
    if not event.identifiers:
        return Trust.INFERRED
    if find is not None:
        for one in event.identifiers:
            if find(one.key) == node:
                return one.trust
    return event.identifiers[0].trust


def _fold_name(names: dict[str, NameSum], name: str, at: int) -> None:
    found = names.get(name)
    if found is None:
        names[name] = NameSum(1, at)
        if len(names) > 2 * NAMES:
            _shrink(names, NAMES, _text, KNOWN)
        return
    found.count += 1
    if at > found.last:
        found.last = at


def _fold_act(facet: Facet, event: Event, at: int) -> ChannelSum:
    """Fold something the person did: when, in which channel, from which campaign."""
    found = facet.channels.get(event.channel)
    if found is None:
        found = facet.channels[event.channel] = ChannelSum(1, at, at)
    else:
        found.count += 1
        if at > found.last:
            found.last = at
        elif at < found.first:
            found.first = at
    if at > facet.last:
        facet.last, facet.last_touch = at, touch_of(event)
    elif at == facet.last:
        touch = touch_of(event)
        if facet.last_touch is None or touch > facet.last_touch:
            facet.last_touch = touch
    if at < facet.first or not facet.first:
        facet.first, facet.first_touch = at, touch_of(event)
    elif at == facet.first:
        touch = touch_of(event)
        if facet.first_touch is None or touch < facet.first_touch:
            facet.first_touch = touch
    return found


def touch_of(event: Event) -> Touch:
    """Return an event as a touch, with the campaign its context or properties name."""
    found: Any = event.context.get("campaign")
    if found is None or not isinstance(found, dict):
        return Touch(event.occurred_at, event.id, event.channel)
    said = (str(found.get(key) or "")[:200] for key in ("source", "medium", "name"))
    return Touch(event.occurred_at, event.id, event.channel, *said)


def _fold_order(
    facets: Facets, facet: Facet, _node: int, channel: ChannelSum | None, event: Event, _find: Find | None
) -> None:
    amount.fold_order(facet, channel, event, facets.currency)
    if len(facet.open_orders) > 2 * OPEN_ORDERS:
        _shrink(facet.open_orders, OPEN_ORDERS, _newest_number)
    if len(facet.categories) > 2 * CATEGORIES:
        _shrink(facet.categories, CATEGORIES, _text)


def _fold_tag(
    _facets: Facets, facet: Facet, _node: int, _channel: ChannelSum | None, event: Event, _find: Find | None
) -> None:
    tag = event.properties.get("tag")
    if not isinstance(tag, str) or not tag.strip():
        return
    mark = Mark(event.occurred_at, event.id, event.name == "Tag Added", actor_of(event))
    tag = tag.strip()[:100]
    known = facet.tags.get(tag)
    if known is None or known < mark:
        facet.tags[tag] = mark


def _fold_note(
    _facets: Facets, facet: Facet, _node: int, _channel: ChannelSum | None, event: Event, _find: Find | None
) -> None:
    text = event.properties.get("text")
    if isinstance(text, str) and text.strip():
        facet.notes[event.id] = Note(event.occurred_at, event.id, text.strip()[:NOTE_TEXT], actor_of(event))


def _fold_consent(
    facets: Facets, _facet: Facet, node: int, _channel: ChannelSum | None, event: Event, find: Find | None
) -> None:
    facets.consents.extend(ledger.entries(event, node, find))


#: Events that say more than that they happened.
SPECIAL = (
    dict.fromkeys(amount.ORDERS, _fold_order)
    | dict.fromkeys(("Tag Added", "Tag Removed"), _fold_tag)
    | {"Note Added": _fold_note}
    | dict.fromkeys(ledger.NAMES, _fold_consent)
)


def actor_of(event: Event) -> str:
    """Return who of the company's people acted, as the context or the properties say."""
    return str(event.context.get("actor") or event.properties.get("actor") or "")


def merge(a: Facet, b: Facet) -> Facet:
    """Return both facets as one, leaving them unchanged; commutative, associative, with `Facet()` as its zero."""
    made = Facet()
    absorb(made, a)
    absorb(made, b)
    return made


def merged(facets: Iterable[Facet]) -> Facet:
    """Return many facets as one."""
    made = Facet()
    for facet in facets:
        absorb(made, facet)
    return made


def absorb(into: Facet, other: Facet) -> None:
    """Add another facet to one, leaving the other unchanged."""
    into.count += other.count
    into.orders += other.orders
    into.last = max(into.last, other.last)
    into.last_order = max(into.last_order, other.last_order)
    into.first = _earlier(into.first, other.first)
    into.first_order = _earlier(into.first_order, other.first_order)
    _add_amounts(into.revenue, other.revenue)
    _absorb_touches(into, other)
    for channel, channel_sum in other.channels.items():
        _add_channel(into.channels.setdefault(channel, ChannelSum()), channel_sum)
    for name, name_sum in other.names.items():
        _add_name(into.names.setdefault(name, NameSum()), name_sum)
    for category, category_sum in other.categories.items():
        _add_category(into.categories.setdefault(category, CategorySum()), category_sum)
    for number, order in other.open_orders.items():
        _add_order(into.open_orders.setdefault(number, OrderSum()), order)
    for trait_name, values in other.traits.items():
        known = into.traits.setdefault(trait_name, {})
        for key, value in values.items():
            trait.keep(known, key, value)
    for tag, mark in other.tags.items():
        into.tags[tag] = max(mark, into.tags.get(tag, mark))
    into.notes.update(other.notes)
    bound(into)


def bound(facet: Facet) -> None:
    """Keep a facet within its limits."""
    if len(facet.names) > NAMES:
        _shrink(facet.names, NAMES, _text, KNOWN)
    if len(facet.categories) > CATEGORIES:
        _shrink(facet.categories, CATEGORIES, _text)
    if len(facet.open_orders) > OPEN_ORDERS:
        _shrink(facet.open_orders, OPEN_ORDERS, _newest_number)
    if len(facet.traits) > TRAITS:
        _shrink(facet.traits, TRAITS, _text)
    if len(facet.tags) > TAGS:
        _shrink(facet.tags, TAGS, _newest)
    if len(facet.notes) > NOTES:
        _shrink(facet.notes, NOTES, _newest)
    for values in facet.traits.values():
        if len(values) > trait.SOURCES:
            trait.bound(values)


def _text(item: tuple[str, Any]) -> Any:
    return item[0]


def _newest_number(item: tuple[str, Any]) -> Any:
    return (-len(item[0]), [-ord(letter) for letter in item[0]])


def _newest(item: tuple[str, Any]) -> Any:
    return (-item[1].at, item[0])


def _shrink(
    entries: dict[str, Entry],
    limit: int,
    rank: Callable[[tuple[str, Entry]], Any],
    always: frozenset[str] = frozenset(),
) -> None:
    """Keep the *limit* entries of lowest rank, and those of *always* besides."""
    free = sorted((item for item in entries.items() if item[0] not in always), key=rank)
    for name, _ in free[limit:]:
        del entries[name]


def _earlier(a: int, b: int) -> int:
    """Return the earlier of two moments, where 0 means never."""
    return min(a, b) if a and b else a or b


def _add_amounts(into: dict[str, int], other: dict[str, int]) -> None:
    for currency, micros in other.items():
        amount.add(into, currency, micros)


def _absorb_touches(into: Facet, other: Facet) -> None:
    if other.first_touch is not None and (into.first_touch is None or other.first_touch < into.first_touch):
        into.first_touch = other.first_touch
    if other.last_touch is not None and (into.last_touch is None or other.last_touch > into.last_touch):
        into.last_touch = other.last_touch


def _add_channel(into: ChannelSum, other: ChannelSum) -> None:
    into.count += other.count
    into.orders += other.orders
    into.first = _earlier(into.first, other.first)
    into.last = max(into.last, other.last)
    _add_amounts(into.revenue, other.revenue)


def _add_name(into: NameSum, other: NameSum) -> None:
    into.count += other.count
    into.last = max(into.last, other.last)


def _add_category(into: CategorySum, other: CategorySum) -> None:
    into.lines += other.lines
    into.quantity += other.quantity
    into.last = max(into.last, other.last)
    _add_amounts(into.revenue, other.revenue)


def _add_order(into: OrderSum, other: OrderSum) -> None:
    into.counted += other.counted
    _add_amounts(into.summed, other.summed)
    _add_amounts(into.refunded, other.refunded)
    if (other.at, other.event) > (into.at, into.event):
        into.at, into.event, into.channel = other.at, other.event, other.channel
        into.currency, into.micros, into.live = other.currency, other.micros, other.live
