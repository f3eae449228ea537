"""Workspaces to test the worker in: stores on either database, and words for them to hear."""

import contextlib
import itertools
import json
import random
import time
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any

import msgspec

from onevoice.adapters.database import PostgresDatabase
from onevoice.wiring.settings import Settings
from onevoice.wiring.stores import Stores
from onevoice.worker.exporter import Exporter
from onevoice.worker.listing import Listing
from onevoice.worker.pipeline import Pipeline
from tests.conftest import NOW

_numbers = itertools.count(1)

#: Tables that two honest runs over the same intake must agree on, and the columns that may differ.
COMPARED = ("events", "nodes", "edges", "persons", "households", "facets", "consents")


def settings_of(home: Path, **changes: Any) -> Settings:
    """Return settings of a workspace in a folder."""
    return msgspec.structs.replace(Settings(home=str(home), workspace="shop"), **changes)


@contextlib.contextmanager
def house(home: Path, postgres: str = "", **changes: Any) -> Iterator[Stores]:
    """Yield the stores of a new workspace, on SQLite or in a schema of its own on PostgreSQL."""
    schema = f"worker{next(_numbers)}"
    if postgres:
        changes["state"] = f"{postgres}?schema={schema}"
    stores = Stores.open(settings_of(home, **changes))
    try:
        yield stores
    finally:
        if isinstance(stores.state, PostgresDatabase):
            stores.state.execute(f"DROP SCHEMA {schema} CASCADE")
        stores.close()


def batch(messages: Sequence[dict[str, Any]], *, trust: int = 2, key: str = "till", path: str = "batch") -> Any:
    """Return an intake row with a batch of messages."""
    return (NOW, key, trust, path, b"{}", json.dumps({"batch": list(messages)}).encode())


def track(number: int, **changes: Any) -> dict[str, Any]:
    """Return a track message with an id of its own."""
    return {
        "type": "track",
        "messageId": f"m{number}",
        "userId": f"u{number}",
        "event": "Order Completed",
        "timestamp": "2025-12-31T12:00:00.000Z",
        "properties": {"order_id": f"o{number}", "total": 12.5, "currency": "USD"},
    } | changes


def story(seed: int, events: int) -> list[dict[str, Any]]:
    """Return a shop's day: browsing, logins, orders, shared tablets, repeated messages and nonsense."""
    rng = random.Random(seed)
    told: list[dict[str, Any]] = []
    for number in range(events):
        user, device = rng.randrange(events // 5 + 1), rng.randrange(events // 3 + 1)
        kind = rng.random()
        if kind < 0.05 and told:
            told.append(rng.choice(told))
        elif kind < 0.1:
            told.append({"type": "track", "messageId": f"bad{number}", "userId": f"u{user}"})
        elif kind < 0.45:
            told.append(_page(number, device))
        elif kind < 0.7:
            told.append(_login(number, user, device, rng))
        else:
            told.append(track(number, userId=f"u{user}", anonymousId=f"a{device}"))
    return told


def _page(number: int, device: int) -> dict[str, Any]:
    return {
        "type": "page",
        "messageId": f"m{number}",
        "anonymousId": f"a{device}",
        "timestamp": "2025-12-31T11:00:00.000Z",
        "properties": {"url": "https://shop.example.com/"},
    }


def _login(number: int, user: int, device: int, rng: random.Random) -> dict[str, Any]:
    mailbox = user if rng.random() < 0.9 else user // 2
    traits = {"email": f"u{mailbox}@shop.example", "first_name": "Ann", "last_name": f"Lee{user}"}
    if rng.random() < 0.2:
        traits["phone"] = f"+1212555{user % 100:04d}"
    return {
        "type": "identify",
        "messageId": f"m{number}",
        "userId": f"u{user}",
        "anonymousId": f"a{device}",
        "timestamp": f"2025-12-31T10:{number % 60:02d}:00.000Z",
        "traits": traits,
    }


def tell(stores: Stores, messages: Sequence[dict[str, Any]], size: int = 20) -> None:
    """Put messages into the intake, some to a body."""
    stores.intake.append([batch(messages[at : at + size]) for at in range(0, len(messages), size)])


def resolve(stores: Stores, settings: Settings | None = None) -> int:
    """Run the resolver until the intake is read, and return how much it was."""
    pipeline = Pipeline(stores, settings or stores.settings, clock=lambda: NOW)
    total = 0
    while done := pipeline.step():
        total += done
    return total


def work(settings: Settings) -> None:
    """Resolve, list and export until killed."""
    stores = Stores.open(settings)
    pipeline, listing = Pipeline(stores, settings, clock=lambda: NOW), Listing(stores, clock=lambda: NOW)
    exporter = Exporter(stores, settings)
    while True:
        done = pipeline.step() + listing.step() + exporter.step()
        if not done:
            time.sleep(0.002)


def contents(stores: Stores) -> dict[str, list[tuple[Any, ...]]]:
    """Return every row of the compared tables, and the rejects by reason, in one order."""
    found = {name: sorted(map(plain, stores.state.query(f"SELECT * FROM {name}"))) for name in COMPARED}
    found["rejected"] = sorted(map(plain, stores.state.query("SELECT source, name, reason, path, raw FROM rejected")))
    return found


def plain(row: Sequence[Any]) -> tuple[Any, ...]:
    """Return a row with bytes as bytes, whatever the driver gave."""
    return tuple(bytes(value) if isinstance(value, memoryview) else value for value in row)
