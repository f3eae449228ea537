"""Pixels: an event in the query of a picture's address, for mails and pages that run no scripts."""

import base64
import binascii
from typing import Any
from urllib.parse import parse_qsl

import msgspec

from onevoice.collect.message import UNREADABLE
from onevoice.collect.reasons import Refused

#: Levels of the dotted spelling `properties.subject=x`.
DEEPEST = 5
MOST_FIELDS = 400


def unfolded(body: bytes) -> bytes:
    """
    Return a pixel's event as JSON: it may be so already, or be the picture's query.

    A query holds `data`, base64 of JSON in either alphabet with or without padding, or dotted names.

    Raises:
        Refused: `data` is no base64, or the query has too many fields.
    """
    if body.lstrip()[:1] in {b"{", b"["} or not body:
        return body
    try:
        fields = dict(parse_qsl(body.decode(), keep_blank_values=True, max_num_fields=MOST_FIELDS))
        return _plain(fields["data"]) if "data" in fields else msgspec.json.encode(_nested(fields))
    except (binascii.Error, *UNREADABLE) as error:
        raise Refused("invalid_json", "$", "The pixel's data is no base64 of a JSON object.") from error


def _plain(data: str) -> bytes:
    tidy = data.replace(" ", "+").replace("-", "+").replace("_", "/").rstrip("=")
    return base64.b64decode(tidy + "=" * (-len(tidy) % 4), validate=True)


def _nested(fields: dict[str, str]) -> dict[str, Any]:
    event: dict[str, Any] = {}
    for name, value in fields.items():
        *path, last = name.split(".", DEEPEST)
        place: Any = event
        for part in path:
            place = place.setdefault(part, {}) if isinstance(place, dict) else None
        if isinstance(place, dict):
            place[last] = value
    return event
