"""Whatever is sent, the gateway answers without a fault and keeps what it acknowledged."""

from tests.gateway.fuzzing import attack
from tests.gateway.house import House


def test_mutated_payloads(house: House) -> None:
    """Two thousand mutated SDK payloads: no 5xx, nothing acknowledged is lost, everything kept can be read."""
    found = attack(house, seed=1, count=2_000)

    assert [] == found.faults
    assert [] == found.lost
    assert {200, 400, 401} == set(found.statuses)
    assert found.events > 500
    assert found.rejected > 200
