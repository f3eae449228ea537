"""Erasure reaches every place, spares everybody else, and proves itself by brute force."""

from pathlib import Path

import msgspec
import pytest

from onevoice.adapters.database import Database
from onevoice.adapters.erasure import ErasureNotFound, Erasures, TooLate
from onevoice.adapters.lake import Lake
from onevoice.adapters.state.intake import Intake
from onevoice.adapters.state.log import Log
from onevoice.adapters.state.profiles import PersonNotFound, Profiles
from onevoice.adapters.state.search import Search
from onevoice.adapters.traces import columns, tables
from onevoice.collect.keys import keys_of
from onevoice.domain.event import Rejected
from onevoice.domain.identifier import Trust
from onevoice.profile.facet import Facets, fold
from onevoice.profile.redaction import mentions, remainder
from tests.state.settling import START, body, event, settle

ANN, ANN_CARD, ANN_PHONE = "ann.lee@example.com", "CARD-778899", "+12025550101"
BOB = "bob.ray@example.com"
NOW = START + 10**12

HISTORY = [
    event(
        1, "Identify", ("user_id", "ann-77"), ("email", ANN), traits={"name": "Ann Lee", "email": "Ann.Lee@Example.com"}
    ),
    event(2, "Order Completed", ("email", ANN), ("loyalty_id", ANN_CARD), properties={"total": 20, "currency": "USD"}),
    event(3, "Page Viewed", ("anonymous_id", "anon-ann-1"), ("email", ANN), trust=Trust.CLAIMED),
    event(4, "Consent Granted", ("email", ANN), properties={"channel": "email"}),
    event(5, "Identify", ("user_id", "bob-88"), ("email", BOB), traits={"name": "Bob Ray"}),
    event(
        6,
        "Note Added",
        ("email", BOB),
        properties={"text": f"Shares a flat with {ANN.upper()}\nand joann.lee@example.com"},
        traits={"flatmate": ANN},
    ),
    event(7, "Order Completed", ("email", BOB), properties={"total": 9, "currency": "USD"}),
]


@pytest.fixture
def shop(database: Database) -> Database:
    """Return a store with Ann, Bob who mentions her, a backlog and rejects."""
    settle(database, HISTORY)
    intake = Intake(database)
    intake.append(
        [(NOW, "shop", 2, "batch", b"{}", body(*HISTORY)), (NOW, "shop", 2, "track", b"{}", body(HISTORY[0]))]
    )
    Log(database).reject([Rejected(reason="bad_id", detail="x", received_at=NOW, raw=f'{{"e":"{ANN}"}}'.encode())])
    Log(database).reject([Rejected(reason="bad_id", detail="x", received_at=NOW, raw=f'{{"e":"{BOB}"}}'.encode())])
    return database


def dump(database: Database) -> str:
    """Return everything in every table as one text, by reading it all."""
    rows = [(table, row) for table in tables(database) for row in database.query(f"SELECT * FROM {table}")]
    cells = [bytes(cell).decode("utf-8", "replace") if isinstance(cell, bytes | memoryview) else str(cell)
             for _, row in rows for cell in row]  # fmt: skip
    return "\n".join(cells).lower()


def ann(database: Database) -> str:
    """Return Ann's person id."""
    return Profiles(database).lookup("email", ANN).person


def test_nothing_of_the_person_is_left_anywhere(shop: Database) -> None:
    """After an erasure no table holds the address, card, names or ids, found by reading every cell."""
    person = ann(shop)
    assert all(text in dump(shop) for text in (ANN, ANN_CARD.lower(), "ann-77", "anon-ann-1", person))

    receipt = Erasures(shop, shop).erase(person, now=NOW, actor="kim")

    everything = dump(shop).replace("joann.lee@example.com", "")
    assert [] == [text for text in (ANN, ANN_CARD.lower(), "ann-77", "anon-ann-1", person) if text in everything]
    assert {} == receipt.left
    assert {"events": 4, "people": 1, "consents": 1, "intake": 2, "rejected": 1}.items() <= receipt.removed.items()
    assert {"events": 1} == receipt.redacted


def test_everybody_else_stays(shop: Database) -> None:
    """Other people keep their events, figures, backlog and rejects; only the mention is taken out."""
    before = Profiles(shop).lookup("email", BOB)
    Erasures(shop, shop).erase(ann(shop), now=NOW, actor="kim")
    after = Profiles(shop).lookup("email", BOB)

    assert (before.events, before.orders, before.revenue) == (after.events, after.orders, after.revenue)
    assert "Shares a flat with [erased]\nand joann.lee@example.com" == after.notes[0].text
    assert "[erased]" == after.value("flatmate")
    assert ["Bob Ray"] == [one.name for one in Profiles(shop).people.page()]
    assert [] == Search(shop).find(ANN)
    kept = [
        one["id"]
        for row in shop.query("SELECT body FROM intake")
        for one in msgspec.json.decode(bytes(row[0]))["batch"]
    ]
    assert ["m5", "m7"] == kept
    assert [f'{{"e":"{BOB}"}}'.encode()] == [bytes(raw) for (raw,) in shop.query("SELECT raw FROM rejected")]


def test_facets_equal_a_replay_of_what_the_log_still_has(shop: Database) -> None:
    """After an erasure the log and the facets agree: folding the log again gives the facets in the store."""
    Erasures(shop, shop).erase(ann(shop), now=NOW, actor="kim")
    replayed = Facets()
    for logged in Log(shop).events(0, 1_000):
        fold(replayed, logged.node, logged.event)
    nodes = [node for (node,) in shop.query("SELECT node FROM facets")]

    assert dict(replayed.changed()) == {n: f for n, f in Profiles(shop).facets(nodes).items() if f.count}


def test_a_file_imported_again_does_not_bring_the_person_back(shop: Database) -> None:
    """The hashes of what was erased stay, so the same events are copies for ever."""
    Erasures(shop, shop).erase(ann(shop), now=NOW, actor="kim")

    assert [False] * len(HISTORY) == Log(shop).unseen([keys_of(one) for one in HISTORY])


def test_the_lake_and_the_mailbox_are_reached(shop: Database, tmp_path: Path) -> None:
    """Rows leave the lake with its old versions, others' rows lose the mention there too, and copies of mails go."""
    lake = Lake(str(tmp_path / "lake"))
    lake.append_events([(one.seq, one.node, one.event) for one in Log(shop).events(0, 1_000)])
    mails = tmp_path / "mailbox"
    mails.mkdir()
    (mails / "1").write_text(f"To: {ANN}\n\nHello")
    (mails / "2").write_text(f"To: {BOB}\n\nHello")

    receipt = Erasures(shop, shop, lake, [mails]).erase(ann(shop), now=NOW, actor="kim")

    assert {} == receipt.left
    assert (4, 1) == (receipt.removed["lake.events"], receipt.removed["files"])
    assert ["2"] == [path.name for path in mails.iterdir()]
    dataset = lake.dataset("events")
    assert dataset is not None
    bodies = dataset.to_table().column("body").to_pylist()
    assert 3 <= len(bodies)
    assert not any(mentions(one, [ANN]) for one in bodies)
    assert any("[erased]" in one for one in bodies)


def test_sqlite_overwrites_what_is_erased(tmp_path: Path, shop: Database) -> None:
    """The bytes of the database file hold no trace, not even in its free pages."""
    if shop.dialect != "sqlite":
        pytest.skip("PostgreSQL's own vacuum frees its pages.")
    Erasures(shop, shop).erase(ann(shop), now=NOW, actor="kim")
    files = [path for path in tmp_path.iterdir() if path.name.startswith("state.db")]

    assert [] == [path.name for path in files if mentions(path.read_bytes(), [ANN, ANN_CARD.lower()])]
    assert any(BOB.encode() in path.read_bytes() for path in files)


def test_a_scheduled_erasure_can_be_taken_back(shop: Database) -> None:
    """Until it is due it waits and can be cancelled; then nothing happens."""
    erasures = Erasures(shop, shop)
    asked = erasures.ask(ann(shop), now=NOW, due_at=NOW + 100, actor="kim")

    assert ([], [asked.id]) == (erasures.due(NOW + 99), erasures.due(NOW + 100))
    erasures.cancel(asked.id)
    assert [] == erasures.due(NOW + 100)
    assert "cancelled" == erasures.get(asked.id).state
    with pytest.raises(TooLate):
        erasures.carry_out(asked.id, now=NOW + 100)
    assert ANN in dump(shop)


def test_an_interrupted_erasure_goes_on(shop: Database) -> None:
    """After a crash between two places the request is due again and knows its target still."""
    erasures = Erasures(shop, shop)
    asked = erasures.ask(ann(shop), now=NOW, due_at=NOW, actor="kim")
    erasures.backlog = _Broken()  # type: ignore[assignment]
    with pytest.raises(ConnectionError):
        erasures.carry_out(asked.id, now=NOW)

    assert "running" == erasures.get(asked.id).state
    assert [asked.id] == erasures.due(NOW)
    receipt = Erasures(shop, shop).carry_out(asked.id, now=NOW)
    assert ({}, 2) == (receipt.left, receipt.removed["intake"])
    assert ("done", "") == (erasures.get(asked.id).state, erasures.get(asked.id).person)


def test_an_interrupted_erasure_still_rewrites_the_lake(shop: Database, tmp_path: Path) -> None:
    """What was redacted before the crash is taken out of the lake after it."""
    lake = Lake(str(tmp_path / "lake"))
    lake.append_events([(one.seq, one.node, one.event) for one in Log(shop).events(0, 1_000)])
    asked = Erasures(shop, shop).ask(ann(shop), now=NOW, due_at=NOW, actor="kim")
    with pytest.raises(ConnectionError):
        Erasures(shop, _Broken(), lake).carry_out(asked.id, now=NOW)  # type: ignore[arg-type]

    Erasures(shop, shop, lake).carry_out(asked.id, now=NOW)

    dataset = lake.dataset("events")
    assert dataset is not None
    assert not any(mentions(one, [ANN]) for one in dataset.to_table().column("body").to_pylist())


class _Broken:
    dialect = "sqlite"

    def query(self, *_: object) -> list[object]:
        return []

    def transaction(self) -> object:
        raise ConnectionError


def test_what_cannot_be_erased_is_refused(shop: Database) -> None:
    """An unknown person, an unknown request, and one that is done."""
    erasures = Erasures(shop, shop)
    erasures.erase(ann(shop), now=NOW, actor="kim")

    with pytest.raises(PersonNotFound):
        erasures.ask("nobody", now=NOW, due_at=NOW, actor="kim")
    with pytest.raises(ErasureNotFound):
        erasures.cancel(99)
    with pytest.raises(TooLate):
        erasures.cancel(1)


def test_the_scan_reports_what_it_finds(shop: Database) -> None:
    """A place that erasure does not clear is named in the receipt, so a proof is never a mere promise."""
    shop.insert(
        "definitions",
        ("kind", "name", "version", "body", "created_at", "created_by"),
        [("audience", "test", 1, f'{{"email":"{ANN}"}}'.encode(), NOW, "kim")],
    )

    assert {"definitions": 1} == Erasures(shop, shop).erase(ann(shop), now=NOW, actor="kim").left


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("to ANN.LEE@example.com.", True),
        ("\\nann.lee@example.com", True),
        ("joann.lee@example.com", False),
        ("x.ann.lee@example.com", False),
        ("ann.lee@example.community", False),
    ],
)
def test_a_mention_is_the_whole_address(text: str, expected: bool) -> None:
    """Another's longer address is not mistaken for the person's."""
    assert expected is mentions(text, ["ann.lee@example.com"])


def test_bodies_keep_what_is_others() -> None:
    """Of a batch or an emitted list only the person's items go; what cannot be read goes whole."""
    items = [{"userId": "ann-778899"}, {"userId": "bob"}]

    assert {"batch": [{"userId": "bob"}]} == msgspec.json.decode(
        remainder(msgspec.json.encode({"batch": items}), ["ann-778899"])
    )
    assert [{"userId": "bob"}] == msgspec.json.decode(remainder(msgspec.json.encode(items), ["ann-778899"]))
    assert b"" == remainder(msgspec.json.encode(items[0]), ["ann-778899"])
    assert b"" == remainder(b"\xff{", ["ann-778899"])


def test_every_table_is_scanned(shop: Database) -> None:
    """The scan knows every table and the kind of each of its columns."""
    assert {"events", "nodes", "facets", "people_terms", "intake"} <= set(tables(shop))
    assert {"seq": "number", "name": "text", "body": "bytes"}.items() <= columns(shop, "events").items()
