"""The shapes on the wire: one message of an SDK, and a batch of them."""

import json
import re
from typing import Any, NoReturn

import msgspec

from onevoice.collect.reasons import Refused

Id = str | int | float | None
Values = dict[str, Any]

#: What the decoder raises on content; each becomes a reason.
UNREADABLE = (msgspec.MsgspecError, ValueError, RecursionError)

DEEPEST = 64  #: levels of nesting
LONGEST_ID = 500  #: characters

#: Digits become 0 and all else a space, so that a number too long for 64 bits is found at memory speed.
DIGITS = bytes(48 if 48 <= byte <= 57 else 32 for byte in range(256))
LONG_NUMBER = b"0" * 19
INT64 = 1 << 63


#: Our names for members whose wire names are camelCase, or aliases of those.
ITEM = {
    "message_id": "messageId",
    "original_timestamp": "originalTimestamp",
    "sent_at": "sentAt",
    "user_id": "userId",
    "user_alias": "user_id",
    "anonymous_id": "anonymousId",
    "anonymous_alias": "anonymous_id",
    "previous_id": "previousId",
    "previous_alias": "previous_id",
    "group_id": "groupId",
    "group_alias": "group_id",
    "external_ids": "externalIds",
    "write_key": "writeKey",
}


class Item(msgspec.Struct, rename=ITEM):
    """One message; what has two names (Segment's and an alias) is settled by `packet`."""

    type: str | None = None
    message_id: Id = None
    timestamp: Any = None
    original_timestamp: Any = None
    sent_at: Any = None
    event: str | None = None
    action: str | None = None
    name: Any = None
    category: Any = None
    user_id: Id = None
    user_alias: Id = None
    anonymous_id: Id = None
    anonymous_alias: Id = None
    previous_id: Id = None
    previous_alias: Id = None
    group_id: Id = None
    group_alias: Id = None
    traits: Values | None = None
    properties: Values | None = None
    context: Values | None = None
    integrations: Any = None
    external_ids: Any = None
    channel: Any = None
    write_key: Any = None


class Batch(msgspec.Struct, rename={"sent_at": "sentAt"}):
    """A batch; its items stay bytes until each is read by itself."""

    batch: list[msgspec.Raw] | None = None
    context: Values | None = None
    integrations: Any = None
    sent_at: Any = None


_item = msgspec.json.Decoder(Item)
_batch = msgspec.json.Decoder(Batch)

#: Where a wrong type was met -> reason.
FAULTS = {
    "type": "unknown_type",
    "event": "no_event_name",
    "action": "no_event_name",
    **dict.fromkeys(
        ("userId", "user_id", "anonymousId", "anonymous_id", "previousId", "previous_id", "groupId", "group_id"),
        "bad_id",
    ),
    "messageId": "bad_id",
}
MEMBER = re.compile(r" - at `\$\.?(.*)`$")


def item(raw: bytes) -> Item:
    """
    Decode one message.

    Raises:
        Refused: It is no JSON object, or a member has an impossible type.
    """
    try:
        return _item.decode(raw)
    except msgspec.ValidationError as error:
        raise _fault(error) from error
    except UNREADABLE as error:
        raise Refused("invalid_json", "$", f"The event cannot be read: {error}.") from error


def _fault(error: msgspec.ValidationError) -> Refused:
    found = MEMBER.search(str(error))
    member = found[1] if found else ""
    told = MEMBER.sub("", str(error))
    if "out of range" in told or not member:
        return Refused("invalid_json", f"$.{member}".rstrip("."), f"The event cannot be read: {told}.")
    reason = FAULTS.get(re.split(r"[.\[]", member)[0], "schema_violation")
    return Refused(reason, f"$.{member}", f"`{member}` has the wrong type: {told}.")


def batch(body: bytes) -> Batch:
    """
    Decode a batch.

    Raises:
        Refused: It is no JSON object, or its shared members have impossible types.
    """
    try:
        return _batch.decode(body)
    except msgspec.ValidationError as error:
        raise Refused("invalid_json", "$", f"This is no batch: {error}.") from error
    except UNREADABLE as error:
        raise Refused("invalid_json", "$", f"The body cannot be read: {error}.") from error


def lenient(body: bytes) -> bytes:
    """
    Return a body in which halves of surrogate pairs are replaced by `?`, so that the strict decoder reads it.

    Browsers send such halves when a text was cut inside an emoji; a whole batch must not be lost for that.

    Raises:
        Refused: It is no JSON even so.
    """
    try:
        found = json.loads(body, parse_constant=_no_constant)
        return json.dumps(found, ensure_ascii=False, separators=(",", ":")).encode("utf-8", "replace")
    except (ValueError, RecursionError) as error:
        raise Refused("invalid_json", "$", f"The body cannot be read: {error}.") from error


def _no_constant(name: str) -> NoReturn:
    raise ValueError(f"{name} is no JSON number")


def is_suspicious(body: bytes) -> bool:
    """Tell, at memory speed, whether a body may be nested too deeply or hold integers beyond 64 bits."""
    return body.count(b"{") + body.count(b"[") > DEEPEST or LONG_NUMBER in body.translate(DIGITS)


def inspect(value: Any, path: str = "$", depth: int = 1) -> None:
    """
    Walk a decoded value.

    Raises:
        Refused: It is nested too deeply, or holds an integer beyond 64 bits.
    """
    if isinstance(value, dict):
        members = [(f"{path}.{name}", inner) for name, inner in value.items()]
    elif isinstance(value, list):
        members = [(f"{path}[{at}]", inner) for at, inner in enumerate(value)]
    else:
        if type(value) is int and not -INT64 <= value < INT64:
            raise Refused("invalid_json", path[:200], "A number does not fit 64 bits; send it as text.")
        return
    if depth > DEEPEST:
        top = re.split(r"[.\[]", path[2:])[0]
        raise Refused("invalid_json", f"$.{top}", f"The event is nested deeper than {DEEPEST} levels.")
    for where, inner in members:
        inspect(inner, where, depth + 1)
