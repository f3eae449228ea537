"""The OpenAPI document is true: what it describes is what is served."""

from typing import Any

import schemathesis
from hypothesis import HealthCheck, given, settings
from schemathesis import GenerationMode
from schemathesis.specs.openapi.checks import ignored_auth, positive_data_acceptance

from onevoice.gateway.api.openapi import PREFIX
from tests.gateway.house import House, client

#: Requests generated for each operation.
EXAMPLES = 60
#: The header above defeats the first check (test_access has it); a schema cannot say what is an identifier.
LEFT_OUT = [ignored_auth, positive_data_acceptance]


def test_served_as_described(peopled: House) -> None:
    """Generated requests, right and wrong, get no 5xx, and only statuses and bodies that the document names."""
    described = schemathesis.openapi.from_url(f"{peopled.url}/api/openapi.json")
    headers = {"authorization": f"Bearer {peopled.secret}"}
    tried = 0
    for found in described.get_all_operations():
        operation = found.ok()
        for mode in GenerationMode.POSITIVE, GenerationMode.NEGATIVE:

            @settings(
                max_examples=EXAMPLES // 2, derandomize=True, database=None, suppress_health_check=list(HealthCheck)
            )
            @given(operation.as_strategy(generation_mode=mode))
            def served(case: Any) -> None:
                nonlocal tried
                tried += 1
                case.call_and_validate(headers=headers, excluded_checks=LEFT_OUT)

            served()
    assert tried > 12 * EXAMPLES // 2


def test_document(peopled: House) -> None:
    """The document is OpenAPI 3.1, is open to all, and names the endpoints that others rely on."""
    with client(peopled) as http:
        found = http.get("/api/openapi.json").json()

    promised = {
        "/people",
        "/people/lookup",
        "/people/{id}",
        "/people/{id}/events",
        "/people/{id}/why",
        "/people/{id}/split",
        "/people/same",
        "/people/not-same",
        "/audiences/{name}/members",
        "/offers/{code}/redeem",
    }
    assert "3.1.0" == found["openapi"]
    assert {PREFIX + path for path in promised} <= set(found["paths"])
    operations = [operation for path in found["paths"].values() for operation in path.values()]
    assert len(operations) == len({operation["operationId"] for operation in operations})
