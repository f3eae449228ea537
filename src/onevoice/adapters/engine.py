"""
Engines: DuckDB in this process, or Spark where one machine is outgrown, behind one door that speaks Ibis.

An engine mounts tables: parquet files of the lake, an Arrow dataset on object storage, rows that are not exported yet.
Stages hand it expressions and get Arrow back; which engine answers makes no difference to the answer.
"""

import importlib
import tempfile
from collections.abc import Iterable, Iterator, Mapping, Sequence
from typing import Any, Protocol

import duckdb
import ibis
import pyarrow as pa
import pyarrow.dataset as pads

from onevoice.adapters import columns
from onevoice.adapters.lake import Lake
from onevoice.domain.errors import OnevoiceError, Unavailable

#: Ibis expressions by table name, as the stages take them.
Tables = dict[str, ibis.Table]

ROWS = 64 * 1024  #: rows of one streamed batch


class EngineFailed(OnevoiceError):
    """The engine could not answer; see the detail."""


class SparkMissing(Unavailable):
    """Spark is not installed; `pip install onevoice[spark]`, and Java 17 or newer."""


class Backend(Protocol):
    """One engine: how it takes in files and rows. Everything else is Ibis."""

    kind: str
    connection: Any
    failures: tuple[type[BaseException], ...]

    def files(self, name: str, paths: Sequence[str], schema: pa.Schema) -> None:
        """Make parquet files visible as a table."""

    def dataset(self, name: str, dataset: pads.Dataset, paths: Sequence[str], schema: pa.Schema) -> None:
        """Make an Arrow dataset on object storage visible as a table."""

    def rows(self, name: str, rows: pa.Table) -> None:
        """Make rows in memory visible as a table."""

    def stream(self, expression: ibis.Table, size: int) -> Iterator[pa.RecordBatch]:
        """Yield an answer in batches of about *size* rows."""

    def close(self) -> None:
        """Let go of what the engine holds."""


class DuckBackend:
    """DuckDB, in memory, spilling to a temporary folder."""

    kind = "duckdb"
    failures: tuple[type[BaseException], ...] = (duckdb.Error, pa.ArrowException, OSError)

    def __init__(self, memory: str = "2GB", threads: int = 0) -> None:
        self._folder = tempfile.TemporaryDirectory(prefix="onevoice-engine-")
        settings: dict[str, Any] = {
            "memory_limit": memory,
            "temp_directory": self._folder.name,
            "preserve_insertion_order": False,
        }
        if threads:
            settings["threads"] = threads
        self.connection = ibis.duckdb.connect(**settings)
        self.connection.raw_sql("SET TimeZone = 'UTC'")
        # One name for reading JSON on both engines: Spark's.
        self.connection.raw_sql("CREATE MACRO get_json_object(document, path) AS json_extract_string(document, path)")

    def files(self, name: str, paths: Sequence[str], schema: pa.Schema) -> None:
        """Make parquet files visible as a table."""
        listed = ", ".join("'" + path.replace("'", "''") + "'" for path in paths)
        wanted = ", ".join(f'"{column}"' for column in schema.names)
        source = f"read_parquet([{listed}], union_by_name = true)"
        self.connection.raw_sql(f"CREATE OR REPLACE TEMP VIEW {name} AS SELECT {wanted} FROM {source}")

    def dataset(self, name: str, dataset: pads.Dataset, paths: Sequence[str], schema: pa.Schema) -> None:
        """Make an Arrow dataset visible as a table; DuckDB pushes columns and filters into it."""
        self.connection.con.register(name, dataset)

    def rows(self, name: str, rows: pa.Table) -> None:
        """Make rows in memory visible as a table."""
        self.connection.con.register(name, rows)

    def stream(self, expression: ibis.Table, size: int) -> Iterator[pa.RecordBatch]:
        """Yield an answer while DuckDB computes it."""
        schema = expression.schema().to_pyarrow()
        for batch in self.connection.con.sql(self.connection.compile(expression)).to_arrow_reader(size):
            yield batch.cast(schema)

    def close(self) -> None:
        """Close the connection and remove what it spilled."""
        self.connection.disconnect()
        self._folder.cleanup()


class SparkBackend:
    """Spark, reading the same parquet files; no jar is needed, but a cluster must reach the lake's storage."""

    kind = "spark"
    failures: tuple[type[BaseException], ...]

    def __init__(self, session: Any = None) -> None:
        try:
            errors = importlib.import_module("pyspark.errors")
            sql = importlib.import_module("pyspark.sql")
            bridge = importlib.import_module("py4j.protocol")
        except ImportError as error:
            raise SparkMissing from error
        self.failures = (errors.PySparkException, bridge.Py4JError, pa.ArrowException, OSError)
        self.session = session or sql.SparkSession.builder.getOrCreate()
        self.session.conf.set("spark.sql.session.timeZone", "UTC")
        self._types = importlib.import_module("pyspark.sql.pandas.types")
        self.connection = ibis.pyspark.connect(self.session)

    def files(self, name: str, paths: Sequence[str], schema: pa.Schema) -> None:
        """Make parquet files visible as a table."""
        spark_schema = self._types.from_arrow_schema(schema)
        self.session.read.schema(spark_schema).parquet(*paths).createOrReplaceTempView(name)

    def dataset(self, name: str, dataset: pads.Dataset, paths: Sequence[str], schema: pa.Schema) -> None:
        """Read object storage through Spark's own connector, which the cluster configures."""
        self.files(name, [path.replace("s3://", "s3a://", 1) for path in paths], schema)

    def rows(self, name: str, rows: pa.Table) -> None:
        """Make rows in memory visible as a table."""
        spark_schema = self._types.from_arrow_schema(rows.schema)
        made = self.session.createDataFrame(rows) if rows.num_rows else self.session.createDataFrame([], spark_schema)
        made.createOrReplaceTempView(name)

    def stream(self, expression: ibis.Table, size: int) -> Iterator[pa.RecordBatch]:
        """Yield an answer in batches; the driver holds all of it."""
        yield from self.connection.to_pyarrow_batches(expression, chunk_size=size)

    def close(self) -> None:
        """Leave the session to whoever else uses it."""


class Engine:
    """Runs Ibis expressions over what it has mounted."""

    def __init__(self, backend: Backend) -> None:
        self.backend = backend
        self._lake: Lake | None = None
        self._mounted: dict[str, ibis.Table] = {}

    @property
    def kind(self) -> str:
        """`duckdb` or `spark`."""
        return self.backend.kind

    def mount(self, name: str, rows: pa.Table) -> ibis.Table:
        """Make rows in memory a table of that name."""
        self.backend.rows(name, rows)
        self._mounted[name] = self.backend.connection.table(name)
        return self._mounted[name]

    def mount_lake(self, lake: Lake, tail: Mapping[str, pa.Table] | None = None, fresh: Iterable[str] = ()) -> Tables:
        """
        Mount the lake's tables with the rows not exported yet, and return them with persons attached.

        *tail* holds rows to add (`events`, `lines`) or, for a name in *fresh*, rows that replace the lake's snapshot.
        """
        self._lake = lake
        rows = tail or {}
        for name, schema in columns.SCHEMAS.items():
            stored = None if name in fresh else self._stored(lake, name, schema)
            added = self._added(f"{name}_tail", rows.get(name, schema.empty_table())) if name in rows else None
            self._mounted[name] = (
                _union(stored, added)
                if stored is not None or added is not None
                else (self.mount(name, schema.empty_table()))
            )
        return self.tables()

    def _stored(self, lake: Lake, name: str, schema: pa.Schema) -> ibis.Table | None:
        paths = lake.files(name)
        if not paths:
            return None
        if lake.local:
            self.backend.files(f"{name}_lake", paths, schema)
        else:
            dataset = lake.dataset(name)
            assert dataset is not None  # noqa: S101 - it has files
            self.backend.dataset(f"{name}_lake", dataset, paths, schema)
        return self.backend.connection.table(f"{name}_lake").select(*schema.names)

    def _added(self, name: str, rows: pa.Table) -> ibis.Table:
        self.backend.rows(name, rows)
        return self.backend.connection.table(name)

    def tables(self) -> Tables:
        """Return what is mounted; events and lines know their person and household."""
        found = dict(self._mounted)
        if "nodes" in found:
            owner = found["nodes"].select("node", "person", "household")
            for name in {"events", "lines"} & found.keys():
                found[name] = found[name].inner_join(owner, "node")
        return found

    def run(self, expression: Any) -> pa.Table:
        """
        Evaluate an expression.

        Raises:
            CorruptLake: A file of the lake is damaged; the message names it.
            EngineFailed: Anything else went wrong.
        """
        try:
            return self.backend.connection.to_pyarrow(expression)
        except self.backend.failures as error:
            raise self._explained(error) from error

    def batches(self, expression: ibis.Table, size: int = ROWS) -> Iterator[pa.RecordBatch]:
        """Evaluate an expression batch by batch, in bounded memory."""
        try:
            yield from self.backend.stream(expression, size)
        except self.backend.failures as error:
            raise self._explained(error) from error

    def fetch(self, expression: ibis.Table) -> list[dict[str, Any]]:
        """Evaluate a small expression as rows."""
        return list(self.run(expression).to_pylist())

    def count(self, expression: ibis.Table) -> int:
        """Return how many rows an expression has."""
        return int(self.run(expression.aggregate(n=expression.count()))["n"][0].as_py())

    def sql(self, expression: Any) -> str:
        """Return the SQL that an expression becomes on this engine."""
        return str(ibis.to_sql(expression, dialect="duckdb" if self.kind == "duckdb" else "pyspark"))

    def close(self) -> None:
        """Let go of what the engine holds."""
        self.backend.close()

    def _explained(self, error: BaseException) -> OnevoiceError:
        if self._lake is not None:
            self._lake.check()
        lines = str(error).strip().splitlines()
        return EngineFailed(f"The {self.kind} engine could not answer: {lines[0] if lines else type(error).__name__}")


def _union(stored: ibis.Table | None, added: ibis.Table | None) -> ibis.Table:
    if stored is None or added is None:
        return added if stored is None else stored
    return stored.union(added, distinct=False)


def open_engine(kind: str, *, memory: str = "2GB", session: Any = None) -> Engine:
    """Start an engine of that kind: `duckdb` or `spark`."""
    return Engine(SparkBackend(session) if kind == "spark" else DuckBackend(memory))
