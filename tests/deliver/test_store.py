"""The ledger in the store keeps its promises on SQLite and PostgreSQL, whatever workers do at the same time."""

import threading

import msgspec
import pytest

from onevoice.adapters.database import Database
from onevoice.adapters.state.ledger import Ledger
from onevoice.deliver import ledger as rules
from onevoice.domain.delivery import Accepted, Delivery, Move, Suppression
from onevoice.domain.moment import MINUTE
from tests.conftest import NOW
from tests.deliver.people import People, person, planner
from tests.deliver.test_plan import planned

CHANNELS = ("email", "sms", "print")


def stocked(database: Database, count: int) -> Ledger:
    """Return a ledger with so many people's e-mails planned."""
    people = People([person(number) for number in range(count)])
    made = planner(database, people, channels=("email",))
    made.plan("summer", lambda: people.known, now=NOW)
    return made.ledger


def states(ledger: Ledger) -> dict[str, int]:
    """Return how many rows are in each state."""
    found: dict[str, int] = {}
    for send in ledger.sends():
        for (_, state), number in ledger.counts(send.id).items():
            found[state] = found.get(state, 0) + number
    return found


def test_planning_twice_adds_nothing(database: Database) -> None:
    """A repeated plan finds its own rows; somebody new is added and nobody else is touched."""
    people = People([person(number) for number in range(20)])
    made = planner(database, people)
    first = made.plan("summer", lambda: people.known, now=NOW)
    people.known["p00099"] = person(99)
    again = made.plan("summer", lambda: people.known, now=NOW + 1)

    assert first == again
    assert {"planned": 63} == states(made.ledger)
    assert 21 == len({row.code for row in made.ledger.of_send(first.id, limit=100)})


def test_a_code_is_the_same_in_every_channel(database: Database) -> None:
    """One person reads one code in mail, message and print."""
    people = People([person(1)])
    made = planner(database, people)
    send = made.plan("summer", lambda: people.known, now=NOW)
    rows = made.ledger.of_send(send.id)

    assert 3 == len(rows)
    assert 1 == len({row.code for row in rows})
    assert rows[0].code.startswith("FRESH-")


def test_workers_never_claim_the_same_row(database: Database) -> None:
    """Eight workers that claim at the same time share the rows without overlap."""
    ledger = stocked(database, 400)
    claimed: list[Delivery] = []
    lock = threading.Lock()

    def work() -> None:
        while rows := Ledger(database).claim(NOW, 7, CHANNELS):
            with lock:
                claimed.extend(rows)
        database.close()

    threads = [threading.Thread(target=work) for _ in range(8)]
    for one in threads:
        one.start()
    for one in threads:
        one.join()

    assert 400 == len(claimed) == len({row.send_key for row in claimed})
    assert {"claimed": 400} == states(ledger)


def test_stale_worker_cannot_submit(database: Database) -> None:
    """A worker that slept through its lease finds its rows taken by another, and sends nothing."""
    ledger = stocked(database, 3)
    slow = ledger.claim(NOW, 10, CHANNELS)
    later = NOW + rules.LEASE + rules.MARGIN
    ledger.apply(ledger.lapsed(later), later)
    quick = ledger.claim(later, 10, CHANNELS)

    assert [] == ledger.submit(slow, later)
    assert 3 == len(ledger.submit(quick, later))
    assert [] == ledger.submit(slow, NOW)  # even with a clock that went back


def test_submitting_survives_as_unknown(database: Database) -> None:
    """Rows whose worker died while sending become unknown and then unknown_final, never planned."""
    ledger = stocked(database, 3)
    ledger.submit(ledger.claim(NOW, 10, CHANNELS), NOW)
    at = NOW + rules.LEASE + rules.MARGIN
    ledger.apply(ledger.lapsed(at), at)
    assert {"unknown": 3} == states(ledger)

    at += rules.UNKNOWN_HORIZON
    ledger.apply([(row, move) for row in ledger.unknown() if (move := rules.resolved(row, at))], at)
    assert {"unknown_final": 3} == states(ledger)
    assert [] == ledger.claim(at, 10, CHANNELS)


def test_paused_run_keeps_its_rows(database: Database) -> None:
    """Nothing of a paused run is claimed; resumed it goes on; cancelled, what has not gone is revoked."""
    ledger = stocked(database, 4)
    send = ledger.sends("summer")[0].id
    ledger.set_state(send, "paused", NOW)
    assert [] == ledger.claim(NOW, 10, CHANNELS)

    ledger.set_state(send, "running", NOW)
    begun = ledger.submit(ledger.claim(NOW, 1, CHANNELS), NOW)
    claimed = ledger.claim(NOW, 1, CHANNELS)
    ledger.set_state(send, "cancelled", NOW)

    assert {"submitting": 1, "revoked": 3} == states(ledger)
    assert [] == ledger.submit(claimed, NOW)
    assert 1 == len(ledger.apply([(begun[0], Move(state="accepted"))], NOW))


def test_scheduled_rows_wait_and_old_ones_expire(database: Database) -> None:
    """A row is claimed from its moment on, and never after the offer ended."""
    ledger = stocked(database, 1)
    row = ledger.of_send(ledger.sends()[0].id)[0]

    assert [] == ledger.claim(NOW - 1, 10, CHANNELS)
    assert [] == ledger.claim(row.expires_at, 10, CHANNELS)
    ledger.apply(ledger.lapsed(row.expires_at), row.expires_at)
    assert {"expired": 1} == states(ledger)


def test_only_named_channels_are_claimed(database: Database) -> None:
    """A worker without a mail server leaves the mail alone."""
    ledger = stocked(database, 2)

    assert [] == ledger.claim(NOW, 10, ("sms", "print"))


def test_news_is_told_until_it_was_heard(database: Database) -> None:
    """A row is untold from its acceptance until it is marked in that same state."""
    ledger = stocked(database, 2)
    begun = ledger.submit(ledger.claim(NOW, 1, CHANNELS), NOW)
    moved = ledger.apply([(begun[0], Move(state="accepted", provider_id="42"))], NOW)
    assert moved == ledger.untold()

    ledger.told([msgspec.structs.replace(moved[0], state="submitting")])
    assert moved == ledger.untold()
    ledger.told(moved)
    assert [] == ledger.untold()


def test_forbidden_move_changes_nothing(database: Database) -> None:
    """A batch with one forbidden move is refused whole."""
    ledger = stocked(database, 2)
    rows = ledger.claim(NOW, 10, CHANNELS)
    with pytest.raises(rules.NotAMove, match="claimed cannot become delivered"):
        ledger.apply([(rows[0], Move(state="submitting")), (rows[1], Move(state="delivered"))], NOW)

    assert {"claimed": 2} == states(ledger)


def test_suppressions_are_found_by_address(database: Database) -> None:
    """What was suppressed is found for exactly that channel and address, and once is enough."""
    ledger = Ledger(database)
    entry = Suppression(channel="email", address="a@example.com", reason="unsubscribed", at=NOW)
    ledger.suppress([entry, entry])
    ledger.suppress([entry])

    wanted = [("email", "a@example.com"), ("sms", "a@example.com"), ("email", "b@example.com")]
    assert {("email", "a@example.com", "*")} == ledger.suppressed(wanted)


def test_late_answer_corrects_a_given_up_row(database: Database) -> None:
    """An acceptance that arrives after the row was given up is believed; a row is never accepted twice."""
    ledger = stocked(database, 1)
    begun = ledger.submit(ledger.claim(NOW, 1, CHANNELS), NOW)
    at = NOW + rules.LEASE + rules.MARGIN + MINUTE
    ledger.apply(ledger.lapsed(at), at)
    given_up = ledger.unknown()
    ledger.apply([(given_up[0], Move(state="unknown_final"))], at)

    move = rules.answered(begun[0], Accepted("7"), at)
    current = ledger.piece(begun[0].piece)
    assert current is not None
    assert 1 == len(ledger.apply([(current, move)], at))
    assert {"accepted": 1} == states(ledger)
    assert [] == ledger.apply([(current, move)], at)


def test_planned_rows_survive_a_round_trip(database: Database) -> None:
    """What is planned is read back field by field."""
    rows = planned([person(1)])
    ledger = Ledger(database)
    ledger.plan(rows)

    assert {row.send_key: msgspec.structs.replace(row, told=1) for row in rows} == {
        row.send_key: row for row in ledger.of_send("s1")
    }
