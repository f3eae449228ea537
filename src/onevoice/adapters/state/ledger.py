"""The delivery ledger in the store: planned in bulk, claimed under a lease, moved by compare-and-set on the fence."""

from collections.abc import Iterable, Sequence

import msgspec

from onevoice.adapters.database import Database, Row
from onevoice.deliver import ledger
from onevoice.domain.delivery import Delivery, Move, Send, State, Suppression
from onevoice.domain.errors import NotFound

COLUMNS = Delivery.__struct_fields__
SENDS = Send.__struct_fields__
WANTED = ", ".join(COLUMNS)
#: States that the log hears of.
TOLD = frozenset({"accepted", "rejected", "withheld"})
IN_HAND: tuple[State, ...] = ("claimed", "submitting")


class SendNotFound(NotFound):
    """There is no run of that campaign yet; `onevoice send CAMPAIGN` plans one."""


class Ledger:
    """The tables sends, deliveries and suppressions."""

    def __init__(self, database: Database) -> None:
        self.database = database

    # Runs of campaigns

    def open(self, send: Send) -> Send:
        """Start a run, or return the one that this campaign and occurrence already have, as it was pinned."""
        self.database.insert(
            "sends", SENDS, [msgspec.structs.astuple(send)], "ON CONFLICT (campaign, occurrence) DO NOTHING"
        )
        found = self._sends("WHERE campaign = ? AND occurrence = ?", (send.campaign, send.occurrence))
        return found[0]

    def send(self, send_id: str) -> Send:
        """
        Return a run.

        Raises:
            SendNotFound: No such run.
        """
        found = self._sends("WHERE id = ?", (send_id,))
        if not found:
            raise SendNotFound
        return found[0]

    def sends(self, campaign: str = "") -> list[Send]:
        """Return the runs, newest first."""
        where, params = ("WHERE campaign = ?", (campaign,)) if campaign else ("", ())
        return self._sends(f"{where} ORDER BY planned_at DESC, id", params)

    def set_state(self, send_id: str, state: str, now: int) -> None:
        """Pause, resume or cancel a run; what is cancelled and not yet handed over is revoked."""
        with self.database.transaction():
            self.database.execute("UPDATE sends SET state = ? WHERE id = ?", (state, send_id))
            if state == "cancelled":
                self.database.execute(
                    "UPDATE deliveries SET state = 'revoked', reason = 'cancelled', updated_at = ?, fence = fence + 1 "
                    "WHERE send = ? AND state IN ('planned', 'held', 'claimed')",
                    (now, send_id),
                )

    def _sends(self, where: str, params: Sequence[object]) -> list[Send]:
        rows = self.database.query(f"SELECT {', '.join(SENDS)} FROM sends {where}", params)
        return [msgspec.convert(dict(zip(SENDS, row, strict=True)), Send) for row in rows]

    # Planning

    def plan(self, rows: Sequence[Delivery]) -> int:
        """Add rows; one whose send key is there already changes nothing. Return how many are new."""
        fresh = [msgspec.structs.replace(row, told=0 if row.state in TOLD else 1) for row in rows]
        return self.database.insert(
            "deliveries", COLUMNS, [msgspec.structs.astuple(row) for row in fresh], "ON CONFLICT DO NOTHING"
        )

    def taken(self, guards: Sequence[str]) -> set[str]:
        """Return which guards are given already."""
        return {guard for (guard,) in self.database.lookup("deliveries", ("guard",), ("guard",), list(guards))}

    def known(self, send_keys: Sequence[str]) -> set[str]:
        """Return which send keys have a row already."""
        return {key for (key,) in self.database.lookup("deliveries", ("send_key",), ("send_key",), list(send_keys))}

    # Sending

    def claim(self, now: int, limit: int, channels: Sequence[str]) -> list[Delivery]:
        """
        Take due rows under a lease, oldest first; no other worker gets them until it ends.

        A run that is paused keeps its rows. On PostgreSQL rows that another worker is claiming are skipped.
        """
        marks = ", ".join("?" * len(channels))
        skip = "FOR UPDATE OF d SKIP LOCKED" if self.database.dialect == "postgres" else ""
        with self.database.transaction():
            found = self.database.query(
                f"UPDATE deliveries SET state = 'claimed', fence = fence + 1, lease_until = ?, updated_at = ? "
                f"WHERE send_key IN (SELECT d.send_key FROM deliveries d JOIN sends s ON s.id = d.send "
                f"WHERE d.state = 'planned' AND d.wake_at <= ? AND d.expires_at > ? AND s.state = 'running' "
                f"AND d.channel IN ({marks}) ORDER BY d.wake_at, d.send_key LIMIT ? {skip}) RETURNING {WANTED}",
                (now + ledger.LEASE, now, now, now, *channels, limit),
            )
        return _deliveries(found)

    def apply(self, moves: Iterable[tuple[Delivery, Move]], now: int) -> list[Delivery]:
        """
        Write moves in one transaction and return the rows that moved, as they are now.

        A row that somebody else moved meanwhile (its fence or state differs) stays as it is.

        Raises:
            NotAMove: The ledger knows no such step.
        """
        moved = []
        with self.database.transaction():
            for before, move in moves:
                after = moved_row(before, move, now)
                changed = self.database.execute(
                    "UPDATE deliveries SET state = ?, reason = ?, wake_at = ?, attempts = ?, lease_until = ?, "
                    "provider_id = ?, updated_at = ?, accepted_at = ?, resends = ?, told = ? "
                    "WHERE send_key = ? AND fence = ? AND state = ?",
                    (
                        *(after.state, after.reason, after.wake_at, after.attempts, after.lease_until),
                        *(after.provider_id, after.updated_at, after.accepted_at, after.resends, after.told),
                        *(before.send_key, before.fence, before.state),
                    ),
                )
                if changed:
                    moved.append(after)
        return moved

    def submit(self, rows: Sequence[Delivery], now: int) -> list[Delivery]:
        """
        Commit that these letters are about to be sent, and return those that are still ours.

        The lease starts anew here, so a call that keeps its deadline ends before anybody may judge it.
        """
        still = [row for row in rows if row.lease_until > now]
        return self.apply([(row, Move(state="submitting")) for row in still], now)

    # Upkeep

    def lapsed(self, now: int, limit: int = 1_000) -> list[tuple[Delivery, Move]]:
        """Return the rows that time has moved, with their moves."""
        limits = {"claimed": now - ledger.MARGIN, "submitting": now - ledger.MARGIN}
        rows = [
            row
            for state, until in limits.items()
            for row in self._where("state = ? AND lease_until <= ? LIMIT ?", (state, until, limit))
        ]
        rows += self._where("state IN ('planned', 'held') AND expires_at <= ? LIMIT ?", (now, limit))
        return [(row, move) for row in rows if (move := ledger.lapsed(row, now))]

    def unknown(self, limit: int = 1_000) -> list[Delivery]:
        """Return rows whose outcome is not known."""
        return self._where("state = 'unknown' ORDER BY wake_at LIMIT ?", (limit,))

    def untold(self, limit: int = 1_000) -> list[Delivery]:
        """Return rows that the log has not heard of."""
        return self._where("told = 0 ORDER BY planned_at LIMIT ?", (limit,))

    def told(self, rows: Sequence[Delivery]) -> None:
        """Remember that the log has heard of rows in the state they were in."""
        with self.database.transaction():
            for row in rows:
                self.database.execute(
                    "UPDATE deliveries SET told = 1 WHERE send_key = ? AND state = ?", (row.send_key, row.state)
                )

    # Reading

    def piece(self, piece: str) -> Delivery | None:
        """Return the row of a piece."""
        found = self._where("piece = ?", (piece,))
        return found[0] if found else None

    def of_person(self, person: str, limit: int = 100) -> list[Delivery]:
        """Return what a person was sent or spared, newest first."""
        return self._where("person = ? ORDER BY planned_at DESC, send_key LIMIT ?", (person, limit))

    def of_send(self, send_id: str, states: Sequence[str] = (), after: str = "", limit: int = 100) -> list[Delivery]:
        """Return rows of a run by send key, only those in some states if named."""
        marks = f"AND state IN ({', '.join('?' * len(states))})" if states else ""
        return self._where(
            f"send = ? AND send_key > ? {marks} ORDER BY send_key LIMIT ?", (send_id, after, *states, limit)
        )

    def counts(self, send_id: str) -> dict[tuple[str, State], int]:
        """Return how many rows of a run are in each channel and state."""
        rows = self.database.query(
            "SELECT channel, state, count(*) FROM deliveries WHERE send = ? GROUP BY channel, state", (send_id,)
        )
        return {(channel, state): number for channel, state, number in rows}

    def reasons(self, send_id: str) -> list[tuple[str, str, str, int]]:
        """Return channel, state, reason and number of the rows that were not simply sent, the most first."""
        rows = self.database.query(
            "SELECT channel, state, reason, count(*) FROM deliveries WHERE send = ? AND reason <> '' "
            "GROUP BY channel, state, reason ORDER BY count(*) DESC, channel, reason",
            (send_id,),
        )
        return [(channel, state, reason, number) for channel, state, reason, number in rows]

    def pending(self, send_id: str) -> int:
        """Return how many rows of a run still wait for something to be done."""
        row = self.database.one(
            "SELECT count(*) FROM deliveries WHERE send = ? AND state IN "
            "('planned', 'held', 'claimed', 'submitting', 'unknown')",
            (send_id,),
        )
        return int(row[0]) if row else 0

    def _where(self, where: str, params: Sequence[object]) -> list[Delivery]:
        return _deliveries(self.database.query(f"SELECT {WANTED} FROM deliveries WHERE {where}", params))

    # Addresses that asked for silence, or are dead

    def suppress(self, entries: Sequence[Suppression]) -> None:
        """Stop writing to addresses; an entry that is there already stays."""
        columns = Suppression.__struct_fields__
        rows = [msgspec.structs.astuple(one) for one in entries]
        self.database.insert("suppressions", columns, rows, "ON CONFLICT DO NOTHING")

    def suppressed(self, addresses: Iterable[tuple[str, str]]) -> set[tuple[str, str, str]]:
        """Return which (channel, address) pairs are not to be written to, with the purpose."""
        rows = self.database.lookup(
            "suppressions", ("channel", "address", "purpose"), ("channel", "address"), sorted(set(addresses))
        )
        return {(channel, address, purpose) for channel, address, purpose in rows}


def moved_row(row: Delivery, move: Move, now: int) -> Delivery:
    """
    Return a row after a move.

    Raises:
        NotAMove: The ledger knows no such step.
    """
    ledger.check(row.state, move.state)
    return msgspec.structs.replace(
        row,
        state=move.state,
        reason=move.reason,
        wake_at=row.wake_at if move.wake_at is None else move.wake_at,
        attempts=row.attempts + (move.state == "submitting"),
        lease_until=now + ledger.LEASE if move.state == "submitting" else row.lease_until,
        provider_id=move.provider_id or row.provider_id,
        updated_at=now,
        accepted_at=now if move.state == "accepted" and not row.accepted_at else row.accepted_at,
        resends=row.resends + move.resent,
        told=0 if move.state in TOLD else row.told,
    )


def _deliveries(rows: Sequence[Row]) -> list[Delivery]:
    return [msgspec.convert(dict(zip(COLUMNS, row, strict=True)), Delivery) for row in rows]
