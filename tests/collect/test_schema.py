"""Known events are validated, unknown ones are welcome."""

from pathlib import Path
from typing import Any

import pytest

from onevoice.collect import handbook
from onevoice.collect.plan import Plan
from onevoice.collect.schema import BadSchema, EventSchema, Schema, compiled
from onevoice.collect.vocabulary import DOCUMENTS, VOCABULARY
from onevoice.domain.event import CHANNELS
from tests.collect.speech import heard, names, refused

DOCS = Path(__file__).parents[2] / "docs"
STORE = {"channel": "store", "store": {"id": "4", "register_id": "2", "associate_id": "s1"}}
SALE: dict[str, Any] = {
    "business_date": "2025-12-01",
    "transaction_no": 17,
    "total": "12.50",
    "currency": "eur",
    "products": [{"sku": 5, "price": "6.25", "quantity": 2}],
}


def sale(context: dict[str, Any] | None = None, **properties: Any) -> dict[str, Any]:
    """Return a till sale with some properties changed; None takes one away."""
    given = {name: value for name, value in {**SALE, **properties}.items() if value is not None}
    item = {"event": "Order Completed", "externalIds": [{"id": "L1", "type": "loyalty_id"}], "properties": given}
    return item | {"context": STORE if context is None else context}


def test_unknown_events_are_welcome() -> None:
    """An event that no schema knows is taken as it is."""
    assert {"x": [1, {"y": None}]} == heard(
        {"event": "Cat Petted", "userId": "u", "properties": {"x": [1, {"y": None}]}}
    ).properties


def test_gentle_casts() -> None:
    """Texts that are numbers, numbers that are texts and small letters of a currency are put right."""
    event = heard(sale())

    assert {
        "business_date": "2025-12-01",
        "transaction_no": "17",
        "total": 12.5,
        "currency": "EUR",
        "products": [{"sku": "5", "price": 6.25, "quantity": 2}],
    } == event.properties
    assert ("sale:4:2:2025-12-01:17",) == event.keys


def test_currency_of_the_plan() -> None:
    """An amount without a currency is in the plan's; an event without an amount gets none."""
    plan = Plan(currency="CHF")
    items = [sale(currency=None), {"event": "Order Completed", "userId": "u", "properties": {"order_id": "1"}}]

    assert ["CHF", None] == [heard(item, plan).properties.get("currency") for item in items]


def test_web_orders_need_less() -> None:
    """Away from the till an order needs nothing but an identity, as Segment's SDKs send it."""
    assert {"total": 12.5, "currency": "USD"} == heard(
        {"event": "Order Completed", "userId": "u", "properties": {"total": 12.5}}
    ).properties


@pytest.mark.parametrize(
    ("item", "path"),
    [
        (sale(business_date=None), "$.properties.business_date"),
        (sale(business_date="01.12.2025"), "$.properties.business_date"),
        (sale(transaction_no=None), "$.properties.transaction_no"),
        (sale(transaction_no=""), "$.properties.transaction_no"),
        (sale(transaction_no=True), "$.properties.transaction_no"),
        (sale(total=None), "$.properties.total"),
        (sale(total="12,50"), "$.properties.total"),
        (sale(total=True), "$.properties.total"),
        (sale(total=10**12 + 1), "$.properties.total"),
        (sale(currency="Euro"), "$.properties.currency"),
        (sale(products=None), "$.properties.products"),
        (sale(products={"sku": 1}), "$.properties.products"),
        (sale(products=["shirt"]), "$.properties.products"),
        (sale(products=[{"price": "free"}]), "$.properties.products"),
        (sale(products=[{}] * 1001), "$.properties.products"),
        (sale(context={"channel": "store"}), "$.context.store.id"),
    ],
)
def test_violations_name_their_place(item: dict[str, Any], path: str) -> None:
    """A known event that breaks its schema is refused with the path of what is wrong."""
    reject = refused(item)

    assert ("schema_violation", path, "Order Completed") == (reject.reason, reject.path, reject.name)


def test_detail_says_what_to_send() -> None:
    """The detail of a violation is a sentence about that property."""
    assert "`total` of Order Completed must be a number of at most 10^12, as 12.5." == refused(sale(total="x")).detail
    assert (
        "Meeting Held needs `deal_id` or `lead_id`."
        == refused({"event": "Meeting Held", "userId": "u", "properties": {"owner_id": "o"}}).detail
    )


@pytest.mark.parametrize("mark", ["training", "staff_sale"])
def test_training_and_staff_sales_do_not_count(mark: str) -> None:
    """A sale that says it is for training or of staff is kept aside, not counted."""
    reject = refused(sale(**{mark: True}))

    assert ("plan_blocked", f"$.properties.{mark}") == (reject.reason, reject.path)


def test_receipt_address_names_the_buyer() -> None:
    """The address to which a till sends its receipt names the buyer."""
    item = sale(receipt_email="Ann@Example.com") | {"externalIds": []}

    assert [("email", "ann@example.com", "claimed")] == names(heard(item))


@pytest.mark.parametrize(
    ("event", "properties", "keys"),
    [
        ("Order Refunded", {"refund_id": 3, "order_id": "o"}, ("refund:3",)),
        (
            "Store Visited",
            {"visit_id": "v", "store_id": 1, "source": "door", "starts_at": "2026-01-01T10:00Z"},
            ("visit:v",),
        ),
        (
            "Appointment Kept",
            {"appointment_id": 8, "store_id": 1, "source": "web", "starts_at": 1767225600},
            ("appointment:8:kept",),
        ),
        ("Call Missed", {"call_id": "c", "direction": "inbound", "from": "a", "to": "b"}, ("call:c:missed",)),
        ("SMS Delivered", {"message_id": "s", "from": "a", "to": "b"}, ("sms:s:delivered",)),
        ("Mail Piece Returned", {"piece_id": "p", "campaign_id": "c", "reason": "moved"}, ("mail:p:returned",)),
        (
            "Badge Scanned",
            {"exhibition_id": "e", "booth_id": "b", "scanner_id": 1, "scan_id": 2, "consent": True},
            ("exhibition:e:1:2",),
        ),
        ("Social Reply Sent", {"network": "x", "page_id": "p", "item_id": "i", "url": "u"}, ("social:x:i:i",)),
        (
            "Review Updated",
            {"platform": "g", "review_id": "r", "rating": 4, "location_id": "l", "updated_at": "2026-01-01"},
            ("review:g:r:2026-01-01",),
        ),
        ("Deal Won", {"deal_id": "d", "owner_id": "o", "amount": 5, "version": 3}, ("deal:d:v3:won",)),
        (
            "Payment Received",
            {"payment_id": "p", "provider": "mpay", "method": "wallet", "total": 5},
            ("payment:mpay:p",),
        ),
        (
            "Consent Granted",
            {
                "channel": "email",
                "purpose": "marketing",
                "source": "till",
                "text_version": "1",
                "email": "a@b.de",
                "given_at": "2026-01-01",
            },
            ("consent:a@b.de:email:marketing:till:2026-01-01:granted",),
        ),
    ],
)
def test_business_keys(event: str, properties: dict[str, Any], keys: tuple[str, ...]) -> None:
    """Each area of the vocabulary has the idempotency key of the wire contract."""
    assert keys == heard({"event": event, "userId": "u", "properties": properties}).keys


@pytest.mark.parametrize(
    ("event", "properties", "path"),
    [
        ("Call Ended", {"call_id": "c", "direction": "inbound", "from": "a", "to": "b"}, "$.properties.duration_s"),
        ("Deal Lost", {"deal_id": "d", "owner_id": "o"}, "$.properties.reason"),
        ("Consent Granted", {"channel": "email", "purpose": "p", "source": "s"}, "$.properties.text_version"),
        ("Badge Scanned", {"exhibition_id": "e", "booth_id": "b"}, "$.properties.consent"),
        (
            "Review Received",
            {"platform": "g", "review_id": "r", "rating": "good", "location_id": "l"},
            "$.properties.rating",
        ),
        ("Payment Received", {"payment_id": "p", "provider": "m", "method": "wallet"}, "$.properties.total"),
    ],
)
def test_required_properties(event: str, properties: dict[str, Any], path: str) -> None:
    """Our own events need what the wire contract says they need."""
    assert path == refused({"event": event, "userId": "u", "properties": properties}).path


def test_vocabulary_is_sound() -> None:
    """Every schema is in an area, described in a sentence, in a known channel, and under one name only."""
    assert len(DOCUMENTS) == len({document.name for document in DOCUMENTS})
    assert [] == [one.name for one in DOCUMENTS if not one.area or not one.description.endswith(".")]
    assert {one.channel for one in DOCUMENTS} <= {"", *CHANNELS}
    assert [] == [alias for one in DOCUMENTS for alias in one.aliases if VOCABULARY[alias].document is not one]


def test_handbook_is_up_to_date() -> None:
    """docs/events.md describes every event as the schemas do; its first lines say how to write it anew."""
    written = (DOCS / "events.md").read_text(encoding="utf-8")

    assert handbook.page() == written
    assert [] == [one.name for one in DOCUMENTS if f"### {one.name}\n" not in written]


def test_bad_schemas_are_refused() -> None:
    """A schema with an unknown type says which property it trips over."""
    with pytest.raises(BadSchema, match="Tried: `x` has the unknown type 'blob'"):
        Schema(EventSchema(name="Tried", properties={"x": "blob"}))


def test_own_schemas() -> None:
    """A workspace's own schema document is validated like ours."""
    plan = Plan(schemas=compiled([EventSchema(name="Tried", properties={"x": "boolean"}, required=("x",))]))

    assert [{"x": True}, "$.properties.x"] == [
        heard({"event": "Tried", "userId": "u", "properties": {"x": "true"}}, plan).properties,
        refused({"event": "Tried", "userId": "u", "properties": {"x": "perhaps"}}, plan).path,
    ]
