"""Rejected events are kept, seen in groups, mended and replayed."""

import msgspec
import pytest

from onevoice.adapters.database import Database
from onevoice.adapters.state.intake import Intake
from onevoice.adapters.state.log import Log
from onevoice.collect.mending import Mending, by_event
from onevoice.collect.packet import read
from onevoice.collect.plan import Plan
from onevoice.domain.event import Event, Rejected
from onevoice.domain.identifier import Trust
from tests.collect.speech import PLAN, packet
from tests.conftest import NOW

BAD = {"type": "track", "event": "Call Missed", "userId": "u1", "messageId": "m1", "timestamp": "2025-12-31T00:00:00Z"}
BATCH = {"batch": [BAD], "context": {"locale": "de"}, "sentAt": "2025-12-31T00:00:00Z"}


def rejects(*bodies: object, plan: Plan = PLAN, at: int = NOW) -> list[Rejected]:
    """Return what is refused of batches."""
    found = [one for body in bodies for one in read(packet(body, at=at, ip="203.0.113.9", retry_count=2), plan)]
    return [one for one in found if isinstance(one, Rejected)]


def test_rejects_come_back_as_they_were(database: Database) -> None:
    """A reject is read back whole, open, newest first, a page at a time."""
    log = Log(database)
    made = rejects(*({"batch": [BAD | {"messageId": f"m{number}"}]} for number in range(5)))
    log.reject(made)
    page = log.rejected("open", None, 3)

    assert list(reversed(made))[:3] == [row.what for row in page]
    assert list(reversed(made))[3:] == [row.what for row in log.rejected("open", page[-1].id, 3)]
    assert [("open", 0)] * 3 == [(row.state, row.replay_of) for row in page]
    assert page[0] == log.reject_of(page[0].id)
    assert log.reject_of(10**9) is None


def test_groups_have_one_cause(database: Database) -> None:
    """Rejects are grouped by source, reason, name and path, the newest group first."""
    log = Log(database)
    unnamed = {"type": "track", "userId": "u1"}
    log.reject(rejects({"batch": [BAD, unnamed]}) + rejects({"batch": [BAD]}, at=NOW + 5))
    groups = log.groups()

    assert [
        ("schema_violation", "Call Missed", "$.properties.call_id", 2, NOW, NOW + 5),
        ("no_event_name", "", "$.event", 1, NOW, NOW),
    ] == [(one.reason, one.name, one.path, one.count, one.first_at, one.last_at) for one in groups]
    assert 2 == len(log.rejected("open", None, 9, groups[0].fingerprint))
    assert {"open": 3} == log.counts()


def test_states_change(database: Database) -> None:
    """A reject can be set aside, and is then no longer open."""
    log = Log(database)
    log.reject(rejects(BATCH))
    (row,) = log.rejected()

    assert 1 == log.mend([row.id, row.id + 9], "discarded")
    assert ([], ["discarded"]) == (log.rejected(), [one.state for one in log.rejected("discarded")])


def test_replay_goes_through_the_door_with_the_original_receipt(database: Database) -> None:
    """A replayed item comes back with its message id, time of receipt, batch context and what the door knew."""
    log, intake = Log(database), Intake(database)
    log.reject(rejects(BATCH))
    (row,) = log.rejected()
    mending = {"name": "m", "event": "Call Missed", "steps": [{"do": "rename_event", "to": "Phone Rang"}]}
    plan = Plan(mendings=by_event([msgspec.convert(mending, Mending)]))

    assert 1 == log.replay([row.id], intake)
    (again,) = intake.read(0, 9, 1_000)
    (event,) = read(again, plan)
    assert isinstance(event, Event)
    assert ("Phone Rang", "m1", NOW, {"locale": "de"}) == (event.name, event.id, event.received_at, event.context)
    assert ("site", Trust.CLAIMED, {"ip": "203.0.113.9", "retry_count": 2, "replay_of": row.id}) == (
        again.key,
        again.trust,
        again.meta,
    )
    assert ["replayed"] == [one.state for one in log.rejected("replayed")]


def test_replay_of_an_edited_body(database: Database) -> None:
    """A reject may be replayed with other bytes, and with nothing else changed."""
    log, intake = Log(database), Intake(database)
    log.reject(rejects(BATCH))
    (row,) = log.rejected()
    edited = msgspec.json.encode(BAD | {"event": "Phone Rang"})
    log.replay([row.id], intake, {row.id: edited})
    (event,) = read(intake.read(0, 9, 1_000)[0], PLAN)

    assert ("Phone Rang", "m1") == (getattr(event, "name", ""), getattr(event, "id", ""))


def test_a_replay_that_fails_again_names_its_first(database: Database) -> None:
    """If a replay is refused again, the new reject says which one it is a replay of, and keeps all for the next."""
    log, intake = Log(database), Intake(database)
    log.reject(rejects(BATCH))
    (row,) = log.rejected()
    log.replay([row.id], intake)
    log.reject([one for one in read(intake.read(0, 9, 1_000)[0], PLAN) if isinstance(one, Rejected)])
    (second,) = log.rejected()

    assert (row.id, row.what.raw, row.what.meta["shared"]) == (
        second.replay_of,
        second.what.raw,
        second.what.meta["shared"],
    )


def test_nothing_is_replayed_twice_or_without_its_bytes(database: Database) -> None:
    """Rows already replayed, forgotten or unknown stay as they are."""
    log, intake = Log(database), Intake(database)
    log.reject(rejects(BATCH))
    (row,) = log.rejected()
    replayed = [log.replay([row.id, row.id + 9], intake), log.replay([row.id], intake)]
    log.reject(rejects(BATCH))
    log.forget_raw(NOW + 1)
    (forgotten,) = log.rejected()

    assert [1, 0, 0] == [*replayed, log.replay([forgotten.id], intake)]
    assert 1 == len(intake.read(0, 9, 1_000))


def test_an_overflow_is_replayed_as_the_batch_it_was(database: Database) -> None:
    """The rest of a batch that was too long is taken in by a replay, with what the batch said for all."""
    log, intake, plan = Log(database), Intake(database), Plan(batch_events=1)
    items = [{"type": "track", "event": "Tried", "userId": "u", "messageId": f"m{n}"} for n in range(3)]
    log.reject(rejects({"batch": items, "context": {"locale": "de"}}, plan=plan))
    log.replay([row.id for row in log.rejected()], intake)
    events = read(intake.read(0, 9, 1_000)[0], PLAN)

    assert [("m1", {"locale": "de"}), ("m2", {"locale": "de"})] == [
        (one.id, one.context) for one in events if isinstance(one, Event)
    ]


@pytest.mark.parametrize(("before", "left"), [(NOW, True), (NOW + 1, False)])
def test_raw_bytes_are_forgotten(database: Database, before: int, left: bool) -> None:
    """After their time the bytes of rejects go; their reasons stay."""
    log = Log(database)
    log.reject(rejects(BATCH))

    assert [int(not left), 0] == [log.forget_raw(before), log.forget_raw(before)]
    assert [(left, "schema_violation")] == [(bool(row.what.raw), row.what.reason) for row in log.rejected()]
