"""One worker per role and workspace: the second one stands by until the first lets go or dies."""

import fcntl
import hashlib
import os
from pathlib import Path
from typing import Protocol

from onevoice.adapters.database import Database, PostgresDatabase, SqliteDatabase


class Lock(Protocol):
    """A lock that its holder's death releases. Correctness does not rest on it: cursors fence every write."""

    def take(self) -> bool:
        """Try to take the lock and say whether we hold it now."""

    def release(self) -> None:
        """Let go, whether held or not."""


class FileLock:
    """A lock on a file beside the store; the kernel releases it when the process ends."""

    def __init__(self, path: Path) -> None:
        self.path = path
        self._file: int | None = None

    def take(self) -> bool:
        """Try to take the lock and say whether we hold it now."""
        if self._file is not None:
            return True
        file = os.open(self.path, os.O_RDWR | os.O_CREAT, 0o600)
        try:
            fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            os.close(file)
            return False
        self._file = file
        return True

    def release(self) -> None:
        """Let go, whether held or not."""
        if self._file is not None:
            os.close(self._file)
            self._file = None


class AdvisoryLock:
    """A session lock of PostgreSQL on a connection of its own; the server releases it when the connection ends."""

    def __init__(self, database: PostgresDatabase, role: str) -> None:
        self._database = PostgresDatabase(database.url, schema=database.schema)
        digest = hashlib.blake2b(f"onevoice:{database.schema}:{role}".encode(), digest_size=8).digest()
        self._number = int.from_bytes(digest, "big", signed=True)

    def take(self) -> bool:
        """Try to take the lock and say whether we hold it now; a lost connection is noticed and the lock tried anew."""
        held = self._database.one(
            "SELECT 1 FROM pg_locks WHERE locktype = 'advisory' AND pid = pg_backend_pid() AND granted"
        )
        row = held or self._database.one("SELECT 1 WHERE pg_try_advisory_lock(?)", (self._number,))
        return row is not None

    def release(self) -> None:
        """Let go, whether held or not."""
        self._database.close()


def lock_of(database: Database, role: str) -> Lock:
    """Return the lock of a role over a store."""
    if isinstance(database, PostgresDatabase):
        return AdvisoryLock(database, role)
    assert isinstance(database, SqliteDatabase)  # noqa: S101  # the two stores there are
    return FileLock(database.path.with_suffix(f".{role}.lock"))
