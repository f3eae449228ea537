"""One worker works, the other stands by; cursors fence what locks cannot."""

import contextlib
import subprocess
import sys

import pytest

from onevoice.adapters.database import Database, PostgresDatabase, SqliteDatabase
from onevoice.adapters.state.cursors import Cursor, Overtaken
from onevoice.worker.lock import lock_of
from tests.conftest import NOW


def test_only_one_holds_the_lock(database: Database) -> None:
    """A second taker is told no, until the first lets go."""
    first, second = lock_of(database, "resolve"), lock_of(database, "resolve")

    assert (True, True, False) == (first.take(), first.take(), second.take())
    first.release()
    assert (True, False) == (second.take(), first.take())
    second.release()


def test_roles_have_locks_of_their_own(database: Database) -> None:
    """Resolving and consuming do not exclude one another."""
    first, second = lock_of(database, "resolve"), lock_of(database, "consume")

    assert (True, True) == (first.take(), second.take())
    first.release()
    second.release()


HOLDER = """
import sys, time
from pathlib import Path
from onevoice.adapters.database import PostgresDatabase, SqliteDatabase
from onevoice.worker.lock import lock_of
kind, place, schema = sys.argv[1:]
database = SqliteDatabase(Path(place)) if kind == "sqlite" else PostgresDatabase(place, schema=schema)
lock = lock_of(database, "resolve")
print(lock.take(), flush=True)
time.sleep(60)
"""


def test_a_killed_holder_frees_the_lock(database: Database) -> None:
    """After kill -9 of the holder the standby takes over."""
    place = ["sqlite", str(database.path), ""] if isinstance(database, SqliteDatabase) else []
    if isinstance(database, PostgresDatabase):
        place = ["postgres", database.url, database.schema]
    lock = lock_of(database, "resolve")
    with subprocess.Popen([sys.executable, "-c", HOLDER, *place], stdout=subprocess.PIPE, text=True) as holder:
        assert holder.stdout is not None
        assert "True" == holder.stdout.readline().strip()
        assert not lock.take()
        holder.kill()
        holder.wait()

    for _ in range(200):
        if lock.take():
            break
        with contextlib.suppress(subprocess.TimeoutExpired):
            subprocess.run(["sleep", "0.02"], timeout=1, check=False)
    assert lock.take()
    lock.release()


def test_a_cursor_moves_only_from_where_it_is(database: Database) -> None:
    """Whoever believes in an old place is told so, and the cursor stays."""
    cursor = Cursor(database, "people")
    assert 0 == cursor.read()
    cursor.advance(0, 10, NOW)
    cursor.advance(10, 25, NOW)

    for stale in (0, 10, 30):
        with pytest.raises(Overtaken):
            cursor.advance(stale, 99, NOW)

    assert 25 == cursor.read()


def test_an_overtaken_batch_leaves_nothing(database: Database) -> None:
    """The refusal undoes the whole transaction it stands in."""
    cursor = Cursor(database, "people")
    cursor.advance(0, 10, NOW)

    with pytest.raises(Overtaken), database.transaction():
        database.insert("cursors", ("consumer", "seq", "moved_at"), [("other", 1, NOW)])
        cursor.advance(5, 11, NOW)

    assert [("people", 10)] == database.query("SELECT consumer, seq FROM cursors")
