"""Dedupe keys: what makes two events one fact."""

import base64
import hashlib
from itertools import permutations

import msgspec
from hypothesis import given
from hypothesis import strategies as st

from onevoice.collect.keys import hashed, keys_of
from onevoice.collect.packet import read
from onevoice.collect.template import Template
from onevoice.domain.event import Event
from onevoice.domain.identifier import Trust
from tests.collect.speech import PLAN, heard, packet

SALE = {"order_id": "o1", "total": 5, "products": [], "business_date": "2025-12-01", "transaction_no": "17"}


@given(st.binary())
def test_hash_is_128_bits_of_blake2b(text: bytes) -> None:
    """A key is 22 URL-safe characters, which the standard library decodes to the same digest."""
    digest = hashlib.blake2b(text, digest_size=16).digest()

    assert base64.urlsafe_b64encode(digest).decode().rstrip("=") == hashed(text)


def test_message_key_comes_first_and_is_bound_to_its_source() -> None:
    """Two senders may use one message id; the same sender may not."""
    event = Event(id="m1", name="T", occurred_at=1, received_at=1, source="site", keys=("order:1",))
    other = msgspec.structs.replace(event, source="app")

    assert (hashed(b"m\0site\0m1"), hashed(b"b\0order:1")) == keys_of(event)
    assert {hashed(b"b\0order:1")} == set(keys_of(event)) & set(keys_of(other))


def test_a_sale_is_one_from_till_shop_and_import() -> None:
    """Till, web shop and import say the same sale weeks apart in their own ways; each pair shares a key."""
    store = {"channel": "store", "store": {"id": 4, "register_id": "2"}}
    till = {"event": "Order Completed", "messageId": "t1", "context": store, "properties": SALE, "userId": "c"}
    web = {"event": "Completed Order", "messageId": "w1", "properties": {"orderId": "o1"}, "anonymousId": "a"}
    flat = {**SALE, "order_id": None, "store_id": "4", "register_id": 2.0, "business_date": "2025-12-01T00:00:00"}
    late = {"event": "Order Completed", "messageId": "i1", "properties": flat, "userId": "c"}
    keys = [set(keys_of(heard(item, at=at))) for item, at in ((till, 10**15), (web, 11 * 10**14), (late, 12 * 10**14))]

    assert [1, 1, 0] == [len(keys[0] & keys[1]), len(keys[0] & keys[2]), len(keys[1] & keys[2])]


@given(st.permutations(range(4)))
def test_keys_do_not_depend_on_order(order: list[int]) -> None:
    """However items are shuffled within a batch, each keeps its keys."""
    items = [
        {
            "type": "track",
            "event": "Order Completed",
            "userId": "u",
            "messageId": f"m{n}",
            "properties": {"order_id": n},
        }
        for n in range(4)
    ]
    shuffled = read(packet({"batch": [items[n] for n in order]}), PLAN)

    assert [keys_of(heard(items[n])) for n in order] == [keys_of(one) for one in shuffled if isinstance(one, Event)]


def test_keys_do_not_depend_on_member_order() -> None:
    """However the members of an item are ordered, its keys are the same."""
    item = {"event": "Order Completed", "userId": "u", "timestamp": "2026-01-01", "properties": {"order_id": 1}}

    assert 1 == len({keys_of(heard(dict(order))) for order in permutations(item.items())})


def test_keys_do_not_depend_on_trust() -> None:
    """A sale is the same fact whoever says it."""
    item = {"event": "Order Completed", "userId": "u", "messageId": "m", "properties": {"order_id": 1}}

    assert keys_of(heard(item)) == keys_of(heard(item, trust=Trust.VERIFIED))


PART = st.text("a:%3A", min_size=1, max_size=4)


@given(st.tuples(PART, PART), st.tuples(PART, PART))
def test_templates_do_not_confuse_values(one: tuple[str, str], two: tuple[str, str]) -> None:
    """Different values never fill a template alike, even if they hold its separator."""
    template = Template("x:{a}:{b}")
    made = [template.fill(dict(zip("ab", pair, strict=True)), {}) for pair in (one, two)]

    assert (one == two) == (made[0] == made[1])


def test_templates_with_an_empty_hole_are_empty() -> None:
    """A key that lacks a part is none; the first filled of several paths counts."""
    template = Template("s:{context.store.id|store_id}:{no}")

    assert ["", "", "s:4:1", "s:5:1"] == [
        template.fill({"store_id": 4}, {}),
        template.fill({"no": 1, "store_id": {}}, {"store": []}),
        template.fill({"store_id": 4, "no": 1}, {}),
        template.fill({"store_id": 4, "no": 1}, {"store": {"id": 5}}),
    ]
