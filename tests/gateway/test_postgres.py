"""The same door with PostgreSQL behind it."""

import itertools
import threading
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.gateway.house import House, basic, client, running
from tests.gateway.test_durability import sender

pytestmark = pytest.mark.postgres

EVENT = {"userId": "u1", "event": "Order Completed", "type": "track"}
numbers = itertools.count(1)


@pytest.fixture
def house(postgres_url: str, tmp_path: Path) -> Iterator[House]:
    """Yield a running gateway whose stores are a schema of a real PostgreSQL."""
    schema = f"gateway{next(numbers)}"
    with running(tmp_path, state=f"{postgres_url}?schema={schema}") as made:
        yield made
        made.state.execute(f"DROP SCHEMA {schema} CASCADE")


def test_acknowledged_and_found(house: House) -> None:
    """A batch is acknowledged once it is committed, and the gateway is ready and counts."""
    with client(house) as http:
        answer = http.post("/v1/batch", json={"batch": [EVENT] * 3}, headers=basic(house.write))
        ready, figures = http.get("/readyz"), http.get("/metrics").text
        person = http.get("/api/v1/people/lookup?user_id=u1", headers={"authorization": f"Bearer {house.secret}"})

    assert (200, ["batch"]) == (answer.status_code, [row[2] for row in house.rows()])
    assert (200, 404) == (ready.status_code, person.status_code)
    assert "onevoice_intake_last 1\n" in figures


def test_lost_connections(house: House) -> None:
    """When the server ends every connection, what follows is 503 or stored; then all is well by itself."""
    end = "SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE pid <> pg_backend_pid() AND query = 'COMMIT'"
    with client(house) as http:

        def status() -> int:
            return http.post("/v1/track", json=EVENT, headers=basic(house.write)).status_code

        before = status()
        house.intake.close()  # ours may go too
        house.state.query(end)
        statuses = [status() for _ in range(5)]

    assert 200 == before
    assert [503, 200, 200, 200, 200] == statuses
    assert 5 == len(house.rows())


def test_kill_under_load(house: House) -> None:
    """After kill -9 every acknowledged body is there, once, and rows are numbered in the order of their commits."""
    sent: list[bytes] = []
    acknowledged: list[bytes] = []
    stop = threading.Event()
    threads = [threading.Thread(target=sender, args=(house, at, sent, acknowledged, stop)) for at in range(6)]
    for thread in threads:
        thread.start()
    while len(acknowledged) < 200 and any(thread.is_alive() for thread in threads):
        stop.wait(0.01)
    house.kill()
    for thread in threads:
        thread.join()

    stored = [row[4] for row in house.rows()]
    assert len(acknowledged) >= 200
    assert len(set(stored)) == len(stored)
    assert set(acknowledged) <= set(stored) <= set(sent)
