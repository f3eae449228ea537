"""Recency, frequency and monetary value agree with a plain reading of the orders."""

from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st
from tests.profile.events import START, histories

from onevoice.domain.event import Event
from onevoice.domain.identifier import Identifier, Trust
from onevoice.domain.money import MICROS
from onevoice.domain.profile import Facet, Profile
from onevoice.profile.amount import micros, stated
from onevoice.profile.facet import Facets, fold
from onevoice.profile.view import view

IDENTIFIER = Identifier("email", "ann@example.com", Trust.VERIFIED)


def profile_of(history: list[Event]) -> Profile:
    """Return the profile of a person with one node."""
    facets = Facets()
    facets.put(1, Facet())
    for event in history:
        fold(facets, 1, event)
    return view("p1", [(1, IDENTIFIER)], [facets.loaded[1]])


def order(number: int, name: str, order_id: str = "o1", channel: str = "web", **properties: object) -> Event:
    """Return one order event."""
    return Event(
        id=f"m{number}",
        name=name,
        channel=channel,
        occurred_at=START + number,
        received_at=START,
        identifiers=(IDENTIFIER,),
        properties={"order_id": order_id, "currency": "USD", **properties},
    )


def oracle(history: list[Event]) -> tuple[int, dict[str, int]]:
    """
    Count orders and revenue by reading the orders one by one, with Decimal and no running sums.

    A till sale counts as it is said. Any other order counts as its newest version less its refunds, never below zero;
    one of which only refunds are known counts negative.
    """
    count, total = 0, {"USD": Decimal(0), "EUR": Decimal(0)}
    web: dict[str, list[Event]] = {}
    for event in history:
        if not event.name.startswith("Order "):
            continue
        if event.channel == "store":
            signs = {"Order Completed": (1, 1), "Order Refunded": (0, -1), "Order Cancelled": (-1, -1)}
            by, sign = signs.get(event.name, (0, 0))
            count += by
            total[event.properties["currency"]] += sign * (_plain(event) or 0)
        else:
            web.setdefault(event.properties["order_id"], []).append(event)
    for events in web.values():
        count += _settle(events, total)
    return count, {currency: int(amount * MICROS) for currency, amount in total.items() if amount}


def _settle(events: list[Event], total: dict[str, Decimal]) -> int:
    refunds = {"USD": Decimal(0), "EUR": Decimal(0)}
    for event in events:
        if event.name == "Order Refunded":
            refunds[event.properties["currency"]] += _plain(event) or 0
    versions = [
        event
        for event in events
        if event.name == "Order Cancelled" or (event.name != "Order Refunded" and _plain(event) is not None)
    ]
    completed = sum(event.name == "Order Completed" for event in events)
    if not versions:
        for currency, refund in refunds.items():
            total[currency] -= refund
        return completed
    newest = max(versions, key=lambda event: (event.occurred_at, event.id))
    if newest.name == "Order Cancelled":
        return 0
    currency = newest.properties["currency"]
    total[currency] += max((_plain(newest) or Decimal(0)) - refunds[currency], Decimal(0))
    return 1


def _plain(event: Event) -> Decimal | None:
    if "total" in event.properties:
        return Decimal(str(event.properties["total"]))
    lines = event.properties.get("products")
    return sum((Decimal(str(one["price"])) * one["quantity"] for one in lines), Decimal(0)) if lines else None


@given(histories(40))
def test_frequency_and_monetary_value_agree_with_a_plain_reading(history: list[Event]) -> None:
    """Running sums and their corrections give what a reader of every single order gives."""
    profile = profile_of(history)

    assert oracle(history) == (profile.orders, profile.revenue)
    assert profile.revenue == {
        currency: total
        for currency in ("EUR", "USD")
        if (total := sum(one.revenue.get(currency, 0) for one in profile.channels.values()))
    }


@given(histories(40))
def test_recency_and_categories_agree_with_a_plain_reading(history: list[Event]) -> None:
    """First and last order, and quantities by category, are those of the events."""
    profile = profile_of(history)
    moments = [event.occurred_at for event in history if event.name == "Order Completed"]
    wine = sum(
        {"Order Completed": 1, "Order Refunded": -1, "Order Cancelled": -1}.get(event.name, 0) * line["quantity"]
        for event in history
        for line in event.properties.get("products", [])
        if line["category"] == "wine"
    )

    assert (min(moments, default=0), max(moments, default=0)) == (profile.first_order_at, profile.last_order_at)
    assert wine == (profile.categories["wine"].quantity if "wine" in profile.categories else 0)


def test_update_replaces_the_amount() -> None:
    """An order counts as its newest version."""
    profile = profile_of([order(1, "Order Completed", total=100), order(2, "Order Updated", total=80)])

    assert (1, {"USD": 80 * MICROS}) == (profile.orders, profile.revenue)
    assert {"USD": 80 * MICROS} == profile.channels["web"].revenue


def test_refund_then_cancellation_takes_the_money_back_once() -> None:
    """An order refunded in full and then cancelled comes to nothing, not to less."""
    history = [
        order(1, "Order Completed", total=100),
        order(2, "Order Refunded", total=100),
        order(3, "Order Cancelled", total=100),
    ]

    assert (0, {}) == (profile_of(history).orders, profile_of(history).revenue)


def test_update_seen_on_another_node_amends_the_same_order() -> None:
    """Once two nodes are one person, the update under one corrects the order under the other."""
    facets = Facets()
    fold(facets, 1, order(1, "Order Completed", total=100))
    fold(facets, 2, order(2, "Order Updated", total=70))

    profile = view("p1", [(1, IDENTIFIER), (2, Identifier("user_id", "u1"))], facets.loaded.values())

    assert (1, {"USD": 70 * MICROS}) == (profile.orders, profile.revenue)


@given(st.one_of(st.decimals(-10_000, 10_000, places=4), st.integers(-(10**12), 10**12)))
def test_fast_amounts_are_exact(number: Decimal | int) -> None:
    """The fast path for floats gives the same millionths as exact arithmetic."""
    given_ = float(number) if isinstance(number, Decimal) else number

    assert int(Decimal(str(number)) * MICROS) == micros(given_)


@pytest.mark.parametrize(
    ("properties", "expected"),
    [
        ({"revenue": 9, "total": 10}, 9 * MICROS),
        ({"total": "10.50"}, 10_500_000),
        ({"value": 3}, 3 * MICROS),
        ({"revenue": "much", "total": 4}, 4 * MICROS),
        ({"products": [{"price": 2.5, "quantity": 3}, {"price": 1}]}, 8_500_000),
        ({"products": [{"amount": 2.99, "price": 1, "quantity": 3}]}, 2_990_000),
        ({"products": "none"}, None),
        ({"total": True}, None),
        ({}, None),
    ],
)
def test_amount_stands_where_the_specification_says(properties: dict[str, object], expected: int | None) -> None:
    """Revenue comes before total and value, lines are the last resort, and what is no number is passed over."""
    assert expected == stated(properties)
