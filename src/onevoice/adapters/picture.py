"""
The state as the engines see it: people with their traits, identifiers with their person, consent, the log's tail.

Read in batches from the state store, which neither engine can reach by itself.
"""

from collections.abc import Iterable, Iterator, Mapping, Sequence

import msgspec
import pyarrow as pa

from onevoice.adapters import columns
from onevoice.adapters.columns import LogRow
from onevoice.adapters.database import Database, Row
from onevoice.adapters.state.log import Log
from onevoice.adapters.state.profiles import Profiles
from onevoice.domain.profile import Trait

BATCH = 20_000  #: log rows read at once

NODES = """
SELECT n.node, n.kind, n.value, n.person, p.household FROM nodes n JOIN persons p ON p.id = n.person
"""

#: The newest word of each address; where two were said at once, the withdrawal.
CONSENTS = """
SELECT person, channel, purpose, state FROM (
    SELECT n.person, c.channel, c.purpose, c.state, row_number() OVER (
        PARTITION BY c.node, c.channel, c.purpose ORDER BY c.at DESC, c.state DESC, c.event DESC) AS place
    FROM consents c JOIN nodes n ON n.node = c.node
) AS said WHERE place = 1
"""

_encoder = msgspec.json.Encoder()


class Picture:
    """Reads the state store into Arrow tables of the lake's schemas."""

    def __init__(self, database: Database) -> None:
        self.database = database
        self._log = Log(database)
        self._profiles = Profiles(database)

    def last(self) -> int:
        """Return the newest log number."""
        return self._log.last()

    def nodes(self) -> pa.Table:
        """Return every identifier with its person and household."""
        rows = ((*row[:4], row[4] or None) for row in self.database.stream(NODES))
        return _collected(columns.NODES, rows)

    def nodes_of(self, persons: Sequence[str]) -> pa.Table:
        """Return the identifiers of some persons."""
        homes: dict[str, str] = dict(self.database.lookup("persons", ("id", "household"), ("id",), persons))
        rows = self.database.lookup("nodes", ("node", "kind", "value", "person"), ("person",), persons)
        return _collected(columns.NODES, ((*row, homes.get(row[3]) or None) for row in rows))

    def newer(self, node: int) -> set[str]:
        """Return the persons of identifiers that came after a number."""
        return {row[0] for row in self.database.query("SELECT DISTINCT person FROM nodes WHERE node > ?", (node,))}

    def people(self) -> pa.Table:
        """Return every person with household and traits."""
        everyone = (one for persons in self._profiles.everyone() for one in self._profiles.traits(persons))
        return _collected(columns.PEOPLE, (person_row(*one) for one in everyone))

    def people_of(self, persons: Sequence[str]) -> pa.Table:
        """Return some persons, those that live on."""
        return _collected(columns.PEOPLE, (person_row(*one) for one in self._profiles.traits(persons)))

    def consents(self) -> pa.Table:
        """Return the newest word on every address, channel and purpose."""
        return _collected(columns.CONSENTS, self.database.stream(CONSENTS))

    def consents_of(self, owners: Mapping[int, str]) -> pa.Table:
        """Return the newest word on some addresses, given as node to person."""
        names = ("node", "channel", "purpose", "at", "state", "event")
        rows = sorted(self.database.lookup("consents", names, ("node",), sorted(owners)), key=lambda row: row[3:])
        newest = {row[:3]: row[4] for row in rows}
        said = ((owners[node], channel, purpose, state) for (node, channel, purpose), state in newest.items())
        return _collected(columns.CONSENTS, said)

    def words(self) -> int:
        """Return how many words on consent there are; they are only ever added to."""
        row = self.database.one("SELECT count(*) FROM consents")
        return int(row[0]) if row else 0

    def tail(self, after: int) -> dict[str, pa.Table]:
        """Return the events after a log number, and their lines."""
        events, lines = [columns.EVENTS.empty_table()], [columns.LINES.empty_table()]
        for rows in self._rows(after):
            events.append(columns.events_table(rows))
            lines.append(columns.lines_table(rows))
        return {"events": pa.concat_tables(events), "lines": pa.concat_tables(lines)}

    def _rows(self, after: int) -> Iterator[list[LogRow]]:
        while found := self._log.events(after, BATCH):
            yield [(one.seq, one.node, one.event) for one in found]
            after = found[-1].seq


def person_row(person: str, household: str, traits: Mapping[str, Trait]) -> Row:
    """Return a person in the order of `columns.PEOPLE`."""
    values = {name: trait.value for name, trait in sorted(traits.items())}
    return (person, household or None, _encoder.encode(values).decode())


def _collected(schema: pa.Schema, rows: Iterable[Row]) -> pa.Table:
    tables, batch = [schema.empty_table()], []
    for row in rows:
        batch.append(row)
        if len(batch) == BATCH:
            tables.append(columns.table(schema, batch))
            batch = []
    return pa.concat_tables([*tables, columns.table(schema, batch)])
