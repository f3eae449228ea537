"""
Who is in which audience, since when, and who was.

A refresh is one transaction: stays are opened and closed, and each change waits in its row until the log has it.
`tell` then puts the waiting changes into the intake and marks them; should it die in between, the same events are put
in again and the log drops them, because a change always makes the same event.
"""

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence

import msgspec

from onevoice.adapters.database import Database, Row
from onevoice.decide.membership import Change, diff, event
from onevoice.domain.event import Event
from onevoice.domain.identifier import Identifier

#: Returns the identifiers of persons, strongest first; a person who was merged away has none.
Identify = Callable[[Sequence[str]], Mapping[str, Sequence[Identifier]]]
#: Puts events into the intake.
Emit = Callable[[Sequence[Event]], None]

BATCH = 1_000  #: changes told at once


class Stay(msgspec.Struct, frozen=True, kw_only=True):
    """One time that a person was in an audience."""

    audience: str
    person: str
    stay: int
    version: int
    entered_at: int
    left_at: int | None = None


class Size(msgspec.Struct, frozen=True, kw_only=True):
    """One refresh of an audience: how many were in it, came and went."""

    at: int
    version: int
    size: int
    entered: int
    gone: int


class Members:
    """The members table."""

    def __init__(self, database: Database) -> None:
        self.database = database

    def replace(self, audience: str, version: int, persons: Iterable[str], now: int) -> tuple[list[str], list[str]]:
        """Make these persons the members, and return who entered and who left."""
        after = set(persons)
        with self.database.transaction():
            before = set(self.people(audience))
            entered, left = diff(before, after)
            self._open(audience, version, entered, now)
            self._close(audience, version, left, now)
            self.database.insert(
                "audience_sizes",
                ("audience", "at", "version", "size", "entered", "gone"),
                [(audience, now, version, len(after), len(entered), len(left))],
                conflict="ON CONFLICT (audience, at) DO UPDATE SET version = excluded.version, size = excluded.size, "
                "entered = audience_sizes.entered + excluded.entered, gone = audience_sizes.gone + excluded.gone",
            )
        return entered, left

    def _open(self, audience: str, version: int, persons: Sequence[str], now: int) -> None:
        stays = self._stays(audience, persons)
        self.database.insert(
            "members",
            ("audience", "person", "stay", "version", "entered_at", "untold", "told"),
            [(audience, person, stays.get(person, 0) + 1, version, now, 1, 0) for person in persons],
        )

    def _close(self, audience: str, version: int, persons: Sequence[str], now: int) -> None:
        stays = self._stays(audience, persons)
        columns = ("audience", "person", "stay", "version", "entered_at", "left_at", "left_version", "untold", "told")
        self.database.insert(
            "members",
            columns,
            [(audience, person, stays[person], version, now, now, version, 1, 0) for person in persons],
            conflict="ON CONFLICT (audience, person, stay) DO UPDATE SET left_at = excluded.left_at, "
            "left_version = excluded.left_version, untold = 1",
        )

    def _stays(self, audience: str, persons: Sequence[str]) -> dict[str, int]:
        rows = self.database.lookup(
            "members", ("person", "stay"), ("audience", "person"), [(audience, person) for person in persons]
        )
        stays: dict[str, int] = {}
        for person, stay in rows:
            stays[person] = max(stay, stays.get(person, 0))
        return stays

    # --- reading

    def people(self, audience: str) -> Iterator[str]:
        """Yield who is in an audience now."""
        rows = self.database.stream("SELECT person FROM members WHERE audience = ? AND left_at IS NULL", (audience,))
        yield from (person for (person,) in rows)

    def page(self, audience: str, after: str = "", limit: int = 100) -> list[Stay]:
        """Return members of an audience in the order of their ids, from after one of them."""
        rows = self.database.query(
            f"SELECT {COLUMNS} FROM members WHERE audience = ? AND left_at IS NULL AND person > ? "
            "ORDER BY person LIMIT ?",
            (audience, after, limit),
        )
        return [_stay(row) for row in rows]

    def size(self, audience: str) -> int:
        """Return how many are in an audience now."""
        row = self.database.one("SELECT count(*) FROM members WHERE audience = ? AND left_at IS NULL", (audience,))
        return int(row[0]) if row else 0

    def of_person(self, person: str) -> list[Stay]:
        """Return every stay of a person in any audience, newest first."""
        rows = self.database.query(
            f"SELECT {COLUMNS} FROM members WHERE person = ? ORDER BY entered_at DESC, audience, stay DESC", (person,)
        )
        return [_stay(row) for row in rows]

    def trend(self, audience: str, limit: int = 100) -> list[Size]:
        """Return the newest refreshes of an audience, newest first."""
        rows = self.database.query(
            "SELECT at, version, size, entered, gone FROM audience_sizes WHERE audience = ? ORDER BY at DESC LIMIT ?",
            (audience, limit),
        )
        return [Size(at=at, version=version, size=size, entered=e, gone=g) for at, version, size, e, g in rows]

    def forget(self, persons: Sequence[str]) -> int:
        """Erase every stay of these persons, and return how many there were."""
        return sum(self.database.execute("DELETE FROM members WHERE person = ?", (person,)) for person in persons)

    # --- telling the log

    def tell(self, identify: Identify, emit: Emit) -> int:
        """
        Put every change that the log has not heard of into the intake, and return how many there were.

        A change of a person who was merged away or erased meanwhile has no identifier to stand on; it is not told.
        """
        told = 0
        while rows := self._untold():
            people = identify(sorted({row[1] for row in rows}))
            changes = [(row[0], change) for row in rows for change in _changes(row) if people.get(row[1])]
            emit([event(audience, change, people[change.person][:1]) for audience, change in changes])
            self._mark(rows)
            told += len(changes)
        return told

    def _untold(self) -> list[Row]:
        return self.database.query(
            "SELECT audience, person, stay, version, entered_at, left_at, left_version, told FROM members "
            "WHERE untold = 1 ORDER BY audience, person, stay LIMIT ?",
            (BATCH,),
        )

    def _mark(self, rows: Sequence[Row]) -> None:
        marked = [(*row[:5], 0, _steps(row)) for row in rows]
        # A person may leave between the reading and the marking: then there is more to tell, and the row keeps waiting.
        self.database.insert(
            "members",
            ("audience", "person", "stay", "version", "entered_at", "untold", "told"),
            marked,
            conflict="ON CONFLICT (audience, person, stay) DO UPDATE SET told = excluded.told, untold = "
            "CASE WHEN members.left_at IS NOT NULL AND excluded.told = 1 THEN 1 ELSE 0 END",
        )


COLUMNS = "audience, person, stay, version, entered_at, left_at"


def _stay(row: Row) -> Stay:
    audience, person, stay, version, entered_at, left_at = row
    return Stay(audience=audience, person=person, stay=stay, version=version, entered_at=entered_at, left_at=left_at)


def _steps(row: Row) -> int:
    """Return how many changes a stay has had: 1 when entered, 2 when left too."""
    return 1 if row[5] is None else 2


def _changes(row: Row) -> list[Change]:
    _, person, stay, version, entered_at, left_at, left_version, told = row
    changes = [] if told else [Change(person, "entered", stay, version, entered_at)]
    if left_at is not None and told < 2:
        changes.append(Change(person, "left", stay, left_version, left_at))
    return changes
