"""Links of pieces: a click leads on, an opening fetches a picture, an unsubscription is one press; each is an event."""

import asyncio
import html
import logging
import sqlite3
from collections.abc import Callable
from concurrent.futures import Executor
from typing import Protocol, TypeVar

import msgspec
import psycopg
from starlette.requests import Request
from starlette.responses import HTMLResponse, RedirectResponse, Response
from starlette.routing import Route

from onevoice.adapters.database import Database
from onevoice.adapters.state.ledger import Ledger
from onevoice.deliver import links
from onevoice.deliver.links import BadLink, Kind
from onevoice.domain.delivery import Delivery, Send
from onevoice.domain.errors import OnevoiceError, Unavailable
from onevoice.domain.event import Event
from onevoice.domain.identifier import Trust
from onevoice.gateway import answers
from onevoice.gateway.refusals import status_of
from onevoice.gateway.writer import Writer
from onevoice.wiring.workspace import now

log = logging.getLogger(__name__)

Given = TypeVar("Given")
Found = TypeVar("Found")

NO_STORE = {"cache-control": "no-store"}

PAGE = """<!doctype html>
<html lang="en"><head><meta charset="utf-8"><meta name="viewport" content="width=device-width,initial-scale=1">
<meta name="robots" content="noindex"><title>{title}</title>
<style>body{{font:1.125rem/1.6 system-ui,sans-serif;max-width:34rem;margin:15vh auto;padding:0 1.25rem;color:#182433}}
button{{font:inherit;padding:.6rem 1.4rem;border:0;border-radius:.4rem;background:#1b5fb5;color:#fff;cursor:pointer}}
</style></head><body><main><h1>{title}</h1>{body}</main></body></html>"""


class Told(Protocol):
    """Makes the event of a link from what the ledger knows."""

    def __call__(self, row: Delivery, send: Send, *, now: int, agent: str = "") -> Event:
        """Return the event."""


class Links:
    """The addresses that are printed, mailed and texted."""

    def __init__(self, state: Database, writer: Writer, pool: Executor, secret: str) -> None:
        self._ledger = Ledger(state)
        self._writer = writer
        self._pool = pool
        self._secret = secret

    def routes(self) -> list[Route]:
        """Return the routes."""
        return [
            Route("/r/{token}", self.follow, methods=["GET"]),
            Route("/o/{token}.gif", self.open, methods=["GET"]),
            Route("/u/{token}", self.ask, methods=["GET"]),
            Route("/u/{token}", self.unsubscribe, methods=["POST"]),
        ]

    async def follow(self, request: Request) -> Response:
        """Lead on to the campaign's address; a HEAD is a machine's question and tells nothing."""
        try:
            row, send = await self._piece(request, "r")
        except OnevoiceError as error:
            return _sorry(error)
        if request.method == "GET":
            await self._try(request, row, send, links.clicked)
        return RedirectResponse(links.target(row, send), 302, NO_STORE)

    async def open(self, request: Request) -> Response:
        """Answer with the picture whatever happens: a broken picture would show in the mail."""
        try:
            row, send = await self._piece(request, "o")
        except OnevoiceError as error:
            log.info("an opening could not be told: %s", error)
        else:
            if request.method == "GET":
                await self._try(request, row, send, links.opened)
        return Response(answers.PIXEL, media_type="image/gif", headers=NO_STORE)

    async def ask(self, request: Request) -> Response:
        """Show one button: mail scanners follow links, so following one must not unsubscribe."""
        try:
            row, _ = await self._piece(request, "u")
        except OnevoiceError as error:
            return _sorry(error)
        whom = html.escape(_masked(row.address))
        form = f'<p>No more messages of this kind to {whom}?</p><form method="post"><button>Unsubscribe</button></form>'
        return _page("Unsubscribe", form)

    async def unsubscribe(self, request: Request) -> Response:
        """Withdraw consent, by the button or by a mail program's one click (RFC 8058); 200 only once it is durable."""
        try:
            row, send = await self._piece(request, "u")
            event = await self._tell(request, row, send, links.unsubscribed)
            silence = [links.suppression(row, event)]
            await asyncio.get_running_loop().run_in_executor(self._pool, _guarded(self._ledger.suppress), silence)
        except OnevoiceError as error:
            return _sorry(error)
        return _page("You are unsubscribed", "<p>It is done; there is nothing else to do.</p>")

    async def _piece(self, request: Request, kind: Kind) -> tuple[Delivery, Send]:
        piece = links.read(self._secret, kind, request.path_params["token"])
        found = await asyncio.get_running_loop().run_in_executor(self._pool, _guarded(self._find), piece)
        if found is None:
            raise BadLink
        return found

    def _find(self, piece: str) -> tuple[Delivery, Send] | None:
        row = self._ledger.piece(piece)
        return (row, self._ledger.send(row.send)) if row else None

    async def _try(self, request: Request, row: Delivery, send: Send, told: Told) -> None:
        """Tell, but let the customer pass if it cannot be told."""
        try:
            await self._tell(request, row, send, told)
        except OnevoiceError as error:
            log.warning("a link could not be told: %s", error)

    async def _tell(self, request: Request, row: Delivery, send: Send, told: Told) -> Event:
        at = now()
        event = told(row, send, now=at, agent=request.headers.get("user-agent", "")[:512])
        await self._writer.put((at, "deliver", int(Trust.VERIFIED), "emit", b"{}", msgspec.json.encode([event])))
        return event


def _guarded(act: Callable[[Given], Found]) -> Callable[[Given], Found]:
    def guarded(given: Given) -> Found:
        try:
            return act(given)
        except (sqlite3.Error, psycopg.Error) as error:
            raise Unavailable from error

    return guarded


def _masked(address: str) -> str:
    """Return an address so that its owner knows it and nobody else learns it."""
    name, at, domain = address.rpartition("@")
    return f"{name[:1]}…{at}{domain}" if at else f"…{address[-3:]}"


def _page(title: str, body: str, status: int = 200) -> Response:
    return HTMLResponse(PAGE.format(title=title, body=body), status, NO_STORE)


def _sorry(error: OnevoiceError) -> Response:
    status = status_of(error)
    title = "This link does not work" if status == 404 else "Please try again in a moment"
    return _page(title, f"<p>{html.escape(str(error))}</p>", status)
