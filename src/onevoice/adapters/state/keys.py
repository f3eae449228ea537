"""API keys: a public write key speaks for an anonymous browser, a secret key for the company's own servers."""

import hashlib
import secrets
from typing import Literal

import msgspec

from onevoice.adapters.database import Database, Row
from onevoice.domain.errors import NotFound
from onevoice.domain.identifier import Trust

Kind = Literal["write", "secret"]

#: What a secret key may do, unless it is made with fewer scopes.
SCOPES = ("track", "people:read", "people:write", "audiences:read", "offers:redeem", "reports:read", "documents:write")
COLUMNS = "id, kind, name, hint, scopes, created_at, revoked_at"


class KeyNotFound(NotFound):
    """There is no key of that id."""


class Key(msgspec.Struct, frozen=True, kw_only=True):
    """One API key, without its secret."""

    id: str
    kind: Kind
    name: str
    hint: str
    scopes: tuple[str, ...]
    created_at: int
    revoked_at: int | None = None

    @property
    def trust(self) -> Trust:
        """What may be believed of what this key says."""
        return Trust.VERIFIED if self.kind == "secret" else Trust.CLAIMED


class Keys:
    """The keys table; secret keys are stored as SHA-256 only."""

    def __init__(self, database: Database) -> None:
        self.database = database

    def add(self, name: str, kind: Kind, *, now: int, scopes: tuple[str, ...] = ()) -> tuple[Key, str]:
        """Make a key and return it with its token, which for a secret key is never shown again."""
        token = ("wk_" if kind == "write" else "sk_") + secrets.token_urlsafe(24)
        granted = ("track",) if kind == "write" else scopes or SCOPES
        key = Key(id=secrets.token_hex(6), kind=kind, name=name, hint=token[-4:], scopes=granted, created_at=now)
        row = (key.id, kind, name, stored(token), key.hint, " ".join(granted), now)
        self.database.insert("keys", ("id", "kind", "name", "token", "hint", "scopes", "created_at"), [row])
        return key, token

    def find(self, token: str) -> Key | None:
        """Return the living key of a token."""
        row = self.database.one(f"SELECT {COLUMNS} FROM keys WHERE token = ? AND revoked_at IS NULL", (stored(token),))
        return _key(row) if row else None

    def list(self) -> list[Key]:
        """Return every key, newest first, revoked ones included."""
        return [_key(row) for row in self.database.query(f"SELECT {COLUMNS} FROM keys ORDER BY created_at DESC, id")]

    def revoke(self, key_id: str, *, now: int) -> None:
        """
        End a key's life.

        Raises:
            KeyNotFound: No such key.
        """
        if not self.database.execute("UPDATE keys SET revoked_at = ? WHERE id = ?", (now, key_id)):
            raise KeyNotFound(id=key_id)

    def restore(self, key_id: str) -> None:
        """
        Undo a revocation.

        Raises:
            KeyNotFound: No such key.
        """
        if not self.database.execute("UPDATE keys SET revoked_at = NULL WHERE id = ?", (key_id,)):
            raise KeyNotFound(id=key_id)


def stored(token: str) -> str:
    """Return a token as the table keeps it: public keys as they are, secret ones hashed."""
    return token if token.startswith("wk_") else hashlib.sha256(token.encode()).hexdigest()


def _key(row: Row) -> Key:
    key_id, kind, name, hint, scopes, created_at, revoked_at = row
    return Key(
        id=key_id,
        kind=kind,
        name=name,
        hint=hint,
        scopes=tuple(scopes.split()),
        created_at=created_at,
        revoked_at=revoked_at,
    )
