"""
The lake: every event for ever, as Delta Lake tables in a folder or on S3-compatible storage.

Appends carry a Delta application transaction (the highest log number they hold), so an append that is repeated after
a crash changes nothing, and two exporters that race cannot both win. Statistics in the Delta log are kept for numbers
only, so that no name or address outlives its erasure there. Deletion vectors and column mapping stay off: any reader
of parquet may read the files.
"""

import threading
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import msgspec
import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.dataset as pads
from deltalake import CommitProperties, DeltaTable, Transaction, WriterProperties, write_deltalake
from deltalake.exceptions import CommitFailedError, DeltaError, TableNotFoundError

from onevoice.adapters import columns
from onevoice.adapters.columns import LogRow
from onevoice.domain.errors import BadInput, OnevoiceError, Unavailable

#: What may be in a lake; object stores cannot be listed as cheaply as a folder.
TABLES = (*columns.SCHEMAS, "deliveries", "members", "promotions", "products", "campaigns", "coupons")

APP = "onevoice."  #: prefix of the application ids in our transactions
AGE = ".age"  #: end of the application id that carries a snapshot's age
RACES = 5  #: how often an append that lost a race looks again
CHUNK = 1_000  #: nodes named in one delete
TARGET = 256 * 1024 * 1024  #: bytes of a compacted file
SPILL = 512 * 1024 * 1024  #: bytes that ordering may hold before it spills to disk

_WRITER = WriterProperties(compression="ZSTD", compression_level=3, max_row_group_size=128 * 1024)


class LakeUnavailable(Unavailable):
    """The lake cannot be reached or written; see the detail, then try again."""


class CorruptLake(OnevoiceError):
    """A file of the lake is damaged; restore it from a backup, or rebuild the lake from the log."""


class BadTable(BadInput):
    """A table of the lake is named by lower-case letters and underscores."""


class Proof(msgspec.Struct, frozen=True, kw_only=True):
    """What an erasure removed; `remaining` was counted anew in what is left."""

    removed: dict[str, int]  #: table -> rows
    files: int  #: files deleted from storage
    remaining: int


def storage_options(url: str, options: Mapping[str, str]) -> dict[str, str]:
    """Return the options of the object store; S3 commits rely on its conditional put."""
    if urlsplit(url).scheme in {"", "file"}:
        return dict(options)
    return {"AWS_CONDITIONAL_PUT": "etag", **options}


class Lake:
    """Delta tables under one URL. One process writes at a time; any number may read."""

    def __init__(self, url: str, options: Mapping[str, str] | None = None) -> None:
        self.url = url.removeprefix("file://").rstrip("/")
        self.options = storage_options(url, options or {})
        self.local = urlsplit(self.url).scheme == ""
        self._writing = threading.Lock()

    def path(self, name: str) -> str:
        """
        Return where a table lives.

        Raises:
            BadTable: The name could leave the lake's folder.
        """
        if not name.replace("_", "a").isalpha() or not name.islower():
            raise BadTable(table=name)
        return f"{self.url}/{name}"

    def open(self, name: str) -> DeltaTable | None:
        """
        Return a table at its newest version, or nothing if it does not exist yet.

        Raises:
            CorruptLake: The table's log cannot be read.
        """
        path = self.path(name)
        if self.local and not (Path(path) / "_delta_log").exists():
            return None
        try:
            return DeltaTable(path, storage_options=self.options)
        except TableNotFoundError:
            return None
        except DeltaError as error:
            raise CorruptLake(
                f"The log of the lake table {path} is damaged: {_first_line(error)}", file=path
            ) from error
        except OSError as error:
            raise LakeUnavailable(f"The lake table {path} cannot be reached: {_first_line(error)}") from error

    def _ready(self, name: str, schema: pa.Schema) -> DeltaTable:
        found = self.open(name)
        if found is not None:
            return found
        try:
            if self.local:
                Path(self.path(name)).mkdir(parents=True, exist_ok=True)
            return DeltaTable.create(
                self.path(name),
                schema=schema,
                mode="ignore",
                storage_options=self.options,
                configuration=_statistics(schema),
            )
        except (DeltaError, OSError) as error:
            raise LakeUnavailable(f"The lake {self.url} cannot be written: {_first_line(error)}") from error

    def names(self) -> list[str]:
        """Return the tables that exist."""
        if self.local:
            return sorted(path.parent.name for path in Path(self.url).glob("*/_delta_log"))
        return [name for name in TABLES if self.open(name) is not None]

    # --- events

    def last_seq(self) -> int:
        """Return the highest log number exported; 0 for an empty lake."""
        return self.upto("events")

    def append_events(self, rows: Sequence[LogRow]) -> int:
        """
        Append log rows (number, node, event) to `events` and their order lines to `lines`; return how many were new.

        Rows come in the order of their numbers. Lines go first and each table skips what it already holds, so a crash
        between the two, or before the caller has moved its cursor, is mended by calling again with the same rows.
        """
        if not rows:
            return 0
        upto = rows[-1][0]
        self.append("lines", columns.lines_table(rows), upto)
        return self.append("events", columns.events_table(rows), upto)

    def append(self, name: str, data: pa.Table, upto: int) -> int:
        """
        Append rows numbered by `seq`, at most *upto*, exactly once; return how many were new.

        Raises:
            LakeUnavailable: Storage refused, or other writers kept winning the race.
        """
        with self._writing:
            for _ in range(RACES):
                delta = self._ready(name, data.schema)
                fresh = _after(data, delta.transaction_version(f"{APP}{name}") or 0)
                if not fresh.num_rows:
                    return 0
                try:
                    self._commit(delta, fresh, upto, name)
                except CommitFailedError:
                    continue  # another writer was faster; look at what it wrote and try again
                return int(fresh.num_rows)
        raise LakeUnavailable(f"Other writers keep changing the lake table {self.path(name)}.")

    def _commit(
        self, delta: DeltaTable, data: pa.Table, upto: int, name: str, mode: str = "append", age: int | None = None
    ) -> None:
        ordered = data.sort_by([("node", "ascending")]) if {"node", "seq"} <= set(data.column_names) else data
        marks = [Transaction(f"{APP}{name}", upto)]
        marks += [] if age is None else [Transaction(f"{APP}{name}{AGE}", age)]
        try:
            write_deltalake(
                delta,
                ordered,
                mode=mode,
                schema_mode="merge" if mode == "append" else "overwrite",
                writer_properties=_WRITER,
                commit_properties=CommitProperties(app_transactions=marks),
            )
        except CommitFailedError:
            raise
        except (DeltaError, OSError) as error:
            raise LakeUnavailable(f"The lake {self.url} cannot be written: {_first_line(error)}") from error

    # --- snapshots

    def snapshot(self, name: str, data: pa.Table, upto: int = 0, age: int = 0) -> None:
        """
        Replace a whole table by what is true now.

        *upto* is the log number that it reflects, *age* how often the state was changed otherwise than by the log.
        """
        with self._writing:
            for _ in range(RACES):
                try:
                    self._commit(self._ready(name, data.schema), data, upto, name, mode="overwrite", age=age)
                except CommitFailedError:
                    continue
                return
        raise LakeUnavailable(f"Other writers keep changing the lake table {self.path(name)}.")

    def upto(self, name: str) -> int:
        """Return the log number that a table reflects; 0 if it does not exist."""
        found = self.open(name)
        return int(found.transaction_version(f"{APP}{name}") or 0) if found else 0

    def reflects(self, name: str) -> tuple[int, int]:
        """Return the log number and the age of a table's snapshot; zeros if it does not exist."""
        found = self.open(name)
        if found is None:
            return 0, 0
        marks = (found.transaction_version(f"{APP}{name}{kind}") for kind in ("", AGE))
        upto, age = (int(mark or 0) for mark in marks)
        return upto, age

    # --- reading

    def versions(self) -> tuple[int, ...]:
        """Return the version of each table that audiences and reports read; -1 where there is none."""
        found = (self.open(name) for name in columns.SCHEMAS)
        return tuple(-1 if delta is None else delta.version() for delta in found)

    def files(self, name: str) -> list[str]:
        """Return the parquet files of a table's newest version."""
        found = self.open(name)
        return list(found.file_uris()) if found else []

    def dataset(self, name: str) -> pads.Dataset | None:
        """Return a table as an Arrow dataset, which any storage can serve."""
        found = self.open(name)
        return found.to_pyarrow_dataset() if found else None

    def batches(self, name: str) -> Iterator[pa.RecordBatch]:
        """Yield a table without holding it in memory."""
        found = self.dataset(name)
        if found is not None:
            yield from found.to_batches()

    def count(self, name: str) -> int:
        """Return how many rows a table holds."""
        found = self.dataset(name)
        return found.count_rows() if found is not None else 0

    def check(self, names: Sequence[str] | None = None) -> None:
        """
        Open every file of the lake and read its footer.

        Raises:
            CorruptLake: One of them is damaged or missing; the message names it.
        """
        for name in names if names is not None else self.names():
            found = self.dataset(name)
            for fragment in found.get_fragments() if found is not None else ():
                try:
                    fragment.count_rows()
                except (pa.ArrowInvalid, OSError) as error:
                    file = f"{self.path(name)}/{fragment.path}"
                    raise CorruptLake(f"The lake file {file} is damaged or missing.", file=file) from error

    # --- upkeep

    def compact(self, *, ordered: bool = False, hours: int = 24) -> dict[str, int]:
        """
        Merge small files and drop those that no version of the last *hours* needs; return files rewritten by table.

        *ordered* also rewrites the tables by person (Z-order on node), which makes one person's history cheap to find.
        """
        with self._writing:
            return {name: self._compact(name, ordered=ordered, hours=hours) for name in self.names()}

    def _compact(self, name: str, *, ordered: bool, hours: int) -> int:
        delta = self.open(name)
        if delta is None:
            return 0
        names = {field.name for field in delta.schema().fields}
        options: dict[str, Any] = {"target_size": TARGET, "max_spill_size": SPILL, "writer_properties": _WRITER}
        if ordered and "node" in names:
            done = delta.optimize.z_order(["node"], max_concurrent_tasks=1, **options)
        else:
            done = delta.optimize.compact(max_concurrent_tasks=1, **options)
        self._vacuum(delta, hours)
        return int(done["numFilesRemoved"])

    @staticmethod
    def _vacuum(delta: DeltaTable, hours: int) -> int:
        # `full` also finds what a crash left behind without a commit.
        gone = delta.vacuum(hours, dry_run=False, enforce_retention_duration=False, full=True)
        return len(gone)

    def erase(self, nodes: Sequence[int], persons: Sequence[str] = ()) -> Proof:
        """
        Remove every row of these nodes and persons from every table and every old version, and count what is left.

        Files without a committed version are deleted too: no other process may be writing meanwhile.
        """
        removed: dict[str, int] = {}
        files = 0
        with self._writing:
            for name in self.names():
                removed[name], gone = self._erase(name, {"node": nodes, "person": persons})
                files += gone
        return Proof(removed=removed, files=files, remaining=self._remaining(nodes, persons))

    def _erase(self, name: str, what: Mapping[str, Sequence[Any]]) -> tuple[int, int]:
        delta = self.open(name)
        if delta is None:
            return 0, 0
        present = {field.name for field in delta.schema().fields}
        rows = 0
        for column in present.intersection(what):
            for at in range(0, len(what[column]), CHUNK):
                values = ", ".join(_literal(value) for value in what[column][at : at + CHUNK])
                rows += int(delta.delete(f"{column} IN ({values})")["num_deleted_rows"])
        if rows and not self.local:
            # A delete leaves files whose texts Arrow cannot filter (string views), and on object storage all reading
            # goes through Arrow; ordering writes them as plain texts again.
            order = "node" if "node" in present else "person"
            delta.optimize.z_order([order], max_concurrent_tasks=1, max_spill_size=SPILL, writer_properties=_WRITER)
        return rows, self._vacuum(delta, 0)

    def _remaining(self, nodes: Sequence[int], persons: Sequence[str]) -> int:
        wanted = {"node": pa.array(nodes, pa.int64()), "person": pa.array(persons, pa.string())}
        left = 0
        for name in self.names():
            for batch in self.batches(name):
                for column in set(wanted).intersection(batch.schema.names):
                    values = batch[column].cast(wanted[column].type)
                    left += int(pc.sum(pc.is_in(values, value_set=wanted[column])).as_py() or 0)
        return left


def _statistics(schema: pa.Schema) -> dict[str, str | None]:
    """Keep minimum and maximum of numbers only: those of texts would outlive their erasure in the Delta log."""
    numbers = [field.name for field in schema if pa.types.is_integer(field.type)]
    if numbers:
        return {"delta.dataSkippingStatsColumns": ",".join(numbers)}
    return {"delta.dataSkippingNumIndexedCols": "0"}


def _after(data: pa.Table, seq: int) -> pa.Table:
    return data.filter(pads.field("seq") > seq)


def _literal(value: Any) -> str:
    if isinstance(value, int):
        return str(value)
    quoted = str(value).replace("'", "''")
    return f"'{quoted}'"


def _first_line(error: BaseException) -> str:
    return str(error).strip().splitlines()[0] if str(error).strip() else type(error).__name__
