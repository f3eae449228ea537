"""Looking for a person in every column of every table: by text, by node, by person id."""

from collections.abc import Iterator, Sequence

from onevoice.adapters.database import Database, Row
from onevoice.profile.redaction import mentions, spellings

#: Names of columns that hold node numbers, and of those that hold ids of persons.
NODES = frozenset({"node", "a", "b", "founder"})
PERSONS = frozenset({"person", "holder"})
#: Texts looked for by one statement.
CHUNK = 50


def tables(database: Database) -> list[str]:
    """Return every table of a store, the history of its schema not included."""
    if database.dialect == "sqlite":
        rows = database.query("SELECT name FROM sqlite_master WHERE type = 'table' AND name NOT LIKE 'sqlite_%'")
    else:
        rows = database.query("SELECT table_name FROM information_schema.tables WHERE table_schema = current_schema()")
    return sorted(name for (name,) in rows if not name.endswith("_migrations"))


def columns(database: Database, table: str) -> dict[str, str]:
    """Return the columns of a table with what they hold: text, bytes or number."""
    if database.dialect == "sqlite":
        rows = [(name, kind) for _, name, kind, *_ in database.query(f"PRAGMA table_info({table})")]
    else:
        rows = database.query(
            "SELECT column_name, data_type FROM information_schema.columns "
            "WHERE table_schema = current_schema() AND table_name = ?",
            (table,),
        )
    kinds = {"TEXT": "text", "BLOB": "bytes", "BYTEA": "bytes"}
    return {name: kinds.get(kind.upper(), "number") for name, kind in rows}


def condition(database: Database, table: str, wanted: Sequence[str]) -> tuple[str, list[str]]:
    """Return a condition that is true of rows mentioning one of the texts, with its values."""
    texts = spellings(wanted)
    tests: list[str] = []
    for name, kind in columns(database, table).items():
        if kind != "number":
            tests += [_contains(database, name, kind)] * len(texts)
    named = sum(kind != "number" for kind in columns(database, table).values())
    return " OR ".join(tests) or "1 = 0", texts * named


def _contains(database: Database, name: str, kind: str) -> str:
    if database.dialect == "sqlite":
        return f"instr(lower(CAST({name} AS TEXT)), ?) > 0"
    return f"strpos(lower({name if kind == 'text' else f'encode({name}, $$escape$$)'}), ?) > 0"


def mentioning(database: Database, table: str, picked: Sequence[str], wanted: Sequence[str]) -> Iterator[Row]:
    """Yield the picked columns of rows that mention one of the texts: the store finds likely ones, we look closely."""
    texts = [name for name, kind in columns(database, table).items() if kind != "number"]
    for at in range(0, len(wanted), CHUNK):
        part = wanted[at : at + CHUNK]
        where, values = condition(database, table, part)
        for row in database.stream(f"SELECT {', '.join([*picked, *texts])} FROM {table} WHERE {where}", values):
            said = (one if isinstance(one, str) else bytes(one) for one in row[len(picked) :] if one is not None)
            if any(mentions(one, part) for one in said):
                yield row[: len(picked)]


def traces(
    database: Database,
    wanted: Sequence[str],
    nodes: Sequence[int],
    persons: Sequence[str],
    except_: frozenset[str] = frozenset(),
) -> dict[str, int]:
    """Return how many rows of each table still mention a person; every table is read, except those excepted."""
    found = {
        table: _count(database, table, wanted, nodes, persons) for table in tables(database) if table not in except_
    }
    return {table: count for table, count in found.items() if count}


def _count(database: Database, table: str, wanted: Sequence[str], nodes: Sequence[int], persons: Sequence[str]) -> int:
    names = columns(database, table)
    count = sum(1 for _ in mentioning(database, table, ("1",), wanted))
    for name in sorted(NODES & names.keys()):
        count += len(database.lookup(table, (name,), (name,), list(nodes)))
    for name in sorted(PERSONS & names.keys()):
        count += len(database.lookup(table, (name,), (name,), list(persons)))
    return count
