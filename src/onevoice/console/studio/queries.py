"""What the pages about audiences and campaigns show."""

from collections.abc import Mapping
from typing import Any

import msgspec
from django.core.cache import cache

from onevoice.adapters.campaigns.press import Sheet
from onevoice.adapters.state.members import Size
from onevoice.adapters.state.people import People
from onevoice.compose import wording
from onevoice.console import house
from onevoice.console.engine import analysis
from onevoice.console.engine.expressions import flight_of, flights
from onevoice.console.people.queries import Row, row
from onevoice.console.studio import access
from onevoice.decide.audience import select
from onevoice.decide.sentence import sentence
from onevoice.domain.audience import Audience
from onevoice.domain.campaign import Campaign
from onevoice.domain.delivery import Delivery, Send
from onevoice.domain.estimate import CampaignResult, Flight, Window
from onevoice.domain.moment import DAY
from onevoice.measure.campaign import measure

SAMPLE = 12  #: members shown
SHOWN = 10  #: deliveries shown
KEPT = 300  #: seconds for which previews of unchanged documents are kept
RESULT_KEPT = 30  #: seconds for which a result is kept

WEEKS = 28 * DAY  #: how long a campaign is watched, unless redemptions come later

#: What the states of a delivery add up to, in the order in which they are shown.
STAGES: dict[str, tuple[str, ...]] = {
    "waiting": ("planned", "held", "claimed", "submitting", "unknown"),
    "sent": ("accepted", "delivered", "bounced", "complained", "returned"),
    "arrived": ("delivered",),
    "failed": ("rejected", "bounced", "returned", "complained", "unknown_final", "expired"),
    "spared": ("withheld", "suppressed", "revoked"),
}


class Listed(msgspec.Struct, frozen=True, kw_only=True):
    """One audience in the list."""

    name: str
    title: str
    sentence: str
    size: int
    counted_at: int


def audiences() -> list[Listed]:
    """Return every audience, by name."""
    members = access.members()
    found = []
    for document in house.stores().definitions.newest("audience"):
        body = msgspec.json.decode(bytes(document.body), type=Audience)
        trend = members.trend(document.name, 1)
        found.append(
            Listed(
                name=document.name,
                title=body.title or document.name,
                sentence=sentence(body),
                size=members.size(document.name),
                counted_at=trend[0].at if trend else 0,
            )
        )
    return found


def audience_page(name: str) -> dict[str, Any]:
    """
    Return everything that the page of an audience shows.

    Raises:
        DocumentNotFound: There is none of that name.
    """
    body, members = access.audience(name), access.members()
    trend: list[Size] = members.trend(name, 30)
    stays = members.page(name, limit=SAMPLE)
    return {
        "name": name,
        "audience": body,
        "title": body.title or name,
        "sentence": sentence(body),
        "size": members.size(name),
        "trend": trend,
        "sample": people_of([stay.person for stay in stays]),
        "document": access.document("audience", name),
        "used_by": [one for one in campaigns() if one.audience == name],
    }


def people_of(persons: list[str]) -> list[Row]:
    """Return people as lines."""
    return [row(one) for one in People(house.stores().state).of(persons)]


def sql_of(name: str) -> str:
    """
    Return the SQL that an audience becomes on the engine.

    Raises:
        DocumentNotFound: There is none of that name.
        BadAudience: It mentions an audience that does not exist, or itself.
    """
    others = {
        document.name: msgspec.json.decode(bytes(document.body), type=Audience)
        for document in house.stores().definitions.newest("audience")
    }
    with analysis.session() as (engine, tables):
        return engine.sql(select(access.audience(name), tables, now=house.now(), audiences=others))


class Campaigned(msgspec.Struct, frozen=True, kw_only=True):
    """One campaign in the list."""

    name: str
    title: str
    audience: str
    channels: tuple[str, ...]
    state: str  #: draft, running, paused, cancelled, finished
    planned_at: int
    stages: dict[str, int]


def stages(counts: Mapping[tuple[str, str], int]) -> dict[str, int]:
    """Return how many deliveries are in each stage, and `all` of them."""
    sums = {name: sum(n for (_, state), n in counts.items() if state in states) for name, states in STAGES.items()}
    return {"all": sum(counts.values()), **sums}


def state_of(send: Send | None, pending: int) -> str:
    """Return a campaign's state in one word."""
    if send is None:
        return "draft"
    return "finished" if send.state == "running" and not pending else send.state


def campaigns() -> list[Campaigned]:
    """Return every campaign: the newest run first, drafts before all."""
    found = [
        _campaigned(document.name, bytes(document.body)) for document in house.stores().definitions.newest("campaign")
    ]
    return sorted(found, key=lambda one: (one.planned_at != 0, -one.planned_at, one.name))


def _campaigned(name: str, body: bytes) -> Campaigned:
    campaign, send = msgspec.json.decode(body, type=Campaign), newest_send(name)
    sums = stages(access.ledger().counts(send.id) if send else {})
    return Campaigned(
        name=name,
        title=campaign.title,
        audience=campaign.audience,
        channels=campaign.channels,
        state=state_of(send, sums["waiting"]),
        planned_at=send.planned_at if send else 0,
        stages=sums,
    )


def is_written(name: str) -> bool:
    """Tell whether a campaign is a document of ours."""
    return house.stores().definitions.find("campaign", name) is not None


def newest_send(name: str) -> Send | None:
    """Return the newest run of a campaign."""
    found = access.ledger().sends(name)
    return max(found, key=lambda one: one.planned_at, default=None)


def campaign_page(name: str) -> dict[str, Any]:
    """
    Return what the page of a campaign shows at once; previews and results follow.

    Raises:
        DocumentNotFound: A document that it names is missing.
    """
    pinned, send, ledger = access.campaign(name), newest_send(name), access.ledger()
    counts = ledger.counts(send.id) if send else {}
    sums = stages(counts)
    kit = pinned.kit
    return {
        "name": name,
        "pinned": pinned,
        "campaign": pinned.campaign,
        "brief": kit.brief,
        "offer": kit.offer,
        "offer_text": wording.offer_text(kit.offer, kit.locale),
        "brand": kit.brand,
        "send": send,
        "state": state_of(send, sums["waiting"]),
        "stages": sums,
        "channels": by_channel(counts),
        "reasons": ledger.reasons(send.id)[:8] if send else [],
        "deliveries": deliveries(send) if send else [],
        "mailbox": access.mailbox() is not None,
    }


def by_channel(counts: Mapping[tuple[str, str], int]) -> list[tuple[str, dict[str, int]]]:
    """Return the stages of each channel."""
    names = dict.fromkeys(channel for channel, _state in counts)
    return [(name, stages({key: n for key, n in counts.items() if key[0] == name})) for name in names]


def deliveries(send: Send) -> list[tuple[Delivery, str]]:
    """Return some deliveries of a run, each with the name of its person."""
    found = access.ledger().of_send(send.id, STAGES["sent"], limit=SHOWN) or access.ledger().of_send(
        send.id, limit=SHOWN
    )
    names = {one.person: one.name for one in People(house.stores().state).of({one.person for one in found})}
    return [(one, names.get(one.person, one.address or one.person)) for one in found]


class Preview(msgspec.Struct, frozen=True):
    """One medium of a campaign for one person: the letter, its pictures if it is printed, and its proof."""

    sheet: Sheet
    pictures: tuple[bytes, ...]


def previews(name: str) -> list[Preview]:
    """
    Return a campaign in every medium, written for a member of its audience or an example.

    Raises:
        DocumentNotFound: A document that it names is missing.
        BadTemplate, Unaddressable: Its words cannot be filled.
    """
    pinned = access.campaign(name)
    versions = (pinned.campaign_version, pinned.brief_version, pinned.offer_version, pinned.brand_version)
    key = f"previews:{house.settings().workspace}:{name.encode().hex()}:{versions}".replace(" ", "")
    found = cache.get(key)
    if found is None:
        planner = access.planner()
        stays = access.members().page(pinned.campaign.audience, limit=50)
        sheets = planner.samples(pinned, [stay.person for stay in stays], now=house.now(), count=1)
        press = planner.press(pinned)
        found = [
            Preview(sheet, tuple(press.pictures(sheet.letter)) if sheet.channel == "print" else ()) for sheet in sheets
        ]
        cache.set(key, found, KEPT)
    return found


def preview(name: str, channel: str) -> Preview | None:
    """Return a campaign in the medium of one channel."""
    return next((one for one in previews(name) if one.sheet.channel == channel), None)


def matrix(found: list[Preview]) -> list[tuple[str, list[Any]]]:
    """Return the proof as rows: a fact, then its cell in each medium, None where the medium does not know it."""
    facts = dict.fromkeys(cell.fact for one in found for cell in one.sheet.proof.cells)
    cells = [{cell.fact: cell for cell in one.sheet.proof.cells} for one in found]
    return [(fact, [known.get(fact) for known in cells]) for fact in facts]


def flown() -> list[dict[str, Any]]:
    """Return the campaigns that the log knows but no document does: how many people, from when to when."""
    documents = {document.name for document in house.stores().definitions.newest("campaign")}
    with analysis.session() as (engine, tables):
        rows = engine.fetch(flights(tables["events"]))
    return [one for one in rows if one["campaign"] not in documents]


def result(name: str) -> CampaignResult | None:
    """Return what a campaign did and, if that can be said, what it caused; nothing before it sent anything."""
    key = f"result:{house.settings().workspace}:{name.encode().hex()}"[:200]
    found = cache.get(key)
    if found is None:
        document = house.stores().definitions.find("campaign", name)
        share = msgspec.json.decode(bytes(document.body), type=Campaign).holdout if document else 0.0
        with analysis.session() as (engine, tables):
            window = engine.fetch(flight_of(tables["events"], name))[0]
            if window["first"] is None:
                return None
            flight = Flight(campaign=name, window=spanned(window["first"], window["last"]))
            found = measure(tables, flight, engine.fetch, share=share)
        cache.set(key, found, RESULT_KEPT)
    return found


def spanned(first: int, last: int | None) -> Window:
    """Return a campaign's window: four weeks from its first letter, or up to the day of its last redemption."""
    start = first // DAY * DAY
    return Window(start=start, end=max(start + WEEKS, ((last or 0) // DAY + 1) * DAY))
