"""
The state as the engines see it, kept at hand and brought up to date by what the log has changed since.

Reading a million people from the store takes a minute; reading the few thousand whom a minute's events touched takes
none. What the log cannot tell (an erasure, a rebuild: both count a generation up) makes everything be read anew, and
so does a stretch of changes too long to be worth it.
"""

from collections.abc import Mapping, Sequence

import pyarrow as pa
import pyarrow.compute as pc

from onevoice.adapters import columns
from onevoice.adapters.database import Database
from onevoice.adapters.lake import Lake
from onevoice.adapters.picture import Picture
from onevoice.adapters.state.changes import Changes
from onevoice.adapters.state.cursors import Cursor
from onevoice.adapters.state.profiles import Profiles

#: A row of `cursors` that counts how often the tables were changed otherwise than by the log.
GENERATION = "generation"
#: Tables that show the state, not history.
STATE = ("nodes", "people", "consents")
#: A stretch of more events than this is not followed, nor one that touched more than this part of all people.
LONGEST, PART = 1_000_000, 5

Tables = Mapping[str, pa.Table]
Mark = tuple[int, int]  #: log number, generation


class Portrait:
    """Identifiers, people and consents as of a log number."""

    def __init__(self, database: Database, *, part: int = PART) -> None:
        self._picture = Picture(database)
        self._changes = Changes(database)
        self._profiles = Profiles(database)
        self._generation = Cursor(database, GENERATION)
        self._part = part
        self._tables: dict[str, pa.Table] = {}
        self._words = -1
        self.mark: Mark = (-1, -1)  #: what the tables reflect, or a little later

    def now(self) -> Mark:
        """Return the newest log number and the present generation."""
        return self._picture.last(), self._generation.read()

    def hold(self, lake: Lake) -> None:
        """Start from the lake's snapshots, if they are all of one moment and nothing but the log changed since."""
        marks = {lake.reflects(name) for name in STATE}
        mark = marks.pop()
        if marks or self._tables or not mark[0] or mark[1] != self._generation.read():
            return
        held = {name: lake.dataset(name) for name in STATE}
        wanted = {name: columns.SCHEMAS[name] for name in STATE}
        self._tables = {
            name: dataset.to_table(columns=wanted[name].names).cast(wanted[name])
            for name, dataset in held.items()
            if dataset is not None
        }
        self.mark = mark

    def tables(self) -> Tables:
        """Return every table at the log's present number or a little later."""
        # Numbers first, rows afterwards: what comes in between is read again next time.
        mark = self.now()
        if mark != self.mark and not self._follow(mark):
            self._words = self._picture.words()
            picture = self._picture
            self._tables = {"nodes": picture.nodes(), "people": picture.people(), "consents": picture.consents()}
        self.mark = mark
        return self._tables

    def _follow(self, mark: Mark) -> bool:
        """Bring the tables up to a mark; False if that cannot be done or would not be worth it."""
        if not self._tables or mark[1] != self.mark[1] or not 0 <= mark[0] - self.mark[0] <= LONGEST:
            return False
        persons = self._touched(mark[0])
        if len(persons) * self._part > self._tables["people"].num_rows:
            return False
        while True:
            fresh = self._picture.nodes_of(sorted(persons))
            held = self._tables["nodes"]
            before = set(held.filter(_among(held["node"], fresh["node"]))["person"].to_pylist())
            if before <= persons:
                break
            persons |= before  # a node came from somebody of whom the log did not speak
        self._replace(sorted(persons), fresh)
        return True

    def _touched(self, last: int) -> set[str]:
        """Return the persons whom the log names since, those whose identifiers it names, and owners of new ones."""
        at, nodes = self.mark[0], self._tables["nodes"]["node"]
        newest = pc.max(nodes).as_py() or 0
        anchored = self._profiles.persons(self._changes.nodes(at, last))
        return anchored | self._changes.persons(at, last) | self._picture.newer(newest)

    def _replace(self, persons: Sequence[str], nodes: pa.Table) -> None:
        """Put the rows of some persons in the place of those that were theirs."""
        owners = dict(zip(nodes["node"].to_pylist(), nodes["person"].to_pylist(), strict=True))
        words = self._picture.words()
        fresh = {"nodes": nodes, "people": self._picture.people_of(persons)}
        if words == self._words:
            fresh["consents"] = self._picture.consents_of(owners)
        else:
            # A word may be given for an address of somebody else than the event's own person.
            self._words, self._tables["consents"] = words, self._picture.consents()
        gone = pa.array(persons, pa.string())
        for name, rows in fresh.items():
            old = self._tables[name]
            kept = old.filter(pc.invert(_among(old["person"], gone)))
            self._tables[name] = pa.concat_tables([kept, rows])


def _among(column: pa.ChunkedArray, values: pa.Array | pa.ChunkedArray) -> pa.ChunkedArray:
    return pc.is_in(column, value_set=values.combine_chunks() if isinstance(values, pa.ChunkedArray) else values)
