"""Reading a request body: chunked, compressed, and never larger in memory than it may be."""

import zlib

from starlette.types import Receive, Scope

from onevoice.domain.errors import OnevoiceError
from onevoice.gateway.answers import header
from onevoice.gateway.refusals import BadEncoding, BatchTooLarge

GZIP_MAGIC = b"\x1f\x8b"
#: zlib window bits that read a gzip or a zlib header.
EITHER = 47


class ClientGone(OnevoiceError):
    """The client went away before its request was complete."""


async def read(scope: Scope, receive: Receive, limit: int) -> bytes:
    """
    Return the decompressed body.

    Raises:
        BatchTooLarge: It is longer than *limit*, as sent or decompressed.
        BadEncoding: It says it is compressed and is not.
        ClientGone: The connection ended first.
    """
    if int(header(scope, b"content-length") or 0) > limit:
        raise BatchTooLarge(limit=limit)
    body = await _collect(receive, limit)
    if body[:2] == GZIP_MAGIC or header(scope, b"content-encoding") in {b"gzip", b"x-gzip", b"deflate"}:
        return inflate(body, limit)
    return body


async def _collect(receive: Receive, limit: int) -> bytes:
    message = await receive()
    if message["type"] == "http.disconnect":
        raise ClientGone
    body: bytes = message.get("body", b"")
    if not message.get("more_body"):
        return _within(body, limit)
    parts, size = [body], len(body)
    while message.get("more_body"):
        message = await receive()
        if message["type"] == "http.disconnect":
            raise ClientGone
        parts.append(message.get("body", b""))
        size += len(parts[-1])
        if size > limit:
            raise BatchTooLarge(limit=limit)
    return b"".join(parts)


def _within(body: bytes, limit: int) -> bytes:
    if len(body) > limit:
        raise BatchTooLarge(limit=limit)
    return body


def inflate(packed: bytes, limit: int) -> bytes:
    """
    Return the content of a gzip (any number of members) or zlib stream, stopping at *limit* bytes.

    Raises:
        BatchTooLarge: There is more.
        BadEncoding: The stream is broken or ends early.
    """
    whole = b""
    while packed:
        stream = zlib.decompressobj(EITHER)
        try:
            whole += stream.decompress(packed, limit + 1 - len(whole))
        except zlib.error as error:
            raise BadEncoding from error
        if len(whole) > limit:
            raise BatchTooLarge(limit=limit)
        if not stream.eof:
            raise BadEncoding
        packed = stream.unused_data
    return whole
