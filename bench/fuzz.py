"""Mutated payloads by the hundred thousand: no fault, no loss."""

import os
import tempfile
import time
from collections.abc import Iterator
from pathlib import Path

from tests.gateway.fuzzing import attack
from tests.gateway.house import running

from bench import Row

COUNT = int(os.environ.get("BENCH_FUZZ", "100000"))
ROUND = 10_000


def rows() -> Iterator[Row]:
    """Yield one row."""
    faults = lost = events = rejected = 0
    started = time.perf_counter()
    with tempfile.TemporaryDirectory() as folder, running(Path(folder)) as house:
        for seed in range(0, COUNT, ROUND):
            house.clear()
            found = attack(house, seed, min(ROUND, COUNT - seed))
            faults += len(found.faults)
            lost += len(found.lost)
            events += found.events
            rejected += found.rejected
    spent = time.perf_counter() - started
    note = f"{faults} answered 5xx, {lost} lost; kept: {events:,} events, {rejected:,} rejects; {spent:.0f} s"
    yield Row("mutated payloads", f"{COUNT:,} requests", note=note)
