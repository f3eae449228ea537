"""What the pages about people show."""

import io
import tempfile
import zipfile
from pathlib import Path
from typing import Any
from urllib.parse import urlencode

import msgspec

from onevoice.adapters.dossier import Dossiers
from onevoice.adapters.state.ledger import Ledger
from onevoice.adapters.state.people import People, key
from onevoice.adapters.state.search import Search
from onevoice.collect.plan import RANKS
from onevoice.console import house
from onevoice.domain.consent import Consent
from onevoice.domain.delivery import Delivery
from onevoice.domain.errors import BadInput
from onevoice.domain.event import Event
from onevoice.domain.moment import to_iso
from onevoice.domain.money import MICROS
from onevoice.domain.person import Link
from onevoice.domain.profile import Amounts, Known, Profile, Summary, Trait
from onevoice.profile import amount, naming
from onevoice.profile import timeline as timelines

PAGE = 50
FOUND = 40  #: answers to one search
SIFTED = 200  #: answers among which a channel or a tag is looked for
TAGS = 100  #: tags offered to narrow the list
ENTRIES = 30  #: events of one page of a timeline
CATEGORIES = 5
STAYS = frozenset({"Audience Entered", "Audience Left"})
EXPLAINED = 16  #: identifiers whose tie to the strongest is explained


class Titled(msgspec.Struct, frozen=True):
    """The part of an audience that names it."""

    title: str = ""


class Sieve(msgspec.Struct, frozen=True, kw_only=True):
    """What narrows the list of people."""

    wanted: str = ""
    channel: str = ""
    tag: str = ""

    def lets(self, one: Summary) -> bool:
        """Tell whether somebody was met in the channel and has the tag, as far as these are asked for."""
        return (not self.channel or self.channel in one.channels) and (not self.tag or self.tag in one.tags)

    @property
    def query(self) -> str:
        """The part of an address that asks for this."""
        asked = {"q": self.wanted, "channel": self.channel, "tag": self.tag}
        return urlencode({name: value for name, value in asked.items() if value})


class BadPlace(BadInput):
    """That page of the list cannot be found; start again from the top."""


class Row(msgspec.Struct, frozen=True, kw_only=True):
    """One line of the list of people."""

    person: str
    name: str
    sub: str
    channels: tuple[str, ...]
    orders: int
    revenue: int
    currency: str
    last_at: int


def row(one: Summary) -> Row:
    """Return a person as a line: the address and the city under the name, unless the address is the name."""
    address = one.email or one.phone
    parts = [part for part in (address, one.city) if part and part != one.name]
    return Row(
        person=one.person,
        name=one.name,
        sub=" · ".join(parts),
        channels=one.channels,
        orders=one.orders,
        revenue=one.revenue,
        currency=one.currency or house.settings().currency,
        last_at=one.last_at,
    )


def search(wanted: str, limit: int = FOUND) -> list[Row]:
    """Return the people who fit what was typed, the best first."""
    return [row(one) for one in _found(wanted, limit)]


def _found(wanted: str, limit: int) -> list[Summary]:
    hits = Search(house.stores().state, house.settings().country).find(wanted, limit)
    return [hit.summary for hit in hits]


def tags() -> list[str]:
    """Return every tag that somebody has, the one that most people have first."""
    counts = People(house.stores().state).tags()
    return sorted(counts, key=lambda tag: (-counts[tag], tag))[:TAGS]


def listed(sieve: Sieve, after: str, size: int = PAGE) -> tuple[list[Row], str]:
    """
    Return a page of people and where the next one starts; "" on the last.

    Raises:
        BadPlace: *after* was not written here.
    """
    if sieve.wanted:
        return [row(one) for one in _found(sieve.wanted, SIFTED) if sieve.lets(one)][:FOUND], ""
    found = People(house.stores().state).page(_place(after), size, channel=sieve.channel, tag=sieve.tag)
    last = key(found[-1]) if len(found) == size else None
    return [row(one) for one in found], f"{last[0]}.{last[1]}" if last else ""


def _place(written: str) -> tuple[int, str] | None:
    at, _dot, person = written.partition(".")
    if not written:
        return None
    if not at.lstrip("-").isdigit():
        raise BadPlace
    return int(at), person


def name(profile: Profile) -> str:
    """Return what a person is called."""
    return naming.display_name(profile)


def strongest_first(profile: Profile) -> list[Known]:
    """Return a person's identifiers: those that vouch most first."""
    return sorted(
        profile.identifiers,
        key=lambda one: (not one.contactable, RANKS.get(one.identifier.base, len(RANKS)), one.identifier.value),
    )


class Line(msgspec.Struct, frozen=True):
    """One line of an order."""

    name: str
    quantity: str
    amount: str


class Shown(msgspec.Struct, frozen=True, kw_only=True):
    """One event as the timeline shows it."""

    at: int
    day: str
    name: str
    channel: str
    icon: str
    sentence: str
    derived: bool
    lines: tuple[Line, ...] = ()


class Stretch(msgspec.Struct, frozen=True):
    """One page of a timeline."""

    entries: tuple[Shown, ...]
    after: str


def timeline(profile: Profile, after: str, channel: str, size: int = ENTRIES) -> Stretch:
    """
    Return a page of a person's timeline, the newest first.

    Raises:
        BadCursor: *after* was not written here.
    """
    stores = house.stores()
    before = timelines.place(after)
    nodes = stores.graph.nodes(profile.person)
    rows = stores.log.of_nodes(nodes, before, size + 1, channel)
    titles = _titles() if any(one.event.name in STAYS for one in rows) else {}
    page = timelines.page(((one.seq, _titled(one.event, titles)) for one in rows), size, before)
    return Stretch(tuple(_shown(entry) for entry in page.entries), page.after)


def _titles() -> dict[str, str]:
    documents = house.stores().definitions.newest("audience")
    titles = {one.name: msgspec.json.decode(bytes(one.body), type=Titled).title for one in documents}
    return {name: title for name, title in titles.items() if title}


def _titled(event: Event, titles: dict[str, str]) -> Event:
    """Return an event of an audience with the title that the audience has now."""
    title = titles.get(str(event.properties.get("audience"))) if event.name in STAYS else None
    return msgspec.structs.replace(event, properties={**event.properties, "audience_name": title}) if title else event


def _shown(entry: timelines.Entry) -> Shown:
    return Shown(
        at=entry.at,
        day=to_iso(entry.at)[:10],
        name=entry.name,
        channel=entry.channel,
        icon=entry.icon,
        sentence=entry.sentence,
        derived=entry.derived,
        lines=_lines(entry.properties),
    )


def _lines(properties: dict[str, Any]) -> tuple[Line, ...]:
    return tuple(
        Line(
            str(line.get("name") or line.get("product_id") or line.get("sku") or "–"),
            f"{amount.quantity(line) / MICROS:g}",
            _total(line),
        )
        for line in amount.products(properties)
    )


def _total(line: dict[str, Any]) -> str:
    """Return what a line cost in all; "" if it does not say."""
    is_said = line.get("amount") is not None or line.get("price") is not None
    return f"{amount.line_amount(line) / MICROS:,.2f}" if is_said else ""


def main_revenue(revenue: Amounts) -> tuple[int, str]:
    """Return the amount and currency in which most was spent."""
    best = max(revenue.items(), key=lambda item: item[1], default=(house.settings().currency, 0))
    return best[1], best[0]


def newest_consents(profile: Profile) -> list[Consent]:
    """Return the newest word on each channel and purpose, and no older ones; a withdrawal at any address wins."""
    newest: dict[tuple[int, str, str], Consent] = {}
    for one in sorted(profile.consents, key=lambda one: one.at):
        newest[one.node, one.channel, one.purpose] = one
    strictest: dict[tuple[str, str], Consent] = {}
    for one in newest.values():
        known = strictest.get((one.channel, one.purpose))
        if known is None or (one.state == "withdrawn" and known.state == "granted"):
            strictest[one.channel, one.purpose] = one
    return sorted(strictest.values(), key=lambda one: (one.purpose, one.channel))


def household(profile: Profile) -> list[Row]:
    """Return who lives with a person."""
    if not profile.household:
        return []
    stores = house.stores()
    others = [one for one in stores.graph.household(profile.household) if one != profile.person]
    return [row(one) for one in People(stores.state).of(others)]


def deliveries(profile: Profile) -> list[Delivery]:
    """Return what was sent to a person, the newest first, under any id they ever had."""
    ledger = Ledger(house.stores().state)
    found = [one for person in (profile.person, *profile.absorbed) for one in ledger.of_person(person, 20)]
    return sorted(found, key=lambda one: -one.planned_at)[:20]


def categories(profile: Profile, currency: str) -> list[dict[str, Any]]:
    """Return what a person spends most on, with its share of the largest."""
    sums = [(label, one.revenue.get(currency, 0)) for label, one in profile.categories.items()]
    best = sorted((item for item in sums if item[1] > 0), key=lambda item: -item[1])[:CATEGORIES]
    return [{"name": label, "revenue": spent, "share": round(100 * spent / best[0][1])} for label, spent in best]


def said(trait: Trait) -> dict[str, Any]:
    """Return a trait for a template, whose names may not be Python's."""
    value = msgspec.json.encode(trait.value).decode() if isinstance(trait.value, dict | list) else trait.value
    return {"value": value, "from": trait.source, "at": trait.at, "others": len(trait.others)}


def why(profile: Profile) -> list[Link]:
    """Return the reasons for which a person's identifiers belong together: how each is tied to the strongest."""
    keys = [one.identifier.key for one in strongest_first(profile)][:EXPLAINED]
    graph = house.stores().graph
    found = [link for key in keys[1:] for link in graph.why(keys[0], key).links]
    return list({(link.a.key, link.b.key, link.rule): link for link in found}.values())


def shown(profile: Profile) -> dict[str, Any]:
    """Return everything that the page of a person shows, except the timeline."""
    revenue, currency = main_revenue(profile.revenue)
    return {
        "profile": msgspec.structs.replace(profile, identifiers=tuple(strongest_first(profile))),
        "name": name(profile),
        "city": naming.city(profile),
        "revenue": revenue,
        "money_of": currency,
        "channels": sorted(profile.channels, key=lambda channel: -profile.channels[channel].count),
        "traits": [(label.replace("_", " "), said(trait)) for label, trait in profile.traits.items()],
        "consents": newest_consents(profile),
        "household": household(profile),
        "deliveries": deliveries(profile),
        "categories": categories(profile, currency),
    }


def exported(profile: Profile) -> bytes:
    """Return everything about a person as a ZIP: a page to read, and JSON for machines."""
    stores = house.stores()
    buffer = io.BytesIO()
    with tempfile.TemporaryDirectory(prefix="onevoice-export-") as folder:
        Dossiers(stores.state).export(profile.person, Path(folder), now=house.now())
        with zipfile.ZipFile(buffer, "w", zipfile.ZIP_DEFLATED) as archive:
            for path in sorted(Path(folder).iterdir()):
                archive.write(path, path.name)
    return buffer.getvalue()
