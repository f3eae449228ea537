"""The state at hand follows the log, and is then exactly what reading everything anew would give."""

import pyarrow as pa
import pytest
from hypothesis import HealthCheck, given, settings

from onevoice.adapters import columns
from onevoice.adapters.picture import Picture, person_row
from onevoice.adapters.portrait import GENERATION, STATE, Portrait
from onevoice.domain.event import Event
from onevoice.domain.identifier import Identifier, Trust
from onevoice.domain.moment import DAY
from onevoice.resolve.reform import changed
from onevoice.wiring.analysis import open_analysis
from tests.conftest import NOW
from tests.resolve.histories import STRICT, histories
from tests.worker.houses import house, resolve, story, tell


@pytest.fixture(params=["sqlite", pytest.param("postgres", marks=pytest.mark.postgres)])
def stores(request, tmp_path):
    """Yield the stores of an empty workspace, on each database."""
    url = request.getfixturevalue("postgres_url") if request.param == "postgres" else ""
    with house(tmp_path, url) as made:
        yield made


class Watched(Portrait):
    """A portrait that counts how often it read everything."""

    def __init__(self, database):
        super().__init__(database, part=0)
        self.followed = 0

    def _follow(self, mark):
        done = super()._follow(mark)
        self.followed += done
        return done


def plain(tables):
    """Return every row of the tables, in one order."""
    return {name: sorted(map(repr, tables[name].to_pylist())) for name in STATE}


def anew(stores):
    """Return every row as the store has it, people by their whole profiles."""
    picture = Picture(stores.state)
    everyone = [one for persons in stores.profiles.everyone() for one in stores.profiles.profiles(persons)]
    rows = [person_row(one.person, one.household, one.traits) for one in everyone]
    people = columns.table(columns.PEOPLE, rows)
    return plain({"nodes": picture.nodes(), "people": people, "consents": picture.consents()})


def consent(number, email, name, anchor):
    """Return a word on consent, told by somebody about an address that may be another's."""
    return Event(
        id=f"c{number}",
        name=name,
        channel="web",
        occurred_at=NOW + number,
        received_at=NOW + number,
        identifiers=(Identifier("user_id", anchor, Trust.VERIFIED), Identifier("email", email, Trust.VERIFIED)),
        properties={"channel": "email", "purpose": "marketing", "email": email},
    )


@settings(max_examples=40, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(history=histories(most=20))
def test_following_any_history_equals_reading_it(tmp_path_factory, history):
    """Merges, splits, demotions, households and rule changes, met event by event: no row differs from the store's."""
    with house(tmp_path_factory.mktemp("town")) as stores:
        portrait = Watched(stores.state)
        stores.intake.emit([consent(1, "anna@example.com", "Consent Granted", "anna")], "test", NOW)
        resolve(stores)
        portrait.tables()
        for at, event in enumerate(history):
            more = [changed(STRICT, now=NOW, actor="test")] if at == len(history) // 2 else []
            stores.intake.emit([event, *more], "console", NOW)
            resolve(stores)
            assert anew(stores) == plain(portrait.tables())
        stores.intake.emit([consent(2, "bob@example.com", "Consent Withdrawn", "anna")], "test", NOW)
        resolve(stores)

        assert anew(stores) == plain(portrait.tables())
        assert portrait.followed > 0


def test_shop_day_is_followed_in_parts(stores):
    """A day with shared tablets and mailboxes gives, portion by portion, what reading everything gives."""
    portrait, told = Watched(stores.state), story(7, 240)
    tell(stores, told[:40])
    resolve(stores)
    portrait.tables()
    for at in range(40, 240, 40):
        tell(stores, told[at : at + 40])
        resolve(stores)
        assert anew(stores) == plain(portrait.tables())

    assert 5 == portrait.followed


def test_new_generation_is_read_anew(stores):
    """What changes tables past the log (an erasure, a rebuild) counts a generation up, and everything is read."""
    tell(stores, story(1, 40))
    resolve(stores)
    portrait = Watched(stores.state)
    portrait.tables()
    stores.state.execute("DELETE FROM nodes WHERE node = (SELECT max(node) FROM nodes)")

    stale = plain(portrait.tables())
    stores.log.move(GENERATION, 1, NOW)
    fresh = plain(portrait.tables())

    assert anew(stores) == fresh
    assert stale != fresh
    assert 0 == portrait.followed


def test_portrait_starts_from_the_lake(stores):
    """A new process follows the log from the lake's snapshot, unless the tables were changed past the log since."""
    tell(stores, story(3, 80))
    resolve(stores)
    analysis = open_analysis(stores)
    analysis.snapshot()
    analysis.close()
    tell(stores, story(4, 10))
    resolve(stores)
    following, reading = Watched(stores.state), Watched(stores.state)

    following.hold(stores.lake)
    followed = plain(following.tables())
    stores.log.move(GENERATION, 1, NOW)
    reading.hold(stores.lake)
    read = plain(reading.tables())

    assert anew(stores) == followed == read
    assert (1, 0) == (following.followed, reading.followed)


def test_untouched_rows_are_not_read(stores):
    """Only who was touched is read: a row spoilt behind the portrait's back stays unseen until its person is."""
    tell(stores, story(5, 60))
    resolve(stores)
    portrait = Watched(stores.state)
    before = portrait.tables()["people"]
    stores.state.execute("DELETE FROM facets WHERE node = (SELECT min(node) FROM facets)")
    now = Event(
        id="later", name="Order Completed", channel="web", occurred_at=NOW + DAY, received_at=NOW + DAY,
        identifiers=(Identifier("user_id", "newcomer", Trust.VERIFIED),), properties={"total": 1},
    )  # fmt: skip
    stores.intake.emit([now], "test", NOW)
    resolve(stores)

    after = portrait.tables()["people"]

    assert isinstance(after, pa.Table)
    assert before.num_rows + 1 == after.num_rows
    assert set(before["traits"].to_pylist()) <= set(after["traits"].to_pylist())
