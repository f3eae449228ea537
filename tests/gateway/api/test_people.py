"""People through the machine API: found, read, paged, parted and joined."""

from pathlib import Path

import httpx
import pytest

from tests.gateway.api.conftest import PEOPLE, resolve, tell
from tests.gateway.house import House, running

ADA = {
    ("email", "ada@example.com", "verified"),
    ("phone", "+12025550123", "verified"),
    ("user_id", "u-1", "verified"),
}


def lookup(api: httpx.Client, **by: str) -> httpx.Response:
    """Look a person up."""
    return api.get("/people/lookup", params=by)


@pytest.mark.parametrize(
    ("kind", "value"),
    [
        ("email", "ada@example.com"),
        ("email", " ADA@example.COM "),
        ("phone", "+1 (202) 555-0123"),
        ("phone", "2025550123"),
        ("user_id", "u-1"),
    ],
)
def test_lookup_by_any_identifier(api: httpx.Client, kind: str, value: str) -> None:
    """However an identifier is spelled, it leads to its person, with all that is known."""
    answer = lookup(api, **{kind: value})

    found = answer.json()
    assert (200, "no-store") == (answer.status_code, answer.headers["cache-control"])
    assert ADA == {(one["kind"], one["value"], one["trust"]) for one in found["identifiers"]}
    assert {"email": "Ada@Example.com", "name": "Ada", "phone": "+1 202-555-0123"} == found["traits"]
    assert (4, 3, {"EUR": "33.75"}) == tuple(found["facets"][name] for name in ("events", "orders", "revenue"))
    assert {"server", "phone"} == set(found["facets"]["channels"])
    assert "2026-01-01T12:00:00.000Z" == found["provenance"]["name"]["at"]


@pytest.mark.parametrize(
    ("query", "status", "code"),
    [
        ("email=nobody@example.com", 404, "person_not_found"),
        ("", 400, "bad_query"),
        ("email=a@example.com&user_id=u-1", 400, "bad_query"),
        ("email=a@example.com&email=b@example.com", 400, "bad_query"),
        ("shoe_size=44", 400, "bad_query"),
        ("email=nonsense", 400, "bad_query"),
        ("email=", 400, "bad_query"),
        ("user_id=%00", 400, "bad_query"),
    ],
)
def test_lookup_refused(api: httpx.Client, query: str, status: int, code: str) -> None:
    """Nobody is 404; a question that cannot be answered is 400; both say why."""
    answer = api.get(f"/people/lookup?{query}")

    assert (status, code) == (answer.status_code, answer.json()["code"])


def test_read_by_id(api: httpx.Client) -> None:
    """The id of a lookup reads the same person."""
    found = lookup(api, user_id="u-1").json()

    assert found == api.get(f"/people/{found['id']}").json()
    assert 404 == api.get("/people/nobody").status_code


def test_timeline_pages(api: httpx.Client) -> None:
    """Events come newest first, page by page, each once, with a sentence for people to read."""
    person = lookup(api, user_id="u-1").json()["id"]
    seen, before = [], ""
    while True:
        page = api.get(f"/people/{person}/events", params={"limit": 3, "before": before}).json()
        seen += page["events"]
        before = page["before"]
        if not before:
            break

    assert ["m-4", "m-3", "m-2", "i-1"] == [event["id"] for event in seen]
    assert "2026-01-03T12:00:00.000Z" == seen[1]["at"]
    assert {"order_id": "o-3", "total": 20.25, "currency": "EUR"} == seen[1]["properties"]
    assert "20.25" in seen[1]["sentence"]


def test_timeline_of_one_channel(api: httpx.Client) -> None:
    """A channel narrows the timeline; one where nothing happened is empty."""
    person = lookup(api, user_id="u-1").json()["id"]

    def ids(channel: str) -> list[str]:
        return [one["id"] for one in api.get(f"/people/{person}/events", params={"channel": channel}).json()["events"]]

    assert (["m-4"], []) == (ids("phone"), ids("store"))


@pytest.mark.parametrize("query", ["limit=0", "limit=x", "limit=501", "before=x", f"before={'9' * 19}.1", "after=1"])
def test_timeline_refuses(api: httpx.Client, query: str) -> None:
    """A page that cannot be is 400."""
    person = lookup(api, user_id="u-1").json()["id"]

    assert 400 == api.get(f"/people/{person}/events?{query}").status_code


def test_everybody(api: httpx.Client) -> None:
    """The list has everybody once, page by page in the order of their ids."""
    first = api.get("/people", params={"limit": 1}).json()
    second = api.get("/people", params={"limit": 1, "cursor": first["cursor"]}).json()
    third = api.get("/people", params={"limit": 1, "cursor": second["cursor"]}).json()

    names = {one["traits"]["name"] for page in (first, second) for one in page["people"]}
    assert ({"Ada", "Bob"}, [], "") == (names, third["people"], third["cursor"])
    assert first["cursor"] < second["cursor"]


def test_why_all_belong_together(api: httpx.Client) -> None:
    """Each identifier is reached by a link that says in words why it belongs."""
    person = lookup(api, user_id="u-1").json()["id"]

    found = api.get(f"/people/{person}/why").json()

    reached = {(end["kind"], end["value"]) for link in found["links"] for end in (link["a"], link["b"])}
    assert (person, True) == (found["person"], found["same"])
    assert {(kind, value) for kind, value, _ in ADA} == reached
    assert all(link["sentence"].endswith(".") and link["count"] >= 1 for link in found["links"])


def test_why_two(api: httpx.Client) -> None:
    """Two identifiers of one person are explained; those of two persons are told apart; strangers are refused."""
    person = lookup(api, user_id="u-1").json()["id"]

    def why(a: str, b: str) -> httpx.Response:
        return api.get(f"/people/{person}/why", params={"a": a, "b": b})

    same, other = why("email:ADA@example.com", "user_id:u-1").json(), why("user_id:u-1", "user_id:u-2").json()
    assert (True, 1) == (same["same"], len(same["links"]))
    assert (False, []) == (other["same"], other["links"])
    assert (409, "not_of_this_person") == (
        why("user_id:u-2", "user_id:u-2").status_code,
        why("user_id:u-2", "user_id:u-2").json()["code"],
    )
    assert 400 == why("user_id:u-1", "").status_code
    assert 404 == why("user_id:u-1", "user_id:u-9").status_code


def name(kind: str, value: str) -> dict[str, str]:
    """Return an identifier as the API takes it."""
    return {"kind": kind, "value": value}


def test_split_then_same(tmp_path: Path) -> None:
    """Two identifiers are parted by one call and joined again by another; both are events in the log."""
    with running(tmp_path) as house:
        tell(house, PEOPLE)
        headers = {"authorization": f"Bearer {house.secret}"}
        with httpx.Client(base_url=f"{house.url}/api/v1", headers=headers, trust_env=False) as api:
            pair = {"a": name("email", "ADA@example.com"), "b": name("user_id", "u-1")}
            person = lookup(api, user_id="u-1").json()["id"]

            split = api.post(f"/people/{person}/split", json=pair)
            resolve(house)
            apart = {lookup(api, email="ada@example.com").json()["id"], lookup(api, user_id="u-1").json()["id"]}
            again = api.post(f"/people/{person}/split", json=pair)
            same = api.post("/people/same", json=pair)
            resolve(house)
            joined = {lookup(api, email="ada@example.com").json()["id"], lookup(api, user_id="u-1").json()["id"]}

            assert (202, "accepted") == (split.status_code, split.json()["status"])
            assert 2 == len(apart)
            assert (409, "not_of_this_person") == (again.status_code, again.json()["code"])
            assert 202 == same.status_code
            assert 1 == len(joined)


@pytest.mark.parametrize(
    "body",
    [
        b"",
        b"{",
        b"[]",
        b'{"a": {"kind": "email", "value": "a@example.com"}}',
        b'{"a": {"kind": "email", "value": "a@example.com"}, "b": {"kind": "email", "value": "a@example.com"}}',
        b'{"a": {"kind": "shoe", "value": "a"}, "b": {"kind": "email", "value": "a@example.com"}}',
        b'{"a": 1, "b": 2}',
    ],
)
def test_bad_pairs(api: httpx.Client, peopled: House, body: bytes) -> None:
    """What is no pair of two different identifiers is 400, and nothing is said."""
    before = len(peopled.rows())

    answer = api.post("/people/same", content=body)

    assert (400, before) == (answer.status_code, len(peopled.rows()))


def test_body_too_large(api: httpx.Client) -> None:
    """A body above the limit is 413."""
    answer = api.post("/people/same", content=b"x" * 300_000)

    assert (413, "body_too_large") == (answer.status_code, answer.json()["code"])
