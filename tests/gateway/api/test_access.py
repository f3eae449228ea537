"""The machine API refuses everybody and everything that is not expressly allowed."""

from pathlib import Path

import httpx
import pytest

from onevoice.adapters.state.keys import SCOPES
from tests.conftest import NOW
from tests.gateway.house import House, basic, client, running


def endpoints(house: House) -> list[tuple[str, str, str]]:
    """Return method, path and scope of every operation in the OpenAPI document."""
    with client(house) as http:
        paths = http.get("/api/openapi.json").json()["paths"]
    return [
        (method.upper(), path.format(id="x", name="x", code="x"), operation["description"].split("`")[1])
        for path, operations in paths.items()
        for method, operation in operations.items()
    ]


def test_every_endpoint_wants_a_secret_key(peopled: House) -> None:
    """Without a key, with a write key or with Basic, every endpoint is 401 and says how to do better."""
    wrong = [{}, {"authorization": f"Bearer {peopled.write}"}, basic(peopled.secret), {"authorization": "Bearer sk_no"}]
    with client(peopled) as http:
        answers = [
            http.request(method, path, headers=headers)
            for method, path, _ in [*endpoints(peopled), ("GET", "/api/v1/unknown", ""), ("PUT", "/api", "")]
            for headers in wrong
        ]

    assert {(401, "unknown_key", "Bearer")} == {
        (one.status_code, one.json()["code"], one.headers["www-authenticate"]) for one in answers
    }


def test_every_endpoint_wants_its_scope(peopled: House) -> None:
    """A key with every scope but the one needed is 403, and with only that one is let in."""
    listed = endpoints(peopled)
    assert 12 <= len(listed)
    with client(peopled) as http:
        for method, path, scope in listed:
            without = tuple(one for one in SCOPES if one != scope)
            _, lacking = peopled.keys.add("lacking", "secret", now=NOW, scopes=without)
            _, only = peopled.keys.add("only", "secret", now=NOW, scopes=(scope,))

            refused = http.request(method, path, headers={"authorization": f"Bearer {lacking}"})
            let_in = http.request(method, path, headers={"authorization": f"Bearer {only}"})

            assert (403, "not_in_scope", {"scope": scope}) == (
                refused.status_code,
                refused.json()["code"],
                refused.json()["detail"],
            )
            assert let_in.status_code in {200, 400, 404}


def test_unknown_address_and_method(api: httpx.Client) -> None:
    """A key in good standing learns what is not there, and which method is."""
    unknown = api.get("/nothing")
    wrong = api.delete("/people")

    assert (404, "not_served") == (unknown.status_code, unknown.json()["code"])
    assert (405, "wrong_method", "Send GET.") == (wrong.status_code, wrong.json()["code"], wrong.json()["message"])


def test_rate_limit(tmp_path: Path) -> None:
    """The machine API has the same allowance a second, with Retry-After."""
    with running(tmp_path, rate_limit=3) as house, client(house) as http:
        headers = {"authorization": f"Bearer {house.secret}"}
        answers = [http.get("/api/v1/people", headers=headers) for _ in range(6)]

        assert [200, 200, 200] == [one.status_code for one in answers[:3]]
        assert (429, "1") == (answers[-1].status_code, answers[-1].headers["retry-after"])


@pytest.mark.parametrize("table", ["nodes", "persons"])
def test_failing_store_is_503(tmp_path: Path, table: str) -> None:
    """A store that cannot be read is 503 with Retry-After, never an empty answer."""
    with running(tmp_path) as house, client(house) as http:
        house.state.execute(f"ALTER TABLE {table} RENAME TO away")
        path = "/api/v1/people/lookup?user_id=u" if table == "nodes" else "/api/v1/people"
        answer = http.get(path, headers={"authorization": f"Bearer {house.secret}"})

        assert (503, "5") == (answer.status_code, answer.headers["retry-after"])
