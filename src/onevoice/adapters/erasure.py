"""
Erasure: everything about a person leaves state, backlog, lake and files, and a scan of every table proves it.

Events of other people that mention the person stay, without the mention. The keys by which events are told apart stay
too: they are hashes, and keep a file imported again from bringing the person back.
"""

from collections.abc import Iterable, Mapping, Sequence
from pathlib import Path
from typing import Any, Protocol

import msgspec

from onevoice.adapters.database import Database, Row
from onevoice.adapters.state.profiles import Profiles
from onevoice.adapters.traces import mentioning, tables, traces
from onevoice.domain.erasure import Erasure, Receipt, Target
from onevoice.domain.errors import NotAllowed, NotFound
from onevoice.domain.event import Event
from onevoice.domain.identifier import Identifier, Trust
from onevoice.profile.facet import Facets, fold
from onevoice.profile.redaction import SHORTEST, mentions, needles, redacted, remainder

COLUMNS = "id, person, asked_at, due_at, actor, state, receipt"
#: A row of `cursors`: whoever holds tables in memory reads them again when it has moved.
GENERATION = "generation"

#: Rows that go: table -> the column that names the person, and whether by node or by person.
ROWS = (
    ("events", "node", "nodes"),
    ("facets", "node", "nodes"),
    ("consents", "node", "nodes"),
    ("edges", "a", "nodes"),
    ("edges", "b", "nodes"),
    ("nodes", "node", "nodes"),
    ("persons", "id", "persons"),
    ("members", "person", "persons"),
)
#: Rows that stay as figures, without the person: table -> the column that names them, and what is blanked.
BLANKED = (
    ("deliveries", "person", ("person", "household", "anchor_kind", "anchor_value", "address")),
    ("codes", "holder", ("holder",)),
)
#: Tables in which whatever mentions the person goes whole: copies and notes of what was said or sent.
WHOLE = ("rejected", "suppressions", "paper")
#: Bound values in one statement.
CHUNK = 500


class ErasureNotFound(NotFound):
    """There is no erasure of that number."""


class TooLate(NotAllowed):
    """This erasure has begun or is done; it cannot be taken back."""


class Proof(Protocol):
    """What the lake says of its part."""

    @property
    def removed(self) -> Mapping[str, int]:
        """Rows removed, by table."""

    @property
    def remaining(self) -> int:
        """Rows still found."""


class Lake(Protocol):
    """What erasure needs of the lake."""

    def open(self, name: str) -> Any:
        """Return a Delta table, or nothing if it does not exist yet."""

    def erase(self, nodes: Sequence[int], persons: Sequence[str] = ()) -> Proof:
        """Remove every row of these nodes and persons, from old versions too, and count what is left."""


class Erasures:
    """
    The erasures of one workspace.

    *state* and *backlog* may be one database; *folders* hold copies of messages (a file that mentions the person goes).
    """

    def __init__(
        self, state: Database, backlog: Database, lake: Lake | None = None, folders: Iterable[Path] = ()
    ) -> None:
        self.state = state
        self.backlog = backlog
        self.lake = lake
        self.folders = tuple(folders)
        self.profiles = Profiles(state)

    def ask(self, person: str, *, now: int, due_at: int, actor: str) -> Erasure:
        """
        Note that a person is to be erased when it is due; until then `cancel` takes it back.

        Raises:
            PersonNotFound: There is no such person.
        """
        found = self.profiles.profile(person).person
        columns = ("person", "asked_at", "due_at", "actor", "state", "target", "receipt")
        with self.state.transaction():
            self.state.insert("erasures", columns, [(found, now, due_at, actor, "waiting", b"", b"")])
            row = self.state.one("SELECT max(id) FROM erasures")
        return self.get(int(row[0]) if row else 0)

    def get(self, erasure_id: int) -> Erasure:
        """
        Return a request.

        Raises:
            ErasureNotFound: No such number.
        """
        row = self.state.one(f"SELECT {COLUMNS} FROM erasures WHERE id = ?", (erasure_id,))
        if row is None:
            raise ErasureNotFound(id=erasure_id)
        return _erasure(row)

    def requests(self) -> list[Erasure]:
        """Return every request, newest first."""
        return [_erasure(row) for row in self.state.query(f"SELECT {COLUMNS} FROM erasures ORDER BY id DESC")]

    def cancel(self, erasure_id: int) -> None:
        """
        Take a request back.

        Raises:
            ErasureNotFound: No such number.
            TooLate: It has begun.
        """
        if not self.state.execute(
            "UPDATE erasures SET state = 'cancelled' WHERE id = ? AND state = 'waiting'", (erasure_id,)
        ):
            self.get(erasure_id)
            raise TooLate(id=erasure_id)

    def due(self, now: int) -> list[int]:
        """Return the requests to be carried out: those that are due, and those a crash interrupted."""
        rows = self.state.query(
            "SELECT id FROM erasures WHERE state = 'running' OR (state = 'waiting' AND due_at <= ?) ORDER BY id", (now,)
        )
        return [erasure_id for (erasure_id,) in rows]

    def carry_out(self, erasure_id: int, *, now: int) -> Receipt:
        """
        Erase, place after place, and return the receipt; a repeat after a crash goes on where it stopped.

        Raises:
            ErasureNotFound: No such number.
            TooLate: It was taken back or is done.
        """
        target = self._begin(erasure_id)
        wanted = needles(target)
        self._overwrite("PRAGMA secure_delete = ON")
        with self.state.transaction():
            self._invalidate(now)
            target, affected = self._redact(target, wanted)
            removed = self._delete(target) | self._delete_whole(wanted)
            self._fold_again(affected)
            self._note(erasure_id, target)
        removed["intake"] = self._clear_backlog(wanted)
        left: dict[str, int] = {}
        if self.lake is not None:
            proof = self._erase_lake(self.lake, target)
            removed |= {f"lake.{name}": count for name, count in proof.removed.items()}
            left |= {"lake": proof.remaining} if proof.remaining else {}
        removed["files"] = self._delete_files(wanted)
        left |= self._scan(target, wanted)
        receipt = Receipt(
            done_at=now,
            removed={place: count for place, count in sorted(removed.items()) if count},
            redacted={"events": len(target.rewritten)} if target.rewritten else {},
            left=left,
            searched=len(wanted),
            entangled=target.entangled,
            short=sum(len(one.value) < SHORTEST for one in target.identifiers),
        )
        self._finish(erasure_id, receipt)
        return receipt

    def erase(self, person: str, *, now: int, actor: str) -> Receipt:
        """Erase a person at once."""
        return self.carry_out(self.ask(person, now=now, due_at=now, actor=actor).id, now=now)

    def _begin(self, erasure_id: int) -> Target:
        request = self.get(erasure_id)
        row = self.state.one("SELECT target FROM erasures WHERE id = ?", (erasure_id,))
        if request.state == "running" and row is not None:
            return msgspec.json.decode(bytes(row[0]), type=Target)
        if request.state != "waiting":
            raise TooLate(id=erasure_id)
        target = self._target(request.person)
        self._note(erasure_id, target)
        return target

    def _note(self, erasure_id: int, target: Target) -> None:
        """Remember whom a running erasure is about, so that a crash loses no place."""
        self.state.execute(
            "UPDATE erasures SET state = 'running', target = ? WHERE id = ?", (msgspec.json.encode(target), erasure_id)
        )

    def _target(self, person: str) -> Target:
        profile = self.profiles.profile(person)
        persons = (profile.person, *profile.absorbed)
        rows = self.state.lookup("nodes", ("node", "kind", "value"), ("person",), list(persons))
        rows += self._orphans({node for node, _, _ in rows})
        identifiers = tuple(Identifier(kind, value, Trust.VERIFIED) for _, kind, value in sorted(rows))
        return Target(persons=persons, nodes=tuple(sorted(row[0] for row in rows)), identifiers=identifiers)

    def _orphans(self, nodes: set[int]) -> list[Row]:
        """Return identifiers that only this person was ever seen with, and that no event is anchored to."""
        own = sorted(nodes)
        pairs = self.state.lookup("edges", ("a", "b"), ("a",), own) + self.state.lookup(
            "edges", ("a", "b"), ("b",), own
        )
        near = sorted({number for pair in pairs for number in pair} - nodes)
        others = self.state.lookup("edges", ("a", "b"), ("a",), near) + self.state.lookup(
            "edges", ("a", "b"), ("b",), near
        )
        shared = {number for a, b in others for number in (a, b) if (a not in nodes and b not in nodes)}
        busy = {
            number
            for number in set(near) - shared
            if self.state.one("SELECT 1 FROM events WHERE node = ? LIMIT 1", (number,))
        }
        alone = sorted(set(near) - shared - busy)
        return self.state.lookup("nodes", ("node", "kind", "value"), ("node",), alone)

    def _invalidate(self, now: int) -> None:
        """Make the resolver, which may run elsewhere, drop what it holds in memory."""
        self.state.insert(
            "cursors",
            ("consumer", "seq", "moved_at"),
            [(GENERATION, 1, now)],
            "ON CONFLICT (consumer) DO UPDATE SET seq = cursors.seq + 1, moved_at = excluded.moved_at",
        )

    def _redact(self, target: Target, wanted: list[str]) -> tuple[Target, set[int]]:
        """Take the person out of other people's events; return the target with their numbers, and their nodes."""
        keys = {one.key for one in target.identifiers}
        own = set(target.nodes)
        found = {seq: (node, bytes(body)) for seq, node, body in self._mentions(wanted) if node not in own}
        for seq, (_, body) in found.items():
            rest = redacted(msgspec.json.decode(body), wanted, keys)
            if rest.get("identifiers"):
                row = (rest["id"], msgspec.json.encode(rest), seq)
                self.state.execute("UPDATE events SET id = ?, body = ? WHERE seq = ?", row)
            else:
                self.state.execute("DELETE FROM events WHERE seq = ?", (seq,))
        numbers = tuple(sorted({*target.rewritten, *found}))
        entangled = target.entangled + self._forget_neighbours(target.nodes)
        changed = msgspec.structs.replace(target, rewritten=numbers, entangled=entangled)
        return changed, {node for node, _ in found.values()}

    def _mentions(self, wanted: list[str]) -> list[Row]:
        return list(mentioning(self.state, "events", ("seq", "node", "body"), wanted))

    def _delete(self, target: Target) -> dict[str, int]:
        present = set(tables(self.state))
        removed: dict[str, int] = {"people": self.profiles.people.remove(target.persons)}
        for table, columns, by in ((table, (column,), by) for table, column, by in ROWS):
            values: Sequence[object] = target.nodes if by == "nodes" else target.persons
            if table in present:
                removed[table] = removed.get(table, 0) + self._delete_where(table, columns[0], values)
        for table, column, blanked in BLANKED:
            if table in present:
                removed[table] = self._blank(table, column, blanked, target.persons)
        homes = [home for (home,) in self.state.lookup("households", ("id",), ("node",), list(target.nodes))]
        for part in _chunks(homes):
            self.state.execute(f"UPDATE persons SET household = '' WHERE household IN ({_marks(part)})", part)
        removed["households"] = self._delete_where("households", "id", homes)
        return removed

    def _forget_neighbours(self, nodes: Sequence[int]) -> int:
        """Count the erased identifiers no longer among those that others were seen with; return how many others."""
        own = set(nodes)
        rows = self.state.lookup("edges", ("a", "b"), ("a",), list(nodes))
        rows += self.state.lookup("edges", ("a", "b"), ("b",), list(nodes))
        lost: dict[int, int] = {}
        for a, b in set(rows):
            other = b if a in own else a
            if other not in own:
                lost[other] = lost.get(other, 0) + 1
        for node, count in sorted(lost.items()):
            self.state.execute("UPDATE nodes SET neighbours = neighbours - ? WHERE node = ?", (count, node))
        return len(lost)

    def _delete_where(self, table: str, column: str, values: Sequence[object]) -> int:
        return sum(
            self.state.execute(f"DELETE FROM {table} WHERE {column} IN ({_marks(part)})", part)
            for part in _chunks(values)
        )

    def _blank(self, table: str, column: str, blanked: Sequence[str], persons: Sequence[str]) -> int:
        assigned = ", ".join(f"{name} = ''" for name in blanked)
        return sum(
            self.state.execute(f"UPDATE {table} SET {assigned} WHERE {column} IN ({_marks(part)})", part)
            for part in _chunks(persons)
        )

    def _delete_whole(self, wanted: list[str]) -> dict[str, int]:
        present = set(tables(self.state))
        keys = {"rejected": ("id",), "suppressions": ("channel", "address", "purpose"), "paper": ("piece",)}
        removed = {}
        for table in WHOLE:
            if table in present:
                found = list(mentioning(self.state, table, keys[table], wanted))
                where = " AND ".join(f"{name} = ?" for name in keys[table])
                removed[table] = sum(self.state.execute(f"DELETE FROM {table} WHERE {where}", row) for row in found)
        return removed

    def _fold_again(self, nodes: set[int]) -> None:
        """Make the facets of people anew whose events lost a mention, and their lines."""
        facets = Facets()
        for node in sorted(nodes):
            rows = self.state.query("SELECT body FROM events WHERE node = ? ORDER BY seq", (node,))
            for (body,) in rows:
                fold(facets, node, msgspec.json.decode(bytes(body), type=Event))
        self._delete_where("facets", "node", sorted(nodes))
        facets.consents.clear()  # the ledger names no address, and stays as it is
        self.profiles.save(facets)
        self.profiles.refresh(self.profiles.persons(nodes))

    def _clear_backlog(self, wanted: list[str]) -> int:
        """Take the person out of the bodies still kept; other people's events in the same body stay."""
        cleared = 0
        with self.backlog.transaction():
            found = [(seq, bytes(meta), bytes(body)) for seq, meta, body in self._backlog(wanted)]
            for seq, meta, body in found:
                rest = b"" if mentions(meta, wanted) else remainder(body, wanted)
                if rest:
                    cleared += self.backlog.execute("UPDATE intake SET body = ? WHERE seq = ?", (rest, seq))
                else:
                    cleared += self.backlog.execute("DELETE FROM intake WHERE seq = ?", (seq,))
        return cleared

    def _backlog(self, wanted: list[str]) -> list[Row]:
        return list(mentioning(self.backlog, "intake", ("seq", "meta", "body"), wanted))

    def _erase_lake(self, lake: Lake, target: Target) -> Proof:
        """Rewrite other people's rows in the lake, then remove the person's; that removes the old versions of both."""
        events = lake.open("events") if target.rewritten else None
        rows = self.state.lookup("events", ("seq", "body"), ("seq",), target.rewritten)
        bodies = {seq: bytes(body).decode() for seq, body in rows}
        for seq in target.rewritten if events is not None else ():
            if seq in bodies:
                events.update(predicate=f"seq = {seq}", new_values={"body": bodies[seq]})  # type: ignore[union-attr]
            else:
                events.delete(f"seq = {seq}")  # type: ignore[union-attr]
        return lake.erase(target.nodes, target.persons)

    def _files(self, wanted: list[str]) -> list[Path]:
        files = (path for folder in self.folders for path in sorted(folder.rglob("*")) if path.is_file())
        return [path for path in files if mentions(path.read_bytes(), wanted)]

    def _delete_files(self, wanted: list[str]) -> int:
        found = self._files(wanted)
        for path in found:
            path.unlink()
        return len(found)

    def _scan(self, target: Target, wanted: list[str]) -> dict[str, int]:
        """Read every table and file again and count what still mentions the person."""
        asked = frozenset({"erasures"})  # holds the target until the receipt takes its place
        left = traces(self.state, wanted, target.nodes, target.persons, asked)
        if "intake" not in tables(self.state):
            left |= traces(self.backlog, wanted, target.nodes, target.persons, asked)
        files = len(self._files(wanted))
        return left | ({"files": files} if files else {})

    def _finish(self, erasure_id: int, receipt: Receipt) -> None:
        self.state.execute(
            "UPDATE erasures SET state = 'done', person = '', target = ?, receipt = ? WHERE id = ?",
            (b"", msgspec.json.encode(receipt), erasure_id),
        )
        self._overwrite("PRAGMA wal_checkpoint(TRUNCATE)")

    def _overwrite(self, how: str) -> None:
        """Let SQLite write over what is deleted, or empty its journal; PostgreSQL's vacuum does so by itself."""
        for database in (self.state, self.backlog):
            if database.dialect == "sqlite":
                database.query(how)


def _erasure(row: Row) -> Erasure:
    erasure_id, person, asked_at, due_at, actor, state, receipt = row
    return Erasure(
        id=erasure_id,
        person=person,
        asked_at=asked_at,
        due_at=due_at,
        actor=actor,
        state=state,
        receipt=msgspec.json.decode(bytes(receipt), type=Receipt) if receipt else None,
    )


def _marks(values: Sequence[object]) -> str:
    return ", ".join("?" * len(values))


def _chunks(values: Sequence[object]) -> Iterable[Sequence[object]]:
    return (values[at : at + CHUNK] for at in range(0, len(values), CHUNK))
