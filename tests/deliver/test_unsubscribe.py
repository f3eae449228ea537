"""One press stops the letters that were planned already, before the log has heard of it."""

import asyncio
from pathlib import Path

import httpx

from onevoice.adapters.migrations import migrate
from onevoice.deliver.links import links
from onevoice.gateway.app import build
from onevoice.wiring.settings import Settings
from onevoice.wiring.workspace import open_state
from onevoice.worker.deliveries import Deliveries
from tests.conftest import NOW
from tests.deliver.people import People, Stores, person, planner, settings
from tests.deliver.sink import Sink


async def post(chosen: Settings, *paths: str) -> list[httpx.Response]:
    """Press the button behind some links, as a mail program's one click does."""
    app = build(chosen)
    async with app.router.lifespan_context(app):
        transport = httpx.ASGITransport(app)
        async with httpx.AsyncClient(transport=transport, base_url="https://hi.example.com") as http:
            return [await http.post(path, data={"List-Unsubscribe": "One-Click"}) for path in paths]


def test_unsubscribing_stops_planned_letters_at_once(tmp_path: Path) -> None:
    """After a POST to the link of one piece nothing more goes to that address; others and other channels go on."""
    people = People([person(number) for number in range(2)])
    with Sink() as sink:
        chosen = settings(tmp_path, smtp=sink.url)
        state = open_state(chosen)
        made = planner(state, people, channels=("email", "sms"))
        send = made.plan("summer", lambda: people.known, now=NOW)
        row = next(one for one in made.ledger.of_send(send.id) if (one.person, one.channel) == ("p00000", "email"))
        path = links("", "test secret", row.piece).unsubscribe
        first, again, forged = asyncio.run(post(chosen, path, path, path[:-1] + ("A" if path[-1] != "A" else "B")))
        stores = Stores(state)
        migrate(state, "intake", now=NOW)
        sender = Deliveries(stores, chosen, clock=lambda: NOW, recipients=people)
        while sender.step():
            pass
        sender.close()

    assert [200, 200, 404] == [one.status_code for one in (first, again, forged)]
    assert not first.cookies
    states = {(one.person, one.channel): one.state for one in made.ledger.of_send(send.id)}
    assert {
        ("p00000", "email"): "suppressed",
        ("p00000", "sms"): "accepted",
        ("p00001", "email"): "accepted",
        ("p00001", "sms"): "accepted",
    } == states
    assert 1 == len(sink.handler.took)
