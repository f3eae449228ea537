"""Files become events once, wherever they stop, and what is wrong is told with its line and reason."""

import csv
import os
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import duckdb
import msgspec
import openpyxl
import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from hypothesis import given
from hypothesis import strategies as st

from onevoice.adapters.database import Database, SqliteDatabase
from onevoice.adapters.imports import BATCH, Importer, UnfitMapping
from onevoice.adapters.migrations import migrate
from onevoice.adapters.state.intake import Intake
from onevoice.adapters.tables import UnreadableFile, columns, delimiter_of, encoding_of, lines, size
from onevoice.cli.imports import as_yaml, at_rest, draft_of, drafted
from onevoice.collect.mapping import BadCell, Mapper
from onevoice.collect.plan import Plan
from onevoice.domain.errors import BadInput
from onevoice.domain.event import Event
from onevoice.domain.identifier import Identifier, Trust
from onevoice.domain.mapping import ConsentSource, Group, Mapping, Source, Value, When
from tests.conftest import NOW

SHARED = Path(os.environ.get("ONEVOICE_SHARED") or Path(__file__).parents[3] / "shared")
PLAN = Plan()
CRM = Mapping(
    name="crm",
    type="identify",
    time=When(column="seen", formats=("%d.%m.%Y",), zone="Europe/Berlin"),
    identifiers=(Source(column="mail", kind="email"), Source(column="card", kind="loyalty_id@till")),
    traits={"first_name": "first", "height": Value(column="height", as_="number")},
    consent=(ConsentSource(column="news", channel="email", granted=("ja",), withdrawn=("nein",), text_version="1"),),
    decimal=",",
    thousands=".",
)
HEADER = "mail;card;first;height;seen;news\n"


@pytest.fixture
def intake(tmp_path: Path) -> Iterator[Database]:
    """Yield an empty intake."""
    database = SqliteDatabase(tmp_path / "intake.db")
    migrate(database, "intake", now=NOW)
    yield database
    database.close()


def taken(database: Database) -> list[Event]:
    """Return every event in the intake."""
    packets = Intake(database).read(0, 10_000, 1 << 30)
    return [event for packet in packets for event in msgspec.json.decode(packet.body, type=list[Event])]


def written(path: Path, text: str, encoding: str = "utf-8") -> Path:
    """Write a file and return its path."""
    path.write_bytes(text.encode(encoding))
    return path


def test_row_becomes_identify_and_consent(intake: Database, tmp_path: Path) -> None:
    """A row in the German style becomes verified identifiers, typed traits and a consent with its proof."""
    path = written(tmp_path / "crm.csv", HEADER + "Ada@Example.com;77;Ada;1.234,5;03.05.2025;ja\n")

    Importer(intake, PLAN, CRM, path, now=NOW).run()

    person, consent = taken(intake)
    expected = {
        Identifier("email", "ada@example.com", Trust.VERIFIED),
        Identifier("loyalty_id@till", "77", Trust.VERIFIED),
    }
    assert expected == set(person.identifiers)
    assert {"first_name": "Ada", "height": 1234.5} == {name: person.traits[name] for name in ("first_name", "height")}
    assert 1_746_223_200_000_000 == person.occurred_at  # 2025-05-03T00:00+02:00
    assert ("Consent Granted", "email", "marketing") == (
        consent.name, consent.properties["channel"], consent.properties["purpose"],
    )  # fmt: skip
    assert person.historical


@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "cp1252", "utf-16"])
def test_encodings_of_spreadsheets(intake: Database, tmp_path: Path, encoding: str) -> None:
    """An umlaut arrives whole from every encoding that spreadsheets write, found out from the bytes."""
    path = written(tmp_path / "crm.csv", "sep=;\n" + HEADER + "a@example.com;1;Jürgen;1,8;03.05.2025;\n", encoding)

    Importer(intake, PLAN, CRM, path, now=NOW).run()

    assert ["Jürgen"] == [event.traits["first_name"] for event in taken(intake)]


def test_bad_rows_are_told_with_line_and_reason(intake: Database, tmp_path: Path) -> None:
    """Each kind of bad row lands in the reject file with its line, reason and cells; good rows are taken in."""
    rows = [
        "a@example.com;1;Ada;12.5;03.05.2025;ja",  # a point where the file has commas: 12.5 could be 125
        "b@example.com;2;Bob;1,8;2025-05-03;ja",
        "c@example.com;3;Cleo;1,8;03.05.2025;vielleicht",
        "d@example.com;4;Dan",
        ";;Eve;1,8;03.05.2025;",
        "f@example.com;6;Fay;1,8;03.05.2025;nein",
    ]
    plain = msgspec.structs.replace(CRM, thousands="")

    done = Importer(intake, PLAN, plain, written(tmp_path / "crm.csv", HEADER + "\n".join(rows)), now=NOW).run()

    with (tmp_path / "crm.rejected.csv").open(newline="") as file:
        told = [(int(row["line"]), row["reason"]) for row in csv.DictReader(file)]
    assert [(2, "bad_cell"), (3, "bad_cell"), (4, "bad_cell"), (5, "unreadable_row"), (6, "no_identity")] == sorted(
        told
    )
    assert (2, 5) == (done.events, done.rejected)


def test_second_import_changes_nothing(intake: Database, tmp_path: Path) -> None:
    """The same file under the same mapping is known by its content; a grown file gives the old rows their old ids."""
    path = written(tmp_path / "crm.csv", HEADER + "a@example.com;1;Ada;1,8;03.05.2025;\n")
    Importer(intake, PLAN, CRM, path, now=NOW).run()
    again = Importer(intake, PLAN, CRM, path, now=NOW + 1)
    assert again.finished

    written(path, HEADER + "a@example.com;1;Ada;1,8;03.05.2025;\nb@example.com;2;Bob;1,9;04.05.2025;\n")
    Importer(intake, PLAN, CRM, path, now=NOW + 2).run()

    ids = [event.id for event in taken(intake)]
    assert 3 == len(ids)
    assert ids[0] == ids[1] != ids[2]


class Stopped(Exception):
    """The process was killed here."""


@given(st.integers(1, 4))
def test_interrupted_import_goes_on(tmp_path_factory: pytest.TempPathFactory, batches: int) -> None:
    """An import that dies after any batch, mid-write, ends with every row and every reject once."""
    folder = tmp_path_factory.mktemp("import")
    database = SqliteDatabase(folder / "intake.db")
    migrate(database, "intake", now=NOW)
    rows = [f"p{n}@example.com;{n};P;{'x' if n % 1000 == 7 else '1,8'};03.05.2025;" for n in range(4 * BATCH)]
    path = written(folder / "crm.csv", HEADER + "\n".join(rows))
    left = [batches]

    def tell(progress: object) -> None:
        left[0] -= 1
        if not left[0]:
            raise Stopped

    with pytest.raises(Stopped):
        Importer(database, PLAN, CRM, path, now=NOW).run(tell)
    with (folder / "crm.rejected.csv").open("a") as file:
        file.write("99,half a li")

    Importer(database, PLAN, CRM, path, now=NOW).run()

    with (folder / "crm.rejected.csv").open(newline="") as file:
        told = [int(row["line"]) for row in csv.DictReader(file)]
    assert [n + 2 for n in range(4 * BATCH) if n % 1000 == 7] == told
    ids = [event.id for event in taken(database)]
    assert 4 * BATCH - len(told) == len(ids) == len(set(ids))
    database.close()


SALES = Mapping(
    name="shop",
    event="Order Completed",
    channel="web",
    time=When(column="day"),
    identifiers=(Source(column="card", kind="loyalty_id"),),
    properties={"order_id": "bon", "currency": Value(value="EUR")},
    group=Group(
        by=("bon",),
        items={
            "product_id": "sku",
            "quantity": Value(column="n", as_="integer"),
            "price": Value(column="eur", as_="number"),
        },
        sums={"total": Value(column="eur", as_="number")},
    ),
    key=("bon",),
)


@pytest.mark.parametrize("suffix", [".csv", ".jsonl", ".parquet", ".xlsx"])
def test_lines_of_one_order_become_one_event(intake: Database, tmp_path: Path, suffix: str) -> None:
    """Rows that share an order number, even apart, become one order with exact totals in every format."""
    rows = [
        {"bon": "1", "day": "2025-05-03", "card": "77", "sku": "a", "n": 2, "eur": 0.1},
        {"bon": "2", "day": "2025-05-03", "card": "78", "sku": "b", "n": 1, "eur": 5.0},
        {"bon": "1", "day": "2025-05-03", "card": "77", "sku": "c", "n": 1, "eur": 0.2},
    ]
    path = tmp_path / f"till{suffix}"
    save(path, rows)

    Importer(intake, PLAN, SALES, path, now=NOW).run()

    orders = {event.properties["order_id"]: event.properties for event in taken(intake)}
    assert {"1": 0.3, "2": 5.0} == {number: order["total"] for number, order in orders.items()}
    assert [("a", 2), ("c", 1)] == [(item["product_id"], item["quantity"]) for item in orders["1"]["products"]]


def save(path: Path, rows: list[dict[str, Any]]) -> None:
    """Write rows in the format of the file's ending."""
    if path.suffix == ".parquet":
        pq.write_table(pa.Table.from_pylist(rows), path)
    elif path.suffix == ".jsonl":
        path.write_bytes(b"\n".join(msgspec.json.encode(row) for row in rows))
    elif path.suffix == ".xlsx":
        book = openpyxl.Workbook()
        for cells in (list(rows[0]), *[list(row.values()) for row in rows]):
            book.active.append(cells)
        book.save(path)
    else:
        with path.open("w", newline="") as file:
            writer = csv.DictWriter(file, list(rows[0]))
            writer.writeheader()
            writer.writerows(rows)


@pytest.mark.slow
def test_real_retailer(intake: Database, tmp_path: Path) -> None:
    """The drafted mapping of Online Retail takes in every invoice once, with the total that SQL counts."""
    path = SHARED / "data/online_retail/online_retail.parquet"
    if not path.exists():
        pytest.skip(f"{path} is not here")
    few = tmp_path / "online_retail.parquet"
    duckdb.sql(
        f"COPY (SELECT *, Quantity * UnitPrice AS Amount FROM '{path}' WHERE CustomerID IS NOT NULL AND Quantity > 0 "
        f"AND UnitPrice > 0 AND InvoiceNo < '540000') TO '{few}' (FORMAT parquet)"
    )
    expected = dict(duckdb.sql(f"SELECT InvoiceNo, round(sum(Amount), 2) FROM '{few}' GROUP BY 1").fetchall())

    draft = drafted(few)
    done = Importer(intake, PLAN, draft, few, now=NOW).run()

    totals = {event.properties["order_id"]: round(event.properties["total"], 2) for event in taken(intake)}
    assert 0 == done.rejected
    assert expected == totals


def test_draft_reads_back(tmp_path: Path) -> None:
    """A drafted mapping names what it saw, and its YAML is the same mapping."""
    path = written(
        tmp_path / "kunden.csv",
        "Kundennr;E-Mail;Vorname;PLZ;Geburtsdatum;Newsletter\n7;a@example.com;Ada;10115;01.02.1980;ja\n",
    )

    draft = drafted(path)

    assert {("Kundennr", "user_id"), ("E-Mail", "email")} == {(each.column, each.kind) for each in draft.identifiers}
    assert {"first_name": "Vorname", "postcode": "PLZ", "birthday": "Geburtsdatum"} == draft.traits
    assert ["Newsletter"] == [each.column for each in draft.consent]
    assert draft == msgspec.yaml.decode(as_yaml(draft).encode(), type=Mapping)


def test_ambiguous_dates_are_refused() -> None:
    """A date that two of the formats read differently is refused and says so; one that they read alike is taken."""
    both = msgspec.structs.replace(SALES, time=When(column="day", formats=("%d/%m/%Y", "%m/%d/%Y")), group=None)

    with pytest.raises(BadCell, match="reads differently"):
        Mapper(both).wire([{"day": "03/04/2025", "card": "1"}])
    assert "2025-05-05T00:00:00+00:00" == Mapper(both).wire([{"day": "05/05/2025", "card": "1"}])[0]["timestamp"]


def test_columns_must_be_there(intake: Database, tmp_path: Path) -> None:
    """A mapping that names a column which the file lacks is refused before anything is taken in."""
    path = written(tmp_path / "crm.csv", "mail;card\na@example.com;1\n")

    with pytest.raises(UnfitMapping, match="first"):
        Importer(intake, PLAN, CRM, path, now=NOW)
    assert [] == taken(intake)


@pytest.mark.parametrize(
    ("content", "why"),
    [
        (b"", "empty"),
        (b"a;a\n1;2\n", "twice"),
        (b"a\n\x81\x00\xff\x81", "Windows-1252"),
        (b"PK\x03\x04broken", "Windows-1252"),
    ],
)
def test_unreadable_files_say_why(tmp_path: Path, content: bytes, why: str) -> None:
    """An empty file, a doubled column and bytes of no known encoding are each refused with what to do."""
    path = tmp_path / "x.csv"
    path.write_bytes(content + b"\x81" * (why == "Windows-1252"))

    with pytest.raises(UnreadableFile, match=why):
        columns(path, CRM)


def test_unknown_ending_is_refused(tmp_path: Path) -> None:
    """A file of another kind is refused with the endings that are read."""
    with pytest.raises(UnreadableFile, match=r"\.xlsx"):
        columns(written(tmp_path / "x.pdf", "%PDF"), CRM)


def test_broken_json_line_is_told(tmp_path: Path) -> None:
    """One broken line does not spoil its neighbours."""
    path = written(tmp_path / "x.jsonl", '{"a": {"b": 1}}\n{broken\n\n{"a": 2}\n')

    found = list(lines(path, CRM))

    assert [(1, {"a.b": 1}), (4, {"a": 2})] == [line for line in found if isinstance(line[1], dict)]
    assert [2] == [number for number, row in found if isinstance(row, str)]


@given(st.text(st.characters(codec="cp1252", exclude_categories=("Cc",)), min_size=1))
def test_every_text_has_an_encoding(tmp_path_factory: pytest.TempPathFactory, text: str) -> None:
    """Text written as UTF-8 is read back the same, whatever it says."""
    path = written(tmp_path_factory.mktemp("text") / "x.txt", text)

    assert text == path.read_text(encoding=encoding_of(path))


def test_delimiters() -> None:
    """The delimiter is the mark that stands most often outside quotes."""
    assert [";", ",", "\t", "|"] == [delimiter_of(header) for header in ('a;b;"c,d,e,f"', "a,b", "a\tb", "a|b|c")]


def test_watched_file_must_rest(tmp_path: Path) -> None:
    """A file is taken up only when two looks find it unchanged; reject files and others are passed over."""
    path = written(tmp_path / "a.csv", "x\n")
    written(tmp_path / "a.rejected.csv", "x\n")
    written(tmp_path / "notes.md", "x\n")
    seen: dict[Path, tuple[int, float]] = {}

    assert [] == list(at_rest(tmp_path, seen))
    written(path, "x\ny\n")
    assert [] == list(at_rest(tmp_path, seen))
    assert [path] == list(at_rest(tmp_path, seen))


def test_size_is_told_where_it_is_cheap(tmp_path: Path) -> None:
    """A progress bar knows rows of Parquet and CSV, and groups of Parquet; sheets and grouped text are not counted."""
    rows = [{"bon": bon, "day": "2025-05-03", "card": "7", "sku": "a", "n": 1, "eur": 1.0} for bon in ("1", "2", "1")]
    for suffix in (".csv", ".jsonl", ".parquet", ".xlsx"):
        save(tmp_path / f"till{suffix}", [*rows])
    (tmp_path / "till.jsonl").write_bytes((tmp_path / "till.jsonl").read_bytes() + b"\n")
    single = msgspec.structs.replace(SALES, group=None)

    found = {suffix: size(tmp_path / f"till{suffix}", single) for suffix in (".csv", ".jsonl", ".parquet", ".xlsx")}

    assert {".csv": 3, ".jsonl": 3, ".parquet": 3, ".xlsx": None} == found
    assert [2, None] == [size(tmp_path / f"till{suffix}", SALES) for suffix in (".parquet", ".csv")]


def test_draft_of_lines_adds_up_price_by_quantity(tmp_path: Path) -> None:
    """Order lines without an amount are drafted with the sum of price by quantity as the order's total."""
    path = written(tmp_path / "x.csv", "OrderNo,Customer ID,SKU,Qty,Price\n1,c,a,3,0.1\n1,c,b,2,0.25\n")

    (event,) = Mapper(drafted(path)).wire([row for _, row in lines(path, CRM) if isinstance(row, dict)])

    assert 0.8 == event["properties"]["total"]


def test_draft_says_what_it_leaves_to_people(tmp_path: Path) -> None:
    """A draft without a person says so, names the columns it left out, and still reads back as a mapping."""
    told = draft_of(written(tmp_path / "x.csv", "colour,size\nred,1\n"))

    assert "No column seems to name a person" in told
    assert "# Left out, for traits or properties: colour, size." in told
    assert () == msgspec.yaml.decode(told.encode(), type=Mapping).identifiers


def test_folder_and_missing_file_are_told(intake: Database, tmp_path: Path) -> None:
    """A folder, a file that is not there, and a mapping without a person are refused in one sentence each."""
    path = written(tmp_path / "x.csv", "a\n1\n")
    nobody = Mapping(identifiers=())

    for where, mapping, why in (
        (tmp_path, CRM, "is a folder"),
        (tmp_path / "y.csv", CRM, "There is no"),
        (path, nobody, "names no identifiers"),
    ):
        with pytest.raises(BadInput, match=why):
            Importer(intake, PLAN, mapping, where, now=NOW)
