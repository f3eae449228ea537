"""An event becomes columns: sales, lines, campaign, coupon, store."""

import pytest

from onevoice.adapters import columns
from onevoice.domain.event import Event
from onevoice.domain.identifier import Identifier


def event(name="Order Completed", context=None, **properties):
    """Return an event of the shop."""
    return Event(
        id="m1",
        name=name,
        channel="web",
        occurred_at=1_000_000,
        received_at=2_000_000,
        identifiers=(Identifier("email", "a@example.com"),),
        properties=properties,
        context=context or {},
    )


@pytest.mark.parametrize(
    ("name", "properties", "expected"),
    [
        ("Order Completed", {"revenue": 12.5, "total": 15}, 12_500_000),
        ("Order Completed", {"total": "15.01"}, 15_010_000),
        ("Order Refunded", {"total": 3}, -3_000_000),
        ("Order Completed", {"revenue": "n/a"}, None),
        ("Order Completed", {"revenue": 1e300}, None),
        ("Order Completed", {"revenue": True}, None),
        ("Checkout Started", {"revenue": 9, "total": 9}, None),
    ],
)
def test_only_sales_have_revenue(name, properties, expected):
    """Revenue is read from sales alone, exactly, and a refund is negative."""
    assert expected == columns.revenue(event(name, **properties))


def test_row_holds_what_reports_ask_for():
    """A row carries currency in capitals, order, store, campaign, coupon and the whole event as JSON."""
    given = event(
        context={"store": {"id": 31}, "campaign": {"name": "spring"}},
        currency="eur",
        order_id=7,
        coupon="TEN",
        total=1,
    )

    row = dict(zip(columns.EVENTS.names, columns.event_row(5, 9, given), strict=True))

    body = row.pop("body")
    assert {
        "seq": 5,
        "id": "m1",
        "name": "Order Completed",
        "channel": "web",
        "node": 9,
        "occurred_at": 1_000_000,
        "received_at": 2_000_000,
        "revenue": 1_000_000,
        "currency": "EUR",
        "order_id": "7",
        "store_id": "31",
        "campaign": "spring",
        "coupon": "TEN",
    } == row
    assert '"order_id":7' in body


def test_campaign_property_beats_the_link():
    """The campaign an event names itself counts more than the link that led there."""
    assert "13" == columns.campaign(event(context={"campaign": {"id": "x"}}, campaign_id=13))


def test_lines_multiply_price_and_quantity():
    """A line's amount is its own amount, else price times quantity, exact in micros."""
    given = event(
        products=[
            {"product_id": 1, "price": 0.1, "quantity": 3, "category": "soap", "department": "drug"},
            {"sku": "b", "price": 5, "amount": 4.5},
            "nonsense",
        ]
    )

    assert [
        (5, 9, 1_000_000, "web", "1", "soap", "drug", 3.0, 300_000),
        (5, 9, 1_000_000, "web", "b", None, None, 1.0, 4_500_000),
    ] == columns.line_rows(5, 9, given)


def test_refunded_lines_subtract():
    """Lines of a refund count negative."""
    given = event("Order Refunded", products=[{"product_id": "a", "price": 2, "quantity": 2}])

    assert [(5, 9, 1_000_000, "web", "a", None, None, -2.0, -4_000_000)] == columns.line_rows(5, 9, given)


def test_cart_is_no_purchase():
    """Products that were only looked at make no lines."""
    assert [] == columns.line_rows(5, 9, event("Product Added", products=[{"product_id": "a", "price": 2}]))
