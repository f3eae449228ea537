"""Figures in the Prometheus text format: what this process did, and how far the workspace has come."""

import asyncio
import sqlite3
import time
from collections.abc import Iterable, Iterator
from concurrent.futures import Executor

import psycopg
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from onevoice.adapters.database import Database, Row
from onevoice.domain.errors import OnevoiceError
from onevoice.gateway.counters import Counters
from onevoice.gateway.writer import BUCKETS, Writer
from onevoice.wiring.workspace import now

#: Seconds that figures read from the stores are kept.
KEPT_SECONDS = 2.0
#: The consumer whose cursor says how much of the intake is resolved.
RESOLVER = "resolve"
TEXT = "text/plain; version=0.0.4; charset=utf-8"

Labels = dict[str, str | int]
Sample = tuple[Labels, float]


def family(name: str, kind: str, text: str, samples: Iterable[Sample]) -> Iterator[str]:
    """Yield the lines of one metric."""
    yield f"# HELP onevoice_{name} {text}"
    yield f"# TYPE onevoice_{name} {kind}"
    for labels, value in samples:
        yield f"onevoice_{name}{_labels(labels)} {value:.15g}"


def _labels(labels: Labels) -> str:
    if not labels:
        return ""
    return "{" + ",".join(f'{name}="{_escaped(str(value))}"' for name, value in labels.items()) + "}"


def _escaped(value: str) -> str:
    return value.replace("\\", r"\\").replace('"', r"\"").replace("\n", r"\n")


def of_process(counters: Counters, writer: Writer) -> Iterator[str]:
    """Yield what this process counted."""
    asked: list[Sample] = [
        ({"path": path, "status": status}, float(n)) for (path, status), n in sorted(counters.requests.items())
    ]
    refused: list[Sample] = [({"reason": code}, float(count)) for code, count in sorted(counters.refusals.items())]
    yield from family("requests_total", "counter", "Requests answered, by endpoint and status.", asked)
    yield from family("events_total", "counter", "Events acknowledged as durable.", [({}, counters.events)])
    yield from family("refusals_total", "counter", "Requests refused at the door, by reason.", refused)
    yield from family("oversize_total", "counter", "Events in batches that break a limit.", [({}, counters.rejected)])
    yield from family("waiting_bytes", "gauge", "Bytes that wait for their commit.", [({}, writer.waiting_bytes)])
    yield from _commits(writer)


def _commits(writer: Writer) -> Iterator[str]:
    commits = writer.commits
    total, lines = 0, []
    for edge, count in zip((*(f"{edge:g}" for edge in BUCKETS), "+Inf"), commits.buckets, strict=True):
        total += count
        lines.append(f'onevoice_commit_seconds_bucket{{le="{edge}"}} {total}')
    yield "# HELP onevoice_commit_seconds Time from the start of a group commit until it is durable."
    yield "# TYPE onevoice_commit_seconds histogram"
    yield from lines
    yield f"onevoice_commit_seconds_sum {commits.seconds:.15g}"
    yield f"onevoice_commit_seconds_count {commits.groups}"
    yield from family(
        "commit_rows_total", "counter", "Bodies committed; over commits: the group size.", [({}, commits.rows)]
    )
    yield from family("commit_failures_total", "counter", "Group commits that failed.", [({}, commits.failures)])


def of_stores(state: Database, intake: Database) -> Iterator[str]:
    """Yield how far the workspace has come; every query is a point read or counts a small index."""
    last = _number(intake.one("SELECT max(seq) FROM intake"))
    cursors = {str(name): int(seq) for name, seq in state.query("SELECT consumer, seq FROM cursors ORDER BY consumer")}
    done = cursors.get(RESOLVER, 0)
    oldest = _number(intake.one("SELECT received_at FROM intake WHERE seq > ? ORDER BY seq LIMIT 1", (done,)))
    age = max(0.0, (now() - oldest) / 1e6) if oldest else 0.0
    events = _number(state.one("SELECT max(seq) FROM events"))
    at: list[Sample] = [({"consumer": name}, float(seq)) for name, seq in cursors.items()]
    yield from family("intake_last", "gauge", "Number of the newest body in the intake.", [({}, last)])
    yield from family("intake_lag", "gauge", "Bodies not resolved yet.", [({}, max(0, last - done))])
    yield from family("intake_lag_seconds", "gauge", "Age of the oldest body not resolved yet.", [({}, age)])
    yield from family("events_last", "gauge", "Number of the newest event in the log.", [({}, events)])
    yield from family("cursor", "gauge", "How far each consumer has read.", at)
    yield from family("queue_depth", "gauge", "Work that waits, by queue.", _queues(state))


def _queues(state: Database) -> Iterator[Sample]:
    rejected = state.one("SELECT count(*) FROM rejected WHERE state = ?", ("open",))
    yield {"queue": "rejected"}, float(_number(rejected))
    for name, count in state.query("SELECT state, count(*) FROM deliveries GROUP BY state ORDER BY state"):
        yield {"queue": f"deliveries_{name}"}, float(count)


def _number(row: Row | None) -> int:
    return int(row[0]) if row and row[0] is not None else 0


class Metrics:
    """The address that Prometheus reads."""

    def __init__(self, counters: Counters, writer: Writer, state: Database, intake: Database, pool: Executor) -> None:
        self._counters = counters
        self._writer = writer
        self._state = state
        self._intake = intake
        self._pool = pool
        self._kept: list[str] = []
        self._until = 0.0

    def routes(self) -> list[Route]:
        """Return the routes."""
        return [Route("/metrics", self.read)]

    async def read(self, _: Request) -> Response:
        """Answer with every figure; while a store is away, those of this process are still given."""
        if self._until < time.monotonic():
            loop = asyncio.get_running_loop()
            self._kept = await loop.run_in_executor(self._pool, self._of_stores)
            self._until = time.monotonic() + KEPT_SECONDS
        lines = [*of_process(self._counters, self._writer), *self._kept]
        return Response("\n".join(lines) + "\n", headers={"content-type": TEXT})

    def _of_stores(self) -> list[str]:
        try:
            return list(family("up", "gauge", "Whether the stores answer.", [({}, 1)])) + list(
                of_stores(self._state, self._intake)
            )
        except (OnevoiceError, sqlite3.Error, psycopg.Error):
            return list(family("up", "gauge", "Whether the stores answer.", [({}, 0)]))
