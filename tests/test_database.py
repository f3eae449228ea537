"""The database door behaves the same on SQLite and PostgreSQL."""

from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from onevoice.adapters.database import Database, SqliteDatabase, StoreUnavailable, split_schema, statements
from onevoice.adapters.migrations import migrate, pending, steps
from tests.conftest import NOW


def test_bulk_insert_and_lookup(database: Database) -> None:
    """What was inserted in bulk is found again by one-column and two-column keys."""
    database.insert("cursors", ("consumer", "seq", "moved_at"), [("a", 1, NOW), ("b", 2, NOW), ("c", 3, NOW)])

    assert [("b", 2), ("c", 3)] == sorted(
        database.lookup("cursors", ("consumer", "seq"), ("consumer",), ["b", "c", "z"])
    )
    assert [("a",)] == database.lookup("cursors", ("consumer",), ("consumer", "seq"), [("a", 1), ("b", 9)])


def test_transaction_is_all_or_nothing(database: Database) -> None:
    """An error inside a transaction, even a nested one, leaves nothing behind."""
    with pytest.raises(RuntimeError), database.transaction():
        database.insert("cursors", ("consumer", "seq", "moved_at"), [("a", 1, NOW)])
        with database.transaction():
            database.insert("cursors", ("consumer", "seq", "moved_at"), [("b", 1, NOW)])
        raise RuntimeError

    assert [] == database.query("SELECT * FROM cursors")


def test_upsert_keeps_the_larger(database: Database) -> None:
    """ON CONFLICT clauses mean the same on both stores."""
    clause = "ON CONFLICT (consumer) DO UPDATE SET seq = excluded.seq"
    for seq in (1, 5):
        database.insert("cursors", ("consumer", "seq", "moved_at"), [("a", seq, NOW)], clause)

    assert [(5,)] == database.query("SELECT seq FROM cursors")


def test_migrations_run_once_and_from_any_point(database: Database) -> None:
    """A migrated store has nothing pending, and migrating again does nothing."""
    assert [] == pending(database, "state")
    assert [] == migrate(database, "state", now=NOW)
    assert steps("state") == [step for (step,) in database.query("SELECT step FROM state_migrations ORDER BY step")]


def test_damaged_file_is_unavailable(tmp_path: Path) -> None:
    """A file that is no database says so as an unavailable store, not as an error of some driver."""
    path = tmp_path / "state.db"
    path.write_bytes(b"not a database at all" * 500)

    with pytest.raises(StoreUnavailable, match="not a database"):
        SqliteDatabase(path).query("SELECT 1")


@given(st.lists(st.sampled_from(["CREATE TABLE a (x TEXT)", "DROP TABLE b", "SELECT 1"]), max_size=5))
def test_statements_split(parts: list[str]) -> None:
    """Statements joined by semicolons and comments come apart again."""
    text = "".join(f"{part}; -- why; not\n" for part in parts)

    assert parts == statements(text)


def test_schema_is_cut_out_of_the_url() -> None:
    """The schema parameter is ours; the rest of the URL stays as it was."""
    assert ("postgresql://h/d?sslmode=require", "shop") == split_schema("postgresql://h/d?schema=shop&sslmode=require")
    assert ("postgresql://h/d", "onevoice") == split_schema("postgresql://h/d")


def test_many_rows_come_back_as_they_went_in(database: Database) -> None:
    """Every type, the extremes of each, nothing at all and bytes of any value survive a bulk insert of any size."""
    database.script("CREATE TABLE bulk (a {big} PRIMARY KEY, b TEXT, c {bytes}, d {real})")
    rows = [
        (at, None if at % 7 == 0 else f"tab\there\n{at} ß \\N", bytes([at % 256, 0, 255]), at / 8)
        for at in (*range(250), -(2**63), 2**63 - 1)
    ]
    database.insert("bulk", ("a", "b", "c", "d"), rows[:3])
    with database.transaction():
        assert len(rows) - 3 == database.insert("bulk", ("a", "b", "c", "d"), rows[3:])
    upsert = "ON CONFLICT (a) DO UPDATE SET b = excluded.b"
    database.insert("bulk", ("a", "b", "c", "d"), [(at, "new", c, 0.5) for at, _, c, _ in rows[:200]], upsert)
    found = [(a, b, bytes(c), d) for a, b, c, d in database.query("SELECT a, b, c, d FROM bulk ORDER BY a")]

    assert sorted([(a, "new", c, d) for a, _, c, d in rows[:200]] + rows[200:]) == found
