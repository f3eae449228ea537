"""Facets in the store, one compact row a node, and the profiles read from them."""

from collections.abc import Iterable, Iterator, Sequence
from typing import Any

import msgspec

from onevoice.adapters.database import Database
from onevoice.adapters.state.consents import Consents
from onevoice.adapters.state.people import People
from onevoice.domain.consent import Consent
from onevoice.domain.errors import NotFound
from onevoice.domain.identifier import Identifier, Trust
from onevoice.domain.profile import Facet, Profile, Trait, TraitValue
from onevoice.profile.facet import Facets, bound, merged
from onevoice.profile.summary import summary, terms
from onevoice.profile.view import known, traits, view

#: Sorted keys make equal facets equal bytes, so that a rebuild can be compared row by row.
encoder = msgspec.msgpack.Encoder(order="deterministic")
decoder = msgspec.msgpack.Decoder(Facet)

#: Reads of a facet nothing but its traits; what comes before them is passed over, what comes after is not looked at.
_BEFORE = Facet.__struct_fields__[: Facet.__struct_fields__.index("traits")]
_Told: Any = msgspec.defstruct(
    "_Told", [*((name, msgspec.Raw) for name in _BEFORE), ("traits", dict[str, dict[str, TraitValue]])], array_like=True
)
told = msgspec.msgpack.Decoder(_Told)

#: Kinds of node that the graph adds for itself, and the status of a value that names nobody.
HIDDEN = frozenset({"mailbox"})
BLOCKED = 3
#: People refreshed at once.
BATCH = 1_000


class PersonNotFound(NotFound):
    """There is no such person."""


class Profiles:
    """The facets table, and profiles read from it."""

    def __init__(self, database: Database) -> None:
        self.database = database
        self.consents = Consents(database)
        self.people = People(database)

    def fill(self, facets: Facets, nodes: Iterable[int]) -> None:
        """Load the facets of *nodes* that are not at work yet; a node without one gets an empty facet."""
        missing = facets.missing(nodes)
        found = self.facets(missing)
        for node in missing:
            facets.put(node, found.get(node) or Facet())

    def save(self, facets: Facets) -> int:
        """
        Store every changed facet and new consent entry, and return how many facets changed.

        Call it in the transaction that moves the cursor; if that fails, `facets.clear()`.
        """
        rows = [(node, encoder.encode(facet)) for node, facet in facets.changed()]
        self.database.insert("facets", ("node", "body"), rows, "ON CONFLICT (node) DO UPDATE SET body = excluded.body")
        self.consents.append(facets.consents)
        facets.saved()
        return len(rows)

    def facets(self, nodes: Iterable[int]) -> dict[int, Facet]:
        """Return the facets of those nodes that have one."""
        rows = self.database.lookup("facets", ("node", "body"), ("node",), sorted(nodes))
        return {node: decoder.decode(body) for node, body in rows}

    def profile(self, person: str) -> Profile:
        """
        Return the profile of a person; an id that was absorbed leads to the person who lives on.

        Raises:
            PersonNotFound: There never was one, or they were erased.
        """
        found = self.profiles([self.current(person)])
        if not found:
            raise PersonNotFound(person=person)
        return found[0]

    def lookup(self, kind: str, value: str) -> Profile:
        """
        Return the profile of the person who goes by an identifier (canonical, as the collector writes it).

        Raises:
            PersonNotFound: Nobody does.
        """
        row = self.database.one("SELECT person FROM nodes WHERE kind = ? AND value = ?", (kind, value))
        if row is None:
            raise PersonNotFound(kind=kind)
        return self.profile(row[0])

    def current(self, person: str) -> str:
        """Return the id to which a person's id leads today."""
        for _ in range(1_000):
            row = self.database.one("SELECT redirect FROM persons WHERE id = ?", (person,))
            if row is None or not row[0]:
                break
            person = row[0]
        return person

    def profiles(self, persons: Sequence[str]) -> list[Profile]:
        """Return the profiles of those persons who have identifiers, by id."""
        members = self._members(persons)
        nodes = [node for found in members.values() for node, _ in found]
        facets, ledger = self.facets(nodes), self.consents.of_nodes(nodes)
        owner = {node: person for person, found in members.items() for node, _ in found}
        consents: dict[str, list[Consent]] = {}
        for entry in ledger:
            consents.setdefault(owner[entry.node], []).append(entry)
        households: dict[str, str] = dict(self.database.lookup("persons", ("id", "household"), ("id",), list(members)))
        absorbed = self._absorbed(list(members))
        return [
            view(
                person,
                [(node, one) for node, one in found if one.kind not in HIDDEN],
                [facets[node] for node, _ in found if node in facets],
                consents.get(person, ()),
                household=households.get(person, ""),
                absorbed=sorted(absorbed.get(person, ())),
            )
            for person, found in sorted(members.items())
        ]

    def traits(self, persons: Sequence[str]) -> Iterator[tuple[str, str, dict[str, Trait]]]:
        """Yield person, household and traits as `profiles` would give them, for a tenth of the work."""
        members = self._members(persons)
        nodes = sorted(node for found in members.values() for node, _ in found)
        rows = self.database.lookup("facets", ("node", "body"), ("node",), nodes)
        said = {node: Facet(traits=told.decode(body).traits) for node, body in rows}
        households: dict[str, str] = dict(self.database.lookup("persons", ("id", "household"), ("id",), list(members)))
        for person, found in sorted(members.items()):
            firm = any(known(node, one).contactable for node, one in found if one.kind not in HIDDEN)
            facet = merged(said[node] for node, _ in found if node in said and said[node].traits)
            yield person, households.get(person, ""), traits(facet, firm=firm)

    def _members(self, persons: Sequence[str]) -> dict[str, list[tuple[int, Identifier]]]:
        wanted = sorted(set(persons))
        rows = self.database.lookup("nodes", ("person", "kind", "value", "node", "trust"), ("person",), wanted)
        found: dict[str, list[tuple[int, Identifier]]] = {}
        for person, kind, value, node, trust in sorted(rows):
            found.setdefault(person, []).append((node, Identifier(kind, value, Trust(trust))))
        return found

    def _absorbed(self, persons: Sequence[str]) -> dict[str, set[str]]:
        """Return the ids that lead to each person, through any number of steps."""
        found: dict[str, set[str]] = {}
        leads = {person: person for person in persons}
        while leads:
            rows = self.database.lookup("persons", ("id", "redirect"), ("redirect",), sorted(leads))
            leads = {id_: leads[redirect] for id_, redirect in rows if id_ not in found.get(leads[redirect], ())}
            for id_, person in leads.items():
                found.setdefault(person, set()).add(id_)
        return found

    def persons(self, nodes: Iterable[int]) -> set[str]:
        """Return the persons of some nodes."""
        return {person for (person,) in self.database.lookup("nodes", ("person",), ("node",), sorted(set(nodes)))}

    def refresh(self, persons: Iterable[str]) -> int:
        """
        Write the lines of the people list anew for persons who changed, and return how many are listed.

        Who was absorbed into one of them, or has no identifier left, goes from the list. Twice changes nothing, so a
        power cut may undo the newest lines.
        """
        wanted = sorted(set(persons))
        parts = (wanted[at : at + BATCH] for at in range(0, len(wanted), BATCH))
        return sum(self._refresh(part) for part in parts)

    def _refresh(self, persons: Sequence[str]) -> int:
        with self.database.transaction(durable=False):
            listed = [one for one in self.profiles(persons) if one.identifiers]
            self.people.put([(summary(one), terms(one)) for one in listed])
            gone = set(persons) - {one.person for one in listed}
            self.people.remove(gone.union(*(one.absorbed for one in listed)))
        return len(listed)

    def everyone(self, batch: int = BATCH) -> Iterator[list[str]]:
        """Yield the ids of all persons in batches, by id, for upkeep and export."""
        after = ""
        while rows := self.database.query(
            "SELECT id FROM persons WHERE id > ? AND redirect = '' ORDER BY id LIMIT ?", (after, batch)
        ):
            yield [id_ for (id_,) in rows]
            after = rows[-1][0]


def encoded(facet: Facet) -> bytes:
    """Return a facet as the table keeps it: equal facets give equal bytes."""
    bound(facet)
    return encoder.encode(facet)
