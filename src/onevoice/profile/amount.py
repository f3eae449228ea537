"""Amounts and orders as events state them: from revenue, total or value, else from the lines."""

from typing import Any

from onevoice.domain.event import Event
from onevoice.domain.money import MICROS, BadAmount, to_micros
from onevoice.domain.profile import Amounts, CategorySum, ChannelSum, Facet, OrderSum

#: Order event -> what it adds to the order count and the sign of its amount; an update adds nothing by itself.
ORDERS = {
    "Order Completed": (1, 1),
    "Order Updated": (0, 0),
    "Order Refunded": (0, -1),
    "Order Cancelled": (-1, -1),
    "Transaction Voided": (-1, -1),
}
#: Where the amount stands, best first: without tax and shipping, then with them. The lake's `revenue` reads the same.
TOTALS = ("revenue", "total", "value", "subtotal")
#: Largest float whose millionths are exact in a double.
EXACT = 1e9


def micros(value: Any) -> int | None:
    """Return an amount as whole millionths, or `None` if it is no number; the usual floats take a fast exact path."""
    kind = type(value)
    if kind is int:
        return int(value) * MICROS
    if kind is float and -EXACT < value < EXACT:
        scaled = value * MICROS
        near: int = round(scaled)
        if abs(scaled - near) < 1e-3:
            return near
    try:
        return to_micros(value)
    except BadAmount:
        return None


def stated(properties: dict[str, Any]) -> int | None:
    """Return the amount of an order event in millionths, or `None` if it states none."""
    for name in TOTALS:
        if name in properties:
            found = micros(properties[name])
            if found is not None:
                return found
    lines = products(properties)
    return sum(line_amount(line) for line in lines) if lines else None


def products(properties: dict[str, Any]) -> list[dict[str, Any]]:
    """Return the order's lines; whatever is no list of objects gives none."""
    found = properties.get("products")
    return [line for line in found if isinstance(line, dict)] if isinstance(found, list) else []


def quantity(line: dict[str, Any]) -> int:
    """Return the quantity of a line in millionths; a line without one is one piece."""
    found = micros(line["quantity"]) if "quantity" in line else MICROS
    return MICROS if found is None else found


def line_amount(line: dict[str, Any]) -> int:
    """Return what a line costs in millionths: its own amount, else price times quantity, else nothing."""
    if "amount" in line:
        own = micros(line["amount"])
        if own is not None:
            return own
    price = micros(line.get("price"))
    return 0 if price is None else price * quantity(line) // MICROS


def currency_of(properties: dict[str, Any], assumed: str) -> str:
    """Return the currency an event names, else the one assumed."""
    named = properties.get("currency")
    return named.upper() if isinstance(named, str) and named else assumed


def add(sums: Amounts, currency: str, amount: int) -> None:
    """Add an amount to sums; a currency that comes to nothing goes, so that equal sums are equal."""
    total = sums.get(currency, 0) + amount
    if total:
        sums[currency] = total
    else:
        sums.pop(currency, None)


def fold_order(facet: Facet, channel: ChannelSum | None, event: Event, assumed: str) -> None:
    """Fold one order event: sums, categories, and the order itself if it may be amended later."""
    counted, sign = ORDERS[event.name]
    properties = event.properties
    currency = currency_of(properties, assumed)
    amount = stated(properties)
    signed = sign * (abs(amount) if amount is not None and sign < 0 else amount or 0)
    facet.orders += counted
    add(facet.revenue, currency, signed)
    if channel is not None:
        channel.orders += counted
        add(channel.revenue, currency, signed)
    if counted > 0:
        at = event.occurred_at
        facet.last_order = max(facet.last_order, at)
        facet.first_order = at if not facet.first_order else min(facet.first_order, at)
    if sign:
        _fold_lines(facet.categories, event, currency, sign)
    order = properties.get("order_id")
    if order and event.channel != "store" and isinstance(order, str | int):
        known = facet.open_orders.get(str(order))
        if known is None:
            known = facet.open_orders[str(order)] = OrderSum()
        _amend(known, event, currency, amount, signed)


def _fold_lines(categories: dict[str, CategorySum], event: Event, currency: str, sign: int) -> None:
    at = event.occurred_at
    for line in products(event.properties):
        name = line.get("category") or line.get("department")
        if not isinstance(name, str):
            continue
        found = categories.get(name)
        if found is None:
            found = categories[name] = CategorySum()
        found.lines += sign
        found.quantity += sign * quantity(line)
        add(found.revenue, currency, sign * line_amount(line))
        found.last = max(found.last, at)


def _amend(order: OrderSum, event: Event, currency: str, amount: int | None, signed: int) -> None:
    """Note one event of an order that may be amended; a version without an amount cannot replace one."""
    counted, sign = ORDERS[event.name]
    order.counted += counted
    add(order.summed, currency, signed)
    if event.name == "Order Refunded":
        add(order.refunded, currency, -signed)
        return
    if sign >= 0 and amount is None:
        return
    if (event.occurred_at, event.id) > (order.at, order.event):
        order.at, order.event = event.occurred_at, event.id
        order.channel, order.currency, order.live = event.channel, currency, counted >= 0
        order.micros = (amount or 0) if order.live else 0


def correction(order: OrderSum) -> tuple[int, Amounts]:
    """
    Return what to add to order count and revenue so that the order counts as its newest version less refunds.

    An order never counts for less than nothing; one of which only refunds were seen needs no correction.
    """
    if not order.event:
        return 0, {}
    wanted = {order.currency: max(order.micros - order.refunded.get(order.currency, 0), 0)}
    difference: Amounts = {}
    for currency in wanted.keys() | order.summed.keys():
        add(difference, currency, wanted.get(currency, 0) - order.summed.get(currency, 0))
    return int(order.live) - order.counted, difference
