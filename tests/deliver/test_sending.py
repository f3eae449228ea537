"""Campaigns against a real mail server: killed anywhere, nothing goes twice and nothing is lost uncounted."""

import subprocess
import sys
from collections import Counter
from pathlib import Path

import msgspec
import pytest

from onevoice.adapters.campaigns.planner import NotProven
from onevoice.adapters.database import Database
from onevoice.adapters.handover import Handover
from onevoice.adapters.state.definitions import Definitions
from onevoice.adapters.state.ledger import Ledger
from onevoice.adapters.state.paper import Pad
from onevoice.compose.extraction import read_postcard
from onevoice.domain.event import Event
from onevoice.domain.moment import MINUTE
from onevoice.wiring.workspace import now
from onevoice.worker.deliveries import CONNECTIONS, Deliveries
from tests.compose.samples import BRIEF
from tests.conftest import NOW
from tests.deliver.people import NO, People, Stores, person, planner, settings
from tests.deliver.sink import Sink

ROOT = Path(__file__).parents[2]
#: Where the sender is killed, and at which time it comes there in each of three runs (200 rows are claimed at once).
POINTS = {"claimed": (1, 2, 1), "submitting": (1, 3, 2), "sent": (1, 3, 2), "settled": (1, 3, 2)}


def drain(sender: Deliveries, at: int) -> None:
    """Step until nothing is left to do."""
    while sender.step(at):
        pass


def totals(ledger: Ledger) -> dict[tuple[str, str], int]:
    """Return how many rows are in each channel and state."""
    return dict(ledger.counts(ledger.sends()[0].id))


def told(database: Database) -> list[Event]:
    """Return the events that were put into the intake."""
    rows = database.query("SELECT body FROM intake ORDER BY seq")
    return [event for (body,) in rows for event in msgspec.json.decode(bytes(body), type=list[Event])]


def test_campaign_reaches_everybody_once_in_every_channel(database: Database, tmp_path: Path) -> None:
    """Mail is in the server's log, messages on the pad, cards at the print house, and the log heard of each once."""
    people = People([person(number) for number in range(30)])
    made = planner(database, people, holdout=20.0)
    with Sink() as sink:
        sender = Deliveries(Stores(database), settings(tmp_path, smtp=sink.url), clock=lambda: NOW, recipients=people)
        made.plan("summer", lambda: people.known, now=NOW)
        drain(sender, NOW)
        sender.close()

    found = totals(made.ledger)
    sent, withheld = found["email", "accepted"], found["email", "withheld"]
    assert 30 == sent + withheld
    assert {("email", "accepted"), ("sms", "accepted"), ("print", "accepted")} == {
        key for key in found if key[1] == "accepted"
    }
    assert sent == len(sink.handler.took) == len(set(sink.handler.took)) == len(Pad(database).newest(100))
    assert {"Email Sent": sent, "SMS Sent": sent, "Mail Piece Sent": sent, "Message Withheld": 3 * withheld} == Counter(
        event.name for event in told(database)
    )
    assert 3 * 30 == len({event.id for event in told(database)})


def test_printed_batch_holds_every_card_with_its_own_code(database: Database, tmp_path: Path) -> None:
    """The print house's PDF has two pages a card, and each card's QR code is its own link of the manifest."""
    people = People([person(number) for number in range(5)])
    made = planner(database, people, channels=("print",))
    made.plan("summer", lambda: people.known, now=NOW)
    sender = Deliveries(Stores(database), settings(tmp_path), clock=lambda: NOW, recipients=people)
    drain(sender, NOW)

    (batch,) = Handover(tmp_path / ".onevoice" / "print").batches()
    pdf, lines = (batch / "cards.pdf").read_bytes(), (batch / "manifest.csv").read_text().splitlines()[1:]
    decoded = [read_postcard(pdf, 2 * at).decoded for at in range(5)]
    assert [(line.split(",")[4],) for line in lines] == decoded
    assert 5 == len(set(decoded))


def test_stop_between_plan_and_claim_is_obeyed(database: Database, tmp_path: Path) -> None:
    """Whoever withdraws, moves, vanishes or merges after planning is judged by what holds when it is sent."""
    people = People([person(number) for number in range(5)])
    made = planner(database, people, channels=("email",))
    send = made.plan("summer", lambda: people.known, now=NOW)
    people.known["p00000"] = person(0, consent={"email": NO})
    people.known["p00001"] = person(1, email="new@example.com")
    del people.known["p00002"]
    people.merged["p00003"], people.known["other"] = "other", msgspec.structs.replace(person(3), person="other")
    del people.known["p00003"]
    with Sink() as sink:
        drain(
            Deliveries(Stores(database), settings(tmp_path, smtp=sink.url), clock=lambda: NOW, recipients=people), NOW
        )

    reasons = {row.person: row.reason for row in made.ledger.of_send(send.id, ["suppressed"])}
    assert {
        "p00000": "consent: Withdrawn through form.",
        "p00001": "the address changed after planning",
        "p00002": "the person no longer exists",
    } == reasons
    assert 2 == len(sink.handler.took)


def test_misbehaving_server_is_settled_row_by_row(database: Database, tmp_path: Path) -> None:
    """A lost reply ends as unknown_final, a busy server is tried again, a dead address is suppressed for good."""
    people = People([person(number) for number in range(6)])
    made = planner(database, people, channels=("email",))
    send = made.plan("summer", lambda: people.known, now=NOW)
    plan = {"p1@example.com": "drop", "p2@example.com": "busy", "p3@example.com": "dead", "p4@example.com": "cut"}
    clock = [NOW]
    with Sink(plan) as sink:
        stores, chosen = Stores(database), settings(tmp_path, smtp=sink.url)
        sender = Deliveries(stores, chosen, clock=lambda: clock[0], recipients=people)
        for _ in range(5):
            drain(sender, clock[0])
            clock[0] += 5 * MINUTE
        sender.close()

    states = {row.person: row.state for row in made.ledger.of_send(send.id)}
    assert {"p00000": "accepted", "p00001": "unknown_final", "p00002": "accepted", "p00003": "rejected",
            "p00004": "accepted", "p00005": "accepted"} == states  # fmt: skip
    assert {1} == set(Counter(sink.handler.took).values())
    assert {("email", "p3@example.com", "*")} == made.ledger.suppressed(
        [("email", "p3@example.com"), ("email", "p1@example.com")]
    )
    assert {"Email Sent": 4, "Email Bounced": 1} == Counter(event.name for event in told(database))


def test_unproven_campaign_is_not_planned(database: Database) -> None:
    """A brief that promises what the offer does not is refused before any row is made."""
    people = People([person(1)])
    made = planner(database, people)
    wrong = msgspec.structs.replace(BRIEF, body="Everything at 50% off!")
    Definitions(database).put("brief", "summer", wrong, now=NOW, by="test")
    with pytest.raises(NotProven, match="50%"):
        made.plan("summer", lambda: people.known, now=NOW)

    assert [] == made.ledger.sends()


@pytest.mark.slow
@pytest.mark.parametrize("point", POINTS)
def test_killed_sender_never_sends_twice_and_loses_nothing(point: str, tmp_path: Path) -> None:
    """
    Killed again and again at one point of its work, the sender ends with 0 double and 0 uncounted letters.

    What was in the air at a kill ends as unknown_final, at most one group a kill; the rest is accepted.
    """
    count = 240
    state = f"sqlite://{tmp_path / 'state.db'}"
    ledger = _planned(state, count)
    with Sink() as sink:
        offset = 0
        for nth in POINTS[point]:
            _run(tmp_path, sink.url, state, count, point, nth, offset, expected=9)
            offset += 5 * MINUTE
        _finish(ledger.database, tmp_path, sink.url, count, offset)

    run = ledger.sends()[0].id
    found = {state: number for (_, state), number in ledger.counts(run).items()}
    took = Counter(sink.handler.took)
    assert {1} == set(took.values())
    assert count == sum(found.values()) == found["accepted"] + found.get("unknown_final", 0)
    assert {row.piece for row in ledger.of_send(run, ["accepted"], limit=count)} <= set(took)
    assert found.get("unknown_final", 0) <= len(POINTS[point]) * CONNECTIONS
    assert (point in {"submitting", "sent"}) == ("unknown_final" in found)
    assert found["accepted"] == len([event for event in told(ledger.database) if event.name == "Email Sent"])


@pytest.mark.postgres
def test_senders_side_by_side_send_once(postgres_url: str, tmp_path: Path) -> None:
    """Three sender processes on one PostgreSQL share a campaign: every letter once."""
    count, state = 300, f"{postgres_url}?schema=senders"
    ledger = _planned(state, count)
    with Sink() as sink:
        command = _command(tmp_path, sink.url, state, count, "never", 1, 0)
        running = [subprocess.Popen(command, cwd=ROOT) for _ in range(3)]
        assert [0, 0, 0] == [one.wait(120) for one in running]

    assert count == len(sink.handler.took) == len(set(sink.handler.took))
    assert {("email", "accepted"): count} == totals(ledger)
    ledger.database.execute("DROP SCHEMA senders CASCADE")
    ledger.database.close()


def _planned(state: str, count: int) -> Ledger:
    from onevoice.adapters.database import connect
    from onevoice.adapters.migrations import migrate

    database = connect(state)
    migrate(database, "intake", now=now())
    migrate(database, "state", now=now())
    people = People([person(number) for number in range(count)])
    made = planner(database, people, channels=("email",))
    _lengthen(database)
    made.plan("summer", lambda: people.known, now=now())
    return made.ledger


def _finish(database: Database, home: Path, url: str, count: int, offset: int) -> None:
    """Send and tend until every lease, wait and horizon is over."""
    people = People([person(number) for number in range(count)])
    sender = Deliveries(Stores(database), settings(home, smtp=url), recipients=people)
    for step in range(4):
        drain(sender, now() + offset + step * 5 * MINUTE)
    sender.close()


def _lengthen(database: Database) -> None:
    """The processes read the real clock, so the offer must hold today."""
    from tests.deliver.people import OPEN

    valid = msgspec.structs.replace(OPEN.valid, end=OPEN.valid.end.replace(year=2099))
    Definitions(database).put("offer", "produce20", msgspec.structs.replace(OPEN, valid=valid), now=NOW, by="test")


def _command(home: Path, url: str, state: str, count: int, point: str, nth: int, offset: int) -> list[str]:
    values = (home, url, state, count, point, nth, offset)
    return [sys.executable, "-m", "tests.deliver.sender", *(str(value) for value in values)]


def _run(home: Path, url: str, state: str, count: int, point: str, nth: int, offset: int, *, expected: int) -> None:
    done = subprocess.run(
        _command(home, url, state, count, point, nth, offset), cwd=ROOT, timeout=120, check=False, capture_output=True
    )
    assert expected == done.returncode, done.stderr.decode()
