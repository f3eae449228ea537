"""A facet is what one identifier's own events say; a profile is the merge of a person's facets."""

from typing import Any

import msgspec

from onevoice.domain.consent import Consent
from onevoice.domain.identifier import Identifier, Trust

Amounts = dict[str, int]  #: currency -> whole millionths


class ChannelSum(msgspec.Struct, array_like=True):
    """What was done in one channel; `orders` and `revenue` count every order event as it stands."""

    count: int = 0
    first: int = 0
    last: int = 0
    orders: int = 0
    revenue: Amounts = {}


class NameSum(msgspec.Struct, array_like=True):
    """How often one event happened, and when last."""

    count: int = 0
    last: int = 0


class CategorySum(msgspec.Struct, array_like=True):
    """What was bought of one product category; refunded lines subtract. Quantity is in millionths."""

    lines: int = 0
    quantity: int = 0
    revenue: Amounts = {}
    last: int = 0


class Touch(msgspec.Struct, array_like=True, frozen=True, order=True):
    """One contact: when, by which event, in which channel, and the campaign that led there."""

    at: int
    event: str
    channel: str
    source: str = ""
    medium: str = ""
    campaign: str = ""


class TraitValue(msgspec.Struct, array_like=True, frozen=True):
    """The newest value one source gave to a trait; `None` says that the source deleted it."""

    value: Any
    at: int
    source: str
    trust: Trust
    event: str

    @property
    def rank(self) -> tuple[int, int, str, str]:
        """Verified beats claimed, then newest, then the event id: a total order."""
        return (self.trust, self.at, self.event, self.source)


class OrderSum(msgspec.Struct, array_like=True):
    """
    One order that may still be amended: its newest version, what was refunded, and what the running sums hold of it.

    The difference between the two is the correction a reader applies.
    """

    at: int = 0
    event: str = ""  #: the event of the newest version; empty: only refunds were seen
    channel: str = ""
    currency: str = ""
    micros: int = 0
    live: bool = False  #: the newest version is not a cancellation
    counted: int = 0  #: what the order counts hold of it
    summed: Amounts = {}  #: what the revenue sums hold of it
    refunded: Amounts = {}


class Mark(msgspec.Struct, array_like=True, frozen=True, order=True):
    """The newest word on a tag: put on, or taken off."""

    at: int
    event: str
    on: bool
    actor: str = ""


class Note(msgspec.Struct, array_like=True, frozen=True, order=True):
    """One note about a person; the event holds all of it."""

    at: int
    event: str
    text: str
    actor: str = ""


class Facet(msgspec.Struct, array_like=True):
    """
    What one node's own events say; facets combine by a commutative, associative merge (`profile.facet.merge`).

    `orders` and `revenue` are running sums over order events; `open_orders` corrects them on read (see `OrderSum`).
    """

    count: int = 0
    first: int = 0
    last: int = 0
    orders: int = 0
    first_order: int = 0
    last_order: int = 0
    revenue: Amounts = {}
    channels: dict[str, ChannelSum] = {}
    names: dict[str, NameSum] = {}
    categories: dict[str, CategorySum] = {}
    open_orders: dict[str, OrderSum] = {}
    first_touch: Touch | None = None
    last_touch: Touch | None = None
    traits: dict[str, dict[str, TraitValue]] = {}  #: name -> source and trust -> its newest value
    tags: dict[str, Mark] = {}
    notes: dict[str, Note] = {}  #: event id -> note


class Known(msgspec.Struct, frozen=True, kw_only=True):
    """One identifier of a person, with the node it is and whether the person may be addressed there."""

    node: int
    identifier: Identifier
    contactable: bool  #: False for what only a public key claimed


class Buying(msgspec.Struct, frozen=True, kw_only=True):
    """Recency, frequency and monetary value, of everything or of one channel."""

    count: int  #: events
    first_at: int
    last_at: int
    orders: int
    revenue: Amounts


class Category(msgspec.Struct, frozen=True, kw_only=True):
    """What was bought of one category."""

    lines: int
    quantity: float
    revenue: Amounts
    last_at: int


class Trait(msgspec.Struct, frozen=True, kw_only=True):
    """One trait as it is shown, with its provenance; `others` are the values that lost, best first."""

    value: Any
    at: int
    source: str
    trust: Trust
    event: str
    others: tuple[TraitValue, ...] = ()


class Profile(msgspec.Struct, frozen=True, kw_only=True):
    """Everything known about one person: a view, computed from the facets of their nodes."""

    person: str
    identifiers: tuple[Known, ...] = ()
    household: str = ""
    absorbed: tuple[str, ...] = ()
    events: int = 0
    first_at: int = 0
    last_at: int = 0
    orders: int = 0
    first_order_at: int = 0
    last_order_at: int = 0
    revenue: Amounts = {}
    channels: dict[str, Buying] = {}
    categories: dict[str, Category] = {}
    names: dict[str, NameSum] = {}
    first_touch: Touch | None = None
    last_touch: Touch | None = None
    traits: dict[str, Trait] = {}
    tags: tuple[str, ...] = ()
    notes: tuple[Note, ...] = ()
    consents: tuple[Consent, ...] = ()

    @property
    def known(self) -> bool:
        """Whether anything verified names this person; claims alone make no known person."""
        return any(one.contactable for one in self.identifiers)

    def value(self, name: str) -> Any:
        """Return the value of a trait, or `None`."""
        found = self.traits.get(name)
        return found.value if found else None


class Summary(msgspec.Struct, frozen=True, kw_only=True):
    """One person as a line of a list."""

    person: str
    name: str
    initials: str = ""
    email: str = ""
    phone: str = ""
    city: str = ""
    household: str = ""
    known: bool = False
    identifiers: int = 0
    channels: tuple[str, ...] = ()
    first_at: int = 0
    last_at: int = 0
    events: int = 0
    orders: int = 0
    revenue: int = 0  #: millionths of `currency`, the one most was spent in
    currency: str = ""
    consent: dict[str, str] = {}  #: channel -> granted or withdrawn, for marketing
    tags: tuple[str, ...] = ()


class Hit(msgspec.Struct, frozen=True, kw_only=True):
    """One answer of the search, and what it was found by."""

    summary: Summary
    score: float  #: 1 is exact
    found_by: str  #: the kind of identifier, or `name`
