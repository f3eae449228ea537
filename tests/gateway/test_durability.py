"""What was acknowledged survives; what could not be stored is said to be so, and the gateway recovers by itself."""

import asyncio
import contextlib
import json
import resource
import socket
import sqlite3
import threading
import time
from collections.abc import Sequence
from pathlib import Path

import pytest

from onevoice.domain.errors import Unavailable
from onevoice.gateway.refusals import DiskFull, Overloaded
from onevoice.gateway.writer import MAX_WAITING, MIN_FREE, Row, Writer
from tests.gateway.house import House, basic, client, running

EVENT = {"userId": "u1", "event": "Order Completed"}


def sender(house: House, name: int, sent: list[bytes], acknowledged: list[bytes], stop: threading.Event) -> None:
    """Send numbered batches over one raw connection, as fast as they are answered, until the connection breaks."""
    token = basic(house.write)["authorization"]
    number = 0
    with contextlib.suppress(OSError), socket.create_connection(("127.0.0.1", house.settings.port)) as wire:
        while not stop.is_set():
            number += 1
            ids = [f"{name}-{number}-{at}" for at in range(5)]
            body = json.dumps({"batch": [{**EVENT, "type": "track", "messageId": one} for one in ids]}).encode()
            head = (
                f"POST /v1/batch HTTP/1.1\r\nhost: x\r\nauthorization: {token}\r\ncontent-length: {len(body)}\r\n\r\n"
            )
            sent.append(body)
            wire.sendall(head.encode() + body)
            if not wire.recv(4096).startswith(b"HTTP/1.1 200"):
                return
            acknowledged.append(body)


def test_kill_under_load_loses_nothing_acknowledged(tmp_path: Path) -> None:
    """After kill -9 in the middle of writing, every acknowledged body is there once and byte for byte."""
    house = House(tmp_path)
    sent: list[bytes] = []
    acknowledged: list[bytes] = []
    try:
        for round_ in range(3):
            house.start()
            stop = threading.Event()
            threads = [
                threading.Thread(target=sender, args=(house, 100 * round_ + at, sent, acknowledged, stop))
                for at in range(8)
            ]
            for thread in threads:
                thread.start()
            time.sleep(0.7)
            house.kill()
            stop.set()
            for thread in threads:
                thread.join()
        house.start()
        with client(house) as http:
            assert 200 == http.post("/v1/track", json=EVENT, headers=basic(house.write)).status_code
        stored = [row[4] for row in house.rows()][:-1]
    finally:
        house.stop()

    assert len(acknowledged) > 100
    assert len(set(stored)) == len(stored)
    assert set(acknowledged) <= set(stored) <= set(sent)
    assert [("ok",)] == house.intake.query("PRAGMA integrity_check")


def test_full_disk_is_503_and_heals(tmp_path: Path) -> None:
    """When the disk takes no more, the answer is 503 with Retry-After; when it does again, so does the gateway."""
    with running(tmp_path) as house, client(house) as http:
        processes = children(house.pid)
        body = {"batch": [{**EVENT, "properties": {"x": "y" * 20_000}}] * 20}
        for process in processes:
            resource.prlimit(process, resource.RLIMIT_FSIZE, (1_000_000, resource.RLIM_INFINITY))
        answers = [http.post("/v1/batch", json=body, headers=basic(house.write)) for _ in range(6)]
        for process in processes:
            resource.prlimit(process, resource.RLIMIT_FSIZE, (resource.RLIM_INFINITY, resource.RLIM_INFINITY))
        healed = http.post("/v1/batch", json=body, headers=basic(house.write))

        stored = len(house.rows())
        statuses = [answer.status_code for answer in answers]
        assert {200, 503} == set(statuses)
        refused = next(answer for answer in answers if answer.status_code == 503)
        assert (True, "5") == (
            refused.json()["code"] in {"unavailable", "store_unavailable"},
            refused.headers["retry-after"],
        )
        assert 200 == healed.status_code
        assert statuses.count(200) + 1 == stored


def children(pid: int) -> list[int]:
    """Return a process and those it started."""
    found = [int(one) for one in Path(f"/proc/{pid}/task/{pid}/children").read_text().split()]
    return [pid, *(grandchild for child in found for grandchild in children(child))]


def test_locked_intake_waits_then_goes_on(tmp_path: Path) -> None:
    """While another process holds the lock nothing is acknowledged; once it lets go, what waited is stored."""
    with running(tmp_path) as house, client(house) as http:
        lock = sqlite3.connect(house.settings.intake_url.removeprefix("sqlite://"), isolation_level=None)
        lock.execute("BEGIN IMMEDIATE")
        statuses: list[int] = []
        asking = threading.Thread(
            target=lambda: statuses.append(http.post("/v1/track", json=EVENT, headers=basic(house.write)).status_code)
        )
        asking.start()
        time.sleep(4)
        with client(house) as other:
            newcomer = other.post("/v1/track", json=EVENT, headers=basic(house.write))
        before = (list(statuses), len(house.rows()))
        lock.execute("ROLLBACK")
        asking.join(15)

        assert ([], 0) == before
        assert (503, "overloaded") == (newcomer.status_code, newcomer.json()["code"])
        assert ([200], 1) == (statuses, len(house.rows()))


def test_revoked_key_stops_working(tmp_path: Path) -> None:
    """A revoked key is refused within the seconds that keys are remembered, and a restored one works again."""
    with running(tmp_path) as house, client(house) as http:

        def status() -> int:
            return http.post("/v1/track", json=EVENT, headers=basic(house.write)).status_code

        before = status()
        house.keys.revoke(house.write_key.id, now=1)
        time.sleep(3.2)
        revoked = status()
        house.keys.restore(house.write_key.id)
        time.sleep(3.2)

        assert (200, 401, 200) == (before, revoked, status())


def test_broken_key_store_is_503(tmp_path: Path) -> None:
    """Where nobody can say whether a key lives, the client is asked to come again, never told that it is unknown."""
    with running(tmp_path) as house, client(house) as http:
        house.state.execute("ALTER TABLE keys RENAME TO keys_away")

        answer = http.post("/v1/track", json=EVENT, headers=basic(house.write))
        house.state.execute("ALTER TABLE keys_away RENAME TO keys")
        healed = http.post("/v1/track", json=EVENT, headers=basic(house.write))

        assert (503, "key_store_down", "5") == (
            answer.status_code,
            answer.json()["code"],
            answer.headers["retry-after"],
        )
        assert 200 == healed.status_code


def test_rate_limit(tmp_path: Path) -> None:
    """A key that asks too often gets 429 with whole seconds; another key is not held back."""
    with running(tmp_path, rate_limit=5) as house, client(house) as http:
        answers = [http.post("/v1/track", json=EVENT, headers=basic(house.write)) for _ in range(12)]
        other = http.post("/v1/track", json=EVENT, headers=basic(house.secret))
        time.sleep(1.1)
        later = http.post("/v1/track", json=EVENT, headers=basic(house.write))

        statuses = [answer.status_code for answer in answers]
        assert [200] * 5 == statuses[:5]
        assert 429 in statuses[5:]
        slow = answers[statuses.index(429)]
        assert ("too_fast", "1") == (slow.json()["code"], slow.headers["retry-after"])
        assert (200, 200) == (other.status_code, later.status_code)
        assert len(house.rows()) == statuses.count(200) + 2


class Shelf:
    """An intake in memory that can be told to fail, and keeps the groups it was given."""

    def __init__(self) -> None:
        self.groups: list[list[Row]] = []
        self.error: Exception | None = None
        self.poison = b""
        self.open = threading.Event()
        self.open.set()

    def append(self, rows: Sequence[Row]) -> None:
        """Keep rows, or fail."""
        self.open.wait(10)
        if self.error is not None:
            raise self.error
        if self.poison and any(row[5] == self.poison for row in rows):
            raise ValueError("a row that no store takes")
        self.groups.append(list(rows))


def row(body: bytes) -> Row:
    """Return an intake row."""
    return (1, "k", 1, "track", b"{}", body)


def run(shelf: Shelf, bodies: list[bytes], **given: object) -> list[object]:
    """Hand bodies to a writer at once and return the outcome of each."""

    async def main() -> list[object]:
        writer = Writer(shelf, **given)  # type: ignore[arg-type]
        writer.start()
        shelf.open.clear()
        first = writer.put(row(b"first"))  # holds the thread, so that the others meet in one group
        await asyncio.sleep(0.05)
        waiting = [writer.put(row(body)) for body in bodies]
        shelf.open.set()
        found = await asyncio.gather(first, *waiting, return_exceptions=True)
        await writer.stop()
        assert 0 == writer.waiting_bytes
        return found[1:]

    return asyncio.run(main())


def test_waiting_rows_share_one_commit() -> None:
    """Everything that waits is committed together, in the order in which it came."""
    shelf = Shelf()
    bodies = [b"%d" % at for at in range(500)]

    assert [None] * 500 == run(shelf, bodies)
    assert [[b"first"], bodies] == [[one[5] for one in group] for group in shelf.groups]


def test_failed_commit_tells_everyone_and_the_next_one_works() -> None:
    """A store that fails refuses the whole group; nothing of it is claimed to be stored."""
    shelf = Shelf()
    shelf.error = Unavailable("full")
    assert ["full"] * 3 == [str(one) for one in run(shelf, [b"a", b"b", b"c"])]
    shelf.error = None
    assert [None] == run(shelf, [b"a"])


def test_one_bad_row_does_not_keep_the_others_out() -> None:
    """A row that no store takes fails alone."""
    shelf = Shelf()
    shelf.poison = b"bad"

    found = run(shelf, [b"a", b"bad", b"c"])

    assert [True, False, True] == [one is None for one in found]
    assert isinstance(found[1], Unavailable)
    assert [b"first", b"a", b"c"] == [one[5] for group in shelf.groups for one in group]


def test_too_much_waiting_is_refused_at_once() -> None:
    """Beyond the memory set aside for waiting rows, newcomers are refused instead of queued."""
    shelf = Shelf()
    with pytest.raises(Overloaded):
        run(shelf, [b"x" * (MAX_WAITING + 1), b"y"])


def test_nearly_full_disk_takes_nothing() -> None:
    """The gateway stops before the disk is so full that the worker cannot make room."""
    shelf = Shelf()
    with pytest.raises(DiskFull):
        run(shelf, [b"a"], free=lambda: MIN_FREE - 1)
    assert [] == shelf.groups
