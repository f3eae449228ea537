"""
A made-up company: people who come in visits, and the bodies that their visits send.

A visit is one to nine events of one person in one channel; people are drawn uniformly, so no cache profits from a
favourite; one person has a hundredth of all events. The same numbers give the same bodies.
"""

import json
import random
from collections.abc import Iterator

from onevoice.adapters.state.intake import Acknowledged
from onevoice.domain.identifier import Trust
from onevoice.domain.moment import DAY, SECOND, to_iso

START = 1_735_689_600_000_000  #: 2025-01-01
SPAN = 365 * DAY
BATCH = 100  #: events of one body, as servers send them

FIRST = (
    *("Ada", "Grace", "Alan", "Emmy", "Kurt", "Lise", "Erwin", "Hedy", "Niels", "Marie", "Paul", "Rosa", "Otto"),
    *("Vera", "Hugo", "Elsa", "Karl", "Nora", "Anton", "Clara"),
)
STEMS = (
    *("berg", "stein", "mann", "bauer", "feld", "holz", "dorf", "lund", "wald", "hof", "see", "tal", "bach", "au"),
    *("linden", "rosen", "kirch", "stern", "gold", "silber"),
)
CITIES = ("Graz", "Linz", "Wien", "Salzburg", "Innsbruck")
PAGES = ("Product Viewed", "Product List Viewed", "Product Added", "Products Searched")


def email(person: int) -> str:
    """Return a person's address."""
    return f"customer{person}@example.com"


def name(person: int) -> str:
    """Return a person's name, of some 160,000 surnames."""
    stem, end = STEMS[person % 20], STEMS[person // 20 % 20]
    return f"{FIRST[person % 19]} {stem.title()}{end}{person // 400 % 400 or ''}"


def surname(person: int) -> str:
    """Return the word that a search for the person would be typed with, letters only."""
    return name(person).split(" ")[1]


class Company:
    """
    A year of its visits, in the order in which they came in; *known* people need no introduction any more.

    *copies* draws from as many copies of the people, by the names that `bench.growth` gives them.
    """

    def __init__(self, people: int, events: int, year: int = 1, *, known: bool = False, copies: int = 1) -> None:
        self.people = people
        self.events = events
        self._year = year
        self._rng = random.Random(year)
        self._known = bytearray((known,)) * people
        self._made = 0
        self._copies = copies
        self._copy = ""

    def packets(self) -> Iterator[Acknowledged]:
        """Yield bodies of a hundred events until there are enough."""
        waiting: list[dict[str, object]] = []
        while self._made < self.events:
            waiting += self._visit()
            while len(waiting) >= BATCH:
                yield self._packet(waiting[:BATCH])
                del waiting[:BATCH]
        if waiting:
            yield self._packet(waiting)

    def _packet(self, events: list[dict[str, object]]) -> Acknowledged:
        body = json.dumps({"batch": events}, separators=(",", ":")).encode()
        return (self._now() + 60 * SECOND, "bench", int(Trust.VERIFIED), "batch", b"{}", body)

    def _now(self) -> int:
        return START + SPAN * self._made // self.events

    def _visit(self) -> list[dict[str, object]]:
        rng = self._rng
        person = 0 if rng.random() < 0.01 else rng.randrange(self.people)
        self._copy = str(rng.randrange(self._copies) or "")
        made = [] if self._known[person] else [self._introduction(person)]
        self._known[person] = 1
        channel = rng.random()
        if channel < 0.45:
            made += [self._web(person) for _ in range(rng.randint(2, 9))]
        elif channel < 0.75:
            made += [self._mail(person, word) for word in ("Email Delivered", "Email Opened")[: rng.randint(1, 2)]]
        else:
            made.append(self._sale(person))
        return made

    def _event(self, kind: str, **members: object) -> dict[str, object]:
        self._made += 1
        return {"type": kind, "messageId": f"m{self._year}-{self._made}", "timestamp": to_iso(self._now()), **members}

    def _introduction(self, person: int) -> dict[str, object]:
        traits: dict[str, object] = {
            "name": name(person),
            "email": self._copy + email(person),
            "city": CITIES[person % 5],
        }
        if person % 2:
            traits["phone"] = f"+4366{self._copy or 0}{person:07}"
        traits["loyalty_id"] = f"{self._copy}L{person:09}"
        return self._event("identify", userId=f"{self._copy}u{person}", traits=traits, context={"channel": "server"})

    def _web(self, person: int) -> dict[str, object]:
        rng = self._rng
        names: dict[str, object] = {"anonymousId": f"{self._copy}browser-{person}"}
        if rng.random() < 0.3:
            names["userId"] = f"{self._copy}u{person}"
        page = {"url": "https://shop.example/p/1", "path": "/p/1"}
        return self._event(
            "track",
            event=PAGES[rng.randrange(4)],
            properties=self._product(),
            context={"channel": "web", "page": page},
            **names,
        )

    def _product(self) -> dict[str, object]:
        rng = self._rng
        return {"product_id": f"sku-{rng.randrange(5000)}", "price": 4.5, "category": f"c{rng.randrange(30)}"}

    def _mail(self, person: int, word: str) -> dict[str, object]:
        properties = {"campaign_id": f"newsletter-{self._made // 100_000}", "email": self._copy + email(person)}
        return self._event("track", event=word, properties=properties, context={"channel": "email"})

    def _sale(self, person: int) -> dict[str, object]:
        rng = self._rng
        lines = [self._product() | {"quantity": 2} for _ in range(3)]
        properties = {
            "order_id": f"o{self._year}-{self._made}",
            "total": rng.randrange(100, 20_000) / 100,
            "currency": "EUR",
            "business_date": to_iso(self._now())[:10],
            "transaction_no": f"{self._year}-{self._made}",
            "loyalty_id": f"{self._copy}L{person:09}",
            "products": lines,
        }
        context = {"channel": "store", "store": {"id": f"s{rng.randrange(40)}"}}
        return self._event("track", event="Order Completed", properties=properties, context=context)
