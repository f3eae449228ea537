"""The pixel: an event in the query of a picture's address, for mails and pages that run no scripts."""

import base64
import binascii
from typing import Any
from urllib.parse import parse_qsl

import msgspec

from onevoice.gateway.refusals import InvalidJson

#: Fields of an event that are objects; `properties.subject=x` is their dotted spelling.
DEEPEST = 5


class Pixel(msgspec.Struct, frozen=True):
    """What a pixel says: the event as JSON, and whose key it names."""

    key: str
    body: bytes


def read(kind: str, query: bytes) -> Pixel:
    """
    Read a pixel's query: `data` with base64 JSON (either alphabet, padding optional), or dotted names.

    Raises:
        InvalidJson: `data` holds no JSON object.
    """
    fields = dict(parse_qsl(query.decode("latin-1"), keep_blank_values=True))
    event = _decoded(fields["data"]) if "data" in fields else _nested(fields)
    event["type"] = kind
    key = event.get("writeKey") or fields.get("writeKey", "")
    return Pixel(key if isinstance(key, str) else "", msgspec.json.encode(event))


def _decoded(data: str) -> dict[str, Any]:
    tidy = data.replace(" ", "+").replace("-", "+").replace("_", "/").rstrip("=")
    try:
        plain = base64.b64decode(tidy + "=" * (-len(tidy) % 4), validate=True)
        return msgspec.json.decode(plain, type=dict[str, Any])
    except (binascii.Error, msgspec.DecodeError, UnicodeDecodeError, RecursionError) as error:
        raise InvalidJson("The pixel's data is no base64 of a JSON object.") from error


def _nested(fields: dict[str, str]) -> dict[str, Any]:
    event: dict[str, Any] = {}
    for name, value in fields.items():
        *path, last = name.split(".", DEEPEST)
        place = event
        for part in path:
            inner = place.setdefault(part, {})
            if not isinstance(inner, dict):
                break
            place = inner
        else:
            place[last] = value
    return event
