"""The rehearsal pad in the store: what would have been sent, in the order it was written down."""

from onevoice.adapters.database import Database

COLUMNS = ("piece", "channel", "address", "body", "at")


class Pad:
    """The paper table."""

    def __init__(self, database: Database) -> None:
        self.database = database

    def put(self, piece: str, channel: str, address: str, body: str, at: int) -> bool:
        """Write a letter down; False if this piece was written before, as a network would tell by its key."""
        row = (piece, channel, address, body, at)
        return self.database.insert("paper", COLUMNS, [row], "ON CONFLICT DO NOTHING") == 1

    def holds(self, piece: str) -> bool:
        """Tell whether a piece was written down."""
        return self.database.one("SELECT 1 FROM paper WHERE piece = ?", (piece,)) is not None

    def newest(self, limit: int = 50) -> list[tuple[str, str, str, str, int]]:
        """Return piece, channel, address, body and moment of the newest letters."""
        rows = self.database.query(f"SELECT {', '.join(COLUMNS)} FROM paper ORDER BY at DESC, piece LIMIT ?", (limit,))
        return [(piece, channel, address, body, at) for piece, channel, address, body, at in rows]
