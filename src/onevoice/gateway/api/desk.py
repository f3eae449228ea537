"""The machine API as routes: each request is checked, then its endpoint runs in a thread and its answer is JSON."""

import asyncio
import logging
import sqlite3
from collections.abc import Awaitable, Callable, Sequence
from concurrent.futures import Executor

import msgspec
import psycopg
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from onevoice.domain.errors import OnevoiceError, Unavailable
from onevoice.gateway import answers, refusals
from onevoice.gateway.api import openapi
from onevoice.gateway.api.access import Access
from onevoice.gateway.api.endpoint import BadQuery, Call, Endpoint
from onevoice.gateway.counters import Counters
from onevoice.gateway.refusals import BodyTooLarge, NotServed, Unexpected, WrongMethod
from onevoice.wiring.workspace import now

log = logging.getLogger(__name__)

#: Bytes of a request body.
LARGEST = 256 * 1024
METHODS = ["GET", "POST", "PUT", "PATCH", "DELETE", "HEAD", "OPTIONS"]


class StoreDown(Unavailable):
    """The store cannot be read now; try again soon."""


class Desk:
    """Answers the machine API."""

    def __init__(
        self, endpoints: Sequence[Endpoint], access: Access, pool: Executor, counters: Counters, url: str
    ) -> None:
        self._endpoints = endpoints
        self._access = access
        self._pool = pool
        self._counters = counters
        self._document = msgspec.json.encode(openapi.document(endpoints, url))

    def routes(self) -> list[Route]:
        """Return the routes; what is not listed is refused, to whoever asks."""
        made = [Route("/api/openapi.json", self._described)]
        paths = dict.fromkeys(one.path for one in self._endpoints)
        for path in paths:
            methods = {one.method: one for one in self._endpoints if one.path == path}
            made.append(Route(openapi.PREFIX + path, self._door(path, methods), methods=METHODS))
        made += [Route(path, self._door("", {}), methods=METHODS) for path in ("/api", "/api/{rest:path}")]
        return made

    async def _described(self, _: Request) -> Response:
        return Response(self._document, media_type="application/json")

    def _door(self, path: str, methods: dict[str, Endpoint]) -> Callable[[Request], Awaitable[Response]]:
        async def door(request: Request) -> Response:
            try:
                response = await self._answer(request, path, methods)
            except OnevoiceError as error:
                response = _refused(error)
            except Exception:
                log.exception("%s %s failed", request.method, openapi.PREFIX + path)
                response = _refused(Unexpected())
            self._counters.answered(openapi.PREFIX + path, response.status_code)
            return response

        return door

    async def _answer(self, request: Request, path: str, methods: dict[str, Endpoint]) -> Response:
        one = methods.get(request.method)
        key = await self._access.key(request, one.scope if one else "")
        if one is None:
            if not path:
                raise NotServed
            raise WrongMethod(f"Send {' or '.join(methods)}.")
        query = _query(request)
        one.check(query)
        call = Call(key, request.path_params, query, await _body(request), now())
        found = await asyncio.get_running_loop().run_in_executor(self._pool, _run, one, call)
        return Response(found, one.status, {"cache-control": "no-store"}, "application/json")


def _run(one: Endpoint, call: Call) -> bytes:
    try:
        return msgspec.json.encode(one.run(call))
    except (sqlite3.Error, psycopg.Error) as error:
        log.exception("the store failed")
        raise StoreDown from error


def _query(request: Request) -> dict[str, str]:
    """Return the query; a name given twice is refused, for nobody could say which is meant."""
    pairs = request.query_params.multi_items()
    query = dict(pairs)
    if len(query) < len(pairs):
        raise BadQuery("Each parameter may be given once.")
    return query


async def _body(request: Request) -> bytes:
    parts, size = [], 0
    async for part in request.stream():
        size += len(part)
        if size > LARGEST:
            raise BodyTooLarge(limit=LARGEST)
        parts.append(part)
    return b"".join(parts)


def _refused(error: OnevoiceError) -> Response:
    status = refusals.status_of(error)
    headers = {name.decode(): value.decode() for name, value in answers.error_headers(status)}
    if status == 401:
        headers["www-authenticate"] = "Bearer"
    return Response(answers.shape(error), status, headers)
