"""A small shop's worth of customers, made of real events that went through the real pipeline."""

import random
import threading
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import msgspec

from onevoice.adapters.campaigns.planner import Planner
from onevoice.adapters.mailbox import Mailbox
from onevoice.adapters.state.members import Members
from onevoice.adapters.state.recipients import RecipientStore
from onevoice.domain.audience import Audience, Happened
from onevoice.domain.campaign import Campaign
from onevoice.domain.event import Event
from onevoice.domain.identifier import Identifier, Trust
from onevoice.domain.moment import DAY, HOUR, MINUTE
from onevoice.wiring.settings import Settings
from onevoice.wiring.stores import Stores
from onevoice.wiring.workspace import now
from onevoice.worker.listing import Listing
from onevoice.worker.pipeline import Pipeline
from tests.compose.samples import BRAND, BRIEF, OFFER

#: A name that tries to become markup wherever it is shown.
SECRET = "a secret that only these tests use, long enough for Django to accept"
HOSTILE = '<img src=x onerror=alert(1)> "O\'Hara" </script>'
FIRST = (
    "Ada",
    "Grace",
    "Emmy",
    "Maria",
    "Katherine",
    "Hedy",
    "Rosa",
    "Mary",
    "Dorothy",
    "Annie",
    "Barbara",
    "Lise",
    "Vera",
)
LAST = (
    "Lovelace",
    "Hopper",
    "Noether",
    "Mayer",
    "Johnson",
    "Lamarr",
    "Parks",
    "Easley",
    "Liskov",
    "Wu",
    "Rubin",
    "Levi",
)
CITIES = ("Portland", "Dayton", "Akron", "Toledo")
GOODS = (
    ("Oat milk", "Dairy", 2.49),
    ("Sourdough", "Bakery", 4.2),
    ("Coffee beans", "Drinks", 11.9),
    ("Basil", "Produce", 1.99),
)


def card_number(number: int) -> str:
    """Return the number on a customer's card."""
    return str(26_180_339 + 7_919 * number)


def member(role: str) -> Any:
    """Add a member of one role, with a password."""
    from django.utils import timezone

    from onevoice.console.accounts import actions

    made = actions.add_member(
        email=f"{role}@example.com", role=role, name=f"{role.title()} Example", now=timezone.now()
    )
    actions.choose_password(member=made, password=f"correct horse {role}")
    return made


class Shop:
    """Writes down what customers do."""

    def __init__(self, present: int) -> None:
        self.present = present
        self.dice = random.Random(7)
        self.events: list[Event] = []

    def event(self, name: str, channel: str, at: int, who: list[Identifier], **more: Any) -> None:
        """Write one event down."""
        number = len(self.events)
        self.events.append(
            Event(
                id=f"seed-{number}",
                name=name,
                channel=channel,
                occurred_at=at,
                received_at=min(at + 1, self.present),
                identifiers=tuple(who),
                source="import",
                **more,
            )
        )

    def order(self, at: int, channel: str, who: list[Identifier]) -> None:
        """Let somebody buy one to four things."""
        lines = [
            {"product_id": name, "name": name, "category": kind, "price": price, "quantity": self.dice.randint(1, 3)}
            for name, kind, price in self.dice.sample(GOODS, self.dice.randint(1, 4))
        ]
        total = round(sum(line["price"] * line["quantity"] for line in lines), 2)
        where = {"store": {"id": "Main Street"}} if channel == "store" else {}
        properties = {"order_id": f"o{len(self.events)}", "total": total, "currency": "USD", "products": lines}
        self.event("Order Completed", channel, at, who, properties=properties, context=where)

    def customer(self, number: int) -> None:
        """Let one customer come by for four months."""
        first, last = FIRST[number % len(FIRST)], LAST[(number * 5) % len(LAST)]
        email = Identifier("email", f"{first}.{last}{number}@example.com".lower(), Trust.VERIFIED)
        card = Identifier("loyalty_id@till", card_number(number), Trust.VERIFIED)
        browser = Identifier("anonymous_id", f"browser-{number}", Trust.CLAIMED)
        start = self.present - self.dice.randint(20, 120) * DAY
        name = HOSTILE if number == 3 else f"{first} {last}"
        traits = {"name": name, "email": email.value, "city": CITIES[number % 4], "birthday": "1985-04-12"}
        self.event("Page Viewed", "web", start, [browser], type="page", properties={"title": "Home", "path": "/"})
        self.event("Identify", "web", start + MINUTE, [card, email, browser], type="identify", traits=traits)
        consent = {"purpose": "marketing", "channel": "email", "source": "signup form", "text_version": "2026-01"}
        self.event("Consent Granted", "web", start + 2 * MINUTE, [email], properties=consent)
        for _ in range(self.dice.randint(2, 14)):
            at = start + self.dice.randint(1, max(1, (self.present - start) // HOUR - 1)) * HOUR
            self.visit(min(at, self.present - MINUTE), card, email, browser)

    def visit(self, at: int, card: Identifier, email: Identifier, browser: Identifier) -> None:
        """Let a customer do one thing."""
        what = self.dice.random()
        if what < 0.45:
            self.order(at, "store", [card])
        elif what < 0.6:
            self.order(at, "web", [email, browser])
        elif what < 0.8:
            self.event("Product Viewed", "web", at, [email, browser], properties={"name": "Coffee beans"})
        elif what < 0.9:
            self.event("Email Opened", "email", at, [email], properties={"email_subject": "Ten per cent off coffee"})
        else:
            self.event("Call Ended", "phone", at, [card], properties={"direction": "inbound", "duration_s": 190})


def customers(stores: Stores, settings: Settings, count: int = 40) -> None:
    """Let customers shop, and resolve what they did."""
    shop = Shop(now())
    for number in range(count):
        shop.customer(number)
    stores.intake.emit(sorted(shop.events, key=lambda event: event.occurred_at), "import", shop.present)
    bad = b'{"type":"track","userId":"u1","event":"Order Completed","properties":{"total":"twelve"}}'
    key, _ = stores.keys.add("website", "write", now=shop.present - DAY)
    stores.keys.add("warehouse", "secret", now=shop.present - DAY)
    rows = [(shop.present, key.id, 1, "track", b"{}", bad), (shop.present, key.id, 1, "track", b"{}", b'{"event": ')]
    stores.intake.append(rows)
    resolve(stores, settings)


def resolve(stores: Stores, settings: Settings) -> None:
    """Handle everything that waits, and bring the list of people up to date."""
    pipeline, listing = Pipeline(stores, settings), Listing(stores)
    while pipeline.step() or listing.step():
        pass


def keep_resolving(stores: Stores, settings: Settings, stop: threading.Event) -> None:
    """Do a worker's work until told to stop, as the one writer."""
    pipeline, listing = Pipeline(stores, settings), Listing(stores)
    while not stop.is_set():
        if not (pipeline.step() or listing.step()):
            stop.wait(0.01)


def campaign(stores: Stores, settings: Settings) -> None:
    """Write a campaign, plan it for recent buyers, and let half of the letters arrive in the rehearsal mailbox."""
    present = now()
    today = datetime.now(UTC).date()
    offer = msgspec.structs.replace(
        OFFER,
        valid=msgspec.structs.replace(OFFER.valid, start=today - timedelta(days=2), end=today + timedelta(days=9)),
    )
    buyers = Audience(title="Recent buyers", where=Happened(name="Order Completed", within="90d"))
    leaflet = Campaign(title="Summer produce", brief="summer", audience="buyers", channels=("email", "sms", "print"))
    documents = {
        ("brand", "house"): BRAND,
        ("offer", "produce20"): offer,
        ("brief", "summer"): BRIEF,
        ("audience", "buyers"): buyers,
        ("campaign", "summer"): leaflet,
        ("campaign", "winter"): msgspec.structs.replace(leaflet, title="Winter warmers"),
    }
    for (kind, name), body in documents.items():
        stores.definitions.put(kind, name, body, now=present, by="owner@example.com")
    persons = [person for batch in stores.profiles.everyone() for person in batch][:25]
    Members(stores.state).replace("buyers", 1, persons, present)
    recipients = RecipientStore(stores.state)
    planner = Planner(stores.state, recipients, base="https://shop.example.com", secret=SECRET)
    planner.plan("summer", lambda: iter(persons), now=present)
    stores.state.execute(
        "UPDATE deliveries SET state = 'accepted', accepted_at = ? WHERE channel = 'email' AND state = 'planned'",
        (present,),
    )
    sheet = planner.samples(planner.pinned("summer"), persons, now=present, count=1)[0]
    first = stores.state.one("SELECT piece FROM deliveries WHERE state = 'accepted' ORDER BY send_key LIMIT 1")
    if first:
        output = sheet.output.replace(sheet.to.piece.encode(), first[0].encode())
        Mailbox(Path(settings.home) / "mailbox").put(output)
