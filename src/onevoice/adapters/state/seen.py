"""
Which dedupe keys are taken: a compact index in memory over an append-only table.

Keys are hashes, so a B-tree of them is written all over: at a million keys each new one costs a page of its own. Here
a batch adds one row to the table `seen` (8 bytes of hash and 8 of event number a key), and the one writer keeps all of
them in memory as a few sorted arrays, merged as they grow. 64 of a key's 128 bits are compared: among 100 million keys
a new one is taken for an old one with a chance of 5 in 10^12.
"""

import base64
from collections.abc import Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray

from onevoice.adapters.database import Database, Row
from onevoice.collect.keys import WIDTH, hashed

Hashes = NDArray[np.uint64]
Seqs = NDArray[np.int64]
Run = tuple[Hashes, Seqs]  #: sorted hashes, and the event of each

PAIR = np.dtype([("hash", "<u8"), ("seq", "<i8")])

#: A run is merged into the one before it when that one is not this many times as long.
GROWTH = 4

#: Rows that make a load write them together, and keys of the rows so written.
MANY_ROWS = 2_048
TOGETHER = 1 << 19

#: Characters of a key that are whole bytes of its hash: 20 of 22, which is 15 of 16 bytes.
WHOLE_CHARACTERS, WHOLE_BYTES = 20, 15
STANDARD = bytes.maketrans(b"-_", b"+/")


def hashes(keys: Sequence[str]) -> Hashes:
    """Return the first 64 bits of each key; what is no key of `collect.keys` is made one."""
    plain = [key if len(key) == WIDTH else hashed(key.encode()) for key in keys]
    text = "".join([key[:WHOLE_CHARACTERS] for key in plain]).encode("ascii")
    raw = np.frombuffer(base64.b64decode(text.translate(STANDARD)), dtype=np.uint8)
    return np.ascontiguousarray(raw.reshape(-1, WHOLE_BYTES)[:, :8]).view("<u8").ravel()


def merged(one: Run, two: Run) -> Run:
    """Return two runs as one; of two events with one key the earlier stays first. It holds little beside the result."""
    at = np.searchsorted(one[0], two[0], side="right") + np.arange(len(two[0]))
    rest = np.ones(len(one[0]) + len(two[0]), dtype=bool)
    rest[at] = False
    made = np.empty(len(rest), dtype=np.uint64), np.empty(len(rest), dtype=np.int64)
    for whole, first, second in zip(made, one, two, strict=True):
        whole[rest], whole[at] = first, second
    return made


class Seen:
    """The seen table and its index; there is one writer, and the index follows what it commits or rolls back."""

    def __init__(self, database: Database, *, many: int = MANY_ROWS, together: int = TOGETHER) -> None:
        self.database = database
        self._many = many
        self._together = together
        self._runs: list[Run] = []
        self._last: tuple[int, int] | None = None

    def find(self, keys: Sequence[str]) -> dict[str, int]:
        """Return the taken ones of some keys, with the event that took each."""
        self._sync()
        if not keys or not self._runs:
            return {}
        wanted = hashes(keys)
        order = np.argsort(wanted)
        wanted = wanted[order]
        found: dict[str, int] = {}
        for run, seqs in reversed(self._runs):
            at = np.minimum(np.searchsorted(run, wanted), len(run) - 1)
            for hit in np.flatnonzero(run[at] == wanted):
                found[keys[order[hit]]] = int(seqs[at[hit]])
        return found

    def add(self, taken: dict[str, int]) -> None:
        """Take keys for events, in the running transaction."""
        if not taken:
            return
        self._sync()
        pairs = np.empty(len(taken), dtype=PAIR)
        pairs["hash"] = hashes(list(taken))
        pairs["seq"] = list(taken.values())
        pairs.sort(order="hash")
        row = _row(self._last[0] + 1 if self._last else 1, pairs)
        self.database.insert("seen", ("id", "mark", "entries"), [row])
        self._remember(row[0], row[1], pairs)

    def _remember(self, row_id: int, mark: int, pairs: NDArray[Any]) -> None:
        self._runs.append((np.ascontiguousarray(pairs["hash"]), np.ascontiguousarray(pairs["seq"])))
        while len(self._runs) > 1 and len(self._runs[-2][0]) < GROWTH * len(self._runs[-1][0]):
            last = self._runs.pop()
            self._runs[-1] = merged(self._runs[-1], last)
        self._last = (row_id, mark)

    def _sync(self) -> None:
        """Make the index what the table is: rows may have been rolled back, or written by a worker before us."""
        row = self.database.one("SELECT id, mark FROM seen ORDER BY id DESC LIMIT 1")
        stored = (int(row[0]), int(row[1])) if row else None
        if stored != self._last:
            self._load()

    def _load(self) -> None:
        self._runs, self._last = [], None
        rows = self.database.one("SELECT count(*) FROM seen")
        if rows and rows[0] > self._many:
            self._write_together()
        for row_id, mark, entries in self.database.query("SELECT id, mark, entries FROM seen ORDER BY id"):
            self._remember(row_id, mark, np.frombuffer(entries, dtype=PAIR))

    def _write_together(self) -> None:
        """Rewrite many small rows as few large ones; the same keys, in the same order of events."""
        with self.database.transaction():
            entries = [bytes(row[0]) for row in self.database.query("SELECT entries FROM seen ORDER BY id")]
            pairs = np.frombuffer(b"".join(entries), dtype=PAIR)
            self.database.execute("DELETE FROM seen")
            size = self._together
            parts = [np.sort(pairs[at : at + size], order="hash") for at in range(0, len(pairs), size)]
            self.database.insert(
                "seen", ("id", "mark", "entries"), [_row(number, part) for number, part in enumerate(parts, 1)]
            )


def _row(row_id: int, pairs: NDArray[Any]) -> Row:
    """Return a row; its mark tells two rows of one number apart, should one of them have been rolled back."""
    mark = int(np.bitwise_xor.reduce(pairs["hash"])) >> 1
    return (row_id, mark, pairs.tobytes())
