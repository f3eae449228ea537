"""Whatever goes through the stencil is what the row path makes of it, event by event."""

import math
from collections.abc import Iterator
from datetime import datetime
from pathlib import Path
from typing import Any

import msgspec
import pyarrow as pa
import pyarrow.csv
import pyarrow.parquet as pq
import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from onevoice.adapters.database import Database, SqliteDatabase
from onevoice.adapters.imports import Importer
from onevoice.adapters.migrations import migrate
from onevoice.adapters.state.intake import Intake
from onevoice.adapters.stencil import Stencil
from onevoice.collect.plan import Plan
from onevoice.domain.event import Event
from onevoice.domain.mapping import ConsentSource, Group, Mapping, Source, Value, When
from tests.conftest import NOW

PLAN = Plan()
day = datetime.fromisoformat


def number(column: str) -> Value:
    """Return a column read as a number."""
    return Value(column=column, as_="number")


TILL = Mapping(
    name="till",
    event="Order Completed",
    channel="store",
    time=When(column="at"),
    identifiers=(Source(column="card", kind="loyalty_id"), Source(column="mail", kind="email")),
    properties={"order_id": "bon", "transaction_no": "bon", "business_date": "day", "currency": Value(value="USD")},
    context={"store.id": "shop", "store.name": "name"},
    group=Group(
        by=("bon",),
        items={
            "product_id": "sku",
            "name": "name",
            "quantity": Value(column="n", as_="integer"),
            "price": number("eur"),
        },
        sums={
            "total": number("eur"),
            "discount": number("less"),
            "worth": Value(column="eur", times="n", as_="number"),
        },
    ),
    key=("bon",),
)
VIEWED = Mapping(
    name="visits",
    event="Viewed Product",
    channel="website",
    time=When(column="at"),
    identifiers=(Source(column="card", kind="anonymous_id"), Source(column="mail", kind="email@shop")),
    traits={"name": "name", "address.city": "shop"},
    properties={"product_id": "sku", "price": number("eur"), "deep.er.n": Value(column="n", as_="integer")},
    context={"made_up": Value(value=True), "page.url": "name"},
    skip={"shop": ("7", "None")},
    key=("sku", "at"),
)
PERSON = Mapping(
    name="people",
    type="identify",
    identifiers=(Source(column="mail", kind="email"), Source(column="card", kind="crm_id@desk")),
    traits={"email": "mail", "name": "name", "height": number("eur"), "vip": Value(column="yes", as_="boolean")},
    key=("mail", "card"),
)
OWN = Mapping(
    name="own",
    event="Something Own",
    time=When(column="at"),
    identifiers=(Source(column="card", kind="user_id"),),
    properties={"what.ever": "name", "eur": number("eur"), "yes": Value(column="yes", as_="boolean")},
    key=("card", "name"),
)
MAPPINGS = {"till": TILL, "viewed": VIEWED, "person": PERSON, "own": OWN}

ODD = (
    "",
    " ",
    "null",
    "N/A",
    "NaN",
    "a:b%c",
    '"',
    "\\",
    "é\u2003",
    "\u00a0x",
    " trimmed ",
    "\x00",
    "line\nbreak",
    "\x1f",
    "K",
)
WORDS = st.one_of(st.sampled_from(ODD), st.text(st.characters(exclude_categories=("Cs",)), max_size=6), st.none())
MAILS = st.one_of(
    st.sampled_from(("a@example.com", "A@Example.COM", "b.c+d@x-y.de", "@", "no", "ü@example.com", None)), WORDS
)
DAYS = st.one_of(
    st.sampled_from(("2025-05-03", "2025-02-30", "2025-05-03T10:00", "0001-01-01", "20250503", None)), WORDS
)
MOMENTS = st.one_of(
    st.none(),
    st.datetimes(day("2024-01-01"), day("2026-06-01")),
    st.sampled_from((day("1969-01-01"), day("2500-01-01"), day("2025-01-01T01:02:03.000040"))),
)
AMOUNTS = st.one_of(
    st.none(),
    st.floats(allow_nan=True, allow_infinity=True),
    st.decimals(-100, 100, places=2).map(float),
    st.sampled_from((-0.0, 1e12, 1.0000001e12, 1e16, 1e-7)),
)
COUNTS = st.one_of(st.none(), st.integers(-(2**63), 2**63 - 1), st.integers(0, 3))
ROWS = st.fixed_dictionaries(
    {
        "bon": st.one_of(st.integers(0, 4), st.none()),
        "day": DAYS,
        "card": WORDS,
        "mail": MAILS,
        "shop": st.one_of(st.integers(0, 9), st.none()),
        "sku": WORDS,
        "name": WORDS,
        "n": COUNTS,
        "eur": AMOUNTS,
        "less": AMOUNTS,
        "yes": st.one_of(st.none(), st.booleans()),
        "at": MOMENTS,
    }
)
ROWS_OF_TEXT = ("day", "card", "mail", "sku", "name")
SCHEMA = pa.schema(
    {
        **dict.fromkeys(ROWS_OF_TEXT, pa.string()),
        "bon": pa.int64(),
        "shop": pa.int32(),
        "n": pa.int64(),
        "eur": pa.float64(),
        "less": pa.float64(),
        "yes": pa.bool_(),
        "at": pa.timestamp("us"),
    }
)
PLAIN: dict[str, Any] = {
    "bon": 1, "day": "2025-05-03", "card": "c", "mail": "a@example.com", "shop": 7, "sku": "s", "name": "n", "n": 1,
    "eur": 0.1, "less": None, "yes": True, "at": day("2025-05-03T10:00"),
}  # fmt: skip


class ByRow(Importer):
    """An importer that never presses."""

    def stencil(self) -> Stencil | None:
        """Say that no mapping fits."""
        return None


def outcome(kind: type[Importer], mapping: Mapping, path: Path) -> tuple[list[Event], list[str], int]:
    """Return what an importer makes of a file: events, the lines of the reject file, and the number of units."""
    database = SqliteDatabase(path.with_name(f"{kind.__name__}.db"))
    migrate(database, "intake", now=NOW)
    database.execute("DELETE FROM imports")
    database.execute("DELETE FROM intake")
    importer = kind(database, PLAN, mapping, path, now=NOW)
    done = importer.run()
    events = taken(database)
    database.close()
    lines = sorted(importer.rejects.read_text().splitlines()) if importer.rejects.exists() else []
    return events, lines, done.done


def taken(database: Database) -> list[Event]:
    """Return every event in the intake."""
    packets = Intake(database).read(0, 10_000, 1 << 30)
    return [event for packet in packets for event in msgspec.json.decode(packet.body, type=list[Event])]


def spelled(event: Event) -> bytes:
    """Return an event with all its defaults, in one order."""
    return msgspec.json.encode(msgspec.structs.asdict(event), order="sorted")


def same(mapping: Mapping, path: Path) -> int:
    """Check that both ways agree on a file, and return how many events they found."""
    expected, found = outcome(ByRow, mapping, path), outcome(Importer, mapping, path)
    assert expected == found
    for one, other in zip(expected[0], found[0], strict=True):
        assert spelled(one) == spelled(other)  # a whole number is not one with a point, nor is -0.0 the same as 0.0
    return len(found[0])


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Path]:
    """Yield one folder for all examples."""
    yield tmp_path_factory.mktemp("stencil")


@pytest.mark.parametrize("name", MAPPINGS)
@settings(max_examples=30)
@given(rows=st.lists(ROWS, min_size=1, max_size=12))
@example(rows=[PLAIN, PLAIN | {"bon": 2, "at": None}, PLAIN | {"eur": math.inf}])
def test_columns_give_what_rows_give(folder: Path, name: str, rows: list[dict[str, Any]]) -> None:
    """Any table of any cells, odd ones among plain ones, gives the same events, rejects and count both ways."""
    path = folder / f"{name}.parquet"
    pq.write_table(pa.Table.from_pylist(rows, SCHEMA), path)

    same(MAPPINGS[name], path)


TEXTS = st.one_of(
    st.sampled_from(("1", "-2,50", "1.234,5", "0", "-0", "007", "1e3", "+4", "12.5", "1,5000001", "1 000", "٣", "x")),
    WORDS,
)
DATES = st.one_of(
    st.sampled_from(
        ("2025-05-03", "2025-05-03 10:00", "2025-05-03T10:00:07.000123", "2025-13-01", "3.5.2025", "1714737600")
    ),
    st.dates().map(str),
    WORDS,
)


@pytest.mark.parametrize("formats", [(), ("%Y-%m-%d",), ("%d.%m.%Y",)])
@pytest.mark.parametrize("decimal", [".", ","])
@settings(max_examples=20)
@given(rows=st.lists(st.tuples(DATES, WORDS, TEXTS, TEXTS, WORDS), min_size=1, max_size=8))
def test_text_gives_what_rows_give(
    folder: Path, formats: tuple[str, ...], decimal: Any, rows: list[tuple[str | None, ...]]
) -> None:
    """The same holds for files where all is text, with either decimal mark and with dates in a format."""
    mapping = msgspec.structs.replace(
        TILL,
        identifiers=(Source(column="card", kind="loyalty_id"),),
        properties={"order_id": "card", "total": number("eur"), "vip": Value(column="yes", as_="boolean")},
        context={},
        channel="web",
        time=When(column="at", formats=formats),
        group=None,
        key=("card",),
        decimal=decimal,
        thousands="." if decimal == "," else "",
    )
    path = folder / "text.csv"
    cells = [
        {name: cell or "" for name, cell in zip(("at", "card", "eur", "n", "yes"), row, strict=True)} for row in rows
    ]
    pyarrow.csv.write_csv(pa.Table.from_pylist(cells), path)

    same(mapping, path)


@pytest.mark.parametrize("name", MAPPINGS)
def test_plain_rows_are_pressed(folder: Path, name: str) -> None:
    """The mappings above do take the columnar way: plain rows come out of the stencil, none is left to the row path."""
    path = folder / f"plain-{name}.parquet"
    table = pa.Table.from_pylist([PLAIN, PLAIN | {"bon": 2, "shop": 8}], SCHEMA)
    pq.write_table(table.slice(1) if name == "viewed" else table, path)
    database = SqliteDatabase(folder / f"plain-{name}.db")
    migrate(database, "intake", now=NOW)

    stencil = Importer(database, PLAN, MAPPINGS[name], path, now=NOW).stencil()

    assert stencil is not None
    rows = pq.read_table(path)
    assert all(stencil.press(rows, list(range(len(rows)))))
    database.close()


def test_a_very_long_order_goes_by_the_row(folder: Path) -> None:
    """An order of more lines than the schema allows is refused by both ways alike; one of hundreds is taken."""
    path = folder / "long.parquet"
    lines = [PLAIN] * 1_001 + [PLAIN | {"bon": 2, "name": "x" * 100}] * 900
    pq.write_table(pa.Table.from_pylist(lines, SCHEMA), path)

    assert 1 == same(TILL, path)


@pytest.mark.parametrize("formats", [("%m/%d/%y",), ("%Y-%m-%d", "%d.%m.%Y")])
def test_odd_mappings_go_by_the_row(folder: Path, formats: tuple[str, ...]) -> None:
    """Formats of several lengths, several formats, and consent are left to the row path as a whole."""
    path = folder / "plain.csv"
    path.write_text("card,at,news\n1,2025-05-03,yes\n")
    database = SqliteDatabase(folder / "odd.db")
    migrate(database, "intake", now=NOW)
    odd = msgspec.structs.replace(OWN, time=When(column="at", formats=formats), properties={}, key=())
    asked = msgspec.structs.replace(
        OWN, properties={}, key=(), consent=(ConsentSource(column="news", channel="email", text_version="1"),)
    )

    assert [None, None] == [Importer(database, PLAN, each, path, now=NOW).stencil() for each in (odd, asked)]
    database.close()


@given(sizes=st.lists(st.integers(1, 7), min_size=1, max_size=8), done=st.integers(0, 9))
@settings(max_examples=20)
def test_groups_survive_any_cut(folder: Path, sizes: list[int], done: int) -> None:
    """An import that goes on after any number of groups finds exactly the groups that are left."""
    path = folder / "cut.parquet"
    lines = [PLAIN | {"bon": bon} for bon, size in enumerate(sizes) for _ in range(size)]
    pq.write_table(pa.Table.from_pylist(lines, SCHEMA), path)
    database = SqliteDatabase(folder / "cut.db")
    migrate(database, "intake", now=NOW)
    database.execute("DELETE FROM imports")
    database.execute("DELETE FROM intake")
    importer = Importer(database, PLAN, TILL, path, now=NOW)
    importer.progress.done = done

    importer.run()

    assert [(str(bon), size) for bon, size in enumerate(sizes)][done:] == [
        (event.properties["order_id"], len(event.properties["products"])) for event in taken(database)
    ]
    database.close()
