"""A cursor is how far one reader has come; it moves only from where the reader believes it to be."""

from onevoice.adapters.database import Database
from onevoice.domain.errors import Unavailable


class Overtaken(Unavailable):
    """Another worker has moved this cursor; what was read is dropped and read again."""


class Cursor:
    """One row of `cursors`, moved in the transaction that stores what was read up to it."""

    def __init__(self, database: Database, name: str) -> None:
        self.database = database
        self.name = name

    def read(self) -> int:
        """Return the last sequence number that was handled; 0 if none was."""
        row = self.database.one("SELECT seq FROM cursors WHERE consumer = ?", (self.name,))
        return int(row[0]) if row else 0

    def advance(self, old: int, new: int, now: int) -> None:
        """
        Move from *old* to *new*; call it first in the transaction, so that a second worker waits and then learns.

        Raises:
            Overtaken: The cursor is not at *old*.
        """
        sql = "UPDATE cursors SET seq = ?, moved_at = ? WHERE consumer = ? AND seq = ?"
        if self.database.execute(sql, (new, now, self.name, old)):
            return
        if old or not self._begin(new, now):
            raise Overtaken(f"Another worker has moved the cursor {self.name}.", cursor=self.name, at=old)

    def _begin(self, new: int, now: int) -> bool:
        row = (self.name, new, now)
        clause = "ON CONFLICT (consumer) DO NOTHING"
        return self.database.insert("cursors", ("consumer", "seq", "moved_at"), [row], clause) > 0
