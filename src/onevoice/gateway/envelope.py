"""What the door must know of a body before it takes it: that it is JSON, who speaks, and how many events it holds."""

import json
import re
from typing import Any, NoReturn

import msgspec

from onevoice.gateway.refusals import EventTooLarge, InvalidJson, NoBatch


class Single(msgspec.Struct):
    """The only field of one event that the door reads."""

    write_key: Any = msgspec.field(name="writeKey", default=None)


class Batch(msgspec.Struct):
    """The only fields of a batch that the door reads; its items stay bytes."""

    batch: list[msgspec.Raw]
    write_key: Any = msgspec.field(name="writeKey", default=None)


class Envelope(msgspec.Struct, frozen=True):
    """What was found."""

    key: str  #: the key named in the body, or nothing
    events: int
    rejected: int = 0  #: events that the resolver will refuse for their size or number


#: A key in a body that is no JSON.
KEY = re.compile(rb'"writeKey"\s*:\s*"([\x21-\x7e]{1,200}?)"')

_single = msgspec.json.Decoder(Single)
_batch = msgspec.json.Decoder(Batch)


def of_single(body: bytes, *, largest: int) -> Envelope:
    """
    Read a body that holds one event.

    Raises:
        InvalidJson: It is no JSON object.
        EventTooLarge: It is longer than *largest* bytes.
    """
    if len(body) > largest:
        raise EventTooLarge(limit=largest, size=len(body))
    try:
        _utf8(body)
        return Envelope(_text(_single.decode(body).write_key), 1)
    except (msgspec.DecodeError, RecursionError) as error:
        found = _lenient(body, error)
        return Envelope(_text(found.get("writeKey")), 1)


def of_batch(body: bytes, *, most: int, largest: int) -> Envelope:
    """
    Read a body that holds a list of events, and count those that are too many or too large.

    Raises:
        InvalidJson: It is no JSON object.
        NoBatch: It has no list named batch.
    """
    try:
        _utf8(body)
        found = _batch.decode(body)
    except (msgspec.DecodeError, RecursionError) as error:
        found = _lenient_batch(body, error)
    key = _text(found.write_key) or _first_key(found.batch)
    return Envelope(key, len(found.batch), _refused(found.batch, len(body), most, largest))


def key_of_broken(body: bytes) -> str:
    """Return the key that a body names although it cannot be read as a whole, so that its sender is known."""
    found = KEY.search(body)
    return found[1].decode("ascii") if found else ""


def _utf8(body: bytes) -> None:
    try:
        body.decode()
    except UnicodeDecodeError as error:
        raise InvalidJson(f"The body is not UTF-8 at byte {error.start}.") from error


def _text(key: object) -> str:
    return key if isinstance(key, str) else ""


def _first_key(items: list[msgspec.Raw]) -> str:
    try:
        return _text(_single.decode(items[0]).write_key) if items else ""
    except msgspec.DecodeError:
        return ""


def _refused(items: list[msgspec.Raw], size: int, most: int, largest: int) -> int:
    """Count what exceeds a limit; where the whole body is smaller than one event may be, nothing can."""
    extra = max(0, len(items) - most)
    if size <= largest:
        return extra
    return extra + sum(memoryview(item).nbytes > largest for item in items[:most])


def _lenient(body: bytes, error: Exception) -> dict[str, Any]:
    """
    Read JSON that the fast decoder refuses but the grammar allows: halves of surrogate pairs.

    Browsers send them when a text was cut inside an emoji; a whole batch must not be lost for that.
    """
    try:
        found = json.loads(body, parse_constant=_no_constant)
    except (ValueError, RecursionError):
        _fail(error)
    if not isinstance(found, dict):
        _fail(error)
    return found


def _lenient_batch(body: bytes, error: Exception) -> Batch:
    found = _lenient(body, error)
    if not isinstance(found.get("batch"), list):
        raise NoBatch from error
    items = [msgspec.Raw(json.dumps(item, separators=(",", ":")).encode()) for item in found["batch"]]
    return Batch(batch=items, write_key=found.get("writeKey"))


def _no_constant(name: str) -> NoReturn:
    raise ValueError(name)


def _fail(error: Exception) -> NoReturn:
    if isinstance(error, RecursionError):
        raise InvalidJson("The body is nested too deeply.") from error
    raise InvalidJson(f"The body cannot be read: {error}.") from error
