"""Comparing two stores table by table, as streams in one order, in bounded memory."""

from collections.abc import Iterator, Sequence
from typing import Any

import msgspec

from onevoice.adapters.database import Database, Row

#: Differences that are spelled out; beyond, they are counted.
SHOWN = 50


class Table(msgspec.Struct, frozen=True):
    """A table, the columns that name a row, and the rows that count."""

    name: str
    key: tuple[str, ...]
    columns: tuple[str, ...]
    where: str = ""

    @property
    def ordered(self) -> tuple[str, ...]:
        """The columns as rows are read: key first."""
        return (*self.key, *(name for name in self.columns if name not in self.key))


class Differences:
    """What differs, counted in full and spelled out up to a limit."""

    def __init__(self) -> None:
        self.count = 0
        self.lines: list[str] = []
        self.tables: dict[str, int] = {}

    def add(self, table: str, sentence: str) -> None:
        """Note one difference."""
        self.count += 1
        self.tables[table] = self.tables.get(table, 0) + 1
        if len(self.lines) < SHOWN:
            self.lines.append(f"{table}: {sentence}")

    def merge(self, other: "Differences") -> None:
        """Take in what was noted elsewhere."""
        self.count += other.count
        self.lines = (self.lines + other.lines)[:SHOWN]
        for table, count in other.tables.items():
            self.tables[table] = self.tables.get(table, 0) + count


def columns_of(database: Database, table: str) -> tuple[str, ...]:
    """Return the columns of a table in their order."""
    if database.dialect == "sqlite":
        return tuple(row[1] for row in database.query(f"PRAGMA table_info({table})"))
    rows = database.query(
        "SELECT column_name FROM information_schema.columns "
        "WHERE table_schema = current_schema() AND table_name = ? ORDER BY ordinal_position",
        (table,),
    )
    return tuple(row[0] for row in rows)


def key_of(database: Database, table: str) -> tuple[str, ...]:
    """Return the primary key of a SQLite table."""
    found = sorted((row[5], row[1]) for row in database.query(f"PRAGMA table_info({table})") if row[5])
    return tuple(name for _, name in found)


def rows(database: Database, table: Table) -> Iterator[Row]:
    """Yield a table's rows, key first, in an order that is the same on both databases."""
    collate = ' COLLATE "C"' if database.dialect == "postgres" else ""
    texts = _texts(database, table.name) if collate else frozenset()
    order = ", ".join(f"{name}{collate if name in texts else ''}" for name in table.key)
    where = f"WHERE {table.where} " if table.where else ""
    for row in database.stream(f"SELECT {', '.join(table.ordered)} FROM {table.name} {where}ORDER BY {order}"):
        yield tuple([bytes(value) if isinstance(value, memoryview) else value for value in row])


def _texts(database: Database, table: str) -> frozenset[str]:
    rows = database.query(
        "SELECT column_name FROM information_schema.columns "
        "WHERE table_schema = current_schema() AND table_name = ? AND data_type = 'text'",
        (table,),
    )
    return frozenset(row[0] for row in rows)


def walk(table: Table, stored: Iterator[Row], made: Iterator[Row]) -> Iterator[tuple[Row | None, Row | None]]:
    """Walk both streams side by side and yield what differs: the stored row, the fresh one, or None where missing."""
    width = len(table.key)
    a, b = next(stored, None), next(made, None)
    while a is not None or b is not None:
        if b is None or (a is not None and _order(a[:width]) < _order(b[:width])):
            yield a, None
            a = next(stored, None)
        elif a is None or _order(b[:width]) < _order(a[:width]):
            yield None, b
            b = next(made, None)
        else:
            if a != b:
                yield a, b
            a, b = next(stored, None), next(made, None)


def describe(table: Table, a: Row | None, b: Row | None) -> str:
    """Return one difference as a sentence."""
    if b is None:
        return f"{_named(table.key, a or ())} is stored and does not follow from the log"
    if a is None:
        return f"{_named(table.key, b)} follows from the log and is not stored"
    odd = ", ".join(name for name, x, y in zip(table.ordered, a, b, strict=True) if x != y)
    return f"{_named(table.key, b)} differs in {odd}"


def _order(key: Sequence[Any]) -> tuple[Any, ...]:
    """Return a key as both databases order it: text by its UTF-8 bytes."""
    return tuple([value.encode() if isinstance(value, str) else value for value in key])


def _named(key: Sequence[str], row: Row) -> str:
    return " ".join(f"{name}={value}" for name, value in zip(key, row, strict=False))
