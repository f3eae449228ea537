"""Fixtures of the gateway's tests."""

from collections.abc import Iterator

import httpx
import pytest

from tests.gateway.house import House, client, running


@pytest.fixture(scope="session")
def shared_house(tmp_path_factory: pytest.TempPathFactory) -> Iterator[House]:
    """Yield one running gateway for all tests that leave it as it was."""
    with running(tmp_path_factory.mktemp("house")) as house:
        yield house


@pytest.fixture
def house(shared_house: House) -> House:
    """Return the running gateway with an empty intake."""
    shared_house.clear()
    return shared_house


@pytest.fixture
def http(house: House) -> Iterator[httpx.Client]:
    """Yield a client of the running gateway."""
    with client(house) as made:
        yield made
