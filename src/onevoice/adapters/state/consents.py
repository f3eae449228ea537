"""The consent ledger in the store: appended to, never changed."""

from collections.abc import Iterable, Sequence

from onevoice.adapters.database import Database
from onevoice.domain.consent import Consent
from onevoice.domain.identifier import Trust

COLUMNS = ("node", "channel", "purpose", "at", "event", "state", "source", "text_version", "actor", "trust")


class Consents:
    """The consents table."""

    def __init__(self, database: Database) -> None:
        self.database = database

    def append(self, entries: Sequence[Consent]) -> None:
        """Add entries; one that is there already changes nothing."""
        rows = [
            (
                *(one.node, one.channel, one.purpose, one.at, one.event),
                *(one.state, one.source, one.text_version, one.actor, int(one.trust)),
            )
            for one in entries
        ]
        self.database.insert("consents", COLUMNS, rows, "ON CONFLICT DO NOTHING")

    def of_nodes(self, nodes: Iterable[int]) -> list[Consent]:
        """Return every entry of some addresses, oldest first."""
        rows = self.database.lookup("consents", COLUMNS, ("node",), sorted(set(nodes)))
        found = [_consent(*row) for row in rows]
        return sorted(found, key=lambda one: (one.at, one.event, one.node, one.channel, one.purpose))


def _consent(
    node: int,
    channel: str,
    purpose: str,
    at: int,
    event: str,
    state: str,
    source: str,
    text_version: str,
    actor: str,
    trust: int,
) -> Consent:
    return Consent(
        node=node,
        channel=channel,
        purpose=purpose,
        state="granted" if state == "granted" else "withdrawn",
        at=at,
        source=source,
        event=event,
        text_version=text_version,
        actor=actor,
        trust=Trust(trust),
    )
