"""Fixtures that every test may use: both state stores, Spark, Chromium."""

import importlib
import itertools
import shutil
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from hypothesis import HealthCheck, settings

from onevoice.adapters.database import Database, PostgresDatabase, SqliteDatabase
from onevoice.adapters.migrations import migrate
from tests import servers

settings.register_profile("onevoice", deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
settings.load_profile("onevoice")

NOW = 1_767_225_600_000_000  #: 2026-01-01T00:00:00Z, the moment at which most tests happen
_numbers = itertools.count(1)


@pytest.fixture(scope="session")
def postgres_url() -> Iterator[str]:
    """Yield the URL of a real PostgreSQL server."""
    with servers.postgres() as url:
        yield url


@pytest.fixture(params=["sqlite", pytest.param("postgres", marks=pytest.mark.postgres)])
def database(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[Database]:
    """Yield an empty, migrated state store (intake included), once on SQLite and once on PostgreSQL."""
    made: Database
    if request.param == "sqlite":
        made = SqliteDatabase(tmp_path / "state.db")
    else:
        made = PostgresDatabase(request.getfixturevalue("postgres_url"), schema=f"t{next(_numbers)}")
    migrate(made, "intake", now=NOW)
    migrate(made, "state", now=NOW)
    yield made
    if made.dialect == "postgres":
        made.execute(f"DROP SCHEMA {made.schema} CASCADE")  # type: ignore[attr-defined]
    made.close()


@pytest.fixture(scope="session")
def spark() -> Iterator[Any]:
    """Yield a local Spark session."""
    if shutil.which("java") is None:
        servers.missing("Java", "apt-get install default-jre-headless")
    sql = pytest.importorskip("pyspark.sql")
    jar = importlib.import_module("splink.backends.spark").similarity_jar_location()
    session = (
        sql.SparkSession.builder.master("local[2]")
        .config("spark.ui.enabled", "false")
        .config("spark.sql.session.timeZone", "UTC")
        .config("spark.sql.shuffle.partitions", "2")
        .config("spark.driver.host", "127.0.0.1")
        .config("spark.driver.memory", "2g")
        .config("spark.jars", jar)  # the string similarities that linkage needs
        .getOrCreate()
    )
    yield session
    session.stop()
