"""The gateway as an ASGI application."""

import contextlib
import sys
from collections.abc import AsyncIterator, Sequence
from concurrent.futures import ThreadPoolExecutor

from starlette.applications import Starlette
from starlette.exceptions import HTTPException
from starlette.middleware import Middleware
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import BaseRoute

from onevoice.adapters.database import Database
from onevoice.adapters.state.intake import Intake
from onevoice.adapters.state.keys import Keys
from onevoice.domain.errors import OnevoiceError
from onevoice.gateway import answers, refusals
from onevoice.gateway import writer as writing
from onevoice.gateway.api.access import Access
from onevoice.gateway.api.audiences import Audiences
from onevoice.gateway.api.desk import Desk
from onevoice.gateway.api.endpoint import Endpoint
from onevoice.gateway.api.offers import OfferDesk
from onevoice.gateway.api.people import People
from onevoice.gateway.counters import Counters
from onevoice.gateway.health import Health
from onevoice.gateway.keyring import Allowance, KeyRing
from onevoice.gateway.links import Links
from onevoice.gateway.metrics import Metrics
from onevoice.gateway.refusals import NotServed, Unexpected, WrongMethod
from onevoice.gateway.sdk import Sdk
from onevoice.gateway.tracking import Tracking
from onevoice.wiring import logs
from onevoice.wiring import settings as settings_of
from onevoice.wiring.settings import Settings
from onevoice.wiring.workspace import open_intake, open_state, secret_of

#: Threads that read from the state store.
READERS = 4
#: Seconds that a busy thread keeps the interpreter from one that waits; with Python's 5 ms the writer, back from the
#: disk, would wait for its turn longer than for the disk.
TURN = 0.0005


def build(settings: Settings, mounts: Sequence[BaseRoute] = ()) -> Starlette:
    """Return the application of one workspace; *mounts* are served beside it, after its own addresses."""
    state, intake = open_state(settings), open_intake(settings)
    pool = ThreadPoolExecutor(READERS, thread_name_prefix="reader")
    counters = Counters()
    writer = writing.Writer(Intake(intake), free=lambda: writing.free_bytes(settings.root))
    ring = KeyRing(Keys(state), pool)

    @contextlib.asynccontextmanager
    async def lifespan(_: Starlette) -> AsyncIterator[None]:
        sys.setswitchinterval(TURN)
        writer.start()
        yield
        await writer.stop()
        pool.shutdown()

    # Each process counts for itself, so each allows its share.
    allowance = Allowance(settings.rate_limit / max(1, settings.workers))
    tracking = Middleware(
        Tracking,
        settings=settings,
        ring=ring,
        allowance=allowance,
        writer=writer,
        counters=counters,
        alone=not mounts,
    )
    routes = [
        *Desk(_endpoints(settings, state, intake), Access(ring, allowance), pool, counters, settings.url).routes(),
        *Sdk(settings, ring).routes(),
        *Health(settings, state, intake, pool).routes(),
        *Links(state, writer, pool, secret_of(settings)).routes(),
        *Metrics(counters, writer, state, intake, pool).routes(),
        *mounts,
    ]
    app = Starlette(routes=routes, middleware=[tracking], lifespan=lifespan, exception_handlers=HANDLERS)
    app.router.redirect_slashes = False  # a redirected POST would lose its body
    return app


def _endpoints(settings: Settings, state: Database, intake: Database) -> list[Endpoint]:
    inbox = Intake(intake)
    return [
        *People(state, inbox, settings.country).endpoints(),
        *Audiences(state).endpoints(),
        *OfferDesk(state, inbox, secret_of(settings)).endpoints(),
    ]


def answer(error: OnevoiceError) -> Response:
    """Return the response of an error."""
    status = refusals.status_of(error)
    headers = {name.decode(): value.decode() for name, value in answers.error_headers(status)}
    return Response(answers.shape(error), status, headers)


async def _said(_: Request, error: Exception) -> Response:
    return answer(error if isinstance(error, OnevoiceError) else Unexpected())


async def _unserved(_: Request, error: Exception) -> Response:
    status = error.status_code if isinstance(error, HTTPException) else 500
    return answer({404: NotServed(), 405: WrongMethod()}.get(status, Unexpected()))


HANDLERS = {OnevoiceError: _said, HTTPException: _unserved, Exception: _said}


def make() -> Starlette:
    """Build the application from the environment: the factory that granian is given."""
    settings = settings_of.read()
    logs.configure(settings)
    return build(settings)
