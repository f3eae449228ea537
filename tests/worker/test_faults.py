"""Every fault has a clear outcome: nothing is lost, nothing happens twice, and work goes on by itself."""

import json
import multiprocessing
import os
import random
import resource
import shutil
import signal
import statistics
import tempfile
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

from onevoice.adapters.database import PostgresDatabase, StoreUnavailable, connect
from onevoice.wiring.settings import Settings
from onevoice.wiring.stores import Stores
from onevoice.worker.listing import Listing
from onevoice.worker.pipeline import Pipeline
from tests.conftest import NOW
from tests.worker.houses import batch, contents, house, resolve, settings_of, story, tell, track, work

fork = multiprocessing.get_context("fork")
#: Workers are forked from a clean process: the lake's threads do not survive a fork of this one.
clean = multiprocessing.get_context("forkserver")
clean.set_forkserver_preload(["tests.worker.houses"])


@pytest.fixture(params=["sqlite", pytest.param("postgres", marks=pytest.mark.postgres)])
def stores(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[Stores]:
    """Yield the stores of an empty workspace, on each database."""
    url = request.getfixturevalue("postgres_url") if request.param == "postgres" else ""
    with house(tmp_path, url, micro_batch=20, export_rows=1) as made:
        yield made


@pytest.fixture
def small(tmp_path: Path) -> Iterator[Stores]:
    """Yield the stores of an empty workspace on SQLite."""
    with house(tmp_path) as made:
        yield made


def finished(stores: Stores) -> bool:
    """Tell whether everything that came in was resolved, listed and exported."""
    cursor = stores.log.cursor
    return cursor("resolve") == stores.intake.last() and cursor("people") == cursor("lake") == stores.log.last() > 0


def exported(stores: Stores) -> list[int]:
    """Return the log numbers in the lake, in order."""
    found = stores.lake.dataset("events")
    assert found is not None
    return sorted(found.to_table(columns=["seq"]).column("seq").to_pylist())


@pytest.mark.slow
def test_kill_9_loses_and_doubles_nothing(stores: Stores, tmp_path: Path) -> None:
    """A worker killed at random moments under load leaves, in the end, exactly what an undisturbed one leaves."""
    told, rng = story(5, 1_500), random.Random(5)
    tell(stores, told[:100], size=5)
    kills = 0
    deadline = time.monotonic() + 120
    for at in range(100, len(told), 100):
        worker = clean.Process(target=work, args=(stores.settings,))
        worker.start()
        tell(stores, told[at : at + 100], size=5)
        time.sleep(rng.uniform(0.02, 0.4))
        worker.kill()
        worker.join()
        kills += 1
    last = clean.Process(target=work, args=(stores.settings,))
    last.start()
    while not finished(stores) and time.monotonic() < deadline:
        time.sleep(0.05)
    last.kill()
    last.join()

    assert finished(stores)
    assert kills == 14
    with house(tmp_path / "calm", micro_batch=20) as calm:
        for at in (0, *range(100, len(told), 100)):
            tell(calm, told[at : at + 100], size=5)
        resolve(calm)
        while Listing(calm, clock=lambda: NOW).step():
            pass
        assert contents(calm) == contents(stores)
        people = "SELECT * FROM people ORDER BY person"
        assert calm.state.query(people) == stores.state.query(people)
    assert list(range(1, stores.log.last() + 1)) == exported(stores)


def test_a_full_store_is_waited_for(small: Stores) -> None:
    """A full disk undoes the batch whole; once there is room the same batch is taken once."""
    pipeline = Pipeline(small, small.settings, clock=lambda: NOW)
    tell(small, [track(number) for number in range(50)])
    assert 50 == pipeline.step()
    before = contents(small)
    pages = small.state.query("PRAGMA page_count")[0][0]
    small.state.query(f"PRAGMA max_page_count = {pages}")
    tell(small, [track(number) for number in range(50, 500)])
    for _ in range(4):
        with pytest.raises(StoreUnavailable, match="full"):
            pipeline.step()
    assert before == contents(small)

    small.state.query("PRAGMA max_page_count = 1000000")
    assert 450 == pipeline.step()
    assert 500 == small.log.last()
    assert [] == small.log.rejected()


def limited(settings: Settings, result: Any) -> None:
    """Resolve under a limit on the size of files, then without it; tell what happened."""
    signal.signal(signal.SIGXFSZ, signal.SIG_IGN)
    stores = Stores.open(settings)
    pipeline = Pipeline(stores, settings, clock=lambda: NOW)
    usual = resource.getrlimit(resource.RLIMIT_FSIZE)
    resource.setrlimit(resource.RLIMIT_FSIZE, (200_000, usual[1]))
    said = []
    try:
        pipeline.step()
    except StoreUnavailable as error:
        said.append(str(error))
    resource.setrlimit(resource.RLIMIT_FSIZE, usual)
    result.put((said, pipeline.step(), stores.log.last()))


def test_a_write_that_the_system_refuses_is_undone(small: Stores) -> None:
    """When the operating system refuses to let the file grow, the batch is undone and later taken whole."""
    tell(small, [track(number) for number in range(2_000)], size=100)
    result = fork.Queue()
    child = fork.Process(target=limited, args=(small.settings, result))
    child.start()
    said, done, last = result.get(timeout=60)
    child.join()

    assert 1 == len(said)
    assert said[0].startswith("The state store answered: ")
    assert (2_000, 2_000) == (done, last)


def as_nobody(call: Callable[[], str], result: Any) -> None:
    """Run something as a user without rights, and tell what came of it."""
    if os.getuid() == 0:
        os.setgid(65534)
        os.setuid(65534)
    try:
        result.put(call())
    except StoreUnavailable as error:
        result.put(f"unavailable: {error}")


def test_a_read_only_folder_is_said_clearly() -> None:
    """Without the right to write, the worker says which store answered what, and changes nothing."""
    home = Path(tempfile.mkdtemp(prefix="onevoice-readonly-"))
    try:
        with house(home) as stores:
            tell(stores, [track(1)])
            settings = stores.settings
        for path in (home, *home.rglob("*")):
            path.chmod(0o555 if path.is_dir() else 0o444)
        result = fork.Queue()

        def call() -> str:
            stores = Stores.open(settings)
            return str(Pipeline(stores, settings).step())

        child = fork.Process(target=as_nobody, args=(call, result))
        child.start()
        said = result.get(timeout=30)
        child.join()
    finally:
        shutil.rmtree(home, ignore_errors=True)

    assert said.startswith("unavailable: The state store")


def test_a_locked_store_is_waited_for(stores: Stores) -> None:
    """While another program holds the store, nothing is done and nothing is rejected; then all is taken once."""
    pipeline = Pipeline(stores, stores.settings, clock=lambda: NOW)
    tell(stores, [track(1)])
    assert 1 == pipeline.step()
    tell(stores, [track(2)])
    other = connect(stores.settings.state_url)
    if isinstance(stores.state, PostgresDatabase):
        stores.state.execute("SET lock_timeout = '100ms'")
    else:
        stores.state.execute("PRAGMA busy_timeout = 100")

    with other.transaction():
        other.execute("UPDATE cursors SET seq = seq WHERE consumer = 'resolve'")
        for _ in range(4):
            with pytest.raises(StoreUnavailable):
                pipeline.step()
    other.close()

    assert 1 == pipeline.step()
    assert ["m1", "m2"] == [one.event.id for one in stores.log.events(0, 9)]
    assert [] == stores.log.rejected()


def test_a_postgres_that_restarts_is_found_again(postgres_url: str, tmp_path: Path) -> None:
    """When the server drops the connection in mid-work, the next step works again and nothing is doubled."""
    with house(tmp_path, postgres_url) as stores:
        pipeline = Pipeline(stores, stores.settings, clock=lambda: NOW)
        tell(stores, [track(1)])
        assert 1 == pipeline.step()
        tell(stores, [track(2)])
        assert isinstance(stores.state, PostgresDatabase)
        pid = stores.state.connection.info.backend_pid
        other = connect(stores.settings.state_url)
        other.query("SELECT pg_terminate_backend(?)", (pid,))
        other.close()
        with pytest.raises(StoreUnavailable):
            pipeline.step()
        assert 1 == pipeline.step()

        assert ["m1", "m2"] == [one.event.id for one in stores.log.events(0, 9)]


def raw(body: bytes) -> Any:
    """Return an intake row with any bytes as its batch."""
    return (NOW, "till", 2, "batch", b"{}", body)


BAD = {
    "deep nesting": b'{"batch":[' + b"[" * 100_000 + b"]" * 100_000 + b"]}",
    "deep object": b'{"batch":[{"type":"track","event":"e","userId":"u","properties":' + b'{"a":' * 5_000 + b"1"
    b"" + b"}" * 5_000 + b"}]}",
    "invalid UTF-8": b'{"batch":[{"type":"track","event":"\xff\xfe","userId":"u"}]}',
    "truncated": b'{"batch":[{"type":"track"',
    "empty": b"",
    "zero bytes": b"\0" * 64,
    "huge number": b'{"batch":[{"type":"track","event":"e","userId":' + b"9" * 4_000 + b"}]}",
}


@pytest.mark.parametrize("body", BAD.values(), ids=BAD.keys())
def test_a_bad_body_is_kept_apart_and_the_log_goes_on(small: Stores, body: bytes) -> None:
    """A body that is no sense is rejected with its bytes; what came before and after it is resolved."""
    small.intake.append([batch([track(1)]), raw(body), batch([track(2)])])
    resolve(small)

    assert {"m1", "m2"} <= {one.event.id for one in small.log.events(0, 9)}
    rows = small.log.rejected()
    assert 1 == len(rows)
    assert rows[0].what.raw in body
    assert "internal_error" != rows[0].what.reason


def test_ten_megabytes_of_json(small: Stores) -> None:
    """A body of ten megabytes is taken event by event; an event over its limit is rejected alone."""
    many = [
        track(number, properties={"order_id": f"o{number}", "total": 1, "note": "x" * 4_000}) for number in range(2_500)
    ]
    body = json.dumps({"batch": many}).encode()
    assert 10_000_000 < len(body) + 1_000_000
    giant = track(9_999, properties={"order_id": "g", "total": 1, "note": "x" * 10_000_000})
    small.intake.append([raw(body), batch([giant]), batch([track(10_000)])])
    resolve(small)

    assert 2_501 == small.log.last()
    assert ["event_too_large"] == [row.what.reason for row in small.log.rejected()]


def test_the_text_that_databases_fear(stores: Stores) -> None:
    """Zero characters, halves of surrogate pairs and numbers beyond 64 bits stop neither store."""
    odd = [
        track(1, userId="nul\0in\0id", properties={"a\0b": "c\0d", "total": 1, "order_id": "1"}),
        track(2, properties={"text": "\ud800 half", "total": 1, "order_id": "2"}),
        track(3, properties={"big": 10**40, "total": 1, "order_id": "3"}),
        track(4, event="Odd \0 Name"),
        track(5, userId="🙂" * 100),
        track(6, timestamp="9999-12-31T23:59:59Z"),
        track(7, timestamp="0001-01-01T00:00:00Z"),
        track(8, properties={"total": "1e400", "order_id": "8"}),
    ]
    for message in odd:
        tell(stores, [message])
    tell(stores, [track(9)])
    resolve(stores)

    assert "m9" in {one.event.id for one in stores.log.events(0, 99)}
    assert len(odd) + 1 == stores.log.last() + len(stores.log.rejected())
    assert "internal_error" not in {row.what.reason for row in stores.log.rejected()}


@pytest.mark.slow
def test_a_hundred_thousand_events_of_one_browser(small: Stores) -> None:
    """One anonymous id with 100,000 events stays one node whose facet counts them all, at an even pace."""
    pages = [
        {"type": "page", "messageId": f"p{n}", "anonymousId": "one", "timestamp": f"2025-12-{1 + n % 28:02d}T10:00:00Z"}
        for n in range(100_000)
    ]
    tell(small, pages, size=1_000)
    pipeline = Pipeline(small, small.settings, clock=lambda: NOW)
    paces = []
    while True:
        started = time.process_time()
        done = pipeline.step()
        if not done:
            break
        paces.append(done / (time.process_time() - started))

    assert [(100_000, 0)] == [(f.count, f.orders) for f in small.profiles.facets([1]).values()]
    assert 1 == len(small.state.query("SELECT node FROM nodes"))
    half = len(paces) // 2
    assert statistics.median(paces[half:]) > statistics.median(paces[:half]) / 3


@pytest.mark.slow
def test_a_merge_of_ten_thousand_identifiers_is_held(small: Stores) -> None:
    """Ten thousand identifiers that want to be one person: bounded components, the log goes on, a notice says so."""
    told = [
        {
            "type": "identify",
            "messageId": f"i{n}",
            "userId": "hub",
            "anonymousId": f"a{n}",
            "timestamp": "2025-12-31T10:00:00Z",
            "traits": {"email": f"e{n}@shop.example"},
        }
        for n in range(5_000)
    ]
    tell(small, told, size=500)
    started = time.process_time()
    resolve(small)
    hub = time.process_time() - started
    tell(small, [track(n) for n in range(1_000)], size=500)
    started = time.process_time()
    resolve(small)

    assert time.process_time() - started < hub
    largest = small.state.query("SELECT max(n) FROM (SELECT count(*) AS n FROM nodes GROUP BY person) AS p")[0][0]
    assert largest <= 1_000
    assert 6_000 == small.state.query("SELECT count(*) FROM events WHERE derived = 0")[0][0]
    notices = {name for (name,) in small.state.query("SELECT DISTINCT name FROM events WHERE derived = 1")}
    assert notices & {"Identity Merge Held", "Identifier Demoted"}


def test_settings_of_a_house_are_plain(tmp_path: Path) -> None:
    """The helper gives settings of one workspace with its changes; other tests rest on it."""
    assert (20, "shop") == ((made := settings_of(tmp_path, micro_batch=20)).micro_batch, made.workspace)
