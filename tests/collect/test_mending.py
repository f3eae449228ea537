"""A mending corrects what a source sends wrongly, before it is validated."""

from typing import Any

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from onevoice.collect.mending import Mending, by_event, plain_number
from onevoice.collect.plan import Plan
from tests.collect.speech import heard, refused

DOCUMENT = {
    "name": "old till",
    "event": "sale",
    "steps": [
        {"do": "rename_event", "to": "Order Completed"},
        {"do": "rename", "property": "amount", "to": "total"},
        {"do": "cast", "property": "total", "to": "number"},
        {"do": "default", "property": "currency", "value": "EUR"},
        {"do": "drop", "property": "cashier"},
    ],
}
PLAN = Plan(mendings=by_event([msgspec.convert(DOCUMENT, Mending)]))


def test_a_mended_event_passes() -> None:
    """Event and properties are renamed, cast, filled and dropped, in the order of the steps."""
    item = {"event": "sale", "userId": "u", "properties": {"amount": "1.234,50 €", "cashier": "Bob", "currency": ""}}
    event = heard(item, PLAN)

    assert ("Order Completed", {"total": 1234.5, "currency": "EUR"}) == (event.name, event.properties)


def test_a_mending_may_be_for_one_source() -> None:
    """A mending for another source changes nothing."""
    other = msgspec.convert(DOCUMENT | {"source": "till-2"}, Mending)

    assert "sale" == heard({"event": "sale", "userId": "u"}, Plan(mendings=by_event([other]))).name


def test_what_cannot_be_cast_is_refused_by_the_schema() -> None:
    """A cast that fails leaves the value, which validation then names with its path."""
    item = {"event": "sale", "userId": "u", "properties": {"amount": "a lot"}}

    assert ("schema_violation", "$.properties.total") == (refused(item, PLAN).reason, refused(item, PLAN).path)


def test_mendings_add_up() -> None:
    """Several mendings of one event are applied in order."""
    steps: list[dict[str, Any]] = [{"do": "default", "property": "x", "value": n} for n in (1, 2)]
    made = [msgspec.convert({"name": "m", "event": "T", "steps": [step]}, Mending) for step in steps]

    assert {"x": 1} == heard({"event": "T", "userId": "u"}, Plan(mendings=by_event(made))).properties


@pytest.mark.parametrize(
    ("written", "expected"),
    [
        ("12,50", "12.50"),
        ("1.234,50 €", "1234.50"),
        ("1,234.50", "1234.50"),
        ("$ 1,234,567", "1234567"),
        ("1,234", "1234"),
        ("-0,5", "-0.5"),
        ("12.50", "12.50"),
        ("CHF 1'234.50", "1234.50"),
    ],
)
def test_numbers_of_people(written: str, expected: str) -> None:
    """Numbers as people write them come out plain."""
    assert expected == plain_number(written)


@given(st.decimals(min_value=-(10**9), max_value=10**9, places=2))
def test_both_conventions_give_the_same_number(value: object) -> None:
    """An amount with two decimals is read alike in the German and the English convention."""
    english = f"{value:,}"
    german = english.translate(str.maketrans(",.", ".,"))

    assert [f"{value}"] * 2 == [plain_number(english), plain_number(german)]
