"""The door: batches and single events acknowledged when durable, beside a raw insert and a bare handler."""

import contextlib
import json
import os
import re
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import httpx
from tests import servers
from tests.gateway.house import SERVER, House, basic, running

from bench import Row
from onevoice.adapters.database import Database
from onevoice.wiring.settings import Settings
from onevoice.wiring.workspace import open_intake

SECONDS = float(os.environ.get("BENCH_SECONDS", "5"))
#: Connections that are busy at the same time.
BATCHING = 32
SINGLE = 64

ITEM = {
    "type": "track",
    "event": "Order Completed",
    "userId": "user-000000001",
    "anonymousId": "5c1f2ab0-7d0e-4c39-9f2b-3cf7d2a0c1de",
    "messageId": "ajs-next-1767225600000-5c1f2ab0-7d0e-4c39-9f2b",
    "timestamp": "2026-01-01T00:00:00.000Z",
    "properties": {"order_id": "o-1", "total": 12.5, "currency": "EUR", "products": [{"sku": "a", "price": 12.5}]},
    "context": {
        "library": {"name": "analytics.js", "version": "next-1.84.3"},
        "page": {"url": "https://shop.example/"},
    },
}


def request(path: str, body: bytes, token: str) -> bytes:
    """Return a whole HTTP request."""
    head = f"POST {path} HTTP/1.1\r\nhost: bench\r\nauthorization: {basic(token)['authorization']}\r\n"
    return f"{head}content-type: application/json\r\ncontent-length: {len(body)}\r\n\r\n".encode() + body


def load(port: int, messages: list[bytes], connections: int) -> dict[str, Any]:
    """Run the client in a process of its own."""
    with tempfile.NamedTemporaryFile() as file:
        Path(file.name).write_text(json.dumps([message.decode("latin-1") for message in messages]))
        command = [sys.executable, "-m", "bench.load", str(port), file.name, str(connections), str(SECONDS)]
        found = json.loads(subprocess.run(command, check=True, capture_output=True).stdout)
    if found["bad"]:
        raise SystemExit(f"the gateway refused: {found['first_bad']}")
    return dict(found)


def raw_inserts(database: Database, body: bytes, group: int) -> float:
    """Return rows a second when the same bytes are inserted in transactions of the same size, and nothing else."""
    row = (1_767_225_600_000_000, "0123456789ab", 1, "batch", b'{"ip":"127.0.0.1"}', body)
    columns = ("received_at", "key", "trust", "path", "meta", "body")
    rows, done, started = [row] * max(1, group), 0, time.perf_counter()
    while time.perf_counter() - started < SECONDS / 2:
        with database.transaction():
            database.insert("intake", columns, rows)
        done += len(rows)
    return done / (time.perf_counter() - started)


def group_size(house: House) -> float:
    """Return how many bodies one commit held."""
    text = httpx.get(f"{house.url}/metrics", trust_env=False).text
    found = {name: float(re.search(rf"^onevoice_{name} (\S+)$", text, re.MULTILINE)[1]) for name in NAMES}  # type: ignore[index]
    return found[NAMES[0]] / found[NAMES[1]]


NAMES = ("commit_rows_total", "commit_seconds_count")


@contextlib.contextmanager
def bare() -> Iterator[int]:
    """Yield the port of a handler that does nothing."""
    port = servers.free_port()
    command = [sys.executable, *SERVER, "--port", str(port), "bench.bare:app"]
    command.remove("--factory")
    server = subprocess.Popen(command)
    try:
        servers.wait_for(port)
        yield port
    finally:
        server.terminate()
        server.wait(20)


def settings_of(store: str, folder: Path, stack: contextlib.ExitStack) -> dict[str, str]:
    """Return the settings that choose a store."""
    if store == "SQLite":
        return {}
    return {"state": stack.enter_context(servers.postgres()) + "?schema=bench"}


def measured(store: str) -> Iterator[Row]:
    """Yield the rows of one store."""
    batch = json.dumps({"batch": [ITEM] * 100}, separators=(",", ":")).encode()
    single = json.dumps(ITEM, separators=(",", ":")).encode()
    with contextlib.ExitStack() as stack:
        folder = Path(stack.enter_context(tempfile.TemporaryDirectory()))
        house = stack.enter_context(running(folder / "house", **settings_of(store, folder, stack)))
        load_of = lambda path, body, many: load(house.settings.port, [request(path, body, house.write)], many)  # noqa: E731
        found = load_of("/v1/batch", batch, BATCHING)
        events = found["answered"] * 100 / found["seconds"]
        group = group_size(house)
        raw = raw_inserts(_aside(house.settings, folder), batch, round(group)) * 100
        note = f"{store}; {len(batch):,} B a batch, p99 {found['p99']} ms, {group:.1f} batches a commit"
        yield Row(
            "batches of 100, durable", f"{events:,.0f} events/s", f"raw insert {raw:,.0f}", f"{events / raw:.2f}", note
        )
        found = load_of("/v1/track", single, SINGLE)
        rate = found["answered"] / found["seconds"]
        with bare() as port:
            nothing = load(port, [request("/v1/track", single, house.write)], SINGLE)
        most = nothing["answered"] / nothing["seconds"]
        note = f"{store}; {len(single)} B, p50 {found['p50']} ms, p99 {found['p99']} ms"
        yield Row(
            "single events, durable", f"{rate:,.0f} requests/s", f"bare ASGI {most:,.0f}", f"{rate / most:.2f}", note
        )


def _aside(settings: Settings, folder: Path) -> Database:
    """Open another empty intake of the same kind."""
    if settings.state:
        return open_intake(Settings(home=str(folder / "aside"), state=settings.state + "_raw"))
    return open_intake(Settings(home=str(folder / "aside")))


def rows() -> Iterator[Row]:
    """Yield every row."""
    for store in os.environ.get("BENCH_STORES", "SQLite,PostgreSQL").split(","):
        yield from measured(store)
