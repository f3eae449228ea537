"""Rejected events: kept with their bytes, seen in groups of one cause, mended and replayed."""

import hashlib
from collections.abc import Mapping, Sequence
from typing import Any, Literal

import msgspec

from onevoice.adapters.database import Database, Row
from onevoice.adapters.state.intake import Acknowledged, Intake
from onevoice.domain.event import Rejected

State = Literal["open", "fixed", "replayed", "discarded"]

WRITTEN = (
    "received_at",
    "source",
    "library",
    "name",
    "reason",
    "path",
    "detail",
    "raw",
    "fingerprint",
    "state",
    "meta",
)
READ = "id, state, replay_of, received_at, source, library, name, reason, path, detail, raw, fingerprint, meta"


class Reject(msgspec.Struct, frozen=True, kw_only=True):
    """One row of the rejected table."""

    id: int
    state: State
    replay_of: int
    fingerprint: str
    what: Rejected


class Group(msgspec.Struct, frozen=True, kw_only=True):
    """Rejects with one cause: same source, reason, event name and JSON path."""

    fingerprint: str
    source: str
    reason: str
    name: str
    path: str
    detail: str  #: of the newest
    count: int
    first_at: int
    last_at: int
    newest: int  #: id of the newest row


class Rejects:
    """The rejected table."""

    def __init__(self, database: Database) -> None:
        self.database = database

    def reject(self, rejects: Sequence[Rejected]) -> None:
        """Keep what was refused, in the running transaction."""
        self.database.insert("rejected", (*WRITTEN, "replay_of"), [_row(what) for what in rejects])

    def rejected(
        self, state: State = "open", before: int | None = None, limit: int = 50, fingerprint: str = ""
    ) -> list[Reject]:
        """Return a page of rejects, newest first; *before* is the id of the last row of the page before."""
        where: str = "state = ?"
        params: tuple[str, ...] = (state,)
        if fingerprint:
            where, params = "state = ? AND fingerprint = ?", (state, fingerprint)
        bound: list[Any] = [] if before is None else [before]
        older = " AND id < ?" if bound else ""
        rows = self.database.query(
            f"SELECT {READ} FROM rejected WHERE {where}{older} ORDER BY id DESC LIMIT ?", (*params, *bound, limit)
        )
        return [_reject(row) for row in rows]

    def reject_of(self, reject_id: int) -> Reject | None:
        """Return one reject."""
        row = self.database.one(f"SELECT {READ} FROM rejected WHERE id = ?", (reject_id,))
        return _reject(row) if row else None

    def groups(self, state: State = "open", limit: int = 200) -> list[Group]:
        """Return the groups of a state, the one with the newest reject first."""
        rows = self.database.query(
            "SELECT g.fingerprint, r.source, r.reason, r.name, r.path, r.detail, g.n, g.first_at, g.last_at, g.newest "
            "FROM (SELECT fingerprint, count(*) AS n, min(received_at) AS first_at, max(received_at) AS last_at, "
            "max(id) AS newest FROM rejected WHERE state = ? GROUP BY fingerprint) AS g "
            "JOIN rejected AS r ON r.id = g.newest ORDER BY g.newest DESC LIMIT ?",
            (state, limit),
        )
        names = Group.__struct_fields__
        return [Group(**dict(zip(names, row, strict=True))) for row in rows]

    def counts(self) -> dict[str, int]:
        """Return how many rejects are in each state."""
        return dict(self.database.query("SELECT state, count(*) FROM rejected GROUP BY state"))

    def mend(self, ids: Sequence[int], state: State) -> int:
        """Give rejects another state, and return how many there were."""
        marked = 0
        with self.database.transaction():
            for reject_id in ids:
                marked += self.database.execute("UPDATE rejected SET state = ? WHERE id = ?", (state, reject_id))
        return marked

    def replay(self, ids: Sequence[int], intake: Intake, edited: Mapping[int, bytes] | None = None) -> int:
        """
        Send rejects through the door again, with their original time of receipt, and return how many went.

        *edited* bytes take the place of the stored ones. The intake is written first: after a crash between the two
        writes a replay happens twice, and the second is dropped as a copy. Rows whose bytes were forgotten, and rows
        already replayed, stay as they are.
        """
        changed = edited or {}
        found = [row for row in (self.reject_of(reject_id) for reject_id in ids) if row is not None]
        ready = [row for row in found if row.state != "replayed" and (changed.get(row.id) or row.what.raw)]
        if not ready:
            return 0
        intake.append([packed(row, changed.get(row.id) or row.what.raw) for row in ready])
        return self.mend([row.id for row in ready], "replayed")

    def forget_raw(self, before: int) -> int:
        """Forget the bytes of rejects received before a moment, and return how many; their reasons stay."""
        return self.database.execute(
            "UPDATE rejected SET raw = ? WHERE received_at < ? AND raw <> ?", (b"", before, b"")
        )


def fingerprint(what: Rejected) -> str:
    """Return what rejects of one cause have in common, as 16 hex digits."""
    cause = "\0".join((what.source, what.reason, what.name, what.path))
    return hashlib.blake2b(cause.encode(), digest_size=8, usedforsecurity=False).hexdigest()


def packed(row: Reject, raw: bytes) -> Acknowledged:
    """Return a reject as an intake row; an item of a batch goes with what the batch said for all."""
    meta = row.what.meta
    path, body = str(meta.get("path", "batch")), raw
    if row.what.reason == "batch_overflow":
        path = path if path in {"batch", "import"} else "batch"
    elif path in {"batch", "import"} and (shared := meta.get("shared")):
        body = msgspec.json.encode({"batch": [msgspec.Raw(raw)], **shared})
    door = msgspec.json.encode({**meta.get("meta", {}), "replay_of": row.id})
    return (row.what.received_at, row.what.source, int(meta.get("trust", 1)), path, door, body)


def _row(what: Rejected) -> Row:
    replay_of = what.meta.get("meta", {}).get("replay_of", 0)
    return (
        what.received_at,
        what.source,
        what.library,
        what.name,
        what.reason,
        what.path,
        what.detail,
        what.raw,
        fingerprint(what),
        "open",
        msgspec.json.encode(what.meta),
        replay_of if isinstance(replay_of, int) else 0,
    )


def _reject(row: Row) -> Reject:
    reject_id, state, replay_of, received_at, source, library, name, reason, path, detail, raw, mark, meta = row
    what = Rejected(
        reason=reason,
        detail=detail,
        path=path,
        source=source,
        library=library,
        received_at=received_at,
        raw=bytes(raw),
        name=name,
        meta=msgspec.json.decode(bytes(meta)),
    )
    return Reject(id=reject_id, state=state, replay_of=replay_of, fingerprint=mark, what=what)
