"""Whether the gateway lives, and whether it is ready: stores reachable, tables up to date, room on the disk."""

import asyncio
import sqlite3
from collections.abc import Callable
from concurrent.futures import Executor
from typing import Any

import msgspec
import psycopg
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from onevoice.adapters.database import Database
from onevoice.adapters.migrations import pending
from onevoice.domain.errors import OnevoiceError
from onevoice.gateway.writer import MIN_FREE, free_bytes
from onevoice.wiring.settings import Settings

#: Seconds that a store may take to answer before it counts as unreachable.
PATIENCE = 5.0


class Health:
    """The addresses that a supervisor or a load balancer asks."""

    def __init__(self, settings: Settings, state: Database, intake: Database, pool: Executor) -> None:
        self._settings = settings
        self._pool = pool
        self._checks: dict[str, Callable[[], str]] = {
            "state": lambda: _store(state, "state"),
            "intake": lambda: _store(intake, "intake"),
            "disk": self._disk,
        }

    def routes(self) -> list[Route]:
        """Return the routes."""
        return [Route("/healthz", self.alive), Route("/readyz", self.ready)]

    async def alive(self, _: Request) -> Response:
        """Answer that the process runs."""
        return Response(b'{"status":"ok"}', media_type="application/json")

    async def ready(self, _: Request) -> Response:
        """Answer 200 when every part is usable, else 503 and which is not."""
        said = dict(zip(self._checks, await asyncio.gather(*map(self._ask, self._checks.values())), strict=True))
        good = all(word == "ok" for word in said.values())
        body: dict[str, Any] = {"status": "ok" if good else "unavailable", "checks": said}
        headers = {} if good else {"retry-after": "5"}
        return Response(msgspec.json.encode(body), 200 if good else 503, headers, "application/json")

    async def _ask(self, check: Callable[[], str]) -> str:
        try:
            return await asyncio.wait_for(asyncio.get_running_loop().run_in_executor(self._pool, check), PATIENCE)
        except TimeoutError:
            return f"no answer within {PATIENCE:g} s"
        except (OnevoiceError, OSError, sqlite3.Error, psycopg.Error) as error:
            return str(error)

    def _disk(self) -> str:
        free = free_bytes(self._settings.root)
        return "ok" if free >= MIN_FREE else f"only {free // 1_048_576} MiB are free"


def _store(database: Database, history: str) -> str:
    missing = pending(database, history)
    return f"not migrated: {', '.join(missing)}" if missing else "ok"
