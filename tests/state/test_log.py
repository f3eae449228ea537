"""The log keeps events in one order, once each."""

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from onevoice.adapters.database import Database, SqliteDatabase
from onevoice.adapters.migrations import migrate
from onevoice.adapters.state.log import Log
from onevoice.adapters.state.seen import Seen
from onevoice.collect.keys import hashed, keys_of
from onevoice.domain.event import Event
from onevoice.domain.identifier import Identifier
from tests.conftest import NOW


def event(number: int, *, channel: str = "web", at: int = NOW, source: str = "site") -> Event:
    """Return a small event."""
    return Event(
        id=f"m{number}",
        name="Product Viewed",
        channel=channel,
        occurred_at=at,
        received_at=at,
        identifiers=(Identifier("user_id", "u1"),),
        properties={"price": 9.5, "name": "Größe"},
        source=source,
    )


def key(name: str) -> str:
    """Return a real key for a short name."""
    return hashed(name.encode())


def test_unseen_catches_stored_and_batch_copies(database: Database) -> None:
    """A key in the log, in an earlier event of the batch, or in a copy within the batch makes an event a copy."""
    log = Log(database)
    log.append([(event(1), 7, (key("a"), key("x")), b"")], 1)
    asked = [("b", "x"), ("c", "y"), ("d", "y"), ("e", "d"), ("f",)]

    assert [False, True, False, False, True] == log.unseen([tuple(map(key, own)) for own in asked])


@given(st.lists(st.lists(st.sampled_from("abcdefgh"), min_size=1, max_size=3), max_size=12), st.integers(1, 5))
def test_unseen_is_what_a_plain_set_says(facts: list[list[str]], size: int) -> None:
    """However events are cut into batches, exactly those pass that a set of all keys before them lets pass."""
    database = SqliteDatabase(":memory:")  # type: ignore[arg-type]
    migrate(database, "state", now=NOW)
    log, taken, expected, found = Log(database), set[str](), [], []
    for own in facts:
        expected.append(taken.isdisjoint(own))
        taken.update(own)
    for at in range(0, len(facts), size):
        batch = [tuple(map(key, own)) for own in facts[at : at + size]]
        fresh = log.unseen(batch)
        pairs = [(event(at + number), own) for number, own in enumerate(batch)]
        log.append([(one, 1, own, b"") for (one, own), new in zip(pairs, fresh, strict=True) if new], log.last() + 1)
        log.link([pair for pair, new in zip(pairs, fresh, strict=True) if not new])
        found += fresh

    assert expected == found
    assert sum(expected) == log.last()
    database.close()


def test_rolled_back_keys_are_free_again(database: Database) -> None:
    """Keys of a transaction that failed are not taken: their events are not lost when the batch is tried again."""
    log = Log(database)
    log.append([(event(1), 7, (key("a"),), b"")], 1)
    with pytest.raises(RuntimeError), database.transaction():
        log.append([(event(2), 7, (key("b"),), b"")], 2)
        raise RuntimeError

    assert [False, True] == log.unseen([(key("a"),), (key("b"),)])
    with pytest.raises(RuntimeError), database.transaction():
        log.append([(event(2), 7, (key("b"),), b"")], 2)
        raise RuntimeError
    log.append([(event(3), 7, (key("c"),), b"")], 2)
    assert [False, True, False] == log.unseen([(key("a"),), (key("b"),), (key("c"),)])


def test_keys_outlive_the_process(database: Database) -> None:
    """Another log over the same store knows the keys, also of what is written later through the first."""
    one, two = Log(database), Log(database)
    one.append([(event(1), 7, (key("a"),), b"")], 1)
    before = two.unseen([(key("a"),), (key("b"),)])
    one.append([(event(2), 7, (key("b"),), b"")], 2)

    assert ([False, True], [False, False]) == (before, two.unseen([(key("a"),), (key("b"),)]))


def test_many_small_rows_are_written_together(database: Database) -> None:
    """A load of very many small batches writes them as few, and forgets none."""
    first = Seen(database)
    for number in range(10):
        first.add({key(str(number)): number})
    again = Seen(database, many=3, together=4)
    wanted = [key(str(number)) for number in range(12)]

    assert {key(str(number)): number for number in range(10)} == again.find(wanted)
    assert [(3,)] == database.query("SELECT count(*) FROM seen")
    again.add({key("10"): 10})
    assert {key("10"): 10} == Seen(database).find([key("10"), key("11")])


def test_a_large_history_is_searched_rightly(database: Database) -> None:
    """Among thousands of keys in many runs each is found with its event, and no other."""
    store = Seen(database)
    for at in range(0, 5_000, 500):
        store.add({key(f"k{number}"): number for number in range(at, at + 500)})

    assert {key(f"k{number}"): number for number in range(0, 5_000, 7)} == store.find(
        [key(f"k{number}") for number in range(0, 5_000, 7)] + [key(f"z{number}") for number in range(500)]
    )


def test_append_and_read_back(database: Database) -> None:
    """Events come back as they went in, numbered densely, after a number."""
    log = Log(database)
    first, second = event(1), event(2)
    log.append([(one, 7 + number, keys_of(one), b"") for number, one in enumerate((first, second))], 1)

    assert 2 == log.last()
    assert [(1, 7, first), (2, 8, second)] == [(row.seq, row.node, row.event) for row in log.events(0, 10)]
    assert [2] == [row.seq for row in log.events(1, 10)]
    assert [1] == [row.seq for row in log.events(0, 1)]
    assert second == getattr(log.find("m2", [7, 8]), "event", None)
    assert log.find("m2", [7]) is None
    assert log.find("m2", []) is None


def test_copies_are_counted_with_their_first(database: Database) -> None:
    """A copy is counted by source with the event it repeats, and its further keys lead there too."""
    log = Log(database)
    log.append([(event(1), 7, (key("a"), key("order")), b"")], 1)
    copies = [event(2, source="till", at=NOW + 1), event(3, source="till", at=NOW)]
    log.link([(copies[0], (key("b"), key("order"), key("sale"))), (copies[1], (key("c"), key("sale")))])
    log.link([(event(4, source="import", at=NOW + 5), (key("d"), key("sale"))), (event(5), (key("e"),))])
    log.link([(event(6, source="till", at=NOW - 9), (key("b"),))])
    log.link([])

    assert [("import", 1, NOW + 5), ("till", 3, NOW + 1)] == log.duplicates(1)
    assert [False, True] == log.unseen([(key("c"),), (key("e"),)])


def test_cursors_move_with_the_transaction(database: Database) -> None:
    """A consumer's place commits with its work or not at all."""
    log = Log(database)
    log.move("resolver", 5, NOW)
    with pytest.raises(RuntimeError), database.transaction():
        log.move("resolver", 9, NOW)
        raise RuntimeError

    assert (5, 0) == (log.cursor("resolver"), log.cursor("nobody"))
    log.move("exporter", 1, NOW + 1)
    log.move("resolver", 6, NOW + 2)
    assert [("exporter", 1, NOW + 1), ("resolver", 6, NOW + 2)] == log.cursors()


def test_timeline_pages_through_everything_once(database: Database) -> None:
    """Pages of a timeline over several nodes, newest first, hold every event once, ties in the order of the log."""
    log = Log(database)
    rows = [
        (
            event(number, at=NOW + number % 4, channel=("web", "store")[number % 3 == 0]),
            number % 3,
            (key(str(number)),),
            b"",
        )
        for number in range(1, 21)
    ]
    log.append(rows, 1)
    wanted = sorted(
        ((one.occurred_at, seq) for seq, (one, node, *_) in enumerate(rows, 1) if node in {0, 2}), reverse=True
    )
    pages: list[list[tuple[int, int]]] = []
    before: tuple[int, int] | None = None
    while page := log.of_nodes([0, 2], before, 4):
        pages.append([(row.event.occurred_at, row.seq) for row in page])
        before = pages[-1][-1]

    assert wanted == [place for page in pages for place in page]
    assert [4, 4, 4, 1] == [len(page) for page in pages]


def test_timeline_of_one_channel(database: Database) -> None:
    """A timeline may be of one channel only; of no nodes it is empty."""
    log = Log(database)
    log.append([(event(1, channel="web"), 1, (), b""), (event(2, channel="store"), 1, (), b"")], 1)

    assert [["m2"], []] == [
        [row.event.id for row in log.of_nodes(nodes, None, 9, "store")] for nodes in ([1], list[int]())
    ]


def test_stored_bodies_are_plain_json(database: Database) -> None:
    """The body of an event is JSON that any tool reads."""
    log = Log(database)
    log.append([(event(1), 7, (), b"")], 1)
    ((body, derived),) = database.query("SELECT body, derived FROM events")

    assert ({"price": 9.5, "name": "Größe"}, 0) == (msgspec.json.decode(body)["properties"], derived)
