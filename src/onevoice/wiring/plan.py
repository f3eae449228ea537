"""The tracking plan in force: the house's vocabulary, the workspace's documents, its keys and limits."""

import logging
from collections.abc import Callable, Iterator
from typing import TypeVar

import msgspec

from onevoice.adapters.database import Database
from onevoice.adapters.state.definitions import Definitions
from onevoice.collect.mending import Mending, by_event
from onevoice.collect.plan import Plan
from onevoice.collect.schema import EventSchema, compiled
from onevoice.collect.vocabulary import DOCUMENTS
from onevoice.domain.document import Document
from onevoice.domain.errors import OnevoiceError
from onevoice.wiring.settings import Settings

log = logging.getLogger(__name__)

Body = TypeVar("Body")

#: How many documents and keys a plan was made from; both only ever grow.
Stamp = tuple[int, ...]


class Blocks(msgspec.Struct, frozen=True, kw_only=True):
    """The document `plan/blocked`: events that are refused as plan_blocked."""

    events: tuple[str, ...] = ()


class PlanKeeper:
    """Holds the plan and makes it anew when a document or key has changed."""

    def __init__(self, settings: Settings, database: Database, secret: str) -> None:
        self._settings = settings
        self._definitions = Definitions(database)
        self._database = database
        self._secret = secret
        self.stamp: Stamp = ()  #: of the plan last returned
        self._plan = Plan()

    def plan(self) -> Plan:
        """Return the plan as the documents stand now."""
        stamp = self._newest()
        if stamp != self.stamp:
            self._plan = self._made()
            self.stamp = stamp
        return self._plan

    def _newest(self) -> Stamp:
        row = self._database.one(
            "SELECT (SELECT count(*) FROM definitions WHERE kind IN ('schema', 'mending', 'plan')), "
            "(SELECT count(*) FROM keys)"
        )
        return tuple(row or ())

    def _made(self) -> Plan:
        settings = self._settings
        return Plan(
            event_bytes=settings.event_bytes,
            batch_events=settings.batch_events,
            country=settings.country,
            currency=settings.currency,
            time_zone=settings.time_zone,
            schemas=compiled([*DOCUMENTS, *self._usable("schema", _schema)]),
            mendings=by_event(list(self._usable("mending", _mending))),
            blocked=frozenset(name for block in self._usable("plan", _blocks) for name in block.events),
            tokens=frozenset(token for (token,) in self._database.query("SELECT token FROM keys")),
            secret=self._secret.encode(),
        )

    def _usable(self, kind: str, read: Callable[[Document], Body]) -> Iterator[Body]:
        """Yield the documents of a kind; one that cannot be used is named in the log, and the others stand."""
        for document in self._definitions.newest(kind):
            try:
                yield read(document)
            except (OnevoiceError, msgspec.DecodeError) as error:
                log.error("%s %s is left out of the plan: %s", kind, document.name, error)  # noqa: TRY400


def _schema(document: Document) -> EventSchema:
    found = msgspec.json.decode(bytes(document.body), type=EventSchema)
    compiled([found])
    return found


def _mending(document: Document) -> Mending:
    return msgspec.json.decode(bytes(document.body), type=Mending)


def _blocks(document: Document) -> Blocks:
    return msgspec.json.decode(bytes(document.body), type=Blocks)
