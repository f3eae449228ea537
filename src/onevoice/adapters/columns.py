"""The log as columns: how one event becomes a row of the lake, and the lines of an order rows of their own."""

from collections.abc import Iterable, Sequence
from decimal import Decimal
from typing import Any

import msgspec
import pyarrow as pa

from onevoice.domain.errors import BadInput
from onevoice.domain.event import Event
from onevoice.domain.money import to_micros

#: One row of the log: its number, the node it is anchored to, and the event.
LogRow = tuple[int, int, Event]

#: What counts as sales, and with which sign. A refund's total is positive on the wire.
SALES = {"Order Completed": 1, "Order Refunded": -1, "Order Cancelled": -1, "Transaction Voided": -1}

#: Properties that may hold an order's value, best first: without tax and shipping, then with them.
VALUES = ("revenue", "total", "subtotal")

EVENTS = pa.schema(
    [
        pa.field("seq", pa.int64(), nullable=False),
        pa.field("id", pa.string(), nullable=False),
        pa.field("name", pa.string(), nullable=False),
        pa.field("channel", pa.string(), nullable=False),
        pa.field("node", pa.int64(), nullable=False),
        pa.field("occurred_at", pa.int64(), nullable=False),  # microseconds UTC
        pa.field("received_at", pa.int64(), nullable=False),
        pa.field("revenue", pa.int64()),  # micros; negative for a refund; null where nothing was sold
        pa.field("currency", pa.string()),
        pa.field("order_id", pa.string()),
        pa.field("store_id", pa.string()),
        pa.field("campaign", pa.string()),
        pa.field("coupon", pa.string()),
        pa.field("body", pa.string(), nullable=False),  # JSON of the event
    ]
)

LINES = pa.schema(
    [
        pa.field("seq", pa.int64(), nullable=False),
        pa.field("node", pa.int64(), nullable=False),
        pa.field("occurred_at", pa.int64(), nullable=False),
        pa.field("channel", pa.string(), nullable=False),
        pa.field("product_id", pa.string()),
        pa.field("category", pa.string()),
        pa.field("department", pa.string()),
        pa.field("quantity", pa.float64(), nullable=False),
        pa.field("amount", pa.int64(), nullable=False),  # micros
    ]
)

NODES = pa.schema(
    [
        pa.field("node", pa.int64(), nullable=False),
        pa.field("kind", pa.string()),
        pa.field("value", pa.string()),
        pa.field("person", pa.string(), nullable=False),
        pa.field("household", pa.string()),
    ]
)

PEOPLE = pa.schema(
    [
        pa.field("person", pa.string(), nullable=False),
        pa.field("household", pa.string()),
        pa.field("traits", pa.string()),  # JSON: name -> value
    ]
)

CONSENTS = pa.schema(
    [
        pa.field("person", pa.string(), nullable=False),
        pa.field("channel", pa.string(), nullable=False),
        pa.field("purpose", pa.string(), nullable=False),
        pa.field("state", pa.string(), nullable=False),  # the newest word of one address: granted or withdrawn
    ]
)

#: The tables that audiences and reports read.
SCHEMAS = {"events": EVENTS, "lines": LINES, "nodes": NODES, "people": PEOPLE, "consents": CONSENTS}

_encoder = msgspec.json.Encoder()


def text(value: Any) -> str | None:
    """Return an id as text; what is empty or no scalar is nothing."""
    if isinstance(value, bool) or not isinstance(value, str | int | float):
        return None
    return str(value) or None


def micros(value: Any) -> int | None:
    """Return an amount in micros, or nothing where it is none (or would not fit 64 bits)."""
    if value is None:
        return None
    try:
        found = to_micros(value)
    except BadInput:
        return None
    return found if abs(found) < 2**63 else None


def revenue(event: Event) -> int | None:
    """Return what an event earned or gave back, in micros; nothing where it is no sale."""
    sign = SALES.get(event.name)
    if sign is None:
        return None
    found = next((amount for key in VALUES if (amount := micros(event.properties.get(key))) is not None), None)
    return None if found is None else sign * found


def campaign(event: Event) -> str | None:
    """Return the campaign an event belongs to: by property, else by the link that led there."""
    properties = event.properties
    led = event.context.get("campaign")
    found = text(properties.get("campaign_id")) or text(properties.get("campaign"))
    if found is None and isinstance(led, dict):
        found = text(led.get("id")) or text(led.get("name"))
    return found


def coupon(event: Event) -> str | None:
    """Return the coupon or code that an event names."""
    found = (text(event.properties.get(key)) for key in ("coupon", "coupon_id", "coupon_code", "code"))
    return next((value for value in found if value), None)


def store(event: Event) -> str | None:
    """Return the store an event happened in."""
    place = event.context.get("store")
    found = text(place.get("id")) if isinstance(place, dict) else None
    return found or text(event.properties.get("store_id"))


def event_row(seq: int, node: int, event: Event) -> tuple[Any, ...]:
    """Return one event in the order of `EVENTS`."""
    properties = event.properties
    currency = text(properties.get("currency"))
    return (
        seq,
        event.id,
        event.name,
        event.channel,
        node,
        event.occurred_at,
        event.received_at,
        revenue(event),
        currency.upper() if currency else None,
        text(properties.get("order_id")),
        store(event),
        campaign(event),
        coupon(event),
        _encoder.encode(event).decode(),
    )


def line_rows(seq: int, node: int, event: Event) -> list[tuple[Any, ...]]:
    """Return the lines of a sale in the order of `LINES`; every other event has none."""
    sign = SALES.get(event.name)
    products = event.properties.get("products")
    if sign is None or not isinstance(products, list):
        return []
    start = (seq, node, event.occurred_at, event.channel)
    return [(*start, *_line(product, sign)) for product in products if isinstance(product, dict)]


def _line(product: dict[str, Any], sign: int) -> tuple[Any, ...]:
    quantity = product.get("quantity", 1)
    count = float(quantity) if isinstance(quantity, int | float) and abs(quantity) < 2**53 else 1.0
    amount = micros(product.get("amount"))
    if amount is None:
        price = micros(product.get("price")) or 0
        amount = int(Decimal(price) * Decimal(str(count)))
    return (
        text(product.get("product_id")) or text(product.get("sku")),
        text(product.get("category")),
        text(product.get("department")),
        sign * count,
        sign * amount if abs(amount) < 2**63 else 0,
    )


def table(schema: pa.Schema, rows: Sequence[Sequence[Any]]) -> pa.Table:
    """Return rows as an Arrow table."""
    columns = list(zip(*rows, strict=True)) if rows else [()] * len(schema)
    arrays = [pa.array(values, type=field.type) for values, field in zip(columns, schema, strict=True)]
    return pa.Table.from_arrays(arrays, schema=schema)


def events_table(rows: Iterable[LogRow]) -> pa.Table:
    """Return log rows as the `events` table."""
    return table(EVENTS, [event_row(*row) for row in rows])


def lines_table(rows: Iterable[LogRow]) -> pa.Table:
    """Return the lines that log rows hold as the `lines` table."""
    return table(LINES, [line for row in rows for line in line_rows(*row)])
