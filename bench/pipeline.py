"""From intake to profiles: how many events a second, against a raw insert of the same rows; and how soon they show."""

import json
import random
import statistics
import tempfile
import threading
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import msgspec
from tests import servers

from bench import Row
from onevoice.adapters.database import Database, connect
from onevoice.wiring.settings import Settings
from onevoice.wiring.stores import Stores
from onevoice.wiring.workspace import now
from onevoice.worker.collector import relax_collector
from onevoice.worker.pipeline import Pipeline
from onevoice.worker.rebuild import Rebuild

EVENTS = 200_000
BATCH = 100
PACE = 10_000  #: events a second of the paced load
SECONDS = 10
COLUMNS = ("seq", "id", "name", "channel", "node", "occurred_at", "received_at", "derived", "body")


def rows() -> Iterator[Row]:
    """Yield the lines of both databases."""
    relax_collector()
    yield from _measured("SQLite", "")
    with servers.postgres() as url:
        yield from _measured("PostgreSQL", f"{url}?schema=bench")


def _measured(name: str, state: str) -> Iterator[Row]:
    with tempfile.TemporaryDirectory(prefix="onevoice-bench-") as home:
        settings = msgspec.structs.replace(Settings(home=home, workspace="bench"), state=state)
        stores = Stores.open(settings)
        stores.intake.append(list(bodies(0, EVENTS)))
        pipeline = Pipeline(stores, settings)
        started = time.perf_counter()
        while pipeline.step():
            pass
        speed = EVENTS / (time.perf_counter() - started)
        raw = _raw(stores, Path(home), state)
        note = f"{EVENTS:,} events of {EVENTS // 20:,} people; up to 20,000 a transaction; one reader ahead"
        yield Row(f"resolve, {name}", f"{speed:,.0f} events/s", f"raw insert {raw:,.0f}/s", f"{speed / raw:.2f}", note)
        yield _visible(name, stores, pipeline)
        if not state:
            yield _replayed(settings)
        pipeline.close()
        stores.close()


def message(rng: random.Random, number: int, people: int) -> dict[str, Any]:
    """Return one message of a shop: six page views to three orders to one login."""
    user, kind = rng.randrange(people), rng.random()
    said: dict[str, Any] = {
        "messageId": f"m{number}",
        "timestamp": f"2026-11-{1 + number % 20:02d}T10:00:00.000Z",
        "anonymousId": f"a{user}.{rng.randrange(2)}",
        "context": {"library": {"name": "analytics.js", "version": "1"}, "page": {"url": "https://shop.example/"}},
    }
    if kind < 0.6:
        return said | {"type": "page", "properties": {"url": "https://shop.example/", "path": "/"}}
    if kind < 0.9:
        line = {"product_id": f"p{user % 500}", "category": f"c{user % 30}", "price": 5, "quantity": 2}
        order = {"order_id": f"o{number}", "total": 10, "currency": "USD", "products": [line]}
        return said | {"type": "track", "userId": f"u{user}", "event": "Order Completed", "properties": order}
    traits = {"email": f"u{user}@shop.example", "first_name": "Ann", "last_name": f"Lee{user}"}
    return said | {"type": "identify", "userId": f"u{user}", "traits": traits}


def bodies(first: int, events: int) -> Iterator[tuple[int, str, int, str, bytes, bytes]]:
    """Yield intake rows of batches of a hundred, as a server sends them."""
    rng = random.Random(first)
    for start in range(first, first + events, BATCH):
        batch = [message(rng, number, EVENTS // 20) for number in range(start, start + BATCH)]
        yield (now(), "bench", 2, "batch", b"{}", json.dumps({"batch": batch}).encode())


def _raw(stores: Stores, home: Path, state: str) -> float:
    """Insert the very rows that the resolver wrote into `events`, in transactions of the same size."""
    kept = [tuple(row) for row in stores.state.stream(f"SELECT {', '.join(COLUMNS)} FROM events ORDER BY seq")]
    other: Database = connect(state or f"sqlite://{home / 'raw.db'}")
    kinds = ("{big}", "TEXT", "TEXT", "TEXT", "{big}", "{big}", "{big}", "{big}", "{bytes}")
    other.script("CREATE TABLE raw (" + ", ".join(f"{a} {b}" for a, b in zip(COLUMNS, kinds, strict=True)) + ")")
    started = time.perf_counter()
    for at in range(0, len(kept), 5_000):
        with other.transaction():
            other.insert("raw", COLUMNS, kept[at : at + 5_000])
    took = time.perf_counter() - started
    other.close()
    return len(kept) / took


def _visible(name: str, stores: Stores, pipeline: Pipeline) -> Row:
    """Put in a paced load and measure, for each batch, how long until its profiles can be read."""
    put: dict[int, float] = {}
    ready = list(bodies(EVENTS, PACE * SECONDS))
    done = threading.Event()

    def load() -> None:
        began = time.perf_counter()
        for number, body in enumerate(ready):
            pause = began + number * BATCH / PACE - time.perf_counter()
            if pause > 0:
                time.sleep(pause)
            stores.intake.append([body])
            put[stores.intake.last()] = time.perf_counter()
        done.set()

    loader = threading.Thread(target=load)
    started = time.perf_counter()
    loader.start()
    waits: list[float] = []
    at = stores.log.cursor("resolve")
    while not done.is_set() or at < stores.intake.last():
        if not pipeline.step():
            time.sleep(0.025)
        upto, seen = stores.log.cursor("resolve"), time.perf_counter()
        waits += [seen - put.get(seq, seen) for seq in range(at + 1, upto + 1)]
        at = upto
    loader.join()
    speed = PACE * SECONDS / (time.perf_counter() - started)
    p99 = statistics.quantiles(waits, n=100)[98] * 1000
    note = f"p50 {statistics.median(waits) * 1000:.0f} ms, {PACE:,}/s offered, {speed:,.0f}/s kept, loader inside"
    return Row(f"event to visible profile, {name}", f"p99 {p99:,.0f} ms", "500 ms", f"{p99 / 500:.2f}", note)


def _replayed(settings: Settings) -> Row:
    started = time.perf_counter()
    with Rebuild(settings) as made:
        for _ in made.replay():
            pass
        found = made.differences().count
        speed = made.events / (time.perf_counter() - started)
    return Row("rebuild --check, SQLite", f"{speed:,.0f} events/s", note=f"{found} differences")
