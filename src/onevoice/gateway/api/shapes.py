"""What the machine API says and takes: the JSON shapes, from which the OpenAPI document is made too."""

from decimal import Decimal
from typing import Any, Literal

import msgspec

from onevoice.domain.consent import Consent
from onevoice.domain.identifier import Identifier
from onevoice.domain.moment import to_iso
from onevoice.domain.money import MICROS
from onevoice.domain.person import Link
from onevoice.domain.person import Why as Explained
from onevoice.domain.profile import Amounts, Buying, Profile, Touch, Trait
from onevoice.profile.timeline import Entry

TrustName = Literal["inferred", "claimed", "verified"]
TRUST: tuple[TrustName, TrustName, TrustName] = ("inferred", "claimed", "verified")


class Name(msgspec.Struct, frozen=True):
    """One identifier, without its trust."""

    kind: str
    value: str


class Named(msgspec.Struct, frozen=True):
    """One identifier of a person."""

    kind: str
    value: str
    trust: TrustName


class Source(msgspec.Struct, frozen=True):
    """Where a trait's value comes from."""

    at: str
    source: str
    trust: TrustName
    event: str


class Contact(msgspec.Struct, frozen=True):
    """A contact in a channel, and the campaign that led to it."""

    at: str
    channel: str
    source: str = ""
    medium: str = ""
    campaign: str = ""


class Sum(msgspec.Struct, frozen=True):
    """What was done in one channel; amounts are decimal texts by currency."""

    events: int
    orders: int
    revenue: dict[str, str]
    first_at: str
    last_at: str


class Facts(msgspec.Struct, frozen=True):
    """What was counted; amounts are decimal texts by currency."""

    events: int
    orders: int
    revenue: dict[str, str]
    first_at: str
    last_at: str
    first_order_at: str
    last_order_at: str
    channels: dict[str, Sum]
    first_touch: Contact | None = None
    last_touch: Contact | None = None


class Permission(msgspec.Struct, frozen=True):
    """One entry of the consent ledger."""

    channel: str
    purpose: str
    state: Literal["granted", "withdrawn"]
    at: str
    source: str


class Person(msgspec.Struct, frozen=True):
    """Everything known about one person."""

    id: str
    identifiers: list[Named]
    household: str
    absorbed: list[str]  #: ids that now lead here
    traits: dict[str, Any]
    provenance: dict[str, Source]  #: of each trait
    facets: Facts
    tags: list[str]
    consents: list[Permission]


class People(msgspec.Struct, frozen=True):
    """One page of people; an empty cursor ends the list."""

    people: list[Person]
    cursor: str = ""


class Happening(msgspec.Struct, frozen=True):
    """One event of a person."""

    id: str
    name: str
    channel: str
    at: str
    sentence: str
    source: str
    derived: bool
    properties: dict[str, Any]


class Happenings(msgspec.Struct, frozen=True):
    """One page of events, newest first; `before` of the next page, empty on the last."""

    events: list[Happening]
    before: str = ""


class Reason(msgspec.Struct, frozen=True):
    """One step of why two identifiers are one person's."""

    a: Name
    b: Name
    rule: str
    sentence: str
    count: int
    first_at: str
    last_at: str
    event: str


class Why(msgspec.Struct, frozen=True):
    """Whether and why identifiers are one person's; `refusals` speak for it and were overruled."""

    person: str
    same: bool
    sentence: str
    links: list[Reason]
    refusals: list[Reason]


class Pair(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """Two identifiers."""

    a: Name
    b: Name


class Taken(msgspec.Struct, frozen=True):
    """What was said is in the log as this event, and takes effect within moments."""

    event: str
    status: Literal["accepted"] = "accepted"


class Problem(msgspec.Struct, frozen=True):
    """The one shape of errors; `error` repeats the message."""

    code: str
    message: str
    detail: dict[str, Any]
    error: str


def when(at: int) -> str:
    """Return a moment as ISO 8601, or nothing for never."""
    return to_iso(at) if at else ""


def money(amounts: Amounts) -> dict[str, str]:
    """Return amounts as exact decimal texts, with two places at least."""
    return {currency: _decimal(Decimal(micros) / MICROS) for currency, micros in sorted(amounts.items())}


def _decimal(amount: Decimal) -> str:
    cents = amount.quantize(Decimal("0.01"))
    return str(cents) if cents == amount else format(amount.normalize(), "f")


def named(identifier: Identifier) -> Named:
    """Return an identifier as the API says it."""
    return Named(identifier.kind, identifier.value, TRUST[identifier.trust])


def person(profile: Profile) -> Person:
    """Return a profile as the API says it."""
    return Person(
        id=profile.person,
        identifiers=[named(known.identifier) for known in profile.identifiers],
        household=profile.household,
        absorbed=list(profile.absorbed),
        traits={name: trait.value for name, trait in profile.traits.items()},
        provenance={name: _source(trait) for name, trait in profile.traits.items()},
        facets=_facts(profile),
        tags=list(profile.tags),
        consents=[_permission(consent) for consent in profile.consents],
    )


def _source(trait: Trait) -> Source:
    return Source(when(trait.at), trait.source, TRUST[trait.trust], trait.event)


def _permission(consent: Consent) -> Permission:
    return Permission(consent.channel, consent.purpose, consent.state, when(consent.at), consent.source)


def _facts(profile: Profile) -> Facts:
    return Facts(
        events=profile.events,
        orders=profile.orders,
        revenue=money(profile.revenue),
        first_at=when(profile.first_at),
        last_at=when(profile.last_at),
        first_order_at=when(profile.first_order_at),
        last_order_at=when(profile.last_order_at),
        channels={name: _sum(buying) for name, buying in profile.channels.items()},
        first_touch=_contact(profile.first_touch),
        last_touch=_contact(profile.last_touch),
    )


def _sum(buying: Buying) -> Sum:
    return Sum(buying.count, buying.orders, money(buying.revenue), when(buying.first_at), when(buying.last_at))


def _contact(touch: Touch | None) -> Contact | None:
    return Contact(when(touch.at), touch.channel, touch.source, touch.medium, touch.campaign) if touch else None


def happening(entry: Entry) -> Happening:
    """Return a timeline entry as the API says it."""
    return Happening(
        id=entry.event,
        name=entry.name,
        channel=entry.channel,
        at=when(entry.at),
        sentence=entry.sentence,
        source=entry.source,
        derived=entry.derived,
        properties=entry.properties,
    )


def reason(link: Link) -> Reason:
    """Return one step of an explanation as the API says it."""
    return Reason(
        a=Name(link.a.kind, link.a.value),
        b=Name(link.b.kind, link.b.value),
        rule=link.rule,
        sentence=link.sentence,
        count=link.count,
        first_at=when(link.first_at),
        last_at=when(link.last_at),
        event=link.via,
    )


def why(person: str, explained: Explained) -> Why:
    """Return an explanation as the API says it."""
    links, refusals = ([reason(link) for link in listed] for listed in (explained.links, explained.refusals))
    return Why(person, explained.same, explained.sentence, links, refusals)
