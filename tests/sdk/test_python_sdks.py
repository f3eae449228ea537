"""The Python clients of Segment, RudderStack and Customer.io work unmodified, told only their host."""

from types import ModuleType
from typing import Any

import customerio.analytics
import pytest
import rudderstack.analytics
import segment.analytics

from tests.gateway.house import House
from tests.sdk.conftest import events_of

ALL = ["User Identified", "Order Completed", "Page Viewed", "Screen Viewed", "Group Joined", "User Aliased"]


def speak(client: Any) -> None:
    """Make every call there is, then wait until all is sent."""
    client.identify("u-1", {"email": "ada@example.com"})
    client.track("u-1", "Order Completed", {"order_id": "o-1", "total": 12.5, "currency": "EUR"})
    client.page("u-1", "Docs", "Home", {"url": "https://shop.example/"})
    client.screen("u-1", "App", "Cart")
    client.group("u-1", "g-1", {"name": "Shop"})
    client.alias("old-1", "u-1")
    client.flush()
    client.join()


@pytest.mark.parametrize("gzip", [False, True])
@pytest.mark.parametrize("library", [segment.analytics, rudderstack.analytics, customerio.analytics])
def test_every_call_arrives(house: House, library: ModuleType, gzip: bool) -> None:
    """Every call is acknowledged at the first try, and read as the event it is."""
    errors: list[Any] = []
    client = library.Client(
        house.write, host=house.url, gzip=gzip, max_retries=0, on_error=lambda *said: errors.append(said)
    )

    speak(client)

    events = events_of(house)
    assert [] == errors
    assert sorted(ALL) == sorted(event.name for event in events)
    assert {("user_id", "u-1")} <= {one.key for event in events for one in event.identifiers}


def test_unknown_key_is_told_and_not_retried(house: House) -> None:
    """Segment's client reports the refusal once, with our code and message."""
    errors: list[Any] = []
    client = segment.analytics.Client(
        "wk_nobody", host=house.url, max_retries=3, on_error=lambda error, _: errors.append(error)
    )

    client.track("u-1", "Order Completed")
    client.flush()
    client.join()

    assert [401] == [error.status for error in errors]
    assert "unknown_key" in str(errors[0])
    assert [] == house.rows()


def test_refused_without_retry(house: House) -> None:
    """A call in synchronous mode raises what the gateway said."""
    client = segment.analytics.Client("wk_nobody", host=house.url, sync_mode=True, max_retries=0)

    with pytest.raises(segment.analytics.request.APIError, match="unknown_key"):
        client.track("u-1", "Order Completed")
