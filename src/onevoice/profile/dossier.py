"""The readable page of an export: everything about one person, self-contained and safe to open anywhere."""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from html import escape
from typing import Any

from onevoice.domain.event import Event
from onevoice.domain.moment import to_iso
from onevoice.domain.person import Link
from onevoice.domain.profile import Profile
from onevoice.profile import naming, plain
from onevoice.profile.sentence import say

STYLE = (
    "body{font:16px/1.5 system-ui,sans-serif;max-width:60rem;margin:2rem auto;padding:0 1rem;color:#1f2937}"
    "table{border-collapse:collapse;width:100%;margin:.5rem 0 2rem}th,td{text-align:left;vertical-align:top;"
    "padding:.35rem .6rem;border-bottom:1px solid #d1d5db;overflow-wrap:anywhere}th{background:#f3f4f6}"
    "caption{text-align:left;color:#4b5563}"
)
#: No script, no image, nothing from elsewhere: the page shows what it holds and cannot tell anybody.
POLICY = "default-src 'none'; style-src 'unsafe-inline'"

Row = Sequence[Any]


def page(
    profile: Profile,
    events: Iterable[tuple[int, Event]],
    links: Iterable[Link],
    sections: Mapping[str, Sequence[Mapping[str, Any]]],
    made_at: int,
) -> Iterator[str]:
    """Yield the page piece by piece, so that a long history needs no memory; events come newest first."""
    name = escape(naming.display_name(profile))
    yield (
        f'<!doctype html><html lang="en"><head><meta charset="utf-8"><title>What we know about {name}</title>'
        f'<meta name="viewport" content="width=device-width"><meta http-equiv="Content-Security-Policy" '
        f'content="{POLICY}"><style>{STYLE}</style></head><body><h1>What we know about {name}</h1>'
        f"<p>Written on {to_iso(made_at)}. The same, for machines, is in <code>person.json</code> and "
        f"<code>events.jsonl</code> beside this page.</p>"
    )
    yield from _table("Names you go by", ("Kind", "Value", "How sure"), _identifiers(profile))
    yield from _table("Why these are one person", ("One", "Other", "Reason"), _links(links))
    yield from _table("What you told us", ("What", "Value", "Since", "From"), _traits(profile))
    yield from _table("What we counted", ("What", "Value"), _counts(profile))
    yield from _table(
        "What you allowed", ("Channel", "Purpose", "State", "When", "Where", "Wording"), _consents(profile)
    )
    yield from _table("Tags and notes", ("When", "What"), _notes(profile))
    for title, rows in sections.items():
        names = list(rows[0]) if rows else []
        yield from _table(title.capitalize(), names, ([row[name] for name in names] for row in rows))
    yield from _table("Everything that happened", ("When", "Channel", "What", "Number"), _events(events))
    yield "</body></html>"


def _table(title: str, heads: Sequence[str], rows: Iterable[Row]) -> Iterator[str]:
    yield f"<h2>{escape(title)}</h2><table><thead><tr>"
    yield "".join(f'<th scope="col">{escape(head)}</th>' for head in heads)
    yield "</tr></thead><tbody>"
    empty = True
    for row in rows:
        empty = False
        yield "<tr>" + "".join(f"<td>{escape(str(cell))}</td>" for cell in row) + "</tr>"
    yield ("<tr><td>Nothing.</td></tr>" if empty else "") + "</tbody></table>"


def _identifiers(profile: Profile) -> Iterator[Row]:
    return (
        (one.identifier.kind, one.identifier.value, one.identifier.trust.name.lower()) for one in profile.identifiers
    )


def _links(links: Iterable[Link]) -> Iterator[Row]:
    return ((f"{one.a.kind} {one.a.value}", f"{one.b.kind} {one.b.value}", one.sentence) for one in links)


def _traits(profile: Profile) -> Iterator[Row]:
    for name, trait in profile.traits.items():
        yield (name, trait.value, plain.when(trait.at), trait.source)
        for other in trait.others:
            yield (
                f"{name} (not used)",
                "deleted" if other.value is None else other.value,
                plain.when(other.at),
                other.source,
            )


def _counts(profile: Profile) -> Iterator[Row]:
    facts = plain.facets(profile)
    for name in ("events", "first_at", "last_at", "orders", "first_order_at", "last_order_at"):
        yield (name.replace("_", " "), facts[name])
    for currency, amount in facts["revenue"].items():
        yield ("revenue", f"{amount} {currency}")
    for channel, one in facts["channels"].items():
        yield (f"in {channel}", f"{one['events']} events, {one['orders']} orders")
    for category, one in facts["categories"].items():
        yield (f"bought: {category}", f"{one['quantity']:g} pieces")
    yield ("household", profile.household)


def _consents(profile: Profile) -> Iterator[Row]:
    entries = (plain.consent(one) for one in profile.consents)
    return (
        (one["channel"], one["purpose"], one["state"], one["at"], one["source"], one["text_version"]) for one in entries
    )


def _notes(profile: Profile) -> Iterator[Row]:
    for tag in profile.tags:
        yield ("", f"Tag: {tag}")
    for note in profile.notes:
        yield (plain.when(note.at), note.text)


def _events(events: Iterable[tuple[int, Event]]) -> Iterator[Row]:
    return ((plain.when(one.occurred_at), one.channel, say(one), one.id) for _, one in events)
