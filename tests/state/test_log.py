"""The log keeps events in one order, once each."""

from onevoice.adapters.database import Database
from onevoice.adapters.state.log import Log
from onevoice.domain.event import Event
from onevoice.domain.identifier import Identifier
from tests.conftest import NOW


def event(number: int, *, node_value: str = "u1", channel: str = "web", at: int = NOW) -> Event:
    """Return a small event."""
    return Event(
        id=f"m{number}",
        name="Product Viewed",
        channel=channel,
        occurred_at=at,
        received_at=at,
        identifiers=(Identifier("user_id", node_value),),
        source="site",
    )


def test_unseen_catches_stored_and_batch_copies(database: Database) -> None:
    """A key in the log, in an earlier event of the batch, or in a copy within the batch makes an event a copy."""
    log = Log(database)
    log.append([(event(1), 7, ("a", "x"))], 1)

    assert [False, True, False, False] == log.unseen([("b", "x"), ("c", "y"), ("d", "y"), ("e", "d")])


def test_append_and_read_back(database: Database) -> None:
    """Events come back as they went in, numbered densely, after a number."""
    log = Log(database)
    log.append([(event(1), 7, ("a",)), (event(2), 8, ("b",))], 1)

    assert 2 == log.last()
    assert [(2, 8, event(2))] == [(row.seq, row.node, row.event) for row in log.events(1, 10)]
