"""What the door says back: JSON, the one error shape, a pixel, and the headers that browsers ask for."""

import base64
from collections.abc import Iterable

import msgspec
from starlette.types import Scope, Send

from onevoice.domain.errors import OnevoiceError
from onevoice.gateway import refusals

Headers = list[tuple[bytes, bytes]]

JSON = (b"content-type", b"application/json")
NO_STORE = (b"cache-control", b"no-store")
SUCCESS = b'{"success":true}'
#: The smallest transparent GIF.
PIXEL = base64.b64decode("R0lGODlhAQABAIAAAAAAAP///yH5BAEAAAAALAAAAAABAAEAAAIBRAA7")

#: Headers are named one by one: `*` would not cover `authorization`.
ALLOWED_HEADERS = b"authorization, content-type, content-encoding, x-retry-count"
PREFLIGHT: Headers = [
    (b"access-control-allow-methods", b"GET, POST, HEAD, OPTIONS"),
    (b"access-control-allow-headers", ALLOWED_HEADERS),
    (b"access-control-max-age", b"86400"),
]
EXPOSED = (b"access-control-expose-headers", b"Retry-After, X-Onevoice-Rejected")
CREDENTIALS = (b"access-control-allow-credentials", b"true")
VARY = (b"vary", b"Origin")


def header(scope: Scope, name: bytes) -> bytes:
    """Return one request header, or nothing."""
    for key, value in scope["headers"]:
        if key == name:
            return bytes(value)
    return b""


def cors(scope: Scope) -> Headers:
    """Return the headers that let a page of any origin read the answer."""
    origin = header(scope, b"origin")
    if not origin:
        return [VARY]
    return [(b"access-control-allow-origin", origin), CREDENTIALS, EXPOSED, VARY]


async def send_bytes(send: Send, status: int, body: bytes, headers: Iterable[tuple[bytes, bytes]]) -> None:
    """Send a whole response."""
    length = (b"content-length", str(len(body)).encode())
    await send({"type": "http.response.start", "status": status, "headers": [*headers, length]})
    await send({"type": "http.response.body", "body": body})


def shape(error: OnevoiceError) -> bytes:
    """
    Return the error JSON: code, message, detail, and `error` for clients that read only that.

    Segment's Python client retries an error without code and message; its Ruby client reads `error`.
    """
    said = error.shape()
    return msgspec.json.encode({**said, "error": said["message"]}, enc_hook=str)


def error_headers(status: int) -> Headers:
    """Return the headers of an error answer."""
    wait = refusals.retry_after(status)
    return [JSON, NO_STORE] if wait is None else [JSON, NO_STORE, (b"retry-after", str(wait).encode())]


async def send_error(send: Send, error: OnevoiceError, headers: Headers) -> int:
    """Send an error and return its status."""
    status = refusals.status_of(error)
    await send_bytes(send, status, shape(error), [*error_headers(status), *headers])
    return status
