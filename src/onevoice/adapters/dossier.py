"""The export of everything about one person: a folder with a page for people and JSON for machines."""

from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import Any

import msgspec

from onevoice.adapters.database import Database
from onevoice.adapters.state.log import Log
from onevoice.adapters.state.profiles import Profiles
from onevoice.adapters.traces import columns, tables
from onevoice.domain.event import Event
from onevoice.domain.moment import to_iso
from onevoice.domain.person import Link
from onevoice.domain.profile import Profile
from onevoice.profile import plain
from onevoice.profile.dossier import page

#: What other rooms keep of a person: title -> table and the column that names them.
SECTIONS = {
    "audiences": ("members", "person"),
    "messages": ("deliveries", "person"),
    "codes": ("codes", "holder"),
}
#: First slots of `edges` that hold alias calls and linkage; below are events, above people's own words.
ALIAS, LINKAGE = 3, 6
SENTENCES = {
    "event": "Seen together in {count} event{s} since {first}.",
    "alias": "One was said to be the other {count} time{s} since {first}.",
    "linkage": "Name, address and birth date agree well enough, found on {first}.",
    "human": "One of our people said so on {first}.",
}
#: Events read at once.
PORTION = 500


class Dossiers:
    """Exports of one workspace."""

    def __init__(self, database: Database) -> None:
        self.database = database
        self.profiles = Profiles(database)
        self.log = Log(database)

    def export(self, person: str, folder: Path, *, now: int) -> int:
        """
        Write `index.html`, `person.json` and `events.jsonl` into a folder and return how many events there are.

        Raises:
            PersonNotFound: There is no such person.
        """
        profile = self.profiles.profile(person)
        links = self.links(profile)
        sections = self.sections((profile.person, *profile.absorbed))
        nodes = [one.node for one in profile.identifiers]
        folder.mkdir(parents=True, exist_ok=True)
        whole = {"made_at": to_iso(now), **plain.person(profile), "why": links, **sections}
        (folder / "person.json").write_bytes(msgspec.json.format(msgspec.json.encode(whole, enc_hook=str)))
        with (folder / "index.html").open("w", encoding="utf-8") as file:
            file.writelines(page(profile, self.events(nodes), links, sections, now))
        count = 0
        with (folder / "events.jsonl").open("wb") as lines:
            for _, event in self.events(nodes):
                lines.write(msgspec.json.encode(event) + b"\n")
                count += 1
        return count

    def events(self, nodes: list[int]) -> Iterator[tuple[int, Event]]:
        """Yield every event of some nodes, newest first."""
        before: tuple[int, int] | None = None
        while rows := self.log.of_nodes(nodes, before, PORTION):
            yield from ((row.seq, row.event) for row in rows)
            before = (rows[-1].event.occurred_at, rows[-1].seq)

    def links(self, profile: Profile) -> list[Link]:
        """Return what binds a person's identifiers: which were seen or said to belong together, how often, and when."""
        known = {one.node: one.identifier for one in profile.identifiers}
        names = ("a", "b", "slot", "count", "first_at", "last_at", "via")
        rows = self.database.lookup("edges", names, ("a",), list(known))
        return [
            Link(
                a=known[a],
                b=known[b],
                rule=basis_of(slot),
                sentence=SENTENCES[basis_of(slot)].format(
                    count=count, first=to_iso(first_at)[:10], s="" if count == 1 else "s"
                ),
                count=count,
                first_at=first_at,
                last_at=last_at,
                via=via,
            )
            for a, b, slot, count, first_at, last_at, via in sorted(rows)
            if b in known
        ]

    def sections(self, persons: Iterable[str]) -> dict[str, list[dict[str, Any]]]:
        """Return what other rooms keep of a person, row by row."""
        present = set(tables(self.database))
        wanted = list(persons)
        found: dict[str, list[dict[str, Any]]] = {}
        for title, (table, column) in SECTIONS.items():
            if table in present:
                names = list(columns(self.database, table))
                rows = self.database.lookup(table, names, (column,), wanted)
                found[title] = [dict(zip(names, row, strict=True)) for row in sorted(rows, key=str)]
        return found


def basis_of(slot: int) -> str:
    """Return what kind of evidence a slot of `edges` holds."""
    if slot < ALIAS:
        return "event"
    if slot < LINKAGE:
        return "alias"
    return "linkage" if slot == LINKAGE else "human"
