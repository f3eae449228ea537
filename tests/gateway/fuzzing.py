"""Mutated payloads of real SDKs: broken bytes, odd values, false headers; the same for the same seed."""

import gzip
import http.client
import json
import random
from collections.abc import Iterator
from typing import Any, NamedTuple

from onevoice.collect.packet import read
from onevoice.collect.plan import Plan
from onevoice.domain.event import Event, Rejected
from onevoice.domain.packet import Packet
from tests.gateway.house import House, basic

CONTEXT = {
    "library": {"name": "analytics.js", "version": "next-1.84.3"},
    "page": {"path": "/", "url": "https://shop.example/?utm_source=mail", "referrer": ""},
    "userAgent": "Mozilla/5.0 (X11; Linux x86_64)",
    "locale": "de-DE",
    "campaign": {"name": "spring", "source": "mail"},
    "traits": {"email": "ada@example.com"},
    "device": {"id": "d-1", "advertisingId": "7a3c", "adTrackingEnabled": True, "token": "t", "type": "ios"},
    "externalIds": [{"id": "l-1", "type": "loyalty_id", "collection": "users", "encoding": "none"}],
}
COMMON = {
    "messageId": "ajs-next-1767225600000-5c1f2ab0",
    "anonymousId": "5c1f2ab0-7d0e-4c39-9f2b-3cf7d2a0c1de",
    "timestamp": "2026-01-01T00:00:00.000Z",
    "sentAt": "2026-01-01T00:00:01.000Z",
    "context": CONTEXT,
    "integrations": {"All": True, "Segment.io": False},
}
LINE = {"product_id": "p-1", "sku": "s-1", "price": 12.5, "quantity": 2, "category": "Shoes"}
EVENTS: list[dict[str, Any]] = [
    {**COMMON, "type": "identify", "userId": "u-1", "traits": {"email": "ada@example.com", "age": 36}},
    {**COMMON, "type": "track", "event": "Order Completed", "properties": {"total": 25, "products": [LINE, LINE]}},
    {**COMMON, "type": "track", "event": "Product Viewed", "userId": 17, "properties": LINE},
    {**COMMON, "type": "page", "name": "Home", "properties": {"title": "Shop", "url": "https://shop.example/"}},
    {**COMMON, "type": "screen", "name": "Cart", "userId": "u-1"},
    {**COMMON, "type": "group", "groupId": "g-1", "userId": "u-1", "traits": {"name": "Shop"}},
    {**COMMON, "type": "alias", "previousId": "old-1", "userId": "u-1"},
    {"type": "track", "event": "Consent Granted", "userId": "u", "properties": {"channel": "email", "purpose": "ads"}},
    {
        "type": "track",
        "event": "Order Completed",
        "properties": {"business_date": "2026-01-01", "transaction_no": "9", "total": "12,50", "currency": "EUR"},
        "context": {"channel": "store", "store": {"id": "s1", "register_id": "r1"}, "timezone": "Europe/Berlin"},
    },
]
ODD: list[Any] = [
    None, True, 0, -1, 2**63, 10**40, 1e308, -0.0, "", " ", "\0", "\ud83d", "\U0001f600" * 50, "a" * 9_000, "NaN",
    [], {}, [[]], {"": ""}, {"a": {"b": {"c": {}}}}, [None] * 50, "2026-02-30", "9999-12-31T23:59:59Z", "0001-01-01",
    "1767225600000", 1767225600, "__proto__", "'; DROP TABLE intake; --", "../../etc/passwd", "<script>", "%00", "١٢",
]  # fmt: skip
PATHS = ["/v1/batch", "/v1/import", "/b", "/v1/track", "/v1/t", "/v1/identify", "/v1/page", "/v1/alias", "/v1/group/"]
LIES = [
    {"content-encoding": "gzip"},
    {"content-encoding": "deflate"},
    {"content-encoding": "br"},
    {"content-type": "multipart/form-data"},
    {"x-retry-count": "many"},
    {"x-retry-count": "²"},
    {"x-forwarded-for": "a" * 3_000},
    {"user-agent": "\xff\xfe"},
    {"origin": "null"},
]


class Attempt(NamedTuple):
    """One request, and the plain bytes that must be stored if it is acknowledged."""

    path: str
    headers: dict[str, str]
    body: bytes
    plain: bytes


def attempts(seed: int, count: int, token: str) -> Iterator[Attempt]:
    """Yield mutated requests."""
    rng = random.Random(seed)
    for _ in range(count):
        path = rng.choice(PATHS)
        events = [rng.choice(EVENTS) for _ in range(rng.randint(0, 4))]
        batch: Any = {"batch": events, "sentAt": COMMON["sentAt"], "context": {"direct": True}}
        whole: Any = batch if path in PATHS[:3] else rng.choice(EVENTS)
        for _ in range(rng.choice((0, 1, 1, 2, 6))):
            whole = twisted(rng, whole)
        plain = json.dumps(whole, ensure_ascii=rng.random() < 0.5).encode("utf-8", "surrogatepass")
        if rng.random() < 0.4:
            plain = broken(rng, plain)
        headers = {} if rng.random() < 0.05 else basic(token)
        body = plain
        if rng.random() < 0.15:
            body, headers["content-encoding"] = gzip.compress(plain), "gzip"
        elif rng.random() < 0.1:
            headers |= rng.choice(LIES)
        if rng.random() < 0.03:
            body = broken(rng, body)
        yield Attempt(path, headers, body, plain)


def twisted(rng: random.Random, value: Any) -> Any:
    """Return a JSON value with one odd value, one missing or one new field somewhere in it."""
    if isinstance(value, dict) and value and rng.random() < 0.9:
        name = rng.choice(list(value))
        if rng.random() < 0.08:
            return {key: one for key, one in value.items() if key != name}
        if rng.random() < 0.05:
            return {**value, rng.choice(["", "$", "a.b", "\0", name * 30]): rng.choice(ODD)}
        return {**value, name: twisted(rng, value[name])}
    if isinstance(value, list) and value and rng.random() < 0.9:
        at = rng.randrange(len(value))
        return [*value[:at], twisted(rng, value[at]), *value[at + 1 :]]
    return rng.choice(ODD)


def broken(rng: random.Random, body: bytes) -> bytes:
    """Return bytes with some flipped, cut out, doubled or put in."""
    made = bytearray(body)
    for _ in range(rng.randint(1, 4)):
        at = rng.randrange(len(made) + 1)
        match rng.randrange(4):
            case 0:
                made[at : at + 1] = bytes([rng.randrange(256)])
            case 1:
                del made[at : at + rng.randint(1, 20)]
            case 2:
                made[at:at] = made[at : at + 30]
            case _:
                made[at:at] = rng.choice([b'"', b"{", b"]", b"\\u", b"\xff", b"\0", b",", b"1e999", b"[" * 2_000])
    return bytes(made)


class Outcome(NamedTuple):
    """What came of a number of attempts."""

    statuses: dict[int, int]
    faults: list[Attempt]  #: answered with 5xx
    lost: list[Attempt]  #: acknowledged and not stored
    events: int
    rejected: int


def attack(house: House, seed: int, count: int) -> Outcome:
    """Send the attempts, then read what is stored as the resolver will."""
    wire = http.client.HTTPConnection("127.0.0.1", house.settings.port, timeout=30)
    statuses: dict[int, int] = {}
    faults, taken = [], []
    for attempt in attempts(seed, count, house.write):
        wire.request("POST", attempt.path, attempt.body, attempt.headers)
        answer = wire.getresponse()
        answer.read()
        statuses[answer.status] = statuses.get(answer.status, 0) + 1
        if answer.status >= 500:
            faults.append(attempt)
        elif answer.status == 200 and not _empty(attempt):
            taken.append(attempt)
    wire.close()
    rows = house.rows()
    stored = {body for *_, meta, body in rows if "refused" not in meta}
    lost = [attempt for attempt in taken if attempt.plain not in stored and attempt.body not in stored]
    said = [one for seq, row in enumerate(rows, 1) for one in _read(seq, row)]
    events = sum(isinstance(one, Event) for one in said)
    return Outcome(statuses, faults, lost, events, len(said) - events)


def _empty(attempt: Attempt) -> bool:
    try:
        found = json.loads(attempt.plain)
    except ValueError:
        return False
    return isinstance(found, dict) and found.get("batch") == []


def _read(seq: int, row: Any) -> list[Event | Rejected]:
    key, trust, path, meta, body = row
    packet = Packet(seq=seq, received_at=1_767_225_600_000_000, key=key, trust=trust, path=path, meta=meta, body=body)
    return read(packet, Plan())
