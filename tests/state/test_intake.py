"""The intake keeps what was acknowledged, in order, until it is resolved."""

import threading

import msgspec
import pytest

from onevoice.adapters.database import Database
from onevoice.adapters.state.intake import Acknowledged, Intake
from onevoice.collect.packet import read
from onevoice.domain.event import Event
from onevoice.domain.identifier import Identifier, Trust
from onevoice.domain.packet import Packet
from tests.collect.speech import PLAN
from tests.conftest import NOW


def row(body: bytes, at: int = NOW) -> Acknowledged:
    """Return an intake row."""
    return (at, "site", 1, "track", b'{"ip":"203.0.113.9"}', body)


def test_packets_come_back_in_order(database: Database) -> None:
    """What was appended is read back as packets, after a number, in order."""
    intake = Intake(database)
    intake.append([row(b"one"), row(b"two\0\xff")])
    intake.append([row(b"three")])
    packets = intake.read(0, 10, 1_000)

    assert (
        Packet(
            seq=packets[0].seq,
            received_at=NOW,
            key="site",
            trust=Trust.CLAIMED,
            path="track",
            meta={"ip": "203.0.113.9"},
            body=b"one",
        )
        == packets[0]
    )
    assert [b"one", b"two\0\xff", b"three"] == [packet.body for packet in packets]
    assert [b"three"] == [packet.body for packet in intake.read(packets[1].seq, 10, 1_000)]
    assert packets[2].seq == intake.last()


@pytest.mark.parametrize(("limit", "size", "expected"), [(2, 1_000, 2), (9, 10, 2), (9, 9, 1), (9, 1, 1), (9, 15, 3)])
def test_reading_is_bounded_by_rows_and_bytes(database: Database, limit: int, size: int, expected: int) -> None:
    """A read takes as many packets as fit both limits, and one in any case, so that nothing large blocks the way."""
    intake = Intake(database)
    intake.append([row(b"x" * 5) for _ in range(3)])

    assert expected == len(intake.read(0, limit, size))


def test_empty_intake(database: Database) -> None:
    """An empty intake has nothing to read."""
    intake = Intake(database)
    intake.append([])

    assert ([], 0) == (intake.read(0, 10, 10), intake.last())


def test_pruning_needs_both_resolved_and_old(database: Database) -> None:
    """A row goes only if it is resolved and old enough."""
    intake = Intake(database)
    intake.append([row(b"old", NOW - 9), row(b"new"), row(b"old again", NOW - 9)])
    last = intake.last()

    assert 1 == intake.prune(last, NOW)
    assert [b"new", b"old again"] == [packet.body for packet in intake.read(0, 10, 1_000)]


def test_numbers_are_never_used_again(database: Database) -> None:
    """After everything was pruned numbers go on, so that no cursor is ever ahead of them."""
    intake = Intake(database)
    intake.append([row(b"one"), row(b"two")])
    last = intake.last()
    intake.prune(last + 1, NOW + 1)
    intake.append([row(b"three")])

    assert last + 1 == intake.last()


def test_emitted_events_come_back_as_they_were(database: Database) -> None:
    """What the house says goes through the intake unchanged, in packets of a thousand, in order."""
    events = [
        Event(
            id=f"e{number}",
            name="Tag Added",
            occurred_at=5,
            received_at=NOW,
            source="console",
            identifiers=(Identifier("email", "a@b.de", Trust.VERIFIED),),
            properties={"tag": "é"},
        )
        for number in range(1_001)
    ]
    Intake(database).emit(events, "console", NOW)
    Intake(database).emit([], "console", NOW)
    packets = Intake(database).read(0, 10, 1 << 30)

    assert 2 == len(packets)
    assert events == [answer for packet in packets for answer in read(packet, PLAN)]


def test_order_of_numbers_is_order_of_commits(database: Database) -> None:
    """However many writers there are, a reader that follows the numbers misses no row."""
    intake, done = Intake(database), threading.Event()

    def write(name: int) -> None:
        for number in range(20):
            intake.append([row(msgspec.json.encode([name, number]))])
        database.close()

    writers = [threading.Thread(target=write, args=(name,)) for name in range(3)]
    for writer in writers:
        writer.start()
    threading.Thread(target=lambda: [[writer.join() for writer in writers], done.set()]).start()
    seen: list[bytes] = []
    after = 0
    while True:
        finished = done.is_set()
        packets = intake.read(after, 7, 1_000)
        seen += [packet.body for packet in packets]
        after = packets[-1].seq if packets else after
        if finished and not packets:
            break

    assert {msgspec.json.encode([name, number]) for name in range(3) for number in range(20)} == set(seen)
    assert 60 == len(seen)
