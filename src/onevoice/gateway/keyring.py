"""Who speaks: keys by their token, remembered for a few seconds so that revoking one works, and their allowance."""

import asyncio
import base64
import binascii
import functools
import sqlite3
import time
from concurrent.futures import Executor
from typing import NamedTuple
from urllib.parse import parse_qs

import psycopg
from starlette.types import Scope

from onevoice.adapters.state.keys import Key, Keys
from onevoice.domain.errors import Unavailable
from onevoice.gateway.answers import header
from onevoice.gateway.refusals import TooFast, UnknownKey

#: Seconds that a key (or its absence) is remembered: the longest that a revoked key goes on working.
TTL = 3.0
#: Tokens remembered at once; guessing must not fill the memory.
MOST = 10_000
#: Tokens longer than this are no keys of ours.
LONGEST = 200


class KeyStoreDown(Unavailable):
    """The keys cannot be looked up now, so nobody can be let in; try again soon."""


class Remembered(NamedTuple):
    """One looked-up token."""

    key: Key | None
    until: float


class KeyRing:
    """Living keys by token."""

    def __init__(self, keys: Keys, pool: Executor) -> None:
        self._keys = keys
        self._pool = pool
        self._known: dict[str, Remembered] = {}

    async def find(self, token: str) -> Key:
        """
        Return the living key of a token.

        Raises:
            UnknownKey: There is none.
            KeyStoreDown: Nobody can say.
        """
        found = self._known.get(token)
        if found is None or found.until < time.monotonic():
            found = await self._look_up(token)
        if found.key is None:
            raise UnknownKey
        return found.key

    async def _look_up(self, token: str) -> Remembered:
        if not token or len(token) > LONGEST or "\0" in token:
            return Remembered(None, 0)
        try:
            key = await asyncio.get_running_loop().run_in_executor(self._pool, self._keys.find, token)
        except (Unavailable, sqlite3.Error, psycopg.Error) as error:
            raise KeyStoreDown from error
        if len(self._known) >= MOST:
            self._known.clear()
        found = self._known[token] = Remembered(key, time.monotonic() + TTL)
        return found


class Allowance:
    """A token bucket a key: `rate` requests a second, and as many at once after a quiet second."""

    def __init__(self, rate: float) -> None:
        self.rate = rate
        self._buckets: dict[str, tuple[float, float]] = {}

    def spend(self, key_id: str, now: float) -> None:
        """
        Count one request at a monotonic second.

        Raises:
            TooFast: The bucket is empty.
        """
        if not self.rate:
            return
        burst = max(1.0, self.rate)
        left, at = self._buckets.get(key_id, (burst, now))
        left = min(burst, left + (now - at) * self.rate)
        if left < 1:
            raise TooFast(limit=self.rate)
        self._buckets[key_id] = (left - 1, now)


def header_token(scope: Scope) -> str:
    """
    Return the token of the Authorization header: the Basic user name, colon optional, or one of our keys as Bearer.

    Segment's Node client sends a Bearer of its own kind, together with a key in the body: that is not ours.
    """
    scheme, _, given = header(scope, b"authorization").decode("latin-1").partition(" ")
    given = given.strip()
    if scheme.lower() == "basic":
        return _basic(given)
    if scheme.lower() == "bearer" and given.startswith(("wk_", "sk_")):
        return given
    return ""


@functools.lru_cache(MOST)
def _basic(given: str) -> str:
    try:
        plain = base64.b64decode(given, validate=True).decode()
    except (binascii.Error, UnicodeDecodeError):
        return ""
    return plain.partition(":")[0]


def query_token(scope: Scope) -> str:
    """Return the `writeKey` of the query."""
    query: bytes = scope["query_string"]
    if b"writeKey" not in query:
        return ""
    return parse_qs(query.decode("latin-1")).get("writeKey", [""])[0]
