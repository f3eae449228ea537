"""
Reading from a workspace of a million people and ten million events, and what it costs to keep it.

The pipeline makes a company of a tenth of that size; its tables are then copied (`bench.growth`), and the pipeline
goes on for a while at full size. Smaller by default; BENCH_SCALE=full is the size of the claims, and BENCH_SCALE_HOME
keeps the workspace, so that a second run only reads.
"""

import json
import os
import random
import resource
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterator
from itertools import islice
from pathlib import Path
from typing import Any

from tests.gateway.house import House

from bench import Row
from bench.gateway import load
from bench.growth import grow
from bench.population import SPAN, START, Company, email, surname
from onevoice.adapters.database import Database
from onevoice.adapters.state.people import People, key
from onevoice.adapters.state.search import Search
from onevoice.wiring.settings import Settings
from onevoice.wiring.stores import Stores
from onevoice.worker.collector import relax_collector
from onevoice.worker.exporter import Exporter
from onevoice.worker.listing import Listing
from onevoice.worker.pipeline import Pipeline

PEOPLE, EVENTS, TIMES = (100_000, 1_000_000, 10) if os.environ.get("BENCH_SCALE") == "full" else (20_000, 200_000, 5)
FURTHER = 100_000  #: events resolved once the tables are large
AT_ONCE = 500  #: bodies put in at a time
ASKED = 2_000
CONNECTIONS = 4
SETTINGS: dict[str, Any] = {"workspace": "bench", "currency": "EUR", "country": "AT"}


def settings_of(home: str) -> Settings:
    """Return the settings of the workspace."""
    return Settings(home=home, **SETTINGS)


def rows() -> Iterator[Row]:
    """Yield every row."""
    with tempfile.TemporaryDirectory(prefix="onevoice-scale-") as folder:
        home = os.environ.get("BENCH_SCALE_HOME") or folder
        if not (Path(home) / "grown").exists():
            yield from _built(home)
        yield from _asked(home)
        yield from _searched(home)


# --- building, each step in a process of its own, so that its memory is its own


def _built(home: str) -> Iterator[Row]:
    small = _apart("resolve", home, 1, EVENTS, 1)
    yield Row("resolved, from empty", f"{small['rate']:,.0f} events/s", note=f"{EVENTS:,} events of {PEOPLE:,} people")
    listed = _apart("people", home)
    yield Row("people listed", f"{listed['rate']:,.0f} people/s", note=_memory(listed))
    grow(settings_of(home).root / "state.db", TIMES)
    large = _apart("resolve", home, 2, FURTHER, TIMES)
    note = f"{FURTHER:,} events onto {EVENTS * TIMES:,} of {PEOPLE * TIMES:,} people; {_memory(large)}"
    yield Row(
        "resolved, at size",
        f"{large['rate']:,.0f} events/s",
        f"from empty: {small['rate']:,.0f}",
        f"{large['rate'] / small['rate']:.2f}",
        note,
    )
    _apart("people", home)
    exported = _apart("export", home)
    yield Row("exported to the lake", f"{exported['rate']:,.0f} events/s", note=_memory(exported))
    (Path(home) / "grown").touch()


def _memory(found: dict[str, Any]) -> str:
    return f"{found['anonymous']:,} MB of its own, {found['most']:,} MB with mapped files at most"


def _apart(step: str, home: str, *more: int) -> dict[str, Any]:
    command = [sys.executable, "-m", "bench.scale", step, home, *map(str, more)]
    return dict(json.loads(subprocess.run(command, check=True, capture_output=True).stdout))


def resolving(home: str, year: int, events: int, copies: int) -> tuple[int, float]:
    """Put in a company's events and resolve them; only the resolver's own seconds count."""
    settings = settings_of(home)
    stores = Stores.open(settings)
    pipeline = Pipeline(stores, settings)
    stores.log.unseen([("0" * 22,)])  # the keys taken are read at the start, once
    packets = Company(PEOPLE, events, year, known=copies > 1, copies=copies).packets()
    done, spent = 0, 0.0
    while part := list(islice(packets, AT_ONCE)):
        stores.intake.append(part)
        began = time.perf_counter()
        while found := pipeline.step():
            done += found
        spent += time.perf_counter() - began
        stores.backlog.execute("DELETE FROM intake WHERE seq < (SELECT max(seq) FROM intake)")
    return done, spent


def following(home: str, consumer: Callable[[Stores, Settings], Callable[[], int]]) -> tuple[int, float]:
    """Let a consumer catch up."""
    settings = settings_of(home)
    step = consumer(Stores.open(settings), settings)
    done, began = 0, time.perf_counter()
    while found := step():
        done += found
    return done, time.perf_counter() - began


STEPS: dict[str, Callable[..., tuple[int, float]]] = {
    "resolve": lambda home, *given: resolving(home, *map(int, given)),
    "people": lambda home: following(home, lambda stores, _: Listing(stores).step),
    "export": lambda home: following(home, lambda stores, settings: Exporter(stores, settings).flush),
}


def main(step: str, *arguments: str) -> None:
    """Take one step and print its rate and its memory in MB."""
    relax_collector()
    done, spent = STEPS[step](*arguments)
    status = Path("/proc/self/status").read_text()
    anonymous = int(status.partition("RssAnon:")[2].split()[0]) // 1024
    most = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss // 1024
    print(json.dumps({"rate": done / max(spent, 1e-9), "anonymous": anonymous, "most": most}))


# --- asking the gateway


def _asked(home: str) -> Iterator[Row]:
    house = House(Path(home), **SETTINGS)
    rng = random.Random(3)
    size = f"{_count(house.state, 'persons'):,} people, {_count(house.state, 'events'):,} events"
    paths = {name: [one(house.state, rng) for _ in range(ASKED)] for name, one in QUESTIONS.items()}
    house.start()
    try:
        for name, asked in paths.items():
            head = f" HTTP/1.1\r\nhost: bench\r\nauthorization: Bearer {house.secret}\r\n\r\n"
            requests = [f"GET /api/v1{path}{head}".encode() for path in asked]
            load(house.settings.port, requests, 1)
            for connections in (1, CONNECTIONS):
                found = load(house.settings.port, requests, connections)
                note = f"{size}; {connections} connections, p50 {found['p50']} ms"
                yield Row(name, f"p99 {found['p99']} ms", note=note)
    finally:
        house.stop()


def _count(state: Database, table: str) -> int:
    row = state.one(f"SELECT count(*) FROM {table}")
    return int(row[0]) if row else 0


def _anybody(state: Database, rng: random.Random) -> tuple[str, str, str]:
    """Return kind, value and person of a node drawn at random."""
    row = None
    while row is None or row[0] == "mailbox":
        last = state.one("SELECT max(node) FROM nodes")
        number = rng.randrange(1, int(last[0]) if last else 1)
        row = state.one("SELECT kind, value, person FROM nodes WHERE node >= ? ORDER BY node LIMIT 1", (number,))
    return row[0], row[1], row[2]


def _lookup(state: Database, rng: random.Random) -> str:
    kind, value, _ = _anybody(state, rng)
    return f"/people/lookup?{kind}={value.replace('+', '%2B')}"


def _timeline(state: Database, rng: random.Random) -> str:
    """Return a page of somebody's events: of all channels, or of one."""
    channel = rng.choice(("", "&channel=web", "&channel=store"))
    return f"/people/{_anybody(state, rng)[2]}/events?limit=50{channel}"


def _long_timeline(state: Database, rng: random.Random) -> str:
    """Return a page, anywhere in it, of the longest history, of all channels or of one that is rare."""
    row = state.one("SELECT person FROM nodes WHERE kind = 'user_id' AND value = 'u0'")
    assert row is not None
    before = f"&before={START + rng.randrange(SPAN)}.1" if rng.random() < 0.7 else ""
    channel = rng.choice(("", "&channel=web", "&channel=store", "&channel=sms"))
    return f"/people/{row[0]}/events?limit=50{channel}{before}"


def _page(state: Database, rng: random.Random) -> str:
    """Return a page of the list of people, anywhere in it."""
    return f"/people?limit=50&cursor={_anybody(state, rng)[2]}"


QUESTIONS: dict[str, Callable[[Database, random.Random], str]] = {
    "lookup by any identifier": _lookup,
    "timeline page": _timeline,
    "timeline page, longest history": _long_timeline,
    "page of 50 profiles": _page,
}

# --- the people list, as the console reads it


def _searched(home: str) -> Iterator[Row]:
    state = Stores.open(settings_of(home)).state
    people, search, rng = People(state), Search(state, "AT"), random.Random(4)
    persons = [rng.randrange(PEOPLE) for _ in range(200)]
    middle = key(people.page(limit=1_000)[-1])
    typed: dict[str, Callable[[int], object]] = {
        "people list, first page": lambda _: people.page(),
        "people list, later page, one channel": lambda _: people.page(middle, channel="store"),
        "search: e-mail address": lambda person: search.find(email(person)),
        "search: surname": lambda person: search.find(surname(person)),
        "search: surname with a typo": lambda person: search.find(mistyped(surname(person), rng)),
        "search: three letters": lambda person: search.find(surname(person)[:3]),
    }
    for name, ask in typed.items():
        took = sorted(_seconds(ask, person) for person in persons)
        note = f"p50 {took[len(took) // 2] * 1000:.1f} ms, {people_listed(state):,} people"
        yield Row(name, f"p99 {took[int(len(took) * 0.99)] * 1000:.1f} ms", "100 ms", note=note)


def people_listed(state: Database) -> int:
    """Return how many people the list holds."""
    return _count(state, "people")


def mistyped(word: str, rng: random.Random) -> str:
    """Return a word with two letters exchanged, its first left alone."""
    at = rng.randrange(1, len(word) - 1)
    return word[:at] + word[at + 1] + word[at] + word[at + 2 :]


def _seconds(ask: Callable[[int], object], person: int) -> float:
    began = time.perf_counter()
    ask(person)
    return time.perf_counter() - began


if __name__ == "__main__":
    main(*sys.argv[1:])
