"""Codes through the machine API: a till redeems each once, and asking again changes nothing."""

from collections.abc import Iterator
from datetime import date
from decimal import Decimal
from pathlib import Path

import httpx
import pytest

from onevoice.adapters.state.definitions import Definitions
from onevoice.adapters.state.graph import GraphStore
from onevoice.adapters.state.members import Members
from onevoice.adapters.state.offers import Offers
from onevoice.domain.offer import CodeRule, Offer, Validity
from onevoice.wiring.workspace import now, secret_of
from tests.conftest import NOW
from tests.gateway.api.conftest import PEOPLE, resolve, tell
from tests.gateway.house import House, running

OFFER = Offer(
    title="Ten percent",
    kind="percent",
    amount=Decimal(10),
    valid=Validity(start=date(2020, 1, 1), end=date(2099, 12, 31)),
    code=CodeRule(),
)
PAST = Offer(
    title="Gone",
    kind="percent",
    amount=Decimal(10),
    valid=Validity(start=date(2020, 1, 1), end=date(2020, 1, 31)),
    code=CodeRule(),
)


@pytest.fixture
def till(tmp_path: Path) -> Iterator[tuple[House, httpx.Client, str, str]]:
    """Yield a house, a till's client, and the codes of Ada for a running and a past offer."""
    with running(tmp_path) as house:
        tell(house, PEOPLE)
        ada = GraphStore(house.state).person("user_id", "u-1")
        assert ada
        codes = []
        for name, offer in (("ten", OFFER), ("gone", PAST)):
            Definitions(house.state).put("offer", name, offer, now=NOW, by="test")
            codes += Offers(house.state, secret_of(house.settings)).issue(name, offer, [ada], now()).values()
        headers = {"authorization": f"Bearer {house.secret}"}
        with httpx.Client(base_url=f"{house.url}/api/v1", headers=headers, trust_env=False, timeout=20) as api:
            yield house, api, codes[0], codes[1]


def test_redeem_once(till: tuple[House, httpx.Client, str, str]) -> None:
    """A code is redeemed once; the same transaction again is the same redemption, another one is refused."""
    house, api, code, _ = till
    path = f"/offers/{code.lower()}/redeem"
    before = api.get(f"/offers/{code}").json()
    first = api.post(path, json={"reference": "t-1", "order_id": "o-1", "store_id": "s-1"})
    again = api.post(path, json={"reference": "t-1", "order_id": "o-1", "store_id": "s-1"})
    other = api.post(path, json={"reference": "t-2"})
    after = api.get(f"/offers/{code}").json()
    resolve(house)
    person = api.get("/people/lookup?user_id=u-1").json()["id"]
    events = api.get(f"/people/{person}/events").json()["events"]

    assert (200, 200, 409) == (first.status_code, again.status_code, other.status_code)
    assert first.json() == again.json()
    assert "code_used" == other.json()["code"]
    assert [(True, 1), (False, 0)] == [(one["open"], one["uses_left"]) for one in (before, after)]
    told = [one for one in events if one["name"] == "Offer Redeemed"]
    properties = {"offer": "ten", "coupon": first.json()["code"], "order_id": "o-1", "store": "s-1"}
    assert [properties] == [one["properties"] for one in told]


def test_not_redeemable(till: tuple[House, httpx.Client, str, str]) -> None:
    """A code that was never given out is 404, one of a past offer 409, a bad body 400; nothing is redeemed."""
    house, api, code, gone = till
    answers = [
        api.post("/offers/NOCODE/redeem", json={"reference": "t-1"}),
        api.post(f"/offers/{gone}/redeem", json={"reference": "t-1"}),
        api.post(f"/offers/{code}/redeem", json={"reference": ""}),
        api.post(f"/offers/{code}/redeem", json={"reference": "t-1", "total": 3}),
    ]

    assert [(404, "code_not_found"), (409, "offer_not_open"), (400, "bad_body"), (400, "bad_body")] == [
        (one.status_code, one.json()["code"]) for one in answers
    ]
    assert [(0,)] == house.state.query("SELECT count(*) FROM redemptions")


def test_members_of_an_audience(till: tuple[House, httpx.Client, str, str]) -> None:
    """Members are listed page by page with their identifiers; an unknown audience is 404."""
    house, api, _, _ = till
    ids = sorted(str(GraphStore(house.state).person("user_id", user)) for user in ("u-1", "u-2"))
    Members(house.state).replace("loyal", 1, ids, NOW)

    first = api.get("/audiences/loyal/members?limit=1").json()
    second = api.get("/audiences/loyal/members", params={"limit": 1, "cursor": first["cursor"]}).json()

    assert (2, ids) == (first["size"], [first["members"][0]["person"], second["members"][0]["person"]])
    assert "2026-01-01T00:00:00.000Z" == first["members"][0]["since"]
    named = {one["value"] for page in (first, second) for one in page["members"][0]["identifiers"]}
    assert {"ada@example.com", "+12025550123", "u-1", "u-2"} == named
    assert 404 == api.get("/audiences/nobody/members").status_code
