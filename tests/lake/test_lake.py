"""The lake keeps every row once, whatever crashes, and lets go of what is erased."""

import json
from pathlib import Path

import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from onevoice.adapters import columns
from onevoice.adapters.lake import BadTable, CorruptLake, Lake, LakeUnavailable
from onevoice.domain.event import Event
from onevoice.domain.identifier import Identifier


def log_row(seq, node=None, email="someone@example.com"):
    """Return one row of the log: an order with one line."""
    made = Event(
        id=f"m{seq}",
        name="Order Completed",
        channel="store",
        occurred_at=seq * 1_000,
        received_at=seq * 1_000,
        identifiers=(Identifier("email", email),),
        properties={"total": seq, "products": [{"product_id": str(seq), "price": seq}]},
    )
    return seq, seq % 7 if node is None else node, made


def log(first, last):
    """Return the rows of the log from *first* to *last*."""
    return [log_row(seq) for seq in range(first, last + 1)]


def seqs(lake, name="events"):
    """Return the numbers a table holds, in order."""
    return sorted(seq for batch in lake.batches(name) for seq in batch["seq"].to_pylist())


class Crash(Exception):
    """The process dies here."""


class Fragile(Lake):
    """A lake whose process dies before or after the commit to one table."""

    dies: str = ""

    def _commit(self, delta, data, upto, name, *how, **more):
        if self.dies == f"before {name}":
            raise Crash
        super()._commit(delta, data, upto, name, *how, **more)
        if self.dies == f"after {name}":
            raise Crash


def test_empty_lake_answers(lake):
    """A lake without tables has no rows, no files and no export yet."""
    assert (0, [], [], 0) == (lake.last_seq(), lake.names(), lake.files("events"), lake.count("events"))


def test_rows_come_back(lake):
    """What was appended is read back with its lines, and the export knows how far it is."""
    assert 10 == lake.append_events(log(1, 10))

    table = pa.Table.from_batches(lake.batches("events")).sort_by("seq")
    assert columns.events_table(log(1, 10)).equals(table)
    assert list(range(1, 11)) == seqs(lake, "lines")
    assert 10 == lake.last_seq()


def test_repeated_append_changes_nothing(lake):
    """The same rows again, or rows that overlap, add only what is new."""
    lake.append_events(log(1, 10))

    assert [0, 5] == [lake.append_events(log(1, 10)), lake.append_events(log(6, 15))]
    assert list(range(1, 16)) == seqs(lake) == seqs(lake, "lines")


@given(st.lists(st.tuples(st.integers(1, 9), st.sampled_from(["", "before", "after"]), st.booleans()), max_size=8))
@settings(max_examples=25)
def test_exporter_that_crashes_anywhere_exports_once(tmp_path_factory, steps):
    """Whichever commit the process dies at, and whether or not the cursor moved, every row arrives once."""
    lake = Fragile(str(tmp_path_factory.mktemp("lake")))
    cursor = 0  # in the other store: it moves only after the lake has answered
    for size, when, lines in [*steps, (9, "", False)]:
        lake.dies = f"{when} {'lines' if lines else 'events'}" if when else ""
        try:
            lake.append_events(log(cursor + 1, cursor + size))
            cursor += size
        except Crash:
            pass
    lake.dies = ""

    assert list(range(1, cursor + 1)) == seqs(lake) == seqs(lake, "lines")


def test_racing_exporters_cannot_both_win(lake):
    """Of two processes that export the same rows at once, one writes and the other sees that."""
    lake.append_events(log(1, 3))
    other = Lake(lake.url, lake.options)
    stale = other.open("events")  # the other process looked before we wrote
    lake.append_events(log(4, 6))
    looks = iter([stale])

    class Late(Lake):
        def open(self, name):
            return next(looks, None) or super().open(name)

    assert 0 == Late(lake.url, lake.options).append("events", columns.events_table(log(4, 6)), 6)
    assert list(range(1, 7)) == seqs(lake)


def test_compaction_keeps_the_rows(lake):
    """Merging and ordering files changes neither rows nor the export's place; old files go."""
    for at in range(5):
        lake.append_events(log(at * 10 + 1, at * 10 + 10))
    before = len(lake.files("events"))

    lake.compact(hours=0)
    merged = len(lake.files("events"))
    lake.compact(ordered=True, hours=0)

    assert (5, 1, 50) == (before, merged, lake.last_seq())
    assert list(range(1, 51)) == seqs(lake)
    nodes = [node for batch in lake.batches("events") for node in batch["node"].to_pylist()]
    assert sorted(nodes) == nodes
    assert 0 == lake.append_events(log(41, 50))


def test_snapshot_replaces(lake):
    """A snapshot is what is true now: the earlier one is gone, and says which log number it reflects."""
    lake.snapshot("nodes", columns.table(columns.NODES, [(1, "email", "a@example.com", "p1", None)]), upto=4)
    newer = columns.table(columns.NODES, [(1, "email", "a@example.com", "p2", None), (2, "phone", "+1", "p2", "h")])

    lake.snapshot("nodes", newer, upto=9)

    assert newer.equals(pa.Table.from_batches(lake.batches("nodes")))
    assert 9 == lake.upto("nodes")


def test_erased_rows_are_counted_out(lake):
    """Erasure removes the rows of a node from every table, counts them, and proves that none is left."""
    lake.append_events(log(1, 20))
    lake.snapshot("people", columns.table(columns.PEOPLE, [("p1", None, "{}"), ("p'2", None, "{}")]))

    proof = lake.erase([3], ["p'2"])

    assert {"events": 3, "lines": 3, "people": 1} == proof.removed
    assert 0 == proof.remaining
    assert [seq for seq in range(1, 21) if seq % 7 != 3] == seqs(lake)
    assert 20 == lake.last_seq()
    assert 0 == lake.append_events(log(1, 20)), "a late repeat must not bring the erased rows back"


def test_nothing_of_the_erased_is_left_in_any_file(tmp_path):
    """After erasure no file of the folder holds the address: not in data, old versions, orphans, log or checkpoint."""
    lake = Fragile(str(tmp_path / "lake"))
    lake.append_events([log_row(1, 1, "victim@example.com"), log_row(2, 2)])
    lake.snapshot("nodes", columns.table(columns.NODES, [(1, "email", "victim@example.com", "p1", None)]))
    lake.snapshot("nodes", columns.table(columns.NODES, [(1, "email", "victim@example.com", "p9", None)]))
    orphan = tmp_path / "lake/events/part-orphan.parquet"
    pq.write_table(columns.events_table([log_row(3, 1, "victim@example.com")]), orphan)
    lake.open("events").create_checkpoint()
    assert [path for path in (tmp_path / "lake").rglob("*") if path.is_file() and holds(path, b"victim@")]

    lake.erase([1], ["p1", "p9"])

    assert [] == [path for path in (tmp_path / "lake").rglob("*") if path.is_file() and holds(path, b"victim@")]


def holds(path: Path, needle: bytes) -> bool:
    """Tell whether a file holds these bytes, looking inside parquet."""
    if path.suffix == ".parquet":
        return needle.decode() in json.dumps(pq.read_table(path).to_pylist(), default=str)
    return needle in path.read_bytes()


def test_damaged_file_is_named(tmp_path):
    """A corrupt data file is reported by its path."""
    lake = Lake(str(tmp_path / "lake"))
    lake.append_events(log(1, 10))
    victim = Path(lake.files("events")[0])
    victim.write_bytes(b"garbage" * 100)

    with pytest.raises(CorruptLake, match=victim.name):
        lake.check()


def test_missing_file_is_named(tmp_path):
    """A data file that vanished is reported by its path."""
    lake = Lake(str(tmp_path / "lake"))
    lake.append_events(log(1, 10))
    victim = Path(lake.files("lines")[0])
    victim.unlink()

    with pytest.raises(CorruptLake, match=victim.name):
        lake.check()


def test_damaged_log_is_named(tmp_path):
    """A corrupt Delta log is reported by its table, and appending to it is refused."""
    lake = Lake(str(tmp_path / "lake"))
    lake.append_events(log(1, 10))
    (tmp_path / "lake/events/_delta_log/00000000000000000000.json").write_text("garbage")

    with pytest.raises(CorruptLake, match="lake/events"):
        lake.append_events(log(11, 12))


def test_unwritable_lake_says_so(tmp_path):
    """A lake whose folder is a file is unavailable, and says where."""
    (tmp_path / "lake").write_text("in the way")

    with pytest.raises(LakeUnavailable, match="lake"):
        Lake(str(tmp_path / "lake")).append_events(log(1, 2))


@pytest.mark.parametrize("name", ["", "../events", "Events", "a/b", "a b"])
def test_table_name_cannot_leave_the_lake(tmp_path, name):
    """A table's name is plain, so no name reaches outside the lake."""
    with pytest.raises(BadTable):
        Lake(str(tmp_path)).path(name)


def test_unreachable_storage_is_unavailable():
    """A lake whose object store does not answer is unavailable, not empty."""
    options = {
        "AWS_ENDPOINT_URL": "http://127.0.0.1:9",
        "AWS_ALLOW_HTTP": "true",
        "AWS_ACCESS_KEY_ID": "x",
        "AWS_SECRET_ACCESS_KEY": "x",
        "AWS_REGION": "us-east-1",
        "max_retries": "0",
    }

    with pytest.raises(LakeUnavailable):
        Lake("s3://lake/none", options).last_seq()
