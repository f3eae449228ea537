"""A gateway with a few people in it, resolved by the real pipeline."""

from collections.abc import Iterator
from typing import Any

import httpx
import pytest

from onevoice.wiring.stores import Stores
from onevoice.worker.pipeline import Pipeline
from tests.gateway.house import House, basic, client, running

AT = "2026-01-0{}T12:00:00.000Z"


def order(number: int, total: float, **who: str) -> dict[str, Any]:
    """Return an order on a day of January."""
    return {
        **who,
        "type": "track",
        "event": "Order Completed",
        "messageId": f"m-{number}",
        "timestamp": AT.format(number),
        "properties": {"order_id": f"o-{number}", "total": total, "currency": "EUR"},
    }


PEOPLE: list[dict[str, Any]] = [
    {
        "type": "identify",
        "userId": "u-1",
        "messageId": "i-1",
        "timestamp": AT.format(1),
        "traits": {"email": "Ada@Example.com", "phone": "+1 202-555-0123", "name": "Ada"},
    },
    order(2, 12.5, userId="u-1"),
    order(3, 20.25, userId="u-1"),
    {**order(4, 1.0, userId="u-1"), "context": {"channel": "phone"}},
    {"type": "identify", "userId": "u-2", "messageId": "i-2", "timestamp": AT.format(1), "traits": {"name": "Bob"}},
]


def resolve(house: House) -> None:
    """Resolve everything in the intake."""
    stores = Stores.open(house.settings)
    pipeline = Pipeline(stores, house.settings)
    while pipeline.step():
        pass


def tell(house: House, events: list[dict[str, Any]]) -> None:
    """Say events with the secret key, and resolve them."""
    with client(house) as http:
        answer = http.post("/v1/import", json={"batch": events}, headers=basic(house.secret))
    assert 200 == answer.status_code
    resolve(house)


@pytest.fixture(scope="session")
def peopled(tmp_path_factory: pytest.TempPathFactory) -> Iterator[House]:
    """Yield a running gateway that knows Ada and Bob."""
    with running(tmp_path_factory.mktemp("shop")) as house:
        tell(house, PEOPLE)
        yield house


@pytest.fixture
def api(peopled: House) -> Iterator[httpx.Client]:
    """Yield a client with the secret key."""
    headers = {"authorization": f"Bearer {peopled.secret}"}
    base = f"{peopled.url}/api/v1"
    with httpx.Client(base_url=base, headers=headers, trust_env=False, timeout=20) as made:
        yield made
