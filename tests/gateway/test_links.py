"""Links of pieces: what a click, an opening and an unsubscription do, and what a guess does not."""

import re
from pathlib import Path
from typing import Any

import httpx
import msgspec
import pytest

from onevoice.adapters.state.ledger import Ledger
from onevoice.deliver.links import token
from onevoice.domain.delivery import Delivery, Send
from onevoice.gateway.answers import PIXEL
from onevoice.wiring.workspace import secret_of
from tests.conftest import NOW
from tests.gateway.house import House, client

PIECE = "piece-000001"
SEND = Send(
    id="s-1",
    campaign="Spring Sale",
    version=1,
    title="Spring",
    brief="spring",
    brief_version=1,
    offer="ten",
    offer_version=1,
    brand="shop",
    brand_version=1,
    target="https://shop.example/sale?a=1",
    planned_at=NOW,
)
DELIVERY = Delivery(
    send_key="k-1",
    piece=PIECE,
    send="s-1",
    campaign="Spring Sale",
    channel="email",
    person="p-1",
    anchor_kind="user_id",
    anchor_value="u-1",
    address="ada@example.com",
    guard="g-1",
    expires_at=NOW,
    planned_at=NOW,
    updated_at=NOW,
)


@pytest.fixture
def sent(house: House) -> House:
    """Return the gateway's house with one piece in its ledger."""
    ledger = Ledger(house.state)
    ledger.open(SEND)
    if ledger.piece(PIECE) is None:
        ledger.plan([DELIVERY])
    return house


def address(house: House, kind: Any) -> str:
    """Return the path of the piece's link."""
    return f"/{kind}/{token(secret_of(house.settings), kind, PIECE)}" + (".gif" if kind == "o" else "")


def told(house: House) -> list[dict[str, Any]]:
    """Return the events that the links put into the intake."""
    return [event for row in house.rows() if row[2] == "emit" for event in msgspec.json.decode(row[4])]


def test_click(sent: House, http: httpx.Client) -> None:
    """A click leads to the campaign's address with the campaign named, and is an event of the person."""
    answer = http.get(address(sent, "r"), headers={"user-agent": "Firefox"})

    [event] = told(sent)
    assert (302, "no-store") == (answer.status_code, answer.headers["cache-control"])
    assert answer.headers["location"].startswith("https://shop.example/sale?a=1&utm_source=shop&utm_medium=email")
    assert ("Email Link Clicked", "Spring Sale") == (event["name"], event["properties"]["campaign_id"])
    assert {"kind": "user_id", "value": "u-1", "trust": 2} == event["identifiers"][0]
    assert {"user_agent": "Firefox"} == event["context"]


def test_opening(sent: House, http: httpx.Client) -> None:
    """An opening gets the picture, uncached, and is an event; a wrong token gets the picture too and is none."""
    answers = [http.get(address(sent, "o")), http.get("/o/nonsense.gif"), http.get(f"/o/{PIECE}AAAAAAA.gif")]

    assert {(200, PIXEL, "image/gif", "no-store")} == {
        (one.status_code, one.content, one.headers["content-type"], one.headers["cache-control"]) for one in answers
    }
    assert ["Email Opened"] == [event["name"] for event in told(sent)]


def test_head_tells_nothing(sent: House, http: httpx.Client) -> None:
    """A machine that asks only for headers is led on, and counts as no click."""
    assert 302 == http.head(address(sent, "r")).status_code
    assert [] == told(sent)


def test_unsubscribe_takes_a_press(sent: House, http: httpx.Client) -> None:
    """Following the link only asks; pressing the button withdraws consent, durably, however often it is pressed."""
    asked = http.get(address(sent, "u"))
    before = told(sent)
    pressed = [http.post(address(sent, "u"), data={"List-Unsubscribe": "One-Click"}) for _ in range(2)]

    events = told(sent)
    assert (200, []) == (asked.status_code, before)
    assert re.search(r"to a…@example\.com\?", asked.text)
    assert [200, 200] == [one.status_code for one in pressed]
    assert {("Consent Withdrawn", "email", "marketing")} == {
        (event["name"], event["properties"]["channel"], event["properties"]["purpose"]) for event in events
    }
    assert 1 == len({event["id"] for event in events})


@pytest.mark.parametrize("kind", ["r", "u"])
@pytest.mark.parametrize("given", ["x", PIECE, f"{PIECE}AAAAAAA", "%00", "ü" * 19])
def test_guessed_links(sent: House, http: httpx.Client, kind: str, given: str) -> None:
    """A token that is not ours, or of another kind, is a page that says so."""
    other = address(sent, "o").removeprefix("/o/").removesuffix(".gif")
    answers = [http.get(f"/{kind}/{given}"), http.get(f"/{kind}/{other}")]

    assert {404} == {one.status_code for one in answers}
    assert all("This link does not work" in one.text for one in answers)
    assert [] == told(sent)


def test_click_while_the_intake_is_full(tmp_path: Path) -> None:
    """A customer is led on even while nothing can be stored; an unsubscription says to try again instead."""
    house = House(tmp_path)
    ledger = Ledger(house.state)
    ledger.open(SEND)
    ledger.plan([DELIVERY])
    house.start()
    try:
        house.intake.execute("ALTER TABLE intake RENAME TO away")
        with client(house) as http:
            click, gone = http.get(address(house, "r")), http.post(address(house, "u"))
    finally:
        house.stop()

    assert (302, 503) == (click.status_code, gone.status_code)
