"""People: found by any identifier, read with all that is known, explained, parted and joined."""

from collections.abc import Callable

from onevoice.adapters.database import Database
from onevoice.adapters.state.graph import GraphStore
from onevoice.adapters.state.intake import Intake
from onevoice.adapters.state.log import Log
from onevoice.adapters.state.profiles import PersonNotFound, Profiles
from onevoice.collect.identity import Names
from onevoice.collect.plan import RANKS, Plan
from onevoice.domain.errors import NotAllowed
from onevoice.domain.evidence import Verdict
from onevoice.domain.identifier import Identifier, Trust
from onevoice.domain.person import Why as Explained
from onevoice.gateway.api import shapes
from onevoice.gateway.api.endpoint import BadQuery, Call, Endpoint, Parameter
from onevoice.profile import timeline
from onevoice.resolve.assertion import asserted

READ = "people:read"
WRITE = "people:write"

#: Events of one page, and people of one page.
MOST_EVENTS = 500
MOST_PEOPLE = 200
#: Identifiers of one person that are explained at once; the strongest come first.
MOST_NAMES = 50
#: SQL integers end here.
LARGEST = 2**63 - 1

PLACE = {"type": "string", "pattern": r"^(-?[0-9]{1,19}\.[0-9]{1,19})?$"}
PAIRED = {"type": "string", "pattern": "^[a-z_]+(@[^:]+)?:.+$"}


class NotOfThisPerson(NotAllowed):
    """One of these identifiers does not belong to this person, so there is nothing to part."""


def _limit(most: int) -> Parameter:
    return Parameter("limit", "How many at most.", schema={"type": "integer", "minimum": 1, "maximum": most})


class People:
    """The endpoints about people."""

    def __init__(self, state: Database, intake: Intake, country: str) -> None:
        self._state = state
        self._graph = GraphStore(state)
        self._profiles = Profiles(state)
        self._log = Log(state)
        self._intake = intake
        self._plan = Plan(country=country)

    def endpoints(self) -> list[Endpoint]:
        """Return the endpoints; fixed paths come before those with a placeholder."""
        return [*self._everybody(), *self._said_of_pairs(), *self._one()]

    def _everybody(self) -> list[Endpoint]:
        cursor = Parameter("cursor", "The cursor of the page before; empty for the first.")
        return [
            Endpoint(
                "GET", "/people", READ, "List everybody", self.list, shapes.People, (cursor, _limit(MOST_PEOPLE)),
            ),
            Endpoint(
                "GET", "/people/lookup", READ, "Find a person by one identifier, as `?email=ada@example.com`",
                self.lookup, shapes.Person, open_query="a kind of identifier", errors=(404,),
            ),
        ]  # fmt: skip

    def _said_of_pairs(self) -> list[Endpoint]:
        return [
            Endpoint(
                "POST", "/people/same", WRITE, "Say that two identifiers are one person's", self._said("same"),
                shapes.Taken, body=shapes.Pair, status=202,
            ),
            Endpoint(
                "POST", "/people/not-same", WRITE, "Say that two identifiers are not one person's",
                self._said("not_same"), shapes.Taken, body=shapes.Pair, status=202,
            ),
            Endpoint(
                "POST", "/people/withdraw", WRITE, "Take back what was said of two identifiers",
                self._said("withdrawn"), shapes.Taken, body=shapes.Pair, status=202,
            ),
        ]  # fmt: skip

    def _one(self) -> list[Endpoint]:
        before = Parameter("before", "The `before` of the page before; empty for the newest.", schema=PLACE)
        channel = Parameter("channel", "Only events of this channel.")
        a = Parameter("a", "An identifier as `kind:value`; with `b`, only these two are explained.", schema=PAIRED)
        b = Parameter("b", "Another, as `kind:value`.", schema=PAIRED)
        return [
            Endpoint("GET", "/people/{id}", READ, "Read a person", self.read, shapes.Person, errors=(404,)),
            Endpoint(
                "GET", "/people/{id}/events", READ, "Read what happened, newest first", self.events,
                shapes.Happenings, (before, channel, _limit(MOST_EVENTS)), errors=(404,),
            ),
            Endpoint(
                "GET", "/people/{id}/why", READ, "Read why these identifiers are one person's", self.why, shapes.Why,
                (a, b), errors=(404, 409),
            ),
            Endpoint(
                "POST", "/people/{id}/split", WRITE, "Part two identifiers of this person", self.split, shapes.Taken,
                body=shapes.Pair, status=202, errors=(404, 409),
            ),
        ]  # fmt: skip

    def lookup(self, call: Call) -> shapes.Person:
        """Return the person who goes by the one identifier of the query."""
        if len(call.query) != 1:
            raise BadQuery("Name exactly one identifier, as ?email=ada@example.com.")
        [(kind, value)] = call.query.items()
        key = self._key(kind, value)
        return shapes.person(self._profiles.lookup(*key))

    def read(self, call: Call) -> shapes.Person:
        """Return a person; an id that was absorbed leads to who it became."""
        return shapes.person(self._profiles.profile(self._current(call.path["id"])))

    def list(self, call: Call) -> shapes.People:
        """Return one page of people by id, an order that stays put while people come and change."""
        limit = call.number("limit", 50, MOST_PEOPLE)
        rows = self._state.query(
            "SELECT id FROM persons WHERE id > ? AND redirect = '' ORDER BY id LIMIT ?", (call.text("cursor"), limit)
        )
        ids = [str(one) for (one,) in rows]
        people = [shapes.person(profile) for profile in self._profiles.profiles(ids)]
        return shapes.People(people, ids[-1] if len(ids) == limit else "")

    def events(self, call: Call) -> shapes.Happenings:
        """Return one page of a person's events."""
        person = self._current(call.path["id"])
        limit = call.number("limit", 50, MOST_EVENTS)
        before = timeline.place(call.text("before"))
        if before and max(map(abs, before)) > LARGEST:
            raise timeline.BadCursor
        nodes = self._graph.nodes(person)
        rows = self._log.of_nodes(nodes, before, limit + 1, call.text("channel"))
        page = timeline.page(((row.seq, row.event) for row in rows), limit, before)
        return shapes.Happenings([shapes.happening(entry) for entry in page.entries], page.after)

    def why(self, call: Call) -> shapes.Why:
        """Return why a person's identifiers belong together, or why two identifiers do or do not."""
        person = self._current(call.path["id"])
        ends = [self._written(call.query[name]) for name in ("a", "b") if call.query.get(name)]
        if len(ends) == 1:
            raise BadQuery("Name both a and b, or neither.")
        if not ends:
            return self._together(person)
        a, b = ends
        if person not in {self._graph.person(*a), self._graph.person(*b)}:
            raise NotOfThisPerson(a=call.query["a"], b=call.query["b"])
        return shapes.why(person, self._graph.why(a, b))

    def _together(self, person: str) -> shapes.Why:
        """Return the links from a person's strongest identifier to every other, each once."""
        names = sorted(self._graph.identifiers(person), key=_strength)[:MOST_NAMES]
        found = [self._graph.why(names[0].key, name.key) for name in names[1:]]
        links = {(link.a.key, link.b.key, link.rule): link for one in found for link in one.links}
        sentence = f"{len(names)} identifiers are held together by {len(links)} links."
        return shapes.why(person, Explained(same=True, sentence=sentence, links=tuple(links.values())))

    def split(self, call: Call) -> shapes.Taken:
        """Part two identifiers of a person, by saying that they are not the same person's."""
        person = self._current(call.path["id"])
        a, b = self._pair(call)
        self._check_owned(person, a, b)
        return self._say(a, b, "not_same", call)

    def _said(self, verdict: Verdict) -> Callable[[Call], shapes.Taken]:
        def say(call: Call) -> shapes.Taken:
            return self._say(*self._pair(call), verdict, call)

        return say

    def _say(self, a: tuple[str, str], b: tuple[str, str], verdict: Verdict, call: Call) -> shapes.Taken:
        event = asserted(a, b, verdict, now=call.now, actor=f"key {call.key.name}")
        self._intake.emit([event], "api", call.now)
        return shapes.Taken(event.id)

    def _pair(self, call: Call) -> tuple[tuple[str, str], tuple[str, str]]:
        pair = call.read(shapes.Pair)
        return self._key(pair.a.kind, pair.a.value), self._key(pair.b.kind, pair.b.value)

    def _written(self, text: str) -> tuple[str, str]:
        kind, _, value = text.partition(":")
        return self._key(kind, value)

    def _key(self, kind: str, value: str) -> tuple[str, str]:
        """Return an identifier as the store keeps it: e-mail in lower case, phone in E.164 …"""
        if kind.partition("@")[0] not in RANKS:
            raise BadQuery(f"{kind[:50]!r} is no kind of identifier.", known=sorted(RANKS))
        names = Names(self._plan, Trust.CLAIMED)
        names.add(kind, value)
        if not names.found:
            raise BadQuery(f"This is no {kind}.", kind=kind)
        return next(iter(names.found))

    def _current(self, person: str) -> str:
        found = self._graph.current(person.replace("\0", ""))
        if found is None:
            raise PersonNotFound(person=person)
        return found

    def _check_owned(self, person: str, *keys: tuple[str, str]) -> None:
        for key in keys:
            if self._graph.person(*key) != person:
                raise NotOfThisPerson(kind=key[0], value=key[1])


def _strength(name: Identifier) -> tuple[int, tuple[str, str]]:
    return (RANKS.get(name.base, len(RANKS) + 1), name.key)
