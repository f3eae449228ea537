"""What the pages about the machinery list."""

import shutil
from typing import Any

import msgspec

from onevoice.adapters.state.keys import Key, Keys
from onevoice.adapters.state.rejects import Group, Reject
from onevoice.collect.reasons import ADVICE
from onevoice.console import house
from onevoice.console.operations import access
from onevoice.domain.moment import DAY, HOUR, MINUTE

STATES = ("open", "replayed", "discarded")
RESOLVER = "resolve"  #: the reader of the intake; every other one reads the log
BOOKMARKS = {"generation"}  #: rows of `cursors` that count something else than events
PAGE = 25
RECENT = 20_000  #: newest events looked at for rates and last-seen


class Source(msgspec.Struct, frozen=True, kw_only=True):
    """One key, and what it has sent lately."""

    key: Key | None
    name: str
    last_at: int
    minute: int
    hour: int
    day: int


class Reader(msgspec.Struct, frozen=True, kw_only=True):
    """One consumer of the log, and how far it is behind."""

    name: str
    seq: int
    moved_at: int
    behind: int


class Disk(msgspec.Struct, frozen=True, kw_only=True):
    """The disk that the workspace lies on."""

    total: int
    free: int

    @property
    def used(self) -> float:
        """The used share."""
        return 1 - self.free / self.total if self.total else 0.0


def state_of(wanted: str) -> str:
    """Return a state that exists, the open one unless said otherwise."""
    return wanted if wanted in STATES else "open"


def groups(state: str) -> list[Group]:
    """Return the causes of refusal, the newest first."""
    return access.log().groups(state)  # type: ignore[arg-type]


def advice(reason: str) -> str:
    """Return what to do about a reason."""
    return ADVICE.get(reason, "")


def counts() -> dict[str, int]:
    """Return how many rejects are in each state."""
    found = access.log().counts()
    return {state: found.get(state, 0) for state in STATES}


def rejects(fingerprint: str, state: str, before: int | None) -> list[Reject]:
    """Return a page of a group, newest first."""
    return access.log().rejected(state, before, PAGE, fingerprint)  # type: ignore[arg-type]


def pretty(raw: bytes) -> str:
    """Return raw bytes for a person to read: indented if they are JSON, else as they are."""
    try:
        return msgspec.json.format(raw, indent=2).decode()
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError):
        return raw.decode("utf-8", "replace")


def waiting() -> int:
    """Return how many acknowledged bodies are not resolved yet."""
    done = access.log().cursor(RESOLVER)
    return max(house.stores().intake.last() - done, 0)


def sources(now: int) -> list[Source]:
    """Return every living key and every room that spoke lately, the most recent speaker first."""
    heard = {source: rest for source, *rest in _heard(now)}
    keys = {key.id: key for key in Keys(house.stores().state).list() if key.revoked_at is None or key.id in heard}
    names = dict.fromkeys([*keys, *heard])
    return sorted((_source(name, keys.get(name), heard.get(name)) for name in names), key=lambda one: -one.last_at)


def _source(name: str, key: Key | None, heard: list[int] | None) -> Source:
    last_at, minute, hour, day = heard or [0, 0, 0, 0]
    return Source(key=key, name=key.name if key else name, last_at=last_at, minute=minute, hour=hour, day=day)


def _heard(now: int) -> list[Any]:
    database = house.stores().state
    source = (
        "json_extract(body, '$.source')"
        if database.dialect == "sqlite"
        else "convert_from(body, 'UTF8')::jsonb ->> 'source'"
    )
    return database.query(
        f"SELECT source, max(received_at), "
        f"sum(CASE WHEN received_at > {now - MINUTE} THEN 1 ELSE 0 END), "
        f"sum(CASE WHEN received_at > {now - HOUR} THEN 1 ELSE 0 END), "
        f"sum(CASE WHEN received_at > {now - DAY} THEN 1 ELSE 0 END) "
        f"FROM (SELECT {source} AS source, received_at FROM events WHERE seq > ? AND derived = 0) AS recent "
        "GROUP BY source",
        (access.log().last() - RECENT,),
    )


def readers() -> list[Reader]:
    """Return every consumer of the log with its lag; the resolver reads the intake, all others the log."""
    log = access.log()
    last, received = log.last(), house.stores().intake.last()
    return [
        Reader(name=name, seq=seq, moved_at=moved_at, behind=max((received if name == RESOLVER else last) - seq, 0))
        for name, seq, moved_at in log.cursors()
        if name not in BOOKMARKS
    ]


def disk() -> Disk:
    """Return the room left where the workspace lies."""
    usage = shutil.disk_usage(house.settings().home)
    return Disk(total=usage.total, free=usage.free)
