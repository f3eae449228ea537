"""The tracking API: checks size, key and JSON, hands the bytes to the writer, and answers when they are durable."""

import logging
import time
from typing import Any

import msgspec
from starlette.types import ASGIApp, Receive, Scope, Send

from onevoice.adapters.state.keys import Key
from onevoice.domain.errors import OnevoiceError
from onevoice.gateway import addresses, answers, envelope, pixel
from onevoice.gateway.answers import header
from onevoice.gateway.body import ClientGone, read
from onevoice.gateway.counters import Counters
from onevoice.gateway.keyring import Allowance, KeyRing, header_token, query_token
from onevoice.gateway.refusals import (
    EventTooLarge,
    InvalidJson,
    NoBatch,
    NotInScope,
    Unexpected,
    UnknownKey,
    WrongMethod,
)
from onevoice.gateway.writer import Writer
from onevoice.wiring.settings import Settings
from onevoice.wiring.workspace import now

log = logging.getLogger(__name__)

#: Refusals whose bytes are kept, so that they can be seen and mended.
KEPT = (InvalidJson, NoBatch, EventTooLarge)

#: Beginnings of paths that no other door uses.
OURS = ("/v1/", "/beacon/", "/pixel/", "/projects/", "/analytics.js/", "/analytics-next/")


class Tracking:
    """ASGI middleware: answers tracking addresses itself and passes everything else on."""

    def __init__(
        self,
        app: ASGIApp,
        *,
        settings: Settings,
        ring: KeyRing,
        allowance: Allowance,
        writer: Writer,
        counters: Counters,
        alone: bool,
    ) -> None:
        self.app = app
        self.alone = alone  #: nothing else lives at this address, so every preflight is ours
        self.settings = settings
        self.ring = ring
        self.writer = writer
        self.counters = counters
        self.allowance = allowance

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answer one request."""
        if scope["type"] != "http":
            await self.app(scope, receive, send)
            return
        path = addresses.tidy(scope["path"])
        kind = addresses.EXACT.get(path)
        method = scope["method"]
        if kind is not None and method == "POST":
            await self._post(kind, scope, receive, send)
        elif path in addresses.PIXELS and method in {"GET", "HEAD"}:
            await self._pixel(addresses.PIXELS[path], scope, send)
        elif method == "OPTIONS" and (self.alone or kind or path.startswith(OURS)):
            await answers.send_bytes(send, 204, b"", [*answers.PREFLIGHT, *answers.cors(scope)])
        elif kind is not None and path.startswith(("/v1", "/beacon")):
            allowed = (b"allow", b"POST, OPTIONS")
            await answers.send_error(send, WrongMethod("Send a POST."), [allowed, *answers.cors(scope)])
        elif path == "/health" and not self._is_page(scope):
            await answers.send_bytes(send, 200, b'{"status":"ok"}', [answers.JSON, *answers.cors(scope)])
        else:
            await self.app(scope, receive, send)

    def _is_page(self, scope: Scope) -> bool:
        """Tell whether a person asks: beside the console, its page of the same name is theirs."""
        asks = b"text/html" in header(scope, b"accept") or header(scope, b"hx-request")
        return bool(asks) and not self.alone

    async def _post(self, kind: str, scope: Scope, receive: Receive, send: Send) -> None:
        headers = answers.cors(scope)
        try:
            rejected = 0 if kind == addresses.METRICS else await self._take(kind, scope, receive)
        except ClientGone:
            self.counters.answered(kind, 499)
            return
        except OnevoiceError as error:
            self.counters.refused(error.code)
            self.counters.answered(kind, await answers.send_error(send, error, headers))
            return
        except Exception:
            log.exception("a %s request failed", kind)
            self.counters.answered(kind, await answers.send_error(send, Unexpected(), headers))
            return
        self.counters.answered(kind, 200)
        await answers.send_bytes(send, 200, *_success(rejected, headers))

    async def _take(self, kind: str, scope: Scope, receive: Receive) -> int:
        """Store one body and return how many of its events will be refused; the errors are those of the answer."""
        received_at = now()
        body = await read(scope, receive, self.settings.batch_bytes)
        token = header_token(scope)
        try:
            found = self._open(kind, body)
        except KEPT as error:
            await self._keep(kind, scope, token or query_token(scope), received_at, body, error)
            raise
        key = await self._admit(token or found.key or query_token(scope))
        if found.events:
            await self.writer.put(self._row(kind, scope, key, received_at, body))
            self.counters.acknowledged(found.events, found.rejected)
        return found.rejected

    def _open(self, kind: str, body: bytes) -> envelope.Envelope:
        if kind in {addresses.BATCH, addresses.IMPORT}:
            return envelope.of_batch(body, most=self.settings.batch_events, largest=self.settings.event_bytes)
        return envelope.of_single(body, largest=self.settings.event_bytes)

    async def _admit(self, token: str) -> Key:
        key = await self.ring.find(token)
        self.allowance.spend(key.id, time.monotonic())
        if "track" not in key.scopes:
            raise NotInScope(scope="track")
        return key

    async def _keep(
        self, kind: str, scope: Scope, token: str, received_at: int, body: bytes, error: OnevoiceError
    ) -> None:
        """Keep the bytes of a refused body when its sender is known, so that the refusal can be looked into."""
        try:
            key = await self._admit(token or envelope.key_of_broken(body))
        except UnknownKey:
            return
        if body:
            await self.writer.put(self._row(kind, scope, key, received_at, body, refused=error.code))

    def _row(
        self, kind: str, scope: Scope, key: Key, received_at: int, body: bytes, **more: Any
    ) -> tuple[int, str, int, str, bytes, bytes]:
        meta = msgspec.json.encode(_meta(scope) | more)
        return (received_at, key.id, int(key.trust), kind, meta, body)

    async def _pixel(self, kind: str, scope: Scope, send: Send) -> None:
        """Answer with the picture whatever happens: a broken picture would show in the mail."""
        try:
            found = pixel.read(kind, scope["query_string"])
            key = await self._admit(found.key or header_token(scope))
            row = self._row("pixel", scope, key, now(), found.body, type=kind)
            await self.writer.put(row)
            self.counters.acknowledged(1, 0)
        except OnevoiceError as error:
            self.counters.refused(error.code)
        self.counters.answered("pixel", 200)
        kind_of = (b"content-type", b"image/gif")
        await answers.send_bytes(send, 200, answers.PIXEL, [kind_of, answers.NO_STORE, *answers.cors(scope)])


def _success(rejected: int, headers: answers.Headers) -> tuple[bytes, answers.Headers]:
    if not rejected:
        return answers.SUCCESS, [answers.JSON, *headers]
    counted = (b"x-onevoice-rejected", str(rejected).encode())
    return b'{"success":true,"rejected":%d}' % rejected, [answers.JSON, counted, *headers]


def _meta(scope: Scope) -> dict[str, Any]:
    """Return what the door knows of a request, without what is empty."""
    found: dict[str, Any] = {}
    client = _client(scope)
    if client:
        found["ip"] = client
    for key, value in scope["headers"]:
        if key == b"user-agent":
            found["user_agent"] = value.decode("latin-1")[:512]
        elif key == b"content-type":
            found["content_type"] = value.decode("latin-1")[:128]
        elif key == b"x-retry-count" and value.isdigit() and len(value) < 6:
            found["retry_count"] = int(value)
    if scope["query_string"]:
        found["query"] = scope["query_string"].decode("latin-1")[:2048]
    return found


def _client(scope: Scope) -> str:
    """Return the address of the connection, or of the client behind a proxy on this machine."""
    client = scope.get("client")
    address = str(client[0]) if client else ""
    if address in {"127.0.0.1", "::1", ""}:
        forwarded = header(scope, b"x-forwarded-for").decode("latin-1").rpartition(",")[2].strip()
        return forwarded[:64] or address
    return address
